//! The tokio runtime whose threads enter Python often.
use std::cell::Cell;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Runtime};

use crate::event_loop::{LoopHandle, promise_to_flush};
use crate::placement::Attention;
use crate::thread_state;

/// More workers than this only wait for each other at the interpreter's lock.
const MAX_WORKERS: usize = 8;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// The threads of a runtime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers {
    /// How many there are.
    pub threads: usize,
    /// Whether one of them sleeps as long as the others get on.
    pub has_reserve: bool,
}

impl Workers {
    /// What fits one of so many processes of this machine: a worker for each of its cores, and two at least, since an
    /// inline call may block one (see [`crate::placement::SyncExecutor`]). The second one on a core is a reserve.
    #[must_use]
    pub fn of_process(processes: usize) -> Self {
        let cores = thread::available_parallelism().map_or(2, NonZero::get) / processes.max(1);
        Self {
            threads: cores.clamp(2, MAX_WORKERS),
            has_reserve: cores < 2,
        }
    }

    /// As many as the user wants, all at work.
    #[must_use]
    pub fn exactly(threads: NonZero<usize>) -> Self {
        Self {
            threads: threads.get(),
            has_reserve: false,
        }
    }
}

/// Builds the runtime. Its workers keep a Python thread state each, and wake the event loop at the latest when they
/// go to sleep (see [`LoopHandle::flush`]). If one is a reserve, they tell when they sleep and wake.
///
/// # Errors
/// When the operating system refuses threads or descriptors.
pub(crate) fn build(
    workers: Workers,
    event_loop: LoopHandle,
    attention: Arc<Attention>,
) -> io::Result<Runtime> {
    let mut builder = Builder::new_multi_thread();
    let watched = workers.has_reserve.then_some(attention);
    if let Some(attention) = watched.clone() {
        builder.on_thread_unpark(move || attention.worker_wakes());
    }
    builder
        .worker_threads(workers.threads)
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
            if let Some(attention) = &watched {
                attention.worker_sleeps();
            }
        })
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_two_workers_at_least_and_one_at_work_for_each_core() {
        let cores = thread::available_parallelism().unwrap().get();
        let shared = Workers::of_process(cores);
        assert_eq!((shared.threads, shared.has_reserve), (2, true));
        assert_eq!(Workers::of_process(2 * cores), shared);
        let alone = Workers::of_process(1);
        assert_eq!(alone.threads, cores.clamp(2, MAX_WORKERS));
        assert_eq!(alone.has_reserve, cores == 1);
    }
}
