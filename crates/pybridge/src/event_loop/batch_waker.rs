//! Waking the tasks of a batch.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use tokio::runtime::Handle;
use tokio::sync::Notify;

/// Wakes tasks of tokio from one of its own workers.
///
/// A thread outside of the runtime unparks a worker for each task that it wakes. Where both share a core, the worker
/// takes it over, finds the one task, and sleeps again, a switch for every request. Here the batch goes over as a whole.
#[derive(Debug, Default)]
pub(crate) struct BatchWaker {
    /// What is to be woken; `None` while no task of the runtime takes it.
    pending: Mutex<Option<Vec<Waker>>>,
    arrived: Notify,
}

impl BatchWaker {
    /// Starts the task that wakes the others. Without it, and once the runtime has ended, the caller wakes them.
    pub(crate) fn start(self: &Arc<Self>, runtime: &Handle) {
        *self.pending() = Some(Vec::new());
        let taking = Taking(Arc::clone(self));
        runtime.spawn(async move {
            let mut batch = Vec::new();
            loop {
                taking.0.arrived.notified().await;
                if let Some(pending) = &mut *taking.0.pending() {
                    std::mem::swap(pending, &mut batch);
                }
                wake(&mut batch);
            }
        });
    }

    /// Wakes the tasks, which leaves the list empty.
    pub(crate) fn wake(&self, batch: &mut Vec<Waker>) {
        // One alone is not worth the detour.
        if batch.len() > 1 && self.takes(batch) {
            self.arrived.notify_one();
        } else {
            wake(batch);
        }
    }

    fn takes(&self, batch: &mut Vec<Waker>) -> bool {
        let mut pending = self.pending();
        if let Some(pending) = &mut *pending {
            pending.append(batch);
        }
        pending.is_some()
    }

    fn pending(&self) -> MutexGuard<'_, Option<Vec<Waker>>> {
        // Nothing can panic while the lock is held, so the list is whole.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(batch: &mut Vec<Waker>) {
    for waker in batch.drain(..) {
        waker.wake();
    }
}

/// Held by the task that wakes the others: nothing is left to it when it ends.
struct Taking(Arc<BatchWaker>);

impl Drop for Taking {
    fn drop(&mut self) {
        let left = self.0.pending().take();
        wake(&mut left.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event_loop::tests::CountingWaker;

    #[test]
    fn without_a_task_the_caller_wakes() {
        let (waker, count) = (BatchWaker::default(), Arc::new(CountingWaker::default()));
        waker.wake(&mut count.wakers(3));
        assert_eq!(count.value(), 3);
    }

    #[tokio::test]
    async fn a_task_of_the_runtime_wakes_a_batch() {
        let (waker, count) = (
            Arc::new(BatchWaker::default()),
            Arc::new(CountingWaker::default()),
        );
        waker.start(&Handle::current());
        let mut batch = count.wakers(3);
        waker.wake(&mut batch);
        assert!(batch.is_empty());
        // This runtime has one thread, the one that is here.
        assert_eq!(count.value(), 0);
        while count.value() < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        waker.wake(&mut count.wakers(1));
        assert_eq!(count.value(), 4);
    }

    #[test]
    fn what_is_left_when_the_runtime_ends_is_woken() {
        let (waker, count) = (
            Arc::new(BatchWaker::default()),
            Arc::new(CountingWaker::default()),
        );
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        waker.start(runtime.handle());
        waker.wake(&mut count.wakers(2));
        drop(runtime);
        assert_eq!(count.value(), 2);
        waker.wake(&mut count.wakers(2));
        assert_eq!(count.value(), 4);
    }
}
