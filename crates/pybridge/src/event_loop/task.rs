//! Running a coroutine as an asyncio task without letting its exception reach the loop.
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyStopIteration;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::shared::Shared;
use super::{LoopContext, OnDone};
use crate::coroutine::{Step, step, throw};

/// What `asyncio.Task` drives: a coroutine around the application's.
///
/// A task re-raises `SystemExit` and `KeyboardInterrupt` into the loop, which would end it; and a done-callback is
/// one more trip through the loop. This object sees every outcome itself, hands it to `on_done`, and ends quietly.
#[pyclass(frozen, module = "fastrapi._core", name = "TaskCoroutine")]
pub(crate) struct TaskCoroutine {
    coroutine: Py<PyAny>,
    on_done: Mutex<Option<OnDone>>,
    shared: Arc<Shared>,
}

impl TaskCoroutine {
    pub(crate) fn new(coroutine: Py<PyAny>, on_done: OnDone, shared: Arc<Shared>) -> Self {
        Self {
            coroutine,
            on_done: Mutex::new(Some(on_done)),
            shared,
        }
    }

    fn finish(&self, py: Python<'_>, outcome: PyResult<Py<PyAny>>) {
        let on_done = self.on_done.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(on_done) = on_done {
            on_done(&LoopContext::new(py, &self.shared), outcome);
        }
    }

    fn after(&self, py: Python<'_>, step: Step) -> Option<Py<PyAny>> {
        match step {
            Step::Suspended(awaited) => Some(awaited),
            Step::Returned(value) => {
                self.finish(py, Ok(value));
                None
            }
            Step::Raised(error) => {
                self.finish(py, Err(error));
                None
            }
        }
    }
}

#[pymethods]
impl TaskCoroutine {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.after(py, step(self.coroutine.bind(py)))
    }

    fn send(&self, py: Python<'_>, _value: Py<PyAny>) -> PyResult<Py<PyAny>> {
        self.__next__(py).ok_or_else(|| PyStopIteration::new_err(()))
    }

    #[pyo3(signature = (kind, value=None, traceback=None))]
    fn throw(
        &self,
        py: Python<'_>,
        kind: Py<PyAny>,
        value: Option<Py<PyAny>>,
        traceback: Option<Py<PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let step = throw(self.coroutine.bind(py), kind, value, traceback);
        self.after(py, step).ok_or_else(|| PyStopIteration::new_err(()))
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.coroutine
            .call_method0(py, pyo3::intern!(py, "close"))
            .map(drop)
    }

    /// `cr_frame`, `cr_running` and the like, which debuggers and anyio read, are those of the inner coroutine.
    fn __getattr__(&self, py: Python<'_>, name: &Bound<'_, PyString>) -> PyResult<Py<PyAny>> {
        self.coroutine.getattr(py, name)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.coroutine)
    }
}
