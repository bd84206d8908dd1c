//! Heads of responses whose body is late.
//!
//! A head waits for the first body message, so that a failure in between can still become a 500. An application that
//! sends its head and then thinks (server-sent events) must not leave its client without an answer meanwhile.
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pyo3::prelude::*;

use super::exchange::Exchange;
use crate::event_loop::LoopHandle;

/// Seconds that a head waits for its body, at most twice that.
const PATIENCE: f64 = 0.02;

/// The heads that wait. One timer serves them all.
#[derive(Clone, Default)]
pub(crate) struct LateHeads(Arc<Mutex<Waiting>>);

#[derive(Default)]
struct Waiting {
    exchanges: Vec<Weak<Exchange>>,
    timer_runs: bool,
}

impl LateHeads {
    /// Notes that a head was sent; on the loop's thread.
    pub(crate) fn watch(&self, py: Python<'_>, exchange: &Arc<Exchange>) {
        let start_timer = {
            let mut waiting = self.lock();
            waiting.exchanges.push(Arc::downgrade(exchange));
            !std::mem::replace(&mut waiting.timer_runs, true)
        };
        if start_timer {
            let started = Py::new(py, Flush(self.clone(), exchange.app.event_loop.clone()))
                .and_then(|flush| exchange.app.event_loop.call_later(py, PATIENCE, flush.into_any()));
            if let Err(error) = started {
                tracing::error!(%error, "the event loop takes no timers");
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The timer's callback.
#[pyclass(frozen, module = "fastrapi._core")]
struct Flush(LateHeads, LoopHandle);

#[pymethods]
impl Flush {
    fn __call__(&self, py: Python<'_>) {
        let exchanges = {
            let mut waiting = self.0.lock();
            waiting.timer_runs = false;
            std::mem::take(&mut waiting.exchanges)
        };
        for exchange in exchanges.iter().filter_map(Weak::upgrade) {
            let flushed = exchange.outgoing().flush_head();
            if let Some((responder, response)) = flushed {
                self.1.complete(py, responder, response);
            }
        }
    }
}
