//! A fixed number of workers, kept alive and replaced one by one.

use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::time::Duration;

use pybridge::interpreter;
use server::listener::LocalAddress;
use server::siblings::{PLACES, Tally};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep_until};

use super::backoff::Backoff;
use super::signals::{Request, Signals};
use super::worker::{Orders, Worker, WorkerEvent, WorkerId};
use super::{SHUTDOWN_ALLOWANCE, events};
use crate::banner::{Banner, Served};
use crate::exit::Exit;

/// Where the pool stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No worker serves yet; if one fails, the server has failed.
    Starting,
    Serving,
    /// Every worker was told to stop; afterwards the process ends with this status.
    Stopping(Exit),
}

/// One of the places that a worker fills.
#[derive(Debug, Default)]
struct Slot {
    current: Option<WorkerId>,
    backoff: Backoff,
    /// When the place is filled again.
    due: Option<Instant>,
}

/// A replacement under way: the new worker has been started and the old one still serves.
#[derive(Debug)]
struct Replacement {
    slot: usize,
    successor: WorkerId,
}

pub(super) struct Pool {
    /// None once the pool is stopping: as long as anyone holds the listening socket, clients are not refused.
    orders: Option<Orders>,
    address: LocalAddress,
    grace: Duration,
    slots: Vec<Slot>,
    /// Where the workers tell each other how many connections they have, if there are several.
    tally: Option<Tally>,
    /// All processes, those that were told to stop included.
    workers: BTreeMap<WorkerId, Worker>,
    phase: Phase,
    /// The banner, which says that all workers serve, has been printed.
    announced: bool,
    replacement: Option<Replacement>,
    /// Places whose worker is still to be replaced.
    to_replace: Vec<usize>,
    stop_deadline: Option<Instant>,
    next_id: u64,
    sender: UnboundedSender<WorkerEvent>,
    receiver: UnboundedReceiver<WorkerEvent>,
}

impl Pool {
    pub(super) fn new(orders: Orders, count: usize) -> Self {
        let (sender, receiver) = events();
        Self {
            address: orders.listener.address().clone(),
            grace: orders.settings.graceful_timeout(),
            orders: Some(orders),
            tally: (count > 1).then(tally).flatten(),
            slots: std::iter::repeat_with(Slot::default).take(count).collect(),
            workers: BTreeMap::new(),
            phase: Phase::Starting,
            announced: false,
            replacement: None,
            to_replace: Vec::new(),
            stop_deadline: None,
            next_id: 0,
            sender,
            receiver,
        }
    }

    pub(super) async fn run(mut self, mut signals: Signals) -> Exit {
        for slot in 0..self.slots.len() {
            self.fill(slot);
        }
        loop {
            if let (Phase::Stopping(exit), true) = (self.phase, self.workers.is_empty()) {
                return exit;
            }
            let alarm = self.next_alarm();
            tokio::select! {
                Some(event) = self.receiver.recv() => self.on_event(event),
                request = signals.next() => self.on_request(request),
                () = sleep_until(alarm.unwrap_or_else(Instant::now)), if alarm.is_some() => self.on_alarm(),
            }
        }
    }

    fn next_alarm(&self) -> Option<Instant> {
        self.slots
            .iter()
            .filter_map(|slot| slot.due)
            .chain(self.stop_deadline)
            .min()
    }

    /// Starts a worker in an empty place.
    fn fill(&mut self, slot: usize) {
        self.slots[slot].due = None;
        self.slots[slot].current = self.start();
        if self.slots[slot].current.is_none() {
            self.on_vacancy(slot, Duration::ZERO, Exit::Internal);
        }
    }

    fn start(&mut self) -> Option<WorkerId> {
        let orders = self.orders.as_ref()?;
        let id = WorkerId(self.next_id);
        self.next_id += 1;
        let seat = self.tally.as_ref().zip(self.free_place());
        match Worker::start(id, orders, seat, &self.sender) {
            Ok(worker) => {
                tracing::debug!("worker {} starts", worker.pid());
                self.workers.insert(id, worker);
                Some(id)
            }
            Err(error) => {
                tracing::error!("cannot start a worker process: {error}");
                None
            }
        }
    }

    fn free_place(&self) -> Option<usize> {
        let is_free = |place: &usize| !self.workers.values().any(|worker| worker.place == Some(*place));
        (0..PLACES).find(is_free)
    }

    fn on_event(&mut self, event: WorkerEvent) {
        match event {
            WorkerEvent::Ready(id, served) => self.on_ready(id, &served),
            WorkerEvent::Ended(id, status) => self.on_end(id, status),
        }
    }

    fn on_ready(&mut self, id: WorkerId, served: &Served) {
        let Some(worker) = self.workers.get_mut(&id) else {
            return;
        };
        worker.ready = true;
        if self.phase == Phase::Starting {
            // From here on there are clients to be served: the end of a worker, ready or not, must not end the server.
            self.phase = Phase::Serving;
        }
        if !self.announced && self.workers.values().all(|worker| worker.ready) {
            self.announced = true;
            Banner {
                served,
                address: &self.address,
                workers: self.slots.len(),
            }
            .print();
            interpreter::release_image();
            interpreter::trim_heap();
        }
        if let Some(Replacement { slot, .. }) = self
            .replacement
            .take_if(|replacement| replacement.successor == id)
        {
            let predecessor = self.slots[slot].current.replace(id);
            if let Some(old) = predecessor.and_then(|old| self.workers.get(&old)) {
                old.stop();
            }
            self.replace_next();
        }
    }

    fn on_end(&mut self, id: WorkerId, status: ExitStatus) {
        let Some(worker) = self.workers.remove(&id) else {
            return;
        };
        if let Some((tally, place)) = self.tally.as_ref().zip(worker.place) {
            if let Err(error) = tally.clear(place) {
                tracing::debug!(
                    "the connections of worker {} are still counted: {error}",
                    worker.pid()
                );
            }
        }
        if let Phase::Stopping(exit) = self.phase {
            // How one ends that never served says nothing about the stop.
            if worker.ready {
                self.phase = Phase::Stopping(worst(exit, Exit::of_child(status)));
            }
            return;
        }
        if self
            .replacement
            .take_if(|replacement| replacement.successor == id)
            .is_some()
        {
            tracing::error!(
                "worker {} did not start ({status}); the old ones go on",
                worker.pid()
            );
            self.to_replace.clear();
            return;
        }
        // Anything else was told to stop, as its successor serves.
        if let Some(slot) = self.slots.iter().position(|slot| slot.current == Some(id)) {
            // One that fails to start has said why.
            if self.phase == Phase::Serving || status.success() {
                tracing::error!("worker {} ended unexpectedly ({status})", worker.pid());
            }
            self.on_vacancy(slot, worker.age(), Exit::of_child(status));
        }
    }

    /// A place became empty that should not be.
    fn on_vacancy(&mut self, slot: usize, lifetime: Duration, exit: Exit) {
        self.slots[slot].current = None;
        if self.phase == Phase::Starting {
            // The worker has said what is wrong. Ending well without ever having served is no success either.
            self.stop(if exit == Exit::Success {
                Exit::Runtime
            } else {
                exit
            });
            return;
        }
        let delay = self.slots[slot].backoff.after(lifetime);
        self.slots[slot].due = Some(Instant::now() + delay);
    }

    fn on_request(&mut self, request: Request) {
        match (request, self.phase) {
            (Request::Stop(_), Phase::Starting | Phase::Serving) => self.stop(Exit::Success),
            (Request::Stop(signal), Phase::Stopping(_)) => {
                self.phase = Phase::Stopping(Exit::Other(128 + signal));
                self.workers.values().for_each(Worker::kill);
            }
            (Request::Reload, Phase::Serving) => {
                tracing::info!("replacing the workers one by one");
                self.to_replace = (0..self.slots.len()).rev().collect();
                if self.replacement.is_none() {
                    self.replace_next();
                }
            }
            (Request::Reload, Phase::Starting | Phase::Stopping(_)) => {}
        }
    }

    /// Starts a successor for the next worker that is to be replaced.
    fn replace_next(&mut self) {
        while let Some(slot) = self.to_replace.pop() {
            // An empty place is about to be filled with a new worker anyway.
            if self.slots[slot].current.is_none() {
                continue;
            }
            self.replacement = self.start().map(|successor| Replacement { slot, successor });
            return;
        }
    }

    fn stop(&mut self, exit: Exit) {
        self.phase = Phase::Stopping(exit);
        self.orders = None;
        self.slots.iter_mut().for_each(|slot| slot.due = None);
        self.workers.values().for_each(Worker::stop);
        self.stop_deadline = Some(Instant::now() + self.grace + SHUTDOWN_ALLOWANCE);
    }

    fn on_alarm(&mut self) {
        let now = Instant::now();
        if self.stop_deadline.take_if(|deadline| *deadline <= now).is_some() {
            tracing::error!("workers that do not stop are ended");
            self.workers.values().for_each(Worker::kill);
        }
        for slot in 0..self.slots.len() {
            if self.slots[slot].due.is_some_and(|due| due <= now) {
                self.fill(slot);
            }
        }
    }
}

/// Without one the system alone shares the connections out, and not always evenly.
fn tally() -> Option<Tally> {
    let made = Tally::new();
    if let Err(error) = &made {
        tracing::warn!("connections may be shared out unevenly among the workers: {error}");
    }
    made.ok()
}

/// The status to end with when a worker that served and was told to stop ended with `worker`.
fn worst(exit: Exit, worker: Exit) -> Exit {
    if exit == Exit::Success { worker } else { exit }
}
