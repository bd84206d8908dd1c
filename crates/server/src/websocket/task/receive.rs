//! Frames in: from the socket to the application's queue.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use super::super::close::Closed;
use super::super::frame::{self, Head, Opcode, parse_head, unmask};
use super::super::message::{Message, parse_close};
use super::{Phase, Step, Task, WRITE_HIGH};

/// Bytes read at once while no message is partly received; idle sockets hold no buffer.
const READ_CHUNK: usize = 16 * 1024;

/// Payloads up to this size are copied out of the read buffer, so that it can be used again.
const COPY_LIMIT: usize = 4 * 1024;

impl Task {
    pub(super) fn decode(&mut self, cx: &mut Context<'_>) -> Result<Step, Closed> {
        let mut step = Step::Blocked;
        while self.to_write.len() < WRITE_HIGH && self.phase != Phase::Finishing {
            let head = match self.head {
                Some(head) => head,
                None => match self.next_head()? {
                    Some(head) => head,
                    None => break,
                },
            };
            if self.received.len() < head.payload_length {
                break;
            }
            // A data frame is taken only when its message can be handed over.
            if !head.opcode.is_control() && !self.has_room(cx) {
                break;
            }
            self.head = None;
            self.take_frame(&head)?;
            step = Step::Progress;
        }
        Ok(step)
    }

    fn next_head(&mut self) -> Result<Option<Head>, Closed> {
        let Some(head) = parse_head(&self.received)? else {
            return Ok(None);
        };
        if !head.opcode.is_control() {
            self.assembler.check(&head)?;
        }
        self.received.advance(head.head_length);
        self.head = Some(head);
        Ok(Some(head))
    }

    fn has_room(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.incoming {
            None => true,
            Some(incoming) => match incoming.poll_reserve(cx) {
                Poll::Pending => false,
                Poll::Ready(Ok(())) => true,
                // The application no longer receives: messages are read and dropped.
                Poll::Ready(Err(_)) => {
                    self.incoming = None;
                    true
                }
            },
        }
    }

    fn take_frame(&mut self, head: &Head) -> Result<(), Closed> {
        unmask(&mut self.received[..head.payload_length], head.mask);
        let payload = if head.payload_length <= COPY_LIMIT {
            let payload = Bytes::copy_from_slice(&self.received[..head.payload_length]);
            self.received.advance(head.payload_length);
            payload
        } else {
            self.received.split_to(head.payload_length).freeze()
        };
        match head.opcode {
            Opcode::Ping if self.phase == Phase::Open => {
                frame::write_frame(&mut self.to_write, Opcode::Pong, false, &payload);
            }
            Opcode::Ping | Opcode::Pong => {}
            Opcode::Close => self.peer_closes(parse_close(&payload)?),
            _ => {
                if let Some(message) = self.assembler.push(head, payload)? {
                    self.deliver(message);
                }
            }
        }
        Ok(())
    }

    fn deliver(&mut self, message: Message) {
        if let Some(incoming) = &mut self.incoming {
            if incoming.send_item(message).is_err() {
                self.incoming = None;
            }
        }
    }

    pub(super) fn read(&mut self, cx: &mut Context<'_>) -> io::Result<Step> {
        let wanted = self.head.map_or(0, |head| head.payload_length);
        if self.to_write.len() >= WRITE_HIGH || (self.head.is_some() && self.received.len() >= wanted) {
            // Frames wait to be decoded until there is room.
            return Ok(Step::Blocked);
        }
        // Not zeroed: that would cost as much as the system call for a small message.
        let mut scratch = [const { MaybeUninit::uninit() }; READ_CHUNK];
        let direct = !self.received.is_empty() && wanted > READ_CHUNK;
        let polled = if direct {
            self.received.reserve(READ_CHUNK * 4);
            let pinned = std::pin::pin!(tokio::io::AsyncReadExt::read_buf(
                &mut self.io,
                &mut self.received
            ));
            pinned.poll(cx).map_ok(|_| ())
        } else {
            let mut buffer = ReadBuf::uninit(&mut scratch);
            let polled = Pin::new(&mut self.io).poll_read(cx, &mut buffer);
            self.received.extend_from_slice(buffer.filled());
            polled
        };
        match polled {
            Poll::Pending => {
                if self.received.is_empty() {
                    self.received = BytesMut::new();
                }
                Ok(Step::Blocked)
            }
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(())) if self.connection.is_client_gone() => {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
            Poll::Ready(Ok(())) => {
                self.alive.received();
                Ok(Step::Progress)
            }
        }
    }
}
