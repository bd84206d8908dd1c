//! The connection scope: what an application learns about a request.
use std::borrow::Cow;

use http::request::Parts;
use http::{HeaderMap, Version, header};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};
use server::ConnectionInfo;
use server::listener::LocalAddress;

/// The version of the HTTP and WebSocket parts of the specification: from 2.4 on `send` raises `OSError` once the
/// client is gone.
const SPEC_VERSION: &str = "2.4";

/// Makes scopes. What is equal in all of them is made once.
pub(crate) struct ScopeFactory {
    http: Py<PyDict>,
    websocket: Py<PyDict>,
    asgi: Py<PyDict>,
    state: Option<Py<PyDict>>,
    root_path: String,
    /// `{"limit": bytes}`: the most that `Request.body()` of the framework holds in memory.
    body_in_memory: Py<PyDict>,
}

impl ScopeFactory {
    pub(crate) fn new(
        py: Python<'_>,
        state: Option<Py<PyDict>>,
        root_path: &str,
        body_limit: u64,
    ) -> PyResult<Self> {
        let body_in_memory = PyDict::new(py);
        body_in_memory.set_item("limit", body_limit)?;
        let asgi = PyDict::new(py);
        asgi.set_item("version", "3.0")?;
        asgi.set_item("spec_version", SPEC_VERSION)?;
        let template = |kind: &str| -> PyResult<Py<PyDict>> {
            let scope = PyDict::new(py);
            scope.set_item("type", kind)?;
            scope.set_item("root_path", root_path)?;
            Ok(scope.unbind())
        };
        Ok(Self {
            http: template("http")?,
            websocket: template("websocket")?,
            asgi: asgi.unbind(),
            state,
            root_path: root_path.to_owned(),
            body_in_memory: body_in_memory.unbind(),
        })
    }

    /// The scope of an HTTP request.
    pub(crate) fn http<'py>(
        &self,
        py: Python<'py>,
        parts: &Parts,
        connection: Option<&ConnectionInfo>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let scope = self.http.bind(py).copy()?;
        self.fill(&scope, parts, connection, "http")?;
        scope.set_item(intern!(py, "method"), method(py, &parts.method))?;
        let extensions = PyDict::new(py);
        extensions.set_item(intern!(py, "http.response.pathsend"), PyDict::new(py))?;
        extensions.set_item(intern!(py, "fastrapi.body_in_memory"), &self.body_in_memory)?;
        scope.set_item(intern!(py, "extensions"), extensions)?;
        Ok(scope)
    }

    /// The scope of a WebSocket handshake.
    pub(crate) fn websocket<'py>(
        &self,
        py: Python<'py>,
        parts: &Parts,
        connection: Option<&ConnectionInfo>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let scope = self.websocket.bind(py).copy()?;
        self.fill(&scope, parts, connection, "ws")?;
        scope.set_item(intern!(py, "subprotocols"), subprotocols(py, &parts.headers)?)?;
        let extensions = PyDict::new(py);
        extensions.set_item(intern!(py, "websocket.http.response"), PyDict::new(py))?;
        scope.set_item(intern!(py, "extensions"), extensions)?;
        Ok(scope)
    }

    fn fill(
        &self,
        scope: &Bound<'_, PyDict>,
        parts: &Parts,
        connection: Option<&ConnectionInfo>,
        plain_scheme: &'static str,
    ) -> PyResult<()> {
        let py = scope.py();
        let connection = ConnectionInfo::of(&parts.extensions, connection);
        let path = parts.uri.path();
        scope.set_item(intern!(py, "asgi"), self.asgi.bind(py).copy()?)?;
        scope.set_item(intern!(py, "http_version"), http_version(py, parts.version))?;
        scope.set_item(intern!(py, "scheme"), scheme(connection, plain_scheme))?;
        if self.root_path.is_empty() {
            scope.set_item(intern!(py, "path"), decode(path))?;
            scope.set_item(intern!(py, "raw_path"), PyBytes::new(py, path.as_bytes()))?;
        } else {
            scope.set_item(intern!(py, "path"), format!("{}{}", self.root_path, decode(path)))?;
            let raw = [self.root_path.as_bytes(), path.as_bytes()].concat();
            scope.set_item(intern!(py, "raw_path"), PyBytes::new(py, &raw))?;
        }
        let query = parts.uri.query().unwrap_or_default();
        scope.set_item(intern!(py, "query_string"), PyBytes::new(py, query.as_bytes()))?;
        scope.set_item(intern!(py, "headers"), headers(py, parts)?)?;
        let (client, server) = addresses(py, connection)?;
        scope.set_item(intern!(py, "client"), client)?;
        scope.set_item(intern!(py, "server"), server)?;
        if let Some(state) = &self.state {
            scope.set_item(intern!(py, "state"), state.bind(py).copy()?)?;
        }
        Ok(())
    }
}

fn method<'py>(py: Python<'py>, method: &http::Method) -> Bound<'py, PyString> {
    match *method {
        http::Method::GET => intern!(py, "GET").clone(),
        http::Method::POST => intern!(py, "POST").clone(),
        _ => PyString::new(py, method.as_str()),
    }
}

fn http_version(py: Python<'_>, version: Version) -> &Bound<'_, PyString> {
    match version {
        Version::HTTP_10 => intern!(py, "1.0"),
        Version::HTTP_2 => intern!(py, "2"),
        _ => intern!(py, "1.1"),
    }
}

fn scheme(connection: Option<&ConnectionInfo>, plain: &'static str) -> &'static str {
    match (connection.map_or("http", |connection| connection.scheme), plain) {
        ("https", "ws") => "wss",
        ("https", _) => "https",
        (_, plain) => plain,
    }
}

/// The path with its percent-encoding undone. Bytes that are not UTF-8 become U+FFFD: the specification wants text.
fn decode(path: &str) -> Cow<'_, str> {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy()
}

fn headers<'py>(py: Python<'py>, parts: &Parts) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    // HTTP/2 carries the host in a pseudo-header; applications look for it among the headers, first.
    if !parts.headers.contains_key(header::HOST) {
        if let Some(authority) = parts.uri.authority() {
            list.append(header(py, header::HOST.as_str(), authority.as_str().as_bytes())?)?;
        }
    }
    for (name, value) in &parts.headers {
        list.append(header(py, name.as_str(), value.as_bytes())?)?;
    }
    Ok(list)
}

fn header<'py>(py: Python<'py>, name: &str, value: &[u8]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, [PyBytes::new(py, name.as_bytes()), PyBytes::new(py, value)])
}

type Address<'py> = Option<Bound<'py, PyTuple>>;

fn addresses<'py>(
    py: Python<'py>,
    connection: Option<&ConnectionInfo>,
) -> PyResult<(Address<'py>, Address<'py>)> {
    let Some(connection) = connection else {
        return Ok((None, None));
    };
    let client = match connection.peer {
        Some(peer) => Some((peer.ip().to_string(), peer.port()).into_pyobject(py)?),
        None => None,
    };
    let server = match &connection.local {
        LocalAddress::Tcp(local) => (local.ip().to_string(), local.port()).into_pyobject(py)?,
        LocalAddress::Unix(path) => (path.to_string_lossy(), py.None()).into_pyobject(py)?,
    };
    Ok((client, Some(server)))
}

fn subprotocols<'py>(py: Python<'py>, headers: &HeaderMap) -> PyResult<Bound<'py, PyList>> {
    let names = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok());
    PyList::new(
        py,
        names
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect::<Vec<_>>(),
    )
}
