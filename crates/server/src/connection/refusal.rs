//! Requests that are refused before the application sees them.

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode, Uri, Version, uri::Authority};

use crate::body::ResponseBody;

/// Why a request is refused; the text is the answer's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) reason: &'static str,
}

impl Refusal {
    const fn bad(reason: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            reason,
        }
    }

    pub(super) fn into_response(self, version: Version) -> crate::Response {
        let mut response = http::Response::new(ResponseBody::from(self.reason));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if version < Version::HTTP_2 {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// Checks what the parser leaves open, and brings the target's authority and `Host` into agreement.
///
/// # Errors
/// The refusal to answer with.
pub(super) fn check<B>(request: &mut http::Request<B>) -> Result<(), Refusal> {
    check_target(request.method(), request.uri())?;
    if request.version() == Version::HTTP_2 {
        check_http2_authority(request)
    } else {
        check_transfer_encoding(request.headers())?;
        check_http1_host(request)
    }
}

fn check_target(method: &Method, uri: &Uri) -> Result<(), Refusal> {
    if uri.path().starts_with('/') && uri.authority().is_none() {
        return match *method {
            Method::CONNECT => Err(NO_PROXY),
            _ => Ok(()),
        };
    }
    if *method == Method::CONNECT {
        return Err(NO_PROXY);
    }
    match uri.scheme_str() {
        Some("http" | "https") if uri.path().starts_with('/') => Ok(()),
        Some(_) => Err(Refusal::bad(
            "The request target has a scheme that is not served here",
        )),
        None if uri.path() == "*" && *method == Method::OPTIONS => Ok(()),
        None => Err(Refusal::bad("The request target is not valid")),
    }
}

const NO_PROXY: Refusal = Refusal {
    status: StatusCode::NOT_IMPLEMENTED,
    reason: "This server is not a proxy",
};

fn check_transfer_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        // RFC 9112 6.1: a server that does not know a coding should answer 501.
        _ => Err(Refusal {
            status: StatusCode::NOT_IMPLEMENTED,
            reason: "Transfer-Encoding is not supported",
        }),
    }
}

fn check_http1_host<B>(request: &mut http::Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => return Err(Refusal::bad("The request has more than one Host")),
        (Some(host), None) if !is_authority(host.as_bytes()) => return Err(BAD_HOST),
        (None, None) if request.version() == Version::HTTP_11 => {
            return Err(Refusal::bad("The request has no Host"));
        }
        _ => {}
    }
    // RFC 9112 3.2.2: the authority of an absolute-form target replaces Host.
    match request.uri().authority().map(Authority::as_str) {
        None => Ok(()),
        Some(authority) => {
            let host = host_of(authority)?;
            request.headers_mut().insert(header::HOST, host);
            Ok(())
        }
    }
}

fn check_http2_authority<B>(request: &mut http::Request<B>) -> Result<(), Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, second) = (hosts.next(), hosts.next());
    if second.is_some() || host.is_some_and(|host| !is_authority(host.as_bytes())) {
        return Err(BAD_HOST);
    }
    match (request.uri().authority(), host) {
        (None, None) => Err(Refusal::bad("The request has no authority")),
        (None, Some(_)) => Ok(()),
        // RFC 9113 8.3.1: a Host that differs from :authority makes the request malformed.
        (Some(authority), Some(host))
            if !authority
                .as_str()
                .as_bytes()
                .eq_ignore_ascii_case(host.as_bytes()) =>
        {
            Err(BAD_HOST)
        }
        (Some(_), Some(_)) => Ok(()),
        (Some(authority), None) => {
            let host = host_of(authority.as_str())?;
            request.headers_mut().insert(header::HOST, host);
            Ok(())
        }
    }
}

const BAD_HOST: Refusal = Refusal::bad("The Host is not valid");

fn host_of(authority: &str) -> Result<HeaderValue, Refusal> {
    if !is_authority(authority.as_bytes()) || authority.is_empty() {
        return Err(BAD_HOST);
    }
    HeaderValue::from_str(authority).map_err(|_| BAD_HOST)
}

/// Whether `host` is `uri-host [":" port]` (RFC 9110 7.2), or empty as RFC 9112 3.2 allows.
pub(super) fn is_authority(host: &[u8]) -> bool {
    let (name, port) = match host.first() {
        Some(b'[') => match memchr::memchr(b']', host) {
            Some(end) => (&host[..=end], &host[end + 1..]),
            None => return false,
        },
        _ => host.split_at(memchr::memchr(b':', host).unwrap_or(host.len())),
    };
    is_host(name) && is_port(port)
}

fn is_host(name: &[u8]) -> bool {
    if let Some(literal) = name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]")) {
        return std::str::from_utf8(literal).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok());
    }
    // 255 octets is the longest name that DNS carries.
    name.len() <= 255 && name.iter().all(|byte| HOST_BYTES[*byte as usize])
}

fn is_port(rest: &[u8]) -> bool {
    match rest.split_first() {
        None => true,
        Some((b':', digits)) => {
            digits.len() <= 5
                && digits.iter().all(u8::is_ascii_digit)
                && digits
                    .iter()
                    .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
                    <= 65_535
        }
        Some(_) => false,
    }
}

/// The bytes of a reg-name (RFC 3986 3.2.2): unreserved, sub-delims and percent-encoding.
static HOST_BYTES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "the loop ends at 256")]
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric()
            || matches!(
                character,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'%'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
            );
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities() {
        for host in [
            "",
            "a.example",
            "a.example:80",
            "a.example:",
            "127.0.0.1:8000",
            "[::1]",
            "[::1]:443",
            "a_b",
        ] {
            assert!(is_authority(host.as_bytes()), "{host}");
        }
        for host in [
            "a b", "a/x", "a?x", "a#x", "u@a", "a:80x", "a:99999", "[::1", "[::1]x", "a:1:2", "a\u{e9}",
        ] {
            assert!(!is_authority(host.as_bytes()), "{host}");
        }
        assert!(!is_authority(&[b'a'; 256]));
    }

    fn request(target: &str, hosts: &[&str]) -> http::Request<()> {
        let mut builder = http::Request::builder().uri(target);
        for host in hosts {
            builder = builder.header("host", *host);
        }
        builder.body(()).unwrap()
    }

    #[test]
    fn one_host_is_required_and_the_target_wins() {
        assert!(check(&mut request("/", &["a"])).is_ok());
        assert!(check(&mut request("/", &[])).is_err());
        assert!(check(&mut request("/", &["a", "a"])).is_err());
        let mut absolute = request("http://b.example/x", &["a.example"]);
        check(&mut absolute).unwrap();
        assert_eq!(absolute.headers()["host"], "b.example");
        assert!(check(&mut request("http://u@b.example/x", &["a.example"])).is_err());
        assert!(check(&mut request("ftp://b.example/x", &["a.example"])).is_err());
        assert!(check(&mut request("health", &["a"])).is_err());
    }

    #[test]
    fn only_plain_chunked_is_a_transfer_coding() {
        let with = |codings: &[&str]| {
            let mut request = request("/", &["a"]);
            for coding in codings {
                request
                    .headers_mut()
                    .append("transfer-encoding", coding.parse().unwrap());
            }
            check(&mut request).map_err(|refusal| refusal.status.as_u16())
        };
        assert_eq!(with(&["Chunked"]), Ok(()));
        assert_eq!(with(&["gzip, chunked"]), Err(501));
        assert_eq!(with(&["identity", "chunked"]), Err(501));
    }
}
