//! What can be set on the server, with the defaults.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::connection::TrustedProxies;

/// Settings of the HTTP server. All durations are exact to about half a second: they are kept by one sweep over the
/// connections, not by timers of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerConfig {
    /// Time for a complete request head, from the first byte (or from the accept for the first request).
    #[serde(with = "seconds")]
    pub header_read_timeout: Duration,
    /// Time that a connection may be idle between two requests.
    #[serde(with = "seconds")]
    pub keep_alive_timeout: Duration,
    /// While a handler waits for a request body, at least [`Self::body_min_bytes`] must arrive in each such period.
    #[serde(with = "seconds")]
    pub body_timeout: Duration,
    /// See [`Self::body_timeout`].
    pub body_min_bytes: u32,
    /// Time that a write may be stuck because the client does not read.
    #[serde(with = "seconds")]
    pub write_timeout: Duration,
    /// Largest request head in bytes (request line and fields).
    pub max_header_bytes: usize,
    /// Largest number of header fields.
    pub max_headers: usize,
    /// Connections served at the same time; further ones wait in the backlog.
    pub max_connections: usize,
    /// Largest request body, in bytes, that is held in memory (JSON, urlencoded, non-file parts).
    pub in_memory_body_limit: u64,
    /// Largest request body of any kind in bytes; none by default.
    pub max_body_size: Option<u64>,
    /// Serve HTTP/1.1 (and 1.0).
    pub http1: bool,
    /// Serve HTTP/2 with prior knowledge.
    pub http2: bool,
    /// Streams that a client may have open at once on one HTTP/2 connection.
    pub http2_max_concurrent_streams: u32,
    /// Time for requests in flight to finish once a stop was asked for.
    #[serde(with = "seconds")]
    pub graceful_timeout: Duration,
    /// Limits of WebSocket connections.
    pub websocket: WebSocketConfig,
    /// Value of the `Server` response header; none is sent when absent.
    pub server_header: Option<String>,
    /// Send a `Date` response header.
    pub date_header: bool,
    /// Who may say by `X-Forwarded-For` and `X-Forwarded-Proto` where a request comes from.
    pub trusted_proxies: TrustedProxies,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(20),
            body_min_bytes: 256,
            write_timeout: Duration::from_secs(30),
            max_header_bytes: 64 * 1000,
            max_headers: 100,
            max_connections: 65_536,
            in_memory_body_limit: 8 * 1024 * 1024,
            max_body_size: None,
            http1: true,
            http2: true,
            http2_max_concurrent_streams: 200,
            graceful_timeout: Duration::from_secs(30),
            websocket: WebSocketConfig::default(),
            server_header: Some("fastrapi".into()),
            date_header: true,
            trusted_proxies: TrustedProxies::loopback(),
        }
    }
}

/// Limits of one WebSocket connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebSocketConfig {
    /// Largest message in bytes, after decompression; a larger one closes the connection with 1009.
    pub max_message_size: usize,
    /// Messages that may wait in each direction before the other side is held back.
    pub queue: usize,
    /// Time between two pings of the server; zero turns them off.
    #[serde(with = "seconds")]
    pub ping_interval: Duration,
    /// Time to wait for any sign of life after a ping, and for the peer's answer to a close.
    #[serde(with = "seconds")]
    pub ping_timeout: Duration,
    /// Offer permessage-deflate (RFC 7692).
    pub compression: bool,
}

impl Default for WebSocketConfig {
    fn default() -> Self {
        Self {
            max_message_size: 16 * 1024 * 1024,
            queue: 32,
            ping_interval: Duration::from_secs(20),
            ping_timeout: Duration::from_secs(20),
            compression: true,
        }
    }
}

/// Durations as (fractional) seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(value.as_secs_f64())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        Duration::try_from_secs_f64(f64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
