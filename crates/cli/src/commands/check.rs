//! `check`.

use pybridge::run::inspect;

use super::{failure, python};
use crate::exit::Exit;
use crate::report::Report;
use crate::settings::Settings;

/// Loads the application, and says that it can be served and what in it is hardly meant.
pub(crate) fn check(settings: &Settings) -> Result<Exit, Report> {
    python::start(settings)?;
    let inspection = inspect(&python::target(settings)).map_err(|error| failure::of_run(&error, settings))?;
    let direct = inspection
        .routes
        .iter()
        .filter(|route| route.lane == "direct")
        .count();
    println!(
        "{} can be served: {} routes, {direct} on the direct lane",
        inspection.application,
        inspection.routes.len()
    );
    for oddity in &inspection.oddities {
        println!("note: {oddity}");
    }
    Ok(Exit::Success)
}
