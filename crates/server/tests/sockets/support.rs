//! A server on a free port and a client that speaks raw bytes.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use server::listener::{BindAddress, BoundListener, LocalAddress, bind};
use server::{Request, Response, ServeError, ServeReport, ServerConfig, ShutdownController};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

type BoxFuture = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// An application made of an async function.
#[derive(Clone)]
pub(crate) struct App(Arc<dyn Fn(Request) -> BoxFuture + Send + Sync>);

pub(crate) fn app<F, R>(handler: F) -> App
where
    F: Fn(Request) -> R + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    App(Arc::new(move |request| {
        let answer = handler(request);
        Box::pin(async move { Ok(answer.await) })
    }))
}

/// Holds requests in the application, so that tests say what happens meanwhile instead of waiting for it.
pub(crate) struct Gate {
    reached: Semaphore,
    opened: Semaphore,
}

impl Gate {
    /// Waits until one more request has reached the application.
    pub(crate) async fn reached(&self) {
        self.reached.acquire().await.unwrap().forget();
    }

    /// Lets one request go on.
    pub(crate) fn open(&self) {
        self.opened.add_permits(1);
    }
}

/// An application that answers "done" to the requests that its gate lets go.
pub(crate) fn gated() -> (App, Arc<Gate>) {
    let gate = Arc::new(Gate {
        reached: Semaphore::new(0),
        opened: Semaphore::new(0),
    });
    let passed = Arc::clone(&gate);
    let app = app(move |_| {
        let gate = Arc::clone(&passed);
        async move {
            gate.reached.add_permits(1);
            gate.opened.acquire().await.unwrap().forget();
            Response::new("done".into())
        }
    });
    (app, gate)
}

impl tower::Service<Request> for App {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> BoxFuture {
        (self.0)(request)
    }
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) controller: ShutdownController,
    pub(crate) task: JoinHandle<Result<ServeReport, ServeError>>,
}

pub(crate) fn start(config: ServerConfig, application: impl server::Application) -> Server {
    let bound = bind(&BindAddress::Tcp {
        host: "127.0.0.1".into(),
        port: 0,
    })
    .unwrap();
    start_on(bound, config, application)
}

pub(crate) fn start_on(
    bound: BoundListener,
    config: ServerConfig,
    application: impl server::Application,
) -> Server {
    let LocalAddress::Tcp(address) = bound.address().clone() else {
        panic!("not TCP")
    };
    let listener = bound.listen(64).unwrap();
    let controller = ShutdownController::new();
    let task = tokio::spawn(server::serve(listener, config, application, controller.signal()));
    Server {
        address,
        controller,
        task,
    }
}

impl Server {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    pub(crate) async fn exchange(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        read_to_end(&mut stream).await
    }
}

/// Reads until the other side closes; a reset counts as a close.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    let reading = stream.read_to_end(&mut received);
    tokio::time::timeout(Duration::from_secs(20), reading)
        .await
        .expect("the server did not close")
        .unwrap_or(0);
    String::from_utf8_lossy(&received).into_owned()
}

/// Reads until the text received contains `end`.
pub(crate) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut received = Vec::new();
    while !String::from_utf8_lossy(&received).contains(end) {
        let mut buffer = [0; 4096];
        let reading = stream.read(&mut buffer);
        let size = tokio::time::timeout(Duration::from_secs(20), reading)
            .await
            .expect("nothing came")
            .unwrap();
        assert!(
            size > 0,
            "closed before {end:?}: {}",
            String::from_utf8_lossy(&received)
        );
        received.extend_from_slice(&buffer[..size]);
    }
    String::from_utf8_lossy(&received).into_owned()
}
