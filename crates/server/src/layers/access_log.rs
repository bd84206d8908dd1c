//! One record for each request, once its answer has been sent.

use std::fmt;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, Version, header};
use http_body::{Body, Frame, SizeHint};

use super::filter::{Filter, FilterLayer};
use crate::{BodyError, ConnectionInfo, Request, Response, ResponseBody};

/// Layer for [`AccessLog`].
pub type AccessLogLayer = FilterLayer<AccessLog>;

/// What happened to one request.
#[derive(Debug, Clone)]
pub struct AccessRecord {
    /// The client; `None` on a Unix-domain socket.
    pub peer: Option<SocketAddr>,
    /// Method of the request.
    pub method: Method,
    /// Target of the request.
    pub target: Uri,
    /// Version of the request.
    pub version: Version,
    /// Status of the answer.
    pub status: StatusCode,
    /// Bytes of the answer's body that were sent.
    pub bytes: u64,
    /// Whether the answer was sent to its end.
    pub complete: bool,
    /// From the request's head to the end of the answer.
    pub duration: Duration,
}

impl fmt::Display for AccessRecord {
    /// `127.0.0.1:50000 - "GET /path HTTP/1.1" 200 12 1.234ms`; a cut-off answer is marked.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.peer {
            Some(peer) => write!(f, "{peer}")?,
            None => f.write_str("unix")?,
        }
        let target = self.target.path_and_query().map_or("*", |target| target.as_str());
        let milliseconds = self.duration.as_secs_f64() * 1000.0;
        write!(
            f,
            " - \"{} {target} {:?}\" {} {} {milliseconds:.3}ms",
            self.method,
            self.version,
            self.status.as_u16(),
            self.bytes
        )?;
        if self.complete {
            Ok(())
        } else {
            f.write_str(" (cut off)")
        }
    }
}

/// Where records go; called on a thread of the runtime, so it must not block.
pub type Sink = Arc<dyn Fn(AccessRecord) + Send + Sync>;

/// Hands a record of every request to a [`Sink`].
#[derive(Clone)]
pub struct AccessLog {
    sink: Sink,
}

impl AccessLog {
    /// Records go to `sink`.
    pub fn new(sink: impl Fn(AccessRecord) + Send + Sync + 'static) -> Self {
        Self { sink: Arc::new(sink) }
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessLog").finish_non_exhaustive()
    }
}

impl Filter for AccessLog {
    type State = Entry;

    fn request(&self, request: &mut Request) -> ControlFlow<Response, Entry> {
        ControlFlow::Continue(Entry {
            started: Instant::now(),
            sink: Arc::clone(&self.sink),
            record: AccessRecord {
                peer: ConnectionInfo::of(request.extensions(), request.body().connection_info())
                    .and_then(|info| info.peer),
                method: request.method().clone(),
                target: request.uri().clone(),
                version: request.version(),
                // Shown if the client goes before there is an answer, as nginx does.
                status: StatusCode::from_u16(499).unwrap_or_default(),
                bytes: 0,
                complete: false,
                duration: Duration::ZERO,
            },
        })
    }

    fn response(&self, mut entry: Entry, response: Response) -> Response {
        entry.record.status = response.status();
        let (head, body) = response.into_parts();
        let body = match body {
            ResponseBody::Empty => {
                entry.record.complete = true;
                ResponseBody::Empty
            }
            ResponseBody::Full(bytes) => {
                entry.record.bytes = bytes.len() as u64;
                entry.record.complete = true;
                ResponseBody::Full(bytes)
            }
            body => ResponseBody::boxed(LoggedBody {
                length: announced(&head.headers),
                body,
                entry,
            }),
        };
        Response::from_parts(head, body)
    }
}

/// A record in the making; it goes to the sink when dropped, so that a request that is given up is logged too.
pub struct Entry {
    started: Instant,
    sink: Sink,
    record: AccessRecord,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.record.duration = self.started.elapsed();
        (self.sink)(self.record.clone());
    }
}

/// The answer's length as its head has it.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

struct LoggedBody {
    body: ResponseBody,
    /// A client that has this much may go before the application says that there is no more.
    length: Option<u64>,
    entry: Entry,
}

impl Body for LoggedBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                self.entry.record.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                self.entry.record.complete =
                    self.body.is_end_stream() || self.length == Some(self.entry.record.bytes);
            }
            Poll::Ready(None) => self.entry.record.complete = true,
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
