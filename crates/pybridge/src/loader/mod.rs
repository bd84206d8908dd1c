//! Finding and importing the application.
mod candidates;
mod error;
mod find;

use std::path::PathBuf;

use pyo3::prelude::*;

pub use error::{LoadError, UserFrame};

/// What the user named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppTarget {
    /// `module:attribute`, `module`, or the same with the path of a file instead of a module; looked for by itself
    /// when absent.
    pub spec: Option<String>,
    /// The attribute is a function that makes the application.
    pub factory: bool,
    /// The directory that modules are imported from.
    pub app_dir: PathBuf,
}

/// An imported application.
#[derive(Debug)]
pub struct LoadedApp {
    /// The ASGI callable.
    pub application: Py<PyAny>,
    /// The module it was found in.
    pub module: String,
    /// Its name in that module.
    pub attribute: String,
    /// The file of that module, where it has one.
    pub file: Option<PathBuf>,
}

/// Imports the application.
///
/// # Errors
/// See [`LoadError`].
pub fn load(py: Python<'_>, target: &AppTarget) -> Result<LoadedApp, LoadError> {
    let location = find::locate(target)?;
    let module = find::import(py, &location, target)?;
    let (attribute, found) = match &location.attribute {
        Some(attribute) => (attribute.clone(), candidates::attribute(&module, attribute)?),
        None => candidates::pick(&module, target.factory)?,
    };
    let application = if target.factory {
        make(&found, &attribute, target)?
    } else {
        found
    };
    if let Some(problem) = candidates::problem(&application) {
        let name = format!("{}:{attribute}", location.module);
        return Err(LoadError::NotAnApplication {
            name,
            problem: problem.text,
            remedy: problem.remedy,
            apps_in_module: candidates::names(&module),
        });
    }
    let file = module
        .filename()
        .ok()
        .map(|file| PathBuf::from(file.to_string_lossy().into_owned()));
    Ok(LoadedApp {
        application: application.unbind(),
        module: location.module,
        attribute,
        file,
    })
}

fn make<'py>(
    factory: &Bound<'py, PyAny>,
    name: &str,
    target: &AppTarget,
) -> Result<Bound<'py, PyAny>, LoadError> {
    if !factory.is_callable() {
        return Err(LoadError::NotAFactory {
            name: name.to_owned(),
        });
    }
    factory.call0().map_err(|error| {
        let (exception_text, user_frames) = error::describe(factory.py(), &error, target);
        LoadError::FactoryFailed {
            name: name.to_owned(),
            exception_text,
            user_frames,
        }
    })
}

#[cfg(test)]
mod tests;
