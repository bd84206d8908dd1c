//! From what the plan's function returned to the response.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use server::{Response, ResponseBody};

use super::plan::Plan;
use crate::json;

/// The classes of the framework that results are compared with, looked up once.
#[derive(Debug)]
pub struct Classes {
    response: Py<PyType>,
    /// `Response.__call__`: a class that overrides it sends in its own way.
    response_call: Py<PyAny>,
    outcome: Py<PyType>,
}

impl Classes {
    /// Looks the classes up.
    ///
    /// # Errors
    /// Import errors of the `fastrapi` package.
    pub fn import(py: Python<'_>) -> PyResult<Self> {
        let response = py
            .import("fastrapi.responses")?
            .getattr("Response")?
            .cast_into::<PyType>()?;
        Ok(Self {
            response_call: response.getattr("__call__")?.unbind(),
            response: response.unbind(),
            outcome: py
                .import("fastrapi.plan.outcome")?
                .getattr("Outcome")?
                .cast_into::<PyType>()?
                .unbind(),
        })
    }
}

/// What a function's result becomes.
#[derive(Debug)]
pub enum Answer {
    /// A complete response, and the coroutine function to run once it is sent.
    Ready(Response, Option<Py<PyAny>>),
    /// A response object that writes itself as an ASGI application, with the same.
    Asgi(Py<PyAny>, Option<Py<PyAny>>),
}

/// Builds the answer for a result of the plan's function.
///
/// # Errors
/// What the framework's encoder raises, and `RuntimeError` for a status or a header that HTTP does not have.
pub fn answer(plan: &Plan, classes: &Classes, result: &Bound<'_, PyAny>) -> PyResult<Answer> {
    let py = result.py();
    if result.get_type().is(classes.outcome.bind(py)) {
        return outcome_answer(plan, classes, result);
    }
    let Some(body) = body_of(plan, classes, result)? else {
        let response = as_response(plan, classes, result)?;
        return of_response(classes, &response);
    };
    Ok(Answer::Ready(json_response(plan.status, body), None))
}

/// The coroutine to run if [`answer`] fails: exit code of dependencies, which may replace the error. It always raises.
///
/// # Errors
/// The error, if there is no exit code.
pub(super) fn leave<'py>(
    classes: &Classes,
    result: &Bound<'py, PyAny>,
    error: PyErr,
) -> PyResult<Bound<'py, PyAny>> {
    let py = result.py();
    if !result.get_type().is(classes.outcome.bind(py)) || result.getattr("exits")?.is_none() {
        return Err(error);
    }
    result.call_method1("fail", (error.into_value(py),))
}

/// The answer for a response object of the framework. Its background task is left to be run.
///
/// # Errors
/// As [`answer`].
fn of_response(classes: &Classes, response: &Bound<'_, PyAny>) -> PyResult<Answer> {
    let background = response.getattr("background")?;
    let finish = (!background.is_none()).then(|| background.unbind());
    finished(classes, response, finish)
}

/// The encoded body, unless the result is or becomes a response object.
fn body_of(plan: &Plan, classes: &Classes, value: &Bound<'_, PyAny>) -> PyResult<Option<Bytes>> {
    let py = value.py();
    if plan.builtin_json {
        let mut out = Vec::with_capacity(128);
        if json::encode(value, &mut out).is_ok() {
            return Ok(Some(out.into()));
        }
    }
    if let Some(text) = plan.shapes.as_ref().and_then(|shapes| shapes.to_json(value).ok()) {
        return Ok(Some(text.into()));
    }
    if value.is_instance(classes.response.bind(py))? {
        return Ok(None);
    }
    let Some(encode) = &plan.encode else {
        return Ok(None);
    };
    let body = encode.bind(py).call1((value,))?;
    Ok(Some(Bytes::copy_from_slice(body.cast::<PyBytes>()?.as_bytes())))
}

fn json_response(status: StatusCode, body: Bytes) -> Response {
    let mut response = Response::new(ResponseBody::full(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn as_response<'py>(
    plan: &Plan,
    classes: &Classes,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if value.is_instance(classes.response.bind(py))? {
        return Ok(value.clone());
    }
    plan.respond.bind(py).call1((value,))
}

/// Merges what the application set through its `Response` parameter, and keeps the work that is left.
fn outcome_answer(plan: &Plan, classes: &Classes, outcome: &Bound<'_, PyAny>) -> PyResult<Answer> {
    let py = outcome.py();
    let value = outcome.getattr("value")?;
    let own = outcome.getattr("response")?;
    let answer = if value.is_instance(classes.response.bind(py))? {
        // FastAPI leaves a response that the handler returned as it is, but for the background tasks: they are run
        // with it if it has none of its own.
        if value.getattr("background")?.is_none() {
            value.setattr("background", outcome.getattr("tasks")?)?;
        }
        outcome.setattr("tasks", py.None())?;
        let answer = of_response(classes, &value)?;
        if let Answer::Ready(_, Some(background)) = &answer {
            outcome.setattr("tasks", background)?;
        }
        answer
    } else if let Some(body) = body_of(plan, classes, &value)? {
        let mut response = json_response(plan.status, body);
        if !own.is_none() {
            merge(&mut response, &own)?;
        }
        Answer::Ready(response, None)
    } else {
        let response = as_response(plan, classes, &value)?;
        let mut answer = finished(classes, &response, None)?;
        if let (Answer::Ready(response, _), false) = (&mut answer, own.is_none()) {
            merge(response, &own)?;
        } else if !own.is_none() {
            let raw = response.getattr("headers")?.getattr("raw")?;
            raw.call_method1("extend", (own.getattr("headers")?.getattr("raw")?,))?;
        }
        answer
    };
    let finish = outcome
        .getattr("pending")?
        .is_truthy()?
        .then(|| outcome.getattr("finish"))
        .transpose()?;
    Ok(match answer {
        Answer::Ready(response, _) => Answer::Ready(response, finish.map(Bound::unbind)),
        Answer::Asgi(response, _) => Answer::Asgi(response, finish.map(Bound::unbind)),
    })
}

fn merge(response: &mut Response, own: &Bound<'_, PyAny>) -> PyResult<()> {
    let status = own.getattr("status_code")?;
    if status.is_truthy()? {
        *response.status_mut() = status_of(&status)?;
        if !allows_body(response.status()) {
            *response.body_mut() = ResponseBody::Empty;
        }
    }
    // Of two lengths the first counts, and that is the body's.
    let length = response.headers_mut().remove(header::CONTENT_LENGTH);
    append_headers(response, &own.getattr("raw_headers")?)?;
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response
        .headers_mut()
        .extend(length.map(|length| (header::CONTENT_LENGTH, length)));
    Ok(())
}

/// RFC 9110, sections 6.4.1 and 15.3.6: these have no content.
fn allows_body(status: StatusCode) -> bool {
    !matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    ) && !status.is_informational()
}

/// Reads a response object of the framework; one with its own way of sending stays an object.
fn finished(classes: &Classes, object: &Bound<'_, PyAny>, finish: Option<Py<PyAny>>) -> PyResult<Answer> {
    let py = object.py();
    if !object
        .get_type()
        .getattr("__call__")?
        .is(classes.response_call.bind(py))
    {
        // Sending itself includes running its background task.
        return Ok(Answer::Asgi(object.clone().unbind(), None));
    }
    let body = object.getattr("body")?;
    let bytes = match body.cast::<PyBytes>() {
        Ok(bytes) => Bytes::copy_from_slice(bytes.as_bytes()),
        // `memoryview` is allowed, too.
        Err(_) => Bytes::from(body.call_method0("tobytes")?.extract::<Vec<u8>>()?),
    };
    let length = bytes.len();
    let mut response = Response::new(ResponseBody::full(bytes));
    *response.status_mut() = status_of(&object.getattr("status_code")?)?;
    append_headers(&mut response, &object.getattr("raw_headers")?)?;
    if let Some(declared) = response.headers_mut().remove(header::CONTENT_LENGTH) {
        // The server writes the length itself. Another one is for the ASGI rules to judge: right for `HEAD`, an
        // error elsewhere.
        if declared.to_str().ok().and_then(|text| text.parse().ok()) != Some(length) {
            return Ok(Answer::Asgi(object.clone().unbind(), None));
        }
        // It writes none for an empty answer to `HEAD`, whose length it cannot know.
        if length == 0 {
            response.headers_mut().insert(header::CONTENT_LENGTH, declared);
        }
    }
    Ok(Answer::Ready(response, finish))
}

fn status_of(status: &Bound<'_, PyAny>) -> PyResult<StatusCode> {
    status
        .extract::<u16>()
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .filter(|code| code.as_u16() >= 200)
        .ok_or_else(|| {
            PyRuntimeError::new_err(format!("{status} is not a final HTTP status code (200 to 999)"))
        })
}

fn append_headers(response: &mut Response, raw: &Bound<'_, PyAny>) -> PyResult<()> {
    for pair in raw.try_iter()? {
        let pair = pair?;
        let (name, value): (Bound<'_, PyBytes>, Bound<'_, PyBytes>) = pair.extract()?;
        let invalid = || PyRuntimeError::new_err(format!("HTTP cannot carry the header {pair}"));
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| invalid())?;
        response.headers_mut().append(name, value);
    }
    Ok(())
}
