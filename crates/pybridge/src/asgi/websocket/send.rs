//! The `send` callable of a WebSocket.
use std::sync::{Arc, Mutex, PoisonError};

use http::{HeaderMap, HeaderValue, header};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;
use server::websocket::Message as Frame;

use super::session::{Effect, Outbound, SendError, Session};
use crate::asgi::exchange::ClientDisconnected;
use crate::asgi::message::Message;
use crate::asgi::send::status_code;
use crate::asgi::suspension::{Attempt, Operation, Waiters};

/// `await send(message)`
#[pyclass(frozen, module = "fastrapi._core", name = "WebSocketSend")]
pub(super) struct Send(pub(super) Arc<Session>);

/// How far one call of `send` is.
enum Step {
    Given(Py<PyAny>),
    /// Read, and to be tried again.
    Read(Outbound),
    /// `websocket.accept` was sent; its end is the socket's opening.
    Opening,
    /// Someone else delivers the message; its end is reported here.
    Delivering(Arc<Mutex<Option<Result<(), SendError>>>>),
    Done,
}

#[pymethods]
impl Send {
    fn __call__(&self, message: Py<PyAny>) -> Operation {
        let session = Arc::clone(&self.0);
        let step = Mutex::new(Step::Given(message));
        Operation::new(move |py| {
            let present = std::mem::replace(
                &mut *step.lock().unwrap_or_else(PoisonError::into_inner),
                Step::Done,
            );
            let (next, attempt) = advance(py, &session, present)?;
            *step.lock().unwrap_or_else(PoisonError::into_inner) = next;
            Ok(attempt)
        })
    }
}

type Advanced = (Step, Attempt);

fn done(py: Python<'_>) -> Advanced {
    (Step::Done, Attempt::Done(py.None()))
}

fn advance(py: Python<'_>, session: &Arc<Session>, step: Step) -> PyResult<Advanced> {
    let message = match step {
        Step::Given(message) => outbound(message.bind(py))?,
        Step::Read(message) => message,
        Step::Opening => {
            return if session.is_opening() {
                wait_for_opening(py, session)
            } else {
                Ok(done(py))
            };
        }
        Step::Delivering(outcome) => {
            let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
            return outcome.unwrap_or(Ok(())).map(|()| done(py)).map_err(to_exception);
        }
        Step::Done => return Ok(done(py)),
    };
    match session.apply(message).map_err(to_exception)? {
        Effect::None => Ok(done(py)),
        Effect::Decide(decider, decision) => {
            session.app().event_loop.complete(py, decider, decision);
            if session.is_opening() {
                wait_for_opening(py, session)
            } else {
                Ok(done(py))
            }
        }
        Effect::CloseLater { sender, code, reason } => {
            session
                .app()
                .runtime
                .spawn(async move { sender.close(code, &reason).await });
            Ok(done(py))
        }
        Effect::Wait(message) => wait(py, session, message),
    }
}

fn wait_for_opening(py: Python<'_>, session: &Arc<Session>) -> PyResult<Advanced> {
    let future = session.app().event_loop.create_future(py)?.unbind();
    session.wait_to_send(future.clone_ref(py));
    // Without this check an opening between the two lines above would go unnoticed.
    if session.is_opening() {
        Ok((Step::Opening, Attempt::Wait(future)))
    } else {
        Ok(done(py))
    }
}

fn wait(py: Python<'_>, session: &Arc<Session>, message: Outbound) -> PyResult<Advanced> {
    let future = session.app().event_loop.create_future(py)?.unbind();
    match (session.sender(), message) {
        // The queue is full: a task of tokio waits for room, the application for that task.
        (Some(sender), Outbound::Message(frame)) => {
            let outcome = Arc::new(Mutex::new(None));
            let event_loop = session.app().event_loop.clone();
            let (task_outcome, task_future) = (Arc::clone(&outcome), future.clone_ref(py));
            session.app().runtime.spawn(async move {
                let sent = sender
                    .send(frame)
                    .await
                    .map_err(|_closed| SendError::Disconnected);
                *task_outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(sent);
                let mut waiters = Waiters::default();
                waiters.push(task_future);
                waiters.resolve_on(&event_loop);
            });
            Ok((Step::Delivering(outcome), Attempt::Wait(future)))
        }
        (Some(_), message) => advance(py, session, Step::Read(message)),
        (None, message) => {
            session.wait_to_send(future.clone_ref(py));
            if session.is_opening() {
                Ok((Step::Read(message), Attempt::Wait(future)))
            } else {
                advance(py, session, Step::Read(message))
            }
        }
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
        "websocket.send" => frame(&message).map(Outbound::Message),
        "websocket.accept" => accept(&message),
        "websocket.close" => Ok(Outbound::Close {
            code: close_code(&message)?,
            reason: close_reason(&message)?,
        }),
        "websocket.http.response.start" => {
            let status = message.get(intern!(py, "status"))?;
            let status = status
                .ok_or_else(|| PyValueError::new_err("'websocket.http.response.start' needs a 'status'"))?;
            let mut headers = message.headers()?;
            headers.remove(header::TRANSFER_ENCODING);
            Ok(Outbound::DenialStart {
                status: status_code(&status)?,
                headers,
            })
        }
        "websocket.http.response.body" => Ok(Outbound::DenialBody {
            chunk: message.bytes(intern!(py, "body"))?.unwrap_or_default(),
            more: message.flag(intern!(py, "more_body"))?,
        }),
        other => Err(PyValueError::new_err(format!(
            "'{other}' is no message that a WebSocket consists of"
        ))),
    }
}

fn frame(message: &Message<'_, '_>) -> PyResult<Frame> {
    let py = message.py();
    if let Some(bytes) = message.bytes(intern!(py, "bytes"))? {
        return Ok(Frame::Binary(bytes));
    }
    match text(message, intern!(py, "text"))? {
        Some(text) => Ok(Frame::Text(text.into())),
        None => Err(PyValueError::new_err("'websocket.send' needs 'text' or 'bytes'")),
    }
}

fn text(message: &Message<'_, '_>, name: &Bound<'_, PyString>) -> PyResult<Option<String>> {
    message.get(name)?.map(|value| value.extract()).transpose()
}

fn accept(message: &Message<'_, '_>) -> PyResult<Outbound> {
    let py = message.py();
    let mut headers: HeaderMap = message.headers()?;
    let named = text(message, intern!(py, "subprotocol"))?;
    let subprotocol =
        match named {
            Some(name) => Some(HeaderValue::from_str(&name).map_err(|_| {
                PyValueError::new_err(format!("{name:?} cannot be the name of a subprotocol"))
            })?),
            None => headers.remove(header::SEC_WEBSOCKET_PROTOCOL),
        };
    Ok(Outbound::Accept { subprotocol, headers })
}

/// What is no text cannot be sent and is left out: FastAPI closes with the list of validation errors as the reason,
/// mostly before the handshake, where there is no reason to send anyway.
fn close_reason(message: &Message<'_, '_>) -> PyResult<String> {
    let reason = message.get(intern!(message.py(), "reason"))?;
    Ok(reason
        .and_then(|reason| reason.extract().ok())
        .unwrap_or_default())
}

fn close_code(message: &Message<'_, '_>) -> PyResult<u16> {
    let py = message.py();
    let Some(code) = message.get(intern!(py, "code"))? else {
        return Ok(1000);
    };
    let number: i64 = code.extract()?;
    // RFC 6455 7.4.2: the other codes are not for applications, or must not be sent at all.
    match u16::try_from(number) {
        Ok(code @ (1000..=1003 | 1007..=1014 | 3000..=4999)) => Ok(code),
        _ => Err(PyValueError::new_err(format!(
            "{number} cannot be sent as the code of a close"
        ))),
    }
}
