//! Stepping coroutines by hand, as `asyncio.Task` does.
use pyo3::exceptions::{PyStopIteration, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;

/// What one step of a coroutine led to.
#[derive(Debug)]
pub enum Step {
    /// It waits for this object (a future that shall be given back to the task).
    Suspended(Py<PyAny>),
    /// It has ended with this value.
    Returned(Py<PyAny>),
    /// It has ended with this exception, of whatever kind.
    Raised(PyErr),
}

/// Runs the coroutine (or any awaitable's iterator) up to its next suspension.
#[must_use]
pub fn step(coroutine: &Bound<'_, PyAny>) -> Step {
    let py = coroutine.py();
    let mut result = std::ptr::null_mut();
    // SAFETY: `coroutine` and None are live objects and this thread is attached; a result other than an error
    // stores a new reference in `result`.
    let kind = unsafe { ffi::PyIter_Send(coroutine.as_ptr(), ffi::Py_None(), &raw mut result) };
    // SAFETY: as above, `result` is null or a reference that is ours.
    let value = unsafe { Bound::from_owned_ptr_or_opt(py, result) };
    match (kind, value) {
        (ffi::PySendResult::PYGEN_NEXT, Some(value)) => Step::Suspended(value.unbind()),
        (ffi::PySendResult::PYGEN_RETURN, Some(value)) => Step::Returned(value.unbind()),
        _ => Step::Raised(PyErr::fetch(py)),
    }
}

/// What drives an awaitable: a coroutine itself, else the iterator of its `__await__`.
///
/// # Errors
/// `TypeError` when the object is not awaitable.
pub fn of_awaitable(awaitable: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    let py = awaitable.py();
    // SAFETY: a type check of a live object.
    if unsafe { ffi::PyCoro_CheckExact(awaitable.as_ptr()) } != 0 {
        return Ok(awaitable);
    }
    match awaitable.getattr_opt(pyo3::intern!(py, "__await__"))? {
        Some(method) => method.call0(),
        None => Err(PyTypeError::new_err(format!(
            "the application returned {} instead of an awaitable; it is no ASGI 3 application",
            awaitable.get_type().name()?
        ))),
    }
}

/// Throws an exception into the coroutine, in the three-argument form that `throw` methods receive.
#[must_use]
pub fn throw(
    coroutine: &Bound<'_, PyAny>,
    kind: Py<PyAny>,
    value: Option<Py<PyAny>>,
    traceback: Option<Py<PyAny>>,
) -> Step {
    let py = coroutine.py();
    let method = pyo3::intern!(py, "throw");
    let thrown = match (value, traceback) {
        // The one-argument form is the only one not deprecated since Python 3.12.
        (None, None) => coroutine.call_method1(method, (kind,)),
        (value, traceback) => coroutine.call_method1(method, (kind, value, traceback)),
    };
    match thrown {
        Ok(awaited) => Step::Suspended(awaited.unbind()),
        Err(error) if error.is_instance_of::<PyStopIteration>(py) => {
            match error.value(py).getattr(pyo3::intern!(py, "value")) {
                Ok(value) => Step::Returned(value.unbind()),
                Err(error) => Step::Raised(error),
            }
        }
        Err(error) => Step::Raised(error),
    }
}
