//! Messages about the application, sent through Python's logging so that the application's settings apply.
use pyo3::prelude::*;
use pyo3::types::IntoPyDict as _;

/// The logger of everything that goes wrong in an application.
const LOGGER: &str = "fastrapi.error";

fn logger(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import(pyo3::intern!(py, "logging"))?
        .call_method1(pyo3::intern!(py, "getLogger"), (LOGGER,))
}

/// Logs an error without traceback.
pub(crate) fn error(py: Python<'_>, message: &str) {
    if let Err(failure) = logger(py).and_then(|logger| logger.call_method1("error", ("%s", message))) {
        tracing::error!(%failure, message, "Python's logging failed");
    }
}

/// Logs an exception with its traceback.
pub(crate) fn exception(py: Python<'_>, message: &str, error: &PyErr) {
    let logged = logger(py).and_then(|logger| {
        let information = (error.get_type(py), error.value(py), error.traceback(py));
        let keywords = [("exc_info", information)].into_py_dict(py)?;
        logger.call_method("error", ("%s", message), Some(&keywords))
    });
    if let Err(failure) = logged {
        tracing::error!(%failure, %error, message, "Python's logging failed");
    }
}
