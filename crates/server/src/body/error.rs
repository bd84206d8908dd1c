/// Why a message body could not be read or produced to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The body is larger than the limit, in bytes, that applies to it.
    #[error("the body is larger than {limit} bytes")]
    Limit {
        /// The limit that was exceeded, in bytes.
        limit: u64,
    },
    /// The peer closed the connection (or reset the stream) before the body was complete.
    #[error("the peer disconnected before the body was complete")]
    Disconnected,
    /// The framing of the body is not valid HTTP.
    #[error("malformed body: {0}")]
    Protocol(String),
    /// The peer sent the body more slowly than the server allows.
    #[error("the body arrived too slowly")]
    Timeout,
    /// The producer of a streamed body failed, or went away without finishing it.
    #[error("the body was not produced to its end: {0}")]
    Producer(String),
}

impl BodyError {
    pub(crate) fn from_hyper(error: &hyper::Error) -> Self {
        if error.is_parse() || error.is_user() {
            Self::Protocol(error.to_string())
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            Self::Disconnected
        } else {
            // hyper wraps both I/O failures and chunked-coding faults in its body kind; only the
            // latter carry an `InvalidInput`/`InvalidData` source.
            match std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>())
            {
                Some(io)
                    if matches!(
                        io.kind(),
                        std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData
                    ) =>
                {
                    Self::Protocol(io.to_string())
                }
                _ => Self::Disconnected,
            }
        }
    }
}
