//! `request.session` on the direct lane: the dictionary of the framework over the session of the layer.

use http::Extensions;
use pyo3::intern;
use pyo3::prelude::*;
use server::layers::session::Session;

/// Makes the dictionary for a request that came through the session layer.
///
/// # Errors
/// Import errors of the package. A cookie with a good signature holds JSON that the framework wrote.
pub(super) fn load<'py>(py: Python<'py>, extensions: &Extensions) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(session) = extensions.get::<Session>() else {
        return Ok(None);
    };
    let class = py
        .import(intern!(py, "fastrapi.middleware.sessions"))?
        .getattr(intern!(py, "Session"))?;
    match session.peek() {
        Some(json) => {
            let data = py
                .import(intern!(py, "json"))?
                .call_method1(intern!(py, "loads"), (&*json,))?;
            class.call1((data,)).map(Some)
        }
        None => class.call0().map(Some),
    }
}

/// Tells the layer what the application did with the dictionary.
///
/// # Errors
/// `TypeError` for a value that JSON does not have.
pub(super) fn save(dictionary: &Bound<'_, PyAny>, extensions: &Extensions) -> PyResult<()> {
    let py = dictionary.py();
    let Some(session) = extensions.get::<Session>() else {
        return Ok(());
    };
    if dictionary.getattr(intern!(py, "modified"))?.is_truthy()? {
        if dictionary.len()? == 0 {
            session.clear();
        } else {
            let json = py
                .import(intern!(py, "json"))?
                .call_method1(intern!(py, "dumps"), (dictionary,))?;
            session.write(json.extract::<String>()?);
        }
    } else if dictionary.getattr(intern!(py, "accessed"))?.is_truthy()? {
        session.read();
    }
    Ok(())
}
