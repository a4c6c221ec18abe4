//! Many items at once: bounded parallelism, retry, rate limits, cancellation, per-item outcomes.
//!
//! Knows no noun of the domain. Workflows run their items through here and report by [`progress::Progress`].

pub mod cancel;
pub mod progress;

pub use cancel::Cancel;
pub use progress::{ItemEvent, Progress, Silent};
