//! What a connection is doing, in atomics that the sweep of [`super::Registry`] reads.
//!
//! A timer per request would cost more than routing it, so a request only stores the coarse time of its changes of
//! phase, and one task looks over all connections twice a second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

use super::registry::{Clock, Limits};
use crate::listener::LocalAddress;

/// Where a connection comes from and goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The client's address; `None` on a Unix-domain socket.
    pub peer: Option<SocketAddr>,
    /// The address that the client connected to.
    pub local: LocalAddress,
    /// `http` or `https`.
    pub scheme: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// Between two requests.
    Idle = 0,
    /// A request head is being received, or the first one is awaited.
    Head = 1,
    /// At least one request is with the application.
    Busy = 2,
    /// The connection has left HTTP.
    Upgraded = 3,
}

/// Set in `flags`.
const DRAIN: u8 = 1;
const KILLED: u8 = 2;
const CLIENT_GONE: u8 = 4;
const BODY_TIMED_OUT: u8 = 8;

/// A live connection, shared by its task, the requests on it and the sweep.
pub struct Connection {
    info: ConnectionInfo,
    clock: Arc<Clock>,
    http2: AtomicBool,
    phase: AtomicU8,
    phase_since: AtomicU32,
    in_flight: AtomicU32,
    body_open: AtomicBool,
    /// Coarse time at which the present window of the body's rate began; 0 while nobody waits for the body.
    body_since: AtomicU32,
    body_bytes: AtomicU32,
    /// Coarse time since which a write makes no progress; 0 while writes go through.
    write_stuck_since: AtomicU32,
    flags: AtomicU8,
    task: AtomicWaker,
    body_reader: AtomicWaker,
    client_gone: Notify,
}

impl Connection {
    pub(super) fn new(info: ConnectionInfo, clock: Arc<Clock>) -> Self {
        let now = clock.now();
        Self {
            info,
            clock,
            http2: AtomicBool::new(false),
            phase: AtomicU8::new(Phase::Head as u8),
            phase_since: AtomicU32::new(now),
            in_flight: AtomicU32::new(0),
            body_open: AtomicBool::new(false),
            body_since: AtomicU32::new(0),
            body_bytes: AtomicU32::new(0),
            write_stuck_since: AtomicU32::new(0),
            flags: AtomicU8::new(0),
            task: AtomicWaker::new(),
            body_reader: AtomicWaker::new(),
            client_gone: Notify::new(),
        }
    }

    /// A connection without a socket, for requests made inside the process.
    pub fn detached(info: ConnectionInfo) -> Self {
        Self::new(info, Arc::new(Clock::new()))
    }

    /// Addresses and scheme.
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// Whether the client has closed its side. Its request may still be answered (RFC 9112 9.6 lets a client
    /// half-close), but an application that streams or polls can stop.
    pub fn is_client_gone(&self) -> bool {
        self.flag(CLIENT_GONE)
    }

    /// Completes when the client has closed its side. On HTTP/2 a reset stream drops the handler's future instead.
    pub async fn client_gone(&self) {
        let notified = self.client_gone.notified();
        if !self.is_client_gone() {
            notified.await;
        }
    }

    /// Marks the client as gone; callers inside the process use it to signal a disconnect.
    pub fn set_client_gone(&self) {
        self.flags.fetch_or(CLIENT_GONE, Relaxed);
        self.client_gone.notify_waiters();
    }

    // --- phases ---------------------------------------------------------------------------------------------------

    fn enter(&self, phase: Phase) {
        self.phase_since.store(self.clock.now(), Relaxed);
        self.phase.store(phase as u8, Relaxed);
    }

    pub(super) fn is(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) == phase as u8
    }

    pub(super) fn set_http2(&self) {
        self.http2.store(true, Relaxed);
        self.enter(Phase::Idle);
    }

    pub(super) fn is_http2(&self) -> bool {
        self.http2.load(Relaxed)
    }

    pub(super) fn head_started(&self) {
        self.enter(Phase::Head);
    }

    pub(super) fn request_started(&self, has_body: bool) {
        if self.is_http2() {
            self.in_flight.fetch_add(1, Relaxed);
        } else {
            self.in_flight.store(1, Relaxed);
            self.body_open.store(has_body, Relaxed);
            if self.body_timed_out() {
                self.flags.fetch_and(!BODY_TIMED_OUT, Relaxed);
            }
        }
        self.phase.store(Phase::Busy as u8, Relaxed);
    }

    pub(super) fn request_finished(&self) {
        self.body_since.store(0, Relaxed);
        let last = !self.is_http2() || self.in_flight.fetch_sub(1, Relaxed) == 1;
        if last && !self.is(Phase::Upgraded) {
            self.in_flight.store(0, Relaxed);
            self.enter(Phase::Idle);
            if self.is_client_gone() {
                // The end of input was hidden from hyper while it waited for the answer; nothing else tells it.
                self.task.wake();
            }
        }
    }

    pub(crate) fn upgraded(&self) {
        self.enter(Phase::Upgraded);
    }

    // --- request body -----------------------------------------------------------------------------------------------

    pub(super) fn is_body_open(&self) -> bool {
        self.body_open.load(Relaxed)
    }

    pub(crate) fn body_waiting(&self, reader: &Waker) {
        if self.is_http2() {
            return;
        }
        self.body_reader.register(reader);
        if self.body_since.load(Relaxed) == 0 {
            self.body_bytes.store(0, Relaxed);
            self.body_since.store(self.clock.now(), Relaxed);
        }
    }

    pub(crate) fn body_progress(&self, bytes: usize) {
        if self.body_since.load(Relaxed) != 0 {
            let total = self
                .body_bytes
                .load(Relaxed)
                .saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
            self.body_bytes.store(total, Relaxed);
        }
    }

    pub(crate) fn body_ended(&self) {
        self.body_since.store(0, Relaxed);
        self.body_open.store(false, Relaxed);
    }

    pub(crate) fn body_timed_out(&self) -> bool {
        self.flag(BODY_TIMED_OUT)
    }

    // --- writes -----------------------------------------------------------------------------------------------------

    pub(super) fn write_stuck(&self) {
        if self.write_stuck_since.load(Relaxed) == 0 {
            self.write_stuck_since.store(self.clock.now(), Relaxed);
        }
    }

    pub(super) fn write_progress(&self) {
        if self.write_stuck_since.load(Relaxed) != 0 {
            self.write_stuck_since.store(0, Relaxed);
        }
    }

    // --- orders to the connection's task ----------------------------------------------------------------------------

    fn flag(&self, flag: u8) -> bool {
        self.flags.load(Relaxed) & flag != 0
    }

    fn order(&self, flag: u8) {
        self.flags.fetch_or(flag, std::sync::atomic::Ordering::Release);
        self.task.wake();
    }

    pub(crate) fn register_task(&self, waker: &Waker) {
        self.task.register(waker);
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.flag(KILLED)
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.flag(DRAIN)
    }

    pub(super) fn drain(&self) {
        self.order(DRAIN);
    }

    pub(super) fn kill(&self) {
        self.order(KILLED);
    }

    /// Ends the connection if it has overrun one of `limits`; called by the sweep.
    pub(super) fn enforce(&self, limits: &Limits, now: u32) {
        let overrun = |since: u32, limit: u32| now.wrapping_sub(since) > limit;
        let stuck = self.write_stuck_since.load(Relaxed);
        if stuck != 0 && overrun(stuck, limits.write) {
            return self.kill();
        }
        let since = self.phase_since.load(Relaxed);
        if self.is(Phase::Head) && overrun(since, limits.head) {
            self.kill();
        } else if self.is(Phase::Idle) && overrun(since, limits.idle) {
            self.drain();
        } else if self.is(Phase::Busy) {
            self.enforce_body_rate(limits, now);
        }
    }

    fn enforce_body_rate(&self, limits: &Limits, now: u32) {
        let since = self.body_since.load(Relaxed);
        if since == 0 || now.wrapping_sub(since) < limits.body {
            return;
        }
        if self.body_bytes.swap(0, Relaxed) < limits.body_min_bytes {
            self.flags.fetch_or(BODY_TIMED_OUT, Relaxed);
            self.body_reader.wake();
        } else {
            self.body_since.store(now, Relaxed);
        }
    }
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection() -> Connection {
        Connection::detached(ConnectionInfo {
            peer: None,
            local: LocalAddress::Unix("/run/test.sock".into()),
            scheme: "http",
        })
    }

    fn limits() -> Limits {
        Limits {
            head: 20,
            idle: 150,
            body: 40,
            body_min_bytes: 256,
            write: 60,
        }
    }

    #[test]
    fn a_slow_head_is_killed_and_a_busy_connection_is_not() {
        let connection = connection();
        connection.enforce(&limits(), 21);
        assert!(!connection.is_killed());
        connection.enforce(&limits(), 22);
        assert!(connection.is_killed());
        let busy = self::connection();
        busy.request_started(false);
        busy.enforce(&limits(), 10_000);
        assert!(!busy.is_killed() && !busy.is_draining());
    }

    #[test]
    fn an_idle_connection_is_drained() {
        let connection = connection();
        connection.request_started(false);
        connection.request_finished();
        connection.enforce(&limits(), 151);
        assert!(!connection.is_draining());
        connection.enforce(&limits(), 152);
        assert!(connection.is_draining());
    }

    #[test]
    fn a_dripping_body_times_out_and_a_steady_one_does_not() {
        let connection = connection();
        connection.request_started(true);
        connection.body_waiting(Waker::noop());
        connection.body_progress(300);
        connection.enforce(&limits(), 41);
        assert!(!connection.body_timed_out());
        connection.body_progress(40);
        connection.enforce(&limits(), 81);
        assert!(connection.body_timed_out());
    }

    #[tokio::test]
    async fn client_gone_is_seen_before_and_after_it_happens() {
        let connection = Arc::new(connection());
        let waiting = tokio::spawn({
            let connection = Arc::clone(&connection);
            async move { connection.client_gone().await }
        });
        tokio::task::yield_now().await;
        connection.set_client_gone();
        waiting.await.unwrap();
        connection.client_gone().await;
    }
}
