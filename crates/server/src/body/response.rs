use std::fs::File;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;
use tokio::task::JoinHandle;

use super::{BodyError, BodyReceiver};

/// The body of a response.
#[derive(Debug, Default)]
pub enum ResponseBody {
    /// No bytes.
    #[default]
    Empty,
    /// Bytes that are in memory.
    Full(Bytes),
    /// Chunks from a [`super::BodySender`], sent as they come.
    Channel(BodyReceiver),
    /// A part of a file, read on the blocking pool.
    File(FileBody),
    /// Any other body, such as a compressed one.
    Boxed(UnsyncBoxBody<Bytes, BodyError>),
}

impl ResponseBody {
    /// A body of these bytes.
    pub fn full(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        if bytes.is_empty() {
            Self::Empty
        } else {
            Self::Full(bytes)
        }
    }

    /// Any body, behind a box.
    pub fn boxed<B>(body: B) -> Self
    where
        B: Body<Data = Bytes, Error = BodyError> + Send + 'static,
    {
        Self::Boxed(UnsyncBoxBody::new(body))
    }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        Self::full(bytes)
    }
}

impl From<String> for ResponseBody {
    fn from(text: String) -> Self {
        Self::full(text)
    }
}

impl From<&'static str> for ResponseBody {
    fn from(text: &'static str) -> Self {
        Self::full(text)
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Self::Empty => Poll::Ready(None),
            Self::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Self::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Self::Channel(receiver) => receiver
                .poll_chunk(cx)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
            Self::File(file) => file
                .poll_chunk(cx)
                .map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
            Self::Boxed(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Full(_) => false,
            Self::Channel(receiver) => receiver.is_ended(),
            Self::File(file) => file.remaining == 0,
            Self::Boxed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Empty => SizeHint::with_exact(0),
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Channel(_) => SizeHint::default(),
            Self::File(file) => SizeHint::with_exact(file.remaining),
            Self::Boxed(body) => body.size_hint(),
        }
    }
}

/// How much of a file is read at once.
const FILE_CHUNK: u64 = 128 * 1024;

/// A range of an open regular file.
#[derive(Debug)]
pub struct FileBody {
    file: Arc<File>,
    position: u64,
    remaining: u64,
    reading: Option<JoinHandle<std::io::Result<Bytes>>>,
}

impl FileBody {
    /// The `length` bytes of `file` from `offset` on. A file that turns out shorter fails the body.
    pub fn new(file: File, offset: u64, length: u64) -> Self {
        Self {
            file: Arc::new(file),
            position: offset,
            remaining: length,
            reading: None,
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let (file, position, size) = (&self.file, self.position, self.remaining.min(FILE_CHUNK));
        let reading = self.reading.get_or_insert_with(|| {
            let file = Arc::clone(file);
            tokio::task::spawn_blocking(move || read_at(&file, position, size))
        });
        let outcome = ready!(Pin::new(reading).poll(cx));
        self.reading = None;
        Poll::Ready(Some(match outcome {
            Ok(Ok(bytes)) if !bytes.is_empty() => {
                self.position += bytes.len() as u64;
                self.remaining -= bytes.len() as u64;
                Ok(bytes)
            }
            Ok(Ok(_)) => Err(BodyError::Producer(
                "the file became shorter while it was sent".into(),
            )),
            Ok(Err(error)) => Err(BodyError::Producer(error.to_string())),
            Err(error) => Err(BodyError::Producer(error.to_string())),
        }))
    }
}

fn read_at(file: &File, position: u64, size: u64) -> std::io::Result<Bytes> {
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

    #[test]
    fn sizes_are_exact_where_they_are_known() {
        assert_eq!(ResponseBody::Empty.size_hint().exact(), Some(0));
        assert_eq!(ResponseBody::from("abc").size_hint().exact(), Some(3));
        assert!(matches!(ResponseBody::from(""), ResponseBody::Empty));
    }

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
}
