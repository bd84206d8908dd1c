//! The smallest application: measures what the server itself costs.
//!
//! Usage: `hello PORT`

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::{HeaderValue, header};
use server::listener::{BindAddress, bind};
use server::{Request, Response, ServerConfig, ShutdownController};

#[derive(Clone)]
struct Hello;

impl tower::Service<Request> for Hello {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        let mut response = Response::new(r#"{"message":"Hello World"}"#.into());
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        ready(Ok(response))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = std::env::args().nth(1).ok_or("usage: hello PORT")?.parse()?;
    let listener = bind(&BindAddress::Tcp {
        host: "127.0.0.1".into(),
        port,
    })?
    .listen(2048)?;
    server::serve(
        listener,
        ServerConfig::default(),
        Hello,
        ShutdownController::new().signal(),
    )
    .await?;
    Ok(())
}
