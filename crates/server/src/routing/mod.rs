//! Finds the route of a request among any number of routes at a cost that does not grow with their number.
//!
//! The outcome is the one of a scan in declaration order, as Starlette's router makes it: the first route whose path
//! and method match wins; if only paths match, the first of those answers 405; if none does but one would with or
//! without a trailing slash, the client is redirected. Static paths are found by one hash lookup, the others through
//! a tree over path segments whose nodes know the earliest route below them.

mod convertor;
mod matcher;
mod methods;
mod pattern;
mod table;
mod tree;

pub use convertor::{Convertor, CustomConvertor};
pub use methods::MethodSet;
pub use pattern::{Pattern, PatternError};
pub use table::{Lookup, ParamRanges, RouteTable, RouteTableBuilder};

#[cfg(test)]
mod tests;
