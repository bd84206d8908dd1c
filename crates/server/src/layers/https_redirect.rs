//! Sends clients that came by plain HTTP to HTTPS.

use std::ops::ControlFlow;

use http::header::HOST;

use super::filter::{Filter, FilterLayer};
use super::location;
use crate::{ConnectionInfo, Request, Response};

/// Layer for [`HttpsRedirect`].
pub type HttpsRedirectLayer = FilterLayer<HttpsRedirect>;

/// Redirects every request that did not come by HTTPS with 307; the ports 80 and 443 are left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpsRedirect;

impl Filter for HttpsRedirect {
    type State = ();

    fn request(&self, request: &mut Request) -> ControlFlow<Response, ()> {
        if ConnectionInfo::of(request.extensions(), request.body().connection_info())
            .is_some_and(|info| info.scheme == "https")
        {
            return ControlFlow::Continue(());
        }
        let host = request
            .headers()
            .get(HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or("");
        let authority = host
            .strip_suffix(":80")
            .or_else(|| host.strip_suffix(":443"))
            .unwrap_or(host);
        ControlFlow::Break(location::redirect("https", authority, request.uri()))
    }

    fn response(&self, (): (), response: Response) -> Response {
        response
    }
}
