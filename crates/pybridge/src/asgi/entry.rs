//! Ways into an exchange for requests that began on the direct lane.
use std::sync::Arc;

use http::StatusCode;
use http::request::Parts;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use server::Response;

use super::exchange::{Exchange, plain};
use super::http::finish;
use super::receive::Receive;
use super::send::Send;
use crate::event_loop::LoopContext;

/// Scope, `receive` and `send`.
pub(crate) type ConnectionArguments<'py> = (Bound<'py, PyDict>, Bound<'py, Receive>, Bound<'py, Send>);

impl Exchange {
    /// The three arguments of an ASGI application for this request.
    pub(crate) fn connection_arguments<'py>(
        self: &Arc<Self>,
        py: Python<'py>,
        parts: &Parts,
    ) -> PyResult<ConnectionArguments<'py>> {
        let connection = self.connection.as_ref().map(|connection| connection.info());
        let scope = self.app.scopes.http(py, parts, connection)?;
        let receive = Bound::new(py, Receive(Arc::clone(self)))?;
        let send = Bound::new(py, Send(Arc::clone(self)))?;
        Ok((scope, receive, send))
    }

    /// Calls an ASGI application for this request and returns its coroutine.
    pub(crate) fn call<'py>(
        self: &Arc<Self>,
        application: &Bound<'py, PyAny>,
        parts: &Parts,
    ) -> PyResult<Bound<'py, PyAny>> {
        let arguments = self.connection_arguments(application.py(), parts)?;
        crate::coroutine::of_awaitable(application.call1(arguments)?)
    }

    /// Answers the request with a response that is complete; on the loop's thread.
    pub(crate) fn respond(&self, context: &LoopContext<'_, '_>, response: Response) {
        if let Some(responder) = self.outgoing().take_responder() {
            context.complete(responder, response);
        }
        self.finished(context.py());
    }
}

/// Runs what [`Exchange::call`] returned, sees to it that the client gets an answer, then calls `after`.
pub(crate) fn run(
    context: &LoopContext<'_, '_>,
    exchange: &Arc<Exchange>,
    called: PyResult<Bound<'_, PyAny>>,
    after: impl FnOnce(&LoopContext<'_, '_>) + std::marker::Send + 'static,
) {
    match called {
        Ok(coroutine) => {
            let exchange = Arc::clone(exchange);
            context.spawn(&coroutine, move |context, outcome| {
                finish(context.py(), &exchange, outcome.map(drop));
                after(context);
            });
        }
        Err(error) => {
            finish(context.py(), exchange, Err(error));
            after(context);
        }
    }
}

/// The server's own answer when nothing of the application could give one.
pub(crate) fn internal_server_error() -> Response {
    plain(StatusCode::INTERNAL_SERVER_ERROR)
}
