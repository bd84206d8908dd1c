//! Which objects of a module are applications.
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::LoadError;

/// Names that applications usually have, most usual first.
const USUAL_NAMES: [&str; 4] = ["app", "api", "application", "asgi"];
/// Names that factories usually have.
const USUAL_FACTORIES: [&str; 5] = ["create_app", "make_app", "get_app", "build_app", "app"];
/// Modules whose classes are applications when they can be called.
const FRAMEWORKS: [&str; 7] = [
    "fastrapi",
    "fastapi",
    "starlette",
    "litestar",
    "quart",
    "django",
    "falcon",
];

pub(super) fn attribute<'py>(
    module: &Bound<'py, PyModule>,
    path: &str,
) -> Result<Bound<'py, PyAny>, LoadError> {
    let mut found = module.clone().into_any();
    for name in path.split('.') {
        found = found.getattr(name).map_err(|_| not_found(module, path))?;
    }
    Ok(found)
}

fn not_found(module: &Bound<'_, PyModule>, attribute: &str) -> LoadError {
    let py = module.py();
    let all: Vec<String> = module.dir().and_then(|names| names.extract()).unwrap_or_default();
    let public = all.into_iter().filter(|name| !name.starts_with('_')).collect();
    LoadError::AttributeNotFound {
        module: name_of(module),
        attribute: attribute.to_owned(),
        suggestions: similar(py, attribute, public),
        apps_in_module: names(module),
    }
}

fn name_of(module: &Bound<'_, PyModule>) -> String {
    module
        .name()
        .map_or_else(|_| "?".to_owned(), |name| name.to_string())
}

/// Picks the application (or the factory) when only a module was named.
pub(super) fn pick<'py>(
    module: &Bound<'py, PyModule>,
    factory: bool,
) -> Result<(String, Bound<'py, PyAny>), LoadError> {
    let usual: &[&str] = if factory { &USUAL_FACTORIES } else { &USUAL_NAMES };
    let mut unfit = None;
    for name in usual {
        let Ok(found) = module.getattr(*name) else {
            continue;
        };
        if factory || problem(&found).is_none() {
            return Ok(((*name).to_owned(), found));
        }
        unfit.get_or_insert(((*name).to_owned(), found));
    }
    let first = names(module).into_iter().next().filter(|_| !factory);
    if let Some(name) = first {
        let found = attribute(module, &name)?;
        return Ok((name, found));
    }
    // What has the usual name and cannot be served is what was meant: the caller says what is wrong with it.
    unfit.ok_or_else(|| LoadError::NoAppInModule {
        module: name_of(module),
        factory,
    })
}

/// The names of the applications in a module, in the order of their definition.
pub(super) fn names(module: &Bound<'_, PyModule>) -> Vec<String> {
    let is_app = |value: &Bound<'_, PyAny>| problem(value).is_none() && is_instance_of_framework(value);
    let named = module.dict().iter().filter(|(_, value)| is_app(value));
    named
        .filter_map(|(name, _)| name.extract::<String>().ok())
        .filter(|name| !name.starts_with('_'))
        .collect()
}

fn is_instance_of_framework(value: &Bound<'_, PyAny>) -> bool {
    let py = value.py();
    let bases = value.get_type().mro();
    bases.iter().any(|base| {
        let module = base
            .getattr(pyo3::intern!(py, "__module__"))
            .and_then(|name| name.extract::<String>());
        module.is_ok_and(|module| FRAMEWORKS.contains(&module.split('.').next().unwrap_or_default()))
    })
}

/// Why an object is no ASGI 3 application, and what would help.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) text: String,
    pub(super) remedy: Option<String>,
}

/// What is wrong with the object as an ASGI 3 application, if that can be told without calling it.
pub(super) fn problem(value: &Bound<'_, PyAny>) -> Option<Problem> {
    let kind = super::super::asgi::type_name(value);
    let because = |text: String, remedy: Option<&str>| {
        let remedy = remedy.map(str::to_owned);
        Some(Problem { text, remedy })
    };
    if !value.is_callable() {
        return because(
            format!("it is an instance of '{kind}', which cannot be called"),
            None,
        );
    }
    if value.is_instance_of::<pyo3::types::PyType>() {
        if accepts(value, 1) == Some(true) && method_accepts(value, "__call__", 3) {
            return because(ASGI_2.to_owned(), Some(ASGI_2_REMEDY));
        }
        let remedy = "name an instance of it, or a function that makes one with --factory";
        return because("it is a class".to_owned(), Some(remedy));
    }
    if accepts(value, 3) != Some(false) {
        return None;
    }
    let text = format!("'{kind}' cannot be called with (scope, receive, send)");
    match (accepts(value, 0), accepts(value, 1)) {
        (Some(true), _) => because(text, Some("if it makes the application, add --factory")),
        (_, Some(true)) => because(format!("{text}; {ASGI_2}"), Some(ASGI_2_REMEDY)),
        _ => because(text, None),
    }
}

const ASGI_2: &str = "it looks like an ASGI 2 application, which takes the scope alone";
const ASGI_2_REMEDY: &str =
    "make it an ASGI 3 one: app = asgiref.compatibility.guarantee_single_callable(app)";

/// Whether a call with `count` positional arguments fits; `None` when the signature is not known.
fn accepts(value: &Bound<'_, PyAny>, count: usize) -> Option<bool> {
    let py = value.py();
    let signature = py
        .import("inspect")
        .and_then(|inspect| inspect.call_method1("signature", (value,)))
        .ok()?;
    let arguments = PyTuple::new(py, (0..count).map(|_| py.None())).ok()?;
    Some(signature.call_method1("bind", arguments).is_ok())
}

/// Whether the class has a method of that name that `count` arguments fit, the instance included.
fn method_accepts(class: &Bound<'_, PyAny>, name: &str, count: usize) -> bool {
    class
        .getattr(name)
        .is_ok_and(|method| accepts(&method, count) == Some(true))
}

/// Names like the one that was not found.
pub(super) fn similar(py: Python<'_>, name: &str, among: Vec<String>) -> Vec<String> {
    let matches = py
        .import("difflib")
        .and_then(|difflib| difflib.call_method1("get_close_matches", (name, among)));
    matches.and_then(|matches| matches.extract()).unwrap_or_default()
}
