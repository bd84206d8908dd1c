//! The spare worker. Alone in its process: the watchdog of all inline calls decides about it.

use std::sync::mpsc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use server::placement::{SpareWorker, watched};
use tokio::runtime::Builder;

/// Long enough for every machine; only a failure waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn the_spare_worker_runs_tasks_while_the_other_is_blocked_and_not_otherwise() {
    let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (waits, waiting) = mpsc::channel();
    let spare = SpareWorker::take(runtime.handle(), move || waits.send(()).unwrap());
    waiting.recv_timeout(PATIENCE).unwrap();
    let (worker, workers) = mpsc::channel();
    let run_tasks = |number: usize| -> Vec<ThreadId> {
        for _ in 0..number {
            let worker = worker.clone();
            runtime.spawn(async move { worker.send(thread::current().id()).unwrap() });
        }
        (0..number)
            .map(|_| workers.recv_timeout(PATIENCE).unwrap())
            .collect()
    };
    let usual = run_tasks(1)[0];
    assert!(run_tasks(100).iter().all(|worker| *worker == usual));

    let (started, running) = mpsc::channel();
    let (release, blocked) = mpsc::channel::<()>();
    runtime.spawn(async move {
        watched(None, || {
            started.send(()).unwrap();
            blocked.recv().unwrap();
        });
    });
    running.recv_timeout(PATIENCE).unwrap();
    assert_ne!(run_tasks(1)[0], usual);

    release.send(()).unwrap();
    waiting.recv_timeout(PATIENCE).unwrap();
    let usual = run_tasks(1)[0];
    assert!(run_tasks(100).iter().all(|worker| *worker == usual));
    spare.stop();
}
