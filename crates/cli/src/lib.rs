//! The command line of `fastrapi-server`: the standalone binary's, and the extension module's `fastrapi._core.main`.

mod args;
mod banner;
mod commands;
mod exit;
mod launcher;
mod logging;
mod module;
mod reload;
mod report;
mod settings;
mod suggest;
mod supervisor;
mod version;

use std::ffi::OsString;

use args::{Action, Invocation};
pub use exit::Exit;
pub use launcher::Launcher;
use report::Report;

/// Does what the command line `arguments` (the program's name first) asks for, and tells the status to exit with.
/// `launcher` starts this program again, for worker processes.
#[must_use]
pub fn run(arguments: Vec<OsString>, launcher: Launcher) -> Exit {
    match args::parse(arguments) {
        Ok(invocation) => carry_out(invocation, launcher).unwrap_or_else(|report| report.show()),
        Err(answer) => {
            // Help and version are "errors" too, which go to standard output. Nobody reads a closed one.
            let _closed = answer.print();
            if answer.use_stderr() {
                Exit::Usage
            } else {
                Exit::Success
            }
        }
    }
}

fn carry_out(invocation: Invocation, launcher: Launcher) -> Result<Exit, Report> {
    if invocation.worker {
        return commands::worker();
    }
    let Invocation {
        action,
        flags,
        config,
        json,
        watch,
        ..
    } = invocation;
    let settings = || -> Result<_, Report> {
        let settings = settings::resolve(flags, config)?;
        logging::start(settings.log_level);
        Ok(settings)
    };
    match action {
        Action::Run => commands::run(launcher, settings()?),
        Action::Dev => commands::dev(launcher, settings()?, watch),
        Action::Check => commands::check(&settings()?),
        Action::Routes => commands::routes(&settings()?, json),
        Action::Licenses => commands::licenses(),
    }
}
