//! Serving in this process.

use pybridge::asgi::LifespanMode;
use pybridge::event_loop;
use pybridge::interpreter::{self, PYTHON_VERSION};
use pybridge::placement::SyncMode;
use pybridge::run::{self, ServeOptions};
use server::listener::{BoundListener, LocalAddress};

use super::{failure, python};
use crate::banner::Served;
use crate::exit::Exit;
use crate::logging;
use crate::report::Report;
use crate::settings::{Lane, Lifespan, LoopKind, Placement, Settings};

/// Loads the application and serves it on `listener` until a signal asks to stop. `on_ready` is called once clients
/// can connect.
pub(super) fn serve(
    settings: &Settings,
    listener: BoundListener,
    on_ready: impl FnOnce(&Served, &LocalAddress) + Send + 'static,
) -> Result<Exit, Report> {
    let embedded = !interpreter::is_initialized();
    let note = python::start(settings)?;
    let stopped = run::serve(options(settings, listener), move |ready| {
        let served = Served {
            app: ready.application.clone(),
            python: PYTHON_VERSION.to_owned(),
            event_loop: ready.event_loop.to_owned(),
            routes: ready.routes.map(|counts| (counts.direct, counts.general)),
            note,
        };
        on_ready(&served, &ready.address);
    });
    let stopped = stopped.map_err(|error| failure::of_run(&error, settings));
    let threads_left = stopped.as_ref().is_ok_and(|stopped| stopped.threads_left);
    // Threads that are still in the application would be ended, or hang, while the interpreter is taken down.
    if embedded && !threads_left {
        if let Err(error) = interpreter::finalize() {
            tracing::error!("{error}");
        }
    }
    Ok(stopped?
        .forced_by
        .and_then(|signal| u8::try_from(128 + signal).ok())
        .map_or(Exit::Success, Exit::Other))
}

fn options(settings: &Settings, listener: BoundListener) -> ServeOptions {
    ServeOptions {
        target: python::target(settings),
        server: settings.server(),
        listener,
        backlog: settings.backlog,
        loop_kind: match settings.r#loop {
            LoopKind::Auto => event_loop::LoopKind::Auto,
            LoopKind::Uvloop => event_loop::LoopKind::Uvloop,
            LoopKind::Asyncio => event_loop::LoopKind::Asyncio,
        },
        lifespan: match settings.lifespan {
            Lifespan::Auto => LifespanMode::Auto,
            Lifespan::On => LifespanMode::On,
            Lifespan::Off => LifespanMode::Off,
        },
        processes: settings.workers.count(),
        worker_threads: settings.threads,
        direct_lane: settings.lane == Lane::Auto,
        sync_mode: match settings.sync {
            Placement::Auto => SyncMode::Auto,
            Placement::Inline => SyncMode::Inline,
            Placement::Pool => SyncMode::Pool,
        },
        access_log: settings.access_log.then(logging::access_log),
        root_path: settings.root_path.clone(),
    }
}
