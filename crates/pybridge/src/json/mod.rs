//! JSON straight from Python's builtin objects, byte for byte what `json.dumps` of the framework writes.
pub(crate) mod encode;
pub(crate) mod float;

pub use encode::{Unencodable, encode};
