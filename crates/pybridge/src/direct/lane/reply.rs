//! The way back to the client of one request.

use std::sync::Arc;
use std::task::Waker;

use http::Method;
use pyo3::prelude::*;
use server::Response;

use super::Call;
use crate::asgi::{Exchange, Prefetched};
use crate::event_loop::{Completed, Completer, LoopContext, completion};

/// Directly, or through the state that an ASGI application works with.
pub(super) enum Reply {
    Responder(Completer<Response>),
    Exchange(Arc<Exchange>),
    /// Not made yet: most calls answer without.
    None,
}

impl Reply {
    /// What the client's side has to wait for. To be called once.
    pub(super) fn response(&mut self, call: &mut Call) -> Completed<Response> {
        call.response.take().unwrap_or_else(|| {
            let (responder, response) = completion();
            *self = Self::Responder(responder);
            response
        })
    }

    pub(super) fn exchange(&mut self, call: &mut Call) -> Arc<Exchange> {
        let responder = match std::mem::replace(self, Self::None) {
            Self::Exchange(exchange) => {
                *self = Self::Exchange(Arc::clone(&exchange));
                return exchange;
            }
            Self::Responder(responder) => responder,
            Self::None => {
                let (responder, response) = completion();
                call.response = Some(response);
                responder
            }
        };
        let exchange = Arc::new(Exchange::new(
            Arc::clone(&call.lane.asgi),
            call.connection.clone(),
            Prefetched {
                chunk: std::mem::take(&mut call.bytes),
                rest: call.unread.take(),
            },
            responder,
            call.head.parts.method == Method::HEAD,
        ));
        *self = Self::Exchange(Arc::clone(&exchange));
        exchange
    }

    /// A request object of the framework for this request.
    pub(super) fn request<'py>(&mut self, py: Python<'py>, call: &mut Call) -> PyResult<Bound<'py, PyAny>> {
        let exchange = self.exchange(call);
        let arguments = call.scoped(py, &exchange)?;
        call.lane.request_class.bind(py).call1(arguments)
    }

    /// Completes the response from any thread; the caller wakes whom it returns.
    pub(super) fn store(self, response: Response) -> Option<Waker> {
        match self {
            // A client that has gone needs no response.
            Self::Responder(responder) => responder.store(response).ok().flatten(),
            Self::Exchange(exchange) => {
                let event_loop = exchange.app.event_loop().clone();
                event_loop.submit(move |context| exchange.respond(context, response));
                None
            }
            Self::None => None,
        }
    }

    pub(super) fn complete(self, context: &LoopContext<'_, '_>, response: Response) {
        match self {
            Self::Responder(responder) => context.complete(responder, response),
            Self::Exchange(exchange) => exchange.respond(context, response),
            Self::None => {}
        }
    }
}
