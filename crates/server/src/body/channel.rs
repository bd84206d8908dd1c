//! A bounded pipe of body chunks that cannot be mistaken for complete when its producer dies.

use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::BodyError;

enum Item {
    Chunk(Bytes),
    Failed(BodyError),
    Finished,
}

/// Makes a pipe that holds at most `capacity` chunks; the sender waits while it is full.
pub fn channel(capacity: usize) -> (BodySender, BodyReceiver) {
    let (sender, receiver) = mpsc::channel(capacity.max(1));
    (
        BodySender { sender },
        BodyReceiver {
            receiver,
            ended: false,
            failure: None,
            unflushed: false,
        },
    )
}

/// The producing end. Dropping it without [`BodySender::finish`] makes the body fail.
#[derive(Debug, Clone)]
pub struct BodySender {
    sender: mpsc::Sender<Item>,
}

impl BodySender {
    /// Sends one chunk, waiting for room; an empty chunk is ignored.
    ///
    /// # Errors
    /// [`BodyError::Disconnected`] once the reader is gone.
    pub async fn send(&self, chunk: Bytes) -> Result<(), BodyError> {
        if chunk.is_empty() {
            return if self.sender.is_closed() {
                Err(BodyError::Disconnected)
            } else {
                Ok(())
            };
        }
        self.sender
            .send(Item::Chunk(chunk))
            .await
            .map_err(|_| BodyError::Disconnected)
    }

    /// Sends one chunk if there is room now.
    ///
    /// # Errors
    /// The chunk, when the pipe is full or the reader gone ([`BodySender::is_closed`] tells which).
    pub fn try_send(&self, chunk: Bytes) -> Result<(), Bytes> {
        if chunk.is_empty() {
            return Ok(());
        }
        self.sender
            .try_send(Item::Chunk(chunk))
            .map_err(|error| match error.into_inner() {
                Item::Chunk(chunk) => chunk,
                Item::Failed(_) | Item::Finished => Bytes::new(),
            })
    }

    /// Sends one chunk from a thread that may block.
    ///
    /// # Errors
    /// [`BodyError::Disconnected`] once the reader is gone.
    ///
    /// # Panics
    /// When called on a thread of the runtime.
    pub fn blocking_send(&self, chunk: Bytes) -> Result<(), BodyError> {
        self.sender
            .blocking_send(Item::Chunk(chunk))
            .map_err(|_| BodyError::Disconnected)
    }

    /// Marks the body as complete. Without it a dropped sender counts as a failure.
    ///
    /// # Errors
    /// [`BodyError::Disconnected`] once the reader is gone.
    pub async fn finish(self) -> Result<(), BodyError> {
        self.sender
            .send(Item::Finished)
            .await
            .map_err(|_| BodyError::Disconnected)
    }

    /// Marks the body as complete if there is room for the mark now, else hands the sender back.
    ///
    /// # Errors
    /// The sender, when the pipe is full.
    pub fn try_finish(self) -> Result<(), Self> {
        match self.sender.try_send(Item::Finished) {
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
            Err(mpsc::error::TrySendError::Full(_)) => Err(self),
        }
    }

    /// Ends the body with an error: the reader's connection (or stream) is aborted.
    pub async fn fail(self, error: BodyError) {
        // A reader that is gone has nothing left to abort.
        drop(self.sender.send(Item::Failed(error)).await);
    }

    /// Whether the reader is gone.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Completes when the reader is gone: the client left or the response was abandoned.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }
}

/// The consuming end, used as [`super::ResponseBody::Channel`] or inside a [`super::RequestBody`].
#[derive(Debug)]
pub struct BodyReceiver {
    receiver: mpsc::Receiver<Item>,
    ended: bool,
    /// Why the body fails, until the reader is told.
    failure: Option<BodyError>,
    /// Whether a chunk has been handed out since the reader was last told to wait.
    unflushed: bool,
}

impl BodyReceiver {
    /// Whether the end of the body has been read.
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Polls for the next chunk; `None` is the regular end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.failure.is_none() {
            match self.receiver.poll_recv(cx) {
                Poll::Pending => {
                    self.unflushed = false;
                    return Poll::Pending;
                }
                Poll::Ready(Some(Item::Chunk(chunk))) => {
                    self.unflushed = true;
                    return Poll::Ready(Some(Ok(chunk)));
                }
                Poll::Ready(Some(Item::Finished)) => {
                    self.ended = true;
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Item::Failed(error))) => self.failure = Some(error),
                Poll::Ready(None) => {
                    self.failure = Some(BodyError::Producer("the producer went away".into()));
                }
            }
        }
        self.poll_failure(cx)
    }

    /// An error makes hyper drop what it has buffered, which it writes when a body has nothing for it: so it is told
    /// first to wait. Otherwise the client would not even see the head of a response that fails after its first chunk.
    fn poll_failure(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if std::mem::take(&mut self.unflushed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ended = true;
        Poll::Ready(self.failure.take().map(Err))
    }
}

impl std::fmt::Debug for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Chunk(_) => "Chunk",
            Self::Failed(_) => "Failed",
            Self::Finished => "Finished",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn next(receiver: &mut BodyReceiver) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|cx| receiver.poll_chunk(cx)).await
    }

    #[tokio::test]
    async fn a_finished_body_ends_and_stays_ended() {
        let (sender, mut receiver) = channel(4);
        sender.send(Bytes::from_static(b"a")).await.unwrap();
        sender.send(Bytes::new()).await.unwrap();
        sender.finish().await.unwrap();
        assert_eq!(next(&mut receiver).await, Some(Ok(Bytes::from_static(b"a"))));
        assert_eq!(next(&mut receiver).await, None);
        assert_eq!(next(&mut receiver).await, None);
    }

    #[tokio::test]
    async fn a_dropped_producer_is_a_failure() {
        let (sender, mut receiver) = channel(4);
        sender.send(Bytes::from_static(b"a")).await.unwrap();
        drop(sender);
        assert_eq!(next(&mut receiver).await, Some(Ok(Bytes::from_static(b"a"))));
        assert!(matches!(
            next(&mut receiver).await,
            Some(Err(BodyError::Producer(_)))
        ));
        assert_eq!(next(&mut receiver).await, None);
    }

    #[tokio::test]
    async fn a_failure_comes_after_the_chunks_before_it_can_have_been_written() {
        let (sender, mut receiver) = channel(4);
        sender.send(Bytes::from_static(b"a")).await.unwrap();
        sender.fail(BodyError::Timeout).await;
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let polls: Vec<_> = std::iter::repeat_with(|| receiver.poll_chunk(&mut cx))
            .take(4)
            .collect();
        assert_eq!(
            polls,
            [
                Poll::Ready(Some(Ok(Bytes::from_static(b"a")))),
                Poll::Pending,
                Poll::Ready(Some(Err(BodyError::Timeout))),
                Poll::Ready(None),
            ]
        );
    }

    #[tokio::test]
    async fn a_full_pipe_hands_the_chunk_back() {
        let (sender, _receiver) = channel(1);
        sender.try_send(Bytes::from_static(b"a")).unwrap();
        assert_eq!(
            sender.try_send(Bytes::from_static(b"b")),
            Err(Bytes::from_static(b"b"))
        );
    }
}
