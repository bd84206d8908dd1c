//! From values to JSON.
//!
//! Only exact types are written. pydantic decides about subclasses, about values that do not have their field's type
//! (it warns), and about numbers whose text depends on its version.
#![allow(unsafe_code)]

use std::sync::atomic::Ordering;

use pyo3::ffi;
use pyo3::prelude::*;

use super::shapes::{Field, ModelShape, Shape, Shapes};
use super::{MAX_DEPTH, NotPlain};
use crate::json::encode::{write_int, write_str};
use crate::json::float::write_plain_float;

impl Shapes {
    /// The JSON text of a value: what pydantic's serializer writes `by_alias`.
    ///
    /// # Errors
    /// [`NotPlain`]; no code of the application has run.
    pub fn to_json(&self, value: &Bound<'_, PyAny>) -> Result<Vec<u8>, NotPlain> {
        // Room for an answer that is a bit longer than the one before.
        let mut out = Vec::with_capacity(self.last_length.load(Ordering::Relaxed) * 9 / 8 + 64);
        // SAFETY: `value` is attached, and no step below runs Python code that could change the containers: only
        // exact builtin types and the `__dict__` of instances are read.
        unsafe { self.write(0, value.as_ptr(), &mut out, 0)? };
        self.last_length.store(out.len(), Ordering::Relaxed);
        Ok(out)
    }

    /// # Safety
    /// The thread is attached and `value` is a valid object.
    unsafe fn write(
        &self,
        shape: usize,
        value: *mut ffi::PyObject,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), NotPlain> {
        if depth >= MAX_DEPTH {
            return Err(NotPlain);
        }
        // SAFETY: as promised by the caller; each writer gets an object whose exact type was compared first.
        unsafe {
            match &self.shapes[shape] {
                Shape::Str if is_exact(value, &raw mut ffi::PyUnicode_Type) => {
                    write_str(value, out).map_err(|_| NotPlain)
                }
                Shape::Int if is_exact(value, &raw mut ffi::PyLong_Type) => {
                    write_int(value, out).map_err(|_| NotPlain)
                }
                Shape::Float if is_exact(value, &raw mut ffi::PyFloat_Type) => {
                    // How an exponent looks has changed with versions of pydantic.
                    if write_plain_float(ffi::PyFloat_AS_DOUBLE(value), out) {
                        Ok(())
                    } else {
                        Err(NotPlain)
                    }
                }
                Shape::Bool if value == ffi::Py_True() => write_text("true", out),
                Shape::Bool if value == ffi::Py_False() => write_text("false", out),
                Shape::Null | Shape::Nullable(_) if value == ffi::Py_None() => write_text("null", out),
                Shape::Nullable(inner) => self.write(*inner, value, out, depth + 1),
                Shape::List(inner) if is_exact(value, &raw mut ffi::PyList_Type) => {
                    self.write_list(*inner, value, out, depth + 1)
                }
                Shape::Dict(inner) if is_exact(value, &raw mut ffi::PyDict_Type) => {
                    self.write_dict(*inner, value, out, depth + 1)
                }
                Shape::Model(model) if is_exact(value, model.class.as_ptr().cast()) => {
                    self.write_model(model, value, out, depth + 1)
                }
                _ => Err(NotPlain),
            }
        }
    }

    /// # Safety
    /// The thread is attached and `list` is an exact `list`.
    unsafe fn write_list(
        &self,
        inner: usize,
        list: *mut ffi::PyObject,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), NotPlain> {
        out.push(b'[');
        // SAFETY: nothing in the loop changes the list, so the positions stay valid and the items alive.
        unsafe {
            for position in 0..ffi::PyList_GET_SIZE(list) {
                if position > 0 {
                    out.push(b',');
                }
                self.write(inner, ffi::PyList_GET_ITEM(list, position), out, depth)?;
            }
        }
        out.push(b']');
        Ok(())
    }

    /// # Safety
    /// The thread is attached and `dict` is an exact `dict`.
    unsafe fn write_dict(
        &self,
        inner: usize,
        dict: *mut ffi::PyObject,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), NotPlain> {
        let (mut position, mut key, mut item) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        out.push(b'{');
        let mut first = true;
        // SAFETY: nothing in the loop runs Python code, so the iteration stays valid.
        unsafe {
            while ffi::PyDict_Next(dict, &raw mut position, &raw mut key, &raw mut item) != 0 {
                if !is_exact(key, &raw mut ffi::PyUnicode_Type) {
                    return Err(NotPlain);
                }
                if !first {
                    out.push(b',');
                }
                first = false;
                write_str(key, out).map_err(|_| NotPlain)?;
                out.push(b':');
                self.write(inner, item, out, depth)?;
            }
        }
        out.push(b'}');
        Ok(())
    }

    /// # Safety
    /// The thread is attached and `instance` is an instance of exactly the model's class.
    unsafe fn write_model(
        &self,
        model: &ModelShape,
        instance: *mut ffi::PyObject,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), NotPlain> {
        // SAFETY: attached; the call returns a new reference or sets an error.
        let dict = unsafe {
            let dict = ffi::PyObject_GenericGetDict(instance, std::ptr::null_mut());
            Bound::from_owned_ptr_or_err(Python::assume_attached(), dict).map_err(|_| NotPlain)?
        };
        // SAFETY: attached, and `dict` is an exact `dict`, which this function keeps alive.
        unsafe {
            if is_exact(dict.as_ptr(), &raw mut ffi::PyDict_Type) {
                self.write_fields(&model.fields, dict.as_ptr(), out, depth)
            } else {
                Err(NotPlain)
            }
        }
    }

    /// Writes the fields if they are all there, in their order, and nothing else is.
    ///
    /// # Safety
    /// The thread is attached and `dict` is an exact `dict`.
    unsafe fn write_fields(
        &self,
        fields: &[Field],
        dict: *mut ffi::PyObject,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), NotPlain> {
        let (mut position, mut key, mut item) = (0, std::ptr::null_mut(), std::ptr::null_mut());
        let mut rest = fields.iter();
        let mut separator = b'{';
        // SAFETY: nothing in the loop runs Python code, so the iteration stays valid.
        unsafe {
            while ffi::PyDict_Next(dict, &raw mut position, &raw mut key, &raw mut item) != 0 {
                let field = rest.next().ok_or(NotPlain)?;
                if !is_text(key, field.name.as_ptr()) {
                    return Err(NotPlain);
                }
                out.push(separator);
                separator = b',';
                field.written_key.write(out);
                self.write(field.shape, item, out, depth)?;
            }
        }
        if rest.next().is_some() {
            return Err(NotPlain);
        }
        if fields.is_empty() {
            out.push(b'{');
        }
        out.push(b'}');
        Ok(())
    }
}

/// # Safety
/// The thread is attached and `value` is a valid object.
unsafe fn is_exact(value: *mut ffi::PyObject, class: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: as promised by the caller.
    unsafe { ffi::Py_TYPE(value) == class }
}

/// # Safety
/// The thread is attached, `value` is a valid object and `text` an exact `str`.
unsafe fn is_text(value: *mut ffi::PyObject, text: *mut ffi::PyObject) -> bool {
    // The names of attributes are interned: they are mostly the same object.
    if value == text {
        return true;
    }
    // SAFETY: as promised by the caller; comparing two exact texts cannot fail.
    unsafe {
        is_exact(value, &raw mut ffi::PyUnicode_Type)
            && ffi::PyObject_RichCompareBool(value, text, ffi::Py_EQ) == 1
    }
}

fn write_text(text: &str, out: &mut Vec<u8>) -> Result<(), NotPlain> {
    out.extend_from_slice(text.as_bytes());
    Ok(())
}
