//! The `receive` callable of an HTTP request.
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::body;
use super::exchange::{Exchange, Incoming};
use super::suspension::{Attempt, Operation};

/// `await receive()`
#[pyclass(frozen, module = "fastrapi._core")]
pub(crate) struct Receive(pub(crate) Arc<Exchange>);

#[pymethods]
impl Receive {
    fn __call__(&self) -> Operation {
        let exchange = Arc::clone(&self.0);
        Operation::new(move |py| attempt(py, &exchange))
    }
}

enum Received {
    Request { body: bytes::Bytes, more: bool },
    Disconnect,
}

/// Takes the next message if it is there.
fn poll(exchange: &Exchange, incoming: &mut Incoming) -> Option<Received> {
    if let Some(body) = incoming.chunks.pop_front() {
        let was_full = incoming.buffered;
        incoming.buffered -= body.len();
        if was_full > incoming.buffered {
            exchange.room.notify_one();
        }
        let more = !(incoming.ended && incoming.chunks.is_empty());
        incoming.end_delivered = !more;
        return Some(Received::Request { body, more });
    }
    if incoming.disconnected {
        return Some(Received::Disconnect);
    }
    if incoming.ended && !incoming.end_delivered {
        incoming.end_delivered = true;
        return Some(Received::Request {
            body: bytes::Bytes::new(),
            more: false,
        });
    }
    None
}

fn attempt(py: Python<'_>, exchange: &Arc<Exchange>) -> PyResult<Attempt> {
    let received = poll(exchange, &mut exchange.incoming());
    if let Some(received) = received {
        return message(py, received).map(Attempt::Done);
    }
    let future = exchange.app.event_loop.create_future(py)?.unbind();
    let (received, unread, watch) = {
        let mut incoming = exchange.incoming();
        let received = poll(exchange, &mut incoming);
        let (mut unread, mut watch) = (None, false);
        if received.is_none() {
            incoming.waiters.push(future.clone_ref(py));
            unread = incoming.unread.take();
            watch = incoming.end_delivered && !std::mem::replace(&mut incoming.watched, true);
        }
        (received, unread, watch)
    };
    if let Some(received) = received {
        return message(py, received).map(Attempt::Done);
    }
    if let Some(unread) = unread {
        exchange
            .app
            .runtime
            .spawn(body::pump(Arc::clone(exchange), unread));
    }
    if watch {
        exchange.app.runtime.spawn(watch_client(Arc::clone(exchange)));
    }
    Ok(Attempt::Wait(future))
}

/// Waits for the client's going on behalf of an application that waits for `http.disconnect`.
async fn watch_client(exchange: Arc<Exchange>) {
    let Some(connection) = exchange.connection.clone() else {
        return;
    };
    tokio::select! {
        () = connection.client_gone() => exchange.client_gone(),
        () = exchange.over.notified() => {}
    }
}

fn message(py: Python<'_>, received: Received) -> PyResult<Py<PyAny>> {
    let message = PyDict::new(py);
    match received {
        Received::Request { body, more } => {
            message.set_item(intern!(py, "type"), intern!(py, "http.request"))?;
            message.set_item(intern!(py, "body"), PyBytes::new(py, &body))?;
            message.set_item(intern!(py, "more_body"), more)?;
        }
        Received::Disconnect => message.set_item(intern!(py, "type"), intern!(py, "http.disconnect"))?,
    }
    Ok(message.into_any().unbind())
}
