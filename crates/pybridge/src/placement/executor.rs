//! Making sync calls where their placement says.
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use pyo3::prelude::*;

use server::placement::watched;

use super::handover::{Remedies, Watched};
use super::{Attention, Permit, Permits, Place, Placement, Reserve, SyncMode};
use crate::event_loop::{Completed, LoopHandle, completion};
use crate::threadpool::{ThreadPool, prepare_thread};

/// Makes sync calls.
///
/// Of the runtime's workers one is always kept free of inline calls: if all others are blocked, by callables that
/// suddenly sleep or by the interpreter's lock, it still accepts connections and serves what needs no Python.
pub struct SyncExecutor {
    mode: SyncMode,
    pool: ThreadPool,
    event_loop: LoopHandle,
    permits: Arc<Watched>,
}

impl std::fmt::Debug for SyncExecutor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SyncExecutor")
            .field("mode", &self.mode)
            .field("pool", &self.pool)
            .finish_non_exhaustive()
    }
}

/// An inline call panicked; message and place have been logged by the panic hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call panicked")]
pub struct Panicked;

impl SyncExecutor {
    /// An executor for a runtime with `workers` threads.
    #[must_use]
    pub fn new(mode: SyncMode, pool: ThreadPool, event_loop: LoopHandle, workers: usize) -> Self {
        Self {
            mode,
            pool,
            event_loop,
            permits: Watched::new(Permits::new(workers)),
        }
    }

    /// What a worker needs for entering Python; `None` if the others keep theirs.
    pub(crate) fn permit(&self) -> Option<Permit<'_>> {
        self.permits.enter()
    }

    /// Whom the runtime's workers tell when they sleep and wake, if one of them is a reserve.
    pub(crate) fn attention(&self) -> Arc<Attention> {
        Arc::clone(&self.permits.attention)
    }

    /// Has a worker of the runtime look at the sockets whenever those that are in Python stay there, or whenever those
    /// at work do not get on, for a runtime with a reserve.
    pub(crate) fn keep_awake(&self, runtime: tokio::runtime::Handle, reserve: Option<Arc<Reserve>>) {
        if let Some(reserve) = &reserve {
            let working = Arc::clone(&self.permits.attention.working);
            runtime.spawn(Arc::clone(reserve).stand_by(working, self.event_loop.clone()));
        }
        let metrics = runtime.metrics();
        let busy = move |worker| metrics.worker_total_busy_duration(worker);
        let workers = runtime.metrics().num_workers();
        self.permits.watch(Remedies {
            // A task that another thread spawns wakes a worker; before that one sleeps again it takes over the sockets.
            wake: move || drop(runtime.spawn(async {})),
            progress: move || (0..workers).map(&busy).sum(),
            reserve,
        });
    }

    /// The pool, for calls that go there in any case.
    #[must_use]
    pub fn pool(&self) -> &ThreadPool {
        &self.pool
    }

    /// Where the next call would be made.
    #[must_use]
    pub fn place(&self, placement: &Placement) -> Place {
        match self.mode {
            SyncMode::Auto => placement.place(),
            SyncMode::Inline => Place::Inline,
            SyncMode::Pool => Place::Pool,
        }
    }

    /// Makes the call on this thread if its placement allows and a worker is left over; else hands it back, for
    /// [`Self::submit`].
    ///
    /// # Errors
    /// The work itself, when it belongs to the pool.
    pub fn try_inline<T, W>(&self, placement: &Arc<Placement>, work: W) -> Result<Result<T, Panicked>, W>
    where
        W: FnOnce(Python<'_>) -> T,
    {
        if self.place(placement) == Place::Pool {
            return Err(work);
        }
        if self.mode == SyncMode::Inline {
            self.event_loop.flush();
            return Ok(self.call(work));
        }
        // Before anything is waited for.
        self.event_loop.flush();
        let Some(_permit) = self.permits.enter() else {
            return Err(work);
        };
        Ok(self.timed(placement, work))
    }

    fn timed<T>(
        &self,
        placement: &Arc<Placement>,
        work: impl FnOnce(Python<'_>) -> T,
    ) -> Result<T, Panicked> {
        let call = |py: Python<'_>| {
            // Waiting for the interpreter's lock is not the callable's fault.
            let started = Instant::now();
            let result = work(py);
            placement.record(Place::Inline, started.elapsed());
            result
        };
        watched(placement, || self.call(call))
    }

    fn call<T>(&self, work: impl FnOnce(Python<'_>) -> T) -> Result<T, Panicked> {
        let call = || {
            Python::attach(|py| {
                prepare_thread(py, &self.event_loop);
                work(py)
            })
        };
        catch_unwind(AssertUnwindSafe(call)).map_err(|_| Panicked)
    }

    /// Makes a call in the pool that delivers its result itself; whom it returns is woken afterwards. Dropped, unrun,
    /// when the pool has been stopped.
    pub fn run(
        &self,
        placement: &Arc<Placement>,
        work: impl FnOnce(Python<'_>) -> Option<Waker> + Send + 'static,
    ) {
        let placement = Arc::clone(placement);
        self.pool.submit(Box::new(move |py| {
            let started = Instant::now();
            let waker = work(py);
            placement.record(Place::Pool, started.elapsed());
            waker
        }));
    }

    /// Makes the call in the pool. Resolves with `None` when it panicked or the pool has been stopped.
    pub fn submit<T: Send + 'static>(
        &self,
        placement: &Arc<Placement>,
        work: impl FnOnce(Python<'_>) -> T + Send + 'static,
    ) -> Completed<T> {
        let (completer, completed) = completion();
        let placement = Arc::clone(placement);
        self.pool.submit(Box::new(move |py| {
            let started = Instant::now();
            let result = work(py);
            placement.record(Place::Pool, started.elapsed());
            // A client that has gone needs no result.
            completer.store(result).ok().flatten()
        }));
        completed
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::event_loop::{EventLoop, LoopKind};
    use server::placement::FIRST_REQUIRED;

    fn with_executor(mode: SyncMode, workers: usize, check: impl FnOnce(Arc<SyncExecutor>)) {
        Python::initialize();
        let event_loop = Python::attach(|py| EventLoop::new(py, LoopKind::Asyncio).unwrap());
        let handle = event_loop.handle();
        check(Arc::new(SyncExecutor::new(
            mode,
            ThreadPool::new(handle.clone(), 4),
            handle,
            workers,
        )));
        Python::attach(|py| event_loop.close(py).unwrap());
    }

    fn promoted() -> Arc<Placement> {
        let placement = Arc::new(Placement::new(None));
        for _ in 0..FIRST_REQUIRED {
            placement.record(Place::Pool, Duration::ZERO);
        }
        placement
    }

    #[test]
    fn unknown_callables_are_handed_back_and_known_ones_run_here() {
        with_executor(SyncMode::Auto, 2, |executor| {
            assert!(
                executor
                    .try_inline(&Arc::new(Placement::new(None)), |_| ())
                    .is_err()
            );
            let here = executor.try_inline(&promoted(), |_| thread::current().id());
            assert_eq!(here.ok(), Some(Ok(thread::current().id())));
        });
    }

    #[test]
    fn one_worker_is_left_over() {
        with_executor(SyncMode::Auto, 2, |executor| {
            let nested =
                executor.try_inline(&promoted(), |_| executor.try_inline(&promoted(), |_| ()).is_err());
            assert_eq!(nested.ok(), Some(Ok(true)));
            // Another callable: this one was demoted if the scheduler made its call a slow one.
            assert!(
                executor.try_inline(&promoted(), |_| ()).is_ok(),
                "the permit came back"
            );
        });
    }

    #[test]
    fn the_watchdog_demotes_while_the_call_still_blocks() {
        with_executor(SyncMode::Auto, 2, |executor| {
            let placement = promoted();
            let observed = {
                let placement = Arc::clone(&placement);
                executor.try_inline(&Arc::clone(&placement), move |py| {
                    py.detach(|| {
                        // Ends only when the watchdog has acted.
                        while placement.place() == Place::Inline {
                            thread::yield_now();
                        }
                    });
                })
            };
            assert!(matches!(observed, Ok(Ok(()))));
            assert_eq!(placement.place(), Place::Pool);
        });
    }

    #[test]
    fn a_panic_is_an_outcome_and_frees_the_permit() {
        with_executor(SyncMode::Inline, 2, |executor| {
            let placement = Arc::new(Placement::new(None));
            let outcome = executor.try_inline(&placement, |_| -> u8 { panic!("expected by this test") });
            assert!(matches!(outcome, Ok(Err(Panicked))));
            assert!(matches!(executor.try_inline(&placement, |_| 1), Ok(Ok(1))));
        });
    }

    #[test]
    fn the_mode_overrides_what_was_learned() {
        with_executor(SyncMode::Pool, 2, |executor| {
            assert!(executor.try_inline(&promoted(), |_| ()).is_err());
        });
    }

    #[test]
    fn calls_in_the_pool_are_timed_and_their_results_delivered() {
        with_executor(SyncMode::Auto, 2, |executor| {
            let placement = Arc::new(Placement::new(None));
            let almost = |placement: &Placement| {
                for _ in 1..FIRST_REQUIRED {
                    placement.record(Place::Pool, Duration::ZERO);
                }
            };
            almost(&placement);
            let completed = executor.submit(&placement, |py| {
                py.detach(|| thread::sleep(Duration::from_millis(2)));
                7
            });
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            assert_eq!(runtime.block_on(completed), Some(7));
            almost(&placement);
            assert_eq!(placement.place(), Place::Pool, "the slow call was seen");
        });
    }
}
