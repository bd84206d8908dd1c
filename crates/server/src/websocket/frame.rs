//! Frames on the wire (RFC 6455 5).

use bytes::{BufMut, BytesMut};

use super::close::{Closed, PROTOCOL_ERROR};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    pub(super) fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The head of a frame from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) fin: bool,
    pub(super) compressed: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    pub(super) head_length: usize,
    pub(super) payload_length: usize,
}

/// Reads the head of a client's frame from the start of `bytes`; `None` while it is incomplete.
///
/// # Errors
/// The close to send when the head is not allowed.
pub(super) fn parse_head(bytes: &[u8]) -> Result<Option<Head>, Closed> {
    let Some(([first, second], rest)) = bytes.split_first_chunk() else {
        return Ok(None);
    };
    let opcode = Opcode::from_bits(first & 0x0F).ok_or_else(|| protocol("reserved opcode"))?;
    let fin = first & 0x80 != 0;
    if first & 0x30 != 0 {
        return Err(protocol("reserved bits are set"));
    }
    if second & 0x80 == 0 {
        return Err(protocol("client frames must be masked"));
    }
    let short = second & 0x7F;
    if opcode.is_control() && (short > 125 || !fin || first & 0x40 != 0) {
        return Err(protocol("control frames must be short, whole and not compressed"));
    }
    let Some((length, extra)) = parse_length(short, rest)? else {
        return Ok(None);
    };
    let Some(mask) = rest[extra..].first_chunk() else {
        return Ok(None);
    };
    let payload_length = usize::try_from(length).unwrap_or(usize::MAX);
    Ok(Some(Head {
        fin,
        compressed: first & 0x40 != 0,
        opcode,
        mask: *mask,
        head_length: 2 + extra + 4,
        payload_length,
    }))
}

/// The payload length and how many bytes its extended form takes.
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, usize)>, Closed> {
    match short {
        126 => {
            let Some(bytes) = rest.first_chunk() else {
                return Ok(None);
            };
            let length = u64::from(u16::from_be_bytes(*bytes));
            if length < 126 {
                Err(protocol("length not minimal"))
            } else {
                Ok(Some((length, 2)))
            }
        }
        127 => {
            let Some(bytes) = rest.first_chunk() else {
                return Ok(None);
            };
            let length = u64::from_be_bytes(*bytes);
            if length <= u64::from(u16::MAX) || length >> 63 != 0 {
                return Err(protocol("length not minimal or out of range"));
            }
            Ok(Some((length, 8)))
        }
        short => Ok(Some((u64::from(short), 0))),
    }
}

fn protocol(reason: &'static str) -> Closed {
    Closed::new(PROTOCOL_ERROR, reason)
}

/// Removes (or applies) a mask.
pub(super) fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut words = payload.chunks_exact_mut(8);
    for word in &mut words {
        if let Ok(bytes) = <[u8; 8]>::try_from(&*word) {
            word.copy_from_slice(&(u64::from_ne_bytes(bytes) ^ wide).to_ne_bytes());
        }
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= key;
    }
}

/// Appends a whole, unmasked frame.
pub(super) fn write_frame(out: &mut BytesMut, opcode: Opcode, compressed: bool, payload: &[u8]) {
    out.reserve(10 + payload.len());
    out.put_u8(0x80 | if compressed { 0x40 } else { 0 } | opcode.bits());
    match payload.len() {
        length @ 0..=125 => out.put_u8(length as u8),
        length @ 126..=0xFFFF => {
            out.put_u8(126);
            out.put_u16(length as u16);
        }
        length => {
            out.put_u8(127);
            out.put_u64(length as u64);
        }
    }
    out.extend_from_slice(payload);
}

/// Appends a close frame; codes that must not be sent give an empty one. The reason is cut to what fits.
pub(super) fn write_close(out: &mut BytesMut, close: &Closed) {
    let mut payload = Vec::with_capacity(125);
    if !matches!(close.code, super::close::NO_STATUS | super::close::ABNORMAL) {
        payload.extend_from_slice(&close.code.to_be_bytes());
        let mut end = close.reason.len().min(123);
        while !close.reason.is_char_boundary(end) {
            end -= 1;
        }
        payload.extend_from_slice(&close.reason.as_bytes()[..end]);
    }
    write_frame(out, Opcode::Close, false, &payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(bytes: &[u8]) -> u16 {
        parse_head(bytes).unwrap_err().code
    }

    #[test]
    fn heads_are_read_in_all_length_forms() {
        let short = parse_head(&[0x81, 0x85, 1, 2, 3, 4]).unwrap().unwrap();
        assert_eq!(
            (short.payload_length, short.head_length, short.mask),
            (5, 6, [1, 2, 3, 4])
        );
        let middle = parse_head(&[0x82, 0xFE, 1, 0, 0, 0, 0, 0]).unwrap().unwrap();
        assert_eq!((middle.payload_length, middle.head_length), (256, 8));
        let long = parse_head(&[0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            .unwrap()
            .unwrap();
        assert_eq!((long.payload_length, long.head_length), (65_536, 14));
        for length in 0..6 {
            assert_eq!(parse_head(&[0x81, 0x85, 1, 2, 3, 4][..length]).unwrap(), None);
        }
    }

    #[test]
    fn what_the_protocol_forbids_is_refused() {
        assert_eq!(code(&[0x81, 0x05]), 1002, "not masked");
        assert_eq!(code(&[0x83, 0x80]), 1002, "reserved opcode");
        assert_eq!(code(&[0x91, 0x80]), 1002, "RSV3");
        assert_eq!(code(&[0x89, 0xFE]), 1002, "long ping");
        assert_eq!(code(&[0x09, 0x80]), 1002, "fragmented ping");
        assert_eq!(code(&[0x82, 0xFE, 0, 5]), 1002, "length not minimal");
        assert_eq!(code(&[0x82, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0]), 1002, "top bit");
    }

    #[test]
    fn masking_twice_changes_nothing() {
        for length in 0..40 {
            let original: Vec<u8> = (0..length).collect();
            let mut payload = original.clone();
            unmask(&mut payload, [1, 2, 3, 4]);
            assert!(
                payload
                    .iter()
                    .zip(&original)
                    .enumerate()
                    .all(|(i, (a, b))| a ^ b == [1, 2, 3, 4][i % 4])
            );
            unmask(&mut payload, [1, 2, 3, 4]);
            assert_eq!(payload, original);
        }
    }

    #[test]
    fn close_reasons_are_cut_at_a_character() {
        let mut out = BytesMut::new();
        write_close(&mut out, &Closed::new(1000, "\u{e9}".repeat(100)));
        assert_eq!(out[1], 2 + 122);
        assert!(std::str::from_utf8(&out[4..]).is_ok());
    }
}
