//! What the server waits for instead of a response.
//!
//! Most requests need no future of their own: they are answered on the spot, or by a job that was submitted already.

use std::pin::Pin;
use std::task::{Context, Poll};

use server::Response;

use crate::asgi;
use crate::event_loop::Completed;

/// A response that is there, or on its way.
pub enum Answering {
    /// Made while the request was taken.
    Ready(Option<Response>),
    /// Made on another thread. Without a response the job was dropped: it panicked, or the loop has ended.
    Submitted(Completed<Response>),
    /// Something has to come first, as the request's body.
    Waiting(Pin<Box<dyn Future<Output = Response> + Send>>),
}

impl Answering {
    pub(crate) fn waiting(response: impl Future<Output = Response> + Send + 'static) -> Self {
        Self::Waiting(Box::pin(response))
    }
}

impl From<Response> for Answering {
    fn from(response: Response) -> Self {
        Self::Ready(Some(response))
    }
}

impl std::fmt::Debug for Answering {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answering").finish_non_exhaustive()
    }
}

impl Future for Answering {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        let response = match &mut *self {
            Self::Ready(response) => Poll::Ready(response.take()),
            Self::Submitted(response) => Pin::new(response).poll(context),
            Self::Waiting(response) => response.as_mut().poll(context).map(Some),
        };
        response.map(|response| response.unwrap_or_else(asgi::internal_server_error))
    }
}
