//! WebSockets over real sockets.

use std::time::Duration;

use crate::support::{App, Server, app, read_to_end, read_until, start};
use http::{HeaderMap, HeaderValue};
use server::websocket::{self, Closed, Message, WebSocket};
use server::{Request, ServerConfig, WebSocketConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

const HANDSHAKE: &str = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn sockets<F, R>(config: WebSocketConfig, run: F) -> App
where
    F: Fn(WebSocket) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    app(move |mut request: Request| {
        let (config, run) = (config.clone(), run.clone());
        async move {
            match websocket::upgrade(&mut request, config) {
                Ok(pending) => {
                    let subprotocol = pending
                        .subprotocols()
                        .first()
                        .map(|name| HeaderValue::from_str(name).unwrap());
                    let (response, opening) = pending.accept(subprotocol, HeaderMap::new());
                    tokio::spawn(async move { run(opening.await.unwrap()).await });
                    response
                }
                Err(rejection) => rejection.into_response(),
            }
        }
    })
}

/// Echoes until closed, and reports how it was closed.
fn echo(config: WebSocketConfig) -> (Server, mpsc::UnboundedReceiver<Closed>) {
    let (report, closes) = mpsc::unbounded_channel();
    let server = start(
        ServerConfig::default(),
        sockets(config, move |mut socket| {
            let report = report.clone();
            async move {
                let closed = loop {
                    match socket.recv().await {
                        Ok(message) => socket.send(message).await.unwrap_or(()),
                        Err(closed) => break closed,
                    }
                };
                report.send(closed).unwrap();
            }
        }),
    );
    (server, closes)
}

async fn open(server: &Server, extra: &str) -> (TcpStream, String) {
    let mut stream = server.connect().await;
    stream
        .write_all(format!("{HANDSHAKE}{extra}\r\n").as_bytes())
        .await
        .unwrap();
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    (stream, answer)
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match u16::try_from(payload.len()).unwrap() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            frame.push(0xFE);
            frame.extend(length.to_be_bytes());
        }
    }
    let mask = [7, 1, 9, 3];
    frame.extend(mask);
    frame.extend(
        payload
            .iter()
            .enumerate()
            .map(|(index, byte)| byte ^ mask[index % 4]),
    );
    frame
}

async fn receive(stream: &mut TcpStream, size: usize) -> Vec<u8> {
    let mut received = vec![0; size];
    let reading = stream.read_exact(&mut received);
    tokio::time::timeout(Duration::from_secs(20), reading)
        .await
        .expect("nothing came")
        .unwrap();
    received
}

#[tokio::test]
async fn the_handshake_is_the_one_of_the_rfc() {
    let (server, _closes) = echo(WebSocketConfig::default());
    let (_stream, answer) = open(&server, "Sec-WebSocket-Protocol: chat, other\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(
        answer.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        "{answer}"
    );
    assert!(answer.contains("sec-websocket-protocol: chat\r\n"), "{answer}");
}

#[tokio::test]
async fn messages_fragments_and_pings_are_answered() {
    let (server, _closes) = echo(WebSocketConfig::default());
    let (mut stream, _) = open(&server, "").await;
    let parts = [
        frame(0x01, b"he"),
        frame(0x89, b"p"),
        frame(0x80, b"llo"),
        frame(0x82, &[0, 1]),
    ];
    stream.write_all(&parts.concat()).await.unwrap();
    // The pong overtakes the messages, which go through the application.
    let received = receive(&mut stream, 3 + 7 + 4).await;
    let mut seen = received.as_slice();
    let mut frames = Vec::new();
    while let [first, length, rest @ ..] = seen {
        let (payload, rest) = rest.split_at(usize::from(*length));
        frames.push((*first, payload.to_vec()));
        seen = rest;
    }
    frames.sort();
    assert_eq!(
        frames,
        [
            (0x81, b"hello".to_vec()),
            (0x82, vec![0, 1]),
            (0x8A, b"p".to_vec())
        ]
    );
}

#[tokio::test]
async fn a_close_is_answered_and_told_to_the_application() {
    let (server, mut closes) = echo(WebSocketConfig::default());
    let (mut stream, _) = open(&server, "").await;
    stream.write_all(&frame(0x88, b"\x0F\xA0bye")).await.unwrap();
    assert_eq!(receive(&mut stream, 7).await, b"\x88\x05\x0F\xA0bye");
    assert_eq!(read_to_end(&mut stream).await, "");
    assert_eq!(
        closes.recv().await.unwrap(),
        Closed {
            code: 4000,
            reason: "bye".into()
        }
    );
}

#[tokio::test]
async fn a_broken_connection_is_1006_and_a_protocol_error_1002() {
    let (server, mut closes) = echo(WebSocketConfig::default());
    drop(open(&server, "").await);
    assert_eq!(closes.recv().await.unwrap().code, 1006);
    let (mut stream, _) = open(&server, "").await;
    stream.write_all(&[0x81, 0x02, b'h', b'i']).await.unwrap();
    assert_eq!(receive(&mut stream, 4).await[2..], 1002_u16.to_be_bytes());
    assert_eq!(closes.recv().await.unwrap().code, 1002);
}

#[tokio::test]
async fn what_came_before_a_violation_is_still_answered() {
    let (server, mut closes) = echo(WebSocketConfig::default());
    let (mut stream, _) = open(&server, "").await;
    let parts = [frame(0x81, b"hello"), frame(0x83, b"")];
    stream.write_all(&parts.concat()).await.unwrap();
    let received = receive(&mut stream, 7 + 4).await;
    assert_eq!(
        (&received[..7], &received[9..]),
        (&b"\x81\x05hello"[..], &1002_u16.to_be_bytes()[..])
    );
    assert_eq!(closes.recv().await.unwrap().code, 1002);
}

#[tokio::test]
async fn messages_over_the_limit_are_1009() {
    let (server, mut closes) = echo(WebSocketConfig {
        max_message_size: 10,
        ..WebSocketConfig::default()
    });
    let (mut stream, _) = open(&server, "").await;
    stream.write_all(&frame(0x82, &[0; 11])).await.unwrap();
    assert_eq!(receive(&mut stream, 4).await[2..], 1009_u16.to_be_bytes());
    assert_eq!(closes.recv().await.unwrap().code, 1009);
}

#[tokio::test]
async fn compression_is_agreed_on_and_used() {
    let (server, _closes) = echo(WebSocketConfig::default());
    let (mut stream, answer) = open(&server, "Sec-WebSocket-Extensions: permessage-deflate\r\n").await;
    assert!(
        answer.contains("sec-websocket-extensions: permessage-deflate\r\n"),
        "{answer}"
    );
    // "Hello" compressed, from RFC 7692 7.2.3.1; the answer is too short to be compressed.
    stream
        .write_all(&frame(0xC1, &[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]))
        .await
        .unwrap();
    assert_eq!(receive(&mut stream, 7).await, b"\x81\x05Hello");
    stream.write_all(&frame(0x81, &[b'x'; 1000])).await.unwrap();
    assert_eq!(receive(&mut stream, 1).await, [0xC1]);
}

#[tokio::test]
async fn a_silent_peer_is_pinged_and_then_given_up() {
    let config = WebSocketConfig {
        ping_interval: Duration::from_millis(100),
        ping_timeout: Duration::from_secs(2),
        ..WebSocketConfig::default()
    };
    let (server, mut closes) = echo(config);
    let (mut stream, _) = open(&server, "").await;
    assert_eq!(receive(&mut stream, 2).await, [0x89, 0]);
    stream.write_all(&frame(0x8A, b"")).await.unwrap();
    assert_eq!(receive(&mut stream, 2).await, [0x89, 0]);
    assert_eq!(closes.recv().await.unwrap().code, 1011);
}

#[tokio::test]
async fn a_reader_that_stops_holds_the_sender_back() {
    let (sent, mut progress) = mpsc::unbounded_channel();
    let server = start(
        ServerConfig::default(),
        sockets(WebSocketConfig::default(), move |socket| {
            let sent = sent.clone();
            async move {
                for number in 0..10_000 {
                    if socket
                        .send(Message::Binary(vec![0; 65_536].into()))
                        .await
                        .is_err()
                    {
                        return;
                    }
                    sent.send(number).unwrap();
                }
            }
        }),
    );
    let (_stream, _) = open(&server, "").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let mut count = 0;
    while progress.try_recv().is_ok() {
        count += 1;
    }
    assert!(
        (1..1000).contains(&count),
        "{count} messages of 64 KiB went nowhere"
    );
}

#[tokio::test]
async fn a_stop_closes_with_1001() {
    let (server, mut closes) = echo(WebSocketConfig::default());
    let (mut stream, _) = open(&server, "").await;
    server.controller.graceful();
    assert_eq!(receive(&mut stream, 4).await, b"\x88\x02\x03\xE9");
    stream.write_all(&frame(0x88, b"\x03\xE9")).await.unwrap();
    assert_eq!(closes.recv().await.unwrap().code, 1001);
    assert_eq!(server.task.await.unwrap().unwrap().aborted, 0);
}

#[tokio::test]
async fn requests_that_are_no_websocket_are_told_why() {
    let (server, _closes) = echo(WebSocketConfig::default());
    let version = HANDSHAKE.replace("Version: 13", "Version: 8");
    let answer = server
        .exchange(format!("{version}Connection: close\r\n\r\n").as_bytes())
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 426 ") && answer.contains("sec-websocket-version: 13"),
        "{answer}"
    );
    let key = HANDSHAKE.replace("dGhlIHNhbXBsZSBub25jZQ==", "YWJj");
    let answer = server
        .exchange(format!("{key}Connection: close\r\n\r\n").as_bytes())
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}
