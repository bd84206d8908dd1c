//! tower layers around an application, each equal in meaning to the Starlette middleware of its name.
//!
//! Outermost first, the order that the server's own configuration uses is: [`request_id`], [`access_log`],
//! [`catch_panic`], [`trusted_host`], [`https_redirect`], [`cors`], [`session`], [`gzip`], [`body_limit`].

pub mod access_log;
pub mod body_limit;
pub mod catch_panic;
pub mod cors;
mod filter;
pub mod gzip;
pub mod https_redirect;
mod location;
pub mod request_id;
pub mod session;
pub mod trusted_host;
mod vary;

pub use access_log::AccessLogLayer;
pub use body_limit::BodyLimitLayer;
pub use catch_panic::CatchPanicLayer;
pub use cors::CorsLayer;
pub use filter::{Filter, FilterFuture, FilterLayer, FilterService};
pub use gzip::GzipLayer;
pub use https_redirect::HttpsRedirectLayer;
pub use request_id::RequestIdLayer;
pub use session::SessionLayer;
pub use trusted_host::TrustedHostLayer;

use http::header::{self, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::Response;

/// A short answer in plain text, as Starlette words those of its middleware.
fn plain_text(status: StatusCode, text: impl Into<crate::ResponseBody>) -> Response {
    let mut response = Response::new(text.into());
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// The host of a `Host` header without its port, in lower case; an IPv6 address keeps its brackets.
fn host_name(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("");
    let end = match host.find(']') {
        Some(bracket) => bracket + 1,
        None => host.find(':').unwrap_or(host.len()),
    };
    host[..end].to_ascii_lowercase()
}
