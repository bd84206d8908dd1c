//! What each command does.

mod check;
mod dev;
mod failure;
mod python;
mod routes;
mod run;
mod serve;

pub(crate) use check::check;
pub(crate) use dev::dev;
pub(crate) use routes::routes;
pub(crate) use run::{run, worker};
