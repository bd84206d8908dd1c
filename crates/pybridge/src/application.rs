//! The application as the server sees it: a service that picks the lane of each request.
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use futures_util::future::Map;
use pyo3::prelude::*;
use pyo3::types::PyCFunction;
use server::{Request, Response};

use crate::asgi::AsgiApp;
use crate::direct::{self, Answering, Compiled, DirectLane, Found, PlanTable, RouteCounts};
use crate::placement::SyncExecutor;

/// Serves requests with a Python application.
#[derive(Clone, Debug)]
pub struct PythonService(Arc<Lanes>);

#[derive(Debug)]
struct Lanes {
    general: Arc<AsgiApp>,
    direct: Option<(PlanTable, Arc<DirectLane>)>,
    changes: Arc<Changes>,
}

/// What has happened to the running application.
#[derive(Debug, Default)]
struct Changes {
    /// It has been changed in a way that the plans do not follow.
    outdated: AtomicBool,
    /// There are more routes: one of them may take what none took.
    grown: AtomicBool,
}

impl PythonService {
    /// A service whose requests all take the general lane.
    #[must_use]
    pub fn general(general: Arc<AsgiApp>) -> Self {
        Self(Arc::new(Lanes {
            general,
            direct: None,
            changes: Arc::default(),
        }))
    }

    /// A service for this application. Requests take the direct lane where the application is one of the framework's
    /// and the route has a plan; all others the general lane.
    ///
    /// # Errors
    /// What goes wrong while plans are compiled and read: a fault of the package, not of the application.
    pub fn new(
        py: Python<'_>,
        application: &Bound<'_, PyAny>,
        general: Arc<AsgiApp>,
        executor: Arc<SyncExecutor>,
        body_limit: u64,
    ) -> PyResult<Self> {
        let direct = match direct::compile(application)? {
            Some(Compiled {
                table,
                layers,
                preflight_layers,
                is_inside,
            }) => Some((
                table,
                DirectLane::new(
                    py,
                    Arc::clone(&general),
                    executor,
                    layers,
                    preflight_layers,
                    is_inside,
                    body_limit,
                )?,
            )),
            None => None,
        };
        if let Some(([first, ..], count)) = direct
            .as_ref()
            .map(|(table, _)| (table.shadowed(), table.shadowed().len()))
        {
            tracing::warn!(
                "{count} of the routes can never answer, {first:?} for one: an earlier route takes the same requests; \
                 `fastrapi-server check` tells which"
            );
        }
        let changes = Arc::default();
        if direct.is_some() {
            watch(py, &changes)?;
        }
        Ok(Self(Arc::new(Lanes {
            general,
            direct,
            changes,
        })))
    }
}

/// Sets the flags at the first changes of their kinds.
fn watch(py: Python<'_>, changes: &Arc<Changes>) -> PyResult<()> {
    let seen = Arc::clone(changes);
    let grown = PyCFunction::new_closure(py, None, None, move |_arguments, _keywords| {
        seen.grown.store(true, Ordering::Relaxed);
    })?;
    let seen = Arc::clone(changes);
    let changed = PyCFunction::new_closure(py, None, None, move |_arguments, _keywords| {
        if !seen.outdated.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "routes or middleware were changed while the application is served: all its requests take the general \
                 lane from now on"
            );
        }
    })?;
    py.import("fastrapi._routing.revision")?
        .call_method1("watch", (changed, grown))?;
    Ok(())
}

impl PythonService {
    /// How many routes there are on each lane; none where every request takes the general one.
    #[must_use]
    pub fn route_counts(&self) -> Option<RouteCounts> {
        self.0.direct.as_ref().map(|(table, _)| table.counts())
    }
}

impl tower::Service<Request> for PythonService {
    type Response = Response;
    type Error = Infallible;
    type Future = Map<Answering, fn(Response) -> Result<Response, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        self.0.serve(request).map(Ok)
    }
}

impl Lanes {
    fn serve(&self, request: Request) -> Answering {
        let current = self
            .direct
            .as_ref()
            .filter(|_| !self.changes.outdated.load(Ordering::Relaxed));
        let general = |request| Answering::waiting(Arc::clone(&self.general).serve(request));
        let Some((table, lane)) = current else {
            return general(request);
        };
        match table.find(request.method(), request.uri().path(), request.headers()) {
            Some((Found::Plan(plan), path)) => lane.serve(plan, path, request),
            Some((Found::Files(files), path)) => lane.serve_file(files, path, request),
            _ if lane.answers_preflight(&request) => lane.serve_preflight(request),
            Some((Found::Fixed(answer), _))
                if DirectLane::is_bare(&request) && !self.changes.grown.load(Ordering::Relaxed) =>
            {
                lane.serve_fixed(answer, request)
            }
            Some((Found::Fixed(_), _)) | None => general(request),
        }
    }
}
