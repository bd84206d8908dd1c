//! The general lane: any ASGI 3 application.
//!
//! A request is turned into a scope on the loop's thread and the application runs there as a task. What it sends
//! goes to tokio through [`exchange::Exchange`], which both sides share.
mod body;
mod entry;
mod exchange;
mod http;
mod late_heads;
mod lifespan;
mod log;
mod message;
mod receive;
mod response;
mod scope;
mod send;
mod suspension;
mod websocket;

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::event_loop::LoopHandle;

pub(crate) use entry::{ConnectionArguments, internal_server_error, run};
pub(crate) use exchange::{Exchange, Prefetched, body_refusal};
pub(crate) use http::{finish, serve_with, start};
pub use lifespan::{Lifespan, LifespanError, LifespanMode};
pub(crate) use log::exception as log_exception;
pub(crate) use message::type_name;
pub(crate) use send::Send;

/// An ASGI application and what its requests share.
pub struct AsgiApp {
    application: Py<PyAny>,
    event_loop: LoopHandle,
    runtime: tokio::runtime::Handle,
    scopes: scope::ScopeFactory,
    late_heads: late_heads::LateHeads,
    websocket: server::WebSocketConfig,
}

impl std::fmt::Debug for AsgiApp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AsgiApp").finish_non_exhaustive()
    }
}

impl AsgiApp {
    /// Prepares an application. `state` is what its lifespan left for the requests, copied for each; `root_path` the
    /// prefix under which a proxy publishes the application, `config` the server's settings.
    ///
    /// # Errors
    /// Only when Python runs out of memory.
    pub fn new(
        py: Python<'_>,
        application: Py<PyAny>,
        event_loop: LoopHandle,
        runtime: tokio::runtime::Handle,
        state: Option<Py<PyDict>>,
        root_path: &str,
        config: &server::ServerConfig,
    ) -> PyResult<Arc<Self>> {
        let scopes = scope::ScopeFactory::new(py, state, root_path, config.in_memory_body_limit)?;
        Ok(Arc::new(Self {
            application,
            event_loop,
            runtime,
            scopes,
            late_heads: late_heads::LateHeads::default(),
            websocket: config.websocket.clone(),
        }))
    }

    /// The loop that the application runs on.
    #[must_use]
    pub fn event_loop(&self) -> &LoopHandle {
        &self.event_loop
    }

    /// Answers a request with the application.
    pub async fn serve(self: Arc<Self>, request: server::Request) -> server::Response {
        if server::websocket::is_upgrade(&request) {
            return websocket::serve(self, request).await;
        }
        http::serve(self, request).await
    }
}
