//! Stopping, gracefully and by force.

use std::time::Duration;

use crate::support::{app, gated, read_to_end, read_until, start};
use server::{Response, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn requests_in_flight_finish_and_idle_connections_close() {
    let (app, gate) = gated();
    let server = start(ServerConfig::default(), app);
    let mut idle = server.connect().await;
    idle.write_all(GET).await.unwrap();
    gate.reached().await;
    gate.open();
    read_until(&mut idle, "done").await;
    let mut fresh = server.connect().await;
    let mut busy = server.connect().await;
    busy.write_all(GET).await.unwrap();
    gate.reached().await;
    server.controller.graceful();
    assert_eq!(read_to_end(&mut idle).await, "");
    assert_eq!(read_to_end(&mut fresh).await, "");
    gate.open();
    let answer = read_to_end(&mut busy).await;
    assert!(
        answer.contains("connection: close\r\n") && answer.ends_with("done"),
        "{answer}"
    );
    let report = server.task.await.unwrap().unwrap();
    assert_eq!((report.accepted, report.aborted), (3, 0));
}

#[tokio::test]
async fn a_request_that_waits_in_the_socket_is_answered() {
    let server = start(
        ServerConfig::default(),
        app(|_| async { Response::new("done".into()) }),
    );
    let mut kept = server.connect().await;
    kept.write_all(GET).await.unwrap();
    read_until(&mut kept, "done").await;
    let mut fresh = server.connect().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    // The server's tasks do not run before the stop is ordered: this test has the only thread.
    kept.write_all(GET).await.unwrap();
    fresh.write_all(GET).await.unwrap();
    server.controller.graceful();
    for connection in [&mut kept, &mut fresh] {
        let answer = read_to_end(connection).await;
        assert!(answer.ends_with("done"), "{answer}");
    }
}

#[tokio::test]
async fn the_first_request_of_a_connection_may_come_after_the_stop_has_begun() {
    let server = start(
        ServerConfig::default(),
        app(|_| async { Response::new("done".into()) }),
    );
    let mut kept = server.connect().await;
    kept.write_all(GET).await.unwrap();
    read_until(&mut kept, "done").await;
    // The system has taken this connection, the server has not: this test has the only thread.
    let mut fresh = std::net::TcpStream::connect(server.address).unwrap();
    server.controller.graceful();
    assert_eq!(read_to_end(&mut kept).await, "", "the stop has begun");
    std::io::Write::write_all(&mut fresh, GET).unwrap();
    fresh.set_nonblocking(true).unwrap();
    let answer = read_to_end(&mut TcpStream::from_std(fresh).unwrap()).await;
    assert!(answer.ends_with("done"), "{answer}");
    let report = server.task.await.unwrap().unwrap();
    assert_eq!((report.accepted, report.aborted), (2, 0));
}

#[tokio::test]
async fn new_connections_are_refused_during_a_stop() {
    let (app, gate) = gated();
    let server = start(ServerConfig::default(), app);
    let mut busy = server.connect().await;
    busy.write_all(GET).await.unwrap();
    gate.reached().await;
    server.controller.graceful();
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    gate.open();
    read_until(&mut busy, "done").await;
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off() {
    let config = ServerConfig {
        graceful_timeout: Duration::from_millis(200),
        ..ServerConfig::default()
    };
    let (app, gate) = gated();
    let server = start(config, app);
    let mut stuck = server.connect().await;
    stuck.write_all(GET).await.unwrap();
    gate.reached().await;
    server.controller.graceful();
    assert_eq!(read_to_end(&mut stuck).await, "");
    assert_eq!(server.task.await.unwrap().unwrap().aborted, 1);
}

#[tokio::test]
async fn a_forced_stop_does_not_wait() {
    let (app, gate) = gated();
    let server = start(ServerConfig::default(), app);
    let mut stuck = server.connect().await;
    stuck.write_all(GET).await.unwrap();
    gate.reached().await;
    server.controller.graceful();
    server.controller.force();
    let report = tokio::time::timeout(Duration::from_secs(20), server.task)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(report.aborted, 1);
}
