//! Where a sync callable runs: on the tokio worker that has the request, or in the thread pool. The rule is
//! [`server::placement`]'s.
mod executor;
mod handover;
mod inspect;
mod permits;

pub use executor::{Panicked, SyncExecutor};
pub use inspect::inspect;
pub(crate) use permits::{Permit, Permits};
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
