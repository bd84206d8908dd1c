//! Compresses responses for clients that accept gzip.

use std::io::Write;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::StatusCode;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue,
};
use http_body::{Body, Frame};

use super::filter::{Filter, FilterLayer};
use super::vary;
use crate::{BodyError, Request, Response, ResponseBody};

/// Layer for [`Gzip`].
pub type GzipLayer = FilterLayer<Gzip>;

/// What is compressed; the fields are the arguments of Starlette's `GZipMiddleware`.
#[derive(Debug, Clone)]
pub struct Gzip {
    /// Smaller bodies are sent as they are; bodies of unknown length are always compressed.
    pub minimum_size: usize,
    /// From 0 (store) to 9 (smallest).
    pub compresslevel: u32,
    /// Larger bodies are compressed piece by piece while they are sent, without a `Content-Length`.
    pub thread_minimum_size: usize,
    /// Media types that are not compressed; `video/*` names a whole family.
    pub exclude_content_types: Vec<String>,
}

impl Gzip {
    fn excludes(&self, headers: &HeaderMap) -> bool {
        let value = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        let media_type = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        self.exclude_content_types
            .iter()
            .any(|excluded| match excluded.strip_suffix('*') {
                Some(family) => !family.is_empty() && media_type.starts_with(family),
                None => media_type == *excluded,
            })
    }

    /// Whether the response is one that a client could get compressed.
    fn concerns(&self, response: &Response) -> bool {
        let headers = response.headers();
        // The application's own middleware does not see the content of files either: the server sends them.
        let is_file = matches!(response.body(), ResponseBody::File(_));
        let long_enough = match response.body().size_hint().exact() {
            Some(size) => size >= self.minimum_size as u64,
            None => true,
        };
        let has_body = !response.status().is_informational()
            && !matches!(
                response.status(),
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        has_body
            && !is_file
            && long_enough
            && !headers.contains_key(CONTENT_ENCODING)
            && !headers.contains_key(CONTENT_RANGE)
            && !self.excludes(headers)
    }

    fn compress(&self, body: ResponseBody) -> Result<ResponseBody, BodyError> {
        let level = Compression::new(self.compresslevel.min(9));
        match body {
            ResponseBody::Full(bytes) if bytes.len() < self.thread_minimum_size => {
                let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 4 + 64), level);
                encoder.write_all(&bytes).map_err(|error| failed(&error))?;
                Ok(ResponseBody::full(
                    encoder.finish().map_err(|error| failed(&error))?,
                ))
            }
            body => Ok(ResponseBody::boxed(GzipBody {
                body,
                pending: Bytes::new(),
                encoder: Some(GzEncoder::new(Vec::new(), level)),
                unflushed: false,
            })),
        }
    }
}

fn failed(error: &std::io::Error) -> BodyError {
    BodyError::Producer(error.to_string())
}

/// Whether the client takes gzip (RFC 9110, section 12.5.3): by name or by `*`, and not with `q=0`.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut by_wildcard = false;
    for item in values.flat_map(|value| value.split(',')) {
        let mut parts = item.split(';').map(str::trim);
        let coding = parts.next().unwrap_or("");
        if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") {
            return quality(parts) > 0.0;
        }
        if coding == "*" {
            by_wildcard = quality(parts) > 0.0;
        }
    }
    by_wildcard
}

/// The weight among an item's parameters; one that is no number refuses.
fn quality<'a>(mut parameters: impl Iterator<Item = &'a str>) -> f32 {
    let weight = parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        name.trim().eq_ignore_ascii_case("q").then_some(value.trim())
    });
    weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0))
}

impl Filter for Gzip {
    /// Whether the client accepts gzip.
    type State = bool;

    fn request(&self, request: &mut Request) -> ControlFlow<Response, bool> {
        ControlFlow::Continue(accepts_gzip(request.headers()))
    }

    fn response(&self, accepted: bool, response: Response) -> Response {
        if !self.concerns(&response) {
            return response;
        }
        let (mut head, body) = response.into_parts();
        vary::add(&mut head.headers, "Accept-Encoding");
        if !accepted {
            return Response::from_parts(head, body);
        }
        head.headers.remove(CONTENT_LENGTH);
        head.headers
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        let body = self.compress(body).unwrap_or_else(|error| {
            // Compressing in memory does not fail; if it did, the answer must not look complete.
            let (sender, receiver) = crate::body::channel(1);
            drop(sender);
            tracing::error!(%error, "cannot compress a response");
            ResponseBody::Channel(receiver)
        });
        Response::from_parts(head, body)
    }
}

/// How much is compressed at once, so that a large body does not hold its thread for long.
const STEP: usize = 64 * 1024;

struct GzipBody {
    body: ResponseBody,
    /// Taken from `body`, not yet compressed.
    pending: Bytes,
    encoder: Option<GzEncoder<Vec<u8>>>,
    /// Whether the encoder holds input back that a waiting client should get.
    unflushed: bool,
}

impl GzipBody {
    /// Compresses a step of `pending`.
    fn advance(&mut self) -> Result<Option<Bytes>, BodyError> {
        let Some(encoder) = &mut self.encoder else {
            return Ok(None);
        };
        let step = self.pending.split_to(self.pending.len().min(STEP));
        encoder.write_all(&step).map_err(|error| failed(&error))?;
        self.unflushed = true;
        Ok(self.take())
    }

    fn take(&mut self) -> Option<Bytes> {
        let out = self
            .encoder
            .as_mut()
            .map(|encoder| std::mem::take(encoder.get_mut()))?;
        (!out.is_empty()).then(|| Bytes::from(out))
    }

    fn flush(&mut self) -> Result<Option<Bytes>, BodyError> {
        self.unflushed = false;
        if let Some(encoder) = &mut self.encoder {
            encoder.flush().map_err(|error| failed(&error))?;
        }
        Ok(self.take())
    }

    fn finish(&mut self) -> Result<Option<Bytes>, BodyError> {
        let Some(encoder) = self.encoder.take() else {
            return Ok(None);
        };
        let out = encoder.finish().map_err(|error| failed(&error))?;
        Ok((!out.is_empty()).then(|| Bytes::from(out)))
    }
}

impl Body for GzipBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        loop {
            if this.encoder.is_none() {
                return Poll::Ready(None);
            }
            let out = if this.pending.is_empty() {
                match Pin::new(&mut this.body).poll_frame(cx) {
                    Poll::Pending if !this.unflushed => return Poll::Pending,
                    // The producer pauses: the client gets what there is so far.
                    Poll::Pending => this.flush(),
                    Poll::Ready(None) => this.finish(),
                    Poll::Ready(Some(Err(error))) => Err(error),
                    Poll::Ready(Some(Ok(frame))) => {
                        this.pending = frame.into_data().unwrap_or_default();
                        continue;
                    }
                }
            } else {
                this.advance()
            };
            match out {
                Ok(None) => {}
                Ok(Some(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Err(error) => {
                    this.encoder = None;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}
