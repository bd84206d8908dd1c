//! The task that owns the connection of an open WebSocket.

mod receive;

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::AsyncWrite;
use tokio::sync::mpsc;
use tokio_util::sync::PollSender;

use super::close::{ABNORMAL, Closed, GOING_AWAY, INTERNAL_ERROR, NORMAL};
use super::deflate::{Deflater, Inflater, Parameters};
use super::frame::{self, Head, Opcode};
use super::keep_alive::{KeepAlive, Verdict};
use super::message::{Assembler, Message};
use super::socket::{CloseCell, Outgoing, WebSocket};
use crate::config::WebSocketConfig;
use crate::connection::{Connection, ConnectionIo};

/// Bytes waiting to be written above which nothing more is encoded, and no frame that needs an answer is read.
const WRITE_HIGH: usize = 64 * 1024;

/// How long the application may still answer after its peer has broken the protocol.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// How long a stop waits for the peer's part of the closing handshake.
const DRAIN: Duration = Duration::from_secs(3);

pub(super) fn start(
    io: ConnectionIo,
    read_ahead: &[u8],
    compression: Option<Parameters>,
    config: &WebSocketConfig,
    connection: Arc<Connection>,
) -> WebSocket {
    let (outgoing_sender, outgoing) = mpsc::channel(config.queue.max(1));
    let (incoming, incoming_receiver) = mpsc::channel(config.queue.max(1));
    let closed: CloseCell = Arc::new(OnceLock::new());
    let task = Task {
        io,
        connection: Arc::clone(&connection),
        received: BytesMut::from(read_ahead),
        head: None,
        assembler: Assembler::new(config.max_message_size, compression.map(Inflater::new)),
        deflater: compression.map(Deflater::new),
        incoming: Some(PollSender::new(incoming)),
        outgoing: Some(outgoing),
        to_write: BytesMut::new(),
        phase: Phase::Open,
        closed: Arc::clone(&closed),
        alive: KeepAlive::new(config),
    };
    tokio::spawn(task);
    WebSocket::new(outgoing_sender, incoming_receiver, closed, connection)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    /// Our close frame is written or about to be; the peer's is awaited.
    CloseSent,
    /// The peer broke the protocol. The application may answer what came before, then our close frame follows.
    Failing,
    /// Nothing more is read; what is queued is written, then the connection ends.
    Finishing,
    /// The transport is being shut down.
    ShuttingDown,
}

struct Task {
    io: ConnectionIo,
    connection: Arc<Connection>,
    received: BytesMut,
    head: Option<Head>,
    assembler: Assembler,
    deflater: Option<Deflater>,
    /// `None` once the application can get no more messages.
    incoming: Option<PollSender<Message>>,
    /// `None` once the application can send no more messages.
    outgoing: Option<mpsc::Receiver<Outgoing>>,
    to_write: BytesMut,
    phase: Phase,
    closed: CloseCell,
    alive: KeepAlive,
}

/// Whether a step could do something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Progress,
    Blocked,
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.connection.register_task(cx.waker());
        if this.connection.is_killed() {
            this.closed(Closed::new(ABNORMAL, ""));
            return Poll::Ready(());
        }
        if this.connection.is_draining() && this.phase == Phase::Open {
            this.begin_close(Closed::new(GOING_AWAY, ""));
            this.alive.limit(DRAIN);
        }
        // A busy socket gives other tasks their turn after this many rounds.
        for _ in 0..16 {
            if this.phase == Phase::ShuttingDown {
                return Pin::new(&mut this.io).poll_shutdown(cx).map(drop);
            }
            let outcome = this.round(cx);
            match outcome {
                Ok(Step::Progress) => {}
                Ok(Step::Blocked) => return Poll::Pending,
                Err(_) => {
                    this.closed(Closed::new(ABNORMAL, ""));
                    return Poll::Ready(());
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Task {
    /// One turn of everything. Errors are failures of the transport.
    fn round(&mut self, cx: &mut Context<'_>) -> io::Result<Step> {
        let encoded = self.encode_outgoing(cx);
        let written = self.write(cx)?;
        if self.phase == Phase::Finishing {
            if self.to_write.is_empty() {
                self.phase = Phase::ShuttingDown;
                return Ok(Step::Progress);
            }
            return Ok(self.keep_alive(cx).or(written));
        }
        if self.phase == Phase::Failing {
            return Ok(self.keep_alive(cx).or(encoded).or(written));
        }
        let decoded = match self.decode(cx) {
            Ok(step) => step,
            Err(close) => {
                self.fail(close);
                return Ok(Step::Progress);
            }
        };
        let read = if decoded == Step::Blocked {
            self.read(cx)?
        } else {
            Step::Progress
        };
        let alive = self.keep_alive(cx);
        Ok(encoded.or(written).or(decoded).or(read).or(alive))
    }

    // --- sending ----------------------------------------------------------------------------------------------------

    fn encode_outgoing(&mut self, cx: &mut Context<'_>) -> Step {
        let mut step = Step::Blocked;
        while matches!(self.phase, Phase::Open | Phase::Failing) && self.to_write.len() < WRITE_HIGH {
            let Some(outgoing) = &mut self.outgoing else { break };
            match outgoing.poll_recv(cx) {
                Poll::Pending => break,
                Poll::Ready(Some(Outgoing::Message(message))) => self.encode(&message),
                Poll::Ready(_) if self.phase == Phase::Failing => self.finish_failing(),
                Poll::Ready(Some(Outgoing::Close(close))) => self.begin_close(close),
                // All senders are gone without a close: the application has ended.
                Poll::Ready(None) => self.begin_close(Closed::new(NORMAL, "")),
            }
            step = Step::Progress;
        }
        step
    }

    fn encode(&mut self, message: &Message) {
        let opcode = match message {
            Message::Text(_) => Opcode::Text,
            Message::Binary(_) => Opcode::Binary,
        };
        let payload = message.as_bytes();
        match self
            .deflater
            .as_mut()
            .and_then(|deflater| deflater.deflate(payload))
        {
            Some(packed) => frame::write_frame(&mut self.to_write, opcode, true, &packed),
            None => frame::write_frame(&mut self.to_write, opcode, false, payload),
        }
    }

    fn write(&mut self, cx: &mut Context<'_>) -> io::Result<Step> {
        let mut step = Step::Blocked;
        while !self.to_write.is_empty() {
            match Pin::new(&mut self.io).poll_write(cx, &self.to_write) {
                Poll::Pending => return Ok(step),
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(written)) => {
                    self.to_write.advance(written);
                    step = Step::Progress;
                }
                Poll::Ready(Err(error)) => return Err(error),
            }
        }
        if self.to_write.capacity() > WRITE_HIGH * 2 {
            self.to_write = BytesMut::new();
        }
        Ok(step)
    }

    // --- closing ----------------------------------------------------------------------------------------------------

    /// Records why the socket closed and cuts the application off; queued messages can still be received.
    fn closed(&mut self, close: Closed) {
        self.closed.get_or_init(|| close);
        self.incoming = None;
        self.outgoing = None;
    }

    /// Sends our close frame and waits for the peer's.
    fn begin_close(&mut self, close: Closed) {
        if self.phase == Phase::Open {
            frame::write_close(&mut self.to_write, &close);
            self.phase = Phase::CloseSent;
            self.closed(close);
            self.alive.limit_close();
        }
    }

    /// Ends a socket whose peer has broken the protocol.
    fn fail(&mut self, close: Closed) {
        self.closed.get_or_init(|| close);
        self.incoming = None;
        if self.phase == Phase::Open {
            self.phase = Phase::Failing;
            self.alive.limit(LAST_WORDS);
        } else {
            self.finish();
        }
    }

    fn finish_failing(&mut self) {
        if let Some(close) = self.closed.get() {
            frame::write_close(&mut self.to_write, close);
        }
        self.finish();
    }

    fn finish(&mut self) {
        self.phase = Phase::Finishing;
        self.outgoing = None;
        self.alive.limit_close();
    }

    /// Answers the peer's close after what the application has already queued.
    fn peer_closes(&mut self, close: Closed) {
        if self.phase == Phase::Open {
            while let Some(Ok(Outgoing::Message(message))) =
                self.outgoing.as_mut().map(mpsc::Receiver::try_recv)
            {
                self.encode(&message);
            }
            frame::write_close(&mut self.to_write, &close);
        }
        self.closed(close);
        self.finish();
    }

    fn keep_alive(&mut self, cx: &mut Context<'_>) -> Step {
        match self.alive.poll(cx) {
            Poll::Pending => Step::Blocked,
            Poll::Ready(Verdict::Ping) => {
                frame::write_frame(&mut self.to_write, Opcode::Ping, false, b"");
                Step::Progress
            }
            Poll::Ready(Verdict::Dead) if self.phase == Phase::Open => {
                self.fail(Closed::new(INTERNAL_ERROR, "keepalive ping timeout"));
                Step::Progress
            }
            Poll::Ready(Verdict::Dead) if self.phase == Phase::Failing => {
                self.finish_failing();
                Step::Progress
            }
            Poll::Ready(Verdict::Dead) => {
                self.phase = Phase::ShuttingDown;
                Step::Progress
            }
        }
    }
}

impl Step {
    fn or(self, other: Self) -> Self {
        if self == Self::Progress { self } else { other }
    }
}
