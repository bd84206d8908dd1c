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
    /// The application has been changed in a way that the plans do not follow.
    outdated: Arc<AtomicBool>,
}

impl PythonService {
    /// A service whose requests all take the general lane.
    #[must_use]
    pub fn general(general: Arc<AsgiApp>) -> Self {
        Self(Arc::new(Lanes {
            general,
            direct: None,
            outdated: Arc::default(),
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
                is_inside,
            }) => Some((
                table,
                DirectLane::new(py, Arc::clone(&general), executor, layers, is_inside, body_limit)?,
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
        let outdated = Arc::default();
        if direct.is_some() {
            watch(py, &outdated)?;
        }
        Ok(Self(Arc::new(Lanes {
            general,
            direct,
            outdated,
        })))
    }
}

/// Sets the flag at the first change of a running application that its plans do not follow.
fn watch(py: Python<'_>, outdated: &Arc<AtomicBool>) -> PyResult<()> {
    let outdated = Arc::clone(outdated);
    let changed = PyCFunction::new_closure(py, None, None, move |_arguments, _keywords| {
        if !outdated.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "routes or middleware were changed while the application is served: all its requests take the general \
                 lane from now on"
            );
        }
    })?;
    py.import("fastrapi._routing.revision")?
        .call_method1("watch", (changed,))?;
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
            .filter(|_| !self.outdated.load(Ordering::Relaxed));
        let found = current.and_then(|(table, lane)| {
            let found = table.find(request.method(), request.uri().path(), request.headers());
            found.map(|(found, path)| (lane, found, path))
        });
        match found {
            Some((lane, Found::Plan(plan), path)) => lane.serve(plan, path, request),
            Some((lane, Found::Files(files), path)) => lane.serve_file(files, path, request),
            None => Answering::waiting(Arc::clone(&self.general).serve(request)),
        }
    }
}
