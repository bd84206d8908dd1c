//! Gives every request an identifier, for logs and for the client.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};

use http::header::{HeaderName, HeaderValue};

use super::filter::{Filter, FilterLayer};
use crate::{Request, Response};

/// Layer for [`RequestIds`].
pub type RequestIdLayer = FilterLayer<RequestIds>;

/// The identifier of a request; found in its extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub HeaderValue);

/// Takes the identifier from a request header, or makes one, and sends it back in the same header.
#[derive(Debug)]
pub struct RequestIds {
    header: HeaderName,
    random: RandomState,
    next: AtomicU64,
}

impl RequestIds {
    /// Uses `header`, commonly `x-request-id`.
    pub fn new(header: HeaderName) -> Self {
        Self {
            header,
            random: RandomState::new(),
            next: AtomicU64::new(0),
        }
    }

    /// Unique within the process, and in practice among processes; it is no secret.
    fn make(&self) -> HeaderValue {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let half = |salt: u8| {
            let mut hasher = self.random.build_hasher();
            hasher.write_u8(salt);
            hasher.write_u64(number);
            hasher.finish()
        };
        let text = format!("{:016x}{:016x}", half(0), half(1));
        // Hexadecimal digits are a valid value.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from(number))
    }
}

impl Filter for RequestIds {
    type State = HeaderValue;

    fn request(&self, request: &mut Request) -> ControlFlow<Response, HeaderValue> {
        let given = request
            .headers()
            .get(&self.header)
            .filter(|value| is_acceptable(value))
            .cloned();
        let id = given.unwrap_or_else(|| self.make());
        request.extensions_mut().insert(RequestId(id.clone()));
        ControlFlow::Continue(id)
    }

    fn response(&self, id: HeaderValue, mut response: Response) -> Response {
        response.headers_mut().entry(&self.header).or_insert(id);
        response
    }
}

/// A client's identifier ends up in logs: it must be short and plain.
fn is_acceptable(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    (1..=128).contains(&bytes.len())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:=+/".contains(byte))
}
