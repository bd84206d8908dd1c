//! A stricter look at the bytes of HTTP/1 messages than the HTTP parser takes.
//!
//! A line ended by a bare LF is read as a line by some parsers and as part of a value by others, and a message with
//! both Content-Length and Transfer-Encoding is framed differently by different readers (RFC 9112 2.2 and 6.1): both
//! are used to smuggle requests past a proxy. hyper accepts the first and repairs the second silently. The guard
//! follows the framing of the messages, so that pipelined requests are looked at as well, and makes what it refuses
//! invalid for the parser, which answers 400.

use super::chunks::{Chunks, Progress};
use super::head::{Framing, Head};

/// Follows the requests on a connection.
#[derive(Debug, Default)]
pub(super) struct Guard {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Head(Head),
    /// In a body of which so many bytes are missing.
    Body(u64),
    Chunks(Chunks),
    /// After a request to leave HTTP: what follows is only looked at once that was refused.
    Upgrade,
    /// The parser refuses what is there; nothing more will be read.
    Refused,
}

impl Default for Place {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Guard {
    /// Told when the connection waits for a request.
    pub(super) fn idle(&mut self) {
        if matches!(self.place, Place::Upgrade) {
            self.place = Place::default();
        }
    }

    /// Looks at received bytes, and returns how many are left of them: small chunks are merged.
    pub(super) fn inspect(&mut self, received: &mut [u8]) -> usize {
        let (mut start, mut end) = (0, received.len());
        while start < end {
            match &mut self.place {
                Place::Head(head) => {
                    let (seen, framing) = head.inspect(&mut received[start..end]);
                    start += seen;
                    if let Some(framing) = framing {
                        self.place = Place::after(framing);
                    }
                }
                Place::Body(rest) => {
                    let seen = usize::try_from(*rest).unwrap_or(usize::MAX).min(end - start);
                    start += seen;
                    *rest -= seen as u64;
                    if *rest == 0 {
                        self.place = Place::default();
                    }
                }
                Place::Chunks(chunks) => {
                    let Progress { seen, kept, place } = chunks.inspect(&mut received[start..end]);
                    received.copy_within(start + seen..end, start + kept);
                    (start, end) = (start + kept, end - (seen - kept));
                    match place {
                        super::chunks::Place::Inside => {}
                        super::chunks::Place::After => self.place = Place::default(),
                        super::chunks::Place::Refused => self.place = Place::Refused,
                    }
                }
                Place::Upgrade | Place::Refused => break,
            }
        }
        end
    }
}

impl Place {
    fn after(framing: Framing) -> Self {
        match framing {
            Framing::Length(0) => Self::default(),
            Framing::Length(length) => Self::Body(length),
            Framing::Chunked => Self::Chunks(Chunks::default()),
            Framing::Upgrade => Self::Upgrade,
            Framing::Refused => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect_in_parts(messages: &[u8], size: usize) -> Vec<u8> {
        let mut guard = Guard::default();
        let mut seen = Vec::new();
        for part in messages.chunks(size) {
            let mut part = part.to_vec();
            let kept = guard.inspect(&mut part);
            seen.extend(&part[..kept]);
        }
        seen
    }

    fn assert_unchanged(messages: &[u8]) {
        for size in 1..=messages.len() {
            let seen = inspect_in_parts(messages, size);
            assert_eq!(seen.as_slice(), messages, "parts of {size}");
        }
    }

    #[test]
    fn proper_messages_pass_unchanged_and_bodies_are_not_looked_at() {
        assert_unchanged(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 25\r\n\r\n\n\nTransfer-Encoding: x\r\n\nGET / HTTP/1.1\r\n\r\n");
        assert_unchanged(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n\n\n\r\n0\r\nX: y\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        );
    }

    #[test]
    fn requests_after_bodies_are_looked_at() {
        for before in [
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".as_slice(),
            b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length:  004 \r\n\r\n\n\n\n\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\n\n\n\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
        ] {
            for after in [
                b"GET / HTTP/1.1\nHost: a\r\n\r\n".as_slice(),
                b"GET / HTTP/1.1\r\ntransfer-ENCODING: chunked\r\ncontent-LENGTH: 4\r\n\r\n",
                b"GET / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;\0\r\nx\r\n0\r\n\r\n",
            ] {
                let messages = [before, after].concat();
                for size in 1..=messages.len() {
                    let seen = inspect_in_parts(&messages, size);
                    assert_eq!(&seen[..before.len()], before, "parts of {size}");
                    assert_ne!(&seen[before.len()..], after, "parts of {size}");
                }
            }
        }
    }

    #[test]
    fn what_follows_a_request_to_leave_http_is_not_looked_at_unless_it_was_refused() {
        let messages = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\n\nContent-Length: 1\r\n";
        assert_unchanged(messages);
        let mut guard = Guard::default();
        guard.inspect(&mut b"GET / HTTP/1.1\r\nUpgrade: x\r\n\r\n".to_vec());
        guard.idle();
        let mut next = b"GET / HTTP/1.1\n\r\n".to_vec();
        guard.inspect(&mut next);
        assert_eq!(next[14], 0);
    }

    #[test]
    fn small_chunks_are_merged_between_others_and_what_follows_is_kept() {
        let head = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice();
        let next = b"GET / HTTP/1.1\r\n\r\n".as_slice();
        let messages = [head, &b"1\r\nx\r\n".repeat(300), b"0\r\n\r\n", next].concat();
        let seen = inspect_in_parts(&messages, messages.len());
        let merged = [head, b"12c\r\n", &b"x".repeat(300), b"\r\n0\r\n\r\n", next].concat();
        assert_eq!(String::from_utf8_lossy(&seen), String::from_utf8_lossy(&merged));
    }
}
