//! Plans for callers inside the process: `fastrapi.testclient` finds the plan of a request with this, as the server
//! does for those of its clients.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Request};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;

use super::head::Head;
use super::planned::PlannedCall;
use super::respond::Classes;
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

    /// Adds the plan that a request leads to to the extensions of its scope, if there is one. `headers` are the
    /// scope's.
    fn announce(
        &self,
        scope: &Bound<'_, PyDict>,
        method: &str,
        path: &[u8],
        query: &[u8],
        headers: Vec<(PyBackedBytes, PyBackedBytes)>,
    ) -> PyResult<()> {
        // What is no valid HTTP request has no plan.
        let Some(request) = request(method, path, query, headers) else {
            return Ok(());
        };
        let found = self
            .table
            .find(request.method(), request.uri().path(), request.headers());
        let Some((Found::Plan(plan), path)) = found else {
            return Ok(());
        };
        let head = Head {
            parts: request.into_parts().0,
            path,
        };
        PlannedCall::announce(scope, Arc::clone(plan), head, Arc::clone(&self.classes), None)
    }
}

fn request(
    method: &str,
    path: &[u8],
    query: &[u8],
    headers: Vec<(PyBackedBytes, PyBackedBytes)>,
) -> Option<Request<()>> {
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
    Some(request)
}
