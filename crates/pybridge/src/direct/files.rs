//! Mounted directories: files are sent without Python.

use std::path::PathBuf;

use http::{HeaderValue, Method};
use pyo3::prelude::*;
use server::static_files::{StaticFileError, StaticFiles};
use server::{Request, Response};

use super::head::MatchedPath;

/// The files of one `fastrapi.plan.model.StaticPlan`.
#[derive(Debug, Clone)]
pub struct Files(StaticFiles);

impl Files {
    /// Reads a `StaticPlan`.
    ///
    /// # Errors
    /// `AttributeError` or `TypeError` for an object of another kind.
    pub(super) fn read(plan: &Bound<'_, PyAny>) -> PyResult<Self> {
        let directory: PathBuf = plan.getattr("directory")?.extract()?;
        let content_type = plan.getattr("content_type")?.unbind();
        // Without a value the application is asked for the file, and says what is wrong.
        let content_type_of = move |name: &str| {
            let value = Python::attach(|py| {
                let value = content_type.bind(py).call1((format!("/{name}"),))?;
                value.extract::<String>()
            });
            value.ok().and_then(|value| HeaderValue::try_from(value).ok())
        };
        Ok(Self(StaticFiles::new(
            directory,
            plan.getattr("follow_symlink")?.extract()?,
            std::sync::Arc::new(content_type_of),
        )))
    }

    /// Whether requests with this method may be answered here.
    pub(super) fn take(method: &Method) -> bool {
        method == Method::GET || method == Method::HEAD
    }

    /// The file that a request asks for, if it is in memory and nothing has to be waited for.
    pub(super) fn respond_at_once(&self, path: &MatchedPath, request: &Request) -> Option<Response> {
        let range = path.ranges.first()?.clone();
        let wanted = path.text(request.uri().path()).get(range)?;
        self.0
            .respond_at_once(request.method(), request.headers(), wanted)
    }

    /// The file that a request asks for; `None` if the application has to answer.
    pub(super) async fn respond(&self, path: &MatchedPath, request: &Request) -> Option<Response> {
        let range = path.ranges.first()?.clone();
        let wanted = path.text(request.uri().path()).get(range)?;
        match self.0.respond(request.method(), request.headers(), wanted).await {
            Ok(response) => Some(response),
            Err(StaticFileError::Io(error)) => {
                tracing::debug!(%error, "a file cannot be read");
                None
            }
            Err(_) => None,
        }
    }
}
