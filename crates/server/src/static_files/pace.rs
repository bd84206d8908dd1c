//! Looking files up on the worker while the file system is quick, and on the blocking pool otherwise.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Instant;

use tokio::runtime::Handle;

use crate::placement::{Place, Placement, watched};

/// How many lookups have to be quick before the worker makes them again. A system call of microseconds is slow
/// mostly because its thread lost the processor, which says nothing about the file system.
const MOST_IN_POOL: u32 = 64;

/// The timing of one directory's file system.
#[derive(Debug)]
pub(super) struct Pace {
    placement: Arc<Placement>,
    inline: AtomicUsize,
    /// How many workers may be in the file system at once. One is left over, should it hang.
    most_inline: OnceLock<usize>,
}

/// A worker in the file system.
struct Permit<'a>(&'a AtomicUsize);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            placement: Arc::new(Placement::new(None).forgiving(MOST_IN_POOL)),
            inline: AtomicUsize::new(0),
            most_inline: OnceLock::new(),
        }
    }

    /// Does the work here, if that is likely to be quick.
    pub(super) fn try_inline<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        if self.placement.place() == Place::Pool {
            return None;
        }
        let most = *self.most_inline.get_or_init(|| {
            let workers = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
            workers.saturating_sub(1).max(1)
        });
        let _permit = self.enter(most).or_else(|| {
            // The other worker is there for microseconds, unless it has lost its processor, perhaps to this one.
            thread::yield_now();
            self.enter(most)
        })?;
        Some(watched(&self.placement, || {
            let started = Instant::now();
            let outcome = work();
            self.placement.record(Place::Inline, started.elapsed());
            outcome
        }))
    }

    fn enter(&self, most: usize) -> Option<Permit<'_>> {
        let permit = Permit(&self.inline);
        // The permit is given back also if it turns out to be one too many.
        (self.inline.fetch_add(1, Ordering::AcqRel) < most).then_some(permit)
    }

    /// Does the work on the blocking pool.
    pub(super) async fn in_pool<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> std::io::Result<T> {
        let placement = Arc::clone(&self.placement);
        let timed = move || {
            let started = Instant::now();
            let outcome = work();
            placement.record(Place::Pool, started.elapsed());
            outcome
        };
        tokio::task::spawn_blocking(timed)
            .await
            .map_err(std::io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::placement::FIRST_REQUIRED;

    fn quick() -> Pace {
        let pace = Pace::new();
        for _ in 0..FIRST_REQUIRED {
            pace.placement.record(Place::Pool, Duration::ZERO);
        }
        pace
    }

    #[test]
    fn work_is_done_here_once_it_has_proved_quick() {
        assert_eq!(Pace::new().try_inline(|| 1), None);
        assert_eq!(quick().try_inline(|| 1), Some(1));
    }

    #[test]
    fn work_that_is_slow_time_and_again_goes_back_to_the_pool() {
        let pace = quick();
        let slow = || thread::sleep(Duration::from_millis(1));
        // The watchdog may have been the first to notice.
        assert!((0..4).any(|_| pace.try_inline(slow).is_none()));
        assert_eq!(pace.try_inline(|| 1), None);
    }

    #[test]
    fn one_worker_is_left_over() {
        let pace = Pace::new();
        let first = pace.enter(1);
        assert!(first.is_some() && pace.enter(1).is_none());
        drop(first);
        assert!(pace.enter(1).is_some(), "the permit came back");
    }
}
