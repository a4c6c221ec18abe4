//! Many items at once: bounded parallelism, retry, rate limits, cancellation, per-item outcomes.
//!
//! Knows no noun of the domain. Workflows run their items through here and report by [`progress::Progress`].

pub mod budget;
pub mod cancel;
pub mod halt;
pub mod meter;
pub mod outage;
pub mod progress;
pub mod slots;
pub mod width;

pub use budget::Budget;
pub use cancel::Cancel;
pub use halt::{Halt, HaltReason};
pub use meter::Meter;
pub use outage::{Outage, OutageRules};
pub use progress::{ItemEvent, Outcome, Progress, Silent};
pub use slots::Slots;
pub use width::Width;
