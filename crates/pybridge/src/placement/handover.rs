//! Has a worker look at the sockets while another one waits for the interpreter's lock, or is blocked otherwise.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use super::reserve::{Reserve, Working};
use super::{Permit, Permits};

/// How often it is looked whether the same workers are still inside.
const INTERVAL: Duration = Duration::from_millis(2);
/// So many looks are left out while workers only pass on what is for others, such as the loop's thread: each look costs
/// whoever has the core a change of threads and back.
const LEFT_OUT: u32 = 4;
/// After so many looks at which nobody did anything the thread sleeps until somebody does.
const QUIET_LOOKS: u32 = 10;
/// After so many looks without progress of any worker at work, it is blocked, whatever it does.
const BLOCKED_LOOKS: u32 = 10;
/// So many looks after somebody was stuck the reserve goes to sleep again.
const RELIEVED_LOOKS: u32 = 10;
/// After so many looks a reserve at sleep looks at its queue.
const TURN_LOOKS: u32 = 25;

/// [`Attention::rest`]: the thread looks at intervals.
const AWAKE: u8 = 0;
/// It looks at longer intervals, and when somebody enters.
const DROWSY: u8 = 1;
/// It looks when somebody has work, or enters.
const ASLEEP: u8 = 2;

/// The thread that watches, as seen by those whom it watches.
#[derive(Debug, Default)]
pub(crate) struct Attention {
    rest: AtomicU8,
    thread: OnceLock<Thread>,
    pub(super) working: Arc<Working>,
}

impl Attention {
    /// A worker of a runtime with a [`Reserve`] has woken up.
    pub(crate) fn worker_wakes(&self) {
        self.working.begin();
        if self.rest.load(Ordering::SeqCst) == ASLEEP {
            self.rouse();
        }
    }

    /// A worker of a runtime with a [`Reserve`] is about to sleep.
    pub(crate) fn worker_sleeps(&self) {
        self.working.end();
    }

    /// A worker has entered. To be called afterwards: whoever lies down looks once more then.
    fn worker_enters(&self) {
        if self.rest.load(Ordering::SeqCst) != AWAKE {
            self.rouse();
        }
    }

    #[cold]
    fn rouse(&self) {
        self.rest.store(AWAKE, Ordering::SeqCst);
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
        self.attention.worker_enters();
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
    let mut passed = 1;
    loop {
        let Some(watched) = watched.upgrade() else { return };
        let working = Arc::clone(&watched.attention.working);
        let progress = working.is_anyone().then(&remedies.progress);
        let look = looks.at(passed, watched.permits.word(), progress);
        if look == Look::Stuck {
            (remedies.wake)();
        }
        let is_called = (remedies.reserve.as_ref()).is_some_and(|reserve| order(reserve, &look, &looks));
        passed = match look {
            Look::Quiet if !is_called => rest(watched, ASLEEP, &looks),
            Look::Unentered if !is_called => rest(watched, DROWSY, &looks),
            _ => {
                drop(watched);
                thread::sleep(INTERVAL);
                1
            }
        };
    }
}

/// Lies down until somebody calls, or for some intervals; how many have passed, as far as anything has.
fn rest(watched: Arc<Watched>, how: u8, looks: &Looks) -> u32 {
    let attention = Arc::clone(&watched.attention);
    attention.rest.store(how, Ordering::SeqCst);
    // Who has entered before this may not have seen it.
    let is_missed = watched.permits.word() != looks.last || (how == ASLEEP && attention.working.is_anyone());
    drop(watched);
    let began = Instant::now();
    match how {
        _ if is_missed => {}
        ASLEEP => thread::park(),
        _ => thread::park_timeout(INTERVAL * (LEFT_OUT + 1)),
    }
    attention.rest.store(AWAKE, Ordering::SeqCst);
    let intervals = began.elapsed().as_micros() / INTERVAL.as_micros();
    u32::try_from(intervals).unwrap_or(u32::MAX)
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
    if !is_called && looks.has_turn {
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
    /// Nobody is inside, or was since the last look.
    Unentered,
    Other,
}

/// What was seen. All numbers are of intervals.
#[derive(Debug, Default)]
struct Looks {
    number: u32,
    /// Whether the reserve is to look at its queue.
    has_turn: bool,
    last: u64,
    /// The same are inside.
    same: u32,
    progress: Option<Duration>,
    /// Those at work have done nothing.
    without_progress: u32,
    idle: u32,
    since_stuck: u32,
}

impl Looks {
    /// So many intervals after the last one, with the permits' word, and how far those at work have got, if somebody is.
    fn at(&mut self, passed: u32, word: u64, progress: Option<Duration>) -> Look {
        let count = |before: u32, again: bool| if again { before.saturating_add(passed) } else { 0 };
        let is_inside = Permits::is_anyone_inside(word);
        let has_anyone_entered = is_inside || word != self.last;
        let before = (self.number, self.same, self.without_progress);
        self.number = self.number.wrapping_add(passed);
        self.has_turn = self.number / TURN_LOOKS != before.0 / TURN_LOOKS;
        self.same = count(self.same, is_inside && word == self.last);
        self.last = word;
        self.without_progress = count(
            self.without_progress,
            progress.is_some() && progress == self.progress,
        );
        self.progress = progress;
        self.idle = count(self.idle, !is_inside && progress.is_none());
        let is_blocked = |looks: u32| looks >= BLOCKED_LOOKS;
        let is_stuck = self.same > 0 || is_blocked(self.without_progress);
        self.since_stuck = count(self.since_stuck, !is_stuck);
        let are_kept = self.same > 0 && before.1 == 0;
        if are_kept || (is_blocked(self.without_progress) && !is_blocked(before.2)) {
            Look::Stuck
        } else if self.idle >= QUIET_LOOKS {
            Look::Quiet
        } else if has_anyone_entered {
            Look::Other
        } else {
            Look::Unentered
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
        assert_eq!(looks.at(1, permits.word(), None), Look::Unentered);
        let inside = permits.enter().unwrap();
        let found = [(); 4].map(|()| looks.at(1, permits.word(), None));
        assert_eq!(found, [Look::Other, Look::Stuck, Look::Other, Look::Other]);
        assert_eq!(looks.since_stuck, 0);
        drop(inside);
        let _inside = permits.enter().unwrap();
        assert_eq!(
            looks.at(1, permits.word(), None),
            Look::Other,
            "it is another one"
        );
        assert_eq!(looks.since_stuck, 1);
        assert_eq!(looks.at(1, permits.word(), None), Look::Stuck);
    }

    #[test]
    fn who_works_without_progress_is_noticed_once() {
        let mut looks = Looks::default();
        let at = Some(Duration::from_millis(1));
        let found: Vec<_> = (0..2 * BLOCKED_LOOKS).map(|_| looks.at(1, 0, at)).collect();
        let stuck: Vec<_> = found.iter().map(|look| *look == Look::Stuck).collect();
        assert_eq!(stuck.iter().filter(|is_stuck| **is_stuck).count(), 1);
        assert_eq!(looks.since_stuck, 0);
        assert_eq!(looks.at(1, 0, Some(Duration::from_millis(2))), Look::Unentered);
        assert_eq!(looks.since_stuck, 1);
    }

    #[test]
    fn left_out_looks_count() {
        let mut looks = Looks::default();
        let at = Some(Duration::ZERO);
        let found = [0, BLOCKED_LOOKS - 1, 3, 3].map(|passed| looks.at(passed, 0, at));
        assert_eq!(
            found,
            [Look::Unentered, Look::Unentered, Look::Stuck, Look::Unentered]
        );
        let turns = [TURN_LOOKS, 1, 2 * TURN_LOOKS, TURN_LOOKS - 1].map(|passed| {
            looks.at(passed, 0, None);
            looks.has_turn
        });
        assert_eq!(turns, [true, false, true, true]);
    }

    #[test]
    fn between_entries_the_thread_may_look_less_often() {
        let permits = Permits::new(2);
        let mut looks = Looks::default();
        drop(permits.enter());
        assert_eq!(
            looks.at(1, permits.word(), None),
            Look::Other,
            "somebody was inside"
        );
        assert_eq!(looks.at(1, permits.word(), None), Look::Unentered);
        drop(permits.enter());
        assert_eq!(looks.at(0, permits.word(), None), Look::Other);
    }

    #[test]
    fn who_enters_or_has_work_calls_the_thread() {
        let attention = Attention::default();
        let rest_after = |rest: u8, event: fn(&Attention)| {
            attention.rest.store(rest, Ordering::SeqCst);
            event(&attention);
            attention.rest.load(Ordering::SeqCst)
        };
        assert_eq!(rest_after(DROWSY, Attention::worker_wakes), DROWSY);
        assert_eq!(rest_after(DROWSY, Attention::worker_enters), AWAKE);
        assert_eq!(rest_after(ASLEEP, Attention::worker_wakes), AWAKE);
        assert_eq!(rest_after(ASLEEP, Attention::worker_enters), AWAKE);
    }

    #[test]
    fn the_thread_sleeps_only_while_nobody_enters() {
        let mut looks = Looks::default();
        let found: Vec<_> = (0..QUIET_LOOKS).map(|_| looks.at(1, 0, None)).collect();
        assert_eq!(found.last(), Some(&Look::Quiet));
        assert!(found.iter().rev().skip(1).all(|look| *look == Look::Unentered));
        let at_work = Some(Duration::ZERO);
        assert_eq!(looks.at(1, 0, at_work), Look::Unentered, "somebody works");
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
        drop(watched);
        // The sender is gone with the thread.
        while woken.recv().is_ok() {}
    }
}
