//! The direct lane: parameters, handler and answer without a detour over ASGI.

mod answering;
mod call;
mod context;
mod extract;
mod files;
mod fixed;
mod head;
mod in_process;
mod lane;
mod layers;
mod plan;
mod planned;
mod query;
mod respond;
mod session;
mod shadows;
mod table;

pub use answering::Answering;
pub use call::{call, finish_step};
pub use extract::{Arguments, Input, Refused, arguments};
pub use files::Files;
pub use fixed::FixedAnswer;
pub use head::MatchedPath;
pub use in_process::Plans;
pub use lane::DirectLane;
pub use layers::Layers;
pub use plan::{Conversion, Parameter, Placement, Plan, Source};
pub use planned::PlannedCall;
pub use respond::{Answer, Classes, answer};
pub use table::{Compiled, Found, PlanTable, RouteCounts, compile};
