//! The direct lane: parameters, handler and answer without a detour over ASGI.

mod call;
mod context;
mod extract;
mod files;
mod head;
mod in_process;
mod lane;
mod layers;
mod plan;
mod query;
mod respond;
mod session;
mod shadows;
mod table;

pub use call::{call, finish_step};
pub use extract::{Arguments, Input, Refused, arguments};
pub use files::Files;
pub use head::MatchedPath;
pub use in_process::{PlannedCall, Plans};
pub use lane::DirectLane;
pub use layers::Layers;
pub use plan::{Conversion, Parameter, Placement, Plan, Source};
pub use respond::{Answer, Classes, answer};
pub use table::{Found, PlanTable, RouteCounts, compile};
