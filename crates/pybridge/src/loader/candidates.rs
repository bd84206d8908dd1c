//! Which objects of a module are applications.
use pyo3::prelude::*;

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
    for name in usual {
        match module.getattr(*name) {
            Ok(found) if factory || problem(&found).is_none() => return Ok(((*name).to_owned(), found)),
            _ => {}
        }
    }
    let first = names(module).into_iter().next().filter(|_| !factory);
    match first {
        Some(name) => {
            let found = attribute(module, &name)?;
            Ok((name, found))
        }
        None => Err(not_found(module, usual.first().copied().unwrap_or("app"))),
    }
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

/// Why the object cannot be an ASGI 3 application, if that can be told without calling it.
pub(super) fn problem(value: &Bound<'_, PyAny>) -> Option<String> {
    let kind = super::super::asgi::type_name(value);
    if !value.is_callable() {
        return Some(format!("it is an instance of '{kind}', which cannot be called"));
    }
    if value.is_instance_of::<pyo3::types::PyType>() {
        return Some("it is a class; name an instance of it, or a function with --factory".to_owned());
    }
    let accepts = accepts_three(value);
    if accepts == Some(false) {
        return Some(format!(
            "'{kind}' cannot be called with (scope, receive, send); if it makes the application, add --factory"
        ));
    }
    None
}

/// Whether a call with three positional arguments fits; `None` when the signature is not known.
fn accepts_three(value: &Bound<'_, PyAny>) -> Option<bool> {
    let py = value.py();
    let signature = py
        .import("inspect")
        .and_then(|inspect| inspect.call_method1("signature", (value,)))
        .ok()?;
    Some(
        signature
            .call_method1("bind", (py.None(), py.None(), py.None()))
            .is_ok(),
    )
}

/// Names like the one that was not found.
pub(super) fn similar(py: Python<'_>, name: &str, among: Vec<String>) -> Vec<String> {
    let matches = py
        .import("difflib")
        .and_then(|difflib| difflib.call_method1("get_close_matches", (name, among)));
    matches.and_then(|matches| matches.extract()).unwrap_or_default()
}
