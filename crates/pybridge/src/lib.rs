//! Where Rust and Python meet: the embedded interpreter, the event loop, and the two lanes that a request can take.

pub mod coroutine;
pub mod direct;
pub mod event_loop;
pub mod interpreter;
pub mod json;
