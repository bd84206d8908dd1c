//! `dev`.

use std::path::PathBuf;

use super::run::bind;
use crate::exit::Exit;
use crate::launcher::Launcher;
use crate::report::Report;
use crate::settings::Settings;
use crate::supervisor::develop;

/// Serves, and starts the application again whenever a file in `watch` (the application's directory if none is
/// named) changes.
pub(crate) fn dev(launcher: Launcher, settings: Settings, watch: Vec<PathBuf>) -> Result<Exit, Report> {
    let listener = bind(&settings)?;
    let directories = if watch.is_empty() {
        vec![settings.app_dir.clone()]
    } else {
        watch
    };
    develop(launcher, listener, settings, &directories)
}
