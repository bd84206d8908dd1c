//! The tokio runtime whose threads enter Python often.
use std::cell::Cell;
use std::io;
use std::num::NonZero;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::event_loop::{LoopHandle, promise_to_flush};
use crate::thread_state;

/// More workers than this only wait for each other at the interpreter's lock.
const MAX_WORKERS: usize = 8;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// Builds the runtime. Its workers keep a Python thread state each, and wake the event loop at the latest when they
/// go to sleep (see [`LoopHandle::flush`]).
///
/// # Errors
/// When the operating system refuses threads or descriptors.
pub fn build(workers: usize, event_loop: LoopHandle) -> io::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name("fastrapi-worker")
        .enable_all()
        .on_thread_start(thread_state::keep)
        .on_thread_stop(thread_state::release)
        .on_thread_park(move || {
            // Only workers park; threads of the blocking pool do not, so the promise is made here.
            if !IS_WORKER.replace(true) {
                promise_to_flush();
            }
            event_loop.flush();
        })
        .build()
}

/// How many workers fit this machine: one for each core, and never fewer than two, since one may be blocked by an
/// inline call (see [`crate::placement::SyncExecutor`]).
#[must_use]
pub fn default_workers() -> usize {
    thread::available_parallelism()
        .map_or(2, NonZero::get)
        .clamp(2, MAX_WORKERS)
}
