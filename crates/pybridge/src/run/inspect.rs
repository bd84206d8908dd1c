//! Looking at an application without serving it.
use pyo3::prelude::*;

use crate::error::RunError;
use crate::loader::{self, AppTarget};

/// One route, as `fastrapi.plan.description` describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteDescription {
    /// Methods in order; none where every method is taken.
    pub methods: Vec<String>,
    /// The path's pattern.
    pub path: String,
    /// The route's name.
    pub name: String,
    /// `direct` or `general`.
    pub lane: String,
    /// Why the lane is not the direct one.
    pub reason: String,
    /// Where the handler runs: `inline`, `pool` or `loop`.
    pub placement: String,
}

/// An application that could be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// `module:attribute`.
    pub application: String,
    /// The routes in the order in which they are tried.
    pub routes: Vec<RouteDescription>,
}

/// Loads the application and describes its routes.
///
/// # Errors
/// See [`LoadError`](crate::loader::LoadError); an application whose routes cannot be described is a
/// [`RunError::Inspect`].
pub fn inspect(target: &AppTarget) -> Result<Inspection, RunError> {
    Python::attach(|py| {
        let loaded = loader::load(py, target)?;
        let routes =
            describe(loaded.application.bind(py)).map_err(|error| RunError::Inspect(error.to_string()))?;
        Ok(Inspection {
            application: format!("{}:{}", loaded.module, loaded.attribute),
            routes,
        })
    })
}

fn describe(application: &Bound<'_, PyAny>) -> PyResult<Vec<RouteDescription>> {
    let module = application.py().import("fastrapi.plan.description")?;
    module
        .call_method1("describe_routes", (application,))?
        .try_iter()?
        .map(|route| read(&route?))
        .collect()
}

fn read(route: &Bound<'_, PyAny>) -> PyResult<RouteDescription> {
    let text = |name: &str| route.getattr(name)?.extract();
    Ok(RouteDescription {
        methods: route.getattr("methods")?.extract()?,
        path: text("path")?,
        name: text("name")?,
        lane: text("lane")?,
        reason: text("reason")?,
        placement: text("placement")?,
    })
}
