//! The `receive` callable of a WebSocket.
use std::sync::Arc;
use std::task::{Poll, Waker};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use server::websocket::Message;

use super::session::{Event, Session};
use crate::asgi::suspension::{Attempt, Operation};

/// `await receive()`
#[pyclass(frozen, module = "fastrapi._core", name = "WebSocketReceive")]
pub(super) struct Receive(pub(super) Arc<Session>);

#[pymethods]
impl Receive {
    fn __call__(&self) -> Operation {
        let session = Arc::clone(&self.0);
        Operation::new(move |py| attempt(py, &session))
    }
}

fn attempt(py: Python<'_>, session: &Arc<Session>) -> PyResult<Attempt> {
    let waker = Waker::from(Arc::clone(session));
    match session.poll_receive(&waker) {
        Poll::Ready(event) => message(py, event).map(Attempt::Done),
        Poll::Pending => {
            // The waker's job runs on this thread, so it comes after this.
            let future = session.app().event_loop.create_future(py)?.unbind();
            session.wait_to_receive(future.clone_ref(py));
            Ok(Attempt::Wait(future))
        }
    }
}

fn message(py: Python<'_>, event: Event) -> PyResult<Py<PyAny>> {
    let message = PyDict::new(py);
    let kind = intern!(py, "type");
    match event {
        Event::Connect => message.set_item(kind, intern!(py, "websocket.connect"))?,
        Event::Message(data) => {
            message.set_item(kind, intern!(py, "websocket.receive"))?;
            match data {
                Message::Text(text) => message.set_item(intern!(py, "text"), PyString::new(py, &text))?,
                Message::Binary(bytes) => message.set_item(intern!(py, "bytes"), PyBytes::new(py, &bytes))?,
            }
        }
        Event::Disconnect(closed) => {
            message.set_item(kind, intern!(py, "websocket.disconnect"))?;
            message.set_item(intern!(py, "code"), closed.code)?;
            message.set_item(intern!(py, "reason"), closed.reason)?;
        }
    }
    Ok(message.into_any().unbind())
}
