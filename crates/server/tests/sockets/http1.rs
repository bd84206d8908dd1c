//! HTTP/1.1 over real sockets.

use std::time::Duration;

use crate::support::{App, app, gated, read_to_end, read_until, start};
use bytes::Bytes;
use http::StatusCode;
use server::body::{BodyError, channel};
use server::{Request, Response, ResponseBody, ServerConfig};
use tokio::io::AsyncWriteExt;

fn text(text: &'static str) -> Response {
    Response::new(text.into())
}

fn hello() -> App {
    app(|_| async { text("hello") })
}

#[tokio::test]
async fn an_answer_has_length_date_and_server() {
    let server = start(ServerConfig::default(), hello());
    let answer = server
        .exchange(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for part in [
        "server: fastrapi\r\n",
        "content-length: 5\r\n",
        "date: ",
        "connection: close\r\n",
        "\r\n\r\nhello",
    ] {
        assert!(answer.contains(part), "{part:?} is missing: {answer}");
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = start(
        ServerConfig::default(),
        app(|request: Request| async move {
            if request.uri().path() == "/slow" {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Response::new(request.uri().path().to_owned().into())
        }),
    );
    let answer = server
        .exchange(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /fast HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await;
    let (slow, fast) = (answer.find("/slow").unwrap(), answer.find("/fast").unwrap());
    assert!(slow < fast);
}

#[tokio::test]
async fn what_is_ambiguous_is_refused_without_asking_the_application() {
    let server = start(
        ServerConfig::default(),
        app(|_| async { panic!("the application was asked") }),
    );
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
        ),
        ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    ] {
        let answer = server.exchange(request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request:?}: {answer}"
        );
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn what_is_ambiguous_is_refused_behind_another_request_too() {
    let server = start(
        ServerConfig::default(),
        app(|request: Request| async move {
            assert_eq!(request.uri().path(), "/first");
            let _ = request.into_body().collect(1000).await;
            text("first")
        }),
    );
    for first in [
        "GET /first HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /first HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n",
    ] {
        for second in [
            "GET / HTTP/1.1\r\nHost: a\r\nX: b\nY: c\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ] {
            let answer = server.exchange(format!("{first}{second}").as_bytes()).await;
            assert!(
                answer.starts_with("HTTP/1.1 200 OK\r\n"),
                "{first}{second}: {answer}"
            );
            assert_eq!(
                answer.matches("HTTP/1.1 400 ").count(),
                1,
                "{first}{second}: {answer}"
            );
            assert_eq!(
                answer.matches("HTTP/1.1 ").count(),
                2,
                "{first}{second}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn chunked_bodies_are_read_strictly() {
    let server = start(
        ServerConfig::default(),
        app(|request: Request| async move {
            match request.into_body().collect(1_000_000).await {
                Ok(body) => Response::new(body.into()),
                Err(error) => {
                    let mut response = Response::new(error.to_string().into());
                    *response.status_mut() = StatusCode::BAD_REQUEST;
                    response
                }
            }
        }),
    );
    let head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (body, answered) in [
        (
            "1\r\na\r\n1;x=y\r\nb\r\n1\r\nc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n",
            Some("abcd"),
        ),
        ("5;a=\0\r\nhello\r\n0\r\n\r\n", None),
        ("5;\nhello\r\n0\r\n\r\n", None),
        ("5\nhello\r\n0\r\n\r\n", None),
        ("+5\r\nhello\r\n0\r\n\r\n", None),
        ("5\r\nhello\n0\r\n\r\n", None),
        ("5\r\nhelloXX0\r\n\r\n", None),
        ("10000000000000005\r\nhello\r\n0\r\n\r\n", None),
        ("0\r\nX: y\nZ: w\r\n\r\n", None),
    ] {
        let answer = server.exchange(format!("{head}{body}").as_bytes()).await;
        match answered {
            Some(text) => assert!(answer.ends_with(&format!("\r\n\r\n{text}")), "{body:?}: {answer}"),
            None => assert!(answer.starts_with("HTTP/1.1 400 "), "{body:?}: {answer}"),
        }
    }
}

#[tokio::test]
async fn many_tiny_chunks_are_few_for_the_reader() {
    let server = start(
        ServerConfig::default(),
        app(|request: Request| async move {
            let (mut body, mut count, mut size) = (request.into_body(), 0, 0);
            while let Some(chunk) = body.chunk().await.unwrap() {
                (count, size) = (count + 1, size + chunk.len());
            }
            Response::new(format!("{size} {}", count < 10_000).into())
        }),
    );
    let head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    let message = [head.as_slice(), &b"1\r\nx\r\n".repeat(100_000), b"0\r\n\r\n"].concat();
    let answer = server.exchange(&message).await;
    assert!(answer.ends_with("\r\n\r\n100000 true"), "{answer}");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_431() {
    let server = start(ServerConfig::default(), hello());
    let head = format!("GET / HTTP/1.1\r\nHost: a\r\nX-A: {}\r\n\r\n", "a".repeat(65_000));
    assert!(
        server
            .exchange(head.as_bytes())
            .await
            .starts_with("HTTP/1.1 431 ")
    );
}

#[tokio::test]
async fn a_panic_is_a_500_and_the_server_goes_on() {
    let server = start(
        ServerConfig::default(),
        app(|_| async { panic!("expected by this test") }),
    );
    for _ in 0..2 {
        let answer = server.exchange(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    }
}

#[tokio::test]
async fn an_answer_before_the_body_is_read_arrives_whole() {
    let server = start(ServerConfig::default(), hello());
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
        .await
        .unwrap();
    stream.write_all(&vec![b'x'; 1_000_000]).await.unwrap();
    assert!(read_to_end(&mut stream).await.contains("\r\n\r\nhello"));
}

#[tokio::test]
async fn a_client_that_half_closes_is_answered_and_known_to_be_gone() {
    let server = start(
        ServerConfig::default(),
        app(|request: Request| async move {
            let connection = request.body().connection().unwrap().clone();
            connection.client_gone().await;
            text("seen")
        }),
    );
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    stream.shutdown().await.unwrap();
    assert!(read_to_end(&mut stream).await.ends_with("seen"));
}

#[tokio::test]
async fn a_half_closed_connection_ends_with_its_answer() {
    let (app, gate) = gated();
    let server = start(ServerConfig::default(), app);
    let mut stream = server.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    gate.reached().await;
    stream.shutdown().await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    gate.open();
    let answer = tokio::time::timeout(Duration::from_secs(30), read_to_end(&mut stream)).await;
    assert!(answer.unwrap().ends_with("done"));
}

#[tokio::test]
async fn expect_is_answered_when_the_body_is_read() {
    let server = start(
        ServerConfig::default(),
        app(|request: Request| async move {
            Response::new(request.into_body().collect(100).await.unwrap().into())
        }),
    );
    let mut stream = server.connect().await;
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut stream, "HTTP/1.1 100 Continue\r\n\r\n").await;
    stream.write_all(b"abc").await.unwrap();
    read_until(&mut stream, "\r\n\r\nabc").await;
}

#[tokio::test]
async fn a_failed_stream_never_looks_complete() {
    let server = start(
        ServerConfig::default(),
        app(|_| async {
            let (sender, receiver) = channel(4);
            tokio::spawn(async move {
                sender.send(Bytes::from_static(b"part")).await.unwrap();
                tokio::time::sleep(Duration::from_millis(100)).await;
            });
            Response::new(ResponseBody::Channel(receiver))
        }),
    );
    let answer = server.exchange(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.ends_with("4\r\npart\r\n"), "{answer}");
}

#[tokio::test]
async fn a_stream_that_fails_at_once_has_sent_what_came_before() {
    let server = start(
        ServerConfig::default(),
        app(|_| async {
            let (sender, receiver) = channel(4);
            sender.send(Bytes::from_static(b"part")).await.unwrap();
            sender.fail(BodyError::Producer("failed".into())).await;
            Response::new(ResponseBody::Channel(receiver))
        }),
    );
    let answer = server.exchange(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("4\r\npart\r\n"), "{answer}");
}

#[tokio::test]
async fn body_limits_count_chunked_bytes() {
    let config = ServerConfig {
        max_body_size: Some(4),
        ..ServerConfig::default()
    };
    let server = start(
        config,
        app(|request: Request| async move {
            let mut response = text("");
            if request.into_body().collect(100).await == Err(BodyError::Limit { limit: 4 }) {
                *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            }
            response
        }),
    );
    let request =
        b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n";
    assert!(server.exchange(request).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_slow_head_and_an_idle_connection_are_closed() {
    let config = ServerConfig {
        header_read_timeout: Duration::from_millis(500),
        ..ServerConfig::default()
    };
    let server = start(config, hello());
    let mut silent = server.connect().await;
    assert_eq!(read_to_end(&mut silent).await, "");
    let mut partial = server.connect().await;
    partial.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
    assert_eq!(read_to_end(&mut partial).await, "");
    let config = ServerConfig {
        keep_alive_timeout: Duration::from_millis(500),
        ..ServerConfig::default()
    };
    let server = start(config, hello());
    let mut idle = server.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(read_to_end(&mut idle).await.ends_with("hello"));
}

#[tokio::test]
async fn a_body_that_stops_is_a_timeout_for_its_reader() {
    let config = ServerConfig {
        body_timeout: Duration::from_millis(500),
        ..ServerConfig::default()
    };
    let server = start(
        config,
        app(|request: Request| async move {
            match request.into_body().collect(100).await {
                Err(BodyError::Timeout) => text("timeout"),
                other => Response::new(format!("{other:?}").into()),
            }
        }),
    );
    let answer = server
        .exchange(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        .await;
    assert!(answer.ends_with("timeout"), "{answer}");
}

#[tokio::test]
async fn connections_beyond_the_limit_wait() {
    let config = ServerConfig {
        max_connections: 1,
        ..ServerConfig::default()
    };
    let server = start(config, hello());
    let mut first = server.connect().await;
    first
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        .await
        .unwrap();
    read_until(&mut first, "hello").await;
    let mut second = server.connect().await;
    second
        .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(300), second.readable());
    assert!(
        waiting.await.is_err(),
        "the second connection was served beside the first"
    );
    drop(first);
    assert!(read_to_end(&mut second).await.ends_with("hello"));
}
