//! Errors of the server as a whole; errors of bodies, listeners and WebSockets live beside those.

/// Why serving ended other than by a stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The listener could not be handed to the runtime.
    #[error("cannot register the listener with the runtime: {0}")]
    Register(#[source] std::io::Error),
    /// The listener failed for good.
    #[error("cannot accept connections any more: {0}")]
    Accept(#[source] std::io::Error),
    /// The configuration contradicts itself.
    #[error("invalid server configuration: {0}")]
    Config(&'static str),
}
