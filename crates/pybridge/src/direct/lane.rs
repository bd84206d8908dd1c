//! Requests on the direct lane, from the matched route to the response.

mod reply;

use std::sync::Arc;

use bytes::Bytes;
use http::header;
use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::prelude::*;
use server::body::Collected;
use server::layers::cors::is_preflight;
use server::{Connection, Request, RequestBody, Response};

use self::reply::Reply;
use super::answering::Answering;
use super::call::{call, finish_step};
use super::context::in_own_context;
use super::files::Files;
use super::fixed::FixedAnswer;
use super::head::{Head, MatchedPath, place_request};
use super::layers::{Bypass, Layers};
use super::plan::{Placement, Plan};
use super::planned::PlannedCall;
use super::respond::{Answer, Classes, answer, leave};
use super::session;
use crate::asgi::{self, AsgiApp, ConnectionArguments, Exchange};
use crate::event_loop::{Completed, LoopContext, LoopHandle, completion};
use crate::placement::{Panicked, SyncExecutor};

/// What the requests of one application share.
#[derive(Debug)]
pub struct DirectLane {
    classes: Arc<Classes>,
    asgi: Arc<AsgiApp>,
    /// `fastrapi.requests.Request`
    request_class: Py<PyAny>,
    executor: Arc<SyncExecutor>,
    layers: Layers,
    preflight_layers: Layers,
    /// Whether plans are run by the application's own router, which its middleware is around.
    is_inside: bool,
    /// Bytes of a body that is held in memory.
    body_limit: u64,
}

/// One request on its way.
struct Call {
    lane: Arc<DirectLane>,
    plan: Arc<Plan>,
    head: Head,
    /// The collected body, if the plan takes it.
    bytes: Bytes,
    /// The body, if nothing has read it.
    unread: Option<RequestBody>,
    connection: Option<Arc<Connection>>,
    /// What the client's side is going to wait for, from [`Reply::exchange`] to [`Reply::response`].
    response: Option<Completed<Response>>,
    /// `request.session`, if the request object was made and has one.
    session: Option<Py<PyAny>>,
    bypass: Bypass,
}

/// What is known after everything that needs no waiting is done.
enum Evaluation {
    Refused,
    Done(PyResult<Answer>),
}

impl DirectLane {
    /// Prepares the lane for an application that is served on the general lane by `asgi`.
    ///
    /// # Errors
    /// Import errors of the `fastrapi` package.
    pub fn new(
        py: Python<'_>,
        asgi: Arc<AsgiApp>,
        executor: Arc<SyncExecutor>,
        layers: Layers,
        preflight_layers: Layers,
        is_inside: bool,
        body_limit: u64,
    ) -> PyResult<Arc<Self>> {
        Ok(Arc::new(Self {
            classes: Arc::new(Classes::import(py)?),
            asgi,
            executor,
            layers,
            preflight_layers,
            is_inside,
            request_class: py.import("fastrapi.requests")?.getattr("Request")?.unbind(),
            body_limit,
        }))
    }

    fn event_loop(&self) -> &LoopHandle {
        self.asgi.event_loop()
    }

    /// Answers a request whose route has this plan.
    pub fn serve(self: &Arc<Self>, plan: &Arc<Plan>, path: MatchedPath, request: Request) -> Answering {
        let (lane, plan) = (Arc::clone(self), Arc::clone(plan));
        if self.is_inside {
            return Answering::waiting(async move { lane.serve_inside(plan, path, request).await });
        }
        if self.layers.is_empty() {
            return lane.run(plan, path, request, Bypass::default());
        }
        Answering::waiting(async move {
            let run = |request, bypass| Arc::clone(&lane).run(plan, path, request, bypass);
            lane.layers.around(request, run).await
        })
    }

    /// Starts the application, whose router runs the plan if the middleware lets it.
    async fn serve_inside(&self, plan: Arc<Plan>, path: MatchedPath, request: Request) -> Response {
        let (classes, executor) = (Arc::clone(&self.classes), Arc::clone(&self.executor));
        asgi::serve_with(Arc::clone(&self.asgi), request, move |scope, parts| {
            let head = Head { parts, path };
            PlannedCall::announce(scope, plan, head, classes, Some(executor))
        })
        .await
    }

    /// Answers a request for a file of a mounted directory.
    pub fn serve_file(self: &Arc<Self>, files: &Files, path: MatchedPath, request: Request) -> Answering {
        let at_once = self
            .layers
            .is_empty()
            .then(|| files.respond_at_once(&path, &request));
        if let Some(response) = at_once.flatten() {
            return response.into();
        }
        let (lane, files) = (Arc::clone(self), files.clone());
        Answering::waiting(async move {
            let serve = async |request: Request, bypass: Bypass| {
                if let Some(response) = files.respond(&path, &request).await {
                    return response;
                }
                bypass.set();
                Arc::clone(&lane.asgi).serve(request).await
            };
            if lane.layers.is_empty() {
                return serve(request, Bypass::default()).await;
            }
            lane.layers.around(request, serve).await
        })
    }

    /// Sends an answer that is the same for every request; for one [without a body](Self::is_bare).
    pub fn serve_fixed(self: &Arc<Self>, answer: &FixedAnswer, request: Request) -> Answering {
        let response = answer.response();
        if self.layers.is_empty() {
            return response.into();
        }
        let lane = Arc::clone(self);
        Answering::waiting(async move { lane.layers.around(request, async |_, _| response).await })
    }

    /// Whether [`Self::serve_preflight`] can answer the request.
    pub fn answers_preflight(&self, request: &Request) -> bool {
        !self.preflight_layers.is_empty()
            && is_preflight(request)
            && Self::is_bare(request)
            // A WebSocket handshake is for the application to judge.
            && !request.headers().contains_key(header::UPGRADE)
    }

    /// Whether there is no body: one that nobody reads would cost its client the connection.
    pub fn is_bare(request: &Request) -> bool {
        request.body().is_complete()
    }

    /// Answers a preflight of CORS, which no route sees.
    pub fn serve_preflight(self: &Arc<Self>, request: Request) -> Answering {
        let lane = Arc::clone(self);
        Answering::waiting(async move {
            let serve = async |request: Request, bypass: Bypass| {
                bypass.set();
                Arc::clone(&lane.asgi).serve(request).await
            };
            lane.preflight_layers.around(request, serve).await
        })
    }

    fn run(
        self: Arc<Self>,
        plan: Arc<Plan>,
        path: MatchedPath,
        request: Request,
        bypass: Bypass,
    ) -> Answering {
        let (parts, body) = request.into_parts();
        let mut call = Call {
            head: Head { parts, path },
            bytes: Bytes::new(),
            connection: body.connection().cloned(),
            unread: None,
            response: None,
            session: None,
            lane: self,
            plan,
            bypass,
        };
        if !call.plan.signature.takes_body {
            call.unread = Some(body);
            return call.start();
        }
        Answering::waiting(async move {
            match body.collect_within(call.lane.body_limit).await {
                Ok(Collected::Whole(bytes)) => call.bytes = bytes,
                Ok(Collected::TooLong { read, rest }) => {
                    call.bytes = read;
                    call.unread = Some(rest);
                    return call.refuse().await;
                }
                Err(error) => return asgi::body_refusal(&error),
            }
            call.start().await
        })
    }
}

impl Call {
    /// Makes the call where its placement says.
    fn start(self) -> Answering {
        match self.plan.placement {
            // While the loop works, its thread has the interpreter: queueing is better than waiting for it here.
            Placement::Pure if !self.lane.event_loop().is_awake() => {
                let lane = Arc::clone(&self.lane);
                match lane.executor.permit() {
                    Some(_permit) => self.run_inline(),
                    None => self.run_on_loop(),
                }
            }
            Placement::Pure | Placement::Task => self.run_on_loop(),
            Placement::Sync => self.run_sync(),
        }
    }

    /// Lets the general lane answer.
    fn refuse(self) -> Answering {
        self.finish_on_loop(Reply::None, Evaluation::Refused)
    }

    fn run_inline(mut self) -> Answering {
        let mut reply = Reply::None;
        match Python::attach(|py| self.evaluate(py, &mut reply)) {
            Evaluation::Done(Ok(Answer::Ready(response, None))) => response.into(),
            rest => self.finish_on_loop(reply, rest),
        }
    }

    fn run_on_loop(self) -> Answering {
        let (responder, response) = completion();
        let event_loop = self.lane.event_loop().clone();
        event_loop.submit(move |context| self.begin(context, Reply::Responder(responder)));
        Answering::Submitted(response)
    }

    /// Runs a sync function where its timing says: here, or on a thread of the pool.
    fn run_sync(mut self) -> Answering {
        let mut reply = Reply::None;
        let (executor, plan) = (Arc::clone(&self.lane.executor), Arc::clone(&self.plan));
        let inline = executor
            .try_inline(&plan.timing, |py| self.evaluate_in_own_context(py, &mut reply))
            .map_err(drop);
        match inline {
            Ok(Ok(Evaluation::Done(Ok(Answer::Ready(response, None))))) => response.into(),
            Ok(Ok(rest)) => self.finish_on_loop(reply, rest),
            Ok(Err(Panicked)) => asgi::internal_server_error().into(),
            Err(()) => {
                let response = reply.response(&mut self);
                executor.run(&plan.timing, move |py| {
                    match self.evaluate_in_own_context(py, &mut reply) {
                        Evaluation::Done(Ok(Answer::Ready(response, None))) => reply.store(response),
                        rest => {
                            self.deliver_on_loop(reply, rest);
                            None
                        }
                    }
                });
                Answering::Submitted(response)
            }
        }
    }

    fn finish_on_loop(mut self, mut reply: Reply, evaluation: Evaluation) -> Answering {
        let response = reply.response(&mut self);
        self.deliver_on_loop(reply, evaluation);
        Answering::Submitted(response)
    }

    fn deliver_on_loop(self, reply: Reply, evaluation: Evaluation) {
        let event_loop = self.lane.event_loop().clone();
        event_loop.submit(move |context| self.deliver(context, reply, evaluation));
    }

    fn evaluate_in_own_context(&mut self, py: Python<'_>, reply: &mut Reply) -> Evaluation {
        in_own_context(py, || self.evaluate(py, reply)).unwrap_or_else(|error| Evaluation::Done(Err(error)))
    }

    /// Takes the parameters and runs a function that does not suspend.
    fn evaluate(&mut self, py: Python<'_>, reply: &mut Reply) -> Evaluation {
        let called = match self.call(py, reply) {
            Some(called) => called,
            None => return Evaluation::Refused,
        };
        let result = called.and_then(|value| {
            if self.plan.is_coroutine {
                finish_step(&value)
            } else {
                Ok(value)
            }
        });
        Evaluation::Done(result.and_then(|value| self.answer(&value)))
    }

    fn answer(&self, value: &Bound<'_, PyAny>) -> PyResult<Answer> {
        let answer = answer(&self.plan, &self.lane.classes, value)?;
        if let Some(session) = &self.session {
            session::save(session.bind(value.py()), &self.head.parts.extensions)?;
        }
        Ok(answer)
    }

    /// Takes the parameters and calls the function. `None`: refused.
    fn call<'py>(&mut self, py: Python<'py>, reply: &mut Reply) -> Option<PyResult<Bound<'py, PyAny>>> {
        let mut arguments = self.head.arguments(py, &self.plan, &self.bytes).ok()?;
        if self.plan.signature.takes_request {
            let request = match reply.request(py, self) {
                Ok(request) => request,
                Err(error) => return Some(Err(error)),
            };
            place_request(&self.plan, &mut arguments, &request);
        }
        Some(call(py, &self.plan, &arguments))
    }

    /// Takes the parameters and starts the function, on the loop's thread.
    fn begin(mut self, context: &LoopContext<'_, '_>, mut reply: Reply) {
        let py = context.py();
        if self.plan.placement != Placement::Task {
            let evaluation = self.evaluate(py, &mut reply);
            return self.deliver(context, reply, evaluation);
        }
        match self.call(py, &mut reply) {
            None => self.deliver(context, reply, Evaluation::Refused),
            Some(Err(error)) => self.deliver(context, reply, Evaluation::Done(Err(error))),
            Some(Ok(coroutine)) => context.spawn(&coroutine, move |context, outcome| match outcome {
                Ok(value) => self.conclude(context, reply, &value),
                Err(error) => self.fail(context, reply, error),
            }),
        }
    }

    /// Answers with what the function's coroutine returned. If that makes no answer, the exit code of dependencies is
    /// the first to know.
    fn conclude(self, context: &LoopContext<'_, '_>, reply: Reply, value: &Py<PyAny>) {
        let value = value.bind(context.py());
        let error = match self.answer(value) {
            Ok(answer) => return self.send(context, reply, answer),
            Err(error) => error,
        };
        match leave(&self.lane.classes, value, error) {
            Ok(coroutine) => context.spawn(&coroutine, move |context, left| match left {
                Ok(_) => self.fail(context, reply, PyRuntimeError::new_err("an error was lost")),
                Err(error) => self.fail(context, reply, error),
            }),
            Err(error) => self.fail(context, reply, error),
        }
    }

    fn deliver(mut self, context: &LoopContext<'_, '_>, mut reply: Reply, evaluation: Evaluation) {
        match evaluation {
            Evaluation::Refused => {
                self.bypass.set();
                let exchange = reply.exchange(&mut self);
                asgi::start(context, &exchange, &self.head.parts);
            }
            Evaluation::Done(Ok(answer)) => self.send(context, reply, answer),
            Evaluation::Done(Err(error)) => self.fail(context, reply, error),
        }
    }

    fn send(mut self, context: &LoopContext<'_, '_>, mut reply: Reply, answer: Answer) {
        match answer {
            Answer::Ready(response, finish) => {
                reply.complete(context, response);
                if let Some(finish) = finish {
                    spawn_finish(context, &finish);
                }
            }
            Answer::Asgi(response, finish) => {
                let exchange = reply.exchange(&mut self);
                let called = exchange.call(response.bind(context.py()), &self.head.parts);
                asgi::run(context, &exchange, called, move |context| {
                    if let Some(finish) = &finish {
                        spawn_finish(context, finish);
                    }
                });
            }
        }
    }

    /// Lets the application's exception handlers answer.
    fn fail(mut self, context: &LoopContext<'_, '_>, mut reply: Reply, error: PyErr) {
        let py = context.py();
        let exchange = reply.exchange(&mut self);
        let saved = self.session.as_ref().map_or(Ok(()), |session| {
            session::save(session.bind(py), &self.head.parts.extensions)
        });
        // The session is written outside of the handlers, so its error is the one that ends the request.
        let error = saved.err().unwrap_or(error);
        // `SystemExit`, `CancelledError` and the like are for nobody's handlers.
        if !error.is_instance_of::<PyException>(py) {
            self.bypass.set();
            return asgi::finish(py, &exchange, Err(error));
        }
        let called = self.scoped(py, &exchange).and_then(|(scope, receive, send)| {
            scope.set_item(pyo3::intern!(py, "fastrapi.exception"), error.into_value(py))?;
            scope.set_item(
                pyo3::intern!(py, "fastrapi.unhandled"),
                Py::new(py, Unhandled(self.bypass.clone()))?,
            )?;
            self.plan.on_error.bind(py).call1((scope, receive, send))
        });
        asgi::run(context, &exchange, called, |_| {});
    }

    /// The arguments of an ASGI application, as the router would pass them on to the route.
    fn scoped<'py>(
        &mut self,
        py: Python<'py>,
        exchange: &Arc<Exchange>,
    ) -> PyResult<ConnectionArguments<'py>> {
        let arguments = exchange.connection_arguments(py, &self.head.parts)?;
        if self.session.is_none() {
            self.session = session::load(py, &self.head.parts.extensions)?.map(Bound::unbind);
        }
        if let Some(session) = &self.session {
            arguments.0.set_item(pyo3::intern!(py, "session"), session)?;
        }
        self.head.extend_scope(&self.plan, &arguments.0)?;
        Ok(arguments)
    }
}

/// Called by `fastrapi.plan.errors` when no handler of the application took an exception.
#[pyclass(frozen, module = "fastrapi._core")]
struct Unhandled(Bypass);

#[pymethods]
impl Unhandled {
    fn __call__(&self) {
        self.0.set();
    }
}

/// Background tasks and exit code run on their own; their errors can only be logged.
fn spawn_finish(context: &LoopContext<'_, '_>, finish: &Py<PyAny>) {
    let py = context.py();
    match finish.bind(py).call0() {
        Ok(coroutine) => context.spawn(&coroutine, |context, outcome| {
            if let Err(error) = outcome {
                asgi::log_exception(context.py(), "Exception after the response was sent", &error);
            }
        }),
        Err(error) => asgi::log_exception(py, "Exception after the response was sent", &error),
    }
}
