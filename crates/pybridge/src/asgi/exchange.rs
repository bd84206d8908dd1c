//! One request and its response, as shared by the application on the loop's thread and tokio.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use server::{BodyError, Connection, RequestBody, Response, ResponseBody};
use tokio::sync::Notify;

use super::AsgiApp;
use super::response::Outgoing;
use super::suspension::Waiters;
use crate::event_loop::Completer;

pyo3::create_exception!(
    fastrapi._core,
    ClientDisconnected,
    PyOSError,
    "Raised by `send` when the client has gone."
);

/// What has come from the client.
pub(crate) struct Incoming {
    pub(crate) chunks: VecDeque<Bytes>,
    pub(crate) buffered: usize,
    /// The body where nothing has been read of it yet; reading starts when the application asks for it, which is
    /// also what makes hyper answer `Expect: 100-continue`.
    pub(crate) unread: Option<RequestBody>,
    /// No chunk will come after those in `chunks`.
    pub(crate) ended: bool,
    /// The application has been told the end of the body.
    pub(crate) end_delivered: bool,
    /// The client has gone, or the response is complete: `receive` has nothing more to say.
    pub(crate) disconnected: bool,
    /// Something watches for the client's going.
    pub(crate) watched: bool,
    pub(crate) waiters: Waiters,
}

/// The state of one request.
pub(crate) struct Exchange {
    pub(crate) app: Arc<AsgiApp>,
    pub(crate) connection: Option<Arc<Connection>>,
    incoming: Mutex<Incoming>,
    outgoing: Mutex<Outgoing>,
    /// Room has been made in `Incoming::chunks`, or the exchange is over.
    pub(crate) room: Notify,
    /// Notified once, when the exchange is over.
    pub(crate) over: Notify,
}

/// The body as known before the application starts.
pub(crate) struct Prefetched {
    pub(crate) chunk: Bytes,
    /// What follows the chunk; `None` when the body is complete.
    pub(crate) rest: Option<RequestBody>,
}

impl Exchange {
    pub(crate) fn new(
        app: Arc<AsgiApp>,
        connection: Option<Arc<Connection>>,
        body: Prefetched,
        responder: Completer<Response>,
        is_head: bool,
    ) -> Self {
        let mut chunks = VecDeque::new();
        let buffered = body.chunk.len();
        if buffered > 0 {
            chunks.push_back(body.chunk);
        }
        let incoming = Incoming {
            chunks,
            buffered,
            ended: body.rest.is_none(),
            unread: body.rest,
            end_delivered: false,
            disconnected: false,
            watched: false,
            waiters: Waiters::default(),
        };
        Self {
            app,
            connection,
            incoming: Mutex::new(incoming),
            outgoing: Mutex::new(Outgoing::new(responder, is_head)),
            room: Notify::new(),
            over: Notify::new(),
        }
    }

    // The locks are never held while Python runs: it may give up the interpreter's lock to a thread that wants them.
    pub(crate) fn incoming(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn outgoing(&self) -> MutexGuard<'_, Outgoing> {
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The client has gone; called by tokio.
    pub(crate) fn client_gone(&self) {
        let waiters = {
            let mut incoming = self.incoming();
            incoming.disconnected = true;
            incoming.unread = None;
            incoming.waiters.take()
        };
        waiters.resolve_on(&self.app.event_loop);
        self.release_tokio();
    }

    /// The response is complete or given up, or the application has returned; on the loop's thread.
    pub(crate) fn finished(&self, py: Python<'_>) {
        let (waiters, unread) = {
            let mut incoming = self.incoming();
            incoming.disconnected = true;
            (incoming.waiters.take(), incoming.unread.take())
        };
        drop(unread);
        waiters.resolve(py);
        self.release_tokio();
    }

    fn release_tokio(&self) {
        self.room.notify_one();
        self.over.notify_one();
    }

    /// The body could not be read: the client gets the fitting status if nothing was sent yet, the application sees
    /// a disconnect.
    pub(crate) fn body_failed(&self, error: &BodyError) {
        let responder = self.outgoing().take_responder();
        if let Some(responder) = responder {
            // A client that no longer waits needs no answer.
            drop(responder.send(body_refusal(error)));
        }
        self.client_gone();
    }

    /// Whether the client has gone or the response is complete.
    pub(crate) fn is_over(&self) -> bool {
        self.incoming().disconnected
    }
}

/// The answer to a request whose body cannot be read, worded as the framework words its own, after which the
/// connection is closed.
pub(crate) fn body_refusal(error: &BodyError) -> Response {
    let (status, body) = match error {
        BodyError::Limit { .. } => (StatusCode::PAYLOAD_TOO_LARGE, r#"{"detail":"Content Too Large"}"#),
        BodyError::Timeout => (StatusCode::REQUEST_TIMEOUT, r#"{"detail":"Request Timeout"}"#),
        BodyError::Protocol(_) | BodyError::Disconnected | BodyError::Producer(_) => {
            (StatusCode::BAD_REQUEST, r#"{"detail":"Bad Request"}"#)
        }
    };
    let mut response = Response::new(ResponseBody::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A response of the server itself with the status's name as its text.
pub(crate) fn plain(status: StatusCode) -> Response {
    let mut response = Response::new(ResponseBody::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// Tells the exchange when the server drops the request: the client has gone, or its stream was reset.
pub(crate) struct GoneGuard(Option<Arc<Exchange>>);

impl GoneGuard {
    pub(crate) fn new(exchange: Arc<Exchange>) -> Self {
        Self(Some(exchange))
    }

    pub(crate) fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for GoneGuard {
    fn drop(&mut self) {
        if let Some(exchange) = self.0.take() {
            exchange.client_gone();
        }
    }
}
