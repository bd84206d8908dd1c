//! A worker of the runtime that stays out of the way until another one is blocked.
//!
//! Where a process has one core to itself, a second worker costs more than it brings: tokio wakes it for tasks that the
//! first would have run next, and both wait for each other. But with one worker a call that blocks it would stop
//! everything. So the second one waits inside a task, which keeps tokio from waking it, and is let go for as long as
//! the watchdog sees a call that blocks.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::watchdog::set_spare_worker;

/// The way to one spare worker.
#[derive(Debug, Default)]
pub struct SpareWorker {
    state: Mutex<State>,
    changed: Condvar,
    over: Notify,
}

#[derive(Debug, Default, Clone, Copy)]
struct State {
    needed: bool,
    stopped: bool,
}

impl SpareWorker {
    /// Takes one worker of a runtime that has at least two. `before_waiting` is called on it each time before it
    /// waits, since it does not park then.
    ///
    /// [`Self::stop`] must be called before the runtime is shut down.
    pub fn take(runtime: &Handle, before_waiting: impl Fn() + Send + 'static) -> Arc<Self> {
        let spare = Arc::new(Self::default());
        set_spare_worker(Arc::downgrade(&spare));
        let waiting = Arc::clone(&spare);
        runtime.spawn(async move {
            loop {
                before_waiting();
                if waiting.wait().stopped {
                    return;
                }
                waiting.until_over().await;
            }
        });
        spare
    }

    /// Lets the worker go for good.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
        self.over.notify_waiters();
    }

    pub(super) fn set_needed(&self, needed: bool) {
        let mut state = self.lock();
        if state.needed == needed {
            return;
        }
        state.needed = needed;
        drop(state);
        if needed {
            self.changed.notify_all();
        } else {
            self.over.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds this worker until it is needed.
    fn wait(&self) -> State {
        let idle = |state: &mut State| !state.needed && !state.stopped;
        *self
            .changed
            .wait_while(self.lock(), idle)
            .unwrap_or_else(PoisonError::into_inner)
    }

    async fn until_over(&self) {
        loop {
            let mut notified = std::pin::pin!(self.over.notified());
            // Registered before the check, so that a notification between the two is not lost.
            notified.as_mut().enable();
            let state = *self.lock();
            if !state.needed || state.stopped {
                return;
            }
            notified.await;
        }
    }
}
