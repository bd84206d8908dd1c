//! Reading and writing with a class that keeps its state as pydantic's models do. tests/unit/plan compares with
//! pydantic itself.

use std::ffi::CString;

use pyo3::prelude::*;
use pyo3::types::PyModule;

use super::{NotPlain, Shapes};

const SOURCE: &std::ffi::CStr = cr#"
from types import SimpleNamespace as Object

class Base:
    __slots__ = ("__dict__", "fields_set", "extra", "private")

class Model(Base):
    def __setattr__(self, name, value):
        raise AttributeError(name)

def field(name, shape, absent="refused", default=None, key=None):
    return Object(name=name, key=key or name, written_key=key or name, shape=shape, absent=absent, default=default)

def shape(kind, inner=0, model=None):
    return Object(kind=kind, inner=inner, model=model)

model = Object(cls=Model, fields=[
    field("text", 1),
    field("number", 2, "shared", 7),
    field("ratio", 3, "shared", 0.5, key="Ratio"),
    field("maybe", 4, "shared"),
    field("items", 5, "list"),
    field("named", 6, "dict"),
])
shapes = Object(
    shapes=[
        shape("model", model=model), shape("str"), shape("int"), shape("float"),
        shape("nullable", 0), shape("list", 7), shape("dict", 2), shape("bool"),
    ],
    slots=tuple(vars(Base)[name] for name in Base.__slots__),
)
broken = Object(shapes=[shape("list", 1)], slots=shapes.slots)

def state(model):
    return [model.__dict__, model.fields_set, model.extra, model.private]
"#;

fn with_shapes(test: impl FnOnce(&Bound<'_, PyModule>, &Shapes)) {
    Python::initialize();
    Python::attach(|py| {
        let module = PyModule::from_code(py, SOURCE, c"models_test.py", c"models_test").unwrap();
        let shapes = Shapes::read(&module.getattr("shapes").unwrap()).unwrap();
        test(&module, &shapes);
    });
}

#[test]
fn an_instance_has_the_state_of_a_validated_one() {
    with_shapes(|module, shapes| {
        let py = module.py();
        for (json, state) in [
            (
                r#"{"text": "é\n"}"#,
                "[{'text': 'é\\n', 'number': 7, 'ratio': 0.5, 'maybe': None, 'items': [], 'named': {}}, \
                 {'text'}, None, None]",
            ),
            (
                r#" {"named":{"a":-1},"items":[true,false],"maybe":{"text":""},"Ratio":2,"number":18446744073709551615,
                    "text":"x"} "#,
                "[{'text': 'x', 'number': 2**64 - 1, 'ratio': 2.0, 'maybe': read.maybe, 'items': [True, False], \
                 'named': {'a': -1}}, {'text', 'number', 'ratio', 'maybe', 'items', 'named'}, None, None]",
            ),
        ] {
            let read = shapes.from_json(py, json.as_bytes()).unwrap();
            module.setattr("read", &read).unwrap();
            let code = CString::new(format!(
                "type(read) is Model and state(read) == {state} and list(read.__dict__) == list({state}[0])"
            ))
            .unwrap();
            let equal = py.eval(&code, Some(&module.dict()), None).unwrap();
            assert!(equal.is_truthy().unwrap(), "{json}");
        }
    });
}

#[test]
fn what_is_read_is_written() {
    with_shapes(|module, shapes| {
        let json = concat!(
            r#"{"text":"\"é","number":-3,"Ratio":1.5,"maybe":{"text":"","number":7,"Ratio":0.5,"maybe":null,"#,
            r#""items":[],"named":{}},"items":[true],"named":{"a":1,"b":2}}"#
        );
        let value = shapes.from_json(module.py(), json.as_bytes()).unwrap();
        assert_eq!(shapes.to_json(&value), Ok(json.as_bytes().to_vec()));
    });
}

#[test]
fn doubtful_json_is_not_read() {
    with_shapes(|module, shapes| {
        for json in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"text": 1}"#,
            r#"{"text": "a", "text": "a"}"#,
            r#"{"text": "a", "unknown": 1}"#,
            r#"{"text": "a", "ratio": 1}"#,
            r#"{"text": "a", "number": 1.0}"#,
            r#"{"text": "a", "number": "1"}"#,
            r#"{"text": "a", "number": 18446744073709551616}"#,
            r#"{"text": "a", "Ratio": -0.0}"#,
            r#"{"text": "a", "Ratio": 1e999}"#,
            r#"{"text": "a", "Ratio": NaN}"#,
            r#"{"text": "a", "named": {"a": 1, "a": 2}}"#,
            r#"{"text": "\ud800"}"#,
            r#"{"text": "a"},"#,
        ] {
            let read = shapes.from_json(module.py(), json.as_bytes()).map(|_| ());
            assert_eq!(read, Err(NotPlain), "{json}");
        }
        let deep = format!("{}null{}", r#"{"text":"","maybe":"#.repeat(100), "}".repeat(100));
        assert!(shapes.from_json(module.py(), deep.as_bytes()).is_err());
        assert!(shapes.from_json(module.py(), b"{\"text\": \"\xff\"}").is_err());
    });
}

#[test]
fn values_of_other_types_are_not_written() {
    with_shapes(|module, shapes| {
        let py = module.py();
        let value = shapes.from_json(py, br#"{"text": "a"}"#).unwrap();
        let fields = value.getattr("__dict__").unwrap();
        for (name, source) in [
            ("text", "1"),
            ("text", "'\\ud800'"),
            ("number", "True"),
            ("number", "2**64"),
            ("ratio", "1"),
            ("ratio", "1e16"),
            ("ratio", "float('nan')"),
            ("items", "(True,)"),
            ("items", "[1]"),
            ("named", "{1: 1}"),
            ("maybe", "Base()"),
            ("more", "1"),
        ] {
            let other = py
                .eval(&CString::new(source).unwrap(), Some(&module.dict()), None)
                .unwrap();
            let changed = fields.call_method0("copy").unwrap();
            changed.set_item(name, other).unwrap();
            let instance = module.getattr("Model").unwrap().call0().unwrap();
            instance
                .getattr("__dict__")
                .unwrap()
                .call_method1("update", (changed,))
                .unwrap();
            assert_eq!(shapes.to_json(&instance), Err(NotPlain), "{name} {source}");
        }
    });
}

#[test]
fn a_description_must_be_whole() {
    with_shapes(|module, _| {
        assert!(Shapes::read(&module.getattr("broken").unwrap()).is_err());
    });
}
