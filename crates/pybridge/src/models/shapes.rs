//! The description of a plain type, read from Python once.

use std::sync::atomic::AtomicUsize;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyString, PyTuple, PyType};

use super::instance::Slots;
use crate::json;

/// The type of a value; numbers are positions in [`Shapes`].
#[derive(Debug)]
pub(super) enum Shape {
    Str,
    Int,
    Float,
    Bool,
    Null,
    Nullable(usize),
    List(usize),
    /// With texts as keys.
    Dict(usize),
    Model(ModelShape),
}

/// What stands for an absent field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    Refused,
    /// The value in [`ModelShape::template`].
    Shared,
    EmptyList,
    EmptyDict,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Py<PyString>,
    /// The key to read from.
    pub(super) key: Box<str>,
    /// The key to write, with quotes and colon.
    pub(super) written_key: WrittenKey,
    pub(super) shape: usize,
    pub(super) absent: Absent,
}

/// A text for copying: short ones in a block of constant size, which takes one or two instructions.
#[derive(Debug)]
pub(super) struct WrittenKey {
    text: Box<[u8]>,
    block: Option<[u8; WrittenKey::BLOCK]>,
}

impl WrittenKey {
    const BLOCK: usize = 32;

    fn new(text: Vec<u8>) -> Self {
        let block = (text.len() <= Self::BLOCK).then(|| {
            let mut block = [0; Self::BLOCK];
            block[..text.len()].copy_from_slice(&text);
            block
        });
        Self {
            text: text.into(),
            block,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match &self.block {
            Some(block) => {
                let length = out.len() + self.text.len();
                out.extend_from_slice(block);
                out.truncate(length);
            }
            None => out.extend_from_slice(&self.text),
        }
    }
}

#[derive(Debug)]
pub(super) struct ModelShape {
    pub(super) class: Py<PyType>,
    pub(super) fields: Box<[Field]>,
    /// Every field with the value that stands for it, in order: copying is quicker than filling.
    pub(super) template: Py<PyDict>,
    /// The names of all fields.
    pub(super) names: Py<PySet>,
}

/// A plain type with all the types in it. See `fastrapi.plan.models.Shapes`.
#[derive(Debug)]
pub struct Shapes {
    pub(super) shapes: Box<[Shape]>,
    pub(super) slots: Slots,
    pub(super) no_arguments: Py<PyTuple>,
    /// The length of the last text, for the next one's capacity.
    pub(super) last_length: AtomicUsize,
}

impl Shapes {
    /// Reads a `fastrapi.plan.models.Shapes`.
    ///
    /// # Errors
    /// `AttributeError`, `TypeError` or `ValueError` if the object is not what this version of the bridge expects.
    pub fn read(shapes: &Bound<'_, PyAny>) -> PyResult<Self> {
        let described: Vec<Bound<'_, PyAny>> = shapes.getattr("shapes")?.extract()?;
        let count = described.len();
        if count == 0 {
            return Err(PyValueError::new_err("no shape"));
        }
        Ok(Self {
            shapes: described
                .iter()
                .map(|shape| read_shape(shape, count))
                .collect::<PyResult<_>>()?,
            slots: Slots::read(&shapes.getattr("slots")?)?,
            no_arguments: PyTuple::empty(shapes.py()).unbind(),
            last_length: AtomicUsize::new(0),
        })
    }
}

fn position(shape: &Bound<'_, PyAny>, attribute: &str, count: usize) -> PyResult<usize> {
    let position: usize = shape.getattr(attribute)?.extract()?;
    if position < count {
        Ok(position)
    } else {
        Err(PyValueError::new_err(format!("there is no shape {position}")))
    }
}

fn read_shape(shape: &Bound<'_, PyAny>, count: usize) -> PyResult<Shape> {
    let inner = || position(shape, "inner", count);
    Ok(match shape.getattr("kind")?.extract::<String>()?.as_str() {
        "str" => Shape::Str,
        "int" => Shape::Int,
        "float" => Shape::Float,
        "bool" => Shape::Bool,
        "none" => Shape::Null,
        "nullable" => Shape::Nullable(inner()?),
        "list" => Shape::List(inner()?),
        "dict" => Shape::Dict(inner()?),
        "model" => Shape::Model(read_model(&shape.getattr("model")?, count)?),
        other => return Err(PyValueError::new_err(format!("unknown shape {other:?}"))),
    })
}

fn read_model(model: &Bound<'_, PyAny>, count: usize) -> PyResult<ModelShape> {
    let py = model.py();
    let template = PyDict::new(py);
    let names = PySet::empty(py)?;
    let mut fields = Vec::new();
    for field in model.getattr("fields")?.try_iter()? {
        let field = field?;
        let name = field.getattr("name")?.cast_into::<PyString>()?;
        names.add(&name)?;
        template.set_item(&name, field.getattr("default")?)?;
        let mut written_key = Vec::new();
        json::encode(&field.getattr("written_key")?, &mut written_key)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        written_key.push(b':');
        fields.push(Field {
            name: name.unbind(),
            key: field.getattr("key")?.extract::<String>()?.into(),
            written_key: WrittenKey::new(written_key),
            shape: position(&field, "shape", count)?,
            absent: read_absent(&field.getattr("absent")?.extract::<String>()?)?,
        });
    }
    Ok(ModelShape {
        class: model.getattr("cls")?.cast_into::<PyType>()?.unbind(),
        fields: fields.into(),
        template: template.unbind(),
        names: names.unbind(),
    })
}

fn read_absent(name: &str) -> PyResult<Absent> {
    Ok(match name {
        "refused" => Absent::Refused,
        "shared" => Absent::Shared,
        "list" => Absent::EmptyList,
        "dict" => Absent::EmptyDict,
        other => return Err(PyValueError::new_err(format!("unknown absence {other:?}"))),
    })
}
