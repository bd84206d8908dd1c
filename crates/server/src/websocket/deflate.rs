//! permessage-deflate (RFC 7692): negotiation and the two contexts.

use bytes::Bytes;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::close::{Closed, INVALID_DATA, TOO_BIG};

/// Smaller messages are sent as they are: compressing them costs more than it saves.
const THRESHOLD: usize = 128;

/// What every message loses at its end on the wire (RFC 7692 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The parameters agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
}

impl Parameters {
    /// Picks the first acceptable offer of a `Sec-WebSocket-Extensions` value.
    pub(super) fn negotiate(offers: &str) -> Option<Self> {
        offers.split(',').find_map(Self::parse)
    }

    fn parse(offer: &str) -> Option<Self> {
        let mut parts = offer.split(';').map(str::trim);
        if parts.next()? != "permessage-deflate" {
            return None;
        }
        let mut parameters = Self {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: None,
        };
        let mut seen = Vec::new();
        for part in parts {
            let (name, value) = match part.split_once('=') {
                Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
                None => (part, None),
            };
            if seen.contains(&name) {
                return None;
            }
            seen.push(name);
            match (name, value) {
                ("server_no_context_takeover", None) => parameters.server_no_context_takeover = true,
                ("client_no_context_takeover", None) => parameters.client_no_context_takeover = true,
                ("server_max_window_bits", Some(value)) => {
                    parameters.server_max_window_bits = Some(window_bits(value)?);
                }
                // We inflate with the largest window, so whatever the client may use is fine.
                ("client_max_window_bits", None) => {}
                ("client_max_window_bits", Some(value)) => {
                    window_bits(value)?;
                }
                _ => return None,
            }
        }
        Some(parameters)
    }

    /// The value of the response's `Sec-WebSocket-Extensions`.
    pub(super) fn to_header(self) -> String {
        let mut header = String::from("permessage-deflate");
        if self.server_no_context_takeover {
            header.push_str("; server_no_context_takeover");
        }
        if self.client_no_context_takeover {
            header.push_str("; client_no_context_takeover");
        }
        if let Some(bits) = self.server_max_window_bits {
            header.push_str(&format!("; server_max_window_bits={bits}"));
        }
        header
    }
}

/// zlib cannot deflate with a window of 8 bits, so an offer that demands it is declined.
fn window_bits(value: &str) -> Option<u8> {
    let canonical = matches!(value.as_bytes(), [b'9'] | [b'1', b'0'..=b'5']);
    canonical.then(|| value.parse().ok()).flatten()
}

/// Compresses messages to send; made on first use, as many sockets never need one.
#[derive(Debug)]
pub(super) struct Deflater {
    parameters: Parameters,
    context: Option<Compress>,
}

impl Deflater {
    pub(super) fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            context: None,
        }
    }

    /// The compressed message, or `None` if it is to be sent as it is.
    pub(super) fn deflate(&mut self, message: &[u8]) -> Option<Vec<u8>> {
        if message.len() < THRESHOLD {
            return None;
        }
        let bits = self.parameters.server_max_window_bits.unwrap_or(15);
        let context = self
            .context
            .get_or_insert_with(|| Compress::new_with_window_bits(Compression::fast(), false, bits));
        let before = context.total_in();
        let mut out = Vec::with_capacity(message.len() / 2 + 64);
        loop {
            let consumed = usize::try_from(context.total_in() - before).unwrap_or(usize::MAX);
            let rest = message.get(consumed..).unwrap_or_default();
            context.compress_vec(rest, &mut out, FlushCompress::Sync).ok()?;
            if rest.is_empty() || out.len() < out.capacity() {
                break;
            }
            out.reserve(out.capacity());
        }
        if self.parameters.server_no_context_takeover {
            context.reset();
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        Some(out)
    }
}

/// Inflates received messages.
#[derive(Debug)]
pub(super) struct Inflater {
    parameters: Parameters,
    context: Option<Decompress>,
}

impl Inflater {
    pub(super) fn new(parameters: Parameters) -> Self {
        Self {
            parameters,
            context: None,
        }
    }

    /// The inflated message.
    ///
    /// # Errors
    /// A close with 1007 if it does not inflate, with 1009 if it becomes larger than `limit`.
    pub(super) fn inflate(&mut self, message: &[u8], limit: usize) -> Result<Bytes, Closed> {
        let context = self.context.get_or_insert_with(|| Decompress::new(false));
        let mut out = Vec::with_capacity((message.len() * 3).clamp(256, 64 * 1024));
        for part in [message, &TAIL] {
            inflate_part(context, part, &mut out, limit)?;
        }
        if self.parameters.client_no_context_takeover {
            context.reset(false);
        }
        Ok(out.into())
    }
}

fn inflate_part(
    context: &mut Decompress,
    part: &[u8],
    out: &mut Vec<u8>,
    limit: usize,
) -> Result<(), Closed> {
    let before = context.total_in();
    loop {
        let consumed = usize::try_from(context.total_in() - before).unwrap_or(usize::MAX);
        let rest = part.get(consumed..).unwrap_or_default();
        let status = context
            .decompress_vec(rest, out, FlushDecompress::Sync)
            .map_err(|_| Closed::new(INVALID_DATA, "the data does not inflate"))?;
        if out.len() > limit {
            return Err(Closed::new(TOO_BIG, "message too big"));
        }
        match status {
            // A final block ends the stream; RFC 7692 7.2.3.5 has the peer start anew after it.
            Status::StreamEnd => {
                context.reset(false);
                return Ok(());
            }
            _ if out.len() < out.capacity() => return Ok(()),
            _ => out.reserve(out.capacity()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Parameters {
        Parameters::negotiate("permessage-deflate").unwrap()
    }

    #[test]
    fn offers_are_taken_or_declined() {
        let header = |offers| Parameters::negotiate(offers).map(Parameters::to_header);
        assert_eq!(
            header("permessage-deflate; client_max_window_bits").as_deref(),
            Some("permessage-deflate")
        );
        assert_eq!(
            header("x, permessage-deflate; server_max_window_bits=\"10\"; client_no_context_takeover")
                .as_deref(),
            Some("permessage-deflate; client_no_context_takeover; server_max_window_bits=10")
        );
        for declined in [
            "",
            "permessage-bzip2",
            "permessage-deflate; server_max_window_bits=1",
            "permessage-deflate; client_max_window_bits=99999999999",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; unknown",
        ] {
            assert_eq!(header(declined), None, "{declined}");
        }
    }

    #[test]
    fn messages_survive_with_and_without_context() {
        for offer in [
            "permessage-deflate",
            "permessage-deflate; server_no_context_takeover",
        ] {
            let parameters = Parameters::negotiate(offer).unwrap();
            let (mut deflater, mut inflater) = (Deflater::new(parameters), Inflater::new(parameters));
            let noise: Vec<u8> = (0..100_000_u32)
                .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
                .collect();
            for message in [b"hello ".repeat(1000), noise, b"hello ".repeat(50)] {
                let packed = deflater.deflate(&message).unwrap();
                assert_eq!(inflater.inflate(&packed, 1 << 20).unwrap(), message);
            }
        }
    }

    #[test]
    fn bombs_and_rubbish_are_refused() {
        let packed = Deflater::new(plain()).deflate(&vec![0; 1 << 20]).unwrap();
        assert_eq!(
            Inflater::new(plain()).inflate(&packed, 1000).unwrap_err().code,
            1009
        );
        assert_eq!(
            Inflater::new(plain())
                .inflate(&[0xFF; 64], 1000)
                .unwrap_err()
                .code,
            1007
        );
    }
}
