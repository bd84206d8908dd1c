//! Reading and writing for Python, so that tests can compare both with pydantic.

use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Shapes;

/// Reads JSON into values of one type.
#[pyclass(frozen, module = "fastrapi._core")]
#[derive(Debug)]
pub struct ModelReader(Shapes);

#[pymethods]
impl ModelReader {
    /// Takes a `fastrapi.plan.models.Shapes`.
    #[new]
    fn new(shapes: &Bound<'_, PyAny>) -> PyResult<Self> {
        Shapes::read(shapes).map(Self)
    }

    /// The value in a tuple, or `None` if pydantic has to decide.
    #[pyo3(signature = (json, /))]
    fn read<'py>(&self, json: &Bound<'py, PyBytes>) -> Option<(Bound<'py, PyAny>,)> {
        self.0
            .from_json(json.py(), json.as_bytes())
            .ok()
            .map(|value| (value,))
    }
}

/// Writes values of one type as JSON.
#[pyclass(frozen, module = "fastrapi._core")]
#[derive(Debug)]
pub struct ModelWriter(Shapes);

#[pymethods]
impl ModelWriter {
    /// Takes a `fastrapi.plan.models.Shapes`.
    #[new]
    fn new(shapes: &Bound<'_, PyAny>) -> PyResult<Self> {
        Shapes::read(shapes).map(Self)
    }

    /// The JSON text, or `None` if pydantic has to write it.
    #[pyo3(signature = (value, /))]
    fn write<'py>(&self, value: &Bound<'py, PyAny>) -> Option<Bound<'py, PyBytes>> {
        let json = self.0.to_json(value).ok()?;
        Some(PyBytes::new(value.py(), &json))
    }
}
