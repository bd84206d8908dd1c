//! From a request path to an open file, never leaving the directory.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use http::StatusCode;

use super::{Settings, StaticFileError};

#[derive(Debug)]
pub(super) enum Located {
    /// A regular file, opened.
    File {
        file: File,
        path: PathBuf,
        status: StatusCode,
    },
    /// A directory with an index, asked for without a trailing slash.
    DirectoryWithoutSlash,
}

/// Finds and opens a file. Blocks.
pub(super) fn locate(settings: &Settings, wanted: &str) -> Result<Located, StaticFileError> {
    let outcome = locate_wanted(settings, wanted);
    match outcome {
        Err(StaticFileError::NotFound) if settings.html => {
            let (file, path) = open(settings, Path::new("404.html"))?;
            Ok(Located::File {
                file,
                path,
                status: StatusCode::NOT_FOUND,
            })
        }
        outcome => outcome,
    }
}

fn locate_wanted(settings: &Settings, wanted: &str) -> Result<Located, StaticFileError> {
    let relative = sanitize(wanted).ok_or(StaticFileError::NotFound)?;
    let is_directory =
        settings.html && std::fs::metadata(settings.root.join(&relative)).is_ok_and(|meta| meta.is_dir());
    if is_directory {
        let (file, path) = open(settings, &relative.join("index.html"))?;
        if !wanted.is_empty() && !wanted.ends_with('/') {
            return Ok(Located::DirectoryWithoutSlash);
        }
        return Ok(Located::File {
            file,
            path,
            status: StatusCode::OK,
        });
    }
    if wanted.ends_with('/') {
        return Err(StaticFileError::NotFound);
    }
    let (file, path) = open(settings, &relative)?;
    Ok(Located::File {
        file,
        path,
        status: StatusCode::OK,
    })
}

/// The path, if it is made of plain names only.
fn sanitize(wanted: &str) -> Option<PathBuf> {
    if wanted.contains(['\0', '\\']) {
        return None;
    }
    let mut relative = PathBuf::new();
    for component in Path::new(wanted.trim_start_matches('/')).components() {
        match component {
            Component::Normal(name) => relative.push(name),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(relative)
}

fn open(settings: &Settings, relative: &Path) -> Result<(File, PathBuf), StaticFileError> {
    let path = settings.root.join(relative);
    let path = if settings.follow_symlinks {
        path
    } else {
        let root = settings.root.canonicalize().map_err(classify)?;
        let real = path.canonicalize().map_err(classify)?;
        if !real.starts_with(&root) {
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
    if file.metadata().map_err(classify)?.is_file() {
        Ok((file, path))
    } else {
        Err(StaticFileError::NotFound)
    }
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
        for (wanted, relative) in [
            ("a/b.txt", "a/b.txt"),
            ("/a//./b", "a/b"),
            ("", ""),
            ("...", "..."),
        ] {
            assert_eq!(sanitize(wanted), Some(PathBuf::from(relative)), "{wanted}");
        }
        for wanted in ["..", "a/../b", "../a", "a\0b", "..\\a", "a/.."] {
            assert_eq!(sanitize(wanted), None, "{wanted}");
        }
    }
}
