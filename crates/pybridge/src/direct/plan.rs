//! A route's plan as the direct lane walks it: read from Python once, before the server listens.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use http::{HeaderName, StatusCode};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::models::Shapes;
use crate::placement;

/// Where the plan's function may run; `fastrapi.plan.model.Placement` explains the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Calls nothing: any thread that is attached.
    Pure,
    /// May block its thread.
    Sync,
    /// A coroutine for the event loop.
    Task,
}

/// The place in a request that a parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The position of the path parameter in the pattern.
    Path(usize),
    /// The name in the query string.
    Query(Box<str>),
    /// The header's name.
    Header(HeaderName),
    /// The cookie's name.
    Cookie(Box<str>),
    /// The whole body.
    Body,
    /// The request object.
    Request,
}

/// The rule for values in plain form; everything else is for the parameter's validator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// The text itself.
    Str,
    /// Up to 18 digits, with or without a minus sign.
    Int,
    /// Digits around one point.
    Float,
    /// `true`, `false`, `1`, `0`.
    Bool,
    /// The body's bytes, for pydantic's JSON validator.
    Json,
    /// The token behind `Bearer `.
    Bearer,
    /// Always the validator.
    Validator,
}

/// One argument of the function.
#[derive(Debug)]
pub struct Parameter {
    /// Where it comes from.
    pub source: Source,
    /// How its plain form is converted.
    pub conversion: Conversion,
    /// Whether an absent value refuses the request.
    pub required: bool,
    /// What stands for an absent value.
    pub default: Py<PyAny>,
    /// The validator.
    pub validate: Option<Py<PyAny>>,
    /// All values of the name, as a list.
    pub many: bool,
    /// What of a JSON body is read without the validator.
    pub shapes: Option<Arc<Shapes>>,
}

/// The arguments of a plan's function, which plans with paths of the same parameters share.
#[derive(Debug)]
pub struct Signature {
    /// The names of the path's parameters, in order.
    pub path_names: Box<[Box<str>]>,
    /// The arguments.
    pub parameters: Box<[Parameter]>,
    /// Whether the body must be collected before the function is called.
    pub takes_body: bool,
    /// Whether the function takes the request object.
    pub takes_request: bool,
}

/// How a request to one route succeeds. See `fastrapi.plan.model.RoutePlan`.
#[derive(Debug)]
pub struct Plan {
    /// The handler, or the function generated around it.
    pub function: Py<PyAny>,
    /// Its arguments.
    pub signature: Arc<Signature>,
    /// The arguments' names, if they are passed by keyword.
    pub keywords: Option<Py<PyTuple>>,
    /// Where the function may run.
    pub placement: Placement,
    /// Whether calling the function gives a coroutine.
    pub is_coroutine: bool,
    /// What is known of the function's timing, if it is sync.
    pub timing: Arc<placement::Placement>,
    /// The status of an answer that the application did not set otherwise.
    pub status: StatusCode,
    /// The framework's encoder of results.
    pub encode: Option<Py<PyAny>>,
    /// Whether results made of builtin types may be encoded by `crate::json`.
    pub builtin_json: bool,
    /// What results are written without the framework's encoder.
    pub shapes: Option<Arc<Shapes>>,
    /// Turns any other result into a `Response`.
    pub respond: Py<PyAny>,
    /// Makes what the route adds to the ASGI scope.
    make_scope: Py<PyAny>,
    /// What it made at its first use: few routes of many are asked for a scope.
    scope: OnceLock<Py<PyDict>>,
    /// The ASGI application that answers for an exception of the function.
    pub on_error: Py<PyAny>,
    /// The application's dependency overrides: while there are any, the plan does not hold.
    pub overrides: Py<PyDict>,
}

impl Plan {
    /// What the route adds to the ASGI scope.
    ///
    /// # Errors
    /// `MemoryError`.
    pub fn scope<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        if let Some(scope) = self.scope.get() {
            return Ok(scope.bind(py));
        }
        let made = self.make_scope.bind(py).call0()?.cast_into::<PyDict>()?.unbind();
        // Two threads may both have made one; the first is kept.
        Ok(self.scope.get_or_init(|| made).bind(py))
    }
}

/// Reads the plans of one application, and what they have in common once.
#[derive(Debug, Default)]
pub(super) struct PlanReader<'py> {
    /// By the object and the names of the path's parameters.
    signatures: HashMap<(usize, Vec<String>), Arc<Signature>>,
    /// By the object.
    shapes: HashMap<usize, Arc<Shapes>>,
    /// The objects, so that no other can get the same address.
    seen: Vec<Bound<'py, PyAny>>,
}

impl<'py> PlanReader<'py> {
    /// Reads a `fastrapi.plan.model.RoutePlan`.
    ///
    /// # Errors
    /// `AttributeError`, `TypeError` or `ValueError` if the object is not what this version of the bridge expects.
    pub(super) fn plan(&mut self, plan: &Bound<'py, PyAny>, path: &str) -> PyResult<Plan> {
        let keywords = plan.getattr("keywords")?.cast_into::<PyTuple>()?;
        let status: u16 = plan.getattr("status_code")?.extract()?;
        Ok(Plan {
            signature: self.signature(plan, path)?,
            function: plan.getattr("function")?.unbind(),
            keywords: (!keywords.is_empty()).then(|| keywords.unbind()),
            placement: read_placement(&plan.getattr("placement")?.extract::<String>()?)?,
            is_coroutine: plan.getattr("is_coroutine")?.extract()?,
            timing: Arc::new(placement::inspect(
                plan.py(),
                &plan.getattr("sync_calls")?.extract::<Vec<Bound<'_, PyAny>>>()?,
            )),
            status: StatusCode::from_u16(status).map_err(|error| PyValueError::new_err(error.to_string()))?,
            encode: plan.getattr("encode")?.extract()?,
            builtin_json: plan.getattr("builtin_json")?.extract()?,
            shapes: self.shapes(plan)?,
            respond: plan.getattr("respond")?.unbind(),
            make_scope: plan.getattr("scope")?.unbind(),
            scope: OnceLock::new(),
            on_error: plan.getattr("on_error")?.unbind(),
            overrides: plan.getattr("overrides")?.cast_into::<PyDict>()?.unbind(),
        })
    }

    fn signature(&mut self, plan: &Bound<'py, PyAny>, path: &str) -> PyResult<Arc<Signature>> {
        let described = plan.getattr("parameters")?;
        let names = pattern_names(path);
        let key = (
            described.as_ptr() as usize,
            names.iter().map(|name| (*name).to_owned()).collect(),
        );
        if let Some(known) = self.signatures.get(&key) {
            return Ok(Arc::clone(known));
        }
        let parameters = described
            .try_iter()?
            .map(|parameter| self.parameter(&parameter?, &names))
            .collect::<PyResult<Box<[_]>>>()?;
        let signature = Arc::new(Signature {
            path_names: names.iter().map(|name| Box::from(*name)).collect(),
            takes_body: parameters.iter().any(|p| p.source == Source::Body),
            takes_request: parameters.iter().any(|p| p.source == Source::Request),
            parameters,
        });
        self.signatures.insert(key, Arc::clone(&signature));
        self.seen.push(described);
        Ok(signature)
    }

    fn shapes(&mut self, owner: &Bound<'py, PyAny>) -> PyResult<Option<Arc<Shapes>>> {
        let described = owner.getattr("shapes")?;
        if described.is_none() {
            return Ok(None);
        }
        let key = described.as_ptr() as usize;
        if let Some(known) = self.shapes.get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        let shapes = Arc::new(Shapes::read(&described)?);
        self.shapes.insert(key, Arc::clone(&shapes));
        self.seen.push(described);
        Ok(Some(shapes))
    }

    fn parameter(&mut self, parameter: &Bound<'py, PyAny>, names: &[&str]) -> PyResult<Parameter> {
        let name: String = parameter.getattr("name")?.extract()?;
        let source = match parameter.getattr("source")?.extract::<String>()?.as_str() {
            "path" => Source::Path(
                names
                    .iter()
                    .position(|known| *known == name)
                    .ok_or_else(|| PyValueError::new_err(format!("the path has no parameter {name:?}")))?,
            ),
            "query" => Source::Query(name.into()),
            "header" => Source::Header(
                HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| PyValueError::new_err(format!("{name:?} is not a header name")))?,
            ),
            "cookie" => Source::Cookie(name.into()),
            "body" => Source::Body,
            "request" => Source::Request,
            other => return Err(PyValueError::new_err(format!("unknown source {other:?}"))),
        };
        let conversion = match parameter.getattr("conversion")?.extract::<String>()?.as_str() {
            "str" => Conversion::Str,
            "int" => Conversion::Int,
            "float" => Conversion::Float,
            "bool" => Conversion::Bool,
            "json" => Conversion::Json,
            "bearer" => Conversion::Bearer,
            "validator" => Conversion::Validator,
            other => return Err(PyValueError::new_err(format!("unknown conversion {other:?}"))),
        };
        Ok(Parameter {
            source,
            conversion,
            required: parameter.getattr("required")?.extract()?,
            default: parameter.getattr("default")?.unbind(),
            validate: parameter.getattr("validate")?.extract()?,
            many: parameter.getattr("many")?.extract()?,
            shapes: self.shapes(parameter)?,
        })
    }
}

/// The parameters' names in a pattern such as `/users/{id}/{rest:path}`, in order.
fn pattern_names(pattern: &str) -> Vec<&str> {
    pattern
        .split('{')
        .skip(1)
        .filter_map(|part| part.split_once('}'))
        .map(|(inside, _)| inside.split_once(':').map_or(inside, |(name, _)| name))
        .collect()
}

fn read_placement(name: &str) -> PyResult<Placement> {
    Ok(match name {
        "pure" => Placement::Pure,
        "sync" => Placement::Sync,
        "task" => Placement::Task,
        other => return Err(PyValueError::new_err(format!("unknown placement {other:?}"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_pattern() {
        assert_eq!(pattern_names("/"), Vec::<&str>::new());
        assert_eq!(pattern_names("/users/{id}/files/{rest:path}"), ["id", "rest"]);
    }

    #[test]
    fn what_plans_have_in_common_is_read_once() {
        Python::initialize();
        Python::attach(|py| {
            let module = PyModule::from_code(
                py,
                c"
from types import SimpleNamespace as Plan

parameter = Plan(source='path', name='id', conversion='int', required=True, default=None, validate=None, many=False,
                 shapes=None)
parameters = (parameter,)
made = []


def scope():
    made.append('scope')
    return {'app': 1}


def plan():
    return Plan(parameters=parameters, keywords=('id',), status_code=200, function=plan, placement='pure',
                is_coroutine=False, sync_calls=(), encode=None, builtin_json=True, shapes=None, respond=plan,
                scope=scope, on_error=plan, overrides={})
",
                c"plans.py",
                c"plans",
            )
            .unwrap();
            let mut reader = PlanReader::default();
            let mut read = |path| {
                reader
                    .plan(&module.getattr("plan").unwrap().call0().unwrap(), path)
                    .unwrap()
            };
            let (first, second, other) = (read("/a/{id}"), read("/b/{id}"), read("/{x}/{id}"));
            assert!(Arc::ptr_eq(&first.signature, &second.signature));
            assert_eq!(first.signature.parameters[0].source, Source::Path(0));
            assert_eq!(other.signature.parameters[0].source, Source::Path(1));

            let made = || module.getattr("made").unwrap().len().unwrap();
            assert_eq!(made(), 0);
            for _ in 0..2 {
                assert_eq!(first.scope(py).unwrap().len(), 1);
            }
            assert_eq!(made(), 1);
        });
    }
}
