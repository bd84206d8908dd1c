//! Calling the plan's function, and finishing the coroutines that one step finishes.
#![allow(unsafe_code)]

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;

use super::extract::Arguments;
use super::plan::Plan;
use crate::coroutine::{Step, step};

/// Calls the function with the arguments that [`super::arguments`] took.
///
/// # Errors
/// Whatever the function raises; for a coroutine function nothing has run yet.
pub fn call<'py>(py: Python<'py>, plan: &Plan, arguments: &Arguments<'py>) -> PyResult<Bound<'py, PyAny>> {
    let keywords = plan.keywords.as_ref().map_or(std::ptr::null_mut(), Py::as_ptr);
    let positional = if keywords.is_null() { arguments.len() } else { 0 };
    // SAFETY: `Bound` is a transparent wrapper around an object pointer, the arguments outlive the call, `keywords` is
    // null or a tuple of as many names as there are arguments after the positional ones, and we are attached.
    unsafe {
        let result = ffi::PyObject_Vectorcall(
            plan.function.as_ptr(),
            arguments.as_ptr().cast::<*mut ffi::PyObject>(),
            positional,
            keywords,
        );
        Bound::from_owned_ptr_or_err(py, result)
    }
}

/// The result of a coroutine that is pure: one step ends it.
///
/// # Errors
/// What the coroutine raises, and `RuntimeError` should it suspend all the same.
pub fn finish_step<'py>(coroutine: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    match step(coroutine) {
        Step::Returned(value) => Ok(value.into_bound(coroutine.py())),
        Step::Raised(error) => Err(error),
        Step::Suspended(_) => {
            coroutine.call_method0(pyo3::intern!(coroutine.py(), "close"))?;
            Err(PyRuntimeError::new_err("a coroutine without await suspended"))
        }
    }
}
