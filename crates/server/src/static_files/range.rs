//! `Range: bytes=…` (RFC 9110 14).

use http::HeaderValue;

/// What of the file to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Selection {
    /// All of it: there is no range, or one that a server may ignore.
    Whole,
    /// The bytes from `first` to `last`, both included.
    Part { first: u64, last: u64 },
    /// The range lies outside the file.
    Unsatisfiable,
}

/// Reads a range. Several ranges at once are answered with the whole file, which RFC 9110 14.2 allows: they serve to
/// amplify requests (CVE-2011-3192) more often than to read.
pub(super) fn select(range: Option<&HeaderValue>, length: u64) -> Selection {
    let spec = range
        .and_then(|range| range.to_str().ok())
        .and_then(|range| range.split_once('='));
    let Some((unit, spec)) = spec else {
        return Selection::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return Selection::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Selection::Whole;
    };
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => part(first, last, length),
        (Some(first), None) if last.is_empty() => part(first, u64::MAX, length),
        (None, Some(0)) if first.is_empty() => Selection::Unsatisfiable,
        (None, Some(suffix)) if first.is_empty() => part(length.saturating_sub(suffix), u64::MAX, length),
        _ => Selection::Whole,
    }
}

/// Digits as a number, as large as fits.
fn number(digits: &str) -> Option<u64> {
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn part(first: u64, last: u64, length: u64) -> Selection {
    if first >= length {
        Selection::Unsatisfiable
    } else {
        Selection::Part {
            first,
            last: last.min(length - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let select = |range| select(Some(&HeaderValue::from_static(range)), 100);
        assert_eq!(select("bytes=0-9"), Selection::Part { first: 0, last: 9 });
        assert_eq!(select("bytes=90-"), Selection::Part { first: 90, last: 99 });
        assert_eq!(select("bytes=-10"), Selection::Part { first: 90, last: 99 });
        assert_eq!(select("bytes=-1000"), Selection::Part { first: 0, last: 99 });
        assert_eq!(
            select("bytes=0-99999999999999999999999"),
            Selection::Part { first: 0, last: 99 }
        );
        assert_eq!(select("bytes=100-"), Selection::Unsatisfiable);
        assert_eq!(select("bytes=-0"), Selection::Unsatisfiable);
        for ignored in [
            "lines=0-1",
            "bytes=9-1",
            "bytes=--5",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "bytes",
            "bytes=1",
        ] {
            assert_eq!(select(ignored), Selection::Whole, "{ignored}");
        }
    }
}
