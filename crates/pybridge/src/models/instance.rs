//! Instances of models, made the way that pydantic's validator makes them.
#![allow(unsafe_code)]

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PySet};
use smallvec::SmallVec;

use super::shapes::{Absent, ModelShape, Shapes};

/// The values of a model's fields, in their order; those that the JSON has.
pub(super) type Values<'py> = SmallVec<[Option<Bound<'py, PyAny>>; 8]>;

/// The descriptors of `BaseModel` that hold an instance's state. A model's own `__setattr__` has no part in this.
#[derive(Debug)]
pub(super) struct Slots {
    dict: Slot,
    fields_set: Slot,
    extra: Slot,
    private: Slot,
}

#[derive(Debug)]
struct Slot {
    descriptor: Py<PyAny>,
    set: ffi::descrsetfunc,
}

impl Slots {
    /// Takes the descriptors of `__dict__`, `__pydantic_fields_set__`, `__pydantic_extra__` and `__pydantic_private__`.
    pub(super) fn read(descriptors: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (dict, fields_set, extra, private): (
            Bound<'_, PyAny>,
            Bound<'_, PyAny>,
            Bound<'_, PyAny>,
            Bound<'_, PyAny>,
        ) = descriptors.extract()?;
        Ok(Self {
            dict: Slot::read(dict)?,
            fields_set: Slot::read(fields_set)?,
            extra: Slot::read(extra)?,
            private: Slot::read(private)?,
        })
    }
}

impl Slot {
    fn read(descriptor: Bound<'_, PyAny>) -> PyResult<Self> {
        // SAFETY: attached; a type object lives as long as its instance, and its slots do not change for the
        // built-in descriptor types.
        let set = unsafe { (*ffi::Py_TYPE(descriptor.as_ptr())).tp_descr_set };
        Ok(Self {
            set: set.ok_or_else(|| PyTypeError::new_err(format!("{descriptor} cannot be set")))?,
            descriptor: descriptor.unbind(),
        })
    }

    fn set(&self, instance: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        // SAFETY: attached; the function is the one of the descriptor's type, which checks the instance's type.
        let status = unsafe { (self.set)(self.descriptor.as_ptr(), instance.as_ptr(), value.as_ptr()) };
        if status < 0 {
            return Err(PyErr::fetch(instance.py()));
        }
        Ok(())
    }
}

impl Shapes {
    /// An instance with these values. `None`: a required one is missing.
    ///
    /// # Errors
    /// `MemoryError`, and whatever a class has against being instantiated.
    pub(super) fn instance<'py>(
        &self,
        py: Python<'py>,
        model: &ModelShape,
        values: Values<'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some((dict, fields_set)) = state(py, model, values)? else {
            return Ok(None);
        };
        let class = model.class.bind(py).as_type_ptr();
        // SAFETY: attached, and `class` is a type object.
        let new = unsafe { (*class).tp_new }.ok_or_else(|| PyTypeError::new_err("no __new__"))?;
        // SAFETY: `tp_new` takes a type, a tuple and, for no keywords, null; it returns a new reference or sets an error.
        let instance = unsafe {
            Bound::from_owned_ptr_or_err(py, new(class, self.no_arguments.as_ptr(), std::ptr::null_mut()))?
        };
        let none = py.None().into_bound(py);
        self.slots.dict.set(&instance, dict.as_any())?;
        self.slots.fields_set.set(&instance, fields_set.as_any())?;
        self.slots.extra.set(&instance, &none)?;
        self.slots.private.set(&instance, &none)?;
        Ok(Some(instance))
    }
}

/// The `__dict__` and the set of the names that were given.
fn state<'py>(
    py: Python<'py>,
    model: &ModelShape,
    values: Values<'py>,
) -> PyResult<Option<(Bound<'py, PyDict>, Bound<'py, PySet>)>> {
    let dict = model.template.bind(py).copy()?;
    let complete = values.iter().all(Option::is_some);
    let fields_set = if complete {
        copied(model.names.bind(py))?
    } else {
        PySet::empty(py)?
    };
    for (field, value) in model.fields.iter().zip(values) {
        let name = field.name.bind(py);
        match (value, field.absent) {
            (Some(value), _) => {
                dict.set_item(name, value)?;
                if !complete {
                    fields_set.add(name)?;
                }
            }
            (None, Absent::Refused) => return Ok(None),
            (None, Absent::Shared) => {}
            (None, Absent::EmptyList) => dict.set_item(name, PyList::empty(py))?,
            (None, Absent::EmptyDict) => dict.set_item(name, PyDict::new(py))?,
        }
    }
    Ok(Some((dict, fields_set)))
}

fn copied<'py>(set: &Bound<'py, PySet>) -> PyResult<Bound<'py, PySet>> {
    // SAFETY: attached; the call takes any iterable and returns a new set or sets an error.
    let copy = unsafe { Bound::from_owned_ptr_or_err(set.py(), ffi::PySet_New(set.as_ptr()))? };
    Ok(copy.cast_into::<PySet>()?)
}
