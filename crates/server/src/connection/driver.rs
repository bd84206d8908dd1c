//! Detects the protocol and runs hyper on a connection until it ends, is drained or is killed.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};

use super::io::ConnectionIo;
use super::service::{ConnectionService, ServiceSettings};
use super::state::Connection;
use crate::config::ServerConfig;
use crate::{Application, ServeError};

/// So long after the beginning of a stop the first request of a connection may still arrive. A client can take the end of
/// a kept connection for that of an idle one and send again (RFC 9112 9.3.1); that of a new one is a failure.
const FIRST_REQUEST: Duration = Duration::from_millis(500);

const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// hyper's builders, prepared once for all connections.
pub(crate) struct Protocol {
    http1: Option<http1::Builder>,
    http2: Option<http2::Builder<TokioExecutor>>,
    settings: Arc<ServiceSettings>,
}

impl Protocol {
    pub(crate) fn new(config: &ServerConfig) -> Result<Self, ServeError> {
        if !config.http1 && !config.http2 {
            return Err(ServeError::Config("neither HTTP/1.1 nor HTTP/2 is on"));
        }
        let server_header = config
            .server_header
            .as_deref()
            .map(http::HeaderValue::from_str)
            .transpose()
            .map_err(|_| ServeError::Config("server_header is not a valid header value"))?;
        Ok(Self {
            http1: config.http1.then(|| http1_builder(config)),
            http2: config.http2.then(|| http2_builder(config)),
            settings: Arc::new(ServiceSettings {
                server_header,
                max_body_size: config.max_body_size,
                trusted_proxies: config.trusted_proxies.clone(),
            }),
        })
    }
}

fn http1_builder(config: &ServerConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // Timeouts are kept by the registry's sweep.
        .header_read_timeout(None)
        .auto_date_header(config.date_header)
        .max_header_size(config.max_header_bytes)
        .max_buf_size(config.max_header_bytes.max(8192).saturating_add(8192));
    if config.max_headers != 100 {
        // hyper's default of 100 needs no allocation.
        builder.max_headers(config.max_headers);
    }
    builder
}

fn http2_builder(config: &ServerConfig) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .auto_date_header(config.date_header)
        .keep_alive_interval(config.keep_alive_timeout / 3)
        .keep_alive_timeout(config.header_read_timeout)
        .max_concurrent_streams(config.http2_max_concurrent_streams)
        .max_header_list_size(u32::try_from(config.max_header_bytes).unwrap_or(u32::MAX));
    builder
}

/// Serves one connection to its end.
pub(crate) async fn run<S: Application>(mut io: ConnectionIo, protocol: &Protocol, application: S) {
    let connection = Arc::clone(io.connection());
    let Some(is_http2) = until_stopped(&connection, detect(&mut io, protocol)).await else {
        return;
    };
    let service = ConnectionService {
        application,
        settings: Arc::clone(&protocol.settings),
        from_proxy: protocol.settings.trusted_proxies.trust(connection.info().peer),
        connection: Arc::clone(&connection),
    };
    let outcome = match (&protocol.http1, &protocol.http2) {
        (_, Some(http2)) if is_http2 => {
            connection.set_http2();
            let http = http2.serve_connection(TokioIo::new(io), service);
            drive(&connection, http, http2::Connection::graceful_shutdown).await
        }
        (Some(http1), _) => {
            let http = http1.serve_connection(TokioIo::new(io), service).with_upgrades();
            drive(&connection, http, http1::UpgradeableConnection::graceful_shutdown).await
        }
        _ => Ok(()),
    };
    if let Err(error) = outcome {
        tracing::debug!(peer = ?connection.info().peer, %error, "connection ended");
    }
}

/// Reads just enough to tell HTTP/2 with prior knowledge (RFC 9113 3.3) from HTTP/1.
async fn detect(io: &mut ConnectionIo, protocol: &Protocol) -> bool {
    match (&protocol.http1, &protocol.http2) {
        (None, _) => true,
        (Some(_), None) => {
            // HTTP/1 sees what has come, or why nothing does.
            drop(io.peek().await);
            false
        }
        (Some(_), Some(_)) => {
            let mut seen = 0;
            loop {
                match io.peek().await {
                    Ok(start) if start.len() >= HTTP2_PREFACE.len() => {
                        return start.starts_with(HTTP2_PREFACE);
                    }
                    Ok(start) if start.len() > seen && HTTP2_PREFACE.starts_with(start) => seen = start.len(),
                    // HTTP/1 sees the rest, be it a request, the end of the input or a failure.
                    Ok(_) | Err(_) => return false,
                }
            }
        }
    }
}

async fn until_stopped<F: Future>(connection: &Connection, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut allowance = None;
    std::future::poll_fn(|cx| {
        connection.register_task(cx.waker());
        if connection.is_killed() {
            return Poll::Ready(None);
        }
        match future.as_mut().poll(cx) {
            Poll::Pending if connection.is_draining() => allowance
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(FIRST_REQUEST)))
                .as_mut()
                .poll(cx)
                .map(|()| None),
            polled => polled.map(Some),
        }
    })
    .await
}

async fn drive<C>(connection: &Connection, http: C, drain: impl Fn(Pin<&mut C>)) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut http = pin!(http);
    let mut draining = false;
    std::future::poll_fn(|cx| {
        connection.register_task(cx.waker());
        if connection.is_killed() {
            return Poll::Ready(Ok(()));
        }
        if !draining && connection.is_draining() {
            draining = true;
            // Hyper closes an idle connection at once, so what has arrived on it is read before.
            if let Poll::Ready(outcome) = http.as_mut().poll(cx) {
                return Poll::Ready(outcome);
            }
            drain(http.as_mut());
        }
        http.as_mut().poll(cx)
    })
    .await
}
