//! The lifespan protocol: startup before the first request, shutdown after the last.
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyRuntimeError;
use pyo3::exceptions::asyncio::CancelledError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::log;
use super::message::Message;
use super::suspension::{Attempt, Operation, Waiters};
use crate::event_loop::{Completer, LoopContext, LoopHandle, completion};
use crate::threadpool::default_limit;

/// Whether the protocol is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LifespanMode {
    /// Used; an application that fails without having answered is taken for one that does not know it.
    #[default]
    Auto,
    /// Used; an application that does not know it does not start.
    On,
    /// Not used.
    Off,
}

/// The application did not start or stop properly. The log has the details.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LifespanError {
    /// It reported `lifespan.startup.failed`.
    #[error("application startup failed{}", suffix(.0))]
    Startup(String),
    /// It reported `lifespan.shutdown.failed` or raised during shutdown.
    #[error("application shutdown failed{}", suffix(.0))]
    Shutdown(String),
    /// It does not know the protocol, which was asked for.
    #[error("the application does not support the lifespan protocol{}", suffix(.0))]
    Unsupported(String),
    /// The event loop ended meanwhile.
    #[error("the event loop ended during the application's startup or shutdown")]
    LoopEnded,
}

fn suffix(message: &str) -> String {
    match message.trim_end().lines().last() {
        Some(last) if !last.is_empty() => format!(": {last}"),
        _ => String::new(),
    }
}

#[derive(Debug)]
enum Answer {
    Complete {
        /// See [`Lifespan::thread_limit`].
        thread_limit: Option<usize>,
    },
    Failed(String),
    /// The application ended before it answered.
    Ended(Option<String>),
}

enum Phase {
    Starting(Completer<Answer>),
    Running,
    Stopping(Completer<Answer>),
    Ended,
}

struct Protocol {
    phase: Mutex<(Phase, Waiters)>,
    event_loop: LoopHandle,
    /// How often `receive` has returned a message: startup first, shutdown second.
    delivered: Mutex<u8>,
}

impl Protocol {
    fn phase(&self) -> MutexGuard<'_, (Phase, Waiters)> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the completer if the application is being waited for, and goes on to the next phase.
    fn answered(&self, startup: bool) -> Option<Completer<Answer>> {
        let mut guard = self.phase();
        match std::mem::replace(&mut guard.0, Phase::Ended) {
            Phase::Starting(completer) if startup => {
                guard.0 = Phase::Running;
                Some(completer)
            }
            Phase::Stopping(completer) if !startup => Some(completer),
            other => {
                guard.0 = other;
                None
            }
        }
    }

    fn ended(&self) -> Phase {
        std::mem::replace(&mut self.phase().0, Phase::Ended)
    }
}

/// A started application. Dropping it lets the application's lifespan end as it likes: nobody waits for what it says,
/// and nothing of it is logged.
pub struct Lifespan {
    protocol: Option<Arc<Protocol>>,
    state: Option<Py<PyDict>>,
    thread_limit: Option<usize>,
}

impl std::fmt::Debug for Lifespan {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Lifespan")
            .field("supported", &self.protocol.is_some())
            .finish_non_exhaustive()
    }
}

impl Lifespan {
    /// Starts the application and waits until it says that it is ready.
    ///
    /// # Errors
    /// The application reported a failure, or does not know the protocol where `mode` asks for it.
    pub async fn startup(
        event_loop: LoopHandle,
        application: Py<PyAny>,
        mode: LifespanMode,
    ) -> Result<Self, LifespanError> {
        if mode == LifespanMode::Off {
            return Ok(Self {
                protocol: None,
                state: None,
                thread_limit: None,
            });
        }
        let (completer, answer) = completion();
        let protocol = Arc::new(Protocol {
            phase: Mutex::new((Phase::Starting(completer), Waiters::default())),
            event_loop: event_loop.clone(),
            delivered: Mutex::new(0),
        });
        let mut starting = Self {
            protocol: Some(Arc::clone(&protocol)),
            state: None,
            thread_limit: None,
        };
        let (state_completer, state) = completion();
        event_loop.submit({
            let protocol = Arc::clone(&protocol);
            move |context| start(context, &protocol, &application, state_completer)
        });
        let state = state.await.ok_or(LifespanError::LoopEnded)?;
        match (answer.await, mode) {
            (Some(Answer::Complete { thread_limit }), _) => {
                starting.state = Some(state);
                starting.thread_limit = thread_limit;
                Ok(starting)
            }
            (Some(Answer::Failed(message)), _) => Err(LifespanError::Startup(message)),
            (Some(Answer::Ended(error)), LifespanMode::On) => {
                Err(LifespanError::Unsupported(error.unwrap_or_default()))
            }
            (Some(Answer::Ended(error)), _) => {
                tracing::debug!(?error, "the application does not support the lifespan protocol");
                Ok(Self {
                    protocol: None,
                    state: Some(state),
                    thread_limit: None,
                })
            }
            (None, _) => Err(LifespanError::LoopEnded),
        }
    }

    /// The state that the application wants to share with its requests.
    #[must_use]
    pub fn state(&self) -> Option<&Py<PyDict>> {
        self.state.as_ref()
    }

    /// The number of threads for sync calls, where the application changed anyio's default limiter while it started.
    #[must_use]
    pub fn thread_limit(&self) -> Option<usize> {
        self.thread_limit
    }

    /// Tells the application to end and waits until it has.
    ///
    /// # Errors
    /// The application reported a failure.
    pub async fn shutdown(self) -> Result<(), LifespanError> {
        let Some(protocol) = &self.protocol else {
            return Ok(());
        };
        let (completer, answer) = completion();
        let waiters = {
            let mut guard = protocol.phase();
            if !matches!(guard.0, Phase::Running) {
                return Ok(());
            }
            guard.0 = Phase::Stopping(completer);
            guard.1.take()
        };
        waiters.resolve_on(&protocol.event_loop);
        match answer.await {
            Some(Answer::Complete { .. } | Answer::Ended(None)) => Ok(()),
            Some(Answer::Failed(message) | Answer::Ended(Some(message))) => {
                Err(LifespanError::Shutdown(message))
            }
            None => Err(LifespanError::LoopEnded),
        }
    }
}

impl Drop for Lifespan {
    fn drop(&mut self) {
        if let Some(protocol) = &self.protocol {
            drop(protocol.ended());
        }
    }
}

fn start(
    context: &LoopContext<'_, '_>,
    protocol: &Arc<Protocol>,
    application: &Py<PyAny>,
    state_completer: Completer<Py<PyDict>>,
) {
    let py = context.py();
    let state = PyDict::new(py);
    context.complete(state_completer, state.clone().unbind());
    let called = scope(py, &state).and_then(|scope| {
        let receive = Bound::new(py, LifespanReceive(Arc::clone(protocol)))?;
        let send = Bound::new(py, LifespanSend(Arc::clone(protocol)))?;
        crate::coroutine::of_awaitable(application.bind(py).call1((scope, receive, send))?)
    });
    match called {
        Ok(coroutine) => {
            let protocol = Arc::clone(protocol);
            context.spawn_service(&coroutine, move |context, outcome| {
                ended(context, &protocol, outcome.map(drop))
            });
        }
        Err(error) => ended(context, protocol, Err(error)),
    }
}

fn scope<'py>(py: Python<'py>, state: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyDict>> {
    let asgi = PyDict::new(py);
    asgi.set_item("version", "3.0")?;
    asgi.set_item("spec_version", "2.0")?;
    let scope = PyDict::new(py);
    scope.set_item("type", "lifespan")?;
    scope.set_item("asgi", asgi)?;
    scope.set_item("state", state)?;
    Ok(scope)
}

fn ended(context: &LoopContext<'_, '_>, protocol: &Protocol, outcome: PyResult<()>) {
    let py = context.py();
    match (protocol.ended(), outcome) {
        (Phase::Starting(completer) | Phase::Stopping(completer), Ok(())) => {
            context.complete(completer, Answer::Ended(None));
        }
        (Phase::Starting(completer), Err(error)) => {
            context.complete(completer, Answer::Ended(Some(error.to_string())));
        }
        (Phase::Stopping(completer), Err(error)) => {
            log::exception(py, "Exception in the application's shutdown", &error);
            context.complete(completer, Answer::Ended(Some(error.to_string())));
        }
        // Cancelled by the application itself.
        (Phase::Running, Err(error)) if error.is_instance_of::<CancelledError>(py) => {}
        (Phase::Running, Err(error)) => {
            log::exception(py, "Exception in the application's lifespan", &error);
        }
        // After `lifespan.…failed` the exception, if any, has been reported by the message; after a stop that does not
        // wait for the lifespan it is that of being cancelled.
        (Phase::Running | Phase::Ended, _) => {}
    }
}

/// The `receive` callable of the lifespan scope.
#[pyclass(frozen, module = "fastrapi._core")]
struct LifespanReceive(Arc<Protocol>);

#[pymethods]
impl LifespanReceive {
    fn __call__(&self) -> Operation {
        let protocol = Arc::clone(&self.0);
        Operation::new(move |py| receive(py, &protocol))
    }
}

fn receive(py: Python<'_>, protocol: &Protocol) -> PyResult<Attempt> {
    let future = protocol.event_loop.create_future(py)?.unbind();
    let kind = {
        let mut delivered = protocol.delivered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut guard = protocol.phase();
        match (*delivered, &guard.0) {
            (0, _) => {
                *delivered = 1;
                Some(intern!(py, "lifespan.startup"))
            }
            (1, Phase::Stopping(_)) => {
                *delivered = 2;
                Some(intern!(py, "lifespan.shutdown"))
            }
            _ => {
                guard.1.push(future.clone_ref(py));
                None
            }
        }
    };
    let Some(kind) = kind else {
        return Ok(Attempt::Wait(future));
    };
    let message = PyDict::new(py);
    message.set_item(intern!(py, "type"), kind)?;
    Ok(Attempt::Done(message.into_any().unbind()))
}

/// The `send` callable of the lifespan scope.
#[pyclass(frozen, module = "fastrapi._core")]
struct LifespanSend(Arc<Protocol>);

#[pymethods]
impl LifespanSend {
    fn __call__(&self, message: Py<PyAny>) -> Operation {
        let protocol = Arc::clone(&self.0);
        Operation::new(move |py| send(py, &protocol, message.bind(py)).map(|()| Attempt::Done(py.None())))
    }
}

fn send(py: Python<'_>, protocol: &Protocol, message: &Bound<'_, PyAny>) -> PyResult<()> {
    let message = Message::new(message)?;
    let kind = message.kind()?;
    let (startup, answer) = match kind.to_str()? {
        "lifespan.startup.complete" => (
            true,
            Answer::Complete {
                thread_limit: default_limit(py),
            },
        ),
        "lifespan.shutdown.complete" => (false, Answer::Complete { thread_limit: None }),
        "lifespan.startup.failed" => (true, failure(&message)?),
        "lifespan.shutdown.failed" => (false, failure(&message)?),
        other => {
            return Err(PyRuntimeError::new_err(format!(
                "'{other}' is no message of the lifespan protocol"
            )));
        }
    };
    let Some(completer) = protocol.answered(startup) else {
        return Err(PyRuntimeError::new_err(format!(
            "'{kind}' was sent at the wrong time"
        )));
    };
    if let Answer::Failed(text) = &answer {
        protocol.ended();
        if !text.is_empty() {
            log::error(py, text);
        }
    }
    protocol.event_loop.complete(py, completer, answer);
    Ok(())
}

fn failure(message: &Message<'_, '_>) -> PyResult<Answer> {
    let text = message.get(intern!(message.py(), "message"))?;
    Ok(Answer::Failed(
        text.map_or(Ok(String::new()), |text| text.extract())?,
    ))
}
