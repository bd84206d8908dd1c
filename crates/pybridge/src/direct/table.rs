//! The route table: for each path the plan of its route, or the general lane.

use std::sync::Arc;

use http::{HeaderMap, Method, header};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use server::routing::{Convertor, Lookup, MethodSet, Pattern, RouteTable, RouteTableBuilder};

use super::files::Files;
use super::head::MatchedPath;
use super::layers::Layers;
use super::plan::{Plan, PlanReader};
use super::shadows::{Sample, shadowed};

/// The lane of one route.
#[derive(Debug)]
enum Entry {
    Direct(Arc<Plan>),
    Files(Files),
    General,
}

/// What the direct lane does with a request.
#[derive(Debug)]
pub enum Found<'t> {
    /// It runs a route's plan.
    Plan(&'t Arc<Plan>),
    /// It sends a file of a mounted directory.
    Files(&'t Files),
}

/// How many routes each lane serves; WebSockets are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RouteCounts {
    /// On the direct lane.
    pub direct: usize,
    /// On the general lane.
    pub general: usize,
}

/// What [`compile`] makes of an application.
#[derive(Debug)]
pub struct Compiled {
    /// Its routes.
    pub table: PlanTable,
    /// The middleware around planned routes.
    pub layers: Layers,
    /// Whether planned routes are answered inside of the ASGI application, behind middleware that only Python can run.
    pub is_inside: bool,
}

/// The routes of one application.
#[derive(Debug)]
pub struct PlanTable {
    routes: RouteTable<Entry>,
    counts: RouteCounts,
    shadowed: Vec<String>,
}

/// Compiles the plans of an application, if it is one of the framework's and any request may use them.
///
/// # Errors
/// What goes wrong in `fastrapi.plan`, and as [`PlanTable::read`].
pub fn compile(application: &Bound<'_, PyAny>) -> PyResult<Option<Compiled>> {
    let py = application.py();
    // Applications of other frameworks run without the package being imported.
    let loaded = py
        .import("sys")?
        .getattr("modules")?
        .get_item("fastrapi.applications");
    let Ok(applications) = loaded else { return Ok(None) };
    if !application.is_instance(&applications.getattr("FastAPI")?)? {
        return Ok(None);
    }
    let plan = py
        .import("fastrapi.plan")?
        .call_method1("compile_application", (application,))?;
    if !plan.getattr("reason")?.is_none() {
        return Ok(None);
    }
    Ok(Some(Compiled {
        table: PlanTable::read(&plan)?,
        layers: Layers::read(&plan)?,
        is_inside: !plan.getattr("middleware")?.is_none(),
    }))
}

impl PlanTable {
    /// Reads a `fastrapi.plan.model.ApplicationPlan`.
    ///
    /// # Errors
    /// As [`PlanReader::plan`]; `ValueError` for a path that is no pattern.
    pub fn read(application: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut builder = RouteTableBuilder::new();
        // The general lane answers what no route does, redirections included.
        builder.redirect_slashes(false);
        let mut counts = RouteCounts::default();
        let mut reader = PlanReader::default();
        let (mut paths, mut samples) = (Vec::new(), Vec::new());
        for route in application.getattr("routes")?.try_iter()? {
            let route = route?;
            let names: Vec<String> = route.getattr("methods")?.extract()?;
            let sampled = names
                .first()
                .and_then(|name| Method::from_bytes(name.as_bytes()).ok());
            let methods = methods(names)?;
            let path: String = route.getattr("path")?.extract()?;
            let pattern = pattern(&path)?;
            let entry = if route.hasattr("function")? {
                counts.direct += 1;
                Entry::Direct(Arc::new(reader.plan(&route, &path)?))
            } else if route.hasattr("directory")? {
                counts.direct += 1;
                Entry::Files(Files::read(&route)?)
            } else {
                counts.general += 1;
                Entry::General
            };
            builder.push(methods, pattern, entry);
            samples.push(sampled.and_then(|method| Sample::new(method, &path)));
            paths.push(path);
        }
        let routes = builder.build();
        let shadowed = shadowed(&routes, &samples)
            .into_iter()
            .map(|place| paths[place].clone());
        Ok(Self {
            routes,
            counts,
            shadowed: shadowed.collect(),
        })
    }

    /// The patterns of the routes that an earlier one hides.
    #[must_use]
    pub fn shadowed(&self) -> &[String] {
        &self.shadowed
    }

    /// How many routes there are on each lane.
    #[must_use]
    pub fn counts(&self) -> RouteCounts {
        self.counts
    }

    /// What to do with a request, if the direct lane may serve it.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str, headers: &HeaderMap) -> Option<(Found<'_>, MatchedPath)> {
        // A WebSocket handshake is a GET for another kind of route.
        if headers.contains_key(header::UPGRADE) {
            return None;
        }
        let decoded: Option<Box<str>> = path.contains('%').then(|| {
            percent_encoding::percent_decode_str(path)
                .decode_utf8_lossy()
                .into_owned()
                .into()
        });
        let (entry, ranges) = match self.routes.lookup(method, decoded.as_deref().unwrap_or(path)) {
            Lookup::Found { value, params, .. } => (value, params),
            _ => return None,
        };
        let found = match entry {
            Entry::Direct(plan) => Found::Plan(plan),
            Entry::Files(files) if Files::take(method) => Found::Files(files),
            Entry::Files(_) | Entry::General => return None,
        };
        Some((found, MatchedPath { decoded, ranges }))
    }
}

fn methods(names: Vec<String>) -> PyResult<MethodSet> {
    if names.is_empty() {
        return Ok(MethodSet::any());
    }
    names
        .into_iter()
        .map(|name| {
            Method::from_bytes(name.as_bytes())
                .map_err(|_| PyValueError::new_err(format!("{name:?} is not an HTTP method")))
        })
        .collect()
}

/// A pattern in which convertors of the application's own accept everything: they are only found on routes of the
/// general lane, which matches again.
fn pattern(path: &str) -> PyResult<Pattern> {
    let anything = || Convertor::Custom(Arc::new(|_| true));
    Pattern::parse_with(path, |name| Some(Convertor::named(name).unwrap_or_else(anything)))
        .map_err(|error| PyValueError::new_err(error.to_string()))
}
