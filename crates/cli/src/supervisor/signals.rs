//! The signals that a supervisor understands.

use std::io;

use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// What the signals ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Request {
    /// SIGTERM or SIGINT, by its number.
    Stop(u8),
    /// SIGHUP.
    Reload,
}

/// Listens for SIGTERM, SIGINT and SIGHUP.
pub(super) struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

impl Signals {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    pub(super) async fn next(&mut self) -> Request {
        let number = |signal: Signal| u8::try_from(signal.as_raw()).unwrap_or_default();
        tokio::select! {
            _ = self.terminate.recv() => Request::Stop(number(Signal::TERM)),
            _ = self.interrupt.recv() => Request::Stop(number(Signal::INT)),
            _ = self.hangup.recv() => Request::Reload,
        }
    }
}
