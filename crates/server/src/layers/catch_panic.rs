//! Turns a panic of the application into a 500.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::StatusCode;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::plain_text;
use crate::{Application, Request, Response};

/// Catches panics inside other layers, so that those see the 500; what escapes is caught by the server itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct CatchPanicLayer;

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanic(inner)
    }
}

/// The service of [`CatchPanicLayer`].
#[derive(Debug, Clone)]
pub struct CatchPanic<S>(S);

impl<S: Application> Service<Request> for CatchPanic<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = CatchPanicFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        CatchPanicFuture {
            future: catch_unwind(AssertUnwindSafe(|| self.0.call(request))).ok(),
        }
    }
}

pin_project! {
    /// The future of [`CatchPanic`].
    #[derive(Debug)]
    pub struct CatchPanicFuture<F> {
        // `None` when the call itself has panicked.
        #[pin]
        future: Option<F>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for CatchPanicFuture<F> {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = self.project().future.as_pin_mut() else {
            return Poll::Ready(Ok(answer()));
        };
        // The panic hook has logged message and place.
        catch_unwind(AssertUnwindSafe(|| future.poll(cx))).unwrap_or_else(|_| Poll::Ready(Ok(answer())))
    }
}

fn answer() -> Response {
    plain_text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}
