//! What an application may send next, and what it makes of the response.
use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use server::body::BodySender;
use server::{Response, ResponseBody};

use super::suspension::Waiters;
use crate::event_loop::Completer;

/// So many chunks of a streamed response wait for the client before `send` does.
const STREAM_CAPACITY: usize = 16;

/// A message of the application, checked.
pub(crate) enum Outbound {
    Start(Head),
    Body { chunk: Bytes, more: bool },
    File(ResponseBody),
}

/// Status and headers, not yet handed to the server: until then a failure can still become a 500.
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The announced length in bytes.
    pub(crate) length: Option<u64>,
}

impl Head {
    fn into_response(self, body: ResponseBody) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    fn has_no_content(&self, is_head: bool) -> bool {
        is_head || matches!(self.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
    }
}

/// A response body that is sent in pieces.
pub(crate) struct Stream {
    pub(crate) sender: BodySender,
    /// Announced bytes that have not been sent yet.
    remaining: Option<u64>,
    /// Chunks for which the pipe had no room; a task moves them.
    pub(crate) overflow: VecDeque<Bytes>,
    pub(crate) moving: bool,
    pub(crate) finishing: bool,
    pub(crate) waiters: Waiters,
}

/// How far the response is.
pub(crate) enum Outgoing {
    /// Nothing was sent.
    Idle {
        responder: Completer<Response>,
        is_head: bool,
    },
    /// `http.response.start` was sent.
    Started {
        responder: Completer<Response>,
        head: Head,
        is_head: bool,
    },
    /// The head is with the server, the body follows.
    Streaming(Stream),
    /// The head is with the server; this response has no body, whatever the application sends.
    Discarding,
    /// The last body message was sent.
    Complete,
    /// The server has answered itself, or the response was aborted.
    Abandoned,
}

/// Why a message was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum SendError {
    #[error("'http.response.start' has been sent already")]
    StartedTwice,
    #[error("'{0}' was sent before 'http.response.start'")]
    NotStarted(&'static str),
    #[error("'{0}' was sent after the response was complete")]
    AfterEnd(&'static str),
    #[error("the response body is longer than its Content-Length")]
    TooLong,
    #[error("the response body is shorter than its Content-Length")]
    TooShort,
    #[error("'http.response.pathsend' was sent after a part of the body")]
    FileAfterBody,
    #[error("the client has disconnected")]
    Disconnected,
}

/// What a message leads to, to be done once the lock is released.
pub(crate) enum Effect {
    /// Nothing more.
    None,
    /// The response goes to the server; `complete` tells that no more messages follow.
    Respond {
        responder: Completer<Response>,
        response: Response,
        complete: bool,
    },
    /// The head waits for the body.
    HeadPending,
    /// The pipe is full: chunks have to be moved, the application waits.
    Full { start_moving: bool },
    /// The last message was sent.
    Complete { start_moving: bool },
}

impl Outgoing {
    pub(crate) fn new(responder: Completer<Response>, is_head: bool) -> Self {
        Self::Idle { responder, is_head }
    }

    /// Takes the way to answer, if nothing has gone to the server yet.
    pub(crate) fn take_responder(&mut self) -> Option<Completer<Response>> {
        match std::mem::replace(self, Self::Abandoned) {
            Self::Idle { responder, .. } | Self::Started { responder, .. } => Some(responder),
            other => {
                *self = other;
                None
            }
        }
    }

    /// Whether the head is with the server and the body is not complete.
    pub(crate) fn is_incomplete(&self) -> bool {
        match self {
            Self::Streaming(stream) => !stream.finishing,
            Self::Discarding => true,
            Self::Idle { .. } | Self::Started { .. } | Self::Complete | Self::Abandoned => false,
        }
    }

    /// Gives up a response that has begun but is not complete; the connection is aborted.
    pub(crate) fn abort(&mut self) -> Waiters {
        match std::mem::replace(self, Self::Abandoned) {
            Self::Streaming(mut stream) if !stream.finishing => stream.waiters.take(),
            complete @ (Self::Complete | Self::Discarding | Self::Streaming(_)) => {
                *self = complete;
                Waiters::default()
            }
            Self::Idle { .. } | Self::Started { .. } | Self::Abandoned => Waiters::default(),
        }
    }

    /// The client has gone in the middle of the body.
    pub(crate) fn disconnect(&mut self) -> Waiters {
        match std::mem::replace(self, Self::Abandoned) {
            Self::Streaming(mut stream) => stream.waiters.take(),
            _ => Waiters::default(),
        }
    }

    /// Applies one message.
    pub(crate) fn apply(&mut self, message: Outbound) -> Result<Effect, SendError> {
        match message {
            Outbound::Start(head) => self.start(head),
            Outbound::Body { chunk, more } => self.body(chunk, more),
            Outbound::File(body) => self.file(body),
        }
    }

    fn start(&mut self, head: Head) -> Result<Effect, SendError> {
        match std::mem::replace(self, Self::Abandoned) {
            Self::Idle { responder, is_head } => {
                *self = Self::Started {
                    responder,
                    head,
                    is_head,
                };
                Ok(Effect::HeadPending)
            }
            Self::Abandoned => Err(SendError::Disconnected),
            complete @ Self::Complete => {
                *self = complete;
                Err(SendError::AfterEnd("http.response.start"))
            }
            other => {
                *self = other;
                Err(SendError::StartedTwice)
            }
        }
    }

    fn body(&mut self, chunk: Bytes, more: bool) -> Result<Effect, SendError> {
        match self {
            Self::Idle { .. } => Err(SendError::NotStarted("http.response.body")),
            Self::Started { head, is_head, .. } => {
                if !head.has_no_content(*is_head) {
                    check_length(head.length, chunk.len(), more)?;
                }
                Ok(self.first_body(chunk, more))
            }
            Self::Streaming(stream) => match stream.push(chunk, more) {
                Ok(effect) => {
                    if !more && !stream.finishing {
                        *self = Self::Complete;
                    }
                    Ok(effect)
                }
                Err(error) => {
                    // What was announced cannot be kept any more: the client must not take this for a whole body.
                    *self = Self::Abandoned;
                    Err(error)
                }
            },
            Self::Discarding => {
                if more {
                    return Ok(Effect::None);
                }
                *self = Self::Complete;
                Ok(Effect::Complete { start_moving: false })
            }
            Self::Complete => Err(SendError::AfterEnd("http.response.body")),
            Self::Abandoned => Err(SendError::Disconnected),
        }
    }

    fn first_body(&mut self, chunk: Bytes, more: bool) -> Effect {
        let Self::Started {
            responder,
            head,
            is_head,
        } = std::mem::replace(self, Self::Complete)
        else {
            return Effect::None;
        };
        if head.has_no_content(is_head) {
            if more {
                *self = Self::Discarding;
            }
            return Effect::Respond {
                responder,
                response: head.into_response(ResponseBody::Empty),
                complete: !more,
            };
        }
        if !more {
            let response = head.into_response(ResponseBody::full(chunk));
            return Effect::Respond {
                responder,
                response,
                complete: true,
            };
        }
        let (stream, response) = Stream::open(head, chunk);
        *self = Self::Streaming(stream);
        Effect::Respond {
            responder,
            response,
            complete: false,
        }
    }

    fn file(&mut self, body: ResponseBody) -> Result<Effect, SendError> {
        match std::mem::replace(self, Self::Complete) {
            Self::Started {
                responder,
                head,
                is_head,
            } => {
                let body = if head.has_no_content(is_head) {
                    ResponseBody::Empty
                } else {
                    body
                };
                Ok(Effect::Respond {
                    responder,
                    response: head.into_response(body),
                    complete: true,
                })
            }
            other => {
                let error = match &other {
                    Self::Idle { .. } => SendError::NotStarted("http.response.pathsend"),
                    Self::Complete => SendError::AfterEnd("http.response.pathsend"),
                    Self::Abandoned => SendError::Disconnected,
                    Self::Started { .. } | Self::Streaming(_) | Self::Discarding => SendError::FileAfterBody,
                };
                *self = other;
                Err(error)
            }
        }
    }

    /// Hands out a head whose body has not come for a while, so that the client sees that something is under way.
    pub(crate) fn flush_head(&mut self) -> Option<(Completer<Response>, Response)> {
        if !matches!(self, Self::Started { .. }) {
            return None;
        }
        match self.first_body(Bytes::new(), true) {
            Effect::Respond {
                responder, response, ..
            } => Some((responder, response)),
            _ => None,
        }
    }
}

/// Checks the first chunk against the announced length.
fn check_length(length: Option<u64>, size: usize, more: bool) -> Result<(), SendError> {
    let Some(length) = length else { return Ok(()) };
    let size = size as u64;
    if size > length {
        Err(SendError::TooLong)
    } else if size < length && !more {
        Err(SendError::TooShort)
    } else {
        Ok(())
    }
}

impl Stream {
    fn open(head: Head, first: Bytes) -> (Self, Response) {
        let (sender, receiver) = server::body::channel(STREAM_CAPACITY);
        let remaining = head
            .length
            .map(|length| length.saturating_sub(first.len() as u64));
        let mut stream = Self {
            sender,
            remaining,
            overflow: VecDeque::new(),
            moving: false,
            finishing: false,
            waiters: Waiters::default(),
        };
        if let Err(first) = stream.sender.try_send(first) {
            stream.overflow.push_back(first);
        }
        (stream, head.into_response(ResponseBody::Channel(receiver)))
    }

    fn push(&mut self, chunk: Bytes, more: bool) -> Result<Effect, SendError> {
        if self.sender.is_closed() {
            // The server lets go of a body once it has sent all that was announced: no client has gone.
            return match (self.remaining, more) {
                (Some(0), true) if chunk.is_empty() => Ok(Effect::None),
                (Some(0), false) if chunk.is_empty() => Ok(Effect::Complete { start_moving: false }),
                _ => Err(SendError::Disconnected),
            };
        }
        if let Some(remaining) = self.remaining.as_mut() {
            check_length(Some(*remaining), chunk.len(), more)?;
            *remaining -= chunk.len() as u64;
        }
        let mut full = false;
        if !chunk.is_empty() {
            let unsent = if self.overflow.is_empty() {
                self.sender.try_send(chunk).err()
            } else {
                Some(chunk)
            };
            if let Some(chunk) = unsent {
                self.overflow.push_back(chunk);
                full = true;
            }
        }
        if more {
            let start_moving = full && !std::mem::replace(&mut self.moving, true);
            return Ok(if full {
                Effect::Full { start_moving }
            } else {
                Effect::None
            });
        }
        let finished = self.overflow.is_empty() && self.sender.clone().try_finish().is_ok();
        self.finishing = !finished;
        let start_moving = !finished && !std::mem::replace(&mut self.moving, true);
        Ok(Effect::Complete { start_moving })
    }
}

/// Removes what the server decides itself, and finds the announced length.
pub(crate) fn frame(status: StatusCode, mut headers: HeaderMap) -> Result<Head, &'static str> {
    headers.remove(header::TRANSFER_ENCODING);
    // RFC 9110 8.6: a 204 has no Content-Length.
    if status == StatusCode::NO_CONTENT {
        headers.remove(header::CONTENT_LENGTH);
    }
    let length = match headers.get(header::CONTENT_LENGTH) {
        None => None,
        Some(value) => {
            let digits = value
                .to_str()
                .ok()
                .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            Some(
                digits
                    .and_then(|text| text.parse().ok())
                    .ok_or("the response has an invalid Content-Length")?,
            )
        }
    };
    Ok(Head {
        status,
        headers,
        length,
    })
}

#[cfg(test)]
mod tests;
