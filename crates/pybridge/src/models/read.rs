//! From JSON to values.
//!
//! Of each type only the JSON form that is certain is taken: a text for `str`, an integer in 64 bits for `int`, any
//! number for `float`. Keys that no field has are pydantic's as well: what they hold would go unchecked here.

use std::cell::OnceCell;
use std::fmt;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use smallvec::SmallVec;

use super::instance::Values;
use super::shapes::{Field, ModelShape, Shape, Shapes};
use super::{MAX_DEPTH, NotPlain};

impl Shapes {
    /// The value of a JSON text.
    ///
    /// # Errors
    /// [`NotPlain`]; no code of the application has run.
    pub fn from_json<'py>(&self, py: Python<'py>, json: &[u8]) -> Result<Bound<'py, PyAny>, NotPlain> {
        let text = std::str::from_utf8(json).map_err(|_| NotPlain)?;
        let mut parser = sonic_rs::Deserializer::from_str(text);
        let has_negative_zero = OnceCell::new();
        let root = Reader {
            py,
            text,
            has_negative_zero: &has_negative_zero,
            shapes: self,
            shape: 0,
            depth: 0,
        };
        let value = root.deserialize(&mut parser).map_err(|_| NotPlain)?;
        parser.end().map_err(|_| NotPlain)?;
        Ok(value)
    }
}

/// Reads one value.
#[derive(Clone, Copy)]
struct Reader<'a, 'py> {
    py: Python<'py>,
    /// The whole JSON text.
    text: &'a str,
    has_negative_zero: &'a OnceCell<bool>,
    shapes: &'a Shapes,
    shape: usize,
    depth: usize,
}

impl<'a> Reader<'a, '_> {
    fn shape(&self) -> &'a Shape {
        &self.shapes.shapes[self.shape]
    }

    /// Whether zeros may have signs, which the parser does not tell. (`-0.0` has one, `-0` is an integer without.)
    fn has_negative_zero(&self) -> bool {
        *self.has_negative_zero.get_or_init(|| self.text.contains("-0"))
    }

    /// The reader of a value inside of this one.
    fn inner<E: de::Error>(self, shape: usize) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(NotPlain));
        }
        Ok(Self {
            shape,
            depth: self.depth + 1,
            ..self
        })
    }
}

impl<'de, 'py> DeserializeSeed<'de> for Reader<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        match self.shape() {
            Shape::Str => parser.deserialize_str(self),
            Shape::Int => parser.deserialize_i64(self),
            Shape::Float => parser.deserialize_f64(self),
            Shape::Bool => parser.deserialize_bool(self),
            Shape::Null => parser.deserialize_unit(self),
            Shape::Nullable(_) => parser.deserialize_option(self),
            Shape::List(_) => parser.deserialize_seq(self),
            Shape::Dict(_) | Shape::Model(_) => parser.deserialize_map(self),
        }
    }
}

impl<'de, 'py> Visitor<'de> for Reader<'_, 'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a plain value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match self.shape() {
            Shape::Str => Ok(PyString::new(self.py, text).into_any()),
            _ => Err(E::custom(NotPlain)),
        }
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Self::Value, E> {
        match self.shape() {
            Shape::Bool => Ok(PyBool::new(self.py, truth).to_owned().into_any()),
            _ => Err(E::custom(NotPlain)),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        match self.shape() {
            Shape::Int => Ok(PyInt::new(self.py, number).into_any()),
            // Rounds to the nearest float, as Python does.
            #[allow(clippy::cast_precision_loss)]
            Shape::Float => self.visit_f64(number as f64),
            _ => Err(E::custom(NotPlain)),
        }
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        match self.shape() {
            Shape::Int => Ok(PyInt::new(self.py, number).into_any()),
            // As above.
            #[allow(clippy::cast_precision_loss)]
            Shape::Float => self.visit_f64(number as f64),
            _ => Err(E::custom(NotPlain)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        match self.shape() {
            Shape::Float if number == 0.0 && self.has_negative_zero() => Err(E::custom(NotPlain)),
            Shape::Float if number.is_finite() => Ok(PyFloat::new(self.py, number).into_any()),
            _ => Err(E::custom(NotPlain)),
        }
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        match self.shape() {
            Shape::Null => Ok(self.py.None().into_bound(self.py)),
            _ => Err(E::custom(NotPlain)),
        }
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(self.py.None().into_bound(self.py))
    }

    fn visit_some<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        let Shape::Nullable(inner) = self.shape() else {
            return Err(de::Error::custom(NotPlain));
        };
        self.inner(*inner)?.deserialize(parser)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let Shape::List(inner) = self.shape() else {
            return Err(de::Error::custom(NotPlain));
        };
        let item = self.inner(*inner)?;
        let mut read = SmallVec::<[Bound<'py, PyAny>; 16]>::new();
        while let Some(value) = items.next_element_seed(item)? {
            read.push(value);
        }
        PyList::new(self.py, read)
            .map(Bound::into_any)
            .map_err(de::Error::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        match self.shape() {
            Shape::Dict(inner) => self.read_dict(*inner, entries),
            Shape::Model(model) => self.read_model(model, entries),
            _ => Err(de::Error::custom(NotPlain)),
        }
    }
}

impl<'py> Reader<'_, 'py> {
    fn read_dict<'de, A: MapAccess<'de>>(
        self,
        inner: usize,
        mut entries: A,
    ) -> Result<Bound<'py, PyAny>, A::Error> {
        let item = self.inner(inner)?;
        let dict = PyDict::new(self.py);
        let mut count = 0;
        while let Some(key) = entries.next_key_seed(DictKey(self.py))? {
            let value = entries.next_value_seed(item)?;
            dict.set_item(key, value).map_err(de::Error::custom)?;
            count += 1;
        }
        // Of two equal keys pydantic knows which counts.
        if dict.len() != count {
            return Err(de::Error::custom(NotPlain));
        }
        Ok(dict.into_any())
    }

    fn read_model<'de, A: MapAccess<'de>>(
        self,
        model: &ModelShape,
        mut entries: A,
    ) -> Result<Bound<'py, PyAny>, A::Error> {
        let fields = &*model.fields;
        let mut values = Values::from_elem(None, fields.len());
        let mut likely = 0;
        while let Some(position) = entries.next_key_seed(FieldKey { fields, likely })? {
            let value = entries.next_value_seed(self.inner(fields[position].shape)?)?;
            // Of two equal keys pydantic knows which counts.
            if values[position].replace(value).is_some() {
                return Err(de::Error::custom(NotPlain));
            }
            likely = position + 1;
        }
        self.shapes
            .instance(self.py, model, values)
            .map_err(de::Error::custom)?
            .ok_or_else(|| de::Error::custom(NotPlain))
    }
}

/// Reads a key of a dict.
struct DictKey<'py>(Python<'py>);

impl<'de, 'py> DeserializeSeed<'de> for DictKey<'py> {
    type Value = Bound<'py, PyString>;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_str(self)
    }
}

impl<'py> Visitor<'_> for DictKey<'py> {
    type Value = Bound<'py, PyString>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(PyString::new(self.0, key))
    }
}

/// Reads a key of a model: the position of its field.
struct FieldKey<'a> {
    fields: &'a [Field],
    /// Most clients send the fields in their order.
    likely: usize,
}

impl<'de> DeserializeSeed<'de> for FieldKey<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, parser: D) -> Result<Self::Value, D::Error> {
        parser.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldKey<'_> {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the key of a field")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<usize, E> {
        if self
            .fields
            .get(self.likely)
            .is_some_and(|field| &*field.key == key)
        {
            return Ok(self.likely);
        }
        self.fields
            .iter()
            .position(|field| &*field.key == key)
            .ok_or_else(|| E::custom(NotPlain))
    }
}
