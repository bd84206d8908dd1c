//! Refuses requests for hosts that are not listed.

use std::ops::ControlFlow;

use http::StatusCode;
use http::header::HOST;

use super::filter::{Filter, FilterLayer};
use super::{host_name, location, plain_text};
use crate::{ConnectionInfo, Request, Response};

/// Layer for [`TrustedHost`].
pub type TrustedHostLayer = FilterLayer<TrustedHost>;

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Domain wildcard patterns must be like '*.example.com'.")]
pub struct InvalidPattern;

/// The hosts that are served: names, `*.example.com`, or `*` for all.
#[derive(Debug, Clone)]
pub struct TrustedHost {
    any: bool,
    exact: Vec<String>,
    suffixes: Vec<String>,
    www_redirect: bool,
}

impl TrustedHost {
    /// Takes the list; with `www_redirect` a host is redirected to its listed `www.` form.
    ///
    /// # Errors
    /// [`InvalidPattern`] for a `*` anywhere but at the start.
    pub fn new<'a>(
        hosts: impl IntoIterator<Item = &'a str>,
        www_redirect: bool,
    ) -> Result<Self, InvalidPattern> {
        let mut list = Self {
            any: false,
            exact: Vec::new(),
            suffixes: Vec::new(),
            www_redirect,
        };
        for host in hosts {
            let host = host.to_ascii_lowercase();
            match host.strip_prefix('*') {
                Some("") => list.any = true,
                Some(suffix) if suffix.starts_with('.') && !suffix.contains('*') => {
                    list.suffixes.push(suffix.into());
                }
                None if !host.contains('*') => list.exact.push(host),
                Some(_) | None => return Err(InvalidPattern),
            }
        }
        Ok(list)
    }

    fn allows(&self, host: &str) -> bool {
        self.exact.iter().any(|exact| exact == host)
            || self.suffixes.iter().any(|suffix| host.ends_with(suffix))
    }
}

impl Filter for TrustedHost {
    type State = ();

    fn request(&self, request: &mut Request) -> ControlFlow<Response, ()> {
        if self.any {
            return ControlFlow::Continue(());
        }
        let host = host_name(request.headers());
        if self.allows(&host) {
            return ControlFlow::Continue(());
        }
        if self.www_redirect
            && self
                .exact
                .iter()
                .any(|exact| exact.strip_prefix("www.") == Some(&*host))
        {
            let full = request
                .headers()
                .get(HOST)
                .and_then(|host| host.to_str().ok())
                .unwrap_or(&host);
            let scheme = ConnectionInfo::of(request.extensions(), request.body().connection_info())
                .map_or("http", |info| info.scheme);
            return ControlFlow::Break(location::redirect(scheme, &format!("www.{full}"), request.uri()));
        }
        ControlFlow::Break(plain_text(StatusCode::BAD_REQUEST, "Invalid host header"))
    }

    fn response(&self, (): (), response: Response) -> Response {
        response
    }
}
