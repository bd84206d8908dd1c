//! Who answers when the application imports `fastapi` and `starlette`; `fastrapi.dropin` decides.

use pyo3::exceptions::PyModuleNotFoundError;
use pyo3::prelude::*;

use crate::collector;

/// The choice, see `fastrapi.dropin.Mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DropInMode {
    /// This framework, unless the installed FastAPI is newer than what it matches.
    #[default]
    Auto,
    /// This framework.
    Replace,
    /// The installed FastAPI.
    Real,
    /// Whatever is installed; nothing is aliased.
    Native,
}

impl DropInMode {
    fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Replace => "replace",
            Self::Real => "real",
            Self::Native => "native",
        }
    }
}

/// The choice cannot be had in this environment, for the reason given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DropInError(String);

/// Applies the choice in this process. To be called before the application is imported. Returns why the installed
/// FastAPI answers where nobody has asked for that.
///
/// # Errors
/// FastAPI is wanted and not installed, or has been imported already.
pub fn choose(mode: DropInMode) -> Result<Option<String>, DropInError> {
    if mode == DropInMode::Native {
        return Ok(None);
    }
    Python::attach(|py| {
        let failed = |error: PyErr| DropInError(error.value(py).to_string());
        // Most of the package and of pydantic is imported here.
        collector::paused(py, || install(py, mode))
            .map_err(failed)?
            .map_err(failed)
    })
}

fn install(py: Python<'_>, mode: DropInMode) -> PyResult<Option<String>> {
    let package = match py.import("fastrapi.dropin") {
        // An application of another framework is served where the package is not installed, too.
        Err(error) if mode == DropInMode::Auto && error.is_instance_of::<PyModuleNotFoundError>(py) => {
            return Ok(None);
        }
        package => package?,
    };
    let report = package.call_method1("install", (mode.name(),))?;
    let reason: String = report.getattr("reason")?.extract()?;
    tracing::debug!("{reason}");
    let effective: String = report.getattr("effective")?.extract()?;
    Ok((mode == DropInMode::Auto && effective == DropInMode::Real.name()).then_some(reason))
}
