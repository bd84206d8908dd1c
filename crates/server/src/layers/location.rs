use std::fmt::Write;

use http::header::{CONTENT_LENGTH, HeaderValue, LOCATION};
use http::{StatusCode, Uri};

use crate::{Response, ResponseBody};

/// A 307 to the request's own target under another scheme and authority.
pub(super) fn redirect(scheme: &str, authority: &str, target: &Uri) -> Response {
    let mut response = Response::new(ResponseBody::Empty);
    // For `HEAD`, which else gets no length.
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(0));
    let path = target.path_and_query().map_or("/", |target| target.as_str());
    match HeaderValue::try_from(quote(&format!("{scheme}://{authority}{path}"))) {
        Ok(location) => {
            *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
            response.headers_mut().insert(LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

/// Percent-encodes what may not stand in a URL; existing escapes are kept.
fn quote(url: &str) -> String {
    let mut quoted = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:/%#?=@[]!$&'()*+,;".contains(&byte) {
            quoted.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _infallible = write!(quoted, "%{byte:02X}");
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_carried_over_and_quoted() {
        let target: Uri = "/x%20y/%C3%A9?a=b|^`".parse().unwrap();
        let response = redirect("https", "a.b:8000", &target);
        assert_eq!(response.status(), 307);
        assert_eq!(
            response.headers()["location"],
            "https://a.b:8000/x%20y/%C3%A9?a=b%7C%5E%60"
        );
    }
}
