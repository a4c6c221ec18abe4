//! What the tool exists for. Workflows join database, store and pictures; they never print.

pub mod ingest;
pub mod photos;
pub mod plan;
pub mod qr;
pub mod setup;
