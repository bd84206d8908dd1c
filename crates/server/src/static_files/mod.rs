//! Files of a directory: what succeeds, and nothing else.
//!
//! Served are GET and HEAD of existing regular files by plain paths: whole, one range, or 304. The application words
//! every other answer. Every answer is that of the file as it is now: what is kept in memory is compared with the
//! file's state each time.

mod conditional;
mod content_type;
mod entity;
mod locate;
mod memory;
mod pace;
mod range;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, StatusCode};

pub use self::content_type::ContentTypeOf;
use self::content_type::ContentTypes;
use self::entity::Entity;
use self::locate::{Located, Opened, Root, is_current, is_plain, locate};
use self::memory::Memory;
use self::pace::Pace;
use self::range::Selection;
use crate::body::{FileBody, read_range};
use crate::{Response, ResponseBody};

/// Why a file is not served; the application words the answer.
#[derive(Debug, thiserror::Error)]
pub enum StaticFileError {
    /// There is no such file, it is none that may be served, or the path is not a plain one.
    #[error("not found")]
    NotFound,
    /// The method is neither GET nor HEAD.
    #[error("method not allowed")]
    MethodNotAllowed,
    /// The server's user may not read the file.
    #[error("permission denied")]
    PermissionDenied,
    /// The request asks for what only the application evaluates, as several ranges, or one outside of the file.
    #[error("not a plain request")]
    Unusual {
        /// The file's size in bytes.
        length: u64,
    },
    /// The file system failed.
    #[error("cannot read the file: {0}")]
    Io(#[source] std::io::Error),
}

/// Serves the regular files below one directory. Clones share what they know.
#[derive(Debug, Clone)]
pub struct StaticFiles(Arc<Directory>);

#[derive(Debug)]
struct Directory {
    root: Root,
    memory: Memory,
    pace: Pace,
    content_types: ContentTypes,
}

impl StaticFiles {
    /// Serves what is below `directory`. Symbolic links are followed where they stay below it, or, with
    /// `follow_symlinks`, wherever they lead.
    pub fn new(directory: impl Into<PathBuf>, follow_symlinks: bool, content_type_of: ContentTypeOf) -> Self {
        Self(Arc::new(Directory {
            root: Root {
                directory: directory.into(),
                follow_symlinks,
            },
            memory: Memory::default(),
            pace: Pace::new(),
            content_types: ContentTypes::new(content_type_of),
        }))
    }

    /// Answers a request for `path`, percent-decoded and relative to the directory.
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
        if !is_plain(path) {
            return Err(StaticFileError::NotFound);
        }
        match self.locate(path).await? {
            Located::Kept(entity) => answer(&entity, None, method, headers),
            Located::Opened(opened) => {
                let (entity, file) = self.read(path, opened).await?;
                answer(&entity, file, method, headers)
            }
        }
    }

    /// As [`Self::respond`], if the file's content is in memory and its state can be looked at without waiting. `None`
    /// says nothing about the file.
    pub fn respond_at_once(&self, method: &Method, headers: &HeaderMap, path: &str) -> Option<Response> {
        let directory = &*self.0;
        if (method != Method::GET && method != Method::HEAD) || !is_plain(path) {
            return None;
        }
        let kept = directory.memory.get(path)?;
        let is_current = || is_current(&directory.root, path, &kept);
        if !directory.pace.try_inline(is_current)?.ok()? {
            return None;
        }
        answer(&kept, None, method, headers).ok()
    }

    async fn locate(&self, path: &str) -> Result<Located, StaticFileError> {
        let directory = &*self.0;
        let found_here = directory
            .pace
            .try_inline(|| locate(&directory.root, &directory.memory, path));
        if let Some(outcome) = found_here {
            return outcome;
        }
        let (shared, path) = (Arc::clone(&self.0), path.to_owned());
        directory
            .pace
            .in_pool(move || locate(&shared.root, &shared.memory, &path))
            .await
            .map_err(StaticFileError::Io)?
    }

    /// Describes a file, and keeps its content if it is small and has not changed for a while.
    async fn read(&self, path: &str, opened: Opened) -> Result<(Arc<Entity>, Option<File>), StaticFileError> {
        let length = opened.metadata.len();
        let entity = opened
            .name
            .to_str()
            .and_then(|name| self.0.content_types.get(name))
            .and_then(|content_type| Entity::new(&opened.metadata, content_type));
        let Some(mut entity) = entity else {
            return Err(StaticFileError::Unusual { length });
        };
        let is_worth_keeping = length <= memory::MAX_FILE && entity.identity.is_settled(SystemTime::now());
        if !is_worth_keeping {
            return Ok((Arc::new(entity), Some(opened.file)));
        }
        let (content, file) = read_whole(opened.file, length)
            .await
            .map_err(StaticFileError::Io)?;
        // A file that has become shorter is not the one that was described.
        if content.len() as u64 != length {
            return Ok((Arc::new(entity), Some(file)));
        }
        entity.content = Some(content);
        let entity = Arc::new(entity);
        self.0.memory.keep(path, Arc::clone(&entity));
        Ok((entity, None))
    }
}

async fn read_whole(file: File, length: u64) -> std::io::Result<(Bytes, File)> {
    tokio::task::spawn_blocking(move || read_range(&file, 0, length).map(|content| (content, file)))
        .await
        .map_err(std::io::Error::other)?
}

/// The response with what the headers ask for of the entity, whose content is in memory or in the file.
fn answer(
    entity: &Entity,
    file: Option<File>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, StaticFileError> {
    let unusual = || StaticFileError::Unusual {
        length: entity.length,
    };
    if conditional::is_not_modified(headers, &entity.etag, &entity.last_modified).ok_or_else(unusual)? {
        return Ok(not_modified(entity));
    }
    let range = headers
        .get(header::RANGE)
        .filter(|_| conditional::allows_range(headers, &entity.etag, &entity.last_modified));
    let mut response = Response::new(ResponseBody::Empty);
    let (offset, length) = match range::select(range, entity.length).ok_or_else(unusual)? {
        Selection::Whole => {
            entity.describe(response.headers_mut(), entity.length);
            (0, entity.length)
        }
        Selection::Part { first, last } => {
            let length = last - first + 1;
            entity.describe(response.headers_mut(), length);
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let range = format!("bytes {first}-{last}/{}", entity.length);
            let range = HeaderValue::try_from(range).map_err(|_| unusual())?;
            response.headers_mut().insert(header::CONTENT_RANGE, range);
            (first, length)
        }
    };
    if method != Method::HEAD && length > 0 {
        let body = match (&entity.content, file) {
            (Some(content), _) => in_memory(content, offset, length),
            (None, Some(file)) => Some(FileBody::new(file, offset, length)),
            (None, None) => None,
        };
        *response.body_mut() = ResponseBody::File(body.ok_or_else(unusual)?);
    }
    Ok(response)
}

/// A range of the content; `None` if it has no such range.
fn in_memory(content: &Bytes, offset: u64, length: u64) -> Option<FileBody> {
    let start = usize::try_from(offset).ok()?;
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    (end <= content.len()).then(|| FileBody::in_memory(content.slice(start..end)))
}

fn not_modified(entity: &Entity) -> Response {
    let mut response = Response::new(ResponseBody::Empty);
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().insert(header::ETAG, entity.etag.clone());
    response
}
