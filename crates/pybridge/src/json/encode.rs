//! The encoder for answers made of exact builtin types.
//!
//! It covers `dict` (with `str` keys), `list`, `tuple`, `str`, `int`, `float`, `bool` and `None`. Every other object,
//! and every value whose treatment the framework decides (NaN, lone surrogates, integers above 64 bits, subclasses,
//! keys that `jsonable_encoder` drops) is [`Unencodable`]: Python's own encoder then gives the bytes or the error.
#![allow(unsafe_code)]

use std::os::raw::c_char;

use pyo3::ffi;
use pyo3::prelude::*;
use sonic_rs::format::{CompactFormatter, Formatter};

use super::float::write_plain_float;

/// How deep containers may nest before Python's encoder takes over (it raises `RecursionError` in its own way).
const MAX_DEPTH: usize = 128;

/// The value is not made of exact builtin types, or its encoding is the framework's to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value needs the framework's own JSON encoder")]
pub struct Unencodable;

/// Appends the compact JSON of `value` to `out`.
///
/// The output equals `json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))` in UTF-8.
///
/// # Errors
/// [`Unencodable`] if the value is not covered; `out` then holds a part of the output and must be cut by the caller.
pub fn encode(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    // SAFETY: `value` is attached, so the interpreter is ours for the whole walk, and no step below runs Python code
    // that could change the containers: only exact builtin types are read.
    unsafe { write_value(value.as_ptr(), out, 0) }
}

/// # Safety
/// The thread is attached and `value` is a valid object.
unsafe fn write_value(value: *mut ffi::PyObject, out: &mut Vec<u8>, depth: usize) -> Result<(), Unencodable> {
    // SAFETY: as promised by the caller; each reader gets an object whose exact type was compared first.
    unsafe {
        let kind = ffi::Py_TYPE(value);
        if kind == &raw mut ffi::PyUnicode_Type {
            write_str(value, out)
        } else if kind == &raw mut ffi::PyLong_Type {
            write_int(value, out)
        } else if kind == &raw mut ffi::PyDict_Type {
            write_dict(value, out, depth)
        } else if kind == &raw mut ffi::PyList_Type {
            let items = (0..ffi::PyList_GET_SIZE(value)).map(|i| ffi::PyList_GET_ITEM(value, i));
            write_array(items, out, depth)
        } else if kind == &raw mut ffi::PyTuple_Type {
            let items = (0..ffi::PyTuple_GET_SIZE(value)).map(|i| ffi::PyTuple_GET_ITEM(value, i));
            write_array(items, out, depth)
        } else if kind == &raw mut ffi::PyFloat_Type {
            write_float(value, out)
        } else if value == ffi::Py_None() {
            out.extend_from_slice(b"null");
            Ok(())
        } else if value == ffi::Py_True() {
            out.extend_from_slice(b"true");
            Ok(())
        } else if value == ffi::Py_False() {
            out.extend_from_slice(b"false");
            Ok(())
        } else {
            Err(Unencodable)
        }
    }
}

/// The text of an exact `str`, or [`Unencodable`] if it holds lone surrogates.
///
/// # Safety
/// The thread is attached and `value` is an exact `str` that outlives `'a`.
unsafe fn str_text<'a>(value: *mut ffi::PyObject) -> Result<&'a str, Unencodable> {
    let mut size: ffi::Py_ssize_t = 0;
    // SAFETY: `value` is a `str`; the buffer it returns lives as long as the object.
    unsafe {
        let data: *const c_char = ffi::PyUnicode_AsUTF8AndSize(value, &raw mut size);
        if data.is_null() {
            ffi::PyErr_Clear();
            return Err(Unencodable);
        }
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), size.unsigned_abs());
        Ok(std::str::from_utf8_unchecked(bytes))
    }
}

/// # Safety
/// As [`str_text`].
pub(crate) unsafe fn write_str(value: *mut ffi::PyObject, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    // SAFETY: the caller's promise is the one that `str_text` asks for.
    let text = unsafe { str_text(value)? };
    CompactFormatter
        .write_string_fast(out, text, true)
        .map_err(|_| Unencodable)
}

/// # Safety
/// The thread is attached and `value` is an exact `int`.
pub(crate) unsafe fn write_int(value: *mut ffi::PyObject, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    let mut overflow = 0;
    // SAFETY: `value` is an `int`, for which this call cannot raise.
    let number = unsafe { ffi::PyLong_AsLongLongAndOverflow(value, &raw mut overflow) };
    if overflow != 0 {
        return Err(Unencodable);
    }
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    Ok(())
}

/// # Safety
/// The thread is attached and `value` is an exact `float`.
unsafe fn write_float(value: *mut ffi::PyObject, out: &mut Vec<u8>) -> Result<(), Unencodable> {
    // SAFETY: `value` is a `float`.
    let number = unsafe { ffi::PyFloat_AS_DOUBLE(value) };
    if write_plain_float(number, out) {
        return Ok(());
    }
    if !number.is_finite() {
        return Err(Unencodable);
    }
    // SAFETY: 'r' asks for `repr`'s shortest form; the returned C string is freed with PyMem_Free.
    unsafe {
        let text = ffi::PyOS_double_to_string(
            number,
            b'r' as c_char,
            0,
            ffi::Py_DTSF_ADD_DOT_0,
            std::ptr::null_mut(),
        );
        if text.is_null() {
            ffi::PyErr_Clear();
            return Err(Unencodable);
        }
        out.extend_from_slice(std::ffi::CStr::from_ptr(text).to_bytes());
        ffi::PyMem_Free(text.cast());
    }
    Ok(())
}

/// # Safety
/// The thread is attached and the items are valid objects.
unsafe fn write_array(
    items: impl Iterator<Item = *mut ffi::PyObject>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<(), Unencodable> {
    if depth >= MAX_DEPTH {
        return Err(Unencodable);
    }
    out.push(b'[');
    let mut first = true;
    for item in items {
        if !first {
            out.push(b',');
        }
        first = false;
        // SAFETY: the item is borrowed from a container that nothing changes while we are attached.
        unsafe { write_value(item, out, depth + 1)? };
    }
    out.push(b']');
    Ok(())
}

/// # Safety
/// The thread is attached and `value` is an exact `dict`.
unsafe fn write_dict(value: *mut ffi::PyObject, out: &mut Vec<u8>, depth: usize) -> Result<(), Unencodable> {
    if depth >= MAX_DEPTH {
        return Err(Unencodable);
    }
    out.push(b'{');
    let (mut position, mut key, mut item) = (0, std::ptr::null_mut(), std::ptr::null_mut());
    let mut first = true;
    // SAFETY: `value` is a dict and nothing in the loop runs Python code, so the iteration stays valid.
    unsafe {
        while ffi::PyDict_Next(value, &raw mut position, &raw mut key, &raw mut item) != 0 {
            if ffi::Py_TYPE(key) != &raw mut ffi::PyUnicode_Type {
                return Err(Unencodable);
            }
            let name = str_text(key)?;
            // `jsonable_encoder(sqlalchemy_safe=True)` leaves these keys out.
            if name.starts_with("_sa") {
                return Err(Unencodable);
            }
            if !first {
                out.push(b',');
            }
            first = false;
            CompactFormatter
                .write_string_fast(out, name, true)
                .map_err(|_| Unencodable)?;
            out.push(b':');
            write_value(item, out, depth + 1)?;
        }
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    fn encoded(py: Python<'_>, source: &str) -> Result<String, Unencodable> {
        let value = py.eval(&CString::new(source).unwrap(), None, None).unwrap();
        let mut out = Vec::new();
        encode(&value, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    fn expected(py: Python<'_>, source: &str) -> String {
        let source = format!(
            "__import__('json').dumps({source}, ensure_ascii=False, allow_nan=False, separators=(',', ':'))"
        );
        py.eval(&CString::new(source).unwrap(), None, None)
            .unwrap()
            .extract()
            .unwrap()
    }

    #[test]
    fn equals_json_dumps() {
        Python::initialize();
        Python::attach(|py| {
            for source in [
                "{'message': 'Hello, World!'}",
                "[1, -1, 0, 2**63 - 1, -2**63, True, False, None]",
                "[0.0, -0.0, 1.0, 1.5, 1e15, 1e16, 1e-4, 1e-5, 123456789012345680.0, 5e-324, 1.7e308, 0.1 + 0.2]",
                "['\\x00\\x1f\\x7f\"\\\\/\\b\\f\\n\\r\\t', 'é', '\\u2028', '😀', '']",
                "({}, [], (), {'a': {'b': [1, {'c': None}]}})",
                "'x' * 1000 + '\"' + 'y' * 100",
            ] {
                assert_eq!(
                    encoded(py, source).as_deref(),
                    Ok(expected(py, source).as_str()),
                    "{source}"
                );
            }
        });
    }

    #[test]
    fn leaves_the_rest_to_python() {
        Python::initialize();
        Python::attach(|py| {
            for source in [
                "float('nan')",
                "float('inf')",
                "2**64",
                "'\\ud800'",
                "{1: 2}",
                "{'_sa_state': 1}",
                "{1, 2}",
                "b'x'",
                "type('S', (str,), {})('x')",
                "__import__('functools').reduce(lambda a, _: [a], range(200), 1)",
            ] {
                assert_eq!(encoded(py, source), Err(Unencodable), "{source}");
            }
        });
    }
}
