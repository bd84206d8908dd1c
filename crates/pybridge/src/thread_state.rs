//! One Python thread state per thread, kept for the thread's life.
//!
//! Attaching a thread that has none makes a state and destroys it afterwards, which costs more than a small handler.
//! With a state kept, attaching costs some tens of nanoseconds.
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;

thread_local! {
    static KEPT: Cell<Option<ffi::PyGILState_STATE>> = const { Cell::new(None) };
}

static ENDING: AtomicBool = AtomicBool::new(false);

/// Makes the calling thread's state and detaches from it. For threads that are not attached.
pub fn keep() {
    if KEPT.get().is_some() || ENDING.load(Ordering::Acquire) {
        return;
    }
    // SAFETY: the interpreter is initialised before any of our threads start, and this thread is not attached;
    // PyEval_SaveThread returns the state that PyGILState_Ensure has just made current, where it stays registered.
    unsafe {
        let state = ffi::PyGILState_Ensure();
        ffi::PyEval_SaveThread();
        KEPT.set(Some(state));
    }
}

/// Destroys the calling thread's state, unless the interpreter may be ending.
pub fn release() {
    let Some(state) = KEPT.take() else { return };
    if ENDING.load(Ordering::Acquire) {
        // Entering an interpreter that is finalising ends or hangs the thread.
        return;
    }
    // SAFETY: `keep` made a state for this thread and counted one user. Ensuring attaches it and counts a second; the
    // first release takes that count back but stays attached (LOCKED), the second one drops the last count and with
    // it the state.
    unsafe {
        ffi::PyGILState_Ensure();
        ffi::PyGILState_Release(ffi::PyGILState_STATE::PyGILState_LOCKED);
        ffi::PyGILState_Release(state);
    }
}

/// From now on threads that end leave their state alone: the interpreter is about to be finalised.
pub fn interpreter_ends() {
    ENDING.store(true, Ordering::Release);
}
