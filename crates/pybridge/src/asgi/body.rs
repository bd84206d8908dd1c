//! Moving the request body from the connection to the application.
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, header};
use server::{BodyError, RequestBody};

use super::exchange::{Exchange, Prefetched};

/// Bodies up to this size are mostly there together with the head.
const PREFETCH_LIMIT: u64 = 64 * 1024;
/// For so long the application waits for such a body to be complete.
const PREFETCH_TIME: Duration = Duration::from_millis(5);
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

/// Feeds the rest of the body to the exchange, never more than [`HIGH_WATER`] bytes ahead of the application.
pub(crate) async fn pump(exchange: Arc<Exchange>, mut body: RequestBody) {
    loop {
        let chunk = tokio::select! {
            chunk = body.chunk() => chunk,
            () = exchange.over.notified() => return,
        };
        let (waiters, ended, full) = match chunk {
            Err(error) => return exchange.body_failed(&error),
            Ok(chunk) => {
                let ended = chunk.is_none() || body.is_complete();
                let mut incoming = exchange.incoming();
                if let Some(chunk) = chunk {
                    incoming.buffered += chunk.len();
                    incoming.chunks.push_back(chunk);
                }
                incoming.ended = ended;
                (incoming.waiters.take(), ended, incoming.buffered >= HIGH_WATER)
            }
        };
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
