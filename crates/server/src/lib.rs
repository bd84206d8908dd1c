//! The HTTP and WebSocket server of `FastrAPI`. It knows nothing of Python: an application is any
//! [`tower::Service`] from [`Request`] to [`Response`].
#![forbid(unsafe_code)]
