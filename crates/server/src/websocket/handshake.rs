//! The opening handshake (RFC 6455 4.2).

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Version};
use http_body::Body;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};

use super::deflate::Parameters;
use super::socket::WebSocket;
use super::task;
use crate::body::ResponseBody;
use crate::config::WebSocketConfig;
use crate::connection::{Connection, ConnectionIo};
use crate::{Request, Response};

/// RFC 6455 1.3.
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why a request cannot become a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeRejection {
    /// It does not ask for one.
    #[error("not a WebSocket request")]
    NotAnUpgrade,
    /// Its method is not GET, or it has a body.
    #[error("a WebSocket request must be a GET without a body")]
    NotAPlainGet,
    /// Its version is not 13.
    #[error("unsupported WebSocket version")]
    Version,
    /// Its key is missing, repeated or malformed.
    #[error("missing or invalid Sec-WebSocket-Key")]
    Key,
    /// The connection cannot be taken over.
    #[error("this connection cannot be upgraded")]
    NotUpgradable,
}

impl UpgradeRejection {
    /// The answer to send.
    pub fn into_response(self) -> Response {
        let mut response = Response::new(ResponseBody::from(self.to_string()));
        *response.status_mut() = match self {
            Self::Version => StatusCode::UPGRADE_REQUIRED,
            _ => StatusCode::BAD_REQUEST,
        };
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if self == Self::Version {
            headers.insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        }
        response
    }
}

/// An accepted WebSocket did not come into being.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The connection ended before the response was sent.
    #[error("the connection ended during the handshake: {0}")]
    Upgrade(#[source] hyper::Error),
    /// The connection is not one of this server.
    #[error("the upgraded connection is not one of this server")]
    ForeignConnection,
}

/// Whether a request asks for a WebSocket; [`upgrade`] checks whether it may have one.
pub fn is_upgrade<B>(request: &http::Request<B>) -> bool {
    request.version() == Version::HTTP_11
        && has_token(request.headers(), &header::UPGRADE, "websocket")
        && has_token(request.headers(), &header::CONNECTION, "upgrade")
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Checks a request and takes its connection, which stays usable for HTTP until [`Pending::accept`].
///
/// # Errors
/// [`UpgradeRejection`], which words its own answer.
pub fn upgrade(request: &mut Request, config: WebSocketConfig) -> Result<Pending, UpgradeRejection> {
    if !is_upgrade(request) {
        return Err(UpgradeRejection::NotAnUpgrade);
    }
    if request.method() != Method::GET || !request.body().is_end_stream() {
        return Err(UpgradeRejection::NotAPlainGet);
    }
    if request
        .headers()
        .get(header::SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version != "13")
    {
        return Err(UpgradeRejection::Version);
    }
    let accept = accept_value(request.headers())?;
    let upgrade = request
        .extensions_mut()
        .remove::<OnUpgrade>()
        .ok_or(UpgradeRejection::NotUpgradable)?;
    let compression = if config.compression {
        negotiate(request.headers())
    } else {
        None
    };
    Ok(Pending {
        upgrade,
        accept,
        compression,
        subprotocols: subprotocols(request.headers()),
        config,
    })
}

fn accept_value(headers: &HeaderMap) -> Result<HeaderValue, UpgradeRejection> {
    let mut keys = headers.get_all(header::SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err(UpgradeRejection::Key);
    };
    // The key is 16 bytes in base64.
    if !BASE64.decode(key.as_bytes()).is_ok_and(|bytes| bytes.len() == 16) {
        return Err(UpgradeRejection::Key);
    }
    let digest = Sha1::new()
        .chain_update(key.as_bytes())
        .chain_update(KEY_SUFFIX)
        .finalize();
    HeaderValue::try_from(BASE64.encode(digest)).map_err(|_| UpgradeRejection::Key)
}

fn negotiate(headers: &HeaderMap) -> Option<Parameters> {
    headers
        .get_all(header::SEC_WEBSOCKET_EXTENSIONS)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(Parameters::negotiate)
}

fn subprotocols(headers: &HeaderMap) -> Vec<String> {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A WebSocket request that has been neither accepted nor denied. Dropping it leaves an ordinary HTTP request.
#[derive(Debug)]
pub struct Pending {
    upgrade: OnUpgrade,
    accept: HeaderValue,
    compression: Option<Parameters>,
    subprotocols: Vec<String>,
    config: WebSocketConfig,
}

impl Pending {
    /// The subprotocols that the client offers, in its order.
    pub fn subprotocols(&self) -> &[String] {
        &self.subprotocols
    }

    /// Accepts: the response has to be returned to the server, then the future yields the open socket. `headers` are
    /// added to the response, except those that the handshake itself needs.
    pub fn accept(
        self,
        subprotocol: Option<HeaderValue>,
        headers: HeaderMap,
    ) -> (
        Response,
        impl Future<Output = Result<WebSocket, OpenError>> + Send + 'static,
    ) {
        let mut response = Response::new(ResponseBody::Empty);
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, self.accept);
        if let Some(subprotocol) = subprotocol {
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        match self
            .compression
            .map(|parameters| HeaderValue::try_from(parameters.to_header()))
        {
            Some(Ok(value)) => headers.insert(header::SEC_WEBSOCKET_EXTENSIONS, value),
            _ => headers.remove(header::SEC_WEBSOCKET_EXTENSIONS),
        };
        (response, open(self.upgrade, self.compression, self.config))
    }

    /// Denies with an ordinary response; the connection goes on as HTTP.
    pub fn deny(self, response: Response) -> Response {
        response
    }
}

async fn open(
    upgrade: OnUpgrade,
    compression: Option<Parameters>,
    config: WebSocketConfig,
) -> Result<WebSocket, OpenError> {
    let upgraded = upgrade.await.map_err(OpenError::Upgrade)?;
    let parts = upgraded
        .downcast::<TokioIo<ConnectionIo>>()
        .map_err(|_| OpenError::ForeignConnection)?;
    let io = parts.io.into_inner();
    let connection: Arc<Connection> = Arc::clone(io.connection());
    connection.upgraded();
    Ok(task::start(io, &parts.read_buf, compression, &config, connection))
}
