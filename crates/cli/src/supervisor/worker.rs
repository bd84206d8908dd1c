//! One worker process, seen from its supervisor.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use server::listener::BoundListener;
use server::siblings::Tally;
use tokio::sync::mpsc::UnboundedSender;

use super::channel;
use crate::banner::Served;
use crate::launcher::Launcher;
use crate::settings::Settings;

/// Identifies a worker for as long as the supervisor runs; process ids are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct WorkerId(pub(super) u64);

/// What happened to a worker.
#[derive(Debug)]
pub(super) enum WorkerEvent {
    /// It serves requests.
    Ready(WorkerId, Served),
    /// Its process ended.
    Ended(WorkerId, ExitStatus),
}

/// What every worker is started with.
#[derive(Debug)]
pub(super) struct Orders {
    pub(super) launcher: Launcher,
    pub(super) listener: BoundListener,
    pub(super) settings: Settings,
    /// Variables that the process gets beside its supervisor's.
    pub(super) environment: &'static [(&'static str, &'static str)],
}

/// A running worker.
#[derive(Debug)]
pub(super) struct Worker {
    pid: Pid,
    started: Instant,
    /// Whether it serves requests.
    pub(super) ready: bool,
    /// Its place in the tally of connections.
    pub(super) place: Option<usize>,
    /// Dropping it tells the worker that nobody supervises it any more.
    _line: UnixStream,
}

impl Worker {
    /// Starts a process. What happens to it comes as `events` under the name `id`. It shares connections out with those
    /// that have other places in the tally.
    pub(super) fn start(
        id: WorkerId,
        orders: &Orders,
        seat: Option<(&Tally, usize)>,
        events: &UnboundedSender<WorkerEvent>,
    ) -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        let place = seat.map(|(tally, place)| (tally.as_fd(), place));
        channel::send_orders(&ours, orders.listener.as_fd(), place, &orders.settings)?;
        let mut child = orders
            .launcher
            .worker(orders.settings.app.as_deref())
            .envs(orders.environment.iter().copied())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            // Ctrl-C in a terminal goes to a whole process group: the supervisor alone is to get it, and decide.
            .process_group(0)
            .spawn()?;
        let pid = child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other("the process has no id"))?;

        let announcement = channel::read_announcement(ours.try_clone()?);
        let events = events.clone();
        tokio::spawn(async move {
            // The receiver is gone when the supervisor is ending: nobody to tell.
            if let Some(served) = announcement.await {
                let _ending = events.send(WorkerEvent::Ready(id, served));
            }
            match child.wait().await {
                Ok(status) => {
                    let _ending = events.send(WorkerEvent::Ended(id, status));
                }
                Err(error) => {
                    tracing::error!(
                        "the end of process {pid} cannot be waited for: {error}",
                        pid = pid.as_raw_nonzero()
                    );
                }
            }
        });
        Ok(Self {
            pid,
            started: Instant::now(),
            ready: false,
            place: seat.map(|(_, place)| place),
            _line: ours,
        })
    }

    /// How long it has been running.
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// The process id, for the log.
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Asks it to finish what it does and end; asked twice, it ends at once.
    pub(super) fn stop(&self) {
        self.signal(Signal::TERM);
    }

    /// Ends it.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // It may have ended meanwhile, which its event tells.
        let _ended = kill_process(self.pid, signal);
    }
}
