//! Learning where calls that may block are made: on the worker that needs them, or in a thread pool.
//!
//! A hop to another thread costs more than a short call; a call that blocks its worker stalls everybody else. So calls
//! start in the pool and are timed there; when they are reliably short they are made inline, and go back at the first
//! slow one, for longer each time.

mod watchdog;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

pub use watchdog::watched;

/// Where a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the worker.
    Inline,
    /// In the thread pool.
    Pool,
}

/// Calls up to this long may be made inline.
const SHORT: Duration = Duration::from_micros(50);
/// Inline calls whose average exceeds this go back to the pool.
const TOO_LONG_NS: u32 = 100_000;
/// One inline call of this length sends the callable back to the pool.
const SLOW: Duration = Duration::from_millis(1);
/// Consecutive short calls after which a callable is run inline for the first time.
pub const FIRST_REQUIRED: u32 = 16;
/// So much of a slow call counts where slow ones are forgiven: the third of three in a row exceeds [`TOO_LONG_NS`].
const MOST_COUNTED: Duration = Duration::from_micros(350);
/// How many short calls a slow one in the pool takes back where slow ones are forgiven.
const TAKEN_BACK: u32 = 2;
/// What each demotion multiplies that number by, and where that ends.
const REQUIRED_GROWTH: u32 = 4;
const MAX_REQUIRED: u32 = 1 << 20;

/// What is known about one callable.
#[derive(Debug)]
pub struct Placement {
    /// Why the callable stays in the pool whatever its timing.
    pinned: Option<String>,
    inline: AtomicBool,
    short_calls: AtomicU32,
    required: AtomicU32,
    most_required: u32,
    /// Whether a slow call may be the scheduler's doing.
    forgiving: bool,
    average_ns: AtomicU32,
}

impl Placement {
    /// A callable that has to prove itself, or one that stays in the pool for the given reason.
    #[must_use]
    pub fn new(pinned: Option<String>) -> Self {
        Self {
            pinned,
            inline: AtomicBool::new(false),
            short_calls: AtomicU32::new(0),
            required: AtomicU32::new(FIRST_REQUIRED),
            most_required: MAX_REQUIRED,
            forgiving: false,
            average_ns: AtomicU32::new(0),
        }
    }

    /// For calls so short that a slow one is mostly the scheduler's doing: a single slow call demotes nothing, one in
    /// the pool does not start the count anew, and no demotion lasts longer than `calls`.
    #[must_use]
    pub fn forgiving(self, calls: u32) -> Self {
        Self {
            most_required: calls,
            forgiving: true,
            ..self
        }
    }

    /// Where the next call shall be made.
    #[must_use]
    pub fn place(&self) -> Place {
        if self.inline.load(Relaxed) {
            Place::Inline
        } else {
            Place::Pool
        }
    }

    /// Why the callable is never run inline, if it is pinned.
    #[must_use]
    pub fn pinned(&self) -> Option<&str> {
        self.pinned.as_deref()
    }

    /// Learns from a call. Losing a count to a concurrent call does no harm.
    pub fn record(&self, place: Place, elapsed: Duration) {
        match place {
            Place::Inline => self.record_inline(elapsed),
            Place::Pool => self.record_pool(elapsed),
        }
    }

    fn record_inline(&self, elapsed: Duration) {
        let elapsed = if self.forgiving {
            elapsed.min(MOST_COUNTED)
        } else {
            elapsed
        };
        let present = u32::try_from(elapsed.as_nanos()).unwrap_or(u32::MAX);
        let average = self.average_ns.load(Relaxed);
        let average = average - average / 8 + present / 8;
        self.average_ns.store(average, Relaxed);
        if elapsed >= SLOW || average > TOO_LONG_NS {
            self.demote();
        }
    }

    fn record_pool(&self, elapsed: Duration) {
        if self.pinned.is_some() {
            return;
        }
        let before = self.short_calls.load(Relaxed);
        if elapsed > SHORT {
            let left = if self.forgiving {
                before.saturating_sub(TAKEN_BACK)
            } else {
                0
            };
            return self.short_calls.store(left, Relaxed);
        }
        let short_calls = before + 1;
        if short_calls >= self.required.load(Relaxed) {
            self.short_calls.store(0, Relaxed);
            self.average_ns.store(0, Relaxed);
            self.inline.store(true, Relaxed);
        } else {
            self.short_calls.store(short_calls, Relaxed);
        }
    }

    /// Sends the callable back to the pool, for longer than the last time.
    pub fn demote(&self) {
        if self.inline.swap(false, Relaxed) {
            self.short_calls.store(0, Relaxed);
            let required = self
                .required
                .load(Relaxed)
                .saturating_mul(REQUIRED_GROWTH)
                .min(self.most_required);
            self.required.store(required, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(5);

    fn calls_until_inline(placement: &Placement) -> u32 {
        let mut calls = 0;
        while placement.place() == Place::Pool {
            placement.record(Place::Pool, QUICK);
            calls += 1;
        }
        calls
    }

    #[test]
    fn reliably_short_calls_are_promoted() {
        assert_eq!(calls_until_inline(&Placement::new(None)), FIRST_REQUIRED);
    }

    #[test]
    fn a_long_call_starts_the_count_anew() {
        let placement = Placement::new(None);
        for _ in 0..FIRST_REQUIRED - 1 {
            placement.record(Place::Pool, QUICK);
        }
        placement.record(Place::Pool, Duration::from_millis(10));
        assert_eq!(calls_until_inline(&placement), FIRST_REQUIRED);
    }

    #[test]
    fn a_slow_call_demotes_at_once_and_for_longer_each_time() {
        let placement = Placement::new(None);
        let mut required = FIRST_REQUIRED;
        for _ in 0..4 {
            assert_eq!(calls_until_inline(&placement), required);
            placement.record(Place::Inline, Duration::from_millis(10));
            assert_eq!(placement.place(), Place::Pool);
            required *= REQUIRED_GROWTH;
        }
    }

    #[test]
    fn a_demotion_can_be_limited() {
        let placement = Placement::new(None).forgiving(20);
        for required in [FIRST_REQUIRED, 20, 20] {
            assert_eq!(calls_until_inline(&placement), required);
            placement.demote();
        }
    }

    #[test]
    fn single_slow_calls_can_be_forgiven_and_a_series_is_not() {
        let placement = Placement::new(None).forgiving(20);
        calls_until_inline(&placement);
        for _ in 0..100 {
            placement.record(Place::Inline, Duration::from_secs(1));
            for _ in 0..16 {
                placement.record(Place::Inline, QUICK);
            }
            assert_eq!(placement.place(), Place::Inline);
        }
        for expected in [Place::Inline, Place::Inline, Place::Pool] {
            placement.record(Place::Inline, Duration::from_secs(1));
            assert_eq!(placement.place(), expected);
        }
    }

    #[test]
    fn a_slow_call_in_the_pool_can_be_forgiven_and_many_are_not() {
        let mostly_short = Placement::new(None).forgiving(20);
        let mostly_long = Placement::new(None).forgiving(20);
        for _ in 0..FIRST_REQUIRED {
            for (placement, long) in [(&mostly_short, 1), (&mostly_long, 3)] {
                (0..3).for_each(|_| placement.record(Place::Pool, QUICK));
                (0..long).for_each(|_| placement.record(Place::Pool, Duration::from_millis(10)));
            }
        }
        assert_eq!(mostly_short.place(), Place::Inline);
        assert_eq!(mostly_long.place(), Place::Pool);
    }

    #[test]
    fn calls_that_become_moderately_long_are_demoted_by_their_average() {
        let placement = Placement::new(None);
        calls_until_inline(&placement);
        placement.record(Place::Inline, Duration::from_micros(200));
        assert_eq!(placement.place(), Place::Inline);
        for _ in 0..20 {
            placement.record(Place::Inline, Duration::from_micros(200));
        }
        assert_eq!(placement.place(), Place::Pool);
    }

    #[test]
    fn a_pinned_callable_is_never_promoted() {
        let placement = Placement::new(Some("calls sleep".into()));
        for _ in 0..10_000 {
            placement.record(Place::Pool, QUICK);
        }
        assert_eq!(placement.place(), Place::Pool);
        assert_eq!(placement.pinned(), Some("calls sleep"));
    }

    #[test]
    fn two_demotions_of_one_stay_count_once() {
        let placement = Placement::new(None);
        calls_until_inline(&placement);
        placement.demote();
        placement.demote();
        assert_eq!(calls_until_inline(&placement), FIRST_REQUIRED * REQUIRED_GROWTH);
    }
}
