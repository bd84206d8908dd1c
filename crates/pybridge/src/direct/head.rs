//! The head of a request together with how its route matched it.

use bytes::Bytes;
use http::request::Parts;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use server::routing::ParamRanges;
use smallvec::SmallVec;

use super::extract::{Arguments, Input, Refused, arguments};
use super::plan::{Plan, Source};

/// The path of a request as its route matched it.
#[derive(Debug)]
pub struct MatchedPath {
    /// The decoded path, where decoding changed it.
    pub decoded: Option<Box<str>>,
    /// Where the parameters lie in it.
    pub ranges: ParamRanges,
}

impl MatchedPath {
    /// The path of which the parameters are parts; `path` is the request's.
    pub(super) fn text<'p>(&'p self, path: &'p str) -> &'p str {
        self.decoded.as_deref().unwrap_or(path)
    }
}

/// A request without its body, on the way to its plan's function.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) parts: Parts,
    pub(super) path: MatchedPath,
}

impl Head {
    fn path(&self) -> &str {
        self.path.text(self.parts.uri.path())
    }

    /// Takes the arguments of the plan's function; in the place of a request object there is `None`.
    ///
    /// # Errors
    /// [`Refused`] also while the application overrides dependencies.
    pub(super) fn arguments<'py>(
        &self,
        py: Python<'py>,
        plan: &Plan,
        body: &Bytes,
    ) -> Result<Arguments<'py>, Refused> {
        if !plan.overrides.bind(py).is_empty() {
            return Err(Refused);
        }
        let path = self.path();
        let mut values = SmallVec::<[&str; 4]>::new();
        for range in &self.path.ranges {
            values.push(path.get(range.clone()).ok_or(Refused)?);
        }
        let query = self.parts.uri.query().unwrap_or_default();
        arguments(
            py,
            plan,
            Input {
                path: &values,
                query,
                headers: &self.parts.headers,
                body,
            },
        )
    }

    /// What the router and the route add to the ASGI scope.
    ///
    /// # Errors
    /// `MemoryError`.
    pub(super) fn extend_scope(&self, plan: &Plan, scope: &Bound<'_, PyDict>) -> PyResult<()> {
        let py = scope.py();
        let path = self.path();
        let parameters = PyDict::new(py);
        for (name, range) in plan.signature.path_names.iter().zip(&self.path.ranges) {
            parameters.set_item(&**name, path.get(range.clone()))?;
        }
        scope.update(plan.scope(py)?.as_mapping())?;
        scope.set_item(pyo3::intern!(py, "path_params"), parameters)
    }
}

/// Puts the request object where the plan's function takes it.
pub(super) fn place_request<'py>(plan: &Plan, arguments: &mut Arguments<'py>, request: &Bound<'py, PyAny>) {
    for (argument, parameter) in arguments.iter_mut().zip(&plan.signature.parameters) {
        if parameter.source == Source::Request {
            *argument = request.clone();
        }
    }
}
