//! Threads for sync callables that may block.
//!
//! Threads are started when a task finds none idle, up to a limit, and end after some idle seconds. Each keeps a
//! Python thread state, and `anyio.from_thread` works on it.
mod anyio;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use crate::event_loop::LoopHandle;
use crate::thread_state;

pub use anyio::{default_limit, load_backend, prepare_thread};

/// A call to be made by a thread of the pool, attached. It returns who waits for its result: woken once the thread has
/// detached, since the one who is woken may take the processor, and the interpreter's lock must not wait with the thread.
pub type Task = Box<dyn FnOnce(Python<'_>) -> Option<Waker> + Send>;

/// Threads of a pool whose limit the application has not changed.
pub const DEFAULT_MAX_THREADS: usize = 256;

/// So long a thread waits for work before it ends.
const IDLE_TIME: Duration = Duration::from_secs(10);

/// The pool. Clones share the threads.
#[derive(Clone)]
pub struct ThreadPool(Arc<Pool>);

struct Pool {
    state: Mutex<State>,
    work: Condvar,
    ended: Condvar,
    event_loop: LoopHandle,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Task>,
    threads: usize,
    idle: usize,
    /// Idle threads that were told to look for work and have not yet.
    notified: usize,
    max_threads: usize,
    stopping: bool,
    started: usize,
}

impl std::fmt::Debug for ThreadPool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let state = self.0.lock();
        formatter
            .debug_struct("ThreadPool")
            .field("threads", &state.threads)
            .field("idle", &state.idle)
            .field("queued", &state.queue.len())
            .finish_non_exhaustive()
    }
}

impl ThreadPool {
    /// A pool without threads yet.
    #[must_use]
    pub fn new(event_loop: LoopHandle, max_threads: usize) -> Self {
        let state = State {
            max_threads: max_threads.max(1),
            ..State::default()
        };
        Self(Arc::new(Pool {
            state: Mutex::new(state),
            work: Condvar::new(),
            ended: Condvar::new(),
            event_loop,
        }))
    }

    /// Changes how many threads there may be; running calls are not disturbed.
    pub fn set_max_threads(&self, max_threads: usize) {
        self.0.lock().max_threads = max_threads.max(1);
    }

    /// Queues a task. It is dropped, unrun, when the pool has been stopped or no thread can be started at all.
    pub fn submit(&self, task: Task) {
        let mut state = self.0.lock();
        let mut refused = None;
        let mut has_idle_thread = false;
        if state.stopping {
            refused = Some(task);
        } else {
            state.queue.push_back(task);
            has_idle_thread = state.idle > 0;
            if has_idle_thread {
                state.idle -= 1;
                state.notified += 1;
            } else if state.threads < state.max_threads {
                refused = self.start_thread(&mut state);
            }
        }
        drop(state);
        // Without the lock, for which the woken thread would have to wait, and as a refused task may own anything.
        if has_idle_thread {
            self.0.work.notify_one();
        }
        drop(refused);
    }

    /// Starts a thread; hands the newest task back if there would be nobody to run it.
    fn start_thread(&self, state: &mut State) -> Option<Task> {
        let pool = Arc::clone(&self.0);
        state.started += 1;
        let name = format!("fastrapi-call-{}", state.started);
        match thread::Builder::new().name(name).spawn(move || pool.run()) {
            Ok(_detached) => {
                state.threads += 1;
                None
            }
            Err(error) => {
                tracing::error!(%error, threads = state.threads, "cannot start a thread for sync calls");
                if state.threads == 0 {
                    state.queue.pop_back()
                } else {
                    None
                }
            }
        }
    }

    /// Ends the threads and waits for them, at most `patience`. Returns how many are still busy.
    #[must_use]
    pub fn stop(&self, patience: Duration) -> usize {
        let deadline = Instant::now() + patience;
        let mut state = self.0.lock();
        state.stopping = true;
        let unrun = std::mem::take(&mut state.queue);
        self.0.work.notify_all();
        while state.threads > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self
                .0
                .ended
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        let busy = state.threads;
        drop(state);
        drop(unrun);
        busy
    }
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Tasks run outside the lock, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        thread_state::keep();
        while let Some(task) = self.next() {
            match catch_unwind(AssertUnwindSafe(|| Python::attach(|py| self.call(py, task)))) {
                Ok(Some(waker)) => waker.wake(),
                Ok(None) => {}
                Err(_) => tracing::error!("a sync call panicked"),
            }
        }
        thread_state::release();
        self.lock().threads -= 1;
        self.ended.notify_all();
    }

    fn call(&self, py: Python<'_>, task: Task) -> Option<Waker> {
        prepare_thread(py, &self.event_loop);
        task(py)
    }

    /// The next task; `None` when the thread shall end.
    fn next(&self) -> Option<Task> {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.queue.pop_front() {
                return Some(task);
            }
            if state.stopping {
                return None;
            }
            state.idle += 1;
            let (woken, timeout) = self
                .work
                .wait_timeout(state, IDLE_TIME)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if state.notified > 0 {
                // Whoever notified has taken this thread off the idle ones.
                state.notified -= 1;
            } else {
                state.idle -= 1;
                if timeout.timed_out() && state.queue.is_empty() {
                    return None;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
