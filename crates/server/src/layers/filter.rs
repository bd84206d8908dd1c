//! The common shape of the layers: a look at the request, which may answer it, and one at the response.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::{Application, Request, Response};

/// What a layer does.
pub trait Filter: Send + Sync + 'static {
    /// What it remembers of a request until the response is there.
    type State: Send;

    /// Looks at a request, and lets it pass or answers it.
    fn request(&self, request: &mut Request) -> ControlFlow<Response, Self::State>;

    /// Looks at the response to a request that was let pass.
    fn response(&self, state: Self::State, response: Response) -> Response;
}

/// Makes a layer of a [`Filter`].
#[derive(Debug)]
pub struct FilterLayer<F>(Arc<F>);

impl<F> FilterLayer<F> {
    /// A layer that applies `filter`.
    pub fn new(filter: F) -> Self {
        Self(Arc::new(filter))
    }
}

impl<F> Clone for FilterLayer<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F, S> Layer<S> for FilterLayer<F> {
    type Service = FilterService<F, S>;

    fn layer(&self, inner: S) -> Self::Service {
        FilterService {
            filter: Arc::clone(&self.0),
            inner,
        }
    }
}

/// A service with a [`Filter`] before it.
#[derive(Debug)]
pub struct FilterService<F, S> {
    filter: Arc<F>,
    inner: S,
}

impl<F, S: Clone> Clone for FilterService<F, S> {
    fn clone(&self) -> Self {
        Self {
            filter: Arc::clone(&self.filter),
            inner: self.inner.clone(),
        }
    }
}

impl<F: Filter, S: Application> Service<Request> for FilterService<F, S> {
    type Response = Response;
    type Error = Infallible;
    type Future = FilterFuture<F, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let inner = match self.filter.request(&mut request) {
            ControlFlow::Continue(state) => Inner::Passed {
                future: self.inner.call(request),
                rest: Some((Arc::clone(&self.filter), state)),
            },
            ControlFlow::Break(response) => Inner::Answered {
                response: Some(response),
            },
        };
        FilterFuture { inner }
    }
}

pin_project! {
    /// The future of a [`FilterService`].
    pub struct FilterFuture<F: Filter, T> {
        #[pin]
        inner: Inner<F, T>,
    }
}

pin_project! {
    #[project = Projection]
    enum Inner<F: Filter, T> {
        Answered { response: Option<Response> },
        Passed {
            #[pin]
            future: T,
            rest: Option<(Arc<F>, F::State)>,
        },
    }
}

impl<F, T> Future for FilterFuture<F, T>
where
    F: Filter,
    T: Future<Output = Result<Response, Infallible>>,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().inner.project() {
            Projection::Answered { response } => Poll::Ready(Ok(response.take().unwrap_or_default())),
            Projection::Passed { future, rest } => {
                let Ok(response) = ready!(future.poll(cx));
                Poll::Ready(Ok(match rest.take() {
                    Some((filter, state)) => filter.response(state, response),
                    None => response,
                }))
            }
        }
    }
}
