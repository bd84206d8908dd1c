//! The application as the server sees it: a service that picks the lane of each request.
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use server::{Request, Response};

use crate::asgi::AsgiApp;
use crate::direct::{DirectLane, PlanTable};

/// Serves requests with a Python application.
#[derive(Clone, Debug)]
pub struct PythonService(Arc<Lanes>);

#[derive(Debug)]
struct Lanes {
    general: Arc<AsgiApp>,
    direct: Option<(PlanTable, Arc<DirectLane>)>,
}

impl PythonService {
    /// A service whose requests all take the general lane.
    #[must_use]
    pub fn new(general: Arc<AsgiApp>) -> Self {
        Self(Arc::new(Lanes { general, direct: None }))
    }

    /// A service whose requests take the direct lane where the table has a plan for them.
    #[must_use]
    pub fn with_plans(general: Arc<AsgiApp>, table: PlanTable, lane: Arc<DirectLane>) -> Self {
        Self(Arc::new(Lanes { general, direct: Some((table, lane)) }))
    }
}

impl tower::Service<Request> for PythonService {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let lanes = Arc::clone(&self.0);
        Box::pin(async move { Ok(lanes.serve(request).await) })
    }
}

impl Lanes {
    async fn serve(&self, request: Request) -> Response {
        let found = self.direct.as_ref().and_then(|(table, lane)| {
            let plan = table.find(request.method(), request.uri().path(), request.headers());
            plan.map(|(plan, path)| (lane, plan, path))
        });
        match found {
            Some((lane, plan, path)) => lane.serve(plan, path, request).await,
            None => Arc::clone(&self.general).serve(request).await,
        }
    }
}
