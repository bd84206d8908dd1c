//! Files of a directory: conditional requests, ranges, and no way out of the directory.

mod conditional;
mod locate;
mod range;

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};
use md5::{Digest, Md5};

use self::locate::Located;
use self::range::Selection;
use crate::body::FileBody;
use crate::{Response, ResponseBody};

/// Why a file is not served; the application words the answer.
#[derive(Debug, thiserror::Error)]
pub enum StaticFileError {
    /// There is no such file, or it is none that may be served.
    #[error("not found")]
    NotFound,
    /// The method is neither GET nor HEAD.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The server's user may not read the file.
    #[error("permission denied")]
    PermissionDenied,
    /// The file system failed.
    #[error("cannot read the file: {0}")]
    Io(#[source] std::io::Error),
}

/// Serves the regular files below one directory.
#[derive(Debug, Clone)]
pub struct StaticFiles {
    settings: Arc<Settings>,
}

#[derive(Debug)]
struct Settings {
    root: PathBuf,
    follow_symlinks: bool,
    html: bool,
}

/// A file that is being served.
#[derive(Debug)]
struct Entity {
    length: u64,
    modified: SystemTime,
    etag: HeaderValue,
    content_type: HeaderValue,
}

impl StaticFiles {
    /// Serves what is below `root`. Symbolic links are followed only where they stay below it.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            settings: Arc::new(Settings {
                root: root.into(),
                follow_symlinks: false,
                html: false,
            }),
        }
    }

    /// Follows symbolic links wherever they lead.
    #[must_use]
    pub fn follow_symlinks(self, follow: bool) -> Self {
        self.with(|settings| Settings {
            follow_symlinks: follow,
            ..settings
        })
    }

    /// Serves `index.html` for directories, and `404.html` with status 404 for what is missing.
    #[must_use]
    pub fn html(self, html: bool) -> Self {
        self.with(|settings| Settings { html, ..settings })
    }

    fn with(self, change: impl FnOnce(Settings) -> Settings) -> Self {
        let Settings {
            root,
            follow_symlinks,
            html,
        } = &*self.settings;
        let copy = Settings {
            root: root.clone(),
            follow_symlinks: *follow_symlinks,
            html: *html,
        };
        Self {
            settings: Arc::new(change(copy)),
        }
    }

    /// Answers a request for `path`, percent-decoded and relative to the directory; a leading slash is ignored.
    ///
    /// # Errors
    /// See [`StaticFileError`].
    pub async fn respond(
        &self,
        method: &Method,
        headers: &HeaderMap,
        path: &str,
    ) -> Result<Response, StaticFileError> {
        if method != Method::GET && method != Method::HEAD {
            return Err(StaticFileError::MethodNotAllowed);
        }
        let (settings, wanted) = (Arc::clone(&self.settings), path.to_owned());
        let located = tokio::task::spawn_blocking(move || locate::locate(&settings, &wanted))
            .await
            .map_err(|error| StaticFileError::Io(std::io::Error::other(error)))??;
        match located {
            Located::File { file, path, status } => {
                let entity = Entity::new(&file, &path).map_err(StaticFileError::Io)?;
                Ok(entity.answer(file, status, method, headers))
            }
            Located::DirectoryWithoutSlash => Ok(add_slash(path)),
        }
    }
}

fn add_slash(path: &str) -> Response {
    // Relative to the present path, so that a mount prefix need not be known, and never another host.
    let name = path.trim_end_matches('/').rsplit('/').next().unwrap_or("");
    let target = format!("./{}/", percent_encode(name));
    let mut response = Response::new(ResponseBody::Empty);
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if let Ok(target) = HeaderValue::try_from(target) {
        response.headers_mut().insert(header::LOCATION, target);
    }
    response
}

fn percent_encode(name: &str) -> String {
    percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC).to_string()
}

impl Entity {
    fn new(file: &File, path: &std::path::Path) -> std::io::Result<Self> {
        let metadata = file.metadata()?;
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        Ok(Self {
            length: metadata.len(),
            modified: whole_seconds(modified),
            etag: etag(metadata.mtime(), metadata.mtime_nsec(), metadata.len())?,
            content_type: content_type(path),
        })
    }

    fn answer(&self, file: File, status: StatusCode, method: &Method, headers: &HeaderMap) -> Response {
        if status == StatusCode::OK && conditional::is_not_modified(headers, &self.etag, self.modified) {
            return self.not_modified();
        }
        let selection =
            if status == StatusCode::OK && conditional::allows_range(headers, &self.etag, self.modified) {
                range::select(headers.get(header::RANGE), self.length)
            } else {
                Selection::Whole
            };
        let mut response = Response::new(ResponseBody::Empty);
        *response.status_mut() = status;
        self.describe(response.headers_mut());
        let (offset, length) = match selection {
            Selection::Whole => (0, self.length),
            Selection::Part { first, last } => {
                *response.status_mut() = StatusCode::PARTIAL_CONTENT;
                insert(
                    &mut response,
                    header::CONTENT_RANGE,
                    format!("bytes {first}-{last}/{}", self.length),
                );
                (first, last - first + 1)
            }
            Selection::Unsatisfiable => {
                *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
                insert(
                    &mut response,
                    header::CONTENT_RANGE,
                    format!("bytes */{}", self.length),
                );
                response.headers_mut().remove(header::CONTENT_TYPE);
                return response;
            }
        };
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length.into());
        if method != Method::HEAD && length > 0 {
            *response.body_mut() = ResponseBody::File(FileBody::new(file, offset, length));
        }
        response
    }

    fn describe(&self, headers: &mut HeaderMap) {
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(self.modified)) {
            headers.insert(header::LAST_MODIFIED, date);
        }
        headers.insert(header::ETAG, self.etag.clone());
    }

    fn not_modified(&self) -> Response {
        let mut response = Response::new(ResponseBody::Empty);
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().insert(header::ETAG, self.etag.clone());
        response
    }
}

/// The time as an HTTP date can show it: whole seconds, up to the year 9999.
fn whole_seconds(time: SystemTime) -> SystemTime {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799))
}

fn insert(response: &mut Response, name: header::HeaderName, value: String) {
    // Digits and a unit are a valid value.
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The tag that Starlette computes: MD5 of `<mtime as Python prints it>-<size>`.
fn etag(seconds: i64, nanoseconds: i64, length: u64) -> std::io::Result<HeaderValue> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "Python's st_mtime is the same rounded number"
    )]
    let mtime = seconds as f64 + 1e-9 * nanoseconds as f64;
    let digest = Md5::digest(format!("{mtime:?}-{length}"));
    let hexadecimal = digest
        .iter()
        .fold(String::from("\""), |text, byte| text + &format!("{byte:02x}"));
    HeaderValue::try_from(hexadecimal + "\"").map_err(std::io::Error::other)
}

fn content_type(path: &std::path::Path) -> HeaderValue {
    let guess = mime_guess::from_path(path).first_raw().unwrap_or("text/plain");
    let value = if guess.starts_with("text/") {
        format!("{guess}; charset=utf-8")
    } else {
        guess.to_owned()
    };
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}
