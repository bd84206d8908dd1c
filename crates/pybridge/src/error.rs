//! Why running an application ended other than by a stop.
use crate::asgi::LifespanError;
use crate::loader::LoadError;

/// What the command line turns into an exit code.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The application could not be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The application did not start or stop properly.
    #[error(transparent)]
    Lifespan(#[from] LifespanError),
    /// The socket could not be opened for clients.
    #[error(transparent)]
    Listen(#[from] server::listener::ListenError),
    /// Serving failed.
    #[error(transparent)]
    Serve(#[from] server::ServeError),
    /// The event loop could not be made: uvloop was asked for and cannot be imported, for example.
    #[error("cannot make the event loop: {0}")]
    EventLoop(String),
    /// The application's routes could not be prepared: a fault of this program.
    #[error("cannot prepare the application's routes: {0}")]
    Prepare(String),
    /// Threads or signal handlers could not be set up.
    #[error("cannot set up the runtime: {0}")]
    Runtime(#[source] std::io::Error),
    /// The routes of the loaded application could not be described.
    #[error("cannot describe the application's routes: {0}")]
    Inspect(String),
    /// The task that serves ended without an outcome: it panicked, which has been logged.
    #[error("the server ended unexpectedly")]
    Ended,
}
