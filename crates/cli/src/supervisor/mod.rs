//! The process that keeps the workers: it binds the port, starts the processes that serve, replaces those that die,
//! and never runs any of the application's code itself.

mod backoff;
mod channel;
mod development;
mod own_writes;
mod pool;
mod signals;
mod worker;

use std::io;
use std::time::Duration;

pub(crate) use channel::WorkerLine;
pub(crate) use development::develop;
use server::listener::BoundListener;
use signals::Signals;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use worker::{Orders, WorkerEvent};

use crate::exit::Exit;
use crate::launcher::Launcher;
use crate::report::Report;
use crate::settings::Settings;

/// What workers get beyond the time that requests in flight have, for the application's own shutdown.
const SHUTDOWN_ALLOWANCE: Duration = Duration::from_secs(10);

/// Serves with worker processes until a signal asks to stop.
pub(crate) fn supervise(
    launcher: Launcher,
    listener: BoundListener,
    settings: Settings,
) -> Result<Exit, Report> {
    run(async move {
        let count = settings.workers.count();
        let orders = Orders {
            launcher,
            listener,
            settings,
            environment: &[],
        };
        Ok(pool::Pool::new(orders, count).run(Signals::new()?).await)
    })
}

/// Runs `work` on a runtime of its own; one thread is plenty.
fn run(work: impl Future<Output = io::Result<Exit>>) -> Result<Exit, Report> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .and_then(|runtime| runtime.block_on(work))
        .map_err(|error| {
            Report::new(Exit::Internal, "cannot supervise worker processes").cause(error.to_string())
        })
}

fn events() -> (UnboundedSender<WorkerEvent>, UnboundedReceiver<WorkerEvent>) {
    unbounded_channel()
}
