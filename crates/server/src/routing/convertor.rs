//! What a path parameter may look like.

use std::fmt;
use std::sync::Arc;

/// Says whether a custom convertor accepts a piece of the path as a whole.
pub type CustomConvertor = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The kinds of path parameters. Each stands for the regular expression that Starlette documents for it.
#[derive(Clone)]
pub enum Convertor {
    /// `{p}` and `{p:str}`: `[^/]+`.
    Str,
    /// `{p:path}`: `.*`, slashes included.
    Path,
    /// `{p:int}`: `[0-9]+`.
    Int,
    /// `{p:float}`: `[0-9]+(\.[0-9]+)?`.
    Float,
    /// `{p:uuid}`: 32 hexadecimal digits, with or without the four hyphens.
    Uuid,
    /// Anything that the predicate accepts, the longest piece first; it may span slashes.
    Custom(CustomConvertor),
}

impl Convertor {
    /// The built-in convertor of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "str" => Self::Str,
            "path" => Self::Path,
            "int" => Self::Int,
            "float" => Self::Float,
            "uuid" => Self::Uuid,
            _ => return None,
        })
    }

    /// Whether a value may contain a slash.
    pub(super) fn spans_segments(&self) -> bool {
        matches!(self, Self::Path | Self::Custom(_))
    }

    /// Whether two convertors accept the same values, as far as that is known.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Custom(a), Self::Custom(b)) => Arc::ptr_eq(a, b),
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// Calls `accept` with the length of each value that `text` can begin with, in the order in which a backtracking
    /// regular expression tries them, until it says true; says whether it did.
    pub(super) fn any_prefix(&self, text: &str, mut accept: impl FnMut(usize) -> bool) -> bool {
        let bytes = text.as_bytes();
        match self {
            Self::Str => {
                let longest = memchr::memchr(b'/', bytes).unwrap_or(bytes.len());
                boundaries(text, longest, 1).any(accept)
            }
            Self::Path => {
                let longest = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
                boundaries(text, longest, 0).any(accept)
            }
            Self::Int => (1..=digits(bytes)).rev().any(accept),
            Self::Float => (1..=digits(bytes)).rev().any(|whole| {
                if bytes.get(whole) == Some(&b'.') {
                    let fraction = digits(&bytes[whole + 1..]);
                    if (1..=fraction).rev().any(|fraction| accept(whole + 1 + fraction)) {
                        return true;
                    }
                }
                accept(whole)
            }),
            Self::Uuid => uuid(bytes).is_some_and(accept),
            Self::Custom(accepts) => boundaries(text, text.len(), 0)
                .filter(|length| accepts(&text[..*length]))
                .any(accept),
        }
    }

    /// Whether the whole of `segment`, which has no slash, is a value.
    pub(super) fn accepts_segment(&self, segment: &str) -> bool {
        match self {
            Self::Str => !segment.is_empty(),
            Self::Int => !segment.is_empty() && digits(segment.as_bytes()) == segment.len(),
            _ => self.any_prefix(segment, |length| length == segment.len()),
        }
    }
}

impl fmt::Debug for Convertor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Str => "str",
            Self::Path => "path",
            Self::Int => "int",
            Self::Float => "float",
            Self::Uuid => "uuid",
            Self::Custom(_) => "custom",
        })
    }
}

fn boundaries(text: &str, longest: usize, shortest: usize) -> impl Iterator<Item = usize> {
    (shortest..=longest)
        .rev()
        .filter(|length| text.is_char_boundary(*length))
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn uuid(bytes: &[u8]) -> Option<usize> {
    let mut position = 0;
    for (group, size) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if group > 0 && bytes.get(position) == Some(&b'-') {
            position += 1;
        }
        if !bytes
            .get(position..position + size)?
            .iter()
            .all(u8::is_ascii_hexdigit)
        {
            return None;
        }
        position += size;
    }
    Some(position)
}
