//! The application as the server sees it: a service that picks the lane of each request.
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use server::{Request, Response};

use crate::asgi::AsgiApp;

/// Serves requests with a Python application.
#[derive(Clone, Debug)]
pub struct PythonService {
    general: Arc<AsgiApp>,
}

impl PythonService {
    /// A service whose requests all take the general lane.
    #[must_use]
    pub fn new(general: Arc<AsgiApp>) -> Self {
        Self { general }
    }
}

impl tower::Service<Request> for PythonService {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let general = Arc::clone(&self.general);
        Box::pin(async move { Ok(general.serve(request).await) })
    }
}
