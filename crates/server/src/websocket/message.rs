//! Messages, put together from frames.

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;

use super::close::{self, Closed, INVALID_DATA, NO_STATUS, POLICY, PROTOCOL_ERROR, TOO_BIG};
use super::deflate::Inflater;
use super::frame::{Head, Opcode};

/// A data message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Text, checked to be UTF-8.
    Text(ByteString),
    /// Bytes.
    Binary(Bytes),
}

impl Message {
    /// The payload.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

/// More fragments than this in one message are an attack: each costs us more than it costs the sender.
const MAX_FRAGMENTS: usize = 16 * 1024;

/// A message that has begun with a fragment.
#[derive(Debug)]
struct Partial {
    text: bool,
    compressed: bool,
    fragments: usize,
    data: BytesMut,
    /// How much of `data` is known to be whole, valid UTF-8.
    valid: usize,
}

/// Puts frames together.
#[derive(Debug)]
pub(super) struct Assembler {
    limit: usize,
    inflater: Option<Inflater>,
    partial: Option<Partial>,
}

impl Assembler {
    pub(super) fn new(limit: usize, inflater: Option<Inflater>) -> Self {
        Self {
            limit,
            inflater,
            partial: None,
        }
    }

    /// Checks a data frame's head against what came before, and its announced length against the limit.
    ///
    /// # Errors
    /// The close to send.
    pub(super) fn check(&self, head: &Head) -> Result<(), Closed> {
        match (head.opcode, &self.partial) {
            (Opcode::Continuation, None) => Err(Closed::new(PROTOCOL_ERROR, "nothing to continue")),
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                Err(Closed::new(PROTOCOL_ERROR, "a message began inside another"))
            }
            (Opcode::Continuation, Some(_)) if head.compressed => {
                Err(Closed::new(PROTOCOL_ERROR, "reserved bits are set"))
            }
            _ if head.compressed && self.inflater.is_none() => {
                Err(Closed::new(PROTOCOL_ERROR, "reserved bits are set"))
            }
            (_, partial) => {
                let present = partial.as_ref().map_or(0, |partial| partial.data.len());
                let fits = head.payload_length <= self.limit - present;
                if fits {
                    Ok(())
                } else {
                    Err(Closed::new(TOO_BIG, "message too big"))
                }
            }
        }
    }

    /// Takes the unmasked payload of a data frame; returns the message if it is complete now.
    ///
    /// # Errors
    /// The close to send.
    pub(super) fn push(&mut self, head: &Head, payload: Bytes) -> Result<Option<Message>, Closed> {
        let Some(mut partial) = self.partial.take() else {
            if head.fin {
                return self
                    .complete(head.opcode == Opcode::Text, head.compressed, payload)
                    .map(Some);
            }
            let partial = Partial {
                text: head.opcode == Opcode::Text,
                compressed: head.compressed,
                fragments: 0,
                data: BytesMut::new(),
                valid: 0,
            };
            return self.append(partial, head.fin, &payload);
        };
        partial.fragments += 1;
        if partial.fragments > MAX_FRAGMENTS {
            return Err(Closed::new(POLICY, "too many fragments"));
        }
        self.append(partial, head.fin, &payload)
    }

    fn append(&mut self, mut partial: Partial, fin: bool, payload: &[u8]) -> Result<Option<Message>, Closed> {
        if partial.data.len() + payload.len() > self.limit {
            return Err(Closed::new(TOO_BIG, "message too big"));
        }
        partial.data.extend_from_slice(payload);
        if fin {
            return self
                .complete(partial.text, partial.compressed, partial.data.freeze())
                .map(Some);
        }
        if partial.text && !partial.compressed {
            // Fail as soon as the text cannot become valid any more, as RFC 6455 8.1 asks.
            match std::str::from_utf8(&partial.data[partial.valid..]) {
                Ok(_) => partial.valid = partial.data.len(),
                Err(error) if error.error_len().is_some() => return Err(not_utf8()),
                Err(error) => partial.valid += error.valid_up_to(),
            }
        }
        self.partial = Some(partial);
        Ok(None)
    }

    fn complete(&mut self, text: bool, compressed: bool, data: Bytes) -> Result<Message, Closed> {
        let data = match &mut self.inflater {
            Some(inflater) if compressed => inflater.inflate(&data, self.limit)?,
            _ => data,
        };
        if text {
            ByteString::try_from(data)
                .map(Message::Text)
                .map_err(|_| not_utf8())
        } else {
            Ok(Message::Binary(data))
        }
    }
}

fn not_utf8() -> Closed {
    Closed::new(INVALID_DATA, "text is not UTF-8")
}

/// Reads the payload of a close frame.
///
/// # Errors
/// The close to send when it is not allowed.
pub(super) fn parse_close(payload: &[u8]) -> Result<Closed, Closed> {
    match payload.split_first_chunk() {
        None if payload.is_empty() => Ok(Closed::new(NO_STATUS, "")),
        None => Err(Closed::new(PROTOCOL_ERROR, "close frame of one byte")),
        Some((code, reason)) => {
            let code = u16::from_be_bytes(*code);
            if !close::may_be_received(code) {
                return Err(Closed::new(PROTOCOL_ERROR, "close code not allowed"));
            }
            let reason = std::str::from_utf8(reason).map_err(|_| not_utf8())?;
            Ok(Closed::new(code, reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(opcode: Opcode, fin: bool) -> Head {
        Head {
            fin,
            compressed: false,
            opcode,
            mask: [0; 4],
            head_length: 6,
            payload_length: 0,
        }
    }

    fn push(
        assembler: &mut Assembler,
        opcode: Opcode,
        fin: bool,
        data: &'static [u8],
    ) -> Result<Option<Message>, u16> {
        let head = head(opcode, fin);
        assembler.check(&head).map_err(|close| close.code)?;
        assembler
            .push(&head, Bytes::from_static(data))
            .map_err(|close| close.code)
    }

    #[test]
    fn fragments_become_one_message() {
        let mut assembler = Assembler::new(100, None);
        assert_eq!(push(&mut assembler, Opcode::Text, false, b"\xC3"), Ok(None));
        assert_eq!(
            push(&mut assembler, Opcode::Continuation, true, b"\xA9"),
            Ok(Some(Message::Text("\u{e9}".into())))
        );
        assert_eq!(
            push(&mut assembler, Opcode::Binary, true, b"x"),
            Ok(Some(Message::Binary("x".into())))
        );
    }

    #[test]
    fn wrong_sequences_are_refused() {
        let mut assembler = Assembler::new(100, None);
        assert_eq!(push(&mut assembler, Opcode::Continuation, true, b"x"), Err(1002));
        assert_eq!(push(&mut assembler, Opcode::Text, false, b"x"), Ok(None));
        assert_eq!(push(&mut assembler, Opcode::Text, true, b"x"), Err(1002));
    }

    #[test]
    fn invalid_text_fails_at_the_first_fragment_that_shows_it() {
        let mut assembler = Assembler::new(100, None);
        assert_eq!(push(&mut assembler, Opcode::Text, false, b"a\xCE"), Ok(None));
        assert_eq!(
            push(&mut assembler, Opcode::Continuation, false, b"\xFF"),
            Err(1007)
        );
        assert_eq!(
            push(&mut Assembler::new(100, None), Opcode::Text, true, b"\xFF"),
            Err(1007)
        );
    }

    #[test]
    fn size_and_number_of_fragments_are_bounded() {
        let mut assembler = Assembler::new(3, None);
        assert_eq!(push(&mut assembler, Opcode::Binary, false, b"ab"), Ok(None));
        assert_eq!(
            push(&mut assembler, Opcode::Continuation, false, b"cd"),
            Err(1009)
        );
        let mut assembler = Assembler::new(3, None);
        assert_eq!(push(&mut assembler, Opcode::Binary, false, b""), Ok(None));
        let end =
            (0..=MAX_FRAGMENTS).find_map(|_| push(&mut assembler, Opcode::Continuation, false, b"").err());
        assert_eq!(end, Some(1008));
    }

    #[test]
    fn close_payloads_are_checked() {
        assert_eq!(parse_close(b""), Ok(Closed::new(1005, "")));
        assert_eq!(parse_close(b"\x03\xE8bye"), Ok(Closed::new(1000, "bye")));
        for bad in [&b"\x03"[..], b"\x03\xE7", b"\x03\xED", b"\x0B\xB7", b"\xFF\xFF"] {
            assert_eq!(parse_close(bad).unwrap_err().code, 1002, "{bad:?}");
        }
        assert_eq!(parse_close(b"\x03\xE8\xFF").unwrap_err().code, 1007);
    }
}
