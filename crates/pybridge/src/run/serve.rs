//! Serving an application from load to stop.
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use server::layers::AccessLogLayer;
use server::listener::BoundListener;
use server::{ServeReport, ShutdownController};
use tower::Layer;

use super::signals::{StopSignals, take_from_python};
use super::{Ready, ServeOptions, Stopped};
use crate::application::PythonService;
use crate::asgi::{AsgiApp, Lifespan};
use crate::collector;
use crate::error::RunError;
use crate::event_loop::{EventLoop, LoopHandle, completion};
use crate::interpreter;
use crate::loader::{self, LoadedApp};
use crate::placement::{Reserve, SyncExecutor};
use crate::runtime::{self, Workers};
use crate::thread_state;
use crate::threadpool::{self, DEFAULT_MAX_THREADS, ThreadPool};

/// How long threads may take to end once everything else has.
const THREAD_PATIENCE: Duration = Duration::from_secs(1);

/// How long after the start anyio is completed: clients that have waited for it are answered first.
const FIRST_ANSWERS: Duration = Duration::from_millis(10);

/// How long after the start its memory is given back. The first requests, which come at once, use some of it again.
const SETTLING: Duration = Duration::from_secs(1);

/// Loads the application, starts it, serves it until SIGTERM or SIGINT, stops it. To be called on the main thread,
/// which runs the event loop meanwhile. `on_ready` is called (on another thread) when clients can connect, unless the
/// signal comes while the application still starts: its startup is cancelled then.
///
/// # Errors
/// See [`RunError`].
pub fn serve(
    options: ServeOptions,
    on_ready: impl FnOnce(&Ready) + Send + 'static,
) -> Result<Stopped, RunError> {
    Python::attach(|py| serve_attached(py, options, on_ready))
}

fn serve_attached(
    py: Python<'_>,
    options: ServeOptions,
    on_ready: impl FnOnce(&Ready) + Send + 'static,
) -> Result<Stopped, RunError> {
    let failed = |error: PyErr| RunError::EventLoop(error.to_string());
    // The loop exists before the import: applications may ask for it at module level.
    let (event_loop, loaded) = collector::paused(py, || -> Result<_, RunError> {
        let event_loop = EventLoop::new(py, options.loop_kind).map_err(failed)?;
        Ok((event_loop, loader::load(py, &options.target)?))
    })
    .map_err(failed)??;
    take_from_python(py).map_err(failed)?;
    let handle = event_loop.handle();
    let workers = options
        .worker_threads
        .map_or_else(|| Workers::of_process(options.processes), Workers::exactly);
    let pool = ThreadPool::new(handle.clone(), DEFAULT_MAX_THREADS);
    let executor = Arc::new(SyncExecutor::new(
        options.sync_mode,
        pool.clone(),
        handle.clone(),
        workers.threads,
    ));
    let runtime = runtime::build(workers, handle.clone(), executor.attention()).map_err(RunError::Runtime)?;
    // Dropped before the runtime, which waits for its workers.
    let reserve = workers.has_reserve.then(OnDuty::new);
    executor.keep_awake(
        runtime.handle().clone(),
        reserve.as_ref().map(|on_duty| Arc::clone(&on_duty.0)),
    );
    handle.wake_on(runtime.handle());
    let forced = Arc::new(AtomicI32::new(0));
    let session = Session {
        event_loop: handle.clone(),
        loop_name: event_loop.name(),
        runtime: runtime.handle().clone(),
        executor,
        forced: Arc::clone(&forced),
        options,
        loaded,
    };
    let (completer, mut outcome) = completion();
    runtime.spawn(async move {
        let result = session.run(on_ready).await;
        // The main thread takes the value once the loop has stopped.
        drop(completer.send(result));
        handle.stop();
    });
    let ran = event_loop.run(py);
    let closed = event_loop.close(py);
    if let Err(error) = ran.and(closed) {
        tracing::error!(%error, "the event loop ended with an error");
    }
    let forced_by = Some(forced.load(Ordering::Relaxed)).filter(|signal| *signal != 0);
    drop(reserve);
    let threads_left = end_threads(py, pool, runtime, forced_by.is_some());
    let report = outcome.take().unwrap_or(Err(RunError::Ended))?;
    Ok(Stopped {
        report,
        forced_by,
        threads_left,
    })
}

/// The reserve of a runtime that runs.
struct OnDuty(Arc<Reserve>);

impl OnDuty {
    fn new() -> Self {
        Self(Reserve::new())
    }
}

impl Drop for OnDuty {
    fn drop(&mut self) {
        self.0.dismiss();
    }
}

/// Ends the threads of the pool and of tokio, at once if the stop was forced; whether some are left.
fn end_threads(py: Python<'_>, pool: ThreadPool, runtime: tokio::runtime::Runtime, forced: bool) -> bool {
    let patience = if forced { Duration::ZERO } else { THREAD_PATIENCE };
    // Threads that end, or finish a call, have to attach meanwhile.
    let busy = py.detach(move || {
        let busy = pool.stop(patience);
        runtime.shutdown_timeout(patience);
        busy
    });
    thread_state::interpreter_ends();
    busy > 0 || forced || python_threads_left(py)
}

/// Whether threads that Python would wait for are still running: those of anyio's pool whose call blocks, or the
/// application's own.
fn python_threads_left(py: Python<'_>) -> bool {
    let alive = py.import("threading").and_then(|threading| {
        let main = threading.call_method0("main_thread")?;
        for thread in threading.call_method0("enumerate")?.try_iter()? {
            let thread = thread?;
            if !thread.is(&main) && !thread.getattr("daemon")?.is_truthy()? {
                thread.call_method1("join", (THREAD_PATIENCE.as_secs_f64(),))?;
                if thread.call_method0("is_alive")?.is_truthy()? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    });
    alive.unwrap_or_else(|error: PyErr| {
        tracing::error!(%error, "the application's threads cannot be counted");
        true
    })
}

/// One life of the application, as seen from tokio.
struct Session {
    event_loop: LoopHandle,
    loop_name: &'static str,
    runtime: tokio::runtime::Handle,
    executor: Arc<SyncExecutor>,
    forced: Arc<AtomicI32>,
    options: ServeOptions,
    loaded: LoadedApp,
}

impl Session {
    async fn run(self, on_ready: impl FnOnce(&Ready)) -> Result<ServeReport, RunError> {
        let mut signals = StopSignals::install().map_err(RunError::Runtime)?;
        let starting = Lifespan::startup(
            self.event_loop.clone(),
            Python::attach(|py| self.loaded.application.clone_ref(py)),
            self.options.lifespan,
        );
        let lifespan = tokio::select! {
            // An application that has just started is stopped like one that serves.
            biased;
            started = starting => started?,
            _ = signals.next() => return Ok(ServeReport::default()),
        };
        if let Some(limit) = lifespan.thread_limit() {
            self.executor.pool().set_max_threads(limit);
        }
        let service = Python::attach(|py| self.service(py, &lifespan))
            .map_err(|error| RunError::Prepare(error.to_string()))?;
        let ready = Ready {
            address: self.options.listener.address().clone(),
            application: format!("{}:{}", self.loaded.module, self.loaded.attribute),
            event_loop: self.loop_name,
            routes: service.route_counts(),
        };
        let mut stopping = Stopping {
            signals,
            forced: self.forced,
        };
        let ServeOptions {
            listener,
            backlog,
            server,
            access_log,
            ..
        } = self.options;
        let patience = server.graceful_timeout;
        let event_loop = self.event_loop.clone();
        let on_ready = || {
            on_ready(&ready);
            tokio::spawn(async move {
                tokio::time::sleep(FIRST_ANSWERS).await;
                event_loop.submit(|context| {
                    if let Err(error) = threadpool::load_backend(context.py()) {
                        tracing::debug!(%error, "anyio does not run on asyncio");
                    }
                });
                tokio::time::sleep(SETTLING).await;
                // On the loop's thread, attached: the application must not fork while the loader's lock is held.
                event_loop.submit(|_| interpreter::release_image());
                tokio::task::spawn_blocking(interpreter::trim_heap);
            });
        };
        let served = match access_log {
            Some(log) => {
                let service = AccessLogLayer::new(log).layer(service);
                stopping.serve(listener, backlog, server, service, on_ready).await
            }
            None => stopping.serve(listener, backlog, server, service, on_ready).await,
        };
        // Background tasks go on after their responses; they get as much time as the requests got.
        let tasks = tokio::time::timeout(patience, self.event_loop.idle());
        if let Some(Err(_)) = stopping.unless_forced(tasks).await {
            tracing::warn!("background tasks are cancelled because they did not end in time");
        }
        let stopped = stopping.unless_forced(lifespan.shutdown()).await;
        let report = served?;
        stopped.unwrap_or(Ok(()))?;
        Ok(report)
    }

    /// The application behind both lanes, or behind the general lane only if the options say so.
    fn service(&self, py: Python<'_>, lifespan: &Lifespan) -> PyResult<PythonService> {
        let application = &self.loaded.application;
        let config = &self.options.server;
        let app = AsgiApp::new(
            py,
            application.clone_ref(py),
            self.event_loop.clone(),
            self.runtime.clone(),
            lifespan.state().map(|state| state.clone_ref(py)),
            &self.options.root_path,
            config,
        )?;
        if !self.options.direct_lane {
            return Ok(PythonService::general(app));
        }
        let executor = Arc::clone(&self.executor);
        collector::paused(py, || {
            PythonService::new(
                py,
                application.bind(py),
                app,
                executor,
                config.in_memory_body_limit,
            )
        })?
    }
}

/// The signals that ask for a stop, and what was asked for last.
struct Stopping {
    signals: StopSignals,
    forced: Arc<AtomicI32>,
}

impl Stopping {
    /// Does what belongs to a stop; `None` if a further signal ends the process first, or has done so before.
    async fn unless_forced<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        if self.forced.load(Ordering::Relaxed) != 0 {
            return None;
        }
        tokio::select! {
            done = work => Some(done),
            signal = self.signals.next() => {
                self.forced.store(signal, Ordering::Relaxed);
                None
            }
        }
    }

    /// Serves until the first signal, and then until requests in flight have ended or a second signal comes.
    async fn serve(
        &mut self,
        listener: BoundListener,
        backlog: u32,
        config: server::ServerConfig,
        service: impl server::Application,
        on_ready: impl FnOnce(),
    ) -> Result<ServeReport, RunError> {
        let listener = listener.listen(backlog)?;
        let controller = ShutdownController::new();
        let serving = server::serve(listener, config, service, controller.signal());
        let mut serving = std::pin::pin!(serving);
        on_ready();
        loop {
            tokio::select! {
                report = &mut serving => return Ok(report?),
                signal = self.signals.next() => {
                    if controller.signal().phase() == server::ShutdownPhase::Running {
                        controller.graceful();
                    } else {
                        self.forced.store(signal, Ordering::Relaxed);
                        controller.force();
                    }
                }
            }
        }
    }
}
