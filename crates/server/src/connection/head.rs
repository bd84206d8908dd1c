//! The part of the guard that watches a request head.

/// What follows a request head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// A body of so many bytes, then the next head.
    Length(u64),
    Chunked,
    /// Perhaps another protocol.
    Upgrade,
    /// The head was made invalid.
    Refused,
}

/// Watches one request head as it arrives.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Bytes of the present line seen in earlier reads, up to [`LONGEST`].
    line: Vec<u8>,
    last: u8,
    content_length: Option<u64>,
    chunked: bool,
    upgrade: bool,
}

const CONTENT_LENGTH: &[u8] = b"content-length:";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding:";
const UPGRADE: &[u8] = b"upgrade:";
/// As much of a line as is kept. No sensible Content-Length is longer.
const LONGEST: usize = 64;

/// What a line means for the head.
enum Line {
    Field,
    /// Empty: the head ends here.
    End,
    /// Not to be accepted.
    Invalid,
}

impl Head {
    /// Looks at received bytes. Returns how many of them belong to the head, and what follows where it ends. The end of
    /// a line that is refused is replaced by NUL, which the parser refuses wherever it stands.
    pub(super) fn inspect(&mut self, received: &mut [u8]) -> (usize, Option<Framing>) {
        let mut start = 0;
        while let Some(length) = memchr::memchr(b'\n', &received[start..]) {
            let end = start + length;
            let previous = if length == 0 { self.last } else { received[end - 1] };
            let line = if previous == b'\r' {
                self.line_ended(&received[start..end])
            } else {
                Line::Invalid
            };
            start = end + 1;
            match line {
                Line::Field => {}
                Line::End => return (start, Some(self.framing())),
                Line::Invalid => {
                    received[end] = 0;
                    return (start, Some(Framing::Refused));
                }
            }
        }
        self.keep(&received[start..]);
        (received.len(), None)
    }

    fn framing(&self) -> Framing {
        if self.upgrade {
            Framing::Upgrade
        } else if self.chunked {
            Framing::Chunked
        } else {
            Framing::Length(self.content_length.unwrap_or(0))
        }
    }

    fn line_ended(&mut self, rest: &[u8]) -> Line {
        self.last = b'\n';
        if self.line.is_empty() {
            return self.classify(rest);
        }
        self.keep(rest);
        let line = std::mem::take(&mut self.line);
        self.classify(&line)
    }

    fn classify(&mut self, line: &[u8]) -> Line {
        match line.first() {
            Some(b'c' | b'C') => {
                if let Some(value) = value_of(line, CONTENT_LENGTH) {
                    self.content_length = if line.len() < LONGEST {
                        decimal(value)
                    } else {
                        None
                    };
                    // The parser refuses what is no number, and two that differ.
                    return self.checked(self.content_length.is_some());
                }
            }
            Some(b't' | b'T') if value_of(line, TRANSFER_ENCODING).is_some() => {
                self.chunked = true;
                return self.checked(true);
            }
            Some(b'u' | b'U') => self.upgrade |= value_of(line, UPGRADE).is_some(),
            // Empty lines before the request line are skipped by the parser; this one ends the head.
            Some(b'\r') => return Line::End,
            _ => {}
        }
        Line::Field
    }

    fn checked(&self, valid: bool) -> Line {
        if valid && !(self.chunked && self.content_length.is_some()) {
            Line::Field
        } else {
            Line::Invalid
        }
    }

    fn keep(&mut self, part: &[u8]) {
        if let Some(last) = part.last() {
            self.last = *last;
        }
        let room = LONGEST.saturating_sub(self.line.len());
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }
}

fn value_of<'line>(line: &'line [u8], name: &[u8]) -> Option<&'line [u8]> {
    let (start, value) = line.split_at_checked(name.len())?;
    start.eq_ignore_ascii_case(name).then_some(value)
}

fn decimal(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'9' => number.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_in_parts(head: &[u8], size: usize) -> Option<Framing> {
        let mut watch = Head::default();
        let mut found = None;
        for part in head.chunks(size) {
            let (seen, framing) = watch.inspect(&mut part.to_vec());
            assert!(seen == part.len() || framing == Some(Framing::Refused));
            found = framing;
            if found.is_some() {
                break;
            }
        }
        found
    }

    #[test]
    fn the_framing_is_found_however_the_head_arrives() {
        for (head, framing) in [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Framing::Length(0)),
            (
                "POST / HTTP/1.1\r\nContent-Length: 00012 \r\n\r\n",
                Framing::Length(12),
            ),
            (
                "POST / HTTP/1.1\r\nX-Content-Length: 12\r\n\r\n",
                Framing::Length(0),
            ),
            (
                "POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\n\r\n",
                Framing::Chunked,
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nupgrade: h2c\r\n\r\n",
                Framing::Upgrade,
            ),
            ("GET / HTTP/1.1\r\nX-A: b\nHost: a\r\n\r\n", Framing::Refused),
            ("GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", Framing::Refused),
            (
                "GET / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
                Framing::Refused,
            ),
            ("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", Framing::Refused),
        ] {
            for size in 1..=head.len() {
                assert_eq!(
                    framing_in_parts(head.as_bytes(), size),
                    Some(framing),
                    "{head:?} in parts of {size}"
                );
            }
        }
    }

    #[test]
    fn a_content_length_that_is_not_kept_whole_is_refused() {
        let head = format!(
            "POST / HTTP/1.1\r\nContent-Length: {}12\r\n\r\n",
            " ".repeat(LONGEST)
        );
        for size in 1..=head.len() {
            assert_eq!(framing_in_parts(head.as_bytes(), size), Some(Framing::Refused));
        }
    }
}
