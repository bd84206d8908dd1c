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
    /// Why the lane is not the direct one, or what else is around it.
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
    /// What is legal in the application and hardly meant, a sentence each.
    pub oddities: Vec<String>,
}

/// Loads the application and describes its routes.
///
/// # Errors
/// See [`LoadError`](crate::loader::LoadError); an application whose routes cannot be described is a
/// [`RunError::Inspect`].
pub fn inspect(target: &AppTarget) -> Result<Inspection, RunError> {
    Python::attach(|py| {
        let loaded = loader::load(py, target)?;
        let failed = |error: PyErr| RunError::Inspect(error.to_string());
        let application = loaded.application.bind(py);
        Ok(Inspection {
            routes: describe(application).map_err(failed)?,
            oddities: find_oddities(application).map_err(failed)?,
            application: format!("{}:{}", loaded.module, loaded.attribute),
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

fn find_oddities(application: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let module = application.py().import("fastrapi.plan.findings")?;
    module.call_method1("find_oddities", (application,))?.extract()
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
