//! From what the user typed to an imported module.
use std::path::{Path, PathBuf};

use pyo3::exceptions::{PyKeyboardInterrupt, PyModuleNotFoundError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::{AppTarget, LoadError, error};

/// Files in which an application is looked for when none was named, in this order.
const DEFAULT_FILES: [&str; 8] = [
    "main.py",
    "app.py",
    "api.py",
    "application.py",
    "app/main.py",
    "app/app.py",
    "app/api.py",
    "app/__init__.py",
];

/// Where the application is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) module: String,
    pub(super) attribute: Option<String>,
    /// The directory to import from.
    pub(super) directory: PathBuf,
}

pub(super) fn locate(target: &AppTarget) -> Result<Location, LoadError> {
    let Some(spec) = &target.spec else {
        return by_default(&target.app_dir);
    };
    let (module, attribute) = match spec.rsplit_once(':') {
        Some((module, attribute)) => (module, Some(attribute.to_owned())),
        None => (spec.as_str(), None),
    };
    let attribute = attribute.filter(|attribute| !attribute.is_empty());
    if Path::new(module)
        .extension()
        .is_some_and(|extension| extension == "py")
    {
        return Ok(of_file(&target.app_dir.join(module), attribute));
    }
    Ok(Location {
        module: module.to_owned(),
        attribute,
        directory: target.app_dir.clone(),
    })
}

fn by_default(app_dir: &Path) -> Result<Location, LoadError> {
    let files: Vec<PathBuf> = DEFAULT_FILES.iter().map(|file| app_dir.join(file)).collect();
    match DEFAULT_FILES.iter().find(|file| app_dir.join(file).is_file()) {
        Some(file) => {
            let module = file
                .trim_end_matches(".py")
                .trim_end_matches("/__init__")
                .replace('/', ".");
            Ok(Location {
                module,
                attribute: None,
                directory: app_dir.to_owned(),
            })
        }
        None => Err(LoadError::NoAppFound { looked_in: files }),
    }
}

/// A file in a package is imported as that package's module, so that its relative imports work.
fn of_file(file: &Path, attribute: Option<String>) -> Location {
    let mut names: Vec<String> = Vec::new();
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    if stem != "__init__" {
        names.push(stem);
    }
    let mut directory = file.parent().unwrap_or(Path::new("")).to_owned();
    while directory.join("__init__.py").is_file() {
        let Some(name) = directory.file_name() else { break };
        names.push(name.to_string_lossy().into_owned());
        directory.pop();
    }
    names.reverse();
    Location {
        module: names.join("."),
        attribute,
        directory,
    }
}

pub(super) fn import<'py>(
    py: Python<'py>,
    location: &Location,
    target: &AppTarget,
) -> Result<Bound<'py, PyModule>, LoadError> {
    let imported =
        prepend_to_path(py, &location.directory).and_then(|()| py.import(location.module.as_str()));
    imported.map_err(|raised| {
        if raised.is_instance_of::<PyKeyboardInterrupt>(py) {
            return LoadError::Interrupted;
        }
        if is_missing(py, &raised, &location.module) {
            return LoadError::ModuleNotFound {
                module: location.module.clone(),
                app_dir: location.directory.clone(),
                suggestions: similar_modules(py, location),
            };
        }
        let frames_from = AppTarget {
            app_dir: location.directory.clone(),
            ..target.clone()
        };
        let (exception_text, user_frames) = error::describe(py, &raised, &frames_from);
        LoadError::ImportFailed {
            module: location.module.clone(),
            exception_text,
            user_frames,
        }
    })
}

fn prepend_to_path(py: Python<'_>, directory: &Path) -> PyResult<()> {
    let directory = std::path::absolute(directory)?;
    let path = py.import("sys")?.getattr("path")?.cast_into::<PyList>()?;
    if !path.contains(&directory)? {
        // As text: `sys.path` takes no path objects.
        path.insert(0, directory.as_os_str())?;
    }
    Ok(())
}

/// Whether the module itself is missing, rather than one that it imports.
fn is_missing(py: Python<'_>, raised: &PyErr, module: &str) -> bool {
    if !raised.is_instance_of::<PyModuleNotFoundError>(py) {
        return false;
    }
    let name = raised
        .value(py)
        .getattr("name")
        .and_then(|name| name.extract::<Option<String>>());
    let Ok(Some(name)) = name else { return false };
    // A module of that name may exist and import, say, itself wrongly; then there are frames of it.
    module == name
        || module
            .strip_prefix(&name)
            .is_some_and(|rest| rest.starts_with('.'))
}

fn similar_modules(py: Python<'_>, location: &Location) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(&location.directory) else {
        return Vec::new();
    };
    let names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            let is_module = path.extension().is_some_and(|extension| extension == "py");
            let is_package = path.join("__init__.py").is_file();
            let name = path.file_stem()?.to_string_lossy().into_owned();
            (is_module || is_package).then_some(name)
        })
        .collect();
    let first = location.module.split('.').next().unwrap_or_default();
    super::candidates::similar(py, first, names)
}
