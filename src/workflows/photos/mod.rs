//! What is done with photos once they are there.

pub mod download;
pub mod handout;
pub mod job;
pub mod names;
pub mod rebuild;
pub mod recipe;
pub mod verify;
