//! The direct lane: parameters, handler and answer without a detour over ASGI.

mod call;
mod context;
mod extract;
mod lane;
mod plan;
mod query;
mod respond;
mod table;

pub use extract::{Arguments, Input, Refused, arguments};
pub use lane::{DirectLane, MatchedPath};
pub use plan::{Conversion, Parameter, Placement, Plan, Source};
pub use respond::{Answer, Classes, answer};
pub use table::{PlanTable, compile};
