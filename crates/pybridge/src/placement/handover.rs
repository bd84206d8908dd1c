//! Has a worker look at the sockets while another one waits for the interpreter's lock, or is blocked otherwise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use super::reserve::{Reserve, Working};
use super::{Permit, Permits};

/// How often it is looked whether the same workers are still inside.
const INTERVAL: Duration = Duration::from_millis(2);
/// After so many looks at which nobody did anything the thread sleeps until somebody does.
const QUIET_LOOKS: u32 = 10;
/// After so many looks without progress of any worker at work, it is blocked, whatever it does.
const BLOCKED_LOOKS: u32 = 10;
/// So many looks after somebody was stuck the reserve goes to sleep again.
const RELIEVED_LOOKS: u32 = 10;
/// After so many looks a reserve at sleep looks at its queue.
const TURN_LOOKS: u32 = 25;

/// The thread that watches, as seen by those whom it watches.
#[derive(Debug, Default)]
pub(crate) struct Attention {
    is_asleep: AtomicBool,
    thread: OnceLock<Thread>,
    pub(super) working: Arc<Working>,
}

impl Attention {
    /// A worker of a runtime with a [`Reserve`] has woken up.
    pub(crate) fn worker_wakes(&self) {
        self.working.begin();
        self.attract();
    }

    /// A worker of a runtime with a [`Reserve`] is about to sleep.
    pub(crate) fn worker_sleeps(&self) {
        self.working.end();
    }

    /// To be called after what the thread shall see: whoever falls asleep looks again afterwards.
    fn attract(&self) {
        if self.is_asleep.load(Ordering::SeqCst) {
            self.rouse();
        }
    }

    #[cold]
    fn rouse(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// What the thread may do for a runtime.
pub(super) struct Remedies<W, P> {
    /// Wakes a worker that sleeps.
    pub(super) wake: W,
    /// Changes whenever workers get on with what they do.
    pub(super) progress: P,
    pub(super) reserve: Option<Arc<Reserve>>,
}

/// The permits of a runtime, and the thread that watches them.
#[derive(Debug)]
pub(super) struct Watched {
    permits: Permits,
    pub(super) attention: Arc<Attention>,
}

impl Watched {
    pub(super) fn new(permits: Permits) -> Arc<Self> {
        Arc::new(Self {
            permits,
            attention: Arc::default(),
        })
    }

    /// Takes a permit, and wakes the thread that watches.
    pub(super) fn enter(&self) -> Option<Permit<'_>> {
        let permit = self.permits.enter();
        self.attention.attract();
        permit
    }

    /// Starts the thread, which wakes a worker, and calls the reserve, whenever nobody gets on for a while.
    pub(super) fn watch<W, P>(self: &Arc<Self>, remedies: Remedies<W, P>)
    where
        W: Fn() + Send + 'static,
        P: Fn() -> Duration + Send + 'static,
    {
        let watched = Arc::downgrade(self);
        let started = thread::Builder::new()
            .name("fastrapi-handover".into())
            .spawn(move || run(&watched, &remedies));
        match started {
            Ok(handle) => drop(self.attention.thread.set(handle.thread().clone())),
            Err(error) => tracing::error!(%error, "cannot start the watch over the interpreter's lock"),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.attention.rouse();
    }
}

/// Runs as long as there is something to watch.
fn run<W: Fn(), P: Fn() -> Duration>(watched: &Weak<Watched>, remedies: &Remedies<W, P>) {
    let mut looks = Looks::default();
    loop {
        let Some(watched) = watched.upgrade() else { return };
        let attention = &watched.attention;
        let is_working = attention.working.is_anyone();
        let look = looks.at(watched.permits.word(), is_working.then(&remedies.progress));
        if look == Look::Stuck {
            (remedies.wake)();
        }
        let is_called = (remedies.reserve.as_ref()).is_some_and(|reserve| order(reserve, &look, &looks));
        if look == Look::Quiet && !is_called {
            attention.is_asleep.store(true, Ordering::SeqCst);
            // Who has entered before this may not have seen it.
            if watched.permits.word() == looks.last && !attention.working.is_anyone() {
                drop(watched);
                thread::park();
            }
            continue;
        }
        drop(watched);
        thread::sleep(INTERVAL);
    }
}

/// Tells the reserve what to do; whether it is at work afterwards.
fn order(reserve: &Reserve, look: &Look, looks: &Looks) -> bool {
    if *look == Look::Stuck {
        reserve.call();
        return true;
    }
    let is_called = reserve.is_called();
    if is_called && looks.since_stuck >= RELIEVED_LOOKS {
        reserve.relieve();
        return false;
    }
    if !is_called && looks.number % TURN_LOOKS == 0 {
        reserve.turn();
    }
    is_called
}

#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// The same are inside as at the last look, or those at work have done nothing since some looks ago: whoever is
    /// left over has to be awake.
    Stuck,
    /// Nobody has been inside, or at work, for some looks.
    Quiet,
    Other,
}

#[derive(Debug, Default)]
struct Looks {
    number: u32,
    last: u64,
    /// Looks at which the same were inside.
    same: u32,
    progress: Option<Duration>,
    /// Looks at which those at work had done nothing.
    without_progress: u32,
    idle: u32,
    since_stuck: u32,
}

impl Looks {
    /// With the permits' word, and how far those at work have got, if somebody is.
    fn at(&mut self, word: u64, progress: Option<Duration>) -> Look {
        let count = |before: u32, again: bool| if again { before.saturating_add(1) } else { 0 };
        let is_inside = Permits::is_anyone_inside(word);
        self.number = self.number.wrapping_add(1);
        self.same = count(self.same, is_inside && word == self.last);
        self.last = word;
        self.without_progress = count(
            self.without_progress,
            progress.is_some() && progress == self.progress,
        );
        self.progress = progress;
        self.idle = count(self.idle, !is_inside && progress.is_none());
        let is_stuck = self.same > 0 || self.without_progress >= BLOCKED_LOOKS;
        self.since_stuck = count(self.since_stuck, !is_stuck);
        if self.same == 1 || self.without_progress == BLOCKED_LOOKS {
            Look::Stuck
        } else if self.idle >= QUIET_LOOKS {
            Look::Quiet
        } else {
            Look::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn who_stays_inside_is_noticed_once() {
        let permits = Permits::new(2);
        let mut looks = Looks::default();
        assert_eq!(looks.at(permits.word(), None), Look::Other);
        let inside = permits.enter().unwrap();
        let found = [(); 4].map(|()| looks.at(permits.word(), None));
        assert_eq!(found, [Look::Other, Look::Stuck, Look::Other, Look::Other]);
        assert_eq!(looks.since_stuck, 0);
        drop(inside);
        let _inside = permits.enter().unwrap();
        assert_eq!(looks.at(permits.word(), None), Look::Other, "it is another one");
        assert_eq!(looks.since_stuck, 1);
        assert_eq!(looks.at(permits.word(), None), Look::Stuck);
    }

    #[test]
    fn who_works_without_progress_is_noticed_once() {
        let mut looks = Looks::default();
        let at = Some(Duration::from_millis(1));
        let found: Vec<_> = (0..2 * BLOCKED_LOOKS).map(|_| looks.at(0, at)).collect();
        let stuck: Vec<_> = found.iter().map(|look| *look == Look::Stuck).collect();
        assert_eq!(stuck.iter().filter(|is_stuck| **is_stuck).count(), 1);
        assert_eq!(looks.since_stuck, 0);
        assert_eq!(looks.at(0, Some(Duration::from_millis(2))), Look::Other);
        assert_eq!(looks.since_stuck, 1);
    }

    #[test]
    fn the_thread_sleeps_only_while_nobody_enters() {
        let mut looks = Looks::default();
        let found: Vec<_> = (0..QUIET_LOOKS).map(|_| looks.at(0, None)).collect();
        assert_eq!(found.last(), Some(&Look::Quiet));
        assert!(found.iter().rev().skip(1).all(|look| *look == Look::Other));
        assert_eq!(looks.at(0, Some(Duration::ZERO)), Look::Other, "somebody works");
    }

    #[test]
    fn the_thread_wakes_others_and_ends_with_what_it_watches() {
        let watched = Watched::new(Permits::new(2));
        let (sender, woken) = channel();
        watched.watch(Remedies {
            wake: move || sender.send(()).unwrap(),
            progress: Duration::default,
            reserve: None,
        });
        for _ in 0..2 {
            let _inside = watched.enter().unwrap();
            woken.recv().unwrap();
        }
        watched.attention.is_asleep.store(true, Ordering::SeqCst);
        let inside = watched.enter();
        assert!(!watched.attention.is_asleep.load(Ordering::SeqCst));
        drop(inside);
        drop(watched);
        // The sender is gone with the thread.
        while woken.recv().is_ok() {}
    }
}
