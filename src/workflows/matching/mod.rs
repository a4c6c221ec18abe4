//! Matching: faces of photos against the members of a project, in both directions.
//!
//! What is new is told by rows, not by a clock: a scan without `matched_at` is compared with every enrolled member, a
//! selfie without its row in `photoctl.selfie_matches` with every earlier face. Both are written in the transaction
//! that writes the tags, so whatever commits late is still new for the next run.

pub mod assign;
mod batch;
pub mod compare;
pub mod context;
pub mod crowd;
pub mod decide;
mod pixels;
pub mod report;
pub mod run;
