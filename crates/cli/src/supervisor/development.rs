//! One worker that is started again whenever a file changes.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use server::listener::BoundListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::pool::worst;
use super::signals::{Request, Signals};
use super::worker::{Orders, Worker, WorkerEvent, WorkerId};
use super::{SHUTDOWN_ALLOWANCE, events, run};
use crate::banner::Banner;
use crate::exit::Exit;
use crate::launcher::Launcher;
use crate::reload::Watcher;
use crate::report::{Report, shown};
use crate::settings::Settings;

/// Changes that come in a row (an editor's "save all", a branch switched) are answered once.
const SETTLING: Duration = Duration::from_millis(50);
/// A file that is written all the time does not put the answer off for ever.
const LONGEST_SETTLING: Duration = Duration::from_millis(500);
/// What requests in flight get before a restart: a person waits for it.
const PATIENCE: Duration = Duration::from_millis(500);
/// An application that writes one of its own modules whenever it starts would be restarted for ever.
const CHANGES_DURING_START: u32 = 3;
/// What is written so soon after a start may be the work of the application.
const START: Duration = Duration::from_secs(1);

/// Python takes a module's compiled form for current if its source has the same size and was written in the same
/// second, which two quick changes easily are.
const NO_STALE_BYTECODE: &[(&str, &str)] = &[("PYTHONDONTWRITEBYTECODE", "1")];

/// Serves with one worker until a signal asks to stop; a change of a file in `directories` starts it again.
pub(crate) fn develop(
    launcher: Launcher,
    listener: BoundListener,
    settings: Settings,
    directories: &[PathBuf],
) -> Result<Exit, Report> {
    let watcher = Watcher::start(directories)?;
    run(async move {
        let (sender, receiver) = events();
        let orders = Orders {
            launcher,
            listener,
            settings,
            environment: NO_STALE_BYTECODE,
        };
        let session = Session {
            orders,
            watcher,
            signals: Signals::new()?,
            worker: None,
            starts: 0,
            changes_during_start: HashMap::new(),
            sender,
            receiver,
        };
        session.run().await
    })
}

struct Session {
    orders: Orders,
    watcher: Watcher,
    signals: Signals,
    worker: Option<Worker>,
    starts: u64,
    changes_during_start: HashMap<PathBuf, u32>,
    sender: UnboundedSender<WorkerEvent>,
    receiver: UnboundedReceiver<WorkerEvent>,
}

impl Session {
    async fn run(mut self) -> io::Result<Exit> {
        self.start()?;
        loop {
            tokio::select! {
                Some(event) = self.receiver.recv() => self.on_event(event),
                Some(path) = self.watcher.written() => self.on_write(path).await?,
                request = self.signals.next() => match request {
                    Request::Stop(_) => return Ok(self.finish().await),
                    Request::Reload => self.restart().await?,
                },
            }
        }
    }

    fn start(&mut self) -> io::Result<()> {
        self.starts += 1;
        self.worker = Some(Worker::start(WorkerId(self.starts), &self.orders, &self.sender)?);
        Ok(())
    }

    fn on_event(&mut self, event: WorkerEvent) {
        match event {
            WorkerEvent::Ready(WorkerId(id), served) if id == self.starts => {
                if let Some(worker) = &mut self.worker {
                    worker.ready = true;
                }
                Banner {
                    served: &served,
                    address: self.orders.listener.address(),
                    workers: 1,
                }
                .print();
                if id == 1 {
                    eprintln!("  watching {} for changes", self.watcher.describe());
                }
            }
            WorkerEvent::Ended(WorkerId(id), status) if id == self.starts => {
                self.worker = None;
                eprintln!("dev: {}; waiting for a change", describe(status));
            }
            WorkerEvent::Ready(..) | WorkerEvent::Ended(..) => {}
        }
    }

    async fn on_write(&mut self, path: PathBuf) -> io::Result<()> {
        let starting = self
            .worker
            .as_ref()
            .is_some_and(|worker| !worker.ready || worker.age() < START);
        let mut changed = vec![path];
        let latest = Instant::now() + LONGEST_SETTLING;
        while let Ok(Some(path)) =
            timeout_at(latest.min(Instant::now() + SETTLING), self.watcher.written()).await
        {
            if !changed.contains(&path) {
                changed.push(path);
            }
        }
        changed.retain(|path| self.watcher.has_changed(path));
        if changed.is_empty() || self.is_endless(&changed, starting) {
            return Ok(());
        }
        eprintln!("dev: {} changed, restarting", shown(&changed[0]));
        self.restart().await
    }

    async fn restart(&mut self) -> io::Result<()> {
        if let Some(worker) = self.worker.take() {
            worker.stop();
            if timeout(PATIENCE, ended(&mut self.receiver, self.starts))
                .await
                .is_err()
            {
                worker.kill();
                ended(&mut self.receiver, self.starts).await;
            }
        }
        self.start()
    }

    /// Ends the worker as without `dev`: requests in flight get their time, and a second signal skips it.
    async fn finish(self) -> Exit {
        let Self {
            orders,
            mut signals,
            worker,
            starts,
            mut receiver,
            ..
        } = self;
        let patience = orders.settings.graceful_timeout() + SHUTDOWN_ALLOWANCE;
        // As long as anyone holds the listening socket, clients are not refused.
        drop(orders);
        let Some(worker) = worker else {
            return Exit::Success;
        };
        worker.stop();
        let mut exit = Exit::Success;
        tokio::select! {
            status = ended(&mut receiver, starts) => return status.map_or(exit, |status| worst(exit, Exit::of_child(status))),
            () = sleep(patience) => tracing::error!("the worker does not stop and is ended"),
            request = stop_requested(&mut signals) => exit = Exit::Other(128 + request),
        }
        worker.kill();
        ended(&mut receiver, starts).await;
        exit
    }

    /// Whether every one of the files changed during each of the last starts.
    fn is_endless(&mut self, changed: &[PathBuf], starting: bool) -> bool {
        if !starting {
            self.changes_during_start.clear();
            return false;
        }
        let mut endless = true;
        for path in changed {
            let count = self.changes_during_start.entry(path.clone()).or_default();
            *count += 1;
            endless &= *count > CHANGES_DURING_START;
        }
        if endless {
            eprintln!(
                "dev: {} changes whenever the application starts; not restarting",
                shown(&changed[0])
            );
        }
        endless
    }
}

/// Waits for the end of the worker `last`.
async fn ended(events: &mut UnboundedReceiver<WorkerEvent>, last: u64) -> Option<ExitStatus> {
    loop {
        match events.recv().await? {
            WorkerEvent::Ended(WorkerId(id), status) if id == last => return Some(status),
            WorkerEvent::Ready(..) | WorkerEvent::Ended(..) => {}
        }
    }
}

/// The number of the next signal that asks to stop.
async fn stop_requested(signals: &mut Signals) -> u8 {
    loop {
        if let Request::Stop(number) = signals.next().await {
            return number;
        }
    }
}

fn describe(status: ExitStatus) -> String {
    match Exit::of_child(status) {
        Exit::Success => "the application ended".to_owned(),
        exit if exit == Exit::Other(Exit::Application.code()) => "the application did not start".to_owned(),
        _ => format!("the application failed ({status})"),
    }
}
