//! How a WebSocket ends.

/// A status code of a close frame (RFC 6455 7.4).
pub type CloseCode = u16;

/// Regular end.
pub(super) const NORMAL: CloseCode = 1000;
/// The server stops.
pub(super) const GOING_AWAY: CloseCode = 1001;
/// The peer broke the protocol.
pub(super) const PROTOCOL_ERROR: CloseCode = 1002;
/// Reported, never sent: the close frame had no code.
pub(super) const NO_STATUS: CloseCode = 1005;
/// Reported, never sent: the connection broke without a close frame.
pub(super) const ABNORMAL: CloseCode = 1006;
/// Text that is not UTF-8, or data that does not inflate.
pub(super) const INVALID_DATA: CloseCode = 1007;
/// Too many fragments.
pub(super) const POLICY: CloseCode = 1008;
/// A message over the limit.
pub(super) const TOO_BIG: CloseCode = 1009;
/// The peer does not answer pings.
pub(super) const INTERNAL_ERROR: CloseCode = 1011;

/// The WebSocket is closed; code and reason are the peer's, or ours where we ended it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the WebSocket is closed ({code} {reason})")]
pub struct Closed {
    /// The status code; 1005 when the peer gave none, 1006 when the connection broke.
    pub code: CloseCode,
    /// The reason given, often empty.
    pub reason: String,
}

impl Closed {
    pub(super) fn new(code: CloseCode, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
        }
    }
}

/// Whether a peer may send this code (RFC 6455 7.4 and the IANA registry).
pub(super) fn may_be_received(code: CloseCode) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
