//! workflows

pub mod photos;
