//! What each command does.

mod check;
mod dev;
mod failure;
mod licenses;
mod python;
mod routes;
mod run;
mod serve;

pub(crate) use check::check;
pub(crate) use dev::dev;
pub(crate) use licenses::licenses;
pub(crate) use routes::routes;
pub(crate) use run::{run, worker};
