//! What the tool exists for. Workflows join database, store and pictures; they never print.

pub mod audit;
pub mod consent;
pub mod faces;
pub mod ingest;
pub mod kept;
pub mod matching;
pub mod photos;
pub mod plan;
pub mod qr;
pub mod roster;
pub mod setup;
pub mod tags;
pub mod whole;
