//! The accept loop and the stop.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::net::{TcpStream, UnixStream};

use crate::config::ServerConfig;
use crate::connection::{ConnectionInfo, ConnectionIo, Protocol, Registry, Stream, run};
use crate::listener::{AcceptSocket, Listener, LocalAddress};
use crate::shutdown::{ShutdownPhase, ShutdownSignal};
use crate::siblings::{PLACES, Patience};
use crate::{Application, ServeError};

/// How serving went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServeReport {
    /// Connections accepted.
    pub accepted: u64,
    /// Connections that were cut off because the stop was forced or its time was over.
    pub aborted: usize,
}

/// Serves `application` on `listener` until `shutdown` asks for a stop and the stop is complete.
///
/// On a graceful stop no further connection is accepted, idle ones close at once (those that are new after a moment in
/// which their first request may still come), requests in flight may finish
/// within [`ServerConfig::graceful_timeout`] (HTTP/2 clients get GOAWAY, WebSockets a close with 1001), then what is
/// left is cut off.
///
/// # Errors
/// [`ServeError`] when the configuration is contradictory or the listener fails for good.
pub async fn serve<S: Application>(
    mut listener: Listener,
    config: ServerConfig,
    application: S,
    mut shutdown: ShutdownSignal,
) -> Result<ServeReport, ServeError> {
    let protocol = Arc::new(Protocol::new(&config)?);
    let registry = Arc::new(Registry::new(&config, listener.take_siblings()));
    let local = listener.address().clone();
    let socket = listener.into_tokio().map_err(ServeError::Register)?;
    let sweep = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move { registry.sweep().await }
    });
    let mut acceptor = Acceptor {
        socket,
        local,
        registry: Arc::clone(&registry),
        limit: config.max_connections,
        patience: Patience::new(),
    };
    registry.announce();
    let mut report = ServeReport::default();
    let outcome = loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.reached(ShutdownPhase::Graceful) => break Ok(()),
            accepted = acceptor.accept() => accepted,
        };
        match accepted {
            Ok(io) => {
                report.accepted += 1;
                start(io, &protocol, &application);
            }
            Err(error) => break Err(ServeError::Accept(error)),
        }
    };
    registry.leave();
    if outcome.is_ok() {
        tokio::time::sleep(SETTLE).await;
        for io in acceptor.waiting() {
            report.accepted += 1;
            start(io, &protocol, &application);
        }
    }
    drop(acceptor);
    report.aborted = drain(&registry, config.graceful_timeout, &mut shutdown).await;
    sweep.abort();
    outcome.map(|()| report)
}

fn start<S: Application>(io: ConnectionIo, protocol: &Arc<Protocol>, application: &S) {
    let (protocol, application) = (Arc::clone(protocol), application.clone());
    tokio::spawn(async move { run(io, &protocol, application).await });
}

/// Ends all connections, gracefully as long as that is allowed; says how many had to be cut off.
async fn drain(registry: &Registry, patience: Duration, shutdown: &mut ShutdownSignal) -> usize {
    registry.drain();
    tokio::select! {
        () = registry.below(1) => return 0,
        () = shutdown.reached(ShutdownPhase::Forced) => {}
        () = tokio::time::sleep(patience) => {}
    }
    let aborted = registry.kill();
    // Killed tasks end when they are next polled; a handler that blocks its thread must not hold up the stop.
    if tokio::time::timeout(Duration::from_secs(1), registry.below(1))
        .await
        .is_err()
    {
        tracing::warn!(
            connections = registry.len(),
            "connections did not end when they were cut off"
        );
    }
    aborted
}

/// For so long everything goes on after a stop was ordered. A timer that has run out means that the runtime has looked at
/// all sockets since it was set: connections and requests that were there before the order are seen.
const SETTLE: Duration = Duration::from_millis(5);

/// No system keeps a longer queue of connections without being told to; clients that go on connecting must not put a stop
/// off.
const MOST_WAITING: usize = 4096;

/// For so long, and at most so often for one connection, a process waits for siblings that have fewer connections.
const TURN: Duration = Duration::from_millis(1);
const TURNS: u32 = 3;

struct Acceptor {
    socket: AcceptSocket,
    local: LocalAddress,
    registry: Arc<Registry>,
    limit: usize,
    patience: Patience,
}

impl Acceptor {
    /// The connections that the system has taken for us already: closing the socket would reset them.
    fn waiting(&mut self) -> Vec<ConnectionIo> {
        std::iter::from_fn(|| self.accept_once().now_or_never()?.ok())
            .take(MOST_WAITING)
            .collect()
    }

    /// The next connection. Failures that concern one connection are skipped, lack of descriptors or memory is waited
    /// out.
    async fn accept(&mut self) -> io::Result<ConnectionIo> {
        let mut pause = Duration::from_millis(10);
        self.let_others_go_first().await;
        loop {
            self.registry.below(self.limit).await;
            match self.accept_once().await {
                Ok(io) => return Ok(io),
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) if is_exhaustion(&error) => {
                    tracing::warn!(%error, "cannot accept connections at the moment");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(1));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits while this process has more connections than a sibling that takes some.
    async fn let_others_go_first(&mut self) {
        let Some(siblings) = self.registry.siblings() else {
            return;
        };
        let before = siblings.behind(self.registry.len(), &self.patience);
        let mut after = before;
        for _ in 0..TURNS {
            if after == [0; PLACES] {
                return;
            }
            tokio::time::sleep(TURN).await;
            after = siblings.behind(self.registry.len(), &self.patience);
        }
        self.patience.give_up(&before, &after);
    }

    async fn accept_once(&mut self) -> io::Result<ConnectionIo> {
        let (stream, peer, local) = match &self.socket {
            AcceptSocket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                let local = local_address(&stream, &self.local);
                (Stream::Tcp(stream), Some(peer), local)
            }
            AcceptSocket::Unix(listener) => {
                let (stream, _): (UnixStream, _) = listener.accept().await?;
                (Stream::Unix(stream), None, self.local.clone())
            }
        };
        let info = ConnectionInfo {
            peer,
            local,
            scheme: "http",
        };
        Ok(ConnectionIo::new(stream, self.registry.register(info)))
    }
}

/// Turns Nagle's algorithm off and says which of the machine's addresses the client connected to.
fn local_address(stream: &TcpStream, listening: &LocalAddress) -> LocalAddress {
    // Both fail only if the client has already reset the connection, which the first read will show.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    stream
        .local_addr()
        .map_or_else(|_| listening.clone(), LocalAddress::Tcp)
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            // accept(2) passes on pending errors of the network layer, to be treated like EAGAIN.
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
    ) || error
        .raw_os_error()
        .is_some_and(|code| [libc::EPROTO, libc::EPERM, libc::ENOPROTOOPT].contains(&code))
}

fn is_exhaustion(error: &io::Error) -> bool {
    error
        .raw_os_error()
        .is_some_and(|code| [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM].contains(&code))
}
