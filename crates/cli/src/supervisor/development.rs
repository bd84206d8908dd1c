//! One worker that is started again whenever a file changes.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use server::listener::BoundListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};

use super::own_writes::{Answer, OwnWrites};
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
            own_writes: OwnWrites::default(),
            postponed: None,
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
    own_writes: OwnWrites,
    /// A change that is still to be answered, and when.
    postponed: Option<(PathBuf, Instant)>,
    sender: UnboundedSender<WorkerEvent>,
    receiver: UnboundedReceiver<WorkerEvent>,
}

impl Session {
    async fn run(mut self) -> io::Result<Exit> {
        self.start()?;
        loop {
            let due = self.postponed.as_ref().map(|(_, due)| *due);
            tokio::select! {
                Some(event) = self.receiver.recv() => self.on_event(event),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.on_quiet().await?,
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
        self.worker = Some(Worker::start(
            WorkerId(self.starts),
            &self.orders,
            None,
            &self.sender,
        )?);
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
        let Some(first) = changed.first().cloned() else {
            return Ok(());
        };
        let answer = if starting {
            self.own_writes.answer(&changed, self.starts)
        } else {
            self.own_writes.clear();
            Answer::AtOnce
        };
        match answer {
            Answer::AtOnce => return self.restart_for(&first).await,
            Answer::WhenQuiet => {
                eprintln!(
                    "dev: {} changes again and again; restarting when it stays as it is",
                    shown(&first)
                );
                self.postponed = Some((first, Instant::now() + START));
            }
            Answer::Never => {
                eprintln!(
                    "dev: {} changes whenever the application starts; not restarting until it is saved again",
                    shown(&first)
                );
                // Whatever is saved counts, the same content included.
                changed.iter().for_each(|path| self.watcher.forget(path));
            }
        }
        Ok(())
    }

    /// The time has come for what was postponed, unless the application is still about to start.
    async fn on_quiet(&mut self) -> io::Result<()> {
        let Some((path, _)) = self.postponed.take() else {
            return Ok(());
        };
        if self.worker.as_ref().is_some_and(|worker| !worker.ready) {
            self.postponed = Some((path, Instant::now() + START));
            return Ok(());
        }
        self.restart_for(&path).await
    }

    async fn restart_for(&mut self, path: &Path) -> io::Result<()> {
        eprintln!("dev: {} changed, restarting", shown(path));
        self.restart().await
    }

    async fn restart(&mut self) -> io::Result<()> {
        self.postponed = None;
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
            // How one ends that never served says nothing about the stop.
            status = ended(&mut receiver, starts) => return status.filter(|_| worker.ready).map_or(exit, Exit::of_child),
            () = sleep(patience) => tracing::error!("the worker does not stop and is ended"),
            request = stop_requested(&mut signals) => exit = Exit::Other(128 + request),
        }
        worker.kill();
        ended(&mut receiver, starts).await;
        exit
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
