//! Where Rust and Python meet: the embedded interpreter, the event loop, and the two lanes that a request can take.

pub mod application;
pub mod asgi;
mod collector;
pub mod coroutine;
pub mod direct;
pub mod dropin;
pub mod error;
pub mod event_loop;
pub mod interpreter;
pub mod json;
pub mod loader;
pub mod models;
pub mod placement;
pub mod run;
pub mod runtime;
pub mod thread_state;
pub mod threadpool;
