//! The two callables that the Python loop calls.
use std::sync::Arc;

use pyo3::prelude::*;

use super::shared::Shared;

/// The reader callback of the wake-up descriptor.
#[pyclass(frozen, module = "fastrapi._core")]
pub(crate) struct Reader(pub(crate) Arc<Shared>);

#[pymethods]
impl Reader {
    fn __call__(&self, py: Python<'_>) {
        self.0.on_readable(py);
    }
}

/// Ends a batch: runs after the first steps of the tasks that the batch started.
#[pyclass(frozen, module = "fastrapi._core")]
pub(crate) struct Tail(pub(crate) Arc<Shared>);

#[pymethods]
impl Tail {
    fn __call__(&self, py: Python<'_>) {
        self.0.on_tail(py);
    }
}
