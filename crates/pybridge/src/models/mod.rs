//! The plain part of pydantic, compiled: JSON straight into instances of models, and instances straight to JSON.
//!
//! `fastrapi.plan.models` decides which types are plain. For these, reading and writing know only what *succeeds*
//! without any doubt; everything else is [`NotPlain`], and pydantic, which has seen nothing of the value yet, takes it.

mod instance;
mod read;
mod shapes;
mod testing;
#[cfg(test)]
mod tests;
mod write;

pub use shapes::Shapes;
pub use testing::{ModelReader, ModelWriter};

/// The value is for pydantic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is for pydantic")]
pub struct NotPlain;

/// How deep values may nest; pydantic has limits of its own behind this one.
const MAX_DEPTH: usize = 64;
