//! One HTTP request through the general lane.
use std::sync::Arc;

use http::request::Parts;
use http::{Method, StatusCode};
use pyo3::exceptions::asyncio::CancelledError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use server::{Request, Response};

use super::entry::ConnectionArguments;
use super::exchange::{ClientDisconnected, Exchange, GoneGuard, plain};
use super::{AsgiApp, body, log};
use crate::event_loop::{LoopContext, completion};

/// Serves a request. Resolves with the head of the response; its body may follow later.
pub(crate) async fn serve(app: Arc<AsgiApp>, request: Request) -> Response {
    serve_with(app, request, |_, _| Ok(())).await
}

/// As [`serve`], with a scope to which `prepare` adds something once the rest of it is there.
pub(crate) async fn serve_with<P>(app: Arc<AsgiApp>, request: Request, prepare: P) -> Response
where
    P: FnOnce(&Bound<'_, PyDict>, Parts) -> PyResult<()> + Send + 'static,
{
    let (parts, request_body) = request.into_parts();
    let connection = request_body.connection().cloned();
    let prefetched = match body::prefetch(&parts.headers, request_body).await {
        Ok(prefetched) => prefetched,
        Err(error) => return super::exchange::body_refusal(&error),
    };
    let (responder, response) = completion();
    let is_head = parts.method == Method::HEAD;
    let event_loop = app.event_loop.clone();
    let exchange = Arc::new(Exchange::new(app, connection, prefetched, responder, is_head));
    let guard = GoneGuard::new(Arc::clone(&exchange));
    event_loop.submit(move |context| {
        begin(context, &exchange, |py| {
            let arguments = exchange.connection_arguments(py, &parts)?;
            prepare(&arguments.0, parts)?;
            Ok(arguments)
        });
    });
    let response = response.await;
    guard.disarm();
    // Without a response the job was dropped: it panicked, or the loop has ended.
    response.unwrap_or_else(|| plain(StatusCode::INTERNAL_SERVER_ERROR))
}

/// Starts the application for an exchange, on the loop's thread.
pub(crate) fn start(context: &LoopContext<'_, '_>, exchange: &Arc<Exchange>, parts: &Parts) {
    begin(context, exchange, |py| exchange.connection_arguments(py, parts));
}

fn begin<'py>(
    context: &LoopContext<'_, 'py>,
    exchange: &Arc<Exchange>,
    arguments: impl FnOnce(Python<'py>) -> PyResult<ConnectionArguments<'py>>,
) {
    if exchange.is_over() {
        return;
    }
    let application = exchange.app.application.bind(context.py());
    let called = arguments(context.py())
        .and_then(|arguments| crate::coroutine::of_awaitable(application.call1(arguments)?));
    super::entry::run(context, exchange, called, |_| {});
}

/// The application has returned or failed: makes sure that the client gets an answer that tells so.
pub(crate) fn finish(py: Python<'_>, exchange: &Exchange, outcome: PyResult<()>) {
    let responder = exchange.outgoing().take_responder();
    let was_gone = exchange.is_over()
        || responder
            .as_ref()
            .is_some_and(crate::event_loop::Completer::is_closed);
    match &outcome {
        Err(error) if is_expected(py, error, was_gone) => {
            tracing::debug!(%error, "the application stopped because its client has gone");
        }
        Err(error) => log::exception(py, "Exception in ASGI application", error),
        Ok(()) if responder.is_some() && !was_gone => {
            log::error(py, "The ASGI application returned without sending a response");
        }
        Ok(()) => {}
    }
    let (waiters, incomplete) = {
        let mut outgoing = exchange.outgoing();
        let incomplete = outgoing.is_incomplete();
        (outgoing.abort(), incomplete)
    };
    if incomplete && outcome.is_ok() && !was_gone {
        log::error(
            py,
            "The ASGI application returned without completing its response",
        );
    }
    waiters.resolve(py);
    if let Some(responder) = responder {
        exchange
            .app
            .event_loop
            .complete(py, responder, plain(StatusCode::INTERNAL_SERVER_ERROR));
    }
    exchange.finished(py);
}

/// Whether the exception is no fault of the application: its client has gone, as at a forced stop, where clients are
/// cut off and then tasks cancelled.
pub(crate) fn is_expected(py: Python<'_>, error: &PyErr, was_gone: bool) -> bool {
    stems_from_disconnect(py, error) || (was_gone && error.is_instance_of::<CancelledError>(py))
}

/// Whether the exception, or one that led to it, is the `ClientDisconnected` of `send`.
fn stems_from_disconnect(py: Python<'_>, error: &PyErr) -> bool {
    let mut next = Some(error.clone_ref(py));
    // Chains of exceptions can be circular.
    for _ in 0..16 {
        let Some(error) = next else { return false };
        if error.is_instance_of::<ClientDisconnected>(py) {
            return true;
        }
        next = error.cause(py).or_else(|| error.context(py));
    }
    false
}
