//! WebSockets (RFC 6455) with permessage-deflate (RFC 7692).
//!
//! ```text
//! upgrade(&mut request) -> Pending -> accept() -> (101 response, opening) -> WebSocket -> split()
//! ```
//!
//! Each socket is run by one task that owns the connection: it reads frames into a bounded queue of messages, and
//! writes what it finds in another bounded queue, many messages in one write. A full queue stops reading, so that
//! backpressure reaches the client. The framing is our own: of the maintained libraries none has compression together
//! with a bound on fragments, refusal of over-long length forms, and a codebase free of `unsafe`.

mod close;
mod deflate;
mod frame;
mod handshake;
mod keep_alive;
mod message;
mod socket;
mod task;

pub use close::{CloseCode, Closed};
pub use handshake::{OpenError, Pending, UpgradeRejection, is_upgrade, upgrade};
pub use message::Message;
pub use socket::{Receiver, Sender, WebSocket};
