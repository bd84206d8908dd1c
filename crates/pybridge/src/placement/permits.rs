//! Which of the runtime's workers may enter Python.
//!
//! A worker that waits for the interpreter's lock moves no socket meanwhile. Whoever has the lock may keep it for
//! seconds, in one call into C, so one worker never takes part: what it cannot enter is queued for other threads.
//!
//! Being left over is not enough: a worker that was woken by a socket, alone, wakes nobody, and then waits here while the
//! others sleep without looking at the sockets. [`super::handover`] wakes one of them.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For so long a worker waits for another one: entering here costs less than the way over a queue.
const PATIENCE: Duration = Duration::from_millis(1);

/// The bits that count the permits taken.
const TAKEN: u64 = u32::MAX as u64;
/// What one more entry adds.
const ENTRY: u64 = TAKEN + 1;

/// Permits to enter Python on a worker, one fewer than there are workers.
#[derive(Debug)]
pub(crate) struct Permits {
    /// How many are taken, and above these 32 bits how often one was.
    word: AtomicU64,
    most: u64,
    waiting: AtomicUsize,
    /// Somebody has waited in vain since a permit was last given back.
    is_hopeless: AtomicBool,
    lock: Mutex<()>,
    given_back: Condvar,
}

/// Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a>(&'a Permits);

impl Permits {
    /// Permits for a runtime of so many workers.
    pub(super) fn new(workers: usize) -> Self {
        Self {
            word: AtomicU64::new(0),
            most: u64::try_from(workers.saturating_sub(1).max(1)).unwrap_or(TAKEN),
            waiting: AtomicUsize::new(0),
            is_hopeless: AtomicBool::new(false),
            lock: Mutex::new(()),
            given_back: Condvar::new(),
        }
    }

    /// A permit, which this may wait a moment for; `None` if the others keep theirs.
    pub(crate) fn enter(&self) -> Option<Permit<'_>> {
        self.try_enter().or_else(|| self.wait())
    }

    /// Changes whenever somebody enters or leaves.
    pub(super) fn word(&self) -> u64 {
        self.word.load(Ordering::SeqCst)
    }

    /// Whether somebody is in Python, or waits for its lock, by this word.
    pub(super) fn is_anyone_inside(word: u64) -> bool {
        word & TAKEN > 0
    }

    fn try_enter(&self) -> Option<Permit<'_>> {
        // Never more than there are, not even for a moment: others would be refused what is free.
        let free = |word: u64| (word & TAKEN < self.most).then_some(word.wrapping_add(ENTRY + 1));
        let entered = self.word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, free);
        entered.ok().map(|_| Permit(self))
    }

    #[cold]
    fn wait(&self) -> Option<Permit<'_>> {
        if self.is_hopeless.load(Ordering::Relaxed) {
            return None;
        }
        let until = Instant::now() + PATIENCE;
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the next attempt: a permit given back after it sees that somebody waits.
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let permit = loop {
            if let Some(permit) = self.try_enter() {
                break Some(permit);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                self.is_hopeless.store(true, Ordering::Relaxed);
                break None;
            }
            let (again, _) = self
                .given_back
                .wait_timeout(guard, left)
                .unwrap_or_else(PoisonError::into_inner);
            guard = again;
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        drop(guard);
        permit
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let permits = self.0;
        if permits.is_hopeless.load(Ordering::Relaxed) {
            permits.is_hopeless.store(false, Ordering::Relaxed);
        }
        permits.word.fetch_sub(1, Ordering::SeqCst);
        if permits.waiting.load(Ordering::SeqCst) > 0 {
            // Whoever counts itself among the waiting holds the lock until it sleeps.
            drop(permits.lock.lock().unwrap_or_else(PoisonError::into_inner));
            permits.given_back.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn one_worker_is_left_over() {
        for workers in [1, 2, 3, 8] {
            let permits = Permits::new(workers);
            let held: Vec<_> = (1..workers.max(2)).map(|_| permits.enter().unwrap()).collect();
            assert!(permits.enter().is_none());
            drop(held);
            assert!(permits.enter().is_some());
        }
    }

    #[test]
    fn nobody_waits_again_for_those_that_were_waited_for_in_vain() {
        let permits = Permits::new(2);
        let held = permits.enter().unwrap();
        assert!(permits.enter().is_none());
        assert!(permits.is_hopeless.load(Ordering::Relaxed));
        assert!(permits.enter().is_none());
        drop(held);
        assert!(!permits.is_hopeless.load(Ordering::Relaxed));
    }

    #[test]
    fn permits_are_never_given_twice_and_all_come_back() {
        let permits = Permits::new(3);
        let inside = AtomicUsize::new(0);
        let entered: usize = thread::scope(|scope| {
            let worker = || {
                let enter = |_: &u32| {
                    let permit = permits.enter();
                    if permit.is_some() {
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                    permit.is_some()
                };
                (0..2_000_u32).filter(enter).count()
            };
            let workers: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert!(entered > 0);
        assert_eq!(permits.word(), ENTRY * entered as u64);
        assert_eq!(permits.waiting.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_permit_that_is_given_back_goes_to_who_waits() {
        let permits = Permits::new(2);
        // Without patience running out: the waiting one asks again each time.
        thread::scope(|scope| {
            let held = permits.enter().unwrap();
            let waiting = scope.spawn(|| {
                loop {
                    if let Some(permit) = permits.wait() {
                        break drop(permit);
                    }
                    permits.is_hopeless.store(false, Ordering::Relaxed);
                }
            });
            while permits.waiting.load(Ordering::SeqCst) == 0 {
                thread::yield_now();
            }
            drop(held);
            waiting.join().unwrap();
        });
    }
}
