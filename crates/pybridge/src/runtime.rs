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

/// The workers that fit one of so many processes of this machine: one for each of its cores, and two at least, since an
/// inline call may block one (see [`crate::placement::SyncExecutor`]).
#[must_use]
pub fn workers_of_process(processes: usize) -> usize {
    let cores = thread::available_parallelism().map_or(2, NonZero::get);
    (cores / processes.max(1)).clamp(2, MAX_WORKERS)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_two_workers_at_least() {
        let cores = thread::available_parallelism().unwrap().get();
        assert_eq!(workers_of_process(2 * cores), 2);
        assert_eq!(workers_of_process(1), cores.clamp(2, MAX_WORKERS));
    }
}
