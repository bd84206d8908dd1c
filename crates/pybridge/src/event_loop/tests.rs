use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Wake, Waker};
use std::thread;

use pyo3::types::PyModule;

use super::*;

/// Counts how often it was woken.
#[derive(Default)]
pub(super) struct CountingWaker(AtomicUsize);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl CountingWaker {
    pub(super) fn wakers(self: &Arc<Self>, number: usize) -> Vec<Waker> {
        (0..number).map(|_| Waker::from(Arc::clone(self))).collect()
    }

    pub(super) fn value(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Runs a loop on this thread while `client` runs on another one.
fn with_loop<T: Send + 'static>(client: impl FnOnce(LoopHandle) -> T + Send + 'static) -> T {
    Python::initialize();
    Python::attach(|py| {
        let event_loop = EventLoop::new(py, LoopKind::Asyncio).unwrap();
        let handle = event_loop.handle();
        let client = thread::spawn(move || {
            let result = client(handle.clone());
            handle.stop();
            result
        });
        event_loop.run(py).unwrap();
        event_loop.close(py).unwrap();
        py.detach(|| client.join().unwrap())
    })
}

fn block_on<T>(completed: Completed<T>) -> Option<T> {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(completed)
}

fn coroutine(source: &str) -> Py<PyAny> {
    Python::attach(|py| {
        let source = std::ffi::CString::new(source).unwrap();
        let module = PyModule::from_code(py, &source, c"coroutine.py", c"coroutine").unwrap();
        module.getattr("main").unwrap().call0().unwrap().unbind()
    })
}

fn run(handle: &LoopHandle, source: &str) -> Result<String, String> {
    let (completer, completed) = completion();
    handle.spawn(coroutine(source), move |context, outcome| {
        let text = match outcome {
            Ok(value) => Ok(value.bind(context.py()).str().unwrap().to_string()),
            Err(error) => Err(error.to_string()),
        };
        context.complete(completer, text);
    });
    block_on(completed).unwrap()
}

#[test]
fn jobs_run_in_order_on_the_loop_thread() {
    let counts = with_loop(|handle| {
        let counter = Arc::new(AtomicUsize::new(0));
        let mut waiting = Vec::new();
        for _ in 0..200 {
            let (completer, completed) = completion();
            let counter = Arc::clone(&counter);
            handle.submit(move |context| {
                context.complete(completer, counter.fetch_add(1, Ordering::SeqCst));
            });
            waiting.push(completed);
        }
        waiting
            .into_iter()
            .map(|completed| block_on(completed).unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(counts, (0..200).collect::<Vec<_>>());
}

#[test]
fn a_panicking_job_resolves_its_waiter_and_the_loop_goes_on() {
    let (first, second) = with_loop(|handle| {
        let (completer, first) = completion::<u8>();
        handle.submit(move |_| {
            let _dropped_by_the_panic = completer;
            panic!("expected by this test");
        });
        let (completer, second) = completion();
        handle.submit(move |context| context.complete(completer, 2_u8));
        (block_on(first), block_on(second))
    });
    assert_eq!((first, second), (None, Some(2)));
}

#[test]
fn a_coroutine_runs_as_a_task_and_hands_over_its_value() {
    let source = "
import asyncio
async def main():
    task = asyncio.current_task()
    async with asyncio.timeout(10):
        await asyncio.sleep(0)
    return task is asyncio.current_task() and task.get_coro().cr_running
";
    assert_eq!(with_loop(move |handle| run(&handle, source)), Ok("True".into()));
}

#[test]
fn exceptions_of_every_kind_end_the_coroutine_and_not_the_loop() {
    let outcomes = with_loop(|handle| {
        [
            "SystemExit(3)",
            "KeyboardInterrupt()",
            "asyncio.CancelledError()",
            "RecursionError('deep')",
            "ValueError('x')",
        ]
        .map(|exception| {
            run(
                &handle,
                &format!("import asyncio\nasync def main():\n    raise {exception}\n"),
            )
        })
    });
    let texts = outcomes.map(Result::unwrap_err);
    assert_eq!(
        texts.each_ref().map(String::as_str),
        [
            "SystemExit: 3",
            "KeyboardInterrupt: ",
            "CancelledError: ",
            "RecursionError: deep",
            "ValueError: x"
        ]
    );
}

#[test]
fn each_task_has_its_own_context() {
    let source = "
import contextvars
seen = contextvars.ContextVar('seen', default='nothing')
async def main():
    before = seen.get()
    seen.set('something')
    return before
";
    let outcomes = with_loop(move |handle| [run(&handle, source), run(&handle, source)]);
    assert_eq!(outcomes, [Ok("nothing".into()), Ok("nothing".into())]);
}

#[test]
fn a_throw_reaches_the_coroutine() {
    let source = "
import asyncio
async def main():
    asyncio.get_running_loop().call_soon(asyncio.current_task().cancel)
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return 'cancelled'
";
    assert_eq!(
        with_loop(move |handle| run(&handle, source)),
        Ok("cancelled".into())
    );
}
