use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::BodyError;

/// How much of a file is read at once.
const CHUNK: u64 = 256 * 1024;

/// A range of a regular file.
#[derive(Debug)]
pub struct FileBody {
    source: Source,
    position: u64,
    remaining: u64,
}

#[derive(Debug)]
enum Source {
    /// The range itself.
    Memory(Bytes),
    Disk {
        file: Arc<File>,
        reading: Option<JoinHandle<std::io::Result<Bytes>>>,
    },
}

impl FileBody {
    /// The `length` bytes of `file` from `offset` on. A file that turns out shorter fails the body.
    pub fn new(file: File, offset: u64, length: u64) -> Self {
        Self {
            source: Source::Disk {
                file: Arc::new(file),
                reading: None,
            },
            position: offset,
            remaining: length,
        }
    }

    /// A range that has been read.
    pub fn in_memory(range: Bytes) -> Self {
        Self {
            position: 0,
            remaining: range.len() as u64,
            source: Source::Memory(range),
        }
    }

    /// How many bytes are still to come.
    pub(super) fn remaining(&self) -> u64 {
        self.remaining
    }

    pub(super) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let size = self.remaining.min(CHUNK);
        let outcome = match &mut self.source {
            Source::Memory(range) => Ok(std::mem::take(range)),
            Source::Disk { file, reading } => ready!(poll_read(cx, file, reading, self.position, size)),
        };
        Poll::Ready(Some(match outcome {
            Ok(bytes) if !bytes.is_empty() => {
                self.position += bytes.len() as u64;
                self.remaining -= bytes.len() as u64;
                Ok(bytes)
            }
            Ok(_) => Err(BodyError::Producer(
                "the file became shorter while it was sent".into(),
            )),
            Err(error) => Err(BodyError::Producer(error.to_string())),
        }))
    }
}

/// Reads what the page cache has at once, and the rest on the blocking pool.
fn poll_read(
    cx: &mut Context<'_>,
    file: &Arc<File>,
    reading: &mut Option<JoinHandle<std::io::Result<Bytes>>>,
    position: u64,
    size: u64,
) -> Poll<std::io::Result<Bytes>> {
    let task = match reading {
        Some(task) => task,
        None => {
            if let Some(bytes) = read_without_waiting(file, position, size) {
                return Poll::Ready(Ok(bytes));
            }
            let file = Arc::clone(file);
            reading.insert(tokio::task::spawn_blocking(move || {
                read_range(&file, position, size)
            }))
        }
    };
    let outcome = ready!(Pin::new(task).poll(cx));
    *reading = None;
    Poll::Ready(outcome.unwrap_or_else(|error| Err(std::io::Error::other(error))))
}

/// What of the range can be read without waiting for the device; `None` where that is nothing, or unknown.
#[cfg(target_os = "linux")]
fn read_without_waiting(file: &File, position: u64, size: u64) -> Option<Bytes> {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    let mut buffer = vec![0; usize::try_from(size).ok()?];
    // Every failure repeats on the pool, where it is told. Not all file systems know the flag.
    let read = preadv2(
        file,
        &mut [IoSliceMut::new(&mut buffer)],
        position,
        ReadWriteFlags::NOWAIT,
    )
    .ok()?;
    buffer.truncate(read);
    (read > 0).then(|| buffer.into())
}

#[cfg(not(target_os = "linux"))]
fn read_without_waiting(_: &File, _: u64, _: u64) -> Option<Bytes> {
    None
}

/// Reads a range; less where the file ends before. Blocks.
pub(crate) fn read_range(file: &File, position: u64, size: u64) -> std::io::Result<Bytes> {
    let mut buffer = vec![0; usize::try_from(size).map_err(std::io::Error::other)?];
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read_at(&mut buffer[filled..], position + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer.truncate(filled);
    Ok(buffer.into())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;
    use crate::ResponseBody;

    #[tokio::test]
    async fn a_file_that_shrinks_fails_the_body() {
        let path = std::env::temp_dir().join(format!("server-file-body-{}", std::process::id()));
        std::fs::write(&path, b"0123456789").unwrap();
        let whole = ResponseBody::File(FileBody::new(File::open(&path).unwrap(), 2, 5));
        assert_eq!(
            whole.collect().await.unwrap().to_bytes(),
            Bytes::from_static(b"23456")
        );
        let short = ResponseBody::File(FileBody::new(File::open(&path).unwrap(), 5, 50));
        assert!(matches!(short.collect().await, Err(BodyError::Producer(_))));
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn large_files_come_in_chunks() {
        let path = std::env::temp_dir().join(format!("server-file-chunks-{}", std::process::id()));
        let content: Vec<u8> = (0..=255).cycle().take(700_000).collect();
        std::fs::write(&path, &content).unwrap();
        let body = ResponseBody::File(FileBody::new(File::open(&path).unwrap(), 0, 700_000));
        assert_eq!(body.collect().await.unwrap().to_bytes(), content);
        std::fs::remove_file(&path).unwrap();
    }

    #[tokio::test]
    async fn a_range_in_memory_comes_at_once() {
        let body = ResponseBody::File(FileBody::in_memory(Bytes::from_static(b"abc")));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "abc");
    }
}
