//! From a request path to a regular file, never leaving the directory.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::StaticFileError;
use super::entity::{Entity, Identity};
use super::memory::Memory;

/// Where files are looked for.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) directory: PathBuf,
    /// Whether symbolic links may lead out of the directory.
    pub(super) follow_symlinks: bool,
}

#[derive(Debug)]
pub(super) enum Located {
    /// The content in memory is the file's.
    Kept(Arc<Entity>),
    /// A regular file.
    Opened(Opened),
}

#[derive(Debug)]
pub(super) struct Opened {
    pub(super) file: File,
    pub(super) metadata: Metadata,
    /// The name behind all links, which tells the content's type.
    pub(super) name: OsString,
}

/// Whether a path is made of plain names only. Others may mean something to the application.
pub(super) fn is_plain(wanted: &str) -> bool {
    let is_odd = |c: char| c == '\\' || c.is_control() || c == char::REPLACEMENT_CHARACTER;
    !wanted.contains(is_odd) && wanted.split('/').all(|name| !matches!(name, "" | "." | ".."))
}

/// Finds a file by a plain path. Blocks.
pub(super) fn locate(root: &Root, memory: &Memory, wanted: &str) -> Result<Located, StaticFileError> {
    if let Some(kept) = memory.get(wanted) {
        if is_current(root, wanted, &kept)? {
            return Ok(Located::Kept(kept));
        }
    }
    open(root, root.directory.join(wanted)).map(Located::Opened)
}

/// Whether a path still leads to the same file as when it was found to be within the directory, and that has not changed
/// since. Blocks.
pub(super) fn is_current(root: &Root, wanted: &str, kept: &Entity) -> Result<bool, StaticFileError> {
    let metadata = std::fs::metadata(root.directory.join(wanted)).map_err(classify)?;
    Ok(Identity::of(&metadata) == kept.identity)
}

fn open(root: &Root, path: PathBuf) -> Result<Opened, StaticFileError> {
    let path = if root.follow_symlinks {
        path
    } else {
        let directory = root.directory.canonicalize().map_err(classify)?;
        let real = path.canonicalize().map_err(classify)?;
        if !real.starts_with(&directory) {
            return Err(StaticFileError::NotFound);
        }
        real
    };
    // Opening a FIFO would wait for its other end.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&path)
        .map_err(classify)?;
    let metadata = file.metadata().map_err(classify)?;
    if !metadata.is_file() {
        return Err(StaticFileError::NotFound);
    }
    let name = path.file_name().map(ToOwned::to_owned).unwrap_or_default();
    Ok(Opened { file, metadata, name })
}

fn classify(error: io::Error) -> StaticFileError {
    // Names that are too long, loops of links, and sockets, which cannot be opened.
    let odd = [libc::ENAMETOOLONG, libc::ELOOP, libc::ENXIO, libc::ENOTDIR];
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::InvalidInput => StaticFileError::NotFound,
        io::ErrorKind::PermissionDenied => StaticFileError::PermissionDenied,
        _ if error.raw_os_error().is_some_and(|code| odd.contains(&code)) => StaticFileError::NotFound,
        _ => StaticFileError::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_pass() {
        for wanted in ["a", "a/b.txt", "...", ".hidden", "a b/ü%2e"] {
            assert!(is_plain(wanted), "{wanted}");
        }
        for wanted in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "./a",
            "..",
            "a/../b",
            "../a",
            "a\0b",
            "a\nb",
            "..\\a",
            "a/..",
            "a\u{fffd}",
        ] {
            assert!(!is_plain(wanted), "{wanted}");
        }
    }
}
