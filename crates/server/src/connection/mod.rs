//! One client connection: its socket, what it is doing, and the HTTP machinery that runs on it.

mod chunks;
mod driver;
mod forwarded;
mod guard;
mod head;
mod io;
mod refusal;
mod registry;
mod service;
mod state;

pub(crate) use driver::{Protocol, run};
pub use forwarded::TrustedProxies;
pub(crate) use io::{ConnectionIo, Stream};
pub(crate) use registry::Registry;
pub use state::{Connection, ConnectionInfo};
