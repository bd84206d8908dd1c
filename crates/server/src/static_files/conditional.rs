//! Preconditions (RFC 9110 13).

use std::time::SystemTime;

use http::header::{HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE};

/// Whether a GET or HEAD is to be answered with 304.
pub(super) fn is_not_modified(headers: &HeaderMap, etag: &HeaderValue, modified: SystemTime) -> bool {
    let mut tags = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if tags.peek().is_some() {
        // RFC 9110 13.1.3: If-Modified-Since is ignored then.
        return tags.any(|line| line.to_str().is_ok_and(|line| lists(line, etag)));
    }
    headers
        .get(IF_MODIFIED_SINCE)
        .and_then(date)
        .is_some_and(|since| modified <= since)
}

fn lists(line: &str, etag: &HeaderValue) -> bool {
    line.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// Whether `If-Range`, if given, still names this version of the file.
pub(super) fn allows_range(headers: &HeaderMap, etag: &HeaderValue, modified: SystemTime) -> bool {
    match headers.get(IF_RANGE) {
        None => true,
        Some(value) if value == etag => true,
        Some(value) => date(value).is_some_and(|date| date == modified),
    }
}

fn date(value: &HeaderValue) -> Option<SystemTime> {
    value
        .to_str()
        .ok()
        .and_then(|text| httpdate::parse_http_date(text).ok())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn tags_and_dates_are_compared() {
        let etag = HeaderValue::from_static("\"a\"");
        let modified = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let not_modified = |name, value| is_not_modified(&headers(name, value), &etag, modified);
        assert!(not_modified("if-none-match", "\"x\", W/\"a\""));
        assert!(not_modified("if-none-match", "*"));
        assert!(!not_modified("if-none-match", "\"b\""));
        assert!(not_modified("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT"));
        assert!(!not_modified(
            "if-modified-since",
            "Sun, 06 Nov 1994 08:49:36 GMT"
        ));
        assert!(!not_modified("if-modified-since", "nonsense"));
        let range = |value| allows_range(&headers("if-range", value), &etag, modified);
        assert!(range("\"a\"") && range("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert!(!range("\"b\"") && !range("W/\"a\""));
    }
}
