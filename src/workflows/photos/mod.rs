//! What is done with photos once they are there.

pub mod job;
pub mod names;
pub mod recipe;
