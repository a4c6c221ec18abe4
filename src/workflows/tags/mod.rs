//! Tags as people see them: decisions, and what leads to them.

pub mod decide;
pub mod review;
