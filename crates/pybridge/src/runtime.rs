//! The tokio runtime whose threads enter Python often.
use std::cell::Cell;
use std::io;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use server::placement::SpareWorker;
use tokio::runtime::{Builder, Runtime};

use crate::event_loop::{LoopHandle, promise_to_flush};
use crate::thread_state;

/// More workers than this only wait for each other at the interpreter's lock.
const MAX_WORKERS: usize = 8;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// The runtime's threads for sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workers {
    /// All of them.
    pub count: usize,
    /// Whether one of them stays out of the way until another is blocked.
    pub has_spare: bool,
}

impl Workers {
    /// As many as that, and all of them at work.
    #[must_use]
    pub fn exactly(count: usize) -> Self {
        Self {
            count,
            has_spare: false,
        }
    }

    /// What fits one of so many processes of this machine: a worker for each of its cores. A single one gets a spare
    /// one, since it may be blocked by an inline call (see [`crate::placement::SyncExecutor`]).
    #[must_use]
    pub fn of_process(processes: usize) -> Self {
        let cores = thread::available_parallelism().map_or(2, NonZero::get);
        match (cores / processes.max(1)).min(MAX_WORKERS) {
            0 | 1 => Self {
                count: 2,
                has_spare: true,
            },
            count => Self::exactly(count),
        }
    }
}

/// Builds the runtime. Its workers keep a Python thread state each, and wake the event loop at the latest when they
/// go to sleep (see [`LoopHandle::flush`]). A spare worker must be stopped before the runtime is shut down.
///
/// # Errors
/// When the operating system refuses threads or descriptors.
pub fn build(workers: Workers, event_loop: LoopHandle) -> io::Result<(Runtime, Option<Arc<SpareWorker>>)> {
    let flush = event_loop.clone();
    let runtime = Builder::new_multi_thread()
        .worker_threads(workers.count)
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
        .build()?;
    let spare = workers
        .has_spare
        .then(|| SpareWorker::take(runtime.handle(), move || flush.flush()));
    Ok((runtime, spare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_one_core_or_less_to_itself_has_one_worker_and_a_spare_one() {
        let cores = thread::available_parallelism().unwrap().get();
        let one = Workers {
            count: 2,
            has_spare: true,
        };
        assert_eq!(Workers::of_process(cores), one);
        assert_eq!(Workers::of_process(2 * cores), one);
        if cores > 1 {
            assert_eq!(Workers::of_process(1), Workers::exactly(cores.min(MAX_WORKERS)));
        }
    }
}
