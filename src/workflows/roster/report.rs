//! What came of a roster.

use serde::Serialize;

use super::guest::{Fault, Reason};
use crate::model::target::Target;

/// Rejected rows that a report lists: `--rejects FILE` has all of them.
const LISTED_MOST: usize = 10_000;

/// A row that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowFailed {
    /// `line 7`
    pub r#ref: String,
    /// A word of a closed list.
    pub reason: &'static str,
    pub message: String,
    pub retryable: bool,
}

/// The report of an import. A row can count more than once: a new guest is created and has joined.
#[derive(Debug, Default, Clone, Serialize)]
pub struct Counts {
    /// Rows below the header that are not blank.
    pub rows: u64,
    /// Users that were created.
    pub created: u64,
    /// Memberships that were made, of new users and of those who were there.
    pub joined: u64,
    /// Users whose name or address was changed, and members whose acceptance of the terms was noted.
    pub updated: u64,
    /// Rows that say what is stored already.
    pub unchanged: u64,
    /// Rows that were not taken.
    pub rejected: u64,
    /// Rows that say another time of acceptance than is stored, which was kept.
    pub terms_kept: u64,
}

/// The end of an import.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    pub ok: bool,
    pub dry_run: bool,
    /// Whether one rejected row keeps all others out.
    pub strict: bool,
    pub target: Target,
    #[serde(flatten)]
    pub counts: Counts,
    /// Columns that nobody knows.
    pub columns_ignored: Vec<String>,
    pub items_failed: Vec<RowFailed>,
    /// Rejected rows that are counted and not listed.
    pub items_omitted: u64,
    pub elapsed_ms: u64,
}

/// The list of rejected rows, which is cut where it gets long.
#[derive(Debug, Default)]
pub(super) struct Failed {
    pub listed: Vec<RowFailed>,
    pub omitted: u64,
}

impl Failed {
    pub fn push(&mut self, line: u64, fault: &Fault) {
        if self.listed.len() == LISTED_MOST {
            self.omitted += 1;
            return;
        }
        self.listed.push(RowFailed {
            r#ref: format!("line {line}"),
            reason: fault.reason.as_str(),
            message: fault.message.clone(),
            retryable: fault.reason == Reason::Changed,
        });
    }
}
