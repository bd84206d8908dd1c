//! HTTP/2 with prior knowledge, told from HTTP/1 by its preface.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use server::{Request, Response, ServerConfig};

use crate::support::{App, Server, app, gated, read_to_end, start};
use tokio::io::AsyncWriteExt;

type Client = hyper::client::conn::http2::SendRequest<Full<bytes::Bytes>>;

async fn connect(server: &Server) -> Client {
    let io = TokioIo::new(server.connect().await);
    let (client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

fn show_host() -> App {
    app(|request: Request| async move {
        let host = request.headers()["host"].to_str().unwrap().to_owned();
        let version = request.version();
        let body = request.into_body().collect(100).await.unwrap();
        Response::new(format!("{version:?} {host} {}", body.len()).into())
    })
}

#[tokio::test]
async fn a_request_has_its_authority_as_host() {
    let server = start(ServerConfig::default(), show_host());
    let mut client = connect(&server).await;
    let request = http::Request::post("http://a.example/x")
        .body(Full::from("12345"))
        .unwrap();
    let body = client
        .send_request(request)
        .await
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    assert_eq!(body, "HTTP/2.0 a.example 5");
}

#[tokio::test]
async fn a_host_that_differs_from_the_authority_is_refused() {
    let server = start(ServerConfig::default(), show_host());
    let mut client = connect(&server).await;
    let request = http::Request::get("http://a.example/")
        .header("host", "b.example")
        .body(Full::default())
        .unwrap();
    assert_eq!(client.send_request(request).await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_preface_in_pieces_is_recognised() {
    let server = start(ServerConfig::default(), show_host());
    let mut stream = server.connect().await;
    for piece in [
        &b"PRI * HT"[..],
        b"TP/2.0\r\n\r\nSM\r\n\r\n",
        b"\0\0\0\x04\0\0\0\0\0",
    ] {
        stream.write_all(piece).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut head = [0; 9];
    tokio::io::AsyncReadExt::read_exact(&mut stream, &mut head)
        .await
        .unwrap();
    assert_eq!(head[3], 4, "the server's SETTINGS");
}

#[tokio::test]
async fn the_preface_is_not_answered_where_http2_is_off() {
    let server = start(
        ServerConfig {
            http2: false,
            ..ServerConfig::default()
        },
        show_host(),
    );
    let mut stream = server.connect().await;
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(read_to_end(&mut stream).await, "");
}

#[tokio::test]
async fn a_stop_lets_streams_finish() {
    let (app, gate) = gated();
    let server = start(ServerConfig::default(), app);
    let mut client = connect(&server).await;
    let answer = client.send_request(http::Request::get("http://a/").body(Full::default()).unwrap());
    let answer = tokio::spawn(answer);
    gate.reached().await;
    server.controller.graceful();
    gate.open();
    let body = answer
        .await
        .unwrap()
        .unwrap()
        .into_body()
        .collect()
        .await
        .unwrap()
        .to_bytes();
    assert_eq!(body, "done");
    assert_eq!(server.task.await.unwrap().unwrap().aborted, 0);
}
