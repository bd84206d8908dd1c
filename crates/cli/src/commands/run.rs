//! `run`, and the worker processes that it starts.

use std::io;

use rustix::process::{Signal, getpid, kill_process};
use server::listener::{self, BoundListener, ListenError};

use super::serve::serve;
use crate::banner::Banner;
use crate::exit::Exit;
use crate::launcher::Launcher;
use crate::logging;
use crate::report::Report;
use crate::settings::Settings;
use crate::supervisor::{WorkerLine, supervise};

/// Serves until a signal asks to stop.
pub(crate) fn run(launcher: Launcher, settings: Settings) -> Result<Exit, Report> {
    let listener = bind(&settings)?;
    if settings.supervisor {
        return supervise(launcher, listener, settings);
    }
    if settings.workers.count() > 1 {
        return Err(
            Report::new(Exit::Configuration, "several workers need a supervisor")
                .hint("leave out --no-supervisor, or --workers"),
        );
    }
    serve(&settings, listener, |served, address| {
        Banner {
            served,
            address,
            workers: 1,
        }
        .print();
    })
}

/// Binds before the application is imported, so that a port in use is reported at once.
pub(super) fn bind(settings: &Settings) -> Result<BoundListener, Report> {
    listener::bind(&settings.address()).map_err(|error| cannot_listen(&error))
}

/// The report of an address that cannot be listened on.
pub(super) fn cannot_listen(error: &ListenError) -> Report {
    Report::new(Exit::Listen, format!("cannot {} {}", error.step, error.address))
        .cause(error.source.to_string())
        .maybe_hint(error.hint())
}

/// Serves on the socket and with the settings that a supervisor sends.
pub(crate) fn worker() -> Result<Exit, Report> {
    let no_supervisor = |error: io::Error| {
        Report::new(
            Exit::Usage,
            "--worker is for processes that fastrapi-server starts itself",
        )
        .cause(error.to_string())
    };
    let mut line = WorkerLine::take().map_err(no_supervisor)?;
    let orders = line.receive_orders().map_err(no_supervisor)?;
    let settings = orders.settings;
    logging::start(settings.log_level);
    let mut listener = BoundListener::from_fd(orders.listener).map_err(|error| cannot_listen(&error))?;
    if let Some(siblings) = orders.siblings {
        listener = listener.with_siblings(siblings);
    }
    line.watch(stop_this_process).map_err(no_supervisor)?;
    serve(&settings, listener, move |served, _| {
        // A supervisor that is gone is noticed by the watch.
        let _gone = line.announce(served);
    })
}

/// Without its supervisor a worker would hold the port for ever.
fn stop_this_process() {
    if let Err(error) = kill_process(getpid(), Signal::TERM) {
        tracing::error!("cannot stop after the supervisor's end: {error}");
    }
}
