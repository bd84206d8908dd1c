//! A version of a file, and what its headers say.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LAST_MODIFIED,
};

/// What tells one version of a file from every other.
///
/// The time of the last change of the inode covers what the modification time does not: a time that was set back,
/// changed permissions, and another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether every later change shows in the times. File systems keep them in steps of up to two seconds, so a file
    /// that has just changed may change again within the same step.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        let latest = self.modified.0.max(self.changed.0);
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        // A step of two seconds, and one for the fractions.
        i64::try_from(now).is_ok_and(|now| now - latest > 3)
    }
}

/// A version of a file.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) identity: Identity,
    pub(super) length: u64,
    pub(super) etag: HeaderValue,
    pub(super) last_modified: HeaderValue,
    content_type: HeaderValue,
    /// The content, if it is held in memory.
    pub(super) content: Option<Bytes>,
}

impl Entity {
    /// `None` for times that HTTP has no date for, or that Python might round to another second.
    pub(super) fn new(metadata: &Metadata, content_type: HeaderValue) -> Option<Self> {
        let seconds = u64::try_from(metadata.mtime()).ok()?;
        let nanoseconds = u64::try_from(metadata.mtime_nsec()).ok()?;
        if nanoseconds > LAST_CERTAIN_NANOSECOND || seconds > LAST_SECOND {
            return None;
        }
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        let since_epoch = u128::from(seconds) * 1_000_000_000 + u128::from(nanoseconds);
        let length = metadata.len();
        Some(Self {
            identity: Identity::of(metadata),
            length,
            etag: HeaderValue::try_from(format!("\"{since_epoch:x}-{length:x}\"")).ok()?,
            last_modified: HeaderValue::try_from(date).ok()?,
            content_type,
            content: None,
        })
    }

    /// The headers of a response with so much of the file, in the order of `FileResponse`.
    pub(super) fn describe(&self, headers: &mut HeaderMap, length: u64) {
        headers.reserve(8);
        headers.insert(CONTENT_TYPE, self.content_type.clone());
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        headers.insert(CONTENT_LENGTH, length.into());
        headers.insert(LAST_MODIFIED, self.last_modified.clone());
        headers.insert(ETAG, self.etag.clone());
    }
}

/// `formatdate` gets the time as a float and rounds it to microseconds.
const LAST_CERTAIN_NANOSECOND: u64 = 999_998_000;
/// The end of the year 9999.
const LAST_SECOND: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(modified: i64, changed: i64) -> Identity {
        Identity {
            device: 1,
            inode: 1,
            length: 1,
            modified: (modified, 0),
            changed: (changed, 0),
        }
    }

    #[test]
    fn a_file_settles_some_seconds_after_its_last_change() {
        let now = UNIX_EPOCH + Duration::from_secs(1000);
        assert!(identity(990, 996).is_settled(now));
        assert!(!identity(990, 997).is_settled(now));
        assert!(!identity(1001, 990).is_settled(now), "from the future");
    }
}
