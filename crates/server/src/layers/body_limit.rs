//! Limits the size of request bodies.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use http_body::Body;

use super::filter::{Filter, FilterLayer};
use super::plain_text;
use crate::{Request, Response};

/// Layer for [`BodyLimit`].
pub type BodyLimitLayer = FilterLayer<BodyLimit>;

/// Answers 413 to bodies of more than this many bytes: at once if the length is announced, else when the application
/// reads beyond the limit.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub u64);

impl Filter for BodyLimit {
    type State = Arc<AtomicBool>;

    fn request(&self, request: &mut Request) -> ControlFlow<Response, Arc<AtomicBool>> {
        if request.body().size_hint().lower() > self.0 {
            return ControlFlow::Break(too_large());
        }
        ControlFlow::Continue(request.body_mut().restrict_watched(self.0))
    }

    fn response(&self, exceeded: Arc<AtomicBool>, response: Response) -> Response {
        if exceeded.load(Ordering::Relaxed) {
            too_large()
        } else {
            response
        }
    }
}

fn too_large() -> Response {
    plain_text(StatusCode::PAYLOAD_TOO_LARGE, "Content Too Large")
}
