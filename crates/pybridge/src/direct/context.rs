//! A context of its own for code that runs outside of an asyncio task.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;

/// Runs `code` in a copy of the current context, so that context variables that it sets end with it (PEP 567).
///
/// # Errors
/// `MemoryError`; the code has not run then.
pub(super) fn in_own_context<T>(py: Python<'_>, code: impl FnOnce() -> T) -> PyResult<T> {
    // SAFETY: attached; the call returns a new reference or sets an error.
    let context = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyContext_CopyCurrent())? };
    // SAFETY: attached, and nobody has entered this context.
    if unsafe { ffi::PyContext_Enter(context.as_ptr()) } < 0 {
        return Err(PyErr::fetch(py));
    }
    // Left also when `code` panics, or the thread would stay in the context.
    let entered = Entered(context);
    let value = code();
    drop(entered);
    Ok(value)
}

struct Entered<'py>(Bound<'py, PyAny>);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        // SAFETY: attached, and this context is the one that the thread entered last.
        if unsafe { ffi::PyContext_Exit(self.0.as_ptr()) } < 0 {
            PyErr::fetch(self.0.py()).write_unraisable(self.0.py(), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use pyo3::types::PyModule;

    use super::*;

    const SOURCE: &std::ffi::CStr = c"
from contextvars import ContextVar
variable = ContextVar('variable', default=0)
def increment():
    variable.set(variable.get() + 1)
    return variable.get()
";

    #[test]
    fn what_the_code_sets_ends_with_it() {
        Python::initialize();
        Python::attach(|py| {
            let module = PyModule::from_code(py, SOURCE, c"context_test.py", c"context_test").unwrap();
            let increment = || module.getattr("increment")?.call0()?.extract::<i32>();
            for _ in 0..2 {
                assert_eq!(in_own_context(py, increment).unwrap().unwrap(), 1);
            }
        });
    }
}
