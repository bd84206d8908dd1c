//! Notices inline calls that block their worker.
//!
//! The worker itself cannot be freed. What can be done is to send the callable's next calls to the pool at once, and
//! not only when the blocked one returns; a worker without an inline call is always left (see [`super::executor`]).
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::Placement;

/// How often running calls are looked at.
const INTERVAL: Duration = Duration::from_millis(2);
/// A call that has run for so long blocks its worker.
const BLOCKS: Duration = Duration::from_millis(4);
/// After so many looks without any inline call the watchdog sleeps until the next one.
const QUIET_LOOKS: u32 = 250;

type Running = Option<(Instant, Arc<Placement>)>;

/// The inline call of one worker.
#[derive(Default)]
pub(super) struct Slot(Mutex<Running>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn enter(&self, now: Instant, placement: Arc<Placement>) {
        *self.lock() = Some((now, placement));
    }

    pub(super) fn leave(&self) {
        *self.lock() = None;
    }
}

#[derive(Default)]
pub(super) struct Watchdog {
    slots: Mutex<Vec<Arc<Slot>>>,
    thread: Mutex<Option<Thread>>,
    awake: AtomicBool,
    /// An inline call was made since the last look.
    active: AtomicBool,
    stopped: AtomicBool,
}

impl Watchdog {
    /// A slot for the calling worker.
    pub(super) fn register(&self) -> Arc<Slot> {
        let slot = Arc::new(Slot::default());
        self.slots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&slot));
        slot
    }

    /// To be called before each inline call.
    pub(super) fn wake(self: &Arc<Self>) {
        if !self.active.load(Ordering::Relaxed) {
            self.active.store(true, Ordering::Relaxed);
        }
        if self.awake.load(Ordering::Acquire) || self.awake.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut watching = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &*watching {
            return thread.unpark();
        }
        let watchdog = Arc::clone(self);
        match thread::Builder::new()
            .name("fastrapi-watchdog".into())
            .spawn(move || watchdog.run())
        {
            Ok(handle) => *watching = Some(handle.thread().clone()),
            Err(error) => tracing::error!(%error, "cannot start the watchdog for inline calls"),
        }
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        if let Some(thread) = &*self.thread.lock().unwrap_or_else(PoisonError::into_inner) {
            thread.unpark();
        }
    }

    fn run(&self) {
        let mut quiet = 0;
        while !self.stopped.load(Ordering::Acquire) {
            quiet = if self.active.swap(false, Ordering::Relaxed) {
                0
            } else {
                quiet + 1
            };
            let running = self.look();
            if running == 0 && quiet >= QUIET_LOOKS {
                quiet = 0;
                self.awake.store(false, Ordering::Release);
                thread::park();
            } else {
                thread::sleep(INTERVAL);
            }
        }
    }

    /// Demotes what blocks; returns how many calls run.
    fn look(&self) -> usize {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .iter()
            .filter(|slot| {
                slot.lock()
                    .as_ref()
                    .is_some_and(|(since, placement)| look_at(*since, placement))
            })
            .count()
    }
}

fn look_at(since: Instant, placement: &Placement) -> bool {
    if since.elapsed() >= BLOCKS {
        placement.demote();
    }
    true
}
