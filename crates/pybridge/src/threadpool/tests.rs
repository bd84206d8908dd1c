use std::sync::Barrier;
use std::sync::mpsc;

use super::*;
use crate::event_loop::{EventLoop, LoopKind};

fn with_pool(max_threads: usize, check: impl FnOnce(ThreadPool)) {
    Python::initialize();
    let event_loop = Python::attach(|py| EventLoop::new(py, LoopKind::Asyncio).unwrap());
    check(ThreadPool::new(event_loop.handle(), max_threads));
    Python::attach(|py| event_loop.close(py).unwrap());
}

#[test]
fn blocked_tasks_get_threads_of_their_own() {
    with_pool(4, |pool| {
        let barrier = Arc::new(Barrier::new(5));
        for _ in 0..4 {
            let barrier = Arc::clone(&barrier);
            pool.submit(Box::new(move |py| {
                py.detach(|| barrier.wait());
                None
            }));
        }
        // Passes only if all four run at the same time.
        barrier.wait();
        assert_eq!(pool.stop(Duration::from_secs(10)), 0);
    });
}

#[test]
fn the_limit_holds_and_queued_tasks_run_in_order() {
    with_pool(1, |pool| {
        let (sender, receiver) = mpsc::channel();
        for number in 0..50 {
            let sender = sender.clone();
            pool.submit(Box::new(move |_| {
                sender.send((number, thread::current().id())).unwrap();
                None
            }));
        }
        let seen: Vec<_> = (0..50).map(|_| receiver.recv().unwrap()).collect();
        assert!(seen.iter().map(|(number, _)| *number).eq(0..50));
        assert!(seen.iter().all(|(_, thread)| *thread == seen[0].1));
        assert_eq!(pool.stop(Duration::from_secs(10)), 0);
    });
}

#[test]
fn a_panicking_task_leaves_its_thread_usable() {
    with_pool(1, |pool| {
        let (sender, receiver) = mpsc::channel();
        pool.submit(Box::new(|_| panic!("expected by this test")));
        pool.submit(Box::new(move |_| {
            sender.send(()).unwrap();
            None
        }));
        receiver.recv().unwrap();
        assert_eq!(pool.stop(Duration::from_secs(10)), 0);
    });
}

#[test]
fn stopping_tells_of_threads_that_are_still_busy() {
    with_pool(2, |pool| {
        let (release, blocked) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        pool.submit(Box::new(move |py| {
            started.send(()).unwrap();
            py.detach(move || blocked.recv().ok());
            None
        }));
        running.recv().unwrap();
        assert_eq!(pool.stop(Duration::from_millis(20)), 1);
        let (sender, receiver) = mpsc::channel();
        pool.submit(Box::new(move |_| {
            sender.send(()).unwrap();
            None
        }));
        assert!(receiver.recv().is_err(), "a stopped pool drops its tasks");
        drop(release);
        assert_eq!(pool.stop(Duration::from_secs(10)), 0);
    });
}
