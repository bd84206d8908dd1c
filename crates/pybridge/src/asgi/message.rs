//! Reading the messages that an application sends.
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyMemoryView, PyString};

/// A message, whose fields are looked up by name.
pub(crate) struct Message<'a, 'py>(&'a Bound<'py, PyDict>);

impl<'a, 'py> Message<'a, 'py> {
    pub(crate) fn new(message: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        match message.cast::<PyDict>() {
            Ok(message) => Ok(Self(message)),
            Err(_) => Err(PyTypeError::new_err(format!(
                "an ASGI message is a dict, not {}",
                type_name(message)
            ))),
        }
    }

    /// The attachment of the message.
    pub(crate) fn py(&self) -> Python<'py> {
        self.0.py()
    }

    /// The message's `type`.
    pub(crate) fn kind(&self) -> PyResult<Bound<'py, PyString>> {
        match self.get(pyo3::intern!(self.0.py(), "type"))? {
            Some(kind) => Ok(kind.cast_into::<PyString>()?),
            None => Err(PyValueError::new_err("an ASGI message needs a 'type'")),
        }
    }

    /// A field, where None counts as absent.
    pub(crate) fn get(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.0.get_item(name)?.filter(|value| !value.is_none()))
    }

    /// A boolean field, false where absent.
    pub(crate) fn flag(&self, name: &Bound<'py, PyString>) -> PyResult<bool> {
        self.get(name)?.map_or(Ok(false), |value| value.is_truthy())
    }

    /// A field of bytes; `None` where absent.
    pub(crate) fn bytes(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bytes>> {
        self.get(name)?.map(|value| bytes_of(&value, name)).transpose()
    }

    /// The `headers` field.
    pub(crate) fn headers(&self) -> PyResult<HeaderMap> {
        self.get(pyo3::intern!(self.0.py(), "headers"))?
            .map_or_else(|| Ok(HeaderMap::new()), |pairs| headers_of(&pairs))
    }
}

/// Header fields from an iterable of pairs of bytes.
pub(crate) fn headers_of(pairs: &Bound<'_, PyAny>) -> PyResult<HeaderMap> {
    let mut headers = HeaderMap::new();
    for pair in pairs.try_iter()? {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = pair?.extract()?;
        let name = with_slice(&name, HeaderName::from_bytes)?;
        let name = name.map_err(|_| PyValueError::new_err("a response header has an invalid name"))?;
        let value = with_slice(&value, header_value)?;
        let value = value.ok_or_else(|| {
            PyValueError::new_err(format!("the response header '{name}' has an invalid value"))
        })?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// RFC 9110 5.5: leading and trailing whitespace is no part of a field value.
fn header_value(value: &[u8]) -> Option<HeaderValue> {
    HeaderValue::from_bytes(value.trim_ascii()).ok()
}

fn with_slice<T>(value: &Bound<'_, PyAny>, read: impl FnOnce(&[u8]) -> T) -> PyResult<T> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(read(bytes.as_bytes()));
    }
    Ok(read(&bytes_of(value, "header")?))
}

/// The bytes of a bytes-like object: shared with Python where they cannot change, else copied.
fn bytes_of(value: &Bound<'_, PyAny>, name: impl std::fmt::Display) -> PyResult<Bytes> {
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(share(bytes));
    }
    if let Ok(array) = value.cast::<PyByteArray>() {
        return Ok(array.to_vec().into());
    }
    if value.is_instance_of::<PyMemoryView>() {
        return Ok(share(value.call_method0("tobytes")?.cast::<PyBytes>()?));
    }
    Err(PyTypeError::new_err(format!(
        "'{name}' has to be bytes, not {}",
        type_name(value)
    )))
}

/// Small bodies are copied: that is cheaper than to come back to Python when they have been sent.
const COPY_BELOW: usize = 16 * 1024;

/// The content of `bytes`, which cannot change.
pub(crate) fn share(bytes: &Bound<'_, PyBytes>) -> Bytes {
    let slice = bytes.as_bytes();
    if slice.len() < COPY_BELOW {
        return Bytes::copy_from_slice(slice);
    }
    Bytes::from_owner(PyBackedBytes::from(bytes.clone()))
}

/// The name of an object's class, for messages about it.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}
