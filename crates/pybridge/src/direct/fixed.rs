//! Answers that are the same for every request: the application made them before the server listened.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use server::{Response, ResponseBody};

/// One such answer.
#[derive(Debug)]
pub struct FixedAnswer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl FixedAnswer {
    /// Reads a `fastrapi.plan.model.FixedAnswer`.
    ///
    /// # Errors
    /// `AttributeError` or `TypeError` for an object of another kind; `ValueError` for what HTTP cannot carry.
    pub(super) fn read(answer: &Bound<'_, PyAny>) -> PyResult<Self> {
        let invalid = |what: &dyn std::fmt::Display| PyValueError::new_err(what.to_string());
        let status: u16 = answer.getattr("status_code")?.extract()?;
        let mut headers = HeaderMap::new();
        for pair in answer.getattr("headers")?.try_iter()? {
            let (name, value): (Vec<u8>, Vec<u8>) = pair?.extract()?;
            let name = HeaderName::from_bytes(&name).map_err(|error| invalid(&error))?;
            let value = HeaderValue::from_bytes(&value).map_err(|error| invalid(&error))?;
            headers.append(name, value);
        }
        // The server writes it, as layers may change the body.
        headers.remove(header::CONTENT_LENGTH);
        Ok(Self {
            status: StatusCode::from_u16(status).map_err(|error| invalid(&error))?,
            headers,
            body: answer.getattr("body")?.extract::<Vec<u8>>()?.into(),
        })
    }

    /// The answer to one request.
    pub(super) fn response(&self) -> Response {
        let mut response = Response::new(ResponseBody::full(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &std::ffi::CStr) -> PyResult<FixedAnswer> {
        Python::initialize();
        Python::attach(|py| {
            let globals = pyo3::types::PyDict::new(py);
            py.run(
                c"from types import SimpleNamespace as Answer",
                Some(&globals),
                None,
            )?;
            FixedAnswer::read(&py.eval(source, Some(&globals), None)?)
        })
    }

    #[test]
    fn an_answer_is_what_the_application_said() {
        let answer = read(
            c"Answer(status_code=405, headers=((b'allow', b'GET'), (b'content-length', b'2'), (b'x-a', b'1'), \
              (b'x-a', b'2')), body=b'no')",
        )
        .unwrap();
        for _ in 0..2 {
            let response = answer.response();
            assert_eq!(response.status(), 405);
            assert_eq!(response.headers()["allow"], "GET");
            assert_eq!(response.headers().get_all("x-a").iter().count(), 2);
            assert!(!response.headers().contains_key("content-length"));
            assert!(matches!(response.body(), ResponseBody::Full(body) if body == "no"));
        }
    }

    #[test]
    fn what_http_cannot_carry_is_an_error() {
        for source in [
            c"Answer(status_code=1, headers=(), body=b'')",
            c"Answer(status_code=404, headers=((b'a b', b''),), body=b'')",
            c"Answer(status_code=404, headers=((b'a', b'\\n'),), body=b'')",
        ] {
            assert!(read(source).is_err());
        }
    }
}
