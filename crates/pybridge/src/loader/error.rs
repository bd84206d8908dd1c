use std::path::PathBuf;

use pyo3::prelude::*;

use super::AppTarget;

/// A line of the application that an exception passed through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserFrame {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The function, `<module>` at top level.
    pub function: String,
    /// The source line without its indentation; empty when it cannot be read.
    pub source: String,
}

/// Why there is no application to serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The named module does not exist.
    #[error("no module named '{module}' in {}", .app_dir.display())]
    ModuleNotFound {
        /// The module as named.
        module: String,
        /// Where it was looked for first.
        app_dir: PathBuf,
        /// Modules there with similar names.
        suggestions: Vec<String>,
    },
    /// The module has no such attribute.
    #[error("module '{module}' has no attribute '{attribute}'")]
    AttributeNotFound {
        /// The module.
        module: String,
        /// The attribute as named.
        attribute: String,
        /// Attributes with similar names.
        suggestions: Vec<String>,
        /// Names of applications in the module.
        apps_in_module: Vec<String>,
    },
    /// Only a module was named, and nothing in it can be served.
    #[error("no application in the module '{module}'")]
    NoAppInModule {
        /// The module.
        module: String,
        /// Whether a factory was looked for.
        factory: bool,
    },
    /// The module raised while it was imported.
    #[error("importing '{module}' failed: {exception_text}")]
    ImportFailed {
        /// The module.
        module: String,
        /// The exception as Python prints it, with its notes.
        exception_text: String,
        /// The application's own part of the traceback, outermost first.
        user_frames: Vec<UserFrame>,
    },
    /// The factory raised.
    #[error("the factory '{name}' failed: {exception_text}")]
    FactoryFailed {
        /// The factory's name.
        name: String,
        /// The exception as Python prints it.
        exception_text: String,
        /// The application's own part of the traceback, outermost first.
        user_frames: Vec<UserFrame>,
    },
    /// A factory was asked for but the object is no function.
    #[error("'{name}' is not callable, so it cannot be a factory")]
    NotAFactory {
        /// The attribute's name.
        name: String,
    },
    /// The object cannot be served.
    #[error("'{name}' is not an ASGI application: {problem}")]
    NotAnApplication {
        /// `module:attribute`.
        name: String,
        /// What is wrong with it.
        problem: String,
        /// What would help, where it can be told.
        remedy: Option<String>,
        /// Names of applications in the module.
        apps_in_module: Vec<String>,
    },
    /// No application was named and none was found.
    #[error("no application was found")]
    NoAppFound {
        /// The files that were looked at, or would have been if they existed.
        looked_in: Vec<PathBuf>,
    },
    /// The import was interrupted by the user.
    #[error("interrupted while the application was imported")]
    Interrupted,
}

/// The exception's text, and the frames that belong to the application.
pub(super) fn describe(py: Python<'_>, error: &PyErr, target: &AppTarget) -> (String, Vec<UserFrame>) {
    let text = exception_text(py, error).unwrap_or_else(|_| error.to_string());
    (text, user_frames(py, error, target).unwrap_or_default())
}

fn exception_text(py: Python<'_>, error: &PyErr) -> PyResult<String> {
    let lines = py
        .import("traceback")?
        .call_method1("format_exception_only", (error.value(py),))?;
    let lines: Vec<String> = lines.extract()?;
    Ok(lines.concat().trim_end().to_owned())
}

fn user_frames(py: Python<'_>, error: &PyErr, target: &AppTarget) -> PyResult<Vec<UserFrame>> {
    let app_dir = std::path::absolute(&target.app_dir).unwrap_or_else(|_| target.app_dir.clone());
    let frames = py
        .import("traceback")?
        .call_method1("extract_tb", (error.traceback(py),))?;
    let mut kept = Vec::new();
    for frame in frames.try_iter()? {
        let frame = frame?;
        let file = PathBuf::from(frame.getattr("filename")?.extract::<String>()?);
        // Packages installed below the application's directory (a `.venv` there) are not the application.
        let installed = file.components().any(|part| part.as_os_str() == "site-packages");
        if installed || !file.starts_with(&app_dir) {
            continue;
        }
        kept.push(UserFrame {
            file,
            line: frame
                .getattr("lineno")?
                .extract::<Option<usize>>()?
                .unwrap_or_default(),
            function: frame.getattr("name")?.extract()?,
            source: frame
                .getattr("line")?
                .extract::<Option<String>>()?
                .unwrap_or_default(),
        });
    }
    Ok(kept)
}
