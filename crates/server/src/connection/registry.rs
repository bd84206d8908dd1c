//! All live connections of a server, the coarse clock, and the sweep that enforces timeouts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use slab::Slab;
use tokio::sync::Notify;

use super::state::{Connection, ConnectionInfo};
use crate::config::ServerConfig;
use crate::siblings::Siblings;

/// Length of a tick of the [`Clock`].
const TICK: Duration = Duration::from_millis(500);

/// Ticks since the server started; 0 is never shown, so that it can mean "not set".
#[derive(Debug)]
pub(super) struct Clock(AtomicU32);

impl Clock {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(1))
    }

    pub(super) fn now(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    fn advance(&self) -> u32 {
        let next = self.now().wrapping_add(1).max(1);
        self.0.store(next, Ordering::Relaxed);
        next
    }
}

/// Timeouts in ticks.
#[derive(Debug)]
pub(super) struct Limits {
    pub(super) head: u32,
    pub(super) idle: u32,
    pub(super) body: u32,
    pub(super) body_min_bytes: u32,
    pub(super) write: u32,
}

impl Limits {
    fn new(config: &ServerConfig) -> Self {
        let ticks =
            |time: Duration| u32::try_from(time.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u32::MAX);
        Self {
            head: ticks(config.header_read_timeout),
            idle: ticks(config.keep_alive_timeout),
            body: ticks(config.body_timeout),
            body_min_bytes: config.body_min_bytes,
            write: ticks(config.write_timeout),
        }
    }
}

/// The live connections of one server.
#[derive(Debug)]
pub(crate) struct Registry {
    clock: Arc<Clock>,
    limits: Limits,
    connections: Mutex<Slab<Arc<Connection>>>,
    /// Counts what has come and gone.
    changes: AtomicU32,
    changed: Notify,
    /// Told of every change of the number.
    siblings: Option<Siblings>,
}

impl Registry {
    pub(crate) fn new(config: &ServerConfig, siblings: Option<Siblings>) -> Self {
        Self {
            clock: Arc::new(Clock::new()),
            limits: Limits::new(config),
            connections: Mutex::new(Slab::new()),
            changes: AtomicU32::new(0),
            changed: Notify::new(),
            siblings,
        }
    }

    /// Tells the siblings that no connection is accepted here any more.
    pub(crate) fn leave(&self) {
        let _last_word = self.connections();
        self.siblings.iter().for_each(Siblings::leave);
    }

    pub(crate) fn siblings(&self) -> Option<&Siblings> {
        self.siblings.as_ref()
    }

    /// Tells the siblings that connections are accepted here.
    pub(crate) fn announce(&self) {
        self.publish(&self.connections());
    }

    /// Tells the siblings how many connections there are. To be called with the lock, so that the last word is right.
    fn publish(&self, connections: &Slab<Arc<Connection>>) {
        if let Some(siblings) = &self.siblings {
            siblings.publish(connections.len(), self.changes.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn connections(&self) -> MutexGuard<'_, Slab<Arc<Connection>>> {
        // Nothing panics while the lock is held, and a slab has no invariants that a panic could break half-way.
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn register(self: &Arc<Self>, info: ConnectionInfo) -> Registration {
        let connection = Arc::new(Connection::new(info, Arc::clone(&self.clock)));
        let key = {
            let mut connections = self.connections();
            let key = connections.insert(Arc::clone(&connection));
            self.publish(&connections);
            key
        };
        Registration {
            registry: Arc::clone(self),
            key,
            connection,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.connections().len()
    }

    /// Completes once fewer than `limit` connections are open.
    pub(crate) async fn below(&self, limit: usize) {
        loop {
            let changed = self.changed.notified();
            if self.len() < limit {
                return;
            }
            changed.await;
        }
    }

    /// Asks every connection to finish what it does and close.
    pub(crate) fn drain(&self) {
        for (_, connection) in self.connections().iter() {
            connection.drain();
        }
    }

    /// Ends every connection now; says how many there were.
    pub(crate) fn kill(&self) -> usize {
        let connections = self.connections();
        for (_, connection) in connections.iter() {
            connection.kill();
        }
        connections.len()
    }

    /// Advances the clock and enforces timeouts, for ever.
    pub(crate) async fn sweep(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            let now = self.clock.advance();
            for (_, connection) in self.connections().iter() {
                connection.enforce(&self.limits, now);
            }
        }
    }
}

/// Keeps a connection in the registry; dropped together with its socket.
#[derive(Debug)]
pub(crate) struct Registration {
    registry: Arc<Registry>,
    key: usize,
    pub(crate) connection: Arc<Connection>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        {
            let mut connections = self.registry.connections();
            connections.remove(self.key);
            self.registry.publish(&connections);
        }
        self.registry.changed.notify_waiters();
    }
}
