//! Where a sync callable runs: on the tokio worker that has the request, or in the thread pool. The rule is
//! [`server::placement`]'s.
mod executor;
mod handover;
mod inspect;
mod permits;
mod reserve;

pub use executor::{Panicked, SyncExecutor};
pub(crate) use handover::Attention;
pub use inspect::inspect;
pub(crate) use permits::{Permit, Permits};
pub(crate) use reserve::Reserve;
pub use server::placement::{Place, Placement};

/// The policy for all sync callables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncMode {
    /// Learned for each callable.
    #[default]
    Auto,
    /// All inline: for applications known never to block.
    Inline,
    /// All in the pool.
    Pool,
}
