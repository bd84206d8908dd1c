//! Servers that accept on one socket.

use std::os::fd::AsFd;

use crate::support::{Server, app, read_until, start_on};
use server::listener::{BindAddress, bind};
use server::siblings::{Siblings, Tally};
use server::{Response, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Two servers in the place of two processes.
fn pair() -> [Server; 2] {
    let address = BindAddress::Tcp {
        host: "127.0.0.1".into(),
        port: 0,
    };
    let socket = bind(&address).unwrap();
    let tally = Tally::new().unwrap();
    [0, 1].map(|place| {
        let siblings = Siblings::new(tally.as_fd().try_clone_to_owned().unwrap(), place);
        let listener = socket.try_clone().unwrap().with_siblings(siblings);
        start_on(
            listener,
            ServerConfig::default(),
            app(|_| async { Response::new("done".into()) }),
        )
    })
}

/// Opens so many connections at once; each is answered and stays open.
async fn connect(server: &Server, count: usize) -> Vec<TcpStream> {
    let mut clients = Vec::new();
    for _ in 0..count {
        clients.push(server.connect().await);
    }
    for client in &mut clients {
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
    }
    for client in &mut clients {
        read_until(client, "done").await;
    }
    clients
}

async fn accepted(server: Server) -> u64 {
    server.controller.graceful();
    server.task.await.unwrap().unwrap().accepted
}

#[tokio::test]
async fn connections_that_come_at_once_are_shared_out() {
    let [first, second] = pair();
    let clients = connect(&first, 64).await;
    let counts = [accepted(first).await, accepted(second).await];
    drop(clients);
    assert_eq!(counts.iter().sum::<u64>(), 64);
    assert!(counts.iter().all(|count| *count >= 24), "{counts:?}");
}

#[tokio::test]
async fn nobody_waits_for_a_sibling_that_has_hung() {
    let [first, second] = pair();
    drop(connect(&first, 4).await);
    // Its place stays as it was.
    second.task.abort();
    assert!(second.task.await.unwrap_err().is_cancelled());
    let clients = connect(&first, 64).await;
    drop(clients);
    assert!(accepted(first).await >= 64);
}

#[tokio::test]
async fn who_stops_is_not_waited_for() {
    let [first, second] = pair();
    drop(connect(&first, 4).await);
    accepted(second).await;
    drop(connect(&first, 64).await);
    assert!(accepted(first).await >= 64);
}
