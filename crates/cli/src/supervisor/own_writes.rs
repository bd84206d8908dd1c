//! Telling a person's changes of a file from those that the application makes itself whenever it starts.

use std::collections::HashMap;
use std::path::PathBuf;

/// In so many starts in a row a file may change while the application starts, and is answered at once.
const AT_ONCE: u32 = 3;

/// When the application is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answer {
    AtOnce,
    /// Once the files stay as they are: it may be a person who saves often.
    WhenQuiet,
    /// Not for this change, which the application would make again.
    Never,
}

/// The files that changed during the last starts, with the last of these starts and how many they are.
#[derive(Debug, Default)]
pub(super) struct OwnWrites(HashMap<PathBuf, (u64, u32)>);

impl OwnWrites {
    /// What to do about files that changed during this start. The one with the shortest history decides.
    pub(super) fn answer(&mut self, changed: &[PathBuf], start: u64) -> Answer {
        let answers = changed.iter().map(|path| {
            let (last, starts) = self.0.entry(path.clone()).or_insert((start, 1));
            if *last != start {
                *starts = if *last + 1 == start { *starts + 1 } else { 1 };
                *last = start;
            }
            match *starts {
                ..=AT_ONCE => Answer::AtOnce,
                starts if starts == AT_ONCE + 1 => Answer::WhenQuiet,
                _ => Answer::Never,
            }
        });
        answers.min().unwrap_or(Answer::Never)
    }

    /// A change that came after the start is a person's.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_in_every_start_is_given_up_after_a_pause() {
        let mut writes = OwnWrites::default();
        let own = [PathBuf::from("own.py")];
        let answers: Vec<Answer> = (1..=6).map(|start| writes.answer(&own, start)).collect();
        assert_eq!(answers[..3], [Answer::AtOnce; 3]);
        assert_eq!(answers[3..], [Answer::WhenQuiet, Answer::Never, Answer::Never]);
        let both = [PathBuf::from("own.py"), PathBuf::from("other.py")];
        assert_eq!(writes.answer(&both, 7), Answer::AtOnce, "the other one is new");
        writes.clear();
        assert_eq!(writes.answer(&own, 8), Answer::AtOnce);
    }

    #[test]
    fn several_changes_in_one_start_count_once_and_a_start_without_any_ends_the_row() {
        let mut writes = OwnWrites::default();
        let file = [PathBuf::from("file.py")];
        for _ in 0..10 {
            assert_eq!(writes.answer(&file, 1), Answer::AtOnce);
        }
        for start in [2, 3] {
            assert_eq!(writes.answer(&file, start), Answer::AtOnce);
        }
        assert_eq!(writes.answer(&file, 5), Answer::AtOnce);
    }
}
