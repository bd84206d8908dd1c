//! The asyncio loop of the process and the way to it from other threads.
//!
//! One loop runs on the main thread. Other threads [`LoopHandle::submit`] jobs, which run attached, in order and in
//! batches; what a job completes is handed to tokio when the batch ends (see [`completion`]).
mod batch_waker;
mod completion;
mod drain;
mod shared;
mod task;
mod wakeup;

use std::fmt;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{IntoPyDict as _, PyDict};

pub use completion::{Completed, Completer, completion};
pub(crate) use shared::promise_to_flush;
use shared::{Counted, PythonLoop, Shared};
use wakeup::Wakeup;

/// Work for the loop's thread, run attached.
pub type Job = Box<dyn FnOnce(&LoopContext<'_, '_>) + Send>;

/// Receives the outcome of a coroutine: its value, or the exception (of any kind) that ended it.
pub type OnDone = Box<dyn FnOnce(&LoopContext<'_, '_>, PyResult<Py<PyAny>>) + Send>;

/// Which event loop implementation to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoopKind {
    /// uvloop where it can be imported, else the standard library's.
    #[default]
    Auto,
    /// uvloop; an error where it cannot be imported.
    Uvloop,
    /// The standard library's.
    Asyncio,
}

/// Access to the loop from any thread. Cheap to clone.
#[derive(Clone)]
pub struct LoopHandle(Arc<Shared>);

impl fmt::Debug for LoopHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LoopHandle").finish_non_exhaustive()
    }
}

impl LoopHandle {
    /// Queues a job for the loop's thread. Never blocks, needs no attachment; after the loop has stopped the job is
    /// dropped, unrun.
    pub fn submit(&self, job: impl FnOnce(&LoopContext<'_, '_>) + Send + 'static) {
        self.0.submit(Box::new(job));
    }

    /// Runs a coroutine as a task of the loop, from any thread. `on_done` is dropped if the loop has stopped.
    pub fn spawn(
        &self,
        coroutine: Py<PyAny>,
        on_done: impl FnOnce(&LoopContext<'_, '_>, PyResult<Py<PyAny>>) + Send + 'static,
    ) {
        self.submit(move |context| context.spawn(coroutine.bind(context.py()), on_done));
    }

    /// Sends the wake-up that submissions from a tokio worker put off until the worker sleeps. To be called before
    /// anything on a worker that may take long (a Python call).
    pub fn flush(&self) {
        self.0.flush();
    }

    /// Whether the loop's thread works, or was told to: what is submitted now waits for nothing else.
    #[must_use]
    pub fn is_awake(&self) -> bool {
        self.0.is_awake()
    }

    /// Completes when no task of [`Self::spawn`] is left: requests are over, their background tasks included.
    pub async fn idle(&self) {
        self.0.idle().await;
    }

    /// Lets tasks of this runtime that waited for the loop be woken by the runtime itself, where they are many.
    pub fn wake_on(&self, runtime: &tokio::runtime::Handle) {
        self.0.batch_waker.start(runtime);
    }

    /// Makes [`EventLoop::run`] return.
    pub fn stop(&self) {
        self.submit(|context| {
            let py = context.py();
            let future = context.shared.python.stop_future.bind(py);
            let stopped = future.call_method0("done").and_then(|done| {
                if done.is_truthy()? {
                    Ok(())
                } else {
                    future.call_method1("set_result", (py.None(),)).map(drop)
                }
            });
            if let Err(error) = stopped {
                tracing::error!(%error, "the event loop could not be stopped");
            }
        });
    }

    /// [`LoopContext::complete`] for Python code that runs on the loop's thread outside a job.
    pub fn complete<T>(&self, py: Python<'_>, completer: Completer<T>, value: T) {
        LoopContext::new(py, &self.0).complete(completer, value);
    }

    /// `loop.create_future()`; on the loop's thread.
    ///
    /// # Errors
    /// Only when Python runs out of memory.
    pub fn create_future<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.python.create_future.bind(py).call0()
    }

    /// `loop.call_later(seconds, callback)`; on the loop's thread.
    ///
    /// # Errors
    /// When the loop is closed.
    pub fn call_later(&self, py: Python<'_>, seconds: f64, callback: Py<PyAny>) -> PyResult<()> {
        self.event_loop()
            .call_method1(py, pyo3::intern!(py, "call_later"), (seconds, callback))
            .map(drop)
    }

    /// The loop object. It may only be used on the loop's thread, except for its thread-safe methods.
    #[must_use]
    pub fn event_loop(&self) -> &Py<PyAny> {
        &self.0.python.event_loop
    }
}

/// What a job may do on the loop's thread.
pub struct LoopContext<'a, 'py> {
    py: Python<'py>,
    shared: &'a Arc<Shared>,
}

impl fmt::Debug for LoopContext<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("LoopContext").finish_non_exhaustive()
    }
}

impl<'a, 'py> LoopContext<'a, 'py> {
    fn new(py: Python<'py>, shared: &'a Arc<Shared>) -> Self {
        Self { py, shared }
    }

    /// The attachment of the loop's thread.
    #[must_use]
    pub fn py(&self) -> Python<'py> {
        self.py
    }

    /// A handle to the same loop.
    #[must_use]
    pub fn handle(&self) -> LoopHandle {
        LoopHandle(Arc::clone(self.shared))
    }

    /// Provides a value that a tokio task waits for; the task is woken when the batch ends. A value that nobody
    /// waits for any more is dropped.
    pub fn complete<T>(&self, completer: Completer<T>, value: T) {
        if let Ok(Some(waker)) = completer.store(value) {
            self.shared.wake_later(self.py, waker);
        }
    }

    /// Runs a coroutine as a task: eagerly up to its first suspension from Python 3.12, else from the loop's ready
    /// queue. The task has its own copy of the current context. `on_done` is called on this thread, exactly once.
    pub fn spawn(
        &self,
        coroutine: &Bound<'py, PyAny>,
        on_done: impl FnOnce(&LoopContext<'_, '_>, PyResult<Py<PyAny>>) + Send + 'static,
    ) {
        let counted = Counted::new(self.shared);
        self.start_task(
            coroutine,
            Box::new(move |context, outcome| {
                let _until_the_end = counted;
                on_done(context, outcome);
            }),
        );
    }

    /// [`Self::spawn`] for a task that belongs to no request: [`LoopHandle::idle`] does not wait for it.
    pub(crate) fn spawn_service(
        &self,
        coroutine: &Bound<'py, PyAny>,
        on_done: impl FnOnce(&LoopContext<'_, '_>, PyResult<Py<PyAny>>) + Send + 'static,
    ) {
        self.start_task(coroutine, Box::new(on_done));
    }

    fn start_task(&self, coroutine: &Bound<'py, PyAny>, on_done: OnDone) {
        let body = task::TaskCoroutine::new(coroutine.clone().unbind(), on_done, Arc::clone(self.shared));
        let started =
            Bound::new(self.py, body).and_then(|body| self.shared.python.create_task.call1(self.py, (body,)));
        match started {
            Ok(_task) => self.shared.expect_steps(),
            // Only an exhausted memory or a closed loop gets here; `on_done` is dropped with the body.
            Err(error) => tracing::error!(%error, "a task could not be started"),
        }
    }
}

/// The loop itself; stays on the thread that made it.
#[derive(Debug)]
pub struct EventLoop {
    handle: LoopHandle,
    name: &'static str,
}

impl EventLoop {
    /// Makes the loop and sets it as the current one of this thread.
    ///
    /// # Errors
    /// The import error of uvloop where it was asked for, or whatever keeps a loop from being made.
    pub fn new(py: Python<'_>, kind: LoopKind) -> PyResult<Self> {
        let (event_loop, name) = new_event_loop(py, kind)?;
        let asyncio = py.import("asyncio")?;
        asyncio.call_method1("set_event_loop", (&event_loop,))?;
        let shared = Arc::new(Shared::new(
            Wakeup::new()?,
            python_loop(py, &asyncio, &event_loop)?,
        ));
        shared.set_tail(Some(Py::new(py, drain::Tail(Arc::clone(&shared)))?.into_any()));
        let reader = Py::new(py, drain::Reader(Arc::clone(&shared)))?;
        event_loop.call_method1("add_reader", (shared.descriptor(), reader))?;
        Ok(Self {
            handle: LoopHandle(shared),
            name,
        })
    }

    /// A handle for other threads.
    #[must_use]
    pub fn handle(&self) -> LoopHandle {
        self.handle.clone()
    }

    /// `"uvloop"` or `"asyncio"`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Runs until [`LoopHandle::stop`], on the thread that made the loop.
    ///
    /// # Errors
    /// `KeyboardInterrupt` and `SystemExit` raised in a callback that the application gave to the loop.
    pub fn run(&self, py: Python<'_>) -> PyResult<()> {
        let python = &self.handle.0.python;
        let stop = python.stop_future.bind(py).call_method0("__await__")?;
        let on_done: OnDone = Box::new(|_, _| {});
        let body = task::TaskCoroutine::new(stop.unbind(), on_done, Arc::clone(&self.handle.0));
        // A task of `run_until_complete`, and not `run_forever`: anyio takes such a task for the root whose end ends
        // its worker threads. Without one it would start and end threads with every request.
        let root = python.create_task.call1(py, (Py::new(py, body)?,))?;
        python
            .event_loop
            .call_method1(py, "run_until_complete", (root,))
            .map(drop)
    }

    /// Cancels what still runs, waits for it, and closes the loop.
    ///
    /// # Errors
    /// What `asyncio` raises while it ends asynchronous generators or closes the loop.
    pub fn close(self, py: Python<'_>) -> PyResult<()> {
        let event_loop = self.handle.event_loop().bind(py);
        let asyncio = py.import("asyncio")?;
        cancel_all(&asyncio, event_loop)?;
        let ended = event_loop.call_method0("shutdown_asyncgens")?;
        event_loop.call_method1("run_until_complete", (ended,))?;
        event_loop.call_method1("remove_reader", (self.handle.0.descriptor(),))?;
        self.handle.0.set_tail(None);
        event_loop.call_method0("close")?;
        asyncio.call_method1("set_event_loop", (py.None(),)).map(drop)
    }
}

fn cancel_all(asyncio: &Bound<'_, PyModule>, event_loop: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = asyncio.py();
    let tasks: Vec<Bound<'_, PyAny>> = asyncio
        .call_method1("all_tasks", (event_loop,))?
        .try_iter()?
        .collect::<PyResult<_>>()?;
    if tasks.is_empty() {
        return Ok(());
    }
    for task in &tasks {
        task.call_method0("cancel")?;
    }
    // A task that refuses to end must not keep the process: it gets one second.
    let timeout = [("timeout", 1.0)].into_py_dict(py)?;
    let waiting = asyncio.getattr("wait")?.call((tasks,), Some(&timeout))?;
    event_loop
        .call_method1("run_until_complete", (waiting,))
        .map(drop)
}

fn new_event_loop(py: Python<'_>, kind: LoopKind) -> PyResult<(Bound<'_, PyAny>, &'static str)> {
    let standard = || Ok((py.import("asyncio")?.call_method0("new_event_loop")?, "asyncio"));
    match kind {
        LoopKind::Asyncio => standard(),
        LoopKind::Uvloop => Ok((py.import("uvloop")?.call_method0("new_event_loop")?, "uvloop")),
        LoopKind::Auto => match py.import("uvloop") {
            Ok(uvloop) => Ok((uvloop.call_method0("new_event_loop")?, "uvloop")),
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyImportError>(py) => standard(),
            Err(error) => Err(error),
        },
    }
}

fn python_loop(
    py: Python<'_>,
    asyncio: &Bound<'_, PyModule>,
    event_loop: &Bound<'_, PyAny>,
) -> PyResult<PythonLoop> {
    let task_arguments = PyDict::new(py);
    task_arguments.set_item("loop", event_loop)?;
    if py.version_info() >= (3, 12) {
        task_arguments.set_item("eager_start", true)?;
    }
    let partial = py.import("functools")?.getattr("partial")?;
    let create_task = partial.call((asyncio.getattr("Task")?,), Some(&task_arguments))?;
    Ok(PythonLoop {
        event_loop: event_loop.clone().unbind(),
        call_soon: event_loop.getattr("call_soon")?.unbind(),
        create_future: event_loop.getattr("create_future")?.unbind(),
        create_task: create_task.unbind(),
        stop_future: event_loop.call_method0("create_future")?.unbind(),
    })
}

#[cfg(test)]
mod tests;
