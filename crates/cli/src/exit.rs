//! What the process's exit status means.

use std::process::ExitStatus;

/// The exit status of `fastrapi-server`; a process that a signal ended has 128 + its number, as shells report it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything that was asked for is done.
    Success,
    /// The server failed while it was running.
    Runtime,
    /// The command line is wrong.
    Usage,
    /// The application could not be loaded or did not start.
    Application,
    /// The address cannot be listened on.
    Listen,
    /// The configuration file, an environment variable or the Python environment is wrong.
    Configuration,
    /// A fault of this program.
    Internal,
    /// Ended by a signal, or the status of a worker process.
    Other(u8),
}

impl Exit {
    /// The number that the operating system gets.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Runtime => 1,
            Self::Usage => 2,
            Self::Application => 3,
            Self::Listen => 4,
            Self::Configuration => 5,
            Self::Internal => 70,
            Self::Other(code) => code,
        }
    }

    /// The status that passes a child's on.
    #[must_use]
    pub fn of_child(status: ExitStatus) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let code = match (status.code(), status.signal()) {
            (Some(code), _) => code,
            (None, Some(signal)) => 128 + signal,
            (None, None) => return Self::Internal,
        };
        match u8::try_from(code) {
            Ok(0) => Self::Success,
            Ok(code) => Self::Other(code),
            Err(_) => Self::Internal,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_childs_status_is_passed_on() {
        assert_eq!(Exit::of_child(ExitStatus::from_raw(0)).code(), 0);
        assert_eq!(Exit::of_child(ExitStatus::from_raw(3 << 8)).code(), 3);
        assert_eq!(Exit::of_child(ExitStatus::from_raw(9)).code(), 137);
    }
}
