//! The queue between any thread and the loop's thread, and what the loop's thread keeps for itself.
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread::ThreadId;

use pyo3::prelude::*;
use tokio::sync::Notify;

use super::batch_waker::BatchWaker;
use super::wakeup::Wakeup;
use super::{Job, LoopContext};

/// So many jobs in the queue are worth a wake-up even while the worker that queued them still has work.
const SIGNAL_AFTER: usize = 32;
/// So many batches are run in one callback before the loop may look at its sockets and timers.
const BATCHES_PER_CALLBACK: usize = 4;

thread_local! {
    /// Whether this thread promises to call [`Shared::flush`] before it sleeps.
    static FLUSHES_BEFORE_SLEEP: Cell<bool> = const { Cell::new(false) };
}

/// Declares that the calling thread flushes before it sleeps, so its submissions need not signal one by one.
pub(crate) fn promise_to_flush() {
    FLUSHES_BEFORE_SLEEP.set(true);
}

/// The Python objects of the loop.
pub(crate) struct PythonLoop {
    pub(crate) event_loop: Py<PyAny>,
    /// `loop.call_soon`
    pub(crate) call_soon: Py<PyAny>,
    /// `loop.create_future`
    pub(crate) create_future: Py<PyAny>,
    /// `asyncio.Task` with the loop (and, from Python 3.12, `eager_start`) filled in.
    pub(crate) create_task: Py<PyAny>,
    /// Resolves when the loop shall stop.
    pub(crate) stop_future: Py<PyAny>,
}

/// State of the batch that the loop's thread is working on.
#[derive(Default)]
struct Batch {
    /// Tasks of tokio whose values are there, to be woken at the end of the batch.
    wakers: Vec<Waker>,
    /// Whether [`super::drain::Tail`] is in the loop's ready queue: it ends the batch.
    tail_scheduled: bool,
    /// Whether a callback of ours runs and will end the batch itself.
    draining: bool,
    /// Tasks were started whose first step comes later in the same iteration of the loop.
    steps_to_come: bool,
}

pub(crate) struct Shared {
    jobs: Mutex<Vec<Job>>,
    /// The loop will look at the queue without being signalled (or a signal is owed, see `owed`).
    awake: AtomicBool,
    /// A signal that a flushing thread has put off.
    owed: AtomicBool,
    wakeup: Wakeup,
    thread: ThreadId,
    batch: Mutex<Batch>,
    pub(crate) batch_waker: Arc<BatchWaker>,
    /// Tasks of requests that have not ended.
    tasks: AtomicUsize,
    /// Notified when `tasks` becomes zero.
    idle: Notify,
    pub(crate) python: PythonLoop,
    tail: Mutex<Option<Py<PyAny>>>,
}

/// Counts a task as long as it lives.
pub(crate) struct Counted(Arc<Shared>);

impl Counted {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        shared.tasks.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(shared))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        if self.0.tasks.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code of others runs under these locks, so a poisoned one is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn new(wakeup: Wakeup, python: PythonLoop) -> Self {
        Self {
            jobs: Mutex::default(),
            awake: AtomicBool::new(false),
            owed: AtomicBool::new(false),
            wakeup,
            thread: std::thread::current().id(),
            batch: Mutex::default(),
            batch_waker: Arc::default(),
            tasks: AtomicUsize::new(0),
            idle: Notify::new(),
            python,
            tail: Mutex::default(),
        }
    }

    pub(crate) fn descriptor(&self) -> std::os::fd::RawFd {
        self.wakeup.descriptor()
    }

    pub(crate) fn set_tail(&self, tail: Option<Py<PyAny>>) {
        *lock(&self.tail) = tail;
    }

    pub(crate) fn is_awake(&self) -> bool {
        self.awake.load(Ordering::Relaxed)
    }

    /// Completes when no counted task is left.
    pub(crate) async fn idle(&self) {
        loop {
            let mut notified = std::pin::pin!(self.idle.notified());
            // Registered before the check, so that a notification between the two is not lost.
            notified.as_mut().enable();
            if self.tasks.load(Ordering::Acquire) == 0 {
                return;
            }
            notified.await;
        }
    }

    /// Queues a job. Signals the loop unless it is awake, or a thread that flushes later may do so for a batch.
    pub(crate) fn submit(&self, job: Job) {
        let queued = {
            let mut jobs = lock(&self.jobs);
            jobs.push(job);
            jobs.len()
        };
        let was_awake = self.awake.swap(true, Ordering::AcqRel);
        if FLUSHES_BEFORE_SLEEP.get() {
            if !was_awake {
                self.owed.store(true, Ordering::Release);
            }
            if queued >= SIGNAL_AFTER {
                self.flush();
            }
        } else if !was_awake || self.owed.swap(false, Ordering::AcqRel) {
            self.wakeup.signal();
        }
    }

    /// Sends the signal that [`Self::submit`] put off, if any.
    pub(crate) fn flush(&self) {
        if self.owed.load(Ordering::Acquire) && self.owed.swap(false, Ordering::AcqRel) {
            self.wakeup.signal();
        }
    }

    /// Wakes the task at the end of the batch, or at once when this is not the loop's thread.
    pub(crate) fn wake_later(self: &Arc<Self>, py: Python<'_>, waker: Waker) {
        if std::thread::current().id() != self.thread {
            return waker.wake();
        }
        let schedule = {
            let mut batch = lock(&self.batch);
            batch.wakers.push(waker);
            let schedule = !batch.tail_scheduled && !batch.draining;
            batch.tail_scheduled |= schedule;
            schedule
        };
        if schedule {
            self.schedule_tail(py);
        }
    }

    /// Notes that a task was started whose first step runs later in this iteration.
    pub(crate) fn expect_steps(&self) {
        lock(&self.batch).steps_to_come = true;
    }

    fn schedule_tail(self: &Arc<Self>, py: Python<'_>) {
        let tail = lock(&self.tail).as_ref().map(|tail| tail.clone_ref(py));
        let scheduled = tail.is_some_and(|tail| match self.python.call_soon.call1(py, (tail,)) {
            Ok(_handle) => true,
            Err(error) => {
                // The loop is closing: nothing will run after this.
                tracing::debug!(%error, "the event loop takes no more callbacks");
                false
            }
        });
        if !scheduled {
            lock(&self.batch).tail_scheduled = false;
            self.wake_all();
        }
    }

    fn wake_all(&self) {
        let mut wakers = std::mem::take(&mut lock(&self.batch).wakers);
        self.batch_waker.wake(&mut wakers);
        let mut batch = lock(&self.batch);
        if batch.wakers.is_empty() {
            batch.wakers = wakers;
        }
    }

    /// The loop's reader callback: the descriptor is readable.
    pub(crate) fn on_readable(self: &Arc<Self>, py: Python<'_>) {
        self.wakeup.clear();
        self.drain(py);
    }

    /// The callback at the end of an iteration in which tasks of ours were stepped.
    pub(crate) fn on_tail(self: &Arc<Self>, py: Python<'_>) {
        lock(&self.batch).tail_scheduled = false;
        self.drain(py);
    }

    fn drain(self: &Arc<Self>, py: Python<'_>) {
        lock(&self.batch).draining = true;
        let mut jobs = Vec::new();
        let mut rounds = 0;
        let starved = loop {
            std::mem::swap(&mut jobs, &mut *lock(&self.jobs));
            if jobs.is_empty() {
                break false;
            }
            if rounds == BATCHES_PER_CALLBACK {
                break true;
            }
            rounds += 1;
            let context = LoopContext::new(py, self);
            for job in jobs.drain(..) {
                run_guarded(job, &context);
            }
        };
        if starved {
            // Put the jobs taken back in front of those that came since.
            let mut queue = lock(&self.jobs);
            jobs.append(&mut queue);
            *queue = jobs;
        }
        self.end_drain(py, starved);
    }

    fn end_drain(self: &Arc<Self>, py: Python<'_>, starved: bool) {
        let schedule = {
            let mut batch = lock(&self.batch);
            batch.draining = false;
            let wanted = (std::mem::take(&mut batch.steps_to_come) || starved) && !batch.tail_scheduled;
            batch.tail_scheduled |= wanted;
            wanted
        };
        if schedule {
            // `awake` stays set: the tail looks at the queue again.
            self.schedule_tail(py);
            return;
        }
        self.wake_all();
        self.awake.store(false, Ordering::SeqCst);
        // A job may have been queued between the last look and the line above, without a signal.
        let missed = !lock(&self.jobs).is_empty();
        if missed && !self.awake.swap(true, Ordering::AcqRel) {
            self.wakeup.signal();
        }
    }
}

/// A panic in a job is the end of that job only; what it was to complete is dropped and so resolves.
fn run_guarded(job: Job, context: &LoopContext<'_, '_>) {
    if catch_unwind(AssertUnwindSafe(|| job(context))).is_err() {
        tracing::error!("a job on the event loop panicked");
    }
}
