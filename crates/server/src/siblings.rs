//! The numbers of connections of processes that accept on one socket, so that none takes what another one is free for.
//!
//! The system wakes all of them for a connection and gives it to the first; of many that come at once one process can
//! get them all, and another core is idle. Each process writes its number into its place of a file in memory; one that
//! is ahead of the others lets them go first for a moment. The file is advice only: no connection waits for a process
//! that does not take its turn.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt as _;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{MemfdFlags, memfd_create};

/// Places in a file; more processes than that go without.
pub const PLACES: usize = 64;
const WORD: usize = size_of::<u64>();

/// The file, for the process that starts the others.
#[derive(Debug)]
pub struct Tally(File);

impl Tally {
    /// A file whose places are all empty.
    ///
    /// # Errors
    /// When the process has no descriptor or memory left.
    pub fn new() -> io::Result<Self> {
        let file = File::from(memfd_create("connections", MemfdFlags::CLOEXEC)?);
        file.set_len((PLACES * WORD) as u64)?;
        Ok(Self(file))
    }

    /// Empties the place of a process that has ended.
    ///
    /// # Errors
    /// None that are known for a file in memory.
    pub fn clear(&self, place: usize) -> io::Result<()> {
        write(&self.0, place, 0)
    }
}

impl AsFd for Tally {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The file, for one of the processes that accept.
#[derive(Debug)]
pub struct Siblings {
    file: File,
    place: usize,
    has_left: AtomicBool,
}

/// What a process has seen of the others when it let them go first.
#[derive(Debug)]
pub(crate) struct Patience {
    /// The words of those that did nothing meanwhile: until theirs change, they are not waited for.
    given_up: [u64; PLACES],
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self {
            given_up: [0; PLACES],
        }
    }
}

impl Siblings {
    /// Takes a place of a [`Tally`] that another process has sent.
    #[must_use]
    pub fn new(tally: OwnedFd, place: usize) -> Self {
        Self {
            file: File::from(tally),
            place: place.min(PLACES - 1),
            has_left: AtomicBool::new(false),
        }
    }

    /// The place.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place
    }

    /// Tells how many connections there are, unless this process has left. `changes` is different each time.
    pub(crate) fn publish(&self, connections: usize, changes: u32) {
        if self.has_left.load(Ordering::Relaxed) {
            return;
        }
        let count = u32::try_from(connections).unwrap_or(u32::MAX - 1) + 1;
        self.write((u64::from(changes) << 32) | u64::from(count));
    }

    /// Tells that no connection is accepted here any more.
    pub(crate) fn leave(&self) {
        self.has_left.store(true, Ordering::Relaxed);
        self.write(0);
    }

    fn write(&self, word: u64) {
        // Without it the others go by what was there before.
        if let Err(error) = write(&self.file, self.place, word) {
            tracing::debug!(%error, "the number of connections cannot be told");
        }
    }

    /// The words of those that should go first; all zero if it is this process's turn.
    pub(crate) fn behind(&self, connections: usize, patience: &Patience) -> [u64; PLACES] {
        let mut words = [0; PLACES];
        let mut bytes = [0; PLACES * WORD];
        if let Err(error) = self.file.read_exact_at(&mut bytes, 0) {
            tracing::debug!(%error, "the others' numbers of connections cannot be read");
            return words;
        }
        for (place, bytes) in bytes.chunks_exact(WORD).enumerate() {
            let word = bytes.try_into().map_or(0, u64::from_ne_bytes);
            let is_waited_for = place != self.place && word != patience.given_up[place];
            if is_waited_for && count(word).is_some_and(|other| is_behind(other, connections)) {
                words[place] = word;
            }
        }
        words
    }
}

impl Patience {
    /// Notes who has done nothing between two looks.
    pub(crate) fn give_up(&mut self, before: &[u64; PLACES], after: &[u64; PLACES]) {
        for (place, word) in after.iter().enumerate() {
            if *word != 0 && *word == before[place] {
                self.given_up[place] = *word;
            }
        }
    }
}

/// Beyond this difference others are not let go first: it comes from long connections, which say little about the work.
const LARGEST_DIFFERENCE: usize = 64;

fn is_behind(other: usize, connections: usize) -> bool {
    other + lead(connections) < connections && connections - other <= LARGEST_DIFFERENCE
}

/// How far a process may be ahead before it lets others go first: turns taken too strictly would cost time.
fn lead(connections: usize) -> usize {
    2 + connections / 16
}

/// The number in a word; `None` for an empty place.
fn count(word: u64) -> Option<usize> {
    usize::try_from(word & u64::from(u32::MAX)).ok()?.checked_sub(1)
}

fn write(file: &File, place: usize, word: u64) -> io::Result<()> {
    file.write_all_at(&word.to_ne_bytes(), (place * WORD) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(tally: &Tally) -> [Siblings; 3] {
        [0, 1, 2].map(|place| Siblings::new(tally.as_fd().try_clone_to_owned().unwrap(), place))
    }

    fn is_turn(siblings: &Siblings, connections: usize) -> bool {
        siblings.behind(connections, &Patience::new()) == [0; PLACES]
    }

    #[test]
    fn who_is_ahead_lets_others_go_first() {
        let tally = Tally::new().unwrap();
        let [first, second, third] = seats(&tally);
        assert!(is_turn(&first, 60), "nobody else is there");
        second.publish(10, 1);
        assert!(is_turn(&first, 12));
        assert!(!is_turn(&first, 13));
        assert_eq!(first.behind(13, &Patience::new())[1], (1 << 32) | 11);
        second.publish(100, 2);
        assert!(is_turn(&first, 108), "the lead grows with the number");
        assert!(!is_turn(&first, 109));
        third.publish(50, 1);
        assert!(!is_turn(&second, 100), "the one that is furthest behind counts");
        assert!(is_turn(&second, 150), "old connections are no work");
        assert!(is_turn(&third, 2));
    }

    #[test]
    fn nobody_waits_for_those_that_have_left_or_ended() {
        let tally = Tally::new().unwrap();
        let [first, second, third] = seats(&tally);
        second.publish(0, 1);
        third.publish(0, 1);
        assert!(!is_turn(&first, 64));
        second.leave();
        second.publish(1, 2);
        assert_eq!(first.behind(64, &Patience::new())[1], 0);
        assert!(!is_turn(&first, 64));
        tally.clear(2).unwrap();
        assert!(is_turn(&first, 64));
    }

    #[test]
    fn nobody_waits_again_for_those_that_did_nothing() {
        let tally = Tally::new().unwrap();
        let [first, second, third] = seats(&tally);
        second.publish(0, 1);
        third.publish(0, 1);
        let mut patience = Patience::new();
        let before = first.behind(64, &patience);
        third.publish(1, 2);
        patience.give_up(&before, &first.behind(64, &patience));
        let waited_for = first.behind(64, &patience);
        assert_eq!(waited_for[1], 0);
        assert_ne!(waited_for[2], 0);
        second.publish(0, 2);
        assert_ne!(first.behind(64, &patience)[1], 0, "it has done something");
    }

    #[test]
    fn the_largest_numbers_are_counts() {
        let tally = Tally::new().unwrap();
        let [first, second, _] = seats(&tally);
        second.publish(usize::MAX, u32::MAX);
        assert!(is_turn(&first, usize::MAX >> 32));
        assert_eq!(count(0), None);
        assert_eq!(count(1), Some(0));
    }
}
