//! A value handed from the loop's thread to a tokio task, whose waking can be put off.
//!
//! `tokio::sync::oneshot` wakes the receiver in `send`. With the loop's thread and a tokio worker on one core, each
//! such wake-up is a chance for the kernel to switch threads once per request; here storing the value and waking
//! the task are separate, so that a batch of values costs one switch.
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

#[derive(Debug)]
struct Slot<T> {
    value: Option<T>,
    waker: Option<Waker>,
    /// One side is gone: there will be no value, or nobody to take it.
    closed: bool,
}

type Shared<T> = Arc<Mutex<Slot<T>>>;

fn lock<T>(slot: &Mutex<Slot<T>>) -> MutexGuard<'_, Slot<T>> {
    // Nothing can panic while the lock is held, so a poisoned slot is still whole.
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The side that provides the value. Dropping it without a value ends the waiting with `None`.
#[derive(Debug)]
pub struct Completer<T>(Option<Shared<T>>);

/// The side that waits: resolves to `None` when the [`Completer`] went away without a value.
#[derive(Debug)]
pub struct Completed<T>(Shared<T>);

/// Creates the two sides.
#[must_use]
pub fn completion<T>() -> (Completer<T>, Completed<T>) {
    let shared = Arc::new(Mutex::new(Slot {
        value: None,
        waker: None,
        closed: false,
    }));
    (Completer(Some(Arc::clone(&shared))), Completed(shared))
}

impl<T> Completer<T> {
    /// Stores the value and returns the waker of the waiting task, which the caller must wake (now or at the end
    /// of its batch). The value comes back as the error when nobody waits any more.
    pub fn store(mut self, value: T) -> Result<Option<Waker>, T> {
        let Some(shared) = self.0.take() else {
            return Err(value);
        };
        let mut slot = lock(&shared);
        if slot.closed {
            return Err(value);
        }
        slot.value = Some(value);
        slot.closed = true;
        Ok(slot.waker.take())
    }

    /// Stores the value and wakes the waiting task at once.
    pub fn send(self, value: T) -> Result<(), T> {
        if let Some(waker) = self.store(value)? {
            waker.wake();
        }
        Ok(())
    }

    /// Whether nobody waits any more (the request was dropped).
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.as_ref().is_none_or(|shared| lock(shared).closed)
    }
}

impl<T> Drop for Completer<T> {
    fn drop(&mut self) {
        let Some(shared) = self.0.take() else { return };
        let waker = {
            let mut slot = lock(&shared);
            slot.closed = true;
            slot.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> Completed<T> {
    /// The value, if it is there.
    pub fn take(&mut self) -> Option<T> {
        lock(&self.0).value.take()
    }
}

impl<T> Future for Completed<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = lock(&self.0);
        if let Some(value) = slot.value.take() {
            return Poll::Ready(Some(value));
        }
        if slot.closed {
            return Poll::Ready(None);
        }
        match &mut slot.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }
}

impl<T> Drop for Completed<T> {
    fn drop(&mut self) {
        // The value is dropped outside the lock: it may own anything, Python objects included.
        let _value = {
            let mut slot = lock(&self.0);
            slot.closed = true;
            slot.waker = None;
            slot.value.take()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event_loop::tests::CountingWaker;

    fn poll<T>(completed: &mut Completed<T>, count: &Arc<CountingWaker>) -> Poll<Option<T>> {
        let waker = Waker::from(Arc::clone(count));
        Pin::new(completed).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn store_does_not_wake_and_hands_out_the_waker() {
        let count = Arc::new(CountingWaker::default());
        let (completer, mut completed) = completion();
        assert_eq!(poll(&mut completed, &count), Poll::Pending);
        let waker = completer.store(7).unwrap();
        assert_eq!(count.value(), 0);
        waker.unwrap().wake();
        assert_eq!(count.value(), 1);
        assert_eq!(poll(&mut completed, &count), Poll::Ready(Some(7)));
    }

    #[test]
    fn a_value_stored_before_the_first_poll_needs_no_waker() {
        let (completer, mut completed) = completion();
        assert!(completer.store(1).unwrap().is_none());
        assert_eq!(poll(&mut completed, &Arc::default()), Poll::Ready(Some(1)));
    }

    #[test]
    fn dropping_the_completer_ends_the_waiting() {
        let count = Arc::new(CountingWaker::default());
        let (completer, mut completed) = completion::<u8>();
        assert_eq!(poll(&mut completed, &count), Poll::Pending);
        drop(completer);
        assert_eq!(count.value(), 1);
        assert_eq!(poll(&mut completed, &count), Poll::Ready(None));
    }

    #[test]
    fn a_value_that_nobody_waits_for_comes_back() {
        let (completer, completed) = completion();
        drop(completed);
        assert!(completer.is_closed());
        assert_eq!(completer.send(3), Err(3));
    }
}
