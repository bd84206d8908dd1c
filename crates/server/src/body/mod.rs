//! Message bodies: what a request brings and what a response carries, without boxes on the usual paths.

mod channel;
mod error;
mod request;
mod response;

pub use channel::{BodyReceiver, BodySender, channel};
pub use error::BodyError;
pub use request::RequestBody;
pub use response::{FileBody, ResponseBody};
