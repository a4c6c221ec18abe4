//! Tags as people see them: decisions, and what leads to them.

pub mod add;
pub mod decide;
pub mod explain;
pub mod retune;
pub mod review;
pub mod sheet;
pub mod stats;
