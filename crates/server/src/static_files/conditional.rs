//! Preconditions (RFC 9110 13), as `fastrapi.staticfiles` evaluates them.

use std::time::SystemTime;

use http::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE};

/// Whether a GET or HEAD is to be answered with 304. `None`: the date has a form that only the application reads.
pub(super) fn is_not_modified(
    headers: &HeaderMap,
    etag: &HeaderValue,
    last_modified: &HeaderValue,
) -> Option<bool> {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // RFC 9110 13.1.3: If-Modified-Since is ignored then.
        let listed = tags.map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b',');
        return Some(lists(&listed, etag.as_bytes()));
    }
    match headers.get(IF_MODIFIED_SINCE) {
        None => Some(false),
        Some(since) if since == last_modified => Some(true),
        Some(since) => Some(date(last_modified)? <= date(since)?),
    }
}

/// Whether the list has this tag. The comparison is the weak one, and tags may contain commas.
fn lists(listed: &[u8], etag: &[u8]) -> bool {
    if listed.trim_ascii() == b"*" {
        return true;
    }
    let Some(opaque) = etag.strip_prefix(b"\"").and_then(|tag| tag.strip_suffix(b"\"")) else {
        return false;
    };
    // Every second piece between quotes is a tag, unless its closing quote is missing.
    let mut pieces = listed.split(|&byte| byte == b'"').skip(1);
    while let (Some(tag), Some(_)) = (pieces.next(), pieces.next()) {
        if tag == opaque {
            return true;
        }
    }
    false
}

/// Whether `If-Range`, if given, still names this version of the file: a strong comparison (RFC 9110 13.1.5).
pub(super) fn allows_range(headers: &HeaderMap, etag: &HeaderValue, last_modified: &HeaderValue) -> bool {
    headers
        .get(IF_RANGE)
        .is_none_or(|value| value == etag || value == last_modified)
}

/// A date in the preferred form of RFC 9110 5.6.7.
fn date(value: &HeaderValue) -> Option<SystemTime> {
    let text = value.to_str().ok()?;
    let date = httpdate::parse_http_date(text).ok()?;
    (httpdate::fmt_http_date(date) == text).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETAG: HeaderValue = HeaderValue::from_static("\"a,b\"");
    const MODIFIED: HeaderValue = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    fn not_modified(name: &'static str, value: &'static str) -> Option<bool> {
        is_not_modified(&headers(name, value), &ETAG, &MODIFIED)
    }

    #[test]
    fn tags_are_compared_weakly() {
        for matching in ["\"a,b\"", "\"x\", W/\"a,b\"", "*", " * ", "\"a,b\",\"unclosed"] {
            assert_eq!(not_modified("if-none-match", matching), Some(true), "{matching}");
        }
        for other in ["\"b\"", "a,b", "\"a,b", "\"x\", *", "\"x\"a,b\"y\"", ""] {
            assert_eq!(not_modified("if-none-match", other), Some(false), "{other}");
        }
    }

    #[test]
    fn several_fields_of_tags_are_one_list() {
        let mut several = headers("if-none-match", "\"x\"");
        several.append("if-none-match", ETAG);
        assert_eq!(is_not_modified(&several, &ETAG, &MODIFIED), Some(true));
    }

    #[test]
    fn dates_are_compared_if_they_have_the_usual_form() {
        for (since, expected) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(true)),
            ("Sun, 06 Nov 1994 08:49:38 GMT", Some(true)),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Some(false)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:38", None),
            ("nonsense", None),
        ] {
            assert_eq!(not_modified("if-modified-since", since), expected, "{since}");
        }
    }

    #[test]
    fn ranges_need_a_strong_match() {
        let range = |value| allows_range(&headers("if-range", value), &ETAG, &MODIFIED);
        assert!(range("\"a,b\"") && range("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert!(!range("\"b\"") && !range("W/\"a,b\"") && !range("Sun, 06 Nov 1994 08:49:38 GMT"));
        assert!(allows_range(&HeaderMap::new(), &ETAG, &MODIFIED));
    }
}
