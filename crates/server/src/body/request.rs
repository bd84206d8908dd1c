use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::{BodyError, BodyReceiver};
use crate::connection::{Connection, ConnectionInfo};

enum Source {
    Empty,
    Full(Bytes),
    Incoming(Incoming),
    Channel(BodyReceiver),
}

/// What [`RequestBody::collect_within`] has read.
#[derive(Debug)]
pub enum Collected {
    /// The whole body.
    Whole(Bytes),
    /// More than was asked for, or less if the announced length was too much already.
    TooLong {
        /// The start of the body.
        read: Bytes,
        /// What follows it.
        rest: RequestBody,
    },
}

/// The body of a request, together with the connection it arrives on.
pub struct RequestBody {
    source: Source,
    limit: Option<u64>,
    /// Told when the limit is exceeded.
    watch: Option<Arc<AtomicBool>>,
    received: u64,
    connection: Option<Arc<Connection>>,
}

impl RequestBody {
    /// A body without bytes.
    pub fn empty() -> Self {
        Self::from_source(Source::Empty)
    }

    /// A body that is already in memory, for callers inside the process.
    pub fn full(bytes: Bytes) -> Self {
        Self::from_source(if bytes.is_empty() {
            Source::Empty
        } else {
            Source::Full(bytes)
        })
    }

    /// A body fed through [`super::channel`], for callers inside the process.
    pub fn channel(receiver: BodyReceiver) -> Self {
        Self::from_source(Source::Channel(receiver))
    }

    fn from_source(source: Source) -> Self {
        Self {
            source,
            limit: None,
            watch: None,
            received: 0,
            connection: None,
        }
    }

    pub(crate) fn incoming(body: Incoming, limit: Option<u64>, connection: Arc<Connection>) -> Self {
        let source = if body.is_end_stream() {
            Source::Empty
        } else {
            Source::Incoming(body)
        };
        Self {
            source,
            limit,
            watch: None,
            received: 0,
            connection: Some(connection),
        }
    }

    /// The connection that the request came on; `None` for a caller inside the process that set none.
    pub fn connection(&self) -> Option<&Arc<Connection>> {
        self.connection.as_ref()
    }

    /// Addresses, scheme and so on of the connection.
    pub fn connection_info(&self) -> Option<&ConnectionInfo> {
        self.connection.as_deref().map(Connection::info)
    }

    /// Lowers the number of bytes that may still be read to `limit` in total.
    pub fn restrict(&mut self, limit: u64) {
        self.limit = Some(self.limit.map_or(limit, |present| present.min(limit)));
    }

    /// As [`Self::restrict`]; the result becomes true when the application reads beyond `limit`.
    pub(crate) fn restrict_watched(&mut self, limit: u64) -> Arc<AtomicBool> {
        self.restrict(limit);
        Arc::clone(self.watch.get_or_insert_default())
    }

    /// Makes the body of a request inside the process tell where it comes from.
    #[must_use]
    pub fn with_connection(mut self, connection: Arc<Connection>) -> Self {
        self.connection = Some(connection);
        self
    }

    /// Whether nothing is left to read.
    pub fn is_complete(&self) -> bool {
        self.is_end_stream()
    }

    /// The whole body if no waiting is needed for it (it is empty, or was given in memory).
    pub fn take_buffered(&mut self) -> Option<Bytes> {
        match std::mem::replace(&mut self.source, Source::Empty) {
            Source::Empty => Some(Bytes::new()),
            Source::Full(bytes) => Some(bytes),
            other => {
                self.source = other;
                None
            }
        }
    }

    /// Reads the next non-empty chunk; `None` at the end. Trailers are read and dropped.
    ///
    /// # Errors
    /// See [`BodyError`]; the body must not be read further afterwards.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await.transpose()
    }

    /// Reads the rest of the body into memory, at most `limit` bytes of it.
    ///
    /// # Errors
    /// [`BodyError::Limit`] as soon as the announced or received size exceeds `limit`, else see [`BodyError`].
    pub async fn collect(self, limit: u64) -> Result<Bytes, BodyError> {
        match self.collect_within(limit).await? {
            Collected::Whole(bytes) => Ok(bytes),
            Collected::TooLong { .. } => Err(BodyError::Limit { limit }),
        }
    }

    /// As [`Self::collect`], but gives a body of more than `limit` bytes back to somebody who can do with it.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn collect_within(mut self, limit: u64) -> Result<Collected, BodyError> {
        if self.size_hint().lower() > limit {
            return Ok(Collected::TooLong {
                read: Bytes::new(),
                rest: self,
            });
        }
        let Some(first) = self.chunk().await? else {
            return Ok(Collected::Whole(Bytes::new()));
        };
        if first.len() as u64 > limit {
            return Ok(Collected::TooLong {
                read: first,
                rest: self,
            });
        }
        let Some(second) = self.chunk().await? else {
            return Ok(Collected::Whole(first));
        };
        let mut whole = BytesMut::with_capacity(self.expected_size(first.len() + second.len(), limit));
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while whole.len() as u64 <= limit {
            match self.chunk().await? {
                Some(chunk) => whole.extend_from_slice(&chunk),
                None => return Ok(Collected::Whole(whole.freeze())),
            }
        }
        Ok(Collected::TooLong {
            read: whole.freeze(),
            rest: self,
        })
    }

    /// How much to reserve: what is announced, but not more than 256 KiB before it has been seen.
    fn expected_size(&self, so_far: usize, limit: u64) -> usize {
        let rest = self.size_hint().upper().unwrap_or(0).min(limit).min(256 * 1024);
        so_far + usize::try_from(rest).unwrap_or(0)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let frame = match &mut self.source {
                Source::Empty => return Poll::Ready(None),
                Source::Full(bytes) => {
                    let bytes = std::mem::take(bytes);
                    self.source = Source::Empty;
                    return Poll::Ready(Some(self.count(bytes)));
                }
                Source::Channel(receiver) => {
                    let chunk = ready!(receiver.poll_chunk(cx));
                    return Poll::Ready(chunk.map(|chunk| chunk.and_then(|bytes| self.count(bytes))));
                }
                Source::Incoming(incoming) => match Pin::new(incoming).poll_frame(cx) {
                    Poll::Pending => {
                        if let Some(connection) = &self.connection {
                            if connection.body_timed_out() {
                                return Poll::Ready(Some(Err(BodyError::Timeout)));
                            }
                            connection.body_waiting(cx.waker());
                        }
                        return Poll::Pending;
                    }
                    Poll::Ready(frame) => frame,
                },
            };
            match frame {
                None => {
                    self.ended();
                    return Poll::Ready(None);
                }
                Some(Err(error)) => {
                    let timed_out = self
                        .connection
                        .as_ref()
                        .is_some_and(|connection| connection.body_timed_out());
                    self.source = Source::Empty;
                    let error = if timed_out {
                        BodyError::Timeout
                    } else {
                        BodyError::from_hyper(&error)
                    };
                    return Poll::Ready(Some(Err(error)));
                }
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        if !bytes.is_empty() {
                            return Poll::Ready(Some(self.count(bytes)));
                        }
                    }
                }
            }
        }
    }

    fn count(&mut self, bytes: Bytes) -> Result<Bytes, BodyError> {
        self.received += bytes.len() as u64;
        if let Some(connection) = &self.connection {
            connection.body_progress(bytes.len());
        }
        if let Source::Incoming(incoming) = &self.source {
            if incoming.is_end_stream() {
                self.ended();
            }
        }
        let Some(limit) = self.limit else { return Ok(bytes) };
        check(self.received, limit).map(|()| bytes).inspect_err(|_| {
            if let Some(watch) = &self.watch {
                watch.store(true, Ordering::Relaxed);
            }
        })
    }

    fn ended(&mut self) {
        self.source = Source::Empty;
        if let Some(connection) = &self.connection {
            connection.body_ended();
        }
    }
}

fn check(size: u64, limit: u64) -> Result<(), BodyError> {
    if size > limit {
        Err(BodyError::Limit { limit })
    } else {
        Ok(())
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.poll_chunk(cx)
            .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Empty => true,
            Source::Full(_) => false,
            Source::Incoming(incoming) => incoming.is_end_stream(),
            Source::Channel(receiver) => receiver.is_ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Empty => SizeHint::with_exact(0),
            Source::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Incoming(incoming) => incoming.size_hint(),
            Source::Channel(_) => SizeHint::default(),
        }
    }
}

impl Default for RequestBody {
    fn default() -> Self {
        Self::empty()
    }
}

impl std::fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestBody")
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::channel;

    #[tokio::test]
    async fn memory_bodies_are_collected_without_a_copy() {
        let bytes = Bytes::from_static(b"hello");
        let collected = RequestBody::full(bytes.clone()).collect(5).await.unwrap();
        assert_eq!(collected.as_ptr(), bytes.as_ptr());
        assert_eq!(RequestBody::empty().collect(0).await.unwrap(), Bytes::new());
    }

    #[tokio::test]
    async fn collect_refuses_what_exceeds_its_limit() {
        let error = RequestBody::full(Bytes::from_static(b"hello"))
            .collect(4)
            .await
            .unwrap_err();
        assert_eq!(error, BodyError::Limit { limit: 4 });
        let (sender, receiver) = channel(8);
        for _ in 0..3 {
            sender.send(Bytes::from_static(b"ab")).await.unwrap();
        }
        sender.finish().await.unwrap();
        assert_eq!(
            RequestBody::channel(receiver).collect(5).await,
            Err(BodyError::Limit { limit: 5 })
        );
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_given_back_whole() {
        let (sender, receiver) = channel(8);
        for _ in 0..4 {
            sender.send(Bytes::from_static(b"ab")).await.unwrap();
        }
        sender.finish().await.unwrap();
        let Ok(Collected::TooLong { read, rest }) = RequestBody::channel(receiver).collect_within(5).await
        else {
            panic!("not too long")
        };
        assert_eq!([read, rest.collect(8).await.unwrap()].concat(), b"abababab");
    }

    #[tokio::test]
    async fn restrict_only_lowers() {
        let mut body = RequestBody::full(Bytes::from_static(b"hello"));
        body.restrict(3);
        body.restrict(9);
        assert_eq!(body.chunk().await, Err(BodyError::Limit { limit: 3 }));
    }
}
