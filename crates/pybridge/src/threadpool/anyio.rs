//! What anyio needs to know of our threads.
//!
//! `anyio.from_thread.run` finds its loop through a thread-local that anyio's own worker threads set with
//! `claim_worker_thread`. Our threads set it as well, once, when the application uses anyio at all.
use std::cell::Cell;

use pyo3::prelude::*;

use crate::event_loop::LoopHandle;

/// What of anyio depends on asyncio.
const BACKEND: &str = "anyio._backends._asyncio";

/// The limit that anyio starts with; another one was set by the application.
const ANYIO_DEFAULT_LIMIT: f64 = 40.0;

thread_local! {
    static PREPARED: Cell<bool> = const { Cell::new(false) };
}

/// Makes `anyio.from_thread` work on this thread, if anyio has been imported.
pub fn prepare_thread(py: Python<'_>, event_loop: &LoopHandle) {
    if PREPARED.get() {
        return;
    }
    match claim(py, event_loop) {
        Ok(prepared) => PREPARED.set(prepared),
        Err(error) => {
            PREPARED.set(true);
            tracing::debug!(%error, "anyio.from_thread does not work on threads of the pool");
        }
    }
}

fn imported<'py>(py: Python<'py>, module: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let modules = py
        .import(pyo3::intern!(py, "sys"))?
        .getattr(pyo3::intern!(py, "modules"))?;
    if modules.contains(module)? {
        modules.get_item(module).map(Some)
    } else {
        Ok(None)
    }
}

fn claim(py: Python<'_>, event_loop: &LoopHandle) -> PyResult<bool> {
    let Some(core) = imported(py, "anyio._core._eventloop")? else {
        return Ok(false);
    };
    let backend = py.import(BACKEND)?.getattr("AsyncIOBackend")?;
    let claimed = core.call_method1("claim_worker_thread", (backend, event_loop.event_loop().bind(py)))?;
    claimed.call_method0("__enter__")?;
    // The claim lasts as long as the thread: ending the generator would take it back.
    std::mem::forget(claimed);
    core.getattr("threadlocals")?
        .setattr("current_cancel_scope", py.None())?;
    Ok(true)
}

/// Imports what anyio runs on asyncio with, if the application uses anyio at all. That takes some milliseconds which the
/// start need not wait for, nor should a request.
///
/// # Errors
/// The import failed.
pub fn load_backend(py: Python<'_>) -> PyResult<()> {
    if imported(py, "anyio._core._eventloop")?.is_some() {
        py.import(BACKEND)?;
    }
    Ok(())
}

/// The number of threads that the application asked for through anyio's default limiter, if it did. To be called on
/// the loop's thread, within a task.
#[must_use]
pub fn default_limit(py: Python<'_>) -> Option<usize> {
    // Who asks for the limiter imports the backend, which has it.
    let limit = imported(py, BACKEND).and_then(|backend| match backend {
        Some(_) => {
            let tokens: f64 = py
                .import("anyio.to_thread")?
                .call_method0("current_default_thread_limiter")?
                .getattr("total_tokens")?
                .extract()?;
            Ok(Some(tokens))
        }
        None => Ok(None),
    });
    match limit {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        Ok(Some(tokens)) if tokens.is_finite() && tokens >= 1.0 && tokens != ANYIO_DEFAULT_LIMIT => {
            Some(tokens as usize)
        }
        Ok(_) => None,
        Err(error) => {
            tracing::debug!(%error, "anyio's default limiter cannot be read");
            None
        }
    }
}
