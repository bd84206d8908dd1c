//! Why the interpreter did not start.

use std::path::PathBuf;

use super::PYTHON_VERSION;
use super::venv::VenvSource;

/// An interpreter that could not be started, or not with what the user asked for.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// [`initialize`](super::initialize) was called in a process that already runs Python.
    #[error("a Python interpreter is already running in this process")]
    AlreadyRunning,
    /// The directory is not a virtual environment.
    #[error("{} is not a virtual environment: {reason}", path.display())]
    NotAVenv {
        /// The directory that was looked at.
        path: PathBuf,
        /// How it came to be looked at.
        source_of_path: VenvSource,
        /// What is missing.
        reason: String,
    },
    /// The virtual environment was made for another Python version, so its compiled packages cannot be loaded.
    #[error(
        "the virtual environment {} is for Python {found}, this program carries Python {PYTHON_VERSION}",
        path.display()
    )]
    VersionMismatch {
        /// The virtual environment.
        path: PathBuf,
        /// How it was found.
        source_of_path: VenvSource,
        /// The `major.minor` version of the environment.
        found: String,
    },
    /// The environment has the wheel of another FastrAPI, which its tools and tests would see instead of this one.
    #[error(
        "the virtual environment {} has fastrapi-server {found}, this program is {}",
        path.display(),
        env!("CARGO_PKG_VERSION")
    )]
    PackageMismatch {
        /// The virtual environment.
        path: PathBuf,
        /// The version installed in it.
        found: String,
    },
    /// A path or argument that cannot be handed to CPython.
    #[error("{what} contains a NUL byte")]
    NulByte {
        /// What the text is for.
        what: &'static str,
    },
    /// CPython refused to start.
    #[error("the Python interpreter did not start: {message}{}", at(.function))]
    Start {
        /// CPython's own message.
        message: String,
        /// The C function that failed, if CPython told.
        function: Option<String>,
    },
    /// The archive lacks what the interpreter starts with.
    #[error("the Python modules carried in this program are damaged")]
    Damaged,
    /// Preparing the started interpreter failed.
    #[error("the Python interpreter could not be prepared: {0}")]
    Prepare(pyo3::PyErr),
    /// Ending the interpreter failed.
    #[error("buffered output was lost when the Python interpreter ended")]
    Finalize,
}

fn at(function: &Option<String>) -> String {
    function
        .as_ref()
        .map_or_else(String::new, |name| format!(" (in {name})"))
}

impl InterpreterError {
    /// What the user can do about it, if anything is known to help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotAVenv { source_of_path, .. } => Some(match source_of_path {
                VenvSource::Option => "give --venv the directory that holds pyvenv.cfg".to_owned(),
                VenvSource::Environment => {
                    "unset VIRTUAL_ENV, or activate an environment that exists".to_owned()
                }
                VenvSource::Found => {
                    format!("recreate it: python{PYTHON_VERSION} -m venv --clear <directory>")
                }
            }),
            Self::VersionMismatch { .. } => Some(format!(
                "make an environment of the right version (python{PYTHON_VERSION} -m venv DIRECTORY) and name it with \
                 --venv, or install the wheel in this one and run its own bin/fastrapi-server"
            )),
            Self::PackageMismatch { path, .. } => Some(format!(
                "run {}, or install the same version there: pip install fastrapi-server=={}",
                path.join("bin/fastrapi-server").display(),
                env!("CARGO_PKG_VERSION")
            )),
            _ => None,
        }
    }
}
