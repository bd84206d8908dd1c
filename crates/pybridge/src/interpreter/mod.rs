//! The embedded interpreter of the standalone binary.
//!
//! [`initialize`] starts CPython with explicit settings instead of what the process's surroundings suggest: no
//! `PYTHONHOME`, no user site directory, no signal handlers, no Python on `PATH`. In the wheel the interpreter is
//! already there and nothing of this module runs.

mod archive;
mod arenas;
mod carried_module;
mod config;
mod error;
mod frozen;
mod image;
mod program;
mod unpack;
mod unpack_directory;
mod venv;

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::ffi;

pub use archive::{MalformedArchive, carry};
pub use error::InterpreterError;
pub use program::own_executable;
pub use venv::{Venv, VenvSource};

/// The `major.minor` version of the Python that this program was built for.
pub const PYTHON_VERSION: &str = env!("FASTRAPI_PYTHON_VERSION");

/// The initialisation function of an extension module that is linked into the program.
pub type ModuleInit = unsafe extern "C" fn() -> *mut ffi::PyObject;

/// What the interpreter is started with.
#[derive(Debug, Default)]
pub struct InterpreterOptions {
    /// A virtual environment named by the user. Without it `VIRTUAL_ENV`, then `.venv` in the application's and in
    /// the working directory are looked at.
    pub venv: Option<PathBuf>,
    /// The directory that the application is imported from.
    pub app_dir: PathBuf,
    /// `sys.argv`.
    pub argv: Vec<OsString>,
    /// The extension module `fastrapi._core`.
    pub extension: Option<ModuleInit>,
}

/// Whether this process already runs a Python interpreter, as it does when `fastrapi._core` was imported by one.
#[must_use]
pub fn is_initialized() -> bool {
    // SAFETY: may be called at any time, before initialisation too.
    unsafe { ffi::Py_IsInitialized() != 0 }
}

/// Starts the interpreter on the calling thread, which has to be the process's main thread, and detaches from it:
/// [`pyo3::Python::attach`] works on every thread afterwards. Returns the virtual environment in use.
///
/// # Errors
/// The environment does not exist or belongs to another Python, or CPython refuses to start.
///
/// # Panics
/// Never; a second call is an error.
pub fn initialize(options: &InterpreterOptions) -> Result<Option<Venv>, InterpreterError> {
    if is_initialized() {
        return Err(InterpreterError::AlreadyRunning);
    }
    let venv = venv::discover(options.venv.as_deref(), &options.app_dir)?;
    config::start(options, venv.as_ref())?;
    Ok(venv)
}

/// Gives the image of program and libraries back, of which the start needed more than what follows. No other thread may
/// fork meanwhile.
pub fn release_image() {
    image::release();
}

/// Gives memory back that has been freed; with a large heap this takes a while.
pub fn trim_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: may be called at any time on any thread.
    unsafe {
        libc::malloc_trim(0)
    };
}

/// Ends the interpreter: `atexit` callbacks run and the standard streams are flushed. No other thread may attach
/// afterwards, so the async runtime has to be stopped before.
///
/// # Errors
/// Flushing the standard streams failed.
pub fn finalize() -> Result<(), InterpreterError> {
    config::stop()
}
