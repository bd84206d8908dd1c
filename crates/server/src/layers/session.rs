//! Sessions in a signed cookie, in the format of Starlette's `SessionMiddleware` (itsdangerous' `TimestampSigner`).
//!
//! The layer keeps the session as the JSON text that the application gave: it checks and makes signatures, and leaves
//! the meaning to the application, which finds a [`Session`] in the request's extensions.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{COOKIE, HeaderMap, HeaderValue, SET_COOKIE};
use sha1::{Digest, Sha1};

use super::filter::{Filter, FilterLayer};
use super::vary;
use crate::{Request, Response};

/// Layer for [`Sessions`].
pub type SessionLayer = FilterLayer<Sessions>;

/// The most bytes of name and value: browsers ignore a cookie that has more (RFC 6265bis 5.6).
const MAX_COOKIE: usize = 4096;

/// How sessions are kept; the fields are the arguments of Starlette's `SessionMiddleware`.
#[derive(Clone)]
pub struct SessionConfig {
    /// The key of the signatures.
    pub secret_key: String,
    /// Name of the cookie.
    pub session_cookie: String,
    /// Life in seconds; `None` ends with the browser.
    pub max_age: Option<i64>,
    /// Path of the cookie.
    pub path: String,
    /// `lax`, `strict` or `none`.
    pub same_site: String,
    /// Whether the cookie is only sent by HTTPS.
    pub https_only: bool,
    /// Domain of the cookie.
    pub domain: Option<String>,
    /// Whether the cookie is partitioned by top-level site.
    pub partitioned: bool,
}

impl SessionConfig {
    /// Starlette's defaults.
    pub fn new(secret_key: impl Into<String>) -> Self {
        Self {
            secret_key: secret_key.into(),
            session_cookie: "session".into(),
            max_age: Some(14 * 24 * 60 * 60),
            path: "/".into(),
            same_site: "lax".into(),
            https_only: false,
            domain: None,
            partitioned: false,
        }
    }
}

/// A compiled [`SessionConfig`].
pub struct Sessions {
    cookie: String,
    max_age: Option<i64>,
    path: String,
    flags: String,
    /// Keyed, and without input.
    mac: Hmac<Sha1>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("cookie", &self.cookie)
            .finish_non_exhaustive()
    }
}

/// The session of one request.
#[derive(Debug, Clone, Default)]
pub struct Session(Arc<Mutex<SessionState>>);

#[derive(Debug, Default)]
struct SessionState {
    data: Option<Bytes>,
    had_data: bool,
    accessed: bool,
    modified: bool,
}

impl Session {
    fn new(data: Option<Bytes>) -> Self {
        Self(Arc::new(Mutex::new(SessionState {
            had_data: data.is_some(),
            data,
            ..SessionState::default()
        })))
    }

    fn state(&self) -> MutexGuard<'_, SessionState> {
        // Nothing panics while the lock is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The JSON text of the session as it came or was written, without marking anything.
    pub fn peek(&self) -> Option<Bytes> {
        self.state().data.clone()
    }

    /// The JSON text of the session, `None` when there is none; marks the answer as depending on the cookie.
    pub fn read(&self) -> Option<Bytes> {
        let mut state = self.state();
        state.accessed = true;
        state.data.clone()
    }

    /// Replaces the session by this JSON text.
    pub fn write(&self, json: impl Into<Bytes>) {
        let mut state = self.state();
        (state.accessed, state.modified, state.data) = (true, true, Some(json.into()));
    }

    /// Empties the session; the client's cookie is removed if it had one.
    pub fn clear(&self) {
        let mut state = self.state();
        (state.accessed, state.modified, state.data) = (true, true, None);
    }
}

impl Sessions {
    /// Compiles a configuration.
    pub fn new(config: SessionConfig) -> Self {
        let mut flags = format!("httponly; samesite={}", config.same_site);
        if config.https_only {
            flags.push_str("; secure");
        }
        if let Some(domain) = &config.domain {
            flags.push_str(&format!("; domain={domain}"));
        }
        if config.partitioned {
            flags.push_str("; partitioned");
        }
        // itsdangerous derives its key from salt and secret ("django-concat").
        let key = Sha1::new()
            .chain_update(b"itsdangerous.Signer")
            .chain_update(b"signer")
            .chain_update(config.secret_key.as_bytes())
            .finalize();
        // RFC 2104 pads a short key with zeros to the length of a block.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(&key);
        Self {
            cookie: config.session_cookie,
            max_age: config.max_age,
            path: config.path,
            flags,
            mac: Hmac::new(&block.into()),
        }
    }

    fn mac(&self, value: &[u8]) -> Hmac<Sha1> {
        self.mac.clone().chain_update(value)
    }

    fn sign(&self, json: &[u8], now: i64) -> String {
        let timestamp = now.to_be_bytes();
        let zeros = timestamp.iter().take_while(|byte| **byte == 0).count();
        let value = format!(
            "{}.{}",
            STANDARD.encode(json),
            URL_SAFE_NO_PAD.encode(&timestamp[zeros..])
        );
        let signature = URL_SAFE_NO_PAD.encode(self.mac(value.as_bytes()).finalize().into_bytes());
        format!("{value}.{signature}")
    }

    fn unsign(&self, cookie: &str, now: i64) -> Option<Bytes> {
        let (value, signature) = cookie.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(value.as_bytes()).verify_slice(&signature).ok()?;
        let (payload, timestamp) = value.rsplit_once('.')?;
        let timestamp = URL_SAFE_NO_PAD.decode(timestamp).ok()?;
        if timestamp.len() > 8 {
            return None;
        }
        let made = timestamp
            .iter()
            .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let age = now.checked_sub(i64::try_from(made).ok()?)?;
        if self.max_age.is_some_and(|max_age| age > max_age || age < 0) {
            return None;
        }
        STANDARD.decode(payload).ok().map(Bytes::from)
    }

    fn load(&self, headers: &HeaderMap) -> Option<Bytes> {
        let cookie = find_cookie(headers, &self.cookie)?;
        self.unsign(cookie, unix_time())
    }

    /// `None` for a session that is too large. Clients that would keep it, such as those of tests, must not hide what
    /// happens in browsers.
    fn set_cookie(&self, json: &[u8]) -> Option<String> {
        let value = self.sign(json, unix_time());
        let size = self.cookie.len() + value.len();
        if size > MAX_COOKIE {
            tracing::error!(
                "The session is not kept: its cookie '{}' would have {size} bytes, and browsers ignore one of more \
                 than {MAX_COOKIE}",
                self.cookie
            );
            return None;
        }
        let age = self
            .max_age
            .map(|age| format!("Max-Age={age}; "))
            .unwrap_or_default();
        Some(format!(
            "{}={value}; path={}; {age}{}",
            self.cookie, self.path, self.flags
        ))
    }

    fn delete_cookie(&self) -> String {
        let flags = &self.flags;
        format!(
            "{}=null; path={}; expires=Thu, 01 Jan 1970 00:00:00 GMT; {flags}",
            self.cookie, self.path
        )
    }
}

/// The value of the last cookie of this name, as Starlette's parser takes it.
fn find_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut last = pairs.filter_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        (key.trim() == name).then_some(value.trim())
    });
    last.next_back().map(|value| {
        value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'))
            .unwrap_or(value)
    })
}

fn unix_time() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}

impl Filter for Sessions {
    type State = Session;

    fn request(&self, request: &mut Request) -> ControlFlow<Response, Session> {
        let session = Session::new(self.load(request.headers()));
        request.extensions_mut().insert(session.clone());
        ControlFlow::Continue(session)
    }

    fn response(&self, session: Session, mut response: Response) -> Response {
        let state = session.state();
        if !state.accessed {
            return response;
        }
        vary::add(response.headers_mut(), "Cookie");
        let cookie = match &state.data {
            Some(json) if state.modified => self.set_cookie(json),
            None if state.modified && state.had_data => Some(self.delete_cookie()),
            _ => None,
        };
        let Some(cookie) = cookie else { return response };
        match HeaderValue::try_from(cookie) {
            Ok(cookie) => {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            Err(error) => tracing::error!(%error, "the session cookie cannot be sent"),
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by itsdangerous 2.2 with the key "secret" at 1795501687.
    const SIGNED: &str = "eyJhIjogeyJiIjogWzEsICJcdTAwZTkiXX19.awUwdw.xQ06hji-KUVyZTrdWlijy3iw8z4";
    const JSON: &[u8] = br#"{"a": {"b": [1, "\u00e9"]}}"#;
    const MADE: i64 = 0x6b05_3077;

    #[test]
    fn signatures_are_those_of_itsdangerous() {
        let sessions = Sessions::new(SessionConfig::new("secret"));
        assert_eq!(sessions.sign(JSON, MADE), SIGNED);
        assert_eq!(sessions.unsign(SIGNED, MADE + 10).as_deref(), Some(JSON));
    }

    #[test]
    fn expired_forged_and_broken_cookies_are_no_session() {
        let sessions = Sessions::new(SessionConfig::new("secret"));
        assert_eq!(sessions.unsign(SIGNED, MADE + 1_209_601), None);
        assert_eq!(sessions.unsign(SIGNED, MADE - 1), None);
        assert_eq!(sessions.unsign(&SIGNED.replace("eyJh", "eyJi"), MADE), None);
        for broken in ["", ".", "..", "a.b.c", "zzz"] {
            assert_eq!(sessions.unsign(broken, MADE), None, "{broken:?}");
        }
        assert_eq!(
            Sessions::new(SessionConfig::new("other")).unsign(SIGNED, MADE),
            None
        );
    }

    #[test]
    fn the_last_cookie_of_a_name_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("session=a; x=y; session=\"b\""));
        assert_eq!(find_cookie(&headers, "session"), Some("b"));
        assert_eq!(find_cookie(&headers, "none"), None);
    }
}
