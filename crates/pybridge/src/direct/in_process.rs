//! The direct lane for callers inside the process: `fastrapi.testclient` runs requests with it.
//!
//! Finding the plan, taking the arguments and building the answer are the code that serves clients; waiting for
//! coroutines and threads is left to the caller's event loop.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};
use server::{Response, ResponseBody};

use super::call::{call, finish_step};
use super::head::{Head, place_request};
use super::plan::{Placement, Plan};
use super::respond::{Answer, Classes, answer};
use super::table::{Found, PlanTable};

/// The plans of an application, for lookups from Python.
#[pyclass(frozen, module = "fastrapi._core")]
#[derive(Debug)]
pub struct Plans {
    table: PlanTable,
    classes: Arc<Classes>,
}

#[pymethods]
impl Plans {
    /// Reads a `fastrapi.plan.ApplicationPlan`.
    #[new]
    fn new(plan: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            table: PlanTable::read(plan)?,
            classes: Arc::new(Classes::import(plan.py())?),
        })
    }

    /// The call that a request leads to; `None` if the general lane serves it, or if it is no valid HTTP request.
    #[pyo3(signature = (method, path, query, headers, /))]
    fn find(
        &self,
        method: &str,
        path: &[u8],
        query: &[u8],
        headers: Vec<(PyBackedBytes, PyBackedBytes)>,
    ) -> Option<PlannedCall> {
        let target = if query.is_empty() {
            path.to_vec()
        } else {
            [path, b"?", query].concat()
        };
        let mut request = Request::builder().method(method).uri(target).body(()).ok()?;
        for (name, value) in headers {
            request.headers_mut().append(
                HeaderName::from_bytes(&name).ok()?,
                HeaderValue::from_bytes(&value).ok()?,
            );
        }
        let found = self
            .table
            .find(request.method(), request.uri().path(), request.headers())?;
        let (Found::Plan(plan), path) = found else {
            return None;
        };
        let plan = Arc::clone(plan);
        let head = Head {
            parts: request.into_parts().0,
            path,
        };
        Some(PlannedCall {
            plan,
            head,
            classes: Arc::clone(&self.classes),
        })
    }
}

/// One request with its plan.
#[pyclass(frozen, module = "fastrapi._core")]
#[derive(Debug)]
pub struct PlannedCall {
    plan: Arc<Plan>,
    head: Head,
    classes: Arc<Classes>,
}

#[pymethods]
impl PlannedCall {
    /// Whether `run` needs the body.
    #[getter]
    fn takes_body(&self) -> bool {
        self.plan.signature.takes_body
    }

    /// Whether `run` returns a coroutine.
    #[getter]
    fn is_task(&self) -> bool {
        self.plan.placement == Placement::Task
    }

    /// Whether `run` may block its thread.
    #[getter]
    fn is_sync(&self) -> bool {
        self.plan.placement == Placement::Sync
    }

    /// The ASGI application that answers for `scope["fastrapi.exception"]`.
    #[getter]
    fn on_error<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.plan.on_error.bind(py).clone()
    }

    /// Adds to the scope what the router and the route would add.
    fn extend_scope(&self, scope: &Bound<'_, PyDict>) -> PyResult<()> {
        self.head.extend_scope(&self.plan, scope)
    }

    /// Takes the parameters and calls the function. Returns its result in a tuple, or `None` if the general lane has to
    /// serve the request. What the function raises is raised.
    fn run<'py>(
        &self,
        body: &Bound<'py, PyBytes>,
        request: &Bound<'py, PyAny>,
    ) -> PyResult<Option<(Bound<'py, PyAny>,)>> {
        let py = body.py();
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let Ok(mut arguments) = self.head.arguments(py, &self.plan, &bytes) else {
            return Ok(None);
        };
        place_request(&self.plan, &mut arguments, request);
        let value = call(py, &self.plan, &arguments)?;
        let is_step = self.plan.is_coroutine && self.plan.placement == Placement::Pure;
        Ok(Some((if is_step { finish_step(&value)? } else { value },)))
    }

    /// Builds the answer: `(status, headers, body, finish)`, or `(response, finish)` for a response object that sends
    /// itself. `finish` is a coroutine function to await afterwards, or `None`.
    fn answer<'py>(&self, result: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let py = result.py();
        match answer(&self.plan, &self.classes, result)? {
            Answer::Asgi(response, finish) => (response, finish).into_pyobject(py),
            Answer::Ready(response, finish) => (
                response.status().as_u16(),
                headers(py, &response)?,
                body(py, response.body()),
                finish,
            )
                .into_pyobject(py),
        }
    }
}

fn headers<'py>(py: Python<'py>, response: &Response) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for (name, value) in response.headers() {
        list.append((
            PyBytes::new(py, name.as_str().as_bytes()),
            PyBytes::new(py, value.as_bytes()),
        ))?;
    }
    Ok(list)
}

/// The bytes of a ready answer's body, which are always in memory.
fn body<'py>(py: Python<'py>, body: &ResponseBody) -> Bound<'py, PyBytes> {
    match body {
        ResponseBody::Full(bytes) => PyBytes::new(py, bytes),
        _ => PyBytes::new(py, b""),
    }
}
