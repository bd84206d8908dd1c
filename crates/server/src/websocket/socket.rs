//! The application's ends of a WebSocket.

use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;

use super::close::{ABNORMAL, CloseCode, Closed};
use super::message::Message;
use crate::connection::Connection;

/// What the application asks the socket's task to send.
#[derive(Debug)]
pub(super) enum Outgoing {
    Message(Message),
    Close(Closed),
}

/// Set once, when the socket is closed.
pub(super) type CloseCell = Arc<OnceLock<Closed>>;

/// An open WebSocket.
#[derive(Debug)]
pub struct WebSocket {
    sender: Sender,
    receiver: Receiver,
}

/// Sends messages; clones send to the same socket.
#[derive(Debug, Clone)]
pub struct Sender {
    queue: mpsc::Sender<Outgoing>,
    closed: CloseCell,
}

/// Receives messages.
#[derive(Debug)]
pub struct Receiver {
    queue: mpsc::Receiver<Message>,
    closed: CloseCell,
    connection: Arc<Connection>,
}

fn why(closed: &CloseCell) -> Closed {
    closed.get().cloned().unwrap_or_else(|| Closed::new(ABNORMAL, ""))
}

impl WebSocket {
    pub(super) fn new(
        outgoing: mpsc::Sender<Outgoing>,
        incoming: mpsc::Receiver<Message>,
        closed: CloseCell,
        connection: Arc<Connection>,
    ) -> Self {
        Self {
            sender: Sender {
                queue: outgoing,
                closed: Arc::clone(&closed),
            },
            receiver: Receiver {
                queue: incoming,
                closed,
                connection,
            },
        }
    }

    /// Both ends, for use by different tasks.
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// See [`Receiver::recv`].
    ///
    /// # Errors
    /// [`Closed`] once the socket is closed and all messages have been received.
    pub async fn recv(&mut self) -> Result<Message, Closed> {
        self.receiver.recv().await
    }

    /// See [`Sender::send`].
    ///
    /// # Errors
    /// [`Closed`] once the socket is closed.
    pub async fn send(&self, message: Message) -> Result<(), Closed> {
        self.sender.send(message).await
    }

    /// See [`Sender::close`].
    pub async fn close(&self, code: CloseCode, reason: &str) {
        self.sender.close(code, reason).await;
    }
}

impl Sender {
    /// Queues a message, waiting while the queue is full. Small messages queued together leave in one write.
    ///
    /// # Errors
    /// [`Closed`] once the socket is closed.
    pub async fn send(&self, message: Message) -> Result<(), Closed> {
        self.queue
            .send(Outgoing::Message(message))
            .await
            .map_err(|_| why(&self.closed))
    }

    /// Queues a message if there is room now.
    ///
    /// # Errors
    /// The message, when the queue is full or the socket closed ([`Sender::closed`] tells which).
    pub fn try_send(&self, message: Message) -> Result<(), Message> {
        self.queue
            .try_send(Outgoing::Message(message))
            .map_err(|error| match error.into_inner() {
                Outgoing::Message(message) => message,
                Outgoing::Close(_) => Message::Binary(bytes::Bytes::new()),
            })
    }

    /// Queues a message from a thread that may block.
    ///
    /// # Errors
    /// [`Closed`] once the socket is closed.
    ///
    /// # Panics
    /// When called on a thread of the runtime.
    pub fn blocking_send(&self, message: Message) -> Result<(), Closed> {
        self.queue
            .blocking_send(Outgoing::Message(message))
            .map_err(|_| why(&self.closed))
    }

    /// Closes the socket after what is already queued; does nothing if it is closed. The peer's answer is waited for
    /// in the background.
    pub async fn close(&self, code: CloseCode, reason: &str) {
        // A closed queue means that the socket is closed already, which is what was asked for.
        drop(self.queue.send(Outgoing::Close(Closed::new(code, reason))).await);
    }

    /// Closes the socket if the queue has room for that now; says whether it had, or the socket is closed anyway.
    pub fn try_close(&self, code: CloseCode, reason: &str) -> bool {
        let order = Outgoing::Close(Closed::new(code, reason));
        !matches!(
            self.queue.try_send(order),
            Err(mpsc::error::TrySendError::Full(_))
        )
    }

    /// Why the socket is closed, if it is.
    pub fn closed(&self) -> Option<Closed> {
        self.queue.is_closed().then(|| why(&self.closed))
    }
}

impl Receiver {
    /// The next message.
    ///
    /// # Errors
    /// [`Closed`] once the socket is closed and all messages have been received.
    pub async fn recv(&mut self) -> Result<Message, Closed> {
        self.queue.recv().await.ok_or_else(|| why(&self.closed))
    }

    /// A message that has already arrived.
    pub fn try_recv(&mut self) -> Option<Message> {
        self.queue.try_recv().ok()
    }

    /// The connection below.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }
}
