//! A worker that is held asleep while another one does the work of the core that both share.
//!
//! Two workers on one core take it from each other when a slice of time ends (1.4 ms and more), and what one has begun
//! waits for as long. But there have to be two, since a call may block one. So the second one sleeps, inside a task:
//! for the runtime it is a worker at work, whom it neither wakes nor counts on.

use std::cell::Cell;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::event_loop::LoopHandle;

/// Between two polls of one task in a row passes less, and more if another task came between them.
const ALONE: Duration = Duration::from_micros(2);
/// So often a task looks whether it is alone in its worker's queue.
const MOST_LOOKS: u32 = 64;

thread_local! {
    static IS_COUNTED: Cell<bool> = const { Cell::new(false) };
}

/// How many workers are awake, apart from one in [`Reserve`].
#[derive(Debug, Default)]
pub(crate) struct Working(AtomicUsize);

impl Working {
    /// The calling worker has work.
    pub(super) fn begin(&self) {
        if !IS_COUNTED.replace(true) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// The calling worker is about to sleep.
    pub(super) fn end(&self) {
        if IS_COUNTED.replace(false) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    pub(super) fn is_anyone(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 0
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duty {
    Asleep,
    Called,
    Dismissed,
}

#[derive(Debug)]
struct State {
    duty: Duty,
    /// How often the sleeper was asked to look at its queue.
    turns: u64,
}

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Reserve {
    state: Mutex<State>,
    changed: Condvar,
    relieved: Notify,
}

impl Reserve {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                duty: Duty::Asleep,
                turns: 0,
            }),
            changed: Condvar::new(),
            relieved: Notify::new(),
        })
    }

    /// Has the worker take part until [`Self::relieve`].
    pub(super) fn call(&self) {
        self.set(Duty::Called);
    }

    /// Has a worker sleep again.
    pub(super) fn relieve(&self) {
        self.set(Duty::Asleep);
        self.relieved.notify_one();
    }

    /// Has the worker run what is in its queue, if anything is, and sleep again.
    pub(super) fn turn(&self) {
        self.lock().turns += 1;
        self.changed.notify_all();
    }

    /// Ends the sleep for good: the runtime waits for its workers when it stops.
    pub(crate) fn dismiss(&self) {
        self.set(Duty::Dismissed);
        self.relieved.notify_one();
    }

    pub(super) fn is_called(&self) -> bool {
        self.lock().duty == Duty::Called
    }

    fn set(&self, duty: Duty) {
        let mut state = self.lock();
        if state.duty != Duty::Dismissed {
            state.duty = duty;
        }
        drop(state);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing can panic while the lock is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task whose worker sleeps, to be spawned once.
    pub(super) async fn stand_by(self: Arc<Self>, working: Arc<Working>, event_loop: LoopHandle) {
        loop {
            let duty = self.lock().duty;
            match duty {
                Duty::Dismissed => return,
                Duty::Called => self.relieved.notified().await,
                Duty::Asleep => {
                    until_alone().await;
                    // What this worker has put off would wait as long as it sleeps.
                    event_loop.flush();
                    self.sleep(&working);
                }
            }
        }
    }

    fn sleep(&self, working: &Working) {
        working.end();
        let mut state = self.lock();
        let turns = state.turns;
        while state.duty == Duty::Asleep && state.turns == turns {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        working.begin();
    }
}

/// Completes when the worker's queue holds no other task: those could wait there until the sleeper's next
/// [turn](Reserve::turn), since others take them over only when they have no work.
async fn until_alone() {
    let mut looks = 0;
    let mut last = None;
    poll_fn(move |context| {
        let now = Instant::now();
        let is_alone = last.replace(now).is_some_and(|last| now - last < ALONE);
        looks += 1;
        if is_alone || looks > MOST_LOOKS {
            return Poll::Ready(());
        }
        // To the end of the queue.
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use pyo3::prelude::*;
    use tokio::runtime::{Builder, Runtime};

    use super::*;
    use crate::event_loop::{EventLoop, LoopKind};

    fn with_reserve(check: impl FnOnce(&Runtime, &Arc<Reserve>)) {
        Python::initialize();
        let event_loop = Python::attach(|py| EventLoop::new(py, LoopKind::Asyncio).unwrap());
        let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let reserve = Reserve::new();
        runtime.spawn(Arc::clone(&reserve).stand_by(Arc::default(), event_loop.handle()));
        check(&runtime, &reserve);
        reserve.dismiss();
        drop(runtime);
        Python::attach(|py| event_loop.close(py).unwrap());
    }

    /// Blocks a worker until the sender is dropped.
    fn block(runtime: &Runtime) -> std::sync::mpsc::Sender<()> {
        let (sender, receiver) = channel::<()>();
        let (started, has_started) = channel();
        runtime.spawn(async move {
            started.send(()).unwrap();
            receiver.recv().unwrap_err();
        });
        has_started.recv().unwrap();
        sender
    }

    #[test]
    fn others_work_while_it_sleeps_and_the_runtime_ends() {
        with_reserve(|runtime, reserve| {
            for _ in 0..1_000 {
                let (sender, receiver) = channel();
                runtime.spawn(async move { sender.send(()).unwrap() });
                receiver.recv().unwrap();
                reserve.turn();
            }
        });
    }

    #[test]
    fn it_works_when_it_is_called_and_sleeps_again() {
        with_reserve(|runtime, reserve| {
            for _ in 0..10 {
                let blocked = block(runtime);
                let (sender, receiver) = channel();
                runtime.spawn(async move { sender.send(()).unwrap() });
                reserve.call();
                assert!(reserve.is_called());
                receiver.recv().unwrap();
                drop(blocked);
                reserve.relieve();
                assert!(!reserve.is_called());
            }
        });
    }

    #[test]
    fn nothing_calls_it_once_it_is_dismissed() {
        let reserve = Reserve::new();
        reserve.dismiss();
        reserve.call();
        reserve.relieve();
        assert_eq!(reserve.lock().duty, Duty::Dismissed);
    }

    #[test]
    fn workers_are_counted_once() {
        let working = Working::default();
        working.end();
        assert!(!working.is_anyone());
        working.begin();
        working.begin();
        assert!(working.is_anyone());
        working.end();
        assert!(!working.is_anyone());
    }
}
