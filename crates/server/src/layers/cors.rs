//! Cross-origin resource sharing (the Fetch standard, section 3.2).

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap, HeaderName, HeaderValue,
    InvalidHeaderValue, ORIGIN, VARY,
};
use http::{Method, StatusCode};

use super::filter::{Filter, FilterLayer};
use super::{plain_text, vary};
use crate::{Request, Response};

/// Layer for [`Cors`].
pub type CorsLayer = FilterLayer<Cors>;

const REQUEST_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName = HeaderName::from_static("access-control-allow-private-network");
const PREFLIGHT_VARY: HeaderValue = HeaderValue::from_static(
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network",
);

/// Always allowed to be sent by scripts.
const SAFELISTED: [&str; 4] = ["Accept", "Accept-Language", "Content-Language", "Content-Type"];

/// What `*` as the list of methods stands for.
const ALL_METHODS: [&str; 8] = [
    "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY",
];

/// Says whether an origin is allowed, beyond those that are listed.
pub type OriginPredicate = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// What other origins may do; the fields are the arguments of Starlette's `CORSMiddleware`.
#[derive(Clone)]
pub struct CorsConfig {
    /// Origins, or `*`.
    pub allow_origins: Vec<String>,
    /// Further origins.
    pub allow_origin_predicate: Option<OriginPredicate>,
    /// Methods, or `*`.
    pub allow_methods: Vec<String>,
    /// Request headers, or `*`.
    pub allow_headers: Vec<String>,
    /// Whether cookies and the like may be sent.
    pub allow_credentials: bool,
    /// Whether public sites may reach this server on a private network.
    pub allow_private_network: bool,
    /// Response headers that scripts may read.
    pub expose_headers: Vec<String>,
    /// How long a browser may remember the answer, in seconds.
    pub max_age: u64,
}

impl Default for CorsConfig {
    fn default() -> Self {
        Self {
            allow_origins: Vec::new(),
            allow_origin_predicate: None,
            allow_methods: vec!["GET".into()],
            allow_headers: Vec::new(),
            allow_credentials: false,
            allow_private_network: false,
            expose_headers: Vec::new(),
            max_age: 600,
        }
    }
}

impl fmt::Debug for CorsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CorsConfig")
            .field("allow_origins", &self.allow_origins)
            .finish_non_exhaustive()
    }
}

/// A compiled [`CorsConfig`].
#[derive(Debug)]
pub struct Cors {
    origins: Vec<String>,
    predicate: Option<Predicate>,
    all_origins: bool,
    all_headers: bool,
    /// Whether `Access-Control-Allow-Origin` repeats the origin instead of saying `*`.
    explicit_origin: bool,
    private_network: bool,
    methods: Vec<String>,
    headers_lower: Vec<String>,
    simple: HeaderMap,
    preflight: HeaderMap,
}

struct Predicate(OriginPredicate);

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate")
    }
}

impl Cors {
    /// Compiles a configuration.
    ///
    /// # Errors
    /// When a name in it cannot stand in a header.
    pub fn new(config: CorsConfig) -> Result<Self, InvalidHeaderValue> {
        let all_origins = config.allow_origins.iter().any(|origin| origin == "*");
        let all_headers = config.allow_headers.iter().any(|header| header == "*");
        let methods = if config.allow_methods.iter().any(|method| method == "*") {
            ALL_METHODS.map(str::to_owned).to_vec()
        } else {
            config.allow_methods.clone()
        };
        let explicit_origin = !all_origins || config.allow_credentials;
        let mut headers: Vec<&str> = SAFELISTED.to_vec();
        headers.extend(config.allow_headers.iter().map(String::as_str));
        headers.sort_unstable();
        headers.dedup();
        Ok(Self {
            simple: simple_headers(&config, explicit_origin)?,
            preflight: preflight_headers(
                &config,
                explicit_origin,
                &methods,
                (!all_headers).then_some(&headers),
            )?,
            headers_lower: headers.iter().map(|header| header.to_ascii_lowercase()).collect(),
            origins: config.allow_origins,
            predicate: config.allow_origin_predicate.map(Predicate),
            private_network: config.allow_private_network,
            all_origins,
            all_headers,
            explicit_origin,
            methods,
        })
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        let Ok(origin) = origin.to_str() else {
            return self.all_origins;
        };
        self.all_origins
            || self.origins.iter().any(|allowed| allowed == origin)
            || self
                .predicate
                .as_ref()
                .is_some_and(|predicate| (predicate.0)(origin))
    }

    fn answer_preflight(&self, request: &HeaderMap, origin: &HeaderValue, method: &HeaderValue) -> Response {
        let mut headers = self.preflight.clone();
        let mut failures = Vec::new();
        if !self.allows(origin) {
            failures.push("origin");
        } else if self.explicit_origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        if !self.methods.iter().any(|allowed| method == allowed.as_str()) {
            failures.push("method");
        }
        if let Some(requested) = request.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            if self.all_headers {
                headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, requested.clone());
            } else if !self.allows_headers(requested) {
                failures.push("headers");
            }
        }
        if request.contains_key(REQUEST_PRIVATE_NETWORK) {
            if self.private_network {
                headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
            } else {
                failures.push("private-network");
            }
        }
        let mut response = if failures.is_empty() {
            plain_text(StatusCode::OK, "OK")
        } else {
            plain_text(
                StatusCode::BAD_REQUEST,
                format!("Disallowed CORS {}", failures.join(", ")),
            )
        };
        response.headers_mut().extend(headers);
        response
    }

    fn allows_headers(&self, requested: &HeaderValue) -> bool {
        requested.to_str().is_ok_and(|requested| {
            requested.split(',').all(|header| {
                let header = header.trim().to_ascii_lowercase();
                self.headers_lower.contains(&header)
            })
        })
    }
}

fn simple_headers(config: &CorsConfig, explicit_origin: bool) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    if !explicit_origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    if config.allow_credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if !config.expose_headers.is_empty() {
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            config.expose_headers.join(", ").try_into()?,
        );
    }
    Ok(headers)
}

fn preflight_headers(
    config: &CorsConfig,
    explicit_origin: bool,
    methods: &[String],
    allowed: Option<&Vec<&str>>,
) -> Result<HeaderMap, InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    headers.insert(VARY, PREFLIGHT_VARY);
    if !explicit_origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    }
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods.join(", ").try_into()?);
    headers.insert(ACCESS_CONTROL_MAX_AGE, config.max_age.into());
    if let Some(allowed) = allowed {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed.join(", ").try_into()?);
    }
    if config.allow_credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    Ok(headers)
}

/// Whether this asks for permission to make another request (the Fetch standard, section 4.8).
#[must_use]
pub fn is_preflight<B>(request: &http::Request<B>) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

impl Filter for Cors {
    /// The request's origin.
    type State = Option<HeaderValue>;

    fn request(&self, request: &mut Request) -> ControlFlow<Response, Self::State> {
        let Some(origin) = request.headers().get(ORIGIN) else {
            return ControlFlow::Continue(None);
        };
        if request.method() == Method::OPTIONS {
            if let Some(method) = request.headers().get(ACCESS_CONTROL_REQUEST_METHOD) {
                return ControlFlow::Break(self.answer_preflight(request.headers(), origin, method));
            }
        }
        ControlFlow::Continue(Some(origin.clone()))
    }

    fn response(&self, origin: Option<HeaderValue>, mut response: Response) -> Response {
        let headers = response.headers_mut();
        if let Some(origin) = origin {
            for (name, value) in &self.simple {
                headers.insert(name, value.clone());
            }
            if self.explicit_origin && self.allows(&origin) {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            }
        }
        vary::add(headers, "Origin");
        response
    }
}
