//! Finds out whether the peer still lives.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

use crate::config::WebSocketConfig;

/// Pings a silent peer, gives up on a dead one, and limits the closing handshake.
pub(super) struct KeepAlive {
    interval: Duration,
    timeout: Duration,
    last_received: Instant,
    pinged: bool,
    closing: bool,
    timer: Option<Pin<Box<Sleep>>>,
}

pub(super) enum Verdict {
    Ping,
    Dead,
}

impl KeepAlive {
    pub(super) fn new(config: &WebSocketConfig) -> Self {
        let interval = config.ping_interval;
        Self {
            interval,
            timeout: config.ping_timeout,
            last_received: Instant::now(),
            pinged: false,
            closing: false,
            timer: (!interval.is_zero()).then(|| Box::pin(tokio::time::sleep(interval))),
        }
    }

    pub(super) fn received(&mut self) {
        self.last_received = Instant::now();
        self.pinged = false;
    }

    /// From now on the socket has this much time to come to its end.
    pub(super) fn limit(&mut self, time: Duration) {
        self.closing = true;
        self.timer = Some(Box::pin(tokio::time::sleep(time)));
    }

    /// As [`Self::limit`], with the time that a peer gets for its part of the closing handshake.
    pub(super) fn limit_close(&mut self) {
        self.limit(self.timeout.min(Duration::from_secs(10)));
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Verdict> {
        let Some(timer) = &mut self.timer else {
            return Poll::Pending;
        };
        loop {
            std::task::ready!(timer.as_mut().poll(cx));
            if self.closing || self.pinged {
                return Poll::Ready(Verdict::Dead);
            }
            // The timer is not moved for each message; it looks when it fires.
            let due = self.last_received + self.interval;
            let now = Instant::now();
            if due > now {
                timer.as_mut().reset(due);
            } else {
                self.pinged = true;
                timer.as_mut().reset(now + self.timeout);
                return Poll::Ready(Verdict::Ping);
            }
        }
    }
}
