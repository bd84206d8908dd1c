//! The application as hyper calls it: requests are checked first, panics become a 500, responses are tracked.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{StatusCode, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower::Service;

use super::forwarded::TrustedProxies;
use super::refusal;
use super::state::Connection;
use crate::body::{BodyError, RequestBody, ResponseBody};
use crate::{Application, Request, Response};

/// What every request of a server needs besides its connection.
#[derive(Debug)]
pub(crate) struct ServiceSettings {
    pub(crate) server_header: Option<HeaderValue>,
    pub(crate) max_body_size: Option<u64>,
    pub(crate) trusted_proxies: TrustedProxies,
}

pub(super) struct ConnectionService<S> {
    pub(super) application: S,
    pub(super) settings: Arc<ServiceSettings>,
    pub(super) connection: Arc<Connection>,
    /// Whether the peer is one of the trusted proxies.
    pub(super) from_proxy: bool,
}

impl<S: Application> hyper::service::Service<http::Request<Incoming>> for ConnectionService<S> {
    type Response = http::Response<TrackedBody>;
    type Error = Infallible;
    type Future = ServiceFuture<S>;

    fn call(&self, mut request: http::Request<Incoming>) -> Self::Future {
        let connection = &self.connection;
        let version = request.version();
        connection.request_started(!request.body().is_end_stream());
        let state = match refusal::check(&mut request) {
            Ok(()) => {
                if self.from_proxy {
                    let trusted = &self.settings.trusted_proxies;
                    if let Some(origin) = trusted.origin(request.headers(), connection.info()) {
                        request.extensions_mut().insert(origin);
                    }
                }
                State::Waiting {
                    application: self.application.clone(),
                    request: Some(request.map(|body| {
                        RequestBody::incoming(body, self.settings.max_body_size, Arc::clone(connection))
                    })),
                }
            }
            Err(refusal) => State::Refused {
                response: Some(refusal.into_response(version)),
            },
        };
        ServiceFuture {
            state,
            settings: Arc::clone(&self.settings),
            guard: Some(InFlight(Arc::clone(connection))),
            version,
        }
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, F> {
        Refused { response: Option<Response> },
        Waiting { application: S, request: Option<Request> },
        Running { #[pin] future: F },
    }
}

pin_project! {
    /// One request from the checks to the head of its response.
    pub(super) struct ServiceFuture<S: Service<Request>> {
        #[pin]
        state: State<S, S::Future>,
        settings: Arc<ServiceSettings>,
        guard: Option<InFlight>,
        version: Version,
    }
}

impl<S: Application> Future for ServiceFuture<S> {
    type Output = Result<http::Response<TrackedBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let response = loop {
            match this.state.as_mut().project() {
                StateProjection::Refused { response } => break response.take().unwrap_or_default(),
                StateProjection::Waiting { application, request } => {
                    let Ok(()) = ready!(application.poll_ready(cx));
                    let request = request.take().unwrap_or_default();
                    match catch_unwind(AssertUnwindSafe(|| application.call(request))) {
                        Ok(future) => this.state.set(State::Running { future }),
                        Err(_) => break panicked(*this.version),
                    }
                }
                StateProjection::Running { future } => {
                    match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
                        Ok(polled) => {
                            let Ok(response) = ready!(polled);
                            break response;
                        }
                        Err(_) => break panicked(*this.version),
                    }
                }
            }
        };
        Poll::Ready(Ok(finish(
            response,
            this.settings,
            this.guard.take(),
            *this.version,
        )))
    }
}

fn panicked(version: Version) -> Response {
    // The panic hook has logged message and place.
    refusal::Refusal {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        reason: "Internal Server Error",
    }
    .into_response(version)
}

fn finish(
    mut response: Response,
    settings: &ServiceSettings,
    guard: Option<InFlight>,
    version: Version,
) -> http::Response<TrackedBody> {
    if response.status().is_informational() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        tracing::error!(
            status = response.status().as_u16(),
            "an interim status cannot be the answer to a request"
        );
        response = panicked(version);
    }
    if let Some(name) = &settings.server_header {
        response
            .headers_mut()
            .entry(header::SERVER)
            .or_insert_with(|| name.clone());
    }
    response.map(|body| TrackedBody { body, _guard: guard })
}

/// Marks the request as finished when dropped.
#[derive(Debug)]
struct InFlight(Arc<Connection>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.request_finished();
    }
}

/// A response body that tells its connection when it has been sent or given up.
#[derive(Debug)]
pub(super) struct TrackedBody {
    body: ResponseBody,
    _guard: Option<InFlight>,
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut self.body).poll_frame(cx))) {
            Ok(polled) => polled,
            Err(_) => {
                self.body = ResponseBody::Empty;
                Poll::Ready(Some(Err(BodyError::Producer("the producer panicked".into()))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
