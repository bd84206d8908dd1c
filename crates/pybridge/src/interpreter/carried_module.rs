//! `_fastrapi_carried`, the built-in module through which `importer.py` reads the archive.

use std::ffi::{OsString, c_char};
use std::path::PathBuf;

use pyo3::exceptions::{PyImportError, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyMemoryView, PyString};

use super::archive::{self, Archive, Entry};
use super::unpack::shared_library;

/// The archive's contents, by names without a leading slash.
#[pymodule(name = "_fastrapi_carried")]
pub(super) mod carried_module {
    #[pymodule_export]
    use super::{exists, find, list, precompiled, read, unpack};
}

fn carried() -> PyResult<Archive> {
    archive::carried().ok_or_else(|| PyRuntimeError::new_err("this program carries no Python modules"))
}

/// Whether `name` is a file of the archive.
#[pyfunction]
fn exists(name: &str) -> PyResult<bool> {
    Ok(carried()?.get(name).is_some())
}

/// Looks for the module `name` in `directory`: the name of its code object or shared library, and whether it is a
/// package. A shared library is tried with each of `suffixes`, which come in the interpreter's order.
#[pyfunction]
fn find(directory: &str, name: &str, suffixes: Vec<String>) -> PyResult<Option<(String, bool)>> {
    let archive = carried()?;
    let package = format!("{directory}/{name}/__init__.pyc");
    if archive.get(&package).is_some() {
        return Ok(Some((package, true)));
    }
    let candidates = suffixes.iter().map(String::as_str).chain([".pyc"]);
    Ok(candidates
        .map(|suffix| format!("{directory}/{name}{suffix}"))
        .find(|candidate| archive.get(candidate).is_some())
        .map(|found| (found, false)))
}

/// A read-only view of a file's bytes as they are stored, and whether they are a zlib stream.
#[pyfunction]
fn read<'py>(py: Python<'py>, name: &str) -> PyResult<Option<(Bound<'py, PyMemoryView>, bool)>> {
    let Some(entry) = carried()?.get(name) else {
        return Ok(None);
    };
    Ok(Some((view(py, entry)?, entry.compressed)))
}

/// What `packaging/carry/precompile.py` made of the text `source`; `kind` tells what the text is.
#[pyfunction]
fn precompiled<'py>(
    py: Python<'py>,
    kind: &str,
    source: &Bound<'py, PyString>,
) -> PyResult<Option<Bound<'py, PyMemoryView>>> {
    // Text that is no UTF-8 (with lone surrogates) is not in the archive.
    let Ok(source) = source.to_str() else {
        return Ok(None);
    };
    let entry = carried()?.get(&format!("precompiled/{kind}/{source}"));
    entry.map(|entry| view(py, entry)).transpose()
}

fn view(py: Python<'_>, entry: Entry) -> PyResult<Bound<'_, PyMemoryView>> {
    let length = ffi::Py_ssize_t::try_from(entry.data.len())?;
    // SAFETY: the bytes are static and the view is read-only.
    unsafe {
        let pointer = entry.data.as_ptr().cast::<c_char>().cast_mut();
        let view = ffi::PyMemoryView_FromMemory(pointer, length, ffi::PyBUF_READ);
        Ok(Bound::from_owned_ptr_or_err(py, view)?.cast_into_unchecked::<PyMemoryView>())
    }
}

/// The names in a directory; those of subdirectories end in `/`.
#[pyfunction]
fn list(directory: &str) -> PyResult<Vec<&'static str>> {
    Ok(carried()?.list(directory))
}

/// The path of a file that holds the shared library `name`; the libraries that it needs are loaded. It is a `str`: a
/// `Path` would have `pathlib` imported, which may need a shared library itself.
#[pyfunction]
fn unpack(name: &str) -> PyResult<OsString> {
    shared_library(&carried()?, name)
        .map(PathBuf::into_os_string)
        .map_err(|error| PyImportError::new_err(error.to_string()))
}
