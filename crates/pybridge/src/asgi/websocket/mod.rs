//! WebSockets through the general lane.
mod receive;
mod send;
mod session;

use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use pyo3::prelude::*;
use server::websocket::{OpenError, WebSocket, upgrade};
use server::{Connection, Request, Response};

use self::receive::Receive;
use self::send::Send;
use self::session::{Ending, Session};
use super::entry::internal_server_error;
use super::http::is_expected;
use super::{AsgiApp, log};
use crate::event_loop::{LoopContext, completion};

/// What the application decided about a handshake.
pub(crate) enum Decision {
    /// `websocket.accept`
    Accept {
        subprotocol: Option<HeaderValue>,
        headers: HeaderMap,
    },
    /// `websocket.close` or `websocket.http.response.*` instead of it.
    Deny(Response),
}

/// Serves a handshake and, when it is accepted, the socket.
pub(crate) async fn serve(app: Arc<AsgiApp>, mut request: Request) -> Response {
    let pending = match upgrade(&mut request, app.websocket.clone()) {
        Ok(pending) => pending,
        Err(rejection) => return rejection.into_response(),
    };
    let (parts, body) = request.into_parts();
    let connection = body.connection().cloned();
    let (decider, decision) = completion();
    let (event_loop, runtime) = (app.event_loop.clone(), app.runtime.clone());
    let session = Arc::new(Session::new(app, decider));
    let guard = GoneGuard(Some(Arc::clone(&session)));
    let job_session = Arc::clone(&session);
    event_loop.submit(move |context| start(context, &job_session, &parts, connection.as_deref()));
    let decision = decision.await;
    guard.disarm();
    match decision {
        Some(Decision::Accept { subprotocol, headers }) => {
            let (response, opening) = pending.accept(subprotocol, headers);
            runtime.spawn(open(session, opening));
            response
        }
        Some(Decision::Deny(response)) => pending.deny(response),
        // The job was dropped: it panicked, or the loop has ended.
        None => pending.deny(internal_server_error()),
    }
}

async fn open(session: Arc<Session>, opening: impl Future<Output = Result<WebSocket, OpenError>>) {
    match opening.await {
        Ok(socket) => session.opened(socket),
        Err(error) => {
            tracing::debug!(%error, "a WebSocket handshake was not completed");
            session.client_gone();
        }
    }
}

fn start(
    context: &LoopContext<'_, '_>,
    session: &Arc<Session>,
    parts: &Parts,
    connection: Option<&Connection>,
) {
    match call(context.py(), session, parts, connection) {
        Ok(coroutine) => {
            let session = Arc::clone(session);
            context.spawn(&coroutine, move |context, outcome| {
                finish(context.py(), &session, outcome.map(drop));
            });
        }
        Err(error) => finish(context.py(), session, Err(error)),
    }
}

fn call<'py>(
    py: Python<'py>,
    session: &Arc<Session>,
    parts: &Parts,
    connection: Option<&Connection>,
) -> PyResult<Bound<'py, PyAny>> {
    let app = session.app();
    let scope = app
        .scopes
        .websocket(py, parts, connection.map(Connection::info))?;
    let receive = Bound::new(py, Receive(Arc::clone(session)))?;
    let send = Bound::new(py, Send(Arc::clone(session)))?;
    crate::coroutine::of_awaitable(app.application.bind(py).call1((scope, receive, send))?)
}

/// The application has returned or failed: ends what it left open.
fn finish(py: Python<'_>, session: &Arc<Session>, outcome: PyResult<()>) {
    let failed = match &outcome {
        Ok(()) => false,
        Err(error) if is_expected(py, error, session.is_over()) => {
            tracing::debug!(%error, "the application stopped because its client has gone");
            false
        }
        Err(error) => {
            log::exception(py, "Exception in ASGI application", error);
            true
        }
    };
    let ending = session.finish(failed);
    match ending {
        Ending::Undecided(decider) => {
            if outcome.is_ok() {
                log::error(
                    py,
                    "The ASGI application returned without answering the WebSocket handshake",
                );
            }
            session
                .app()
                .event_loop
                .complete(py, decider, Decision::Deny(internal_server_error()));
        }
        Ending::Open(sender) => {
            // RFC 6455 7.4.1: 1011 is the code for a server that failed.
            let code = if failed { 1011 } else { 1000 };
            if !sender.try_close(code, "") {
                session
                    .app()
                    .runtime
                    .spawn(async move { sender.close(code, "").await });
            }
        }
        Ending::Over => {}
    }
}

/// Tells the session when the server drops the handshake.
struct GoneGuard(Option<Arc<Session>>);

impl GoneGuard {
    fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for GoneGuard {
    fn drop(&mut self) {
        if let Some(session) = self.0.take() {
            session.client_gone();
        }
    }
}
