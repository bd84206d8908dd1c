//! Message bodies: what a request brings and what a response carries, without boxes on the usual paths.

mod channel;
mod error;
mod file;
mod request;
mod response;

pub use channel::{BodyReceiver, BodySender, channel};
pub use error::BodyError;
pub use file::FileBody;
pub(crate) use file::read_range;
pub use request::{Collected, RequestBody};
pub use response::ResponseBody;
