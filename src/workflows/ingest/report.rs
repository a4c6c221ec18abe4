//! The end of an upload, and whether the card can be formatted.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::reason::{FailReason, SkipReason};
use crate::model::target::Target;
use crate::model::text;

/// Where the photos are: what the last line of a report tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredWhere {
    /// `in bucket photos`
    Away(String),
    /// In a folder of this computer: one disk is not safe.
    ThisComputer(String),
}

/// What became of all files.
#[derive(Debug, Clone, Serialize)]
pub struct IngestReport {
    /// Nothing failed, and the run came to its end.
    pub ok: bool,
    pub dry_run: bool,
    pub target: Target,
    /// All files that the scan met. With a dry run, `uploaded` is what would be.
    pub found: u64,
    pub uploaded: u64,
    pub already_present: u64,
    pub skipped: u64,
    pub failed: u64,
    /// Files that the run did not come to: it was stopped before.
    pub not_reached: u64,
    /// Bytes of the uploaded files; derivatives are not counted.
    pub bytes_uploaded: u64,
    pub skipped_by_reason: BTreeMap<String, u64>,
    pub failed_by_reason: BTreeMap<String, u64>,
    /// Whether everything on the card but junk and copies is stored.
    pub all_stored: bool,
    /// What is on the card only, by reason.
    pub not_stored: BTreeMap<String, u64>,
    pub items_failed: Vec<FailedItem>,
    /// Files that were stored, with what is odd about them.
    pub items_noted: Vec<NotedItem>,
    /// Why the run ended early: `interrupted`, `max_duration` or the code of an error.
    pub stopped: Option<String>,
    pub elapsed_ms: u64,
    /// The last line for people.
    pub conclusion: String,
    #[serde(skip)]
    pub skip_reasons: BTreeMap<SkipReason, u64>,
    #[serde(skip)]
    pub fail_reasons: BTreeMap<FailReason, u64>,
}

/// A file that failed.
#[derive(Debug, Clone, Serialize)]
pub struct FailedItem {
    /// The path, printable.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The path's bytes in hexadecimal, where they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
    pub reason: &'static str,
    /// What is wrong and what to do.
    pub message: String,
    pub retryable: bool,
}

/// A file that was stored and has something odd about it.
#[derive(Debug, Clone, Serialize)]
pub struct NotedItem {
    /// The path, printable.
    #[serde(rename = "ref")]
    pub reference: String,
    /// Sentences.
    pub notes: Vec<String>,
}

/// Counts that make a report.
#[derive(Debug, Default)]
pub struct Counts {
    pub found: u64,
    pub uploaded: u64,
    pub already_present: u64,
    pub not_reached: u64,
    pub bytes_uploaded: u64,
    pub skipped: BTreeMap<SkipReason, u64>,
    pub failed: BTreeMap<FailReason, u64>,
    pub items_failed: Vec<FailedItem>,
    pub items_noted: Vec<NotedItem>,
}

impl Counts {
    /// The report of a run.
    #[must_use]
    pub fn into_report(self, end: RunEnd) -> IngestReport {
        let skipped = self.skipped.values().sum();
        let failed = self.failed.values().sum();
        let mut not_stored: BTreeMap<String, u64> = self
            .skipped
            .iter()
            .filter(|(reason, _)| !reason.holds_nothing())
            .map(|(reason, n)| (reason.as_str().to_owned(), *n))
            .collect();
        let lost_track = self.lost_track();
        for (key, n) in [("failed", failed), ("not_reached", self.not_reached), ("lost_track", lost_track)] {
            if n > 0 {
                not_stored.insert(key.to_owned(), n);
            }
        }
        if end.dry_run && self.uploaded > 0 {
            not_stored.insert("dry_run".to_owned(), self.uploaded);
        }
        let all_stored = not_stored.is_empty() && end.scan_is_whole && end.durable;
        let conclusion = self.conclusion(&end, all_stored);
        IngestReport {
            ok: failed == 0 && lost_track == 0 && end.stopped.is_none() && end.scan_is_whole,
            dry_run: end.dry_run,
            target: end.target,
            found: self.found,
            uploaded: self.uploaded,
            already_present: self.already_present,
            skipped,
            failed,
            not_reached: self.not_reached,
            bytes_uploaded: self.bytes_uploaded,
            skipped_by_reason: self.skipped.iter().map(|(reason, n)| (reason.as_str().to_owned(), *n)).collect(),
            failed_by_reason: self.failed.iter().map(|(reason, n)| (reason.0.to_owned(), *n)).collect(),
            all_stored,
            not_stored,
            items_failed: self.items_failed,
            items_noted: self.items_noted,
            stopped: end.stopped,
            elapsed_ms: end.elapsed_ms,
            conclusion,
            skip_reasons: self.skipped,
            fail_reasons: self.failed,
        }
    }

    /// Files without an end, or with two: a defect, and whatever it is nobody knows that they are stored.
    fn lost_track(&self) -> u64 {
        let (skipped, failed): (u64, u64) = (self.skipped.values().sum(), self.failed.values().sum());
        self.found.abs_diff(self.uploaded + self.already_present + skipped + failed + self.not_reached)
    }

    /// The last line. Several words for one reason are counted together: `412 RAW, 3 videos`.
    fn conclusion(&self, end: &RunEnd, all_stored: bool) -> String {
        let stored = self.uploaded + self.already_present;
        if !end.durable {
            let not_sure = "NOT sure: what was recorded of these files may not survive a power cut. \
                            Keep the card, and run the same command again.";
            return match self.only_on_the_card(end) {
                Some(missing) => format!("{not_sure} Besides, {missing}"),
                None => not_sure.to_owned(),
            };
        }
        if !all_stored {
            return self.not_everything(end);
        }
        let photos = text::count(stored, "photo");
        match &end.stored_where {
            _ if stored == 0 => "Nothing to store: there is no photo among these files.".to_owned(),
            StoredWhere::Away(place) => {
                format!("Everything on the card is safely stored in {place}: {photos}. It can be formatted.")
            }
            StoredWhere::ThisComputer(place) => format!(
                "Everything on the card is stored, but only on this computer ({place}): {photos}. \
                 Keep the card until there is a second copy."
            ),
        }
    }

    fn not_everything(&self, end: &RunEnd) -> String {
        let elsewhere = match &end.stored_where {
            StoredWhere::ThisComputer(place) if self.uploaded + self.already_present > 0 && !end.dry_run => {
                format!(" The rest is stored only on this computer ({place}).")
            }
            _ => String::new(),
        };
        format!("NOT everything: {}{elsewhere}", self.only_on_the_card(end).unwrap_or_default())
    }

    /// `412 RAW, 3 videos are only on the card.`; `None` where nothing is.
    fn only_on_the_card(&self, end: &RunEnd) -> Option<String> {
        let mut missing: Vec<String> = Vec::new();
        let raw = [SkipReason::Raw, SkipReason::RawBesideJpeg];
        let raws: u64 = raw.iter().filter_map(|reason| self.skipped.get(reason)).sum();
        if raws > 0 {
            missing.push(SkipReason::Raw.counted(raws));
        }
        let others = self.skipped.iter().filter(|(reason, _)| !reason.holds_nothing() && !raw.contains(reason));
        missing.extend(others.map(|(reason, n)| reason.counted(*n)));
        let failed: u64 = self.failed.values().sum();
        if failed > 0 {
            missing.push(format!("{} failed", text::thousands(failed)));
        }
        if self.not_reached > 0 {
            missing.push(format!("{} not reached", text::thousands(self.not_reached)));
        }
        if self.lost_track() > 0 {
            missing.push(format!("{} that photoctl lost track of", text::thousands(self.lost_track())));
        }
        if end.dry_run && self.uploaded > 0 {
            missing.push(format!("{} to be uploaded", text::thousands(self.uploaded)));
        }
        if !end.scan_is_whole {
            missing.push("whatever the scan had not come to".to_owned());
        }
        let only_one = self.skipped.iter().filter(|(reason, _)| !reason.holds_nothing()).map(|(_, n)| n).sum::<u64>()
            + failed
            + self.not_reached
            + self.lost_track()
            == 1;
        let verb = if only_one && end.scan_is_whole && !end.dry_run { "is" } else { "are" };
        (!missing.is_empty()).then(|| format!("{} {verb} only on the card.", missing.join(", ")))
    }
}

/// How the run ended.
#[derive(Debug)]
pub struct RunEnd {
    pub dry_run: bool,
    pub target: Target,
    pub stored_where: StoredWhere,
    /// The scan came to its end: it was not stopped before.
    pub scan_is_whole: bool,
    /// What was recorded is on the disk.
    pub durable: bool,
    pub stopped: Option<String>,
    pub elapsed_ms: u64,
}

/// One line of `--report FILE`, and the detail of an item in jsonl.
#[derive(Debug, Clone)]
pub struct FileLine<'a> {
    pub path: &'a std::path::Path,
    pub sha256: Option<String>,
    pub photo: Option<String>,
    pub outcome: &'static str,
    pub reason: Option<&'static str>,
    pub message: Option<&'a str>,
    pub attempts: u32,
    pub size_bytes: u64,
    /// Oddities that did no harm.
    pub notes: &'a [String],
}

impl FileLine<'_> {
    /// The json of the line.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut line = json!({
            "path": text::path(self.path),
            "sha256": self.sha256,
            "photo_id": self.photo,
            "outcome": self.outcome,
            "reason": self.reason,
            "message": self.message,
            "attempts": self.attempts,
            "size_bytes": self.size_bytes,
        });
        if let (Some(bytes), Some(object)) = (path_bytes(self.path), line.as_object_mut()) {
            object.insert("path_bytes".to_owned(), bytes.into());
        }
        if let (false, Some(object)) = (self.notes.is_empty(), line.as_object_mut()) {
            object.insert("notes".to_owned(), self.notes.into());
        }
        line
    }
}

/// The bytes of a path in hexadecimal, where the printable form does not tell them.
#[must_use]
pub fn path_bytes(path: &std::path::Path) -> Option<String> {
    let bytes = path.as_os_str().as_encoded_bytes();
    std::str::from_utf8(bytes).is_err().then(|| hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imaging::Format;

    fn end(stored_where: StoredWhere) -> RunEnd {
        let target = Target { database: "d".to_owned(), store: None, profile: None };
        RunEnd {
            dry_run: false,
            target,
            stored_where,
            scan_is_whole: true,
            durable: true,
            stopped: None,
            elapsed_ms: 1,
        }
    }

    fn bucket() -> StoredWhere {
        StoredWhere::Away("bucket photos".to_owned())
    }

    #[test]
    fn only_junk_and_copies_may_be_missing_from_a_yes() {
        let skipped = BTreeMap::from([(SkipReason::Junk, 10), (SkipReason::Duplicate, 2)]);
        let counts = Counts { found: 2014, uploaded: 2000, already_present: 2, skipped, ..Counts::default() };
        let report = counts.into_report(end(bucket()));
        assert!(report.ok && report.all_stored && report.not_stored.is_empty());
        assert_eq!(
            report.conclusion,
            "Everything on the card is safely stored in bucket photos: 2,002 photos. It can be formatted."
        );
        assert_eq!(report.found, report.uploaded + report.already_present + report.skipped + report.failed);
    }

    #[test]
    fn what_is_only_on_the_card_is_counted_in_words() {
        let skipped = BTreeMap::from([
            (SkipReason::RawBesideJpeg, 400),
            (SkipReason::Raw, 12),
            (SkipReason::Format(Format::Video), 3),
            (SkipReason::Junk, 5),
        ]);
        let report = Counts { found: 421, uploaded: 1, skipped, ..Counts::default() }.into_report(end(bucket()));
        assert!(!report.all_stored);
        assert_eq!(report.conclusion, "NOT everything: 412 RAW, 3 videos are only on the card.");
        assert_eq!(report.not_stored.get("video"), Some(&3));
        assert_eq!(report.not_stored.get("junk"), None);
    }

    #[test]
    fn this_computer_is_no_safe_place() {
        let place = StoredWhere::ThisComputer("folder /data".to_owned());
        let report = Counts { found: 1, uploaded: 1, ..Counts::default() }.into_report(end(place));
        assert!(report.all_stored && report.conclusion.contains("only on this computer (folder /data): 1 photo"));
    }

    #[test]
    fn what_a_power_cut_may_take_is_not_stored() {
        let end = RunEnd { durable: false, stopped: Some("io".to_owned()), ..end(bucket()) };
        let report = Counts { found: 1, uploaded: 1, ..Counts::default() }.into_report(end);
        assert!(!report.ok && !report.all_stored && report.conclusion.starts_with("NOT sure"), "{}", report.conclusion);
        assert!(!report.conclusion.contains("only on the card"), "{}", report.conclusion);

        let end = RunEnd { durable: false, ..self::end(bucket()) };
        let skipped = BTreeMap::from([(SkipReason::RawBesideJpeg, 412)]);
        let report = Counts { found: 413, uploaded: 1, skipped, ..Counts::default() }.into_report(end);
        let conclusion = report.conclusion;
        assert!(
            conclusion.starts_with("NOT sure") && conclusion.ends_with("412 RAW are only on the card."),
            "{conclusion}"
        );
    }

    #[test]
    fn a_scan_that_was_stopped_is_not_taken_for_trouble_with_folders() {
        let end = RunEnd { scan_is_whole: false, stopped: Some("interrupted".to_owned()), ..end(bucket()) };
        let report = Counts { found: 2, not_reached: 2, ..Counts::default() }.into_report(end);
        assert_eq!(
            report.conclusion,
            "NOT everything: 2 not reached, whatever the scan had not come to are only on the card."
        );
    }

    #[test]
    fn files_without_an_end_make_a_no() {
        let report = Counts { found: 3, uploaded: 2, ..Counts::default() }.into_report(end(bucket()));
        assert!(!report.ok && !report.all_stored);
        assert_eq!(report.not_stored, BTreeMap::from([("lost_track".to_owned(), 1)]));
        assert_eq!(report.conclusion, "NOT everything: 1 that photoctl lost track of is only on the card.");
    }

    #[test]
    fn an_empty_picture_makes_a_no() {
        let skipped = BTreeMap::from([(SkipReason::Empty, 1)]);
        let report = Counts { found: 2, uploaded: 1, skipped, ..Counts::default() }.into_report(end(bucket()));
        assert_eq!(report.conclusion, "NOT everything: 1 empty file is only on the card.");
    }

    #[test]
    fn failures_make_a_no() {
        let failed = BTreeMap::from([(FailReason::CHANGED, 1)]);
        let report = Counts { found: 6, uploaded: 5, failed, ..Counts::default() }.into_report(end(bucket()));
        assert!(!report.ok);
        assert_eq!(report.conclusion, "NOT everything: 1 failed is only on the card.");
    }
}
