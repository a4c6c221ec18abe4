//! An event from one file: what a file wants, compared with what there is, and carried out whole or not at all.
//!
//! ```text
//! source     TOML or JSON -> values that know their line and column
//! wanted     values -> operators, photographers, packages, projects; every mistake at once
//! state      what the database holds of the operators in question
//! compare    wanted and state -> steps, with a fingerprint
//! apply      the steps, in one transaction
//! export     state -> a file that compares without a difference
//! ```
//!
//! A thing is the same as before by its `key` in the file, which the database remembers; one that was made by hand is
//! taken over by naming its `id`. What a file does not mention is left alone; an empty text empties a field.

pub mod apply;
pub mod compare;
pub mod export;
mod problems;
pub mod source;
pub mod state;
pub mod variables;
pub mod wanted;

pub use problems::Problems;

/// The JSON schema of the file, for editors.
pub const SCHEMA: &str = include_str!("event.schema.json");
