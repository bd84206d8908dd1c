//! Awaitables that finish at once when they can.
//!
//! `await receive()` mostly finds its message there, and `await send()` room for its own. Such an await must not cost
//! a future and a trip through the loop, so the awaitables here try first and only then wait for a future.
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::prelude::*;

use crate::coroutine::{Step, step, throw};
use crate::event_loop::LoopHandle;

/// One try of an operation.
pub(crate) enum Attempt {
    /// It is done, with this result.
    Done(Py<PyAny>),
    /// It has to be tried again when this future is done.
    Wait(Py<PyAny>),
}

type Try = Box<dyn Fn(Python<'_>) -> PyResult<Attempt> + Send + Sync>;

/// What `receive()` and `send()` return: a coroutine in all but name, so that `asyncio.create_task` takes it.
#[pyclass(frozen, module = "fastrapi._core", freelist = 64)]
pub(crate) struct Operation {
    attempt: Try,
    /// The iterator of the future that is waited for.
    awaited: Mutex<Option<Py<PyAny>>>,
}

impl Operation {
    /// An operation that is tried when it is awaited, and again whenever what it waited for has come.
    pub(crate) fn new(attempt: impl Fn(Python<'_>) -> PyResult<Attempt> + Send + Sync + 'static) -> Self {
        Self {
            attempt: Box::new(attempt),
            awaited: Mutex::default(),
        }
    }

    fn take_awaited(&self) -> Option<Py<PyAny>> {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn set_awaited(&self, iterator: Py<PyAny>) {
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some(iterator);
    }
}

#[pymethods]
impl Operation {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    /// Goes on until something has to be waited for. `None` is the end without a value: no exception is made for it.
    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        loop {
            if let Some(iterator) = self.take_awaited() {
                match step(iterator.bind(py)) {
                    Step::Suspended(awaited) => {
                        self.set_awaited(iterator);
                        return Ok(Some(awaited));
                    }
                    Step::Raised(error) => return Err(error),
                    Step::Returned(_) => {}
                }
            }
            match (self.attempt)(py)? {
                Attempt::Done(value) if value.is_none(py) => return Ok(None),
                // A message, so neither a tuple nor an exception, which would be taken for more than a value.
                Attempt::Done(value) => return Err(PyStopIteration::new_err(value)),
                Attempt::Wait(future) => {
                    self.set_awaited(future.call_method0(py, pyo3::intern!(py, "__await__"))?);
                }
            }
        }
    }

    fn send(&self, py: Python<'_>, _value: Py<PyAny>) -> PyResult<Py<PyAny>> {
        self.__next__(py)?
            .ok_or_else(|| PyStopIteration::new_err(py.None()))
    }

    /// The waiting ends with the exception, most often a cancellation.
    #[pyo3(signature = (kind, value=None, traceback=None))]
    fn throw(
        &self,
        py: Python<'_>,
        kind: Py<PyAny>,
        value: Option<Py<PyAny>>,
        traceback: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        if let Some(iterator) = self.take_awaited() {
            return match throw(iterator.bind(py), kind, value, traceback) {
                Step::Raised(error) => Err(error),
                // A future's iterator never swallows what is thrown into it.
                Step::Suspended(_) | Step::Returned(_) => {
                    Err(PyRuntimeError::new_err("the awaited future ignored an exception"))
                }
            };
        }
        let exception = value.unwrap_or(kind).into_bound(py);
        // A class is instantiated, as `raise` does.
        let exception = if exception.is_callable() {
            exception.call0()?
        } else {
            exception
        };
        Err(PyErr::from_value(exception))
    }

    fn close(&self) {}
}

/// Futures of the loop, resolved all at once.
#[derive(Default)]
pub(crate) struct Waiters(Vec<Py<PyAny>>);

impl Waiters {
    pub(crate) fn push(&mut self, future: Py<PyAny>) {
        self.0.push(future);
    }

    /// Takes them out, to be resolved without any lock held.
    pub(crate) fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Resolves the futures; on the loop's thread.
    pub(crate) fn resolve(self, py: Python<'_>) {
        for future in self.0 {
            if let Err(error) = resolve(future.bind(py)) {
                tracing::error!(%error, "a waiting task could not be resumed");
            }
        }
    }

    /// Resolves the futures from another thread.
    pub(crate) fn resolve_on(self, event_loop: &LoopHandle) {
        if !self.is_empty() {
            event_loop.submit(move |context| self.resolve(context.py()));
        }
    }
}

fn resolve(future: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = future.py();
    if !future.call_method0(pyo3::intern!(py, "done"))?.is_truthy()? {
        future.call_method1(pyo3::intern!(py, "set_result"), (py.None(),))?;
    }
    Ok(())
}
