//! The socket as hyper sees it: with the bytes read for protocol detection, a watch on progress, a stricter look at
//! line ends, a client that half-closes, and a close that does not destroy the answer.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::guard::Guard;
use super::registry::Registration;
use super::state::{Connection, Phase};

/// Most bytes that are read and thrown away after the last answer: many clients send all of an upload that is being
/// refused before they look at the answer.
const LINGER_BYTES: usize = 64 * 1024 * 1024;

/// A transport socket.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(tokio::net::TcpStream),
    Unix(tokio::net::UnixStream),
}

macro_rules! each {
    ($stream:expr, $inner:ident => $body:expr) => {
        match $stream {
            Stream::Tcp($inner) => $body,
            Stream::Unix($inner) => $body,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}

/// A registered connection's socket.
#[derive(Debug)]
pub(crate) struct ConnectionIo {
    stream: Stream,
    prefix: BytesMut,
    guard: Guard,
    end_of_file: bool,
    write_closed: bool,
    lingered: usize,
    registration: Registration,
}

impl ConnectionIo {
    pub(crate) fn new(stream: Stream, registration: Registration) -> Self {
        Self {
            stream,
            prefix: BytesMut::new(),
            guard: Guard::default(),
            end_of_file: false,
            write_closed: false,
            lingered: 0,
            registration,
        }
    }

    pub(crate) fn connection(&self) -> &Arc<Connection> {
        &self.registration.connection
    }

    /// Reads more bytes ahead of HTTP; they are handed out again by the first reads.
    pub(super) async fn peek(&mut self) -> io::Result<&[u8]> {
        tokio::io::AsyncReadExt::read_buf(&mut self.stream, &mut self.prefix).await?;
        Ok(&self.prefix)
    }

    /// A client that closes its side while its request is being handled is told to the handler, but still gets its
    /// answer: hyper learns of the end of input only after the answer has been written.
    fn hides_end_of_file(&self) -> bool {
        let connection = self.connection();
        !connection.is_http2() && connection.is(Phase::Busy) && !connection.is_body_open()
    }

    /// Returns how many bytes hyper is to see.
    fn inspect(&mut self, received: &mut [u8]) -> usize {
        let connection = &self.registration.connection;
        if connection.is_http2() || connection.is(Phase::Upgraded) || received.is_empty() {
            return received.len();
        }
        if connection.is(Phase::Idle) {
            connection.head_started();
            self.guard.idle();
        }
        self.guard.inspect(received)
    }

    fn watch_write<T>(&self, outcome: Poll<T>) -> Poll<T> {
        if outcome.is_pending() {
            self.connection().write_stuck();
        } else {
            self.connection().write_progress();
        }
        outcome
    }

    /// Reads on until the client has closed, so that unread input does not make the kernel reset the connection and
    /// destroy the answer on its way (RFC 9112 9.6). The sweep ends a client that does not read.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [MaybeUninit::uninit(); 16 * 1024];
        while self.lingered < LINGER_BYTES {
            let mut buf = ReadBuf::uninit(&mut scratch);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => self.lingered += buf.filled().len(),
                // The client has closed, or the connection is broken: nothing is left to protect.
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending if self.lingered == 0 && !self.connection().is_body_open() => {
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for ConnectionIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.end_of_file {
            return if self.hides_end_of_file() {
                Poll::Pending
            } else {
                Poll::Ready(Ok(()))
            };
        }
        let before = buf.filled().len();
        if self.prefix.is_empty() {
            if let Err(error) = ready!(Pin::new(&mut self.stream).poll_read(cx, buf)) {
                self.connection().set_client_gone();
                return Poll::Ready(Err(error));
            }
        } else {
            let size = self.prefix.len().min(buf.remaining());
            buf.put_slice(&self.prefix[..size]);
            self.prefix.advance(size);
        }
        if buf.filled().len() == before && buf.remaining() > 0 {
            self.end_of_file = true;
            self.connection().set_client_gone();
            return if self.hides_end_of_file() {
                Poll::Pending
            } else {
                Poll::Ready(Ok(()))
            };
        }
        let this = &mut *self;
        let kept = this.inspect(&mut buf.filled_mut()[before..]);
        buf.set_filled(before + kept);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ConnectionIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watch_write(outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.watch_write(outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.write_closed {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.write_closed = true;
            // The same limit as for a head: a client has that long to close its side.
            self.connection().head_started();
        }
        self.poll_linger(cx)
    }
}
