//! Moving the request body from the connection to the application.
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::{HeaderMap, header};
use server::{BodyError, RequestBody};

use super::exchange::{Exchange, Prefetched};

/// Bodies up to this size are mostly there together with the head.
const PREFETCH_LIMIT: u64 = 64 * 1024;
/// For so long the application waits for such a body to be complete.
const PREFETCH_TIME: Duration = Duration::from_millis(5);
/// Chunks below this size are merged with those that follow at once, up to [`MERGED`] bytes.
const SMALL: usize = 4 * 1024;
const MERGED: usize = 64 * 1024;
/// So many bytes are read ahead of the application.
const HIGH_WATER: usize = 256 * 1024;

/// Reads a small body before the application starts, so that `receive` need not wait.
pub(crate) async fn prefetch(headers: &HeaderMap, mut body: RequestBody) -> Result<Prefetched, BodyError> {
    if let Some(chunk) = body.take_buffered() {
        return Ok(Prefetched { chunk, rest: None });
    }
    let small = http_body::Body::size_hint(&body)
        .upper()
        .is_some_and(|size| size <= PREFETCH_LIMIT);
    // A client that asked for permission (RFC 9110 10.1.1) sends only after the application wants the body.
    if !small || headers.contains_key(header::EXPECT) {
        return Ok(Prefetched {
            chunk: Bytes::new(),
            rest: Some(body),
        });
    }
    let mut first = Bytes::new();
    let read = tokio::time::timeout(PREFETCH_TIME, read_first(&mut body, &mut first)).await;
    match read {
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) | Err(_) => {
            let complete = body.is_complete();
            Ok(Prefetched {
                chunk: first,
                rest: (!complete).then_some(body),
            })
        }
    }
}

/// Reads until the body is complete or a second chunk shows that it comes in pieces; those are for the pump.
async fn read_first(body: &mut RequestBody, first: &mut Bytes) -> Result<(), BodyError> {
    if let Some(chunk) = body.chunk().await? {
        *first = chunk;
    }
    Ok(())
}

/// What was read at once.
struct Read {
    chunk: Option<Bytes>,
    ended: bool,
    /// What came after the chunk.
    error: Option<BodyError>,
}

/// The next chunk, together with those that have come with it: a client may send one byte in each, and every chunk is a
/// message for the application (CVE-2025-69229 was a server that paid too much for each).
async fn merged_chunk(body: &mut RequestBody) -> Read {
    let first = match body.chunk().await {
        Ok(Some(first)) if first.len() < SMALL => first,
        Ok(chunk) => {
            return Read {
                ended: chunk.is_none() || body.is_complete(),
                chunk,
                error: None,
            };
        }
        Err(error) => {
            return Read {
                chunk: None,
                ended: true,
                error: Some(error),
            };
        }
    };
    let mut merged = BytesMut::from(first);
    let mut read = Read {
        chunk: None,
        ended: false,
        error: None,
    };
    while merged.len() < MERGED && !read.ended {
        match body.chunk().now_or_never() {
            Some(Ok(Some(more))) => merged.extend_from_slice(&more),
            Some(Ok(None)) => read.ended = true,
            Some(Err(error)) => (read.error, read.ended) = (Some(error), true),
            None => break,
        }
    }
    read.ended |= body.is_complete();
    read.chunk = Some(merged.freeze());
    read
}

/// Feeds the rest of the body to the exchange, never more than [`HIGH_WATER`] bytes ahead of the application.
pub(crate) async fn pump(exchange: Arc<Exchange>, mut body: RequestBody) {
    loop {
        let read = tokio::select! {
            read = merged_chunk(&mut body) => read,
            () = exchange.over.notified() => return,
        };
        let (waiters, full) = {
            let mut incoming = exchange.incoming();
            if let Some(chunk) = read.chunk {
                incoming.buffered += chunk.len();
                incoming.chunks.push_back(chunk);
            }
            incoming.ended = read.ended && read.error.is_none();
            (incoming.waiters.take(), incoming.buffered >= HIGH_WATER)
        };
        if let Some(error) = read.error {
            waiters.resolve_on(&exchange.app.event_loop);
            return exchange.body_failed(&error);
        }
        let ended = read.ended;
        waiters.resolve_on(&exchange.app.event_loop);
        if ended || (full && !wait_for_room(&exchange).await) {
            return;
        }
    }
}

/// Returns whether reading shall go on.
async fn wait_for_room(exchange: &Exchange) -> bool {
    loop {
        let mut notified = std::pin::pin!(exchange.room.notified());
        // Registered before the check, so that a notification between the two is not lost.
        Pin::as_mut(&mut notified).enable();
        {
            let incoming = exchange.incoming();
            if incoming.disconnected {
                return false;
            }
            if incoming.buffered < HIGH_WATER {
                return true;
            }
        }
        notified.await;
    }
}
