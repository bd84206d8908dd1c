//! From a request to the arguments of the plan's function.
//!
//! Only success is known here. [`Refused`] means that nothing of the application has run and the request is still
//! whole: the general lane takes it and words the error.

use bytes::Bytes;
use http::{HeaderMap, header};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyList, PyString};
use smallvec::SmallVec;

use super::plan::{Conversion, Parameter, Plan, Source};
use super::query::{self, Pairs};

/// The direct lane cannot take this request's parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// The arguments, in the order of the plan's parameters.
pub type Arguments<'py> = SmallVec<[Bound<'py, PyAny>; 8]>;

/// What the arguments are taken from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'r> {
    /// The values of the path parameters, decoded, in the pattern's order.
    pub path: &'r [&'r str],
    /// The raw query string.
    pub query: &'r str,
    /// The header fields.
    pub headers: &'r HeaderMap,
    /// The whole body.
    pub body: &'r Bytes,
}

/// Takes the arguments. For the request object `None` stands.
///
/// # Errors
/// [`Refused`] if a required value is missing or a validator does not take a value.
pub fn arguments<'py>(py: Python<'py>, plan: &Plan, input: Input<'_>) -> Result<Arguments<'py>, Refused> {
    let mut pairs: Option<Pairs<'_>> = None;
    let mut taken = Arguments::with_capacity(plan.signature.parameters.len());
    for parameter in &plan.signature.parameters {
        let value = match &parameter.source {
            Source::Path(position) => {
                Some(convert(py, parameter, input.path.get(*position).ok_or(Refused)?)?)
            }
            Source::Query(name) => {
                let pairs = match &mut pairs {
                    Some(pairs) => pairs,
                    unread => unread.insert(query::pairs(input.query).ok_or(Refused)?),
                };
                from_query(py, parameter, name, pairs)?
            }
            Source::Header(name) => from_headers(py, parameter, input.headers.get_all(name))?,
            Source::Cookie(name) => match cookie(input.headers, name)? {
                Some(text) => Some(convert(py, parameter, text)?),
                None => None,
            },
            Source::Body => from_body(py, parameter, input)?,
            // A place for the object, which is only made once nothing can be refused any more.
            Source::Request => Some(py.None().into_bound(py)),
        };
        taken.push(match value {
            Some(value) => value,
            None if parameter.required => return Err(Refused),
            None => parameter.default.bind(py).clone(),
        });
    }
    Ok(taken)
}

fn validated<'py>(parameter: &Parameter, value: Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>, Refused> {
    match &parameter.validate {
        Some(validate) => validate.bind(value.py()).call1((value,)).map_err(|_| Refused),
        None => Ok(value),
    }
}

/// Converts the text of a single value.
fn convert<'py>(py: Python<'py>, parameter: &Parameter, text: &str) -> Result<Bound<'py, PyAny>, Refused> {
    let plain = match parameter.conversion {
        Conversion::Str => Some(PyString::new(py, text).into_any()),
        Conversion::Int => plain_int(text).map(|number| PyInt::new(py, number).into_any()),
        Conversion::Float => plain_float(text).map(|number| PyFloat::new(py, number).into_any()),
        Conversion::Bool => plain_bool(text)
            .map(|truth| truth.into_pyobject(py).map(|b| b.to_owned().into_any()))
            .transpose()
            .map_err(|_| Refused)?,
        Conversion::Bearer => bearer_token(text).map(|token| PyString::new(py, token).into_any()),
        Conversion::Json | Conversion::Validator => None,
    };
    plain.map_or_else(|| validated(parameter, PyString::new(py, text).into_any()), Ok)
}

/// Eighteen digits always fit into 64 bits; pydantic decides on all other spellings.
fn plain_int(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

fn plain_float(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = [whole, fraction]
        .iter()
        .all(|part| !part.is_empty() && part.len() <= 100 && part.bytes().all(|byte| byte.is_ascii_digit()));
    if plain { text.parse().ok() } else { None }
}

fn plain_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// The token of `Bearer token` (RFC 6750, section 2.1) when it is plain visible ASCII.
fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let plain = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty();
    (plain && token.bytes().all(|byte| byte.is_ascii_graphic())).then_some(token)
}

fn from_query<'py>(
    py: Python<'py>,
    parameter: &Parameter,
    name: &str,
    pairs: &Pairs<'_>,
) -> Result<Option<Bound<'py, PyAny>>, Refused> {
    let mut values = pairs
        .iter()
        .filter(|(found, _)| found == name)
        .map(|(_, value)| value.as_ref());
    if parameter.many {
        return list(
            py,
            parameter,
            values.map(|value| PyString::new(py, value)).collect(),
        );
    }
    // `QueryParams` is a mapping made of the pairs: the last one of a name stays.
    values
        .next_back()
        .map(|text| convert(py, parameter, text))
        .transpose()
}

fn from_headers<'py>(
    py: Python<'py>,
    parameter: &Parameter,
    values: header::GetAll<'_, http::HeaderValue>,
) -> Result<Option<Bound<'py, PyAny>>, Refused> {
    let mut values = values.iter();
    if parameter.many {
        return list(
            py,
            parameter,
            values.map(|value| latin1(py, value.as_bytes())).collect(),
        );
    }
    // `Headers.get` answers with the first field of a name.
    let Some(value) = values.next() else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) => convert(py, parameter, text).map(Some),
        Err(_) if parameter.conversion == Conversion::Str => {
            Ok(Some(latin1(py, value.as_bytes()).into_any()))
        }
        Err(_) => validated(parameter, latin1(py, value.as_bytes()).into_any()).map(Some),
    }
}

/// Header bytes as text, the way that ASGI frameworks read them.
fn latin1<'py>(py: Python<'py>, bytes: &[u8]) -> Bound<'py, PyString> {
    PyString::new(
        py,
        &bytes.iter().map(|&byte| char::from(byte)).collect::<String>(),
    )
}

fn list<'py>(
    py: Python<'py>,
    parameter: &Parameter,
    values: SmallVec<[Bound<'py, PyString>; 8]>,
) -> Result<Option<Bound<'py, PyAny>>, Refused> {
    if values.is_empty() {
        return Ok(None);
    }
    let values = PyList::new(py, values).map_err(|_| Refused)?;
    validated(parameter, values.into_any()).map(Some)
}

/// The last value of the cookie. Quoted values, several `Cookie` fields and other bytes than ASCII are refused: their
/// reading is Python's.
fn cookie<'r>(headers: &'r HeaderMap, name: &str) -> Result<Option<&'r str>, Refused> {
    let mut fields = headers.get_all(header::COOKIE).iter();
    let Some(field) = fields.next() else {
        return Ok(None);
    };
    let text = field.to_str().map_err(|_| Refused)?;
    if fields.next().is_some() || text.contains('"') {
        return Err(Refused);
    }
    Ok(text
        .split(';')
        .filter_map(|chunk| chunk.split_once('='))
        .rfind(|(found, _)| found.trim() == name)
        .map(|(_, value)| value.trim()))
}

fn from_body<'py>(
    py: Python<'py>,
    parameter: &Parameter,
    input: Input<'_>,
) -> Result<Option<Bound<'py, PyAny>>, Refused> {
    if input.body.is_empty() {
        return Ok(None);
    }
    if !is_json(input.headers) {
        return Err(Refused);
    }
    if let Some(value) = parameter
        .shapes
        .as_ref()
        .and_then(|shapes| shapes.from_json(py, input.body).ok())
    {
        return Ok(Some(value));
    }
    if parameter.conversion == Conversion::Json && has_huge_number(input.body) {
        return Err(Refused);
    }
    validated(parameter, PyBytes::new(py, input.body).into_any()).map(Some)
}

/// Whether an integer may lie beyond the largest float (309 digits): Python has no float for it, pydantic reads infinity.
fn has_huge_number(json: &[u8]) -> bool {
    const LONG: usize = 300;
    // A run of so many digits has one at a multiple of their number.
    json.iter().enumerate().step_by(LONG).any(|(position, byte)| {
        let (before, after) = json.split_at(position);
        let digits = |byte: &&u8| byte.is_ascii_digit();
        byte.is_ascii_digit()
            && before.iter().rev().take_while(digits).count() + after.iter().take_while(digits).count()
                >= LONG
    })
}

/// `application/json` and `application/*+json`, in one field (RFC 6839, section 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let kind = value.split(';').next().unwrap_or_default().trim();
    let Some((main, sub)) = kind.split_once('/') else {
        return false;
    };
    !sub.contains('/')
        && main.eq_ignore_ascii_case("application")
        && (sub.eq_ignore_ascii_case("json") || sub.to_ascii_lowercase().ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn plain_forms() {
        assert_eq!(plain_int("42"), Some(42));
        assert_eq!(plain_int("-999999999999999999"), Some(-999_999_999_999_999_999));
        for other in ["", "-", "+1", "1_0", " 1", "1.0", "1234567890123456789", "٣"] {
            assert_eq!(plain_int(other), None, "{other}");
        }
        assert_eq!(plain_float("-1.5"), Some(-1.5));
        assert_eq!(plain_float("3"), Some(3.0));
        for other in ["", ".5", "1.", "1e5", "nan", "inf", "1.2.3"] {
            assert_eq!(plain_float(other), None, "{other}");
        }
        assert_eq!(plain_bool("true"), Some(true));
        assert_eq!(plain_bool("0"), Some(false));
        assert_eq!(plain_bool("yes"), None);
    }

    #[test]
    fn bearer_tokens() {
        assert_eq!(bearer_token("bEaReR abc.def"), Some("abc.def"));
        for other in [
            "Bearer",
            "Bearer ",
            "Basic abc",
            "Bearer a b",
            "Bearer  a",
            "Bearer a ",
        ] {
            assert_eq!(bearer_token(other), None, "{other}");
        }
    }

    #[test]
    fn huge_numbers() {
        for (before, digits, expected) in [(0, 299, false), (0, 300, true), (7, 300, true), (301, 4000, true)]
        {
            let json = format!("{}[{}]", " ".repeat(before), "9".repeat(digits));
            assert_eq!(has_huge_number(json.as_bytes()), expected, "{before} {digits}");
        }
        assert!(!has_huge_number("1,".repeat(1000).as_bytes()));
        assert!(!has_huge_number(b""));
    }

    #[test]
    fn json_media_types() {
        for (value, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/vnd.api+json", true),
            ("text/json", false),
            ("application/jsonl", false),
            ("application/a/b+json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn cookies() {
        let mut headers = HeaderMap::new();
        assert_eq!(cookie(&headers, "a"), Ok(None));
        headers.insert(header::COOKIE, HeaderValue::from_static("a=1; b = 2 ; a=3"));
        assert_eq!(cookie(&headers, "a"), Ok(Some("3")));
        assert_eq!(cookie(&headers, "b"), Ok(Some("2")));
        assert_eq!(cookie(&headers, "c"), Ok(None));
        headers.append(header::COOKIE, HeaderValue::from_static("c=4"));
        assert_eq!(cookie(&headers, "c"), Err(Refused));
    }
}
