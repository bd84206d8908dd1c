//! The two modules that CPython finds without an importer, as frozen modules: `encodings`, which it imports first of
//! all and which is a stand-in that installs the importer, and the importer.

use std::ffi::{CStr, c_int};

use pyo3::ffi;

use super::archive::Archive;

const MODULES: [(&CStr, &str, bool); 2] = [
    (c"encodings", "boot/encodings.pyc", true),
    (c"_fastrapi_importer", "boot/_fastrapi_importer.pyc", false),
];

/// Registers them; [`None`] if the archive lacks one. The interpreter must not run yet.
pub(super) fn register(archive: &Archive) -> Option<()> {
    let mut table = MODULES
        .into_iter()
        .map(|(name, file, package)| frozen(name, archive.get(file)?.data, package))
        .collect::<Option<Vec<_>>>()?;
    // SAFETY: all-zero is how CPython marks the end of the table.
    table.push(unsafe { std::mem::zeroed() });
    // SAFETY: CPython reads the table from now on; it lives for ever and nothing runs that could read it right now.
    unsafe { ffi::PyImport_FrozenModules = table.leak().as_ptr() };
    Some(())
}

fn frozen(name: &'static CStr, code: &'static [u8], package: bool) -> Option<ffi::_frozen> {
    // SAFETY: the fields that are not set below are absent in some versions and may be null in the others.
    let mut module: ffi::_frozen = unsafe { std::mem::zeroed() };
    module.name = name.as_ptr();
    module.code = code.as_ptr();
    module.size = c_int::try_from(code.len()).ok()?;
    module.is_package = c_int::from(package);
    Some(module)
}
