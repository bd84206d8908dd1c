//! The part of the guard that watches the chunked coding of a body (RFC 9112 7.1).
//!
//! A chunk costs the parser and everything behind it the same whether it has one byte or a thousand, so a client
//! could send a megabyte as a million pieces of work (CVE-2025-69229). Small chunks that arrive together are made one.

/// Chunks of at most this size are merged. Where chunks end has no meaning (RFC 9112 7.1.1).
const SMALL: usize = 1024;

/// Watches one chunked body as it arrives.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    state: State,
    /// Size of the chunk, then what is missing of its data.
    size: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Size,
    Space,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// At the start of a line of the trailer section.
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
}

/// What became of received bytes.
pub(super) struct Progress {
    /// How many were looked at.
    pub(super) seen: usize,
    /// How many of these are left.
    pub(super) kept: usize,
    pub(super) place: Place,
}

/// Where the bytes that were looked at end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Inside,
    After,
    /// At a byte that was made invalid.
    Refused,
}

impl Chunks {
    /// Looks at received bytes, up to the end of the body. What is refused is replaced by a byte that the parser
    /// does not accept in its place.
    pub(super) fn inspect(&mut self, received: &mut [u8]) -> Progress {
        let (mut seen, mut kept) = (0, 0);
        while seen < received.len() {
            if self.state == State::Start {
                if let Some((merged, size)) = merge(&mut received[seen..]) {
                    received.copy_within(seen..seen + size, kept);
                    (seen, kept) = (seen + merged, kept + size);
                    continue;
                }
            }
            if self.state == State::Data {
                let size = usize::try_from(self.size)
                    .unwrap_or(usize::MAX)
                    .min(received.len() - seen);
                received.copy_within(seen..seen + size, kept);
                (seen, kept) = (seen + size, kept + size);
                self.size -= size as u64;
                if self.size == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            let byte = received[seen];
            (seen, kept) = (seen + 1, kept + 1);
            let Some(next) = self.next(byte) else {
                received[kept - 1] = if self.expects_line_feed() { 0 } else { b'\n' };
                return Progress {
                    seen,
                    kept,
                    place: Place::Refused,
                };
            };
            received[kept - 1] = byte;
            if self.state == State::EndLf {
                return Progress {
                    seen,
                    kept,
                    place: Place::After,
                };
            }
            self.state = next;
        }
        Progress {
            seen,
            kept,
            place: Place::Inside,
        }
    }

    /// The state after a byte outside of a chunk's data; `None` where it is not valid.
    fn next(&mut self, byte: u8) -> Option<State> {
        match (self.state, byte) {
            (State::Start | State::Size, byte) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16)?;
                let before = if self.state == State::Start { 0 } else { self.size };
                self.size = before.checked_mul(16)?.checked_add(u64::from(digit))?;
                Some(State::Size)
            }
            (State::Size | State::Space, b' ' | b'\t') => Some(State::Space),
            (State::Size | State::Space, b';') => Some(State::Extension),
            (State::Size | State::Space | State::Extension, b'\r') => Some(State::SizeLf),
            (State::Extension, b'\t' | b' '..=b'~' | 0x80..) => Some(State::Extension),
            (State::SizeLf, b'\n') if self.size == 0 => Some(State::TrailerStart),
            (State::SizeLf, b'\n') => Some(State::Data),
            (State::DataCr, b'\r') => Some(State::DataLf),
            (State::DataLf, b'\n') => Some(State::Start),
            (State::TrailerStart, b'\r') => Some(State::EndLf),
            (State::Trailer, b'\r') => Some(State::TrailerLf),
            (State::TrailerLf, b'\n') => Some(State::TrailerStart),
            (State::TrailerStart | State::Trailer, byte) if byte != b'\n' => Some(State::Trailer),
            (State::EndLf, b'\n') => Some(State::Start),
            _ => None,
        }
    }

    /// Whether a line feed is what the parser accepts (or takes for a part of a trailer) here.
    fn expects_line_feed(&self) -> bool {
        !matches!(
            self.state,
            State::Start | State::Size | State::Space | State::Extension | State::DataCr
        )
    }
}

/// Makes whole small chunks at the start of `received` one, if there are several. Returns how many bytes they took
/// and how many they take.
fn merge(received: &mut [u8]) -> Option<(usize, usize)> {
    let (first, _) = small_chunk(received)?;
    small_chunk(&received[first..])?;
    let (mut seen, mut data) = (0, 0);
    while let Some((size, content)) = small_chunk(&received[seen..]) {
        received.copy_within(seen + content.start..seen + content.end, data);
        (seen, data) = (seen + size, data + content.len());
    }
    let line = format!("{data:x}\r\n");
    // Two chunks have at least ten bytes besides their data, and no read is so long that this one needs more.
    received.copy_within(..data, line.len());
    received[..line.len()].copy_from_slice(line.as_bytes());
    received[line.len() + data..][..2].copy_from_slice(b"\r\n");
    Some((seen, line.len() + data + 2))
}

/// The size of the chunk at the start of `received` and where its data are, if it is whole, small, not the last one, and
/// has no extension.
fn small_chunk(received: &[u8]) -> Option<(usize, std::ops::Range<usize>)> {
    let mut size = 0;
    let mut start = 0;
    loop {
        match received.get(start)? {
            b'\r' if size > 0 => break,
            byte => size = size * 16 + char::from(*byte).to_digit(16)? as usize,
        }
        start += 1;
        if size > SMALL || start > 4 {
            return None;
        }
    }
    let end = start + 2 + size;
    let ended = received.get(start + 1)? == &b'\n' && received.get(end..end + 2)? == b"\r\n";
    ended.then_some((end + 2, start + 2..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inspect_in_parts(body: &[u8], size: usize) -> (Vec<u8>, Place) {
        let mut chunks = Chunks::default();
        let mut seen = Vec::new();
        let mut place = Place::Inside;
        for part in body.chunks(size) {
            let mut part = part.to_vec();
            let progress = chunks.inspect(&mut part);
            seen.extend(&part[..progress.kept]);
            place = progress.place;
            if place != Place::Inside {
                break;
            }
        }
        (seen, place)
    }

    /// A plain reader of well-formed chunks.
    fn decode(mut body: &[u8]) -> Vec<u8> {
        let mut data = Vec::new();
        loop {
            let line = body.iter().position(|byte| *byte == b'\r').unwrap();
            let digits = body[..line].split(|byte| *byte == b';').next().unwrap();
            let size = usize::from_str_radix(std::str::from_utf8(digits).unwrap().trim(), 16).unwrap();
            if size == 0 {
                return data;
            }
            data.extend(&body[line + 2..line + 2 + size]);
            body = &body[line + 4 + size..];
        }
    }

    #[test]
    fn data_are_the_same_after_merging() {
        let large = [b"7d0\r\n".as_slice(), &b"\r\n0\r\n".repeat(400), b"\r\n"].concat();
        for body in [
            b"1\r\na\r\n2\r\nbc\r\n003\r\n\r\n0\r\n0\r\n\r\n".to_vec(),
            b"1\r\na\r\n1;x=\"y\"\r\nb\r\n1\r\nc\r\n1\r\nd\r\n0;z\r\nT: u\r\n\r\n".to_vec(),
            [
                b"1\r\na\r\n2\r\nbc\r\n".as_slice(),
                &large,
                b"1 \r\na\r\n2\r\nbc\r\n2\r\nbc\r\n0\r\n\r\n",
            ]
            .concat(),
        ] {
            for size in 1..=body.len() {
                let (seen, place) = inspect_in_parts(&body, size);
                assert_eq!(place, Place::After, "parts of {size}");
                assert!(seen.len() <= body.len());
                assert_eq!(decode(&seen), decode(&body), "parts of {size}");
            }
        }
    }

    #[test]
    fn many_small_chunks_become_few() {
        let body = [b"1\r\nx\r\n".repeat(10_000).as_slice(), b"0\r\n\r\n"].concat();
        let (seen, _) = inspect_in_parts(&body, 8192);
        // One merged chunk and one that is cut in two for each read.
        assert!(seen.len() < 10_000 + 8 * 20, "{}", seen.len());
        assert_eq!(decode(&seen), vec![b'x'; 10_000]);
    }

    #[test]
    fn what_the_grammar_does_not_allow_is_refused() {
        for body in [
            "5;a=\0\r\nhello\r\n0\r\n\r\n",
            "5;a=\x7f\r\nhello\r\n0\r\n\r\n",
            "5;\nhello\r\n0\r\n\r\n",
            "5;a\rb\r\nhello\r\n0\r\n\r\n",
            "5\nhello\r\n0\r\n\r\n",
            " 5\r\nhello\r\n0\r\n\r\n",
            "\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "5 5\r\nhello\r\n0\r\n\r\n",
            "10000000000000005\r\nhello\r\n0\r\n\r\n",
            "5\r\nhelloXX0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "0\r\nX: y\nZ: w\r\n\r\n",
            "0\r\n\n",
            "0\r\n\rX",
        ] {
            for size in 1..=body.len() {
                let (seen, place) = inspect_in_parts(body.as_bytes(), size);
                assert_eq!(place, Place::Refused, "{body:?} in parts of {size}");
                assert!(
                    matches!(seen.last(), Some(0 | b'\n')),
                    "{body:?} in parts of {size}"
                );
            }
        }
    }
}
