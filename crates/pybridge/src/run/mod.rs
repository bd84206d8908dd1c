//! What the command line does with an application: serve it, check it, list its routes.
mod inspect;
mod serve;
mod signals;

use std::num::NonZero;

use server::layers::access_log::AccessLog;
use server::listener::{BoundListener, LocalAddress};
use server::{ServeReport, ServerConfig};

use crate::asgi::LifespanMode;
use crate::direct::RouteCounts;
use crate::event_loop::LoopKind;
use crate::loader::AppTarget;
use crate::placement::SyncMode;

pub use inspect::{Inspection, RouteDescription, inspect};
pub use serve::serve;

/// How to serve.
#[derive(Debug)]
pub struct ServeOptions {
    /// The application.
    pub target: AppTarget,
    /// Settings of the server.
    pub server: ServerConfig,
    /// The socket, not yet open for clients.
    pub listener: BoundListener,
    /// Connections that may wait to be accepted.
    pub backlog: u32,
    /// The event loop to use.
    pub loop_kind: LoopKind,
    /// Whether the lifespan protocol is used.
    pub lifespan: LifespanMode,
    /// Processes that serve the application on this machine.
    pub processes: usize,
    /// Threads for the sockets; a default for the machine and the number of processes when absent.
    pub worker_threads: Option<NonZero<usize>>,
    /// Where sync callables run.
    pub sync_mode: SyncMode,
    /// Whether requests may take the direct lane.
    pub direct_lane: bool,
    /// Where a record of each request goes, if it is to be kept.
    pub access_log: Option<AccessLog>,
    /// The prefix under which a proxy publishes the application.
    pub root_path: String,
}

/// What is known once clients can connect.
#[derive(Clone, Debug)]
pub struct Ready {
    /// Where clients connect to.
    pub address: LocalAddress,
    /// `module:attribute` of the application.
    pub application: String,
    /// `"uvloop"` or `"asyncio"`.
    pub event_loop: &'static str,
    /// How many routes there are on each lane; none where every request takes the general one.
    pub routes: Option<RouteCounts>,
}

/// How serving ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stopped {
    /// The server's count.
    pub report: ServeReport,
    /// The signal that ended it by force, if it did.
    pub forced_by: Option<i32>,
    /// Threads are still busy with the application: the process should end without waiting for them.
    pub threads_left: bool,
}
