//! The HTTP and WebSocket server of FastrAPI; it knows no Python.
//!
//! An application is a [`tower::Service`] from [`Request`] to [`Response`]; [`serve()`] runs it on a [`listener`].
//! What a request needs to know of its connection travels with its body: [`RequestBody::connection`] gives addresses,
//! scheme, and whether the client has gone ([`Connection::client_gone`]). A handler's future is dropped when the
//! connection breaks, or its HTTP/2 stream is reset; hold a guard in it to notice.
//!
//! Where a request goes: [`mod@serve`] accepts, `connection` detects the protocol, checks the request and calls the
//! application; [`layers`] wrap an application; [`routing`] finds the route; [`websocket`] and [`static_files`] answer
//! what their names say.

pub mod body;
pub mod config;
mod connection;
mod error;
pub mod layers;
pub mod listener;
pub mod placement;
pub mod routing;
pub mod serve;
pub mod shutdown;
pub mod siblings;
pub mod static_files;
pub mod websocket;

use std::convert::Infallible;

pub use body::{BodyError, RequestBody, ResponseBody};
pub use config::{ServerConfig, WebSocketConfig};
pub use connection::{Connection, ConnectionInfo, TrustedProxies};
pub use error::ServeError;
pub use serve::{ServeReport, serve};
pub use shutdown::{ShutdownController, ShutdownPhase, ShutdownSignal};

/// A request as the server hands it to an application.
pub type Request = http::Request<RequestBody>;

/// A response as an application hands it to the server.
pub type Response = http::Response<ResponseBody>;

/// What the server can serve: any service with these types, cheap to clone.
pub trait Application:
    tower::Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> Application for S where
    S: tower::Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + Sync
        + 'static
{
}
