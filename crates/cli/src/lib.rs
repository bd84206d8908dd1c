//! The command line of `fastrapi-server`.
