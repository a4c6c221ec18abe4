//! What came of an import, line by line and counted.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::line::Line;
use super::settle::Verdict;
use super::{ImportPlan, id_of};
use crate::batch::{ItemEvent, Outcome, Progress};
use crate::error::Result;
use crate::model::target::Target;
use crate::workflows::roster::RowFailed;
use crate::workflows::whole::WholeFile;

/// Lines of a kind that a report lists: `--report FILE` has all of them.
const LISTED_MOST: usize = 10_000;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Lines below the header that are not blank.
    pub rows: u64,
    /// Consents that were recorded.
    pub granted: u64,
    /// The user has an active consent in that version.
    pub already_present: u64,
    /// Given before the user revoked: what was revoked stays so.
    pub revoked_since: u64,
    /// Lines that were not taken.
    pub rejected: u64,
}

/// The end of an import.
#[derive(Debug, Clone, Serialize)]
pub struct ImportReport {
    pub ok: bool,
    pub dry_run: bool,
    /// Whether one rejected line keeps all others out.
    pub strict: bool,
    pub target: Target,
    #[serde(flatten)]
    pub counts: Counts,
    /// Columns that nobody knows.
    pub columns_ignored: Vec<String>,
    pub items_failed: Vec<RowFailed>,
    /// Those that are revoked.
    pub items_skipped: Vec<RowFailed>,
    /// Lines that are counted and not listed.
    pub items_omitted: u64,
    pub elapsed_ms: u64,
}

/// Tells of lines as they come.
pub(super) struct Told {
    pub counts: Counts,
    failed: Vec<RowFailed>,
    skipped: Vec<RowFailed>,
    omitted: u64,
    file: Option<WholeFile>,
    /// Whether what is granted was written: not in a dry run.
    pub written: bool,
}

impl Told {
    /// # Errors
    /// When the file of the report can not be written.
    pub fn begin(report: Option<&Path>) -> Result<Self> {
        let file = report.map(WholeFile::new).transpose()?;
        let (failed, skipped) = (Vec::new(), Vec::new());
        Ok(Self { counts: Counts::default(), failed, skipped, omitted: 0, file, written: false })
    }

    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, progress: &dyn Progress, number: u64, line: Option<&Line>, verdict: &Verdict) -> Result<()> {
        let counts = &mut self.counts;
        counts.rows += 1;
        let name = format!("line {number}");
        let mut list = None;
        let (outcome, count, word, reason) = match verdict {
            Verdict::Grant(_) => (Outcome::Done, &mut counts.granted, "granted", None),
            Verdict::Present(_) => (Outcome::Present, &mut counts.already_present, "already_present", None),
            Verdict::RevokedSince(_, why) => {
                list = Some((&mut self.skipped, "revoked_since"));
                (Outcome::Skipped, &mut counts.revoked_since, "revoked_since", Some(why))
            }
            Verdict::Refused(fault) => {
                list = Some((&mut self.failed, fault.reason));
                (Outcome::Failed, &mut counts.rejected, "rejected", Some(&fault.message))
            }
        };
        *count += 1;
        let reason = reason.map(String::as_str);
        if let Some((list, word)) = list {
            if list.len() < LISTED_MOST {
                let message = reason.unwrap_or_default().to_owned();
                list.push(RowFailed { r#ref: name.clone(), reason: word, message, retryable: false });
            } else {
                self.omitted += 1;
            }
        }
        let detail = detail(number, line, verdict, word, self.written);
        if let Some(file) = &mut self.file {
            file.write(format!("{detail}\n").as_bytes())?;
        }
        progress.item(&ItemEvent { name: &name, outcome, reason, told_together: true, detail: Some(detail) });
        Ok(())
    }

    /// # Errors
    /// When the disk does not take the file of the report.
    pub fn finish(self, plan: &ImportPlan, target: Target, elapsed: Duration) -> Result<ImportReport> {
        self.file.map_or(Ok(()), |file| file.finish(true))?;
        Ok(ImportReport {
            ok: self.counts.rejected == 0,
            dry_run: plan.dry_run,
            strict: plan.strict,
            target,
            counts: self.counts,
            columns_ignored: plan.table.unknown_columns().to_vec(),
            items_failed: self.failed,
            items_skipped: self.skipped,
            items_omitted: self.omitted,
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// What became of a line, for programs. Emails are in the file that was read.
fn detail(number: u64, line: Option<&Line>, verdict: &Verdict, word: &str, written: bool) -> Value {
    let (reason, message) = match verdict {
        Verdict::Refused(fault) => (Some(fault.reason), Some(&fault.message)),
        Verdict::RevokedSince(_, message) => (Some("revoked_since"), Some(message)),
        Verdict::Grant(_) | Verdict::Present(_) => (None, None),
    };
    json!({
        "line": number,
        "user_id": id_of(verdict).map(|id| id.to_string()),
        "type": line.map(|line| &line.kind),
        "version": line.map(|line| &line.version),
        "became": word,
        "written": word == "granted" && written,
        "reason": reason,
        "message": message,
    })
}
