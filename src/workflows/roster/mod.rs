//! Rosters: the guests of an event as a spreadsheet, in and out.
//!
//! The file is copied first, read once to find what it contradicts itself in, and read again to bring it in: rows are
//! never held all at once. All of it is one transaction with one entry in the audit log, so that a run that is killed
//! has changed nothing and is simply run again. Rows go to the database in batches of a few thousand:
//! look up who is known, decide in memory, write what differs.
//!
//! What the file says wins over what is stored for name and addresses; an empty cell says nothing. When somebody
//! accepted the terms is evidence: it fills a gap and never replaces what is there.

mod columns;
pub mod export;
mod guest;
pub mod import;
mod lines;
mod report;
mod settle;
mod sheet;
mod source;
mod text;
mod twice;

pub use columns::{Field, Mapping};
/// What other spreadsheets are read by too: those with consents.
pub(in crate::workflows) use columns::{means_email, plain, short};
pub(in crate::workflows) use guest::{cell, time_of, whole_cell};
pub use report::{ImportReport, RowFailed};
pub use source::{Roster, RosterOptions};
pub(in crate::workflows) use source::{Table, bad};

/// A row of the file as it stands there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawRow {
    /// The line of a text file that it begins in, or the row of a sheet; from 1.
    pub line: u64,
    pub cells: Vec<String>,
}

impl RawRow {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}
