//! The shared library that Python imports as `fastrapi._core`. The module is defined in `crates/cli`; being a crate of
//! its own lets the library be optimised as a whole, and share its dependencies' compilation with the binary.

extern crate cli as _;
