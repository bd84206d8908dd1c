//! A stricter look at the bytes of a request head than the HTTP parser takes.
//!
//! A line ended by a bare LF is read as a line by some parsers and as part of a value by others, and a message with
//! both Content-Length and Transfer-Encoding is framed differently by different readers (RFC 9112 2.2 and 6.1): both
//! are used to smuggle requests past a proxy. hyper accepts the first and repairs the second silently.

/// Watches one request head as it arrives.
#[derive(Debug, Default)]
pub(super) struct HeadGuard {
    ended: bool,
    /// Bytes of the present line seen in earlier reads, up to the length of the longest name looked for.
    line: Vec<u8>,
    last: u8,
    content_length: bool,
    transfer_encoding: bool,
}

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";

impl HeadGuard {
    pub(super) fn has_framing_conflict(&self) -> bool {
        self.content_length && self.transfer_encoding
    }

    /// Looks at received bytes. A bare LF is replaced by NUL, which the parser refuses wherever it stands.
    pub(super) fn inspect(&mut self, received: &mut [u8]) {
        let mut start = 0;
        while !self.ended {
            let Some(length) = memchr::memchr(b'\n', &received[start..]) else {
                self.keep(&received[start..]);
                return;
            };
            let end = start + length;
            let previous = if end == 0 { self.last } else { received[end - 1] };
            if previous != b'\r' {
                received[end] = 0;
                self.ended = true;
                return;
            }
            self.line_ended(&received[start..end]);
            start = end + 1;
        }
    }

    fn line_ended(&mut self, rest: &[u8]) {
        if self.line.is_empty() {
            self.classify(rest);
        } else {
            self.keep(rest);
            let line = std::mem::take(&mut self.line);
            self.classify(&line);
        }
        self.last = b'\n';
    }

    fn classify(&mut self, line: &[u8]) {
        match line.first() {
            Some(b'c' | b'C') => self.content_length |= starts_with(line, CONTENT_LENGTH),
            Some(b't' | b'T') => self.transfer_encoding |= starts_with(line, TRANSFER_ENCODING),
            // Empty lines before the request line are skipped by the parser; this one ends the head.
            Some(b'\r') => self.ended = true,
            _ => {}
        }
    }

    fn keep(&mut self, part: &[u8]) {
        if let Some(last) = part.last() {
            self.last = *last;
        }
        let room = TRANSFER_ENCODING.len().saturating_sub(self.line.len());
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }
}

fn starts_with(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect_in_parts(head: &[u8], size: usize) -> (Vec<u8>, bool) {
        let mut guard = HeadGuard::default();
        let mut seen = Vec::new();
        for part in head.chunks(size) {
            let mut part = part.to_vec();
            guard.inspect(&mut part);
            seen.extend(part);
        }
        (seen, guard.has_framing_conflict())
    }

    #[test]
    fn a_proper_head_passes_unchanged_and_the_body_is_not_looked_at() {
        let message = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\n\nTransfer-Encoding: x\r\n";
        for size in 1..message.len() {
            assert_eq!(
                inspect_in_parts(message, size),
                (message.to_vec(), false),
                "parts of {size}"
            );
        }
    }

    #[test]
    fn a_bare_line_feed_is_made_invalid() {
        let message = b"GET / HTTP/1.1\r\nX-A: b\nHost: a\r\n\r\n";
        for size in 1..message.len() {
            let (seen, _) = inspect_in_parts(message, size);
            assert_eq!(seen[22], 0, "parts of {size}");
        }
    }

    #[test]
    fn both_framings_are_a_conflict_in_any_order_and_case() {
        let message =
            b"POST / HTTP/1.1\r\ntransfer-ENCODING: chunked\r\nHost: a\r\ncontent-LENGTH: 4\r\n\r\n";
        for size in 1..message.len() {
            assert!(inspect_in_parts(message, size).1, "parts of {size}");
        }
    }
}
