//! Counts what becomes of each file, tells the progress, writes `--report FILE`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::reason::{FailReason, SkipReason};
use super::report::{Counts, FailedItem, FileLine, NotedItem, path_bytes};
use super::trouble::Failure;
use crate::batch::{ItemEvent, Outcome, Progress};
use crate::error::{Error, Result};
use crate::model::digest::Sha256;
use crate::model::ids::PhotoId;
use crate::model::text;

/// What is known of a file when its end is told.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    pub path: &'a Path,
    pub size_bytes: u64,
    pub sha256: Option<Sha256>,
    pub photo: Option<PhotoId>,
    pub attempts: u32,
    pub notes: &'a [String],
}

impl<'a> Told<'a> {
    /// Of a file that was not read.
    #[must_use]
    pub fn unread(path: &'a Path, size_bytes: u64) -> Self {
        Self { path, size_bytes, sha256: None, photo: None, attempts: 0, notes: &[] }
    }
}

/// Shared by all tasks of a run.
pub struct Tally {
    progress: Arc<dyn Progress>,
    inner: Mutex<Inner>,
}

struct Inner {
    counts: Counts,
    /// Files of cards that were pulled out, by what there is to say of them.
    of_gone_cards: BTreeMap<String, u64>,
    report: Option<ReportFile>,
}

struct ReportFile {
    path: PathBuf,
    writer: BufWriter<File>,
    error: Option<std::io::Error>,
}

impl Tally {
    /// With `report`, a file is made now: a run that cannot be reported does not begin.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(progress: Arc<dyn Progress>, report: Option<&Path>) -> Result<Self> {
        let report = match report {
            None => None,
            Some(path) => {
                let file = File::create(path).map_err(|error| Error::io("write the report", path, error))?;
                Some(ReportFile { path: path.to_owned(), writer: BufWriter::new(file), error: None })
            }
        };
        Ok(Self {
            progress,
            inner: Mutex::new(Inner { counts: Counts::default(), of_gone_cards: BTreeMap::new(), report }),
        })
    }

    /// The scan met so many files.
    pub fn found(&self, files: u64) {
        self.with(|counts| counts.found += files);
    }

    /// Stored now. `bytes` is what was sent of it.
    pub fn uploaded(&self, told: Told<'_>, bytes: u64) {
        self.with(|counts| {
            counts.uploaded += 1;
            counts.bytes_uploaded += bytes;
            if !told.notes.is_empty() {
                counts.items_noted.push(NotedItem { reference: text::path(told.path), notes: told.notes.to_vec() });
            }
        });
        self.tell(told, "uploaded", Outcome::Done, None, None);
    }

    /// Was stored before.
    pub fn present(&self, told: Told<'_>) {
        self.with(|counts| counts.already_present += 1);
        self.tell(told, "already_present", Outcome::Present, None, None);
    }

    /// Left on the card on purpose. `message` adds to the reason.
    pub fn skipped(&self, told: Told<'_>, reason: SkipReason, message: Option<&str>) {
        self.with(|counts| *counts.skipped.entry(reason).or_default() += 1);
        self.tell(told, "skipped", Outcome::Skipped, Some(reason.as_str()), message);
    }

    /// Failed for good in this run.
    pub fn failed(&self, told: Told<'_>, failure: &Failure) {
        if failure.reason == FailReason::CARD_GONE {
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let is_first = !inner.of_gone_cards.contains_key(&failure.message);
            *inner.of_gone_cards.entry(failure.message.clone()).or_default() += 1;
            drop(inner);
            if is_first {
                // At once: somebody may still stand beside the computer. How many files it were is said when it is known.
                self.progress.warn(format_args!("A card was pulled out: put it back, the rest of it is not read now."));
            }
        }
        self.with(|counts| {
            *counts.failed.entry(failure.reason).or_default() += 1;
            counts.items_failed.push(FailedItem {
                reference: text::path(told.path),
                path_bytes: path_bytes(told.path),
                reason: failure.reason.0,
                message: failure.message.clone(),
                retryable: failure.retryable,
            });
        });
        self.tell(told, "failed", Outcome::Failed, Some(failure.reason.0), Some(&failure.message));
    }

    /// Says once for each card that was pulled out how many files were not read; again only for further ones.
    pub fn tell_gone_cards(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = inner.of_gone_cards.iter_mut().filter(|(_, files)| **files > 0);
        let gone: Vec<_> = counts.map(|(message, files)| (message.clone(), std::mem::take(files))).collect();
        drop(inner);
        for (message, files) in gone {
            let verb = if files == 1 { "was" } else { "were" };
            self.progress.warn(format_args!("{} {verb} not read: {message}", text::count(files, "file")));
        }
    }

    /// Failed, and will be tried again at the end of the queue.
    pub fn retrying(&self, told: Told<'_>, failure: &Failure) {
        self.progress.item(&ItemEvent {
            name: &text::path(told.path),
            outcome: Outcome::Retrying,
            reason: Some(&failure.message),
            told_together: false,
            detail: None,
        });
    }

    /// The run ended before it came to this file.
    pub fn not_reached(&self, told: Told<'_>) {
        self.with(|counts| counts.not_reached += 1);
        self.write(&told, "not_reached", None, None);
    }

    /// The counts, and whether the report file is whole.
    ///
    /// # Errors
    /// When the report could not be written.
    pub fn finish(&self) -> (Counts, Result<()>) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = std::mem::take(&mut inner.counts);
        let written = match inner.report.take() {
            None => Ok(()),
            Some(mut report) => {
                let flushed = report.writer.flush();
                match report.error.or(flushed.err()) {
                    None => Ok(()),
                    Some(error) => Err(Error::io("write the report", &report.path, error)),
                }
            }
        };
        (counts, written)
    }

    fn with(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner).counts);
    }

    fn tell(
        &self,
        told: Told<'_>,
        word: &'static str,
        outcome: Outcome,
        reason: Option<&'static str>,
        message: Option<&str>,
    ) {
        let line = self.write(&told, word, reason, message);
        self.progress.item(&ItemEvent {
            name: &text::path(told.path),
            outcome,
            reason: message.or(reason),
            told_together: outcome == Outcome::Failed && reason == Some(FailReason::CARD_GONE.0),
            detail: Some(line),
        });
    }

    fn write(
        &self,
        told: &Told<'_>,
        outcome: &'static str,
        reason: Option<&'static str>,
        message: Option<&str>,
    ) -> serde_json::Value {
        let line = FileLine {
            path: told.path,
            sha256: told.sha256.map(|sha256| sha256.to_string()),
            photo: told.photo.map(|photo| photo.to_string()),
            outcome,
            reason,
            message,
            attempts: told.attempts,
            size_bytes: told.size_bytes,
            notes: told.notes,
        }
        .to_json();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(report) = inner.report.as_mut().filter(|report| report.error.is_none())
            && let Err(error) = writeln!(report.writer, "{line}")
        {
            report.error = Some(error);
        }
        line
    }
}
