//! Messages for the person at the terminal: what failed, why, and what to do about it.

use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::Path;

use crate::exit::Exit;

/// An error as it is shown: one `error:` line, then any number of `cause:` and `hint:` lines.
#[derive(Debug)]
pub(crate) struct Report {
    exit: Exit,
    message: String,
    notes: Vec<(Note, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Note {
    Cause,
    Hint,
}

impl Note {
    fn label(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Hint => "hint",
        }
    }
}

impl Report {
    /// A report that ends the process with `exit`.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            notes: Vec::new(),
        }
    }

    /// Adds why it happened.
    #[must_use]
    pub(crate) fn cause(mut self, text: impl Into<String>) -> Self {
        self.notes.push((Note::Cause, text.into()));
        self
    }

    /// Adds what can be done about it.
    #[must_use]
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        self.notes.push((Note::Hint, text.into()));
        self
    }

    /// Adds what can be done about it, where that is known.
    #[must_use]
    pub(crate) fn maybe_hint(self, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.hint(text),
            None => self,
        }
    }

    /// Shows the report on standard error and tells the status to exit with.
    pub(crate) fn show(&self) -> Exit {
        let mut terminal = std::io::stderr().lock();
        let colour =
            terminal.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let text = self.render(colour);
        // Nobody is left to tell when standard error is closed.
        let _closed = terminal.write_all(text.as_bytes());
        self.exit
    }

    fn render(&self, colour: bool) -> String {
        let mut text = line("error", &self.message, colour.then_some("31"));
        for (note, content) in &self.notes {
            let code = match note {
                Note::Cause => "33",
                Note::Hint => "36",
            };
            text.push_str(&line(note.label(), content, colour.then_some(code)));
        }
        text
    }
}

/// A path as the user would write it from here.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    match path.strip_prefix(&here) {
        Ok(relative) if relative.as_os_str().is_empty() => ".".to_owned(),
        Ok(relative) => relative.display().to_string(),
        Err(_) => path.display().to_string(),
    }
}

/// One labelled line; further lines of `content` are indented under the first.
fn line(label: &str, content: &str, colour: Option<&str>) -> String {
    let label = match colour {
        Some(code) => format!("\x1b[1;{code}m{label}\x1b[0m"),
        None => label.to_owned(),
    };
    format!("{label}: {}\n", content.trim_end().replace('\n', "\n  "))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_follow_the_message_in_order() {
        let report = Report::new(Exit::Listen, "cannot listen")
            .cause("one\ntwo")
            .hint("choose another port");
        assert_eq!(
            report.to_string(),
            "error: cannot listen\ncause: one\n  two\nhint: choose another port\n"
        );
    }

    #[test]
    fn labels_are_coloured_and_text_is_not() {
        let report = Report::new(Exit::Usage, "no");
        assert_eq!(report.render(true), "\x1b[1;31merror\x1b[0m: no\n");
    }
}
