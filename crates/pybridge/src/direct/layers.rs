//! The application's middleware of the kinds that Rust has too, in the application's order.
//!
//! Only responses of the direct lane pass through it: an application on the general lane brings its own.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use server::layers::Filter;
use server::layers::cors::{Cors, CorsConfig, OriginPredicate};
use server::layers::gzip::Gzip;
use server::layers::https_redirect::HttpsRedirect;
use server::layers::session::{SessionConfig, Sessions};
use server::layers::trusted_host::TrustedHost;
use server::{Request, Response};

/// What a layer does with the response.
type After = Box<dyn FnOnce(Response) -> Response + Send>;

/// A [`Filter`] of any kind.
trait Layer: Send + Sync {
    fn request(self: Arc<Self>, request: &mut Request) -> ControlFlow<Response, After>;
}

impl<F: Filter> Layer for F
where
    F::State: 'static,
{
    fn request(self: Arc<Self>, request: &mut Request) -> ControlFlow<Response, After> {
        match Filter::request(&*self, request) {
            ControlFlow::Break(response) => ControlFlow::Break(response),
            ControlFlow::Continue(state) => ControlFlow::Continue(Box::new(move |response| {
                Filter::response(&*self, state, response)
            })),
        }
    }
}

/// Tells that a response comes from outside of the layers: from the general lane, or from the handler of errors that
/// nothing else handles. By default there are no layers, and nobody to tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Bypass(Option<Arc<AtomicBool>>);

impl Bypass {
    fn of_layers() -> Self {
        Self(Some(Arc::default()))
    }

    pub(super) fn set(&self) {
        if let Some(flag) = &self.0 {
            flag.store(true, Ordering::Release);
        }
    }

    fn is_set(&self) -> bool {
        self.0.as_ref().is_some_and(|flag| flag.load(Ordering::Acquire))
    }
}

/// All layers, the outermost first.
pub struct Layers(Vec<Arc<dyn Layer>>);

impl std::fmt::Debug for Layers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("Layers").field(&self.0.len()).finish()
    }
}

impl Layers {
    /// Reads some `fastrapi.plan.model.LayerPlan`.
    ///
    /// # Errors
    /// `TypeError` or `ValueError` for settings that the middleware does not have.
    pub fn read(plans: &Bound<'_, PyAny>) -> PyResult<Self> {
        plans
            .try_iter()?
            .map(|layer| read_layer(&layer?))
            .collect::<PyResult<_>>()
            .map(Self)
    }

    /// Serves a request inside of the layers.
    pub(super) async fn around<F>(
        &self,
        mut request: Request,
        inner: impl FnOnce(Request, Bypass) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        let bypass = Bypass::of_layers();
        let mut passed: Vec<After> = Vec::with_capacity(self.0.len());
        for layer in &self.0 {
            match Arc::clone(layer).request(&mut request) {
                ControlFlow::Continue(after) => passed.push(after),
                ControlFlow::Break(response) => return leave(passed, response),
            }
        }
        let response = inner(request, bypass.clone()).await;
        if bypass.is_set() {
            response
        } else {
            leave(passed, response)
        }
    }

    /// Whether there is no layer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn leave(passed: Vec<After>, response: Response) -> Response {
    passed
        .into_iter()
        .rev()
        .fold(response, |response, after| after(response))
}

fn read_layer(layer: &Bound<'_, PyAny>) -> PyResult<Arc<dyn Layer>> {
    let kind: String = layer.getattr("kind")?.extract()?;
    let settings = Settings(layer.getattr("settings")?.cast_into()?);
    let invalid = |error: &dyn std::error::Error| PyValueError::new_err(format!("{kind}: {error}"));
    Ok(match kind.as_str() {
        "CORSMiddleware" => Arc::new(Cors::new(cors(&settings)?).map_err(|error| invalid(&error))?),
        "GZipMiddleware" => Arc::new(Gzip {
            minimum_size: settings.get("minimum_size")?,
            compresslevel: settings.get("compresslevel")?,
            thread_minimum_size: settings.get("thread_minimum_size")?,
            exclude_content_types: settings.list("exclude_content_types")?,
        }),
        "HTTPSRedirectMiddleware" => Arc::new(HttpsRedirect),
        "SessionMiddleware" => Arc::new(Sessions::new(sessions(&settings)?)),
        "TrustedHostMiddleware" => {
            let hosts: Option<Vec<String>> = settings.get("allowed_hosts")?;
            let hosts = hosts.unwrap_or_else(|| vec!["*".into()]);
            let www_redirect = settings.get("www_redirect")?;
            let trusted = TrustedHost::new(hosts.iter().map(String::as_str), www_redirect);
            Arc::new(trusted.map_err(|error| invalid(&error))?)
        }
        _ => return Err(PyValueError::new_err(format!("unknown middleware {kind:?}"))),
    })
}

/// The arguments of a middleware class by name.
struct Settings<'py>(Bound<'py, PyDict>);

impl Settings<'_> {
    fn get<T>(&self, name: &str) -> PyResult<T>
    where
        T: for<'a, 'py> FromPyObject<'a, 'py>,
    {
        self.0.as_any().get_item(name)?.extract().map_err(Into::into)
    }

    /// Any collection of texts.
    fn list(&self, name: &str) -> PyResult<Vec<String>> {
        self.0
            .as_any()
            .get_item(name)?
            .try_iter()?
            .map(|item| item?.extract())
            .collect()
    }
}

fn cors(settings: &Settings<'_>) -> PyResult<CorsConfig> {
    Ok(CorsConfig {
        allow_origins: settings.list("allow_origins")?,
        allow_origin_predicate: origin_predicate(settings)?,
        allow_methods: settings.list("allow_methods")?,
        allow_headers: settings.list("allow_headers")?,
        allow_credentials: settings.get("allow_credentials")?,
        allow_private_network: settings.get("allow_private_network")?,
        expose_headers: settings.list("expose_headers")?,
        max_age: settings.get("max_age")?,
    })
}

/// Python's own regular expressions decide, so that they mean the same on both lanes.
fn origin_predicate(settings: &Settings<'_>) -> PyResult<Option<OriginPredicate>> {
    let py = settings.0.py();
    let Some(pattern) = settings.get::<Option<String>>("allow_origin_regex")? else {
        return Ok(None);
    };
    let matches = py
        .import("re")?
        .call_method1("compile", (pattern,))?
        .getattr("fullmatch")?
        .unbind();
    Ok(Some(Arc::new(move |origin| {
        // A failure can only be exhausted memory: the origin is not allowed then.
        Python::attach(|py| {
            matches
                .bind(py)
                .call1((origin,))
                .is_ok_and(|found| !found.is_none())
        })
    })))
}

fn sessions(settings: &Settings<'_>) -> PyResult<SessionConfig> {
    let secret = settings.0.as_any().get_item("secret_key")?;
    Ok(SessionConfig {
        // It may be a `Secret`, whose text is what counts.
        secret_key: secret.str()?.extract()?,
        session_cookie: settings.get("session_cookie")?,
        max_age: settings.get("max_age")?,
        path: settings.get("path")?,
        same_site: settings.get("same_site")?,
        https_only: settings.get("https_only")?,
        domain: settings.get("domain")?,
        partitioned: settings.get("partitioned")?,
    })
}
