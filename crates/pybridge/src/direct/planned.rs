//! Routes with a plan inside of an application that runs as ASGI: behind middleware that only Python can run.
//!
//! The server has found the route when the application starts. The scope's extensions carry the plan to the router,
//! which runs it (`fastrapi.routing.planned`) unless something on the way has changed what the route was found by.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use server::{Response, ResponseBody};

use super::call::{call, finish_step};
use super::context::in_own_context;
use super::head::{Head, place_request};
use super::plan::{Placement, Plan};
use super::respond::{Answer, Classes, answer, leave};
use crate::asgi;
use crate::placement::{Place, SyncExecutor};

/// One request with its plan.
#[pyclass(frozen, module = "fastrapi._core")]
#[derive(Debug)]
pub struct PlannedCall {
    plan: Arc<Plan>,
    head: Head,
    classes: Arc<Classes>,
    /// Knows where sync functions run; without one they run on threads.
    executor: Option<Arc<SyncExecutor>>,
    found_by: FoundBy,
}

impl PlannedCall {
    /// Adds the call to the extensions of the scope.
    ///
    /// # Errors
    /// `KeyError` or `TypeError` for what is no ASGI scope of an HTTP request.
    pub(super) fn announce(
        scope: &Bound<'_, PyDict>,
        plan: Arc<Plan>,
        head: Head,
        classes: Arc<Classes>,
        executor: Option<Arc<SyncExecutor>>,
    ) -> PyResult<()> {
        let py = scope.py();
        let found_by = FoundBy::read(scope)?;
        let planned = Bound::new(
            py,
            Self {
                plan,
                head,
                classes,
                executor,
                found_by,
            },
        )?;
        scope
            .as_any()
            .get_item(intern!(py, "extensions"))?
            .set_item(intern!(py, "fastrapi.plan"), planned)
    }

    fn place(&self) -> Place {
        self.executor
            .as_ref()
            .map_or(Place::Pool, |executor| executor.place(&self.plan.timing))
    }

    /// Takes the parameters and calls the function; `None`: refused.
    fn evaluate<'py>(
        &self,
        scope: &Bound<'py, PyDict>,
        body: &Bound<'py, PyBytes>,
        request: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = scope.py();
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let Ok(mut arguments) = self.head.arguments(py, &self.plan, &bytes) else {
            return Ok(None);
        };
        self.head.extend_scope(&self.plan, scope)?;
        place_request(&self.plan, &mut arguments, request);
        let value = call(py, &self.plan, &arguments)?;
        let is_step = self.plan.is_coroutine && self.plan.placement == Placement::Pure;
        if is_step { finish_step(&value) } else { Ok(value) }.map(Some)
    }

    fn evaluate_timed<'py>(
        &self,
        place: Place,
        scope: &Bound<'py, PyDict>,
        body: &Bound<'py, PyBytes>,
        request: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let started = Instant::now();
        let evaluated = in_own_context(scope.py(), || self.evaluate(scope, body, request))?;
        self.plan.timing.record(place, started.elapsed());
        evaluated
    }
}

#[pymethods]
impl PlannedCall {
    /// Whether the scope still leads to the route, and nothing else has been given to it.
    fn holds(&self, scope: &Bound<'_, PyDict>) -> PyResult<bool> {
        let py = scope.py();
        let application = self.plan.scope(py)?.get_item(intern!(py, "app"))?;
        let is_ours = match (application, scope.get_item(intern!(py, "app"))?) {
            (Some(planned), Some(current)) => planned.is(&current),
            _ => false,
        };
        Ok(is_ours
            && !scope.contains(intern!(py, "router"))?
            && !scope.contains(intern!(py, "path_params"))?
            && self.found_by.still_holds(scope)?)
    }

    /// Whether `run` needs the body.
    #[getter]
    fn takes_body(&self) -> bool {
        self.plan.signature.takes_body
    }

    /// Whether `run` needs the request object.
    #[getter]
    fn takes_request(&self) -> bool {
        self.plan.signature.takes_request
    }

    /// Whether `run` returns a coroutine.
    #[getter]
    fn is_task(&self) -> bool {
        self.plan.placement == Placement::Task
    }

    /// Whether it `holds`, and `run` needs no body, does not block and returns no coroutine.
    fn holds_at_once(&self, scope: &Bound<'_, PyDict>) -> PyResult<bool> {
        Ok(!self.plan.signature.takes_body && !self.is_task() && !self.may_block() && self.holds(scope)?)
    }

    /// Whether the function may block: `run_in_thread` is for it.
    #[getter]
    fn may_block(&self) -> bool {
        self.plan.placement == Placement::Sync && self.place() == Place::Pool
    }

    /// Takes the parameters, adds to the scope what the router would, and calls the function. Returns its result in a
    /// tuple, or `None` if the plan does not fit the request: then nothing has been done. What the function raises is
    /// raised.
    fn run<'py>(
        &self,
        scope: &Bound<'py, PyDict>,
        body: &Bound<'py, PyBytes>,
        request: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyAny>,)>> {
        let value = if self.plan.placement == Placement::Sync {
            self.evaluate_timed(Place::Inline, scope, body, request)
        } else {
            self.evaluate(scope, body, request)
        };
        Ok(value?.map(|value| (value,)))
    }

    /// As `run`, on a thread of the pool.
    fn run_in_thread<'py>(
        &self,
        scope: &Bound<'py, PyDict>,
        body: &Bound<'py, PyBytes>,
        request: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyAny>,)>> {
        let value = self.evaluate_timed(Place::Pool, scope, body, request)?;
        Ok(value.map(|value| (value,)))
    }

    /// Builds the answer: status and headers, then the body; or a response object that sends itself, then `None`. At
    /// last a coroutine function to await once it is sent, or `None`.
    fn answer<'py>(&self, result: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let py = result.py();
        match answer(&self.plan, &self.classes, result)? {
            Answer::Asgi(response, finish) => (response, py.None(), finish).into_pyobject(py),
            Answer::Ready(response, finish) => {
                let content = match response.body() {
                    ResponseBody::Full(bytes) => PyBytes::new(py, bytes),
                    _ => PyBytes::new(py, b""),
                };
                let headers = headers(py, &response, content.as_bytes().len())?;
                let head = (response.status().as_u16(), headers);
                (head, content, finish).into_pyobject(py)
            }
        }
    }

    /// The coroutine to await if there is no answer, or it cannot be sent. It raises what exit code of dependencies
    /// leaves of the error; without such code that is raised at once.
    fn leave<'py>(
        &self,
        result: &Bound<'py, PyAny>,
        error: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        leave(&self.classes, result, PyErr::from_value(error))
    }

    /// Sends a whole response, as two messages given to `send` would. Returns whether it did: only the server's own
    /// channel takes it, and only with the body's length among the headers.
    #[allow(clippy::unused_self)]
    fn deliver(
        &self,
        send: &Bound<'_, PyAny>,
        status: &Bound<'_, PyAny>,
        headers: &Bound<'_, PyAny>,
        body: &Bound<'_, PyBytes>,
    ) -> PyResult<bool> {
        match send.cast::<asgi::Send>() {
            Ok(send) => send.get().deliver(status, headers, body),
            Err(_) => Ok(false),
        }
    }
}

/// What the route was found by: objects in the scope, which are immutable.
#[derive(Debug)]
struct FoundBy {
    values: [Py<PyAny>; 4],
    /// The members of the list of headers.
    headers: Py<PyTuple>,
}

impl FoundBy {
    fn keys(py: Python<'_>) -> [&Bound<'_, pyo3::types::PyString>; 4] {
        [
            intern!(py, "path"),
            intern!(py, "method"),
            intern!(py, "query_string"),
            intern!(py, "root_path"),
        ]
    }

    fn read(scope: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = scope.py();
        let value = |key| scope.as_any().get_item(key);
        let [path, method, query, root_path] = Self::keys(py);
        let headers = value(intern!(py, "headers"))?.cast_into::<PyList>()?;
        Ok(Self {
            values: [
                value(path)?.unbind(),
                value(method)?.unbind(),
                value(query)?.unbind(),
                value(root_path)?.unbind(),
            ],
            headers: headers.to_tuple().unbind(),
        })
    }

    fn still_holds(&self, scope: &Bound<'_, PyDict>) -> PyResult<bool> {
        let py = scope.py();
        for (key, value) in Self::keys(py).into_iter().zip(&self.values) {
            if !scope.get_item(key)?.is_some_and(|current| current.is(value)) {
                return Ok(false);
            }
        }
        // `Headers` of the framework puts a copy of the list in its place.
        let Some(headers) = scope.get_item(intern!(py, "headers"))? else {
            return Ok(false);
        };
        let (Ok(now), then) = (headers.cast::<PyList>(), self.headers.bind(py)) else {
            return Ok(false);
        };
        Ok(now.len() == then.len() && now.iter().zip(then.iter()).all(|(now, then)| now.is(&then)))
    }
}

/// The headers of a complete response, whose body is always in memory.
fn headers<'py>(py: Python<'py>, response: &Response, length: usize) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    let fixed = |name| response.headers().contains_key(name);
    // RFC 9110, section 8.6: these have no length.
    if !matches!(response.status().as_u16(), 204 | 304) && !fixed(http::header::CONTENT_LENGTH) {
        let length = PyBytes::new(py, length.to_string().as_bytes());
        list.append((PyBytes::new(py, b"content-length"), length))?;
    }
    for (name, value) in response.headers() {
        let name = PyBytes::new(py, name.as_str().as_bytes());
        list.append((name, PyBytes::new(py, value.as_bytes())))?;
    }
    Ok(list)
}
