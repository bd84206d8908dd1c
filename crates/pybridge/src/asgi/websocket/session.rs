//! The state of one WebSocket, shared by the application on the loop's thread and tokio.
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode};
use server::websocket::{Closed, Message, Receiver, Sender, WebSocket};
use server::{Response, ResponseBody};

use super::Decision;
use crate::asgi::AsgiApp;
use crate::asgi::exchange::plain;
use crate::asgi::suspension::Waiters;
use crate::event_loop::Completer;

/// A denial body is held in memory; more than an error page is a mistake.
const MAX_DENIAL_BODY: usize = 1024 * 1024;

enum State {
    /// The application has not answered the handshake.
    Undecided(Completer<Decision>),
    /// It sends a response instead of accepting.
    Denying {
        decider: Completer<Decision>,
        response: Response,
        body: BytesMut,
    },
    /// It has accepted, the socket is not there yet.
    Opening,
    Open {
        sender: Sender,
        receiver: Receiver,
    },
    /// The application has closed the socket or denied it.
    ClosedByApplication {
        receiver: Option<Receiver>,
    },
    /// The client has gone, or the application has returned.
    Over,
}

struct Inner {
    state: State,
    connect_delivered: bool,
    receivers: Waiters,
    senders: Waiters,
}

/// One WebSocket.
pub(super) struct Session {
    app: Arc<AsgiApp>,
    inner: Mutex<Inner>,
}

/// What `receive` returns next.
pub(super) enum Event {
    Connect,
    Message(Message),
    Disconnect(Closed),
}

/// A message of the application, checked.
pub(super) enum Outbound {
    Accept {
        subprotocol: Option<HeaderValue>,
        headers: HeaderMap,
    },
    Message(Message),
    Close {
        code: u16,
        reason: String,
    },
    DenialStart {
        status: StatusCode,
        headers: HeaderMap,
    },
    DenialBody {
        chunk: Bytes,
        more: bool,
    },
}

/// What a message leads to, to be done once the lock is released.
pub(super) enum Effect {
    None,
    Decide(Completer<Decision>, Decision),
    /// The socket's queue is full, or the socket is not open yet.
    Wait(Outbound),
    /// The queue is full; the close can wait in the background.
    CloseLater {
        sender: Sender,
        code: u16,
        reason: String,
    },
}

/// Why a message was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum SendError {
    #[error("'{0}' was sent before 'websocket.accept'")]
    NotAccepted(&'static str),
    #[error("'{0}' was sent after the handshake was answered")]
    HandshakeOver(&'static str),
    #[error("'{0}' was sent after the WebSocket was closed")]
    AfterClose(&'static str),
    #[error("the body of a denial response is larger than {MAX_DENIAL_BODY} bytes")]
    DenialTooLarge,
    #[error("the client has disconnected")]
    Disconnected,
}

/// What the application left behind.
pub(super) enum Ending {
    Undecided(Completer<Decision>),
    Open(Sender),
    Over,
}

impl Session {
    pub(super) fn new(app: Arc<AsgiApp>, decider: Completer<Decision>) -> Self {
        let inner = Inner {
            state: State::Undecided(decider),
            connect_delivered: false,
            receivers: Waiters::default(),
            senders: Waiters::default(),
        };
        Self {
            app,
            inner: Mutex::new(inner),
        }
    }

    pub(super) fn app(&self) -> &Arc<AsgiApp> {
        &self.app
    }

    // Never held while Python runs: see `Exchange`.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handshake is complete; called by tokio.
    pub(super) fn opened(&self, socket: WebSocket) {
        let (sender, receiver) = socket.split();
        let (waiting, unused) = {
            let mut inner = self.lock();
            let unused = match inner.state {
                State::Opening => {
                    inner.state = State::Open { sender, receiver };
                    None
                }
                // The application closed or returned meanwhile.
                _ => Some(sender),
            };
            (inner.take_waiters(), unused)
        };
        if let Some(sender) = unused {
            self.app
                .runtime
                .spawn(async move { sender.close(1000, "").await });
        }
        self.resume(waiting);
    }

    /// There will be no socket; called by tokio.
    pub(super) fn client_gone(&self) {
        let (waiting, state) = {
            let mut inner = self.lock();
            (
                inner.take_waiters(),
                std::mem::replace(&mut inner.state, State::Over),
            )
        };
        drop(state);
        self.resume(waiting);
    }

    fn resume(&self, waiting: [Waiters; 2]) {
        for waiters in waiting {
            waiters.resolve_on(&self.app.event_loop);
        }
    }

    /// The application has returned.
    pub(super) fn finish(&self, failed: bool) -> Ending {
        match std::mem::replace(&mut self.lock().state, State::Over) {
            State::Undecided(decider) => Ending::Undecided(decider),
            State::Denying {
                decider,
                mut response,
                body,
            } => {
                if !failed {
                    *response.body_mut() = ResponseBody::full(body.freeze());
                    // A client that has gone needs no answer.
                    drop(decider.send(Decision::Deny(response)));
                    return Ending::Over;
                }
                Ending::Undecided(decider)
            }
            State::Open { sender, .. } => Ending::Open(sender),
            State::Opening | State::ClosedByApplication { .. } | State::Over => Ending::Over,
        }
    }

    /// The next event if it is there; otherwise `waker` is woken when it may be.
    pub(super) fn poll_receive(&self, waker: &Waker) -> Poll<Event> {
        let mut inner = self.lock();
        if !inner.connect_delivered {
            inner.connect_delivered = true;
            return Poll::Ready(Event::Connect);
        }
        let receiver = match &mut inner.state {
            State::Open { receiver, .. } => receiver,
            State::ClosedByApplication {
                receiver: Some(receiver),
            } => receiver,
            State::ClosedByApplication { receiver: None } | State::Over => {
                return Poll::Ready(Event::Disconnect(abnormal()));
            }
            State::Undecided(_) | State::Denying { .. } | State::Opening => return Poll::Pending,
        };
        let received = std::task::ready!(pin!(receiver.recv()).poll(&mut Context::from_waker(waker)));
        Poll::Ready(match received {
            Ok(message) => Event::Message(message),
            Err(closed) => Event::Disconnect(closed),
        })
    }

    /// Notes a future that is resolved when [`Self::poll_receive`] may have an event.
    pub(super) fn wait_to_receive(&self, future: pyo3::Py<pyo3::PyAny>) {
        self.lock().receivers.push(future);
    }

    /// Notes a future that is resolved when the socket has been opened or is gone.
    pub(super) fn wait_to_send(&self, future: pyo3::Py<pyo3::PyAny>) {
        self.lock().senders.push(future);
    }

    /// Whether the socket has yet to be opened.
    pub(super) fn is_opening(&self) -> bool {
        matches!(self.lock().state, State::Opening)
    }

    /// Whether the client has gone.
    pub(super) fn is_over(&self) -> bool {
        match &self.lock().state {
            State::Over => true,
            State::Open { sender, .. } => sender.closed().is_some(),
            _ => false,
        }
    }

    /// The sending end, if the socket is open.
    pub(super) fn sender(&self) -> Option<Sender> {
        match &self.lock().state {
            State::Open { sender, .. } => Some(sender.clone()),
            _ => None,
        }
    }

    /// Applies one message of the application.
    pub(super) fn apply(&self, message: Outbound) -> Result<Effect, SendError> {
        let mut inner = self.lock();
        match message {
            Outbound::Message(message) => inner.state.message(message),
            Outbound::Accept { subprotocol, headers } => inner.state.accept(subprotocol, headers),
            Outbound::Close { code, reason } => inner.state.close(code, reason),
            Outbound::DenialStart { status, headers } => inner.state.denial_start(status, headers),
            Outbound::DenialBody { chunk, more } => inner.state.denial_body(&chunk, more),
        }
    }
}

impl Inner {
    fn take_waiters(&mut self) -> [Waiters; 2] {
        [self.receivers.take(), self.senders.take()]
    }
}

fn abnormal() -> Closed {
    Closed {
        code: 1006,
        reason: String::new(),
    }
}

impl State {
    fn accept(&mut self, subprotocol: Option<HeaderValue>, headers: HeaderMap) -> Result<Effect, SendError> {
        match std::mem::replace(self, Self::Opening) {
            Self::Undecided(decider) => {
                Ok(Effect::Decide(decider, Decision::Accept { subprotocol, headers }))
            }
            Self::Over => {
                *self = Self::Over;
                Err(SendError::Disconnected)
            }
            other => {
                *self = other;
                Err(SendError::HandshakeOver("websocket.accept"))
            }
        }
    }

    fn message(&mut self, message: Message) -> Result<Effect, SendError> {
        match self {
            Self::Open { sender, .. } => match sender.try_send(message) {
                Ok(()) => Ok(Effect::None),
                Err(_) if sender.closed().is_some() => Err(SendError::Disconnected),
                Err(message) => Ok(Effect::Wait(Outbound::Message(message))),
            },
            Self::Opening => Ok(Effect::Wait(Outbound::Message(message))),
            Self::Undecided(_) | Self::Denying { .. } => Err(SendError::NotAccepted("websocket.send")),
            Self::ClosedByApplication { .. } => Err(SendError::AfterClose("websocket.send")),
            Self::Over => Err(SendError::Disconnected),
        }
    }

    fn close(&mut self, code: u16, reason: String) -> Result<Effect, SendError> {
        match std::mem::replace(self, Self::ClosedByApplication { receiver: None }) {
            // The handshake is refused with 403, as the specification has it.
            Self::Undecided(decider) => Ok(Effect::Decide(
                decider,
                Decision::Deny(plain(StatusCode::FORBIDDEN)),
            )),
            Self::Open { sender, receiver } => {
                *self = Self::ClosedByApplication {
                    receiver: Some(receiver),
                };
                if sender.try_close(code, &reason) {
                    Ok(Effect::None)
                } else {
                    Ok(Effect::CloseLater { sender, code, reason })
                }
            }
            Self::Opening => {
                *self = Self::Opening;
                Ok(Effect::Wait(Outbound::Close { code, reason }))
            }
            Self::Over => {
                *self = Self::Over;
                // There is nothing left to close, which is what was wanted.
                Ok(Effect::None)
            }
            other => {
                let error = match &other {
                    Self::Denying { .. } => SendError::HandshakeOver("websocket.close"),
                    _ => SendError::AfterClose("websocket.close"),
                };
                *self = other;
                Err(error)
            }
        }
    }

    fn denial_start(&mut self, status: StatusCode, headers: HeaderMap) -> Result<Effect, SendError> {
        match std::mem::replace(self, Self::Over) {
            Self::Undecided(decider) => {
                let mut response = Response::default();
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                *self = Self::Denying {
                    decider,
                    response,
                    body: BytesMut::new(),
                };
                Ok(Effect::None)
            }
            Self::Over => Err(SendError::Disconnected),
            other => {
                *self = other;
                Err(SendError::HandshakeOver("websocket.http.response.start"))
            }
        }
    }

    fn denial_body(&mut self, chunk: &[u8], more: bool) -> Result<Effect, SendError> {
        match std::mem::replace(self, Self::ClosedByApplication { receiver: None }) {
            Self::Denying {
                decider,
                mut response,
                mut body,
            } => {
                if body.len() + chunk.len() > MAX_DENIAL_BODY {
                    *self = Self::Denying {
                        decider,
                        response,
                        body,
                    };
                    return Err(SendError::DenialTooLarge);
                }
                body.extend_from_slice(chunk);
                if more {
                    *self = Self::Denying {
                        decider,
                        response,
                        body,
                    };
                    return Ok(Effect::None);
                }
                *response.body_mut() = ResponseBody::full(body.freeze());
                Ok(Effect::Decide(decider, Decision::Deny(response)))
            }
            Self::Over => {
                *self = Self::Over;
                Err(SendError::Disconnected)
            }
            other => {
                let error = match &other {
                    Self::Undecided(_) => SendError::NotAccepted("websocket.http.response.body"),
                    _ => SendError::HandshakeOver("websocket.http.response.body"),
                };
                *self = other;
                Err(error)
            }
        }
    }
}

/// Woken by the socket's task when a message has come: resumes the application on the loop's thread.
impl Wake for Session {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let session = Arc::clone(self);
        self.app.event_loop.submit(move |context| {
            let waiters = session.lock().receivers.take();
            waiters.resolve(context.py());
        });
    }
}
