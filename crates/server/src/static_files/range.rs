//! `Range: bytes=…` (RFC 9110 14).

use http::HeaderValue;

/// What of the file to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selection {
    /// All of it: there is no range.
    Whole,
    /// The bytes from `first` to `last`, both included.
    Part { first: u64, last: u64 },
}

/// Reads a range of the plain form that lies within the file. `None`: several ranges, one outside of the file, or
/// anything else that only the application answers.
pub(super) fn select(range: Option<&HeaderValue>, length: u64) -> Option<Selection> {
    let Some(range) = range else {
        return Some(Selection::Whole);
    };
    let (first, last) = range.to_str().ok()?.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let (first, last) = match (first, last) {
        ("", suffix) => (length.saturating_sub(number(suffix)?), end),
        (first, "") => (number(first)?, end),
        (first, last) => (number(first)?, number(last)?),
    };
    (first <= last && first <= end).then_some(Selection::Part {
        first,
        last: last.min(end),
    })
}

/// Digits as a number, as far as it fits.
fn number(digits: &str) -> Option<u64> {
    let is_plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_100(range: &'static str) -> Option<Selection> {
        select(Some(&HeaderValue::from_static(range)), 100)
    }

    #[test]
    fn ranges() {
        assert_eq!(select(None, 100), Some(Selection::Whole));
        for (range, first, last) in [
            ("bytes=0-9", 0, 9),
            ("bytes=90-", 90, 99),
            ("bytes=-10", 90, 99),
            ("bytes=-1000", 0, 99),
            ("bytes=0-1000", 0, 99),
            ("bytes=99-99", 99, 99),
        ] {
            assert_eq!(of_100(range), Some(Selection::Part { first, last }), "{range}");
        }
    }

    #[test]
    fn other_forms_are_left_to_the_application() {
        for range in [
            "bytes=100-",
            "bytes=-0",
            "bytes=9-1",
            "bytes=0-99999999999999999999999",
            "bytes=0-1,3-4",
            "bytes= 0-1",
            "Bytes=0-1",
            "lines=0-1",
            "bytes=--5",
            "bytes=a-b",
            "bytes=-",
            "bytes",
            "",
        ] {
            assert_eq!(of_100(range), None, "{range}");
        }
        assert_eq!(select(Some(&HeaderValue::from_static("bytes=0-")), 0), None);
    }
}
