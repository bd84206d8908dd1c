//! Who answers when the application imports `fastapi` and `starlette`; `fastrapi.dropin` decides.

use pyo3::exceptions::PyModuleNotFoundError;
use pyo3::prelude::*;

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

/// Applies the choice in this process. To be called before the application is imported.
///
/// # Errors
/// FastAPI is wanted and not installed, or has been imported already.
pub fn choose(mode: DropInMode) -> Result<(), DropInError> {
    if mode == DropInMode::Native {
        return Ok(());
    }
    Python::attach(|py| {
        let package = match py.import("fastrapi.dropin") {
            Ok(package) => package,
            // An application of another framework is served where the package is not installed, too.
            Err(error) if mode == DropInMode::Auto && error.is_instance_of::<PyModuleNotFoundError>(py) => {
                return Ok(());
            }
            Err(error) => return Err(DropInError(error.value(py).to_string())),
        };
        let report = package
            .call_method1("install", (mode.name(),))
            .and_then(|report| report.getattr("reason")?.extract::<String>())
            .map_err(|error| DropInError(error.value(py).to_string()))?;
        tracing::debug!("{report}");
        Ok(())
    })
}
