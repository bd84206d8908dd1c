//! What `--version` says about this program.

use pybridge::interpreter::PYTHON_VERSION;

/// The program's version, with the Python that it was built for.
pub(crate) fn long() -> String {
    format!("{} (Python {PYTHON_VERSION})", env!("CARGO_PKG_VERSION"))
}
