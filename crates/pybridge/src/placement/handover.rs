//! Wakes a worker to look at the sockets while another one waits for the interpreter's lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use super::{Permit, Permits};

/// How often it is looked whether the same workers are still inside.
const INTERVAL: Duration = Duration::from_millis(2);
/// After so many looks without anybody inside the thread sleeps until the next one enters.
const QUIET_LOOKS: u32 = 250;

/// The permits of a runtime, and the thread that watches them.
#[derive(Debug)]
pub(super) struct Watched {
    permits: Permits,
    is_asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Watched {
    pub(super) fn new(permits: Permits) -> Arc<Self> {
        Arc::new(Self {
            permits,
            is_asleep: AtomicBool::new(false),
            thread: OnceLock::new(),
        })
    }

    /// Takes a permit, and wakes the thread that watches. In this order: whoever falls asleep looks again afterwards.
    pub(super) fn enter(&self) -> Option<Permit<'_>> {
        let permit = self.permits.enter();
        if self.is_asleep.load(Ordering::SeqCst) {
            self.rouse();
        }
        permit
    }

    #[cold]
    fn rouse(&self) {
        self.is_asleep.store(false, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Starts the thread, which calls `wake` once for each time that nobody has entered or left for a while.
    pub(super) fn watch(self: &Arc<Self>, wake: impl Fn() + Send + 'static) {
        let watched = Arc::downgrade(self);
        let started = thread::Builder::new()
            .name("fastrapi-handover".into())
            .spawn(move || run(&watched, wake));
        match started {
            Ok(handle) => drop(self.thread.set(handle.thread().clone())),
            Err(error) => tracing::error!(%error, "cannot start the watch over the interpreter's lock"),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.rouse();
    }
}

/// Runs as long as there is something to watch.
fn run(watched: &Weak<Watched>, wake: impl Fn()) {
    let mut looks = Looks::default();
    loop {
        let Some(watched) = watched.upgrade() else { return };
        let look = looks.at(watched.permits.word());
        if look == Look::Stuck {
            wake();
        }
        if look == Look::Quiet {
            watched.is_asleep.store(true, Ordering::SeqCst);
            // Who has entered before this may not have seen it.
            if watched.permits.word() == looks.last {
                drop(watched);
                thread::park();
            }
            continue;
        }
        drop(watched);
        thread::sleep(INTERVAL);
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// The same are inside as at the last look: whoever is left over has to be awake.
    Stuck,
    /// Nobody has been inside for long.
    Quiet,
    Other,
}

#[derive(Debug, Default)]
struct Looks {
    last: u64,
    same: u32,
}

impl Looks {
    fn at(&mut self, word: u64) -> Look {
        self.same = if word == self.last { self.same + 1 } else { 0 };
        self.last = word;
        match (Permits::is_anyone_inside(word), self.same) {
            (true, 1) => Look::Stuck,
            (false, QUIET_LOOKS..) => {
                self.same = 0;
                Look::Quiet
            }
            _ => Look::Other,
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
        assert_eq!(looks.at(permits.word()), Look::Other);
        let inside = permits.enter().unwrap();
        let found = [(); 4].map(|()| looks.at(permits.word()));
        assert_eq!(found, [Look::Other, Look::Stuck, Look::Other, Look::Other]);
        drop(inside);
        let _inside = permits.enter().unwrap();
        assert_eq!(looks.at(permits.word()), Look::Other, "it is another one");
        assert_eq!(looks.at(permits.word()), Look::Stuck);
    }

    #[test]
    fn the_thread_sleeps_only_while_nobody_enters() {
        let mut looks = Looks::default();
        let found: Vec<_> = (0..QUIET_LOOKS).map(|_| looks.at(0)).collect();
        assert_eq!(found.last(), Some(&Look::Quiet));
        assert!(found.iter().rev().skip(1).all(|look| *look == Look::Other));
    }

    #[test]
    fn the_thread_wakes_others_and_ends_with_what_it_watches() {
        let watched = Watched::new(Permits::new(2));
        let (sender, woken) = channel();
        watched.watch(move || sender.send(()).unwrap());
        for _ in 0..2 {
            let _inside = watched.enter().unwrap();
            woken.recv().unwrap();
        }
        watched.is_asleep.store(true, Ordering::SeqCst);
        let inside = watched.enter();
        assert!(!watched.is_asleep.load(Ordering::SeqCst));
        drop(inside);
        drop(watched);
        // The sender is gone with the thread.
        while woken.recv().is_ok() {}
    }
}
