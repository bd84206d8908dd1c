//! The extension module `fastrapi._core`.

use std::ffi::OsString;

use pyo3::prelude::*;

use crate::launcher::Launcher;

/// What the package `fastrapi` gets from Rust.
#[pymodule(name = "_core", gil_used = true)]
pub(crate) mod core_module {
    #[pymodule_export]
    use super::main;
    #[pymodule_export]
    use pybridge::direct::{PlannedCall, Plans};
    #[pymodule_export]
    use pybridge::models::{ModelReader, ModelWriter};
}

/// The command `fastrapi-server`: does what `sys.argv` asks for and returns the exit status.
#[pyfunction]
fn main(py: Python<'_>) -> PyResult<u8> {
    let system = py.import("sys")?;
    let arguments: Vec<OsString> = system.getattr("argv")?.extract()?;
    let launcher = Launcher {
        program: system.getattr("executable")?.extract()?,
        arguments: ["-c", "from fastrapi._core import main; raise SystemExit(main())"]
            .map(OsString::from)
            .into(),
    };
    Ok(py.detach(|| crate::run(arguments, launcher)).code())
}
