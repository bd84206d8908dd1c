//! The `send` callable of an HTTP request.
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::{HeaderMap, StatusCode};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use server::ResponseBody;
use server::body::FileBody;

use super::exchange::{ClientDisconnected, Exchange};
use super::message::{Message, headers_of, share};
use super::response::{Effect, Head, Outbound, Outgoing, SendError, frame};
use super::suspension::{Attempt, Operation};

/// `await send(message)`
#[pyclass(frozen, module = "fastrapi._core")]
pub(crate) struct Send(pub(crate) Arc<Exchange>);

#[pymethods]
impl Send {
    fn __call__(&self, message: Py<PyAny>) -> Operation {
        let exchange = Arc::clone(&self.0);
        // Once the message has been taken, what remains is to wait for room.
        let taken = AtomicBool::new(false);
        Operation::new(move |py| {
            if !taken.load(Ordering::Relaxed) {
                let message = outbound(message.bind(py))?;
                taken.store(true, Ordering::Relaxed);
                let effect = exchange.outgoing().apply(message);
                if !perform(py, &exchange, effect.map_err(to_exception)?) {
                    return Ok(Attempt::Done(py.None()));
                }
            }
            wait_for_room(py, &exchange)
        })
    }
}

impl Send {
    /// Sends a whole response, as the two messages for it would. Returns whether it did: a response whose headers do not
    /// name its length leaves in pieces.
    ///
    /// # Errors
    /// What awaiting the messages would raise.
    pub(crate) fn deliver(
        &self,
        status: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyBytes>,
    ) -> PyResult<bool> {
        let exchange = &self.0;
        let head = head(status, headers_of(headers)?)?;
        if head.length != Some(body.as_bytes().len() as u64) {
            return Ok(false);
        }
        let body = Outbound::Body {
            chunk: share(body),
            more: false,
        };
        let effect = {
            let mut outgoing = exchange.outgoing();
            outgoing
                .apply(Outbound::Start(head))
                .and_then(|_| outgoing.apply(body))
        };
        // Nothing has to be waited for behind the last message.
        perform(status.py(), exchange, effect.map_err(to_exception)?);
        Ok(true)
    }
}

/// Returns whether the application has to wait.
fn perform(py: Python<'_>, exchange: &Arc<Exchange>, effect: Effect) -> bool {
    match effect {
        Effect::None => {}
        Effect::HeadPending => exchange.app.late_heads.watch(py, exchange),
        Effect::Respond {
            responder,
            response,
            complete,
        } => {
            exchange.app.event_loop.complete(py, responder, response);
            if complete {
                exchange.finished(py);
            }
        }
        Effect::Full { start_moving } => {
            move_if(start_moving, exchange);
            return true;
        }
        Effect::Complete { start_moving } => {
            move_if(start_moving, exchange);
            exchange.finished(py);
        }
    }
    false
}

fn move_if(start: bool, exchange: &Arc<Exchange>) {
    if start {
        exchange.app.runtime.spawn(move_overflow(Arc::clone(exchange)));
    }
}

fn wait_for_room(py: Python<'_>, exchange: &Exchange) -> PyResult<Attempt> {
    let future = exchange.app.event_loop.create_future(py)?.unbind();
    let disconnected = match &mut *exchange.outgoing() {
        Outgoing::Streaming(stream) if !stream.overflow.is_empty() => {
            stream.waiters.push(future.clone_ref(py));
            return Ok(Attempt::Wait(future));
        }
        Outgoing::Abandoned => true,
        _ => false,
    };
    if disconnected {
        Err(to_exception(SendError::Disconnected))
    } else {
        Ok(Attempt::Done(py.None()))
    }
}

/// Moves chunks into the pipe as the client takes them, then lets the application go on.
async fn move_overflow(exchange: Arc<Exchange>) {
    loop {
        let (sender, chunk) = {
            let mut outgoing = exchange.outgoing();
            let Outgoing::Streaming(stream) = &mut *outgoing else {
                return;
            };
            match stream.overflow.front() {
                Some(chunk) => (stream.sender.clone(), Some(chunk.clone())),
                None if stream.finishing => (stream.sender.clone(), None),
                None => {
                    stream.moving = false;
                    return;
                }
            }
        };
        let Some(chunk) = chunk else {
            *exchange.outgoing() = Outgoing::Complete;
            // An error means that the client has gone, which ends the response as well.
            drop(sender.finish().await);
            return;
        };
        let sent = sender.send(chunk).await;
        let waiters = {
            let mut outgoing = exchange.outgoing();
            let Outgoing::Streaming(stream) = &mut *outgoing else {
                return;
            };
            stream.overflow.pop_front();
            match sent {
                Err(_) => outgoing.disconnect(),
                Ok(()) if stream.overflow.is_empty() => stream.waiters.take(),
                Ok(()) => continue,
            }
        };
        waiters.resolve_on(&exchange.app.event_loop);
    }
}

fn to_exception(error: SendError) -> PyErr {
    match error {
        SendError::Disconnected => ClientDisconnected::new_err(error.to_string()),
        _ => PyRuntimeError::new_err(error.to_string()),
    }
}

fn outbound(message: &Bound<'_, PyAny>) -> PyResult<Outbound> {
    let py = message.py();
    let message = Message::new(message)?;
    let kind = message.kind()?;
    match kind.to_str()? {
        "http.response.body" => Ok(Outbound::Body {
            chunk: message.bytes(intern!(py, "body"))?.unwrap_or_default(),
            more: message.flag(intern!(py, "more_body"))?,
        }),
        "http.response.start" => {
            let status = message.get(intern!(py, "status"))?;
            let status =
                status.ok_or_else(|| PyValueError::new_err("'http.response.start' needs a 'status'"))?;
            head(&status, message.headers()?).map(Outbound::Start)
        }
        "http.response.pathsend" => file(&message, py).map(Outbound::File),
        other => Err(PyValueError::new_err(format!(
            "'{other}' is no message that an HTTP response consists of"
        ))),
    }
}

fn head(status: &Bound<'_, PyAny>, headers: HeaderMap) -> PyResult<Head> {
    frame(status_code(status)?, headers).map_err(PyValueError::new_err)
}

/// A status that a response can have.
pub(crate) fn status_code(status: &Bound<'_, PyAny>) -> PyResult<StatusCode> {
    let number: i64 = status.extract()?;
    u16::try_from(number)
        .ok()
        // An interim response (RFC 9110 15.2) cannot be the answer.
        .filter(|number| *number >= 200)
        .and_then(|number| StatusCode::from_u16(number).ok())
        .ok_or_else(|| PyValueError::new_err(format!("{number} is no status of a response")))
}

fn file(message: &Message<'_, '_>, py: Python<'_>) -> PyResult<ResponseBody> {
    let path = message.get(intern!(py, "path"))?;
    let path: std::path::PathBuf = path
        .ok_or_else(|| PyValueError::new_err("'http.response.pathsend' needs a 'path'"))?
        .extract()?;
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    Ok(ResponseBody::File(FileBody::new(file, 0, length)))
}
