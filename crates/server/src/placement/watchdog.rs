//! Notices inline calls that block their worker.
//!
//! The worker itself cannot be freed. What can be done is to send the callable's next calls to the pool at once, and
//! not only when the blocked one returns.

use std::cell::OnceCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::Placement;

/// How often running calls are looked at.
const INTERVAL: Duration = Duration::from_millis(2);
/// A call that has run for so long blocks its worker.
const BLOCKS: Duration = Duration::from_millis(4);
/// After so many looks without any inline call the watchdog sleeps until the next one.
const QUIET_LOOKS: u32 = 250;

/// One for the process: its threads are what is watched.
static WATCHDOG: LazyLock<Watchdog> = LazyLock::new(Watchdog::default);

thread_local! {
    static SLOT: OnceCell<Arc<Slot>> = const { OnceCell::new() };
}

/// Makes a call on this worker that might turn out to block it. Its placement is demoted then.
pub fn watched<T>(placement: &Arc<Placement>, call: impl FnOnce() -> T) -> T {
    WATCHDOG.wake();
    let slot = SLOT.with(|slot| Arc::clone(slot.get_or_init(|| WATCHDOG.register())));
    *slot.lock() = Some((Instant::now(), Arc::clone(placement)));
    let _left_also_by_panics = Leave(&slot);
    call()
}

type Running = Option<(Instant, Arc<Placement>)>;

/// The inline call of one worker.
#[derive(Default)]
struct Slot(Mutex<Running>);

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Running> {
        lock(&self.0)
    }
}

struct Leave<'a>(&'a Slot);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code of others runs under these locks, so a poisoned one is still whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Watchdog {
    /// Gone with their threads.
    slots: Mutex<Vec<Weak<Slot>>>,
    thread: Mutex<Option<Thread>>,
    awake: AtomicBool,
    /// An inline call was made since the last look.
    active: AtomicBool,
}

impl Watchdog {
    /// A slot for the calling thread.
    fn register(&self) -> Arc<Slot> {
        let slot = Arc::new(Slot::default());
        let mut slots = lock(&self.slots);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        slot
    }

    /// To be called before each inline call.
    fn wake(&'static self) {
        if !self.active.load(Ordering::Relaxed) {
            self.active.store(true, Ordering::Relaxed);
        }
        if self.awake.load(Ordering::Acquire) || self.awake.swap(true, Ordering::AcqRel) {
            return;
        }
        let mut watching = lock(&self.thread);
        if let Some(thread) = &*watching {
            return thread.unpark();
        }
        match thread::Builder::new()
            .name("fastrapi-watchdog".into())
            .spawn(|| self.run())
        {
            Ok(handle) => *watching = Some(handle.thread().clone()),
            Err(error) => tracing::error!(%error, "cannot start the watchdog for inline calls"),
        }
    }

    fn run(&self) {
        let mut quiet = 0;
        loop {
            quiet = if self.active.swap(false, Ordering::Relaxed) {
                0
            } else {
                quiet + 1
            };
            if !self.look() && quiet >= QUIET_LOOKS {
                quiet = 0;
                self.awake.store(false, Ordering::Release);
                thread::park();
            } else {
                thread::sleep(INTERVAL);
            }
        }
    }

    /// Demotes what blocks; says whether any call is running.
    fn look(&self) -> bool {
        let mut is_any_running = false;
        for slot in lock(&self.slots).iter().filter_map(Weak::upgrade) {
            let running = slot.lock();
            let Some((since, placement)) = &*running else {
                continue;
            };
            is_any_running = true;
            if since.elapsed() >= BLOCKS {
                placement.demote();
            }
        }
        is_any_running
    }
}
