//! The route table: for each path the plan of its route, or the general lane.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, Method, header};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use server::routing::{Convertor, Lookup, MethodSet, ParamRanges, Pattern, RouteTable, RouteTableBuilder};

use super::files::Files;
use super::fixed::FixedAnswer;
use super::head::MatchedPath;
use super::layers::Layers;
use super::plan::{Plan, PlanReader};
use super::shadows::{Sample, shadowed};

/// One route.
#[derive(Debug)]
struct Entry {
    lane: EntryLane,
    /// The answer to a method that no route with the path has.
    not_allowed: Option<Arc<FixedAnswer>>,
}

#[derive(Debug)]
enum EntryLane {
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
    /// It sends what the application answers where no route takes a request. Holds until routes are appended.
    Fixed(&'t FixedAnswer),
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
    /// The middleware up to the one that answers the preflights of CORS; none if only the application can.
    pub preflight_layers: Layers,
    /// Whether planned routes are answered inside of the ASGI application, behind middleware that only Python can run.
    pub is_inside: bool,
}

/// The routes of one application.
#[derive(Debug)]
pub struct PlanTable {
    routes: RouteTable<Entry>,
    /// The answer to paths that no route has.
    unmatched: Option<FixedAnswer>,
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
        layers: Layers::read(&plan.getattr("layers")?)?,
        preflight_layers: Layers::read(&plan.getattr("preflight_layers")?)?,
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
        let mut counts = RouteCounts::default();
        let mut reader = PlanReader::default();
        let mut answers = AnswerReader::default();
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
            let (lane, counted) = if route.hasattr("function")? {
                let plan = reader.plan(&route, &path)?;
                (EntryLane::Direct(Arc::new(plan)), &mut counts.direct)
            } else if route.hasattr("directory")? {
                (EntryLane::Files(Files::read(&route)?), &mut counts.direct)
            } else {
                (EntryLane::General, &mut counts.general)
            };
            *counted += 1;
            let not_allowed = answers.not_allowed(&route)?;
            builder.push(methods, pattern, Entry { lane, not_allowed });
            samples.push(sampled.and_then(|method| Sample::new(method, &path)));
            paths.push(path);
        }
        let unmatched = read_unmatched(&application.getattr("unmatched")?, &mut builder)?;
        let routes = builder.build();
        let shadowed = shadowed(&routes, &samples)
            .into_iter()
            .map(|place| paths[place].clone());
        Ok(Self {
            routes,
            unmatched,
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
        let path = decoded.as_deref().unwrap_or(path);
        let (found, ranges) = match self.routes.lookup(method, path) {
            Lookup::Found { value, params, .. } => match &value.lane {
                EntryLane::Direct(plan) => (Found::Plan(plan), params),
                EntryLane::Files(files) if Files::take(method) => (Found::Files(files), params),
                EntryLane::Files(_) | EntryLane::General => return None,
            },
            Lookup::MethodNotAllowed { value, .. } => {
                (Found::Fixed(value.not_allowed.as_deref()?), ParamRanges::new())
            }
            // Of targets in other forms (RFC 9112, section 3.2) the table knows nothing.
            Lookup::NotFound if path.starts_with('/') => {
                (Found::Fixed(self.unmatched.as_ref()?), ParamRanges::new())
            }
            // The application writes the location.
            Lookup::NotFound | Lookup::RedirectSlash { .. } => return None,
        };
        Some((found, MatchedPath { decoded, ranges }))
    }
}

/// Reads a `fastrapi.plan.model.UnmatchedPlan`, and adds what is tried after the routes.
fn read_unmatched(
    plan: &Bound<'_, PyAny>,
    builder: &mut RouteTableBuilder<Entry>,
) -> PyResult<Option<FixedAnswer>> {
    if plan.is_none() {
        return Ok(None);
    }
    for path in plan.getattr("later_paths")?.try_iter()? {
        let entry = Entry {
            lane: EntryLane::General,
            not_allowed: None,
        };
        builder.push(MethodSet::any(), pattern(&path?.extract::<String>()?)?, entry);
    }
    FixedAnswer::read(&plan.getattr("answer")?).map(Some)
}

/// Reads answers, each object once: many routes share one.
#[derive(Default)]
struct AnswerReader<'py> {
    /// By the object's address, with the object, so that no other can get the same.
    known: HashMap<usize, (Bound<'py, PyAny>, Arc<FixedAnswer>)>,
}

impl<'py> AnswerReader<'py> {
    fn not_allowed(&mut self, route: &Bound<'py, PyAny>) -> PyResult<Option<Arc<FixedAnswer>>> {
        // Files take every method.
        let Some(answer) = route
            .getattr_opt("not_allowed")?
            .filter(|answer| !answer.is_none())
        else {
            return Ok(None);
        };
        if let Some((_, known)) = self.known.get(&(answer.as_ptr() as usize)) {
            return Ok(Some(Arc::clone(known)));
        }
        let read = Arc::new(FixedAnswer::read(&answer)?);
        self.known
            .insert(answer.as_ptr() as usize, (answer, Arc::clone(&read)));
        Ok(Some(read))
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
