//! How a workflow says what it does while it does it. The terminal, a log and json each show it in their way.

use std::fmt;

/// What became of one item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done now.
    Done,
    /// Was done before: nothing to do.
    Present,
    /// Left out on purpose.
    Skipped,
    /// Failed for now; it will be tried again in this run.
    Retrying,
    /// Failed.
    Failed,
    /// Blocked by consent or policy.
    Blocked,
}

impl Outcome {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Present => "present",
            Outcome::Skipped => "skipped",
            Outcome::Retrying => "retrying",
            Outcome::Failed => "failed",
            Outcome::Blocked => "blocked",
        }
    }
}

/// One item finished, with its outcome.
#[derive(Debug, Clone)]
pub struct ItemEvent<'a> {
    /// What a person knows the item by, such as its path; not yet escaped.
    pub name: &'a str,
    pub outcome: Outcome,
    /// Why, for outcomes that need a reason: a sentence.
    pub reason: Option<&'a str>,
    /// People are told of many such items in one sentence ([`Progress::warn`]) instead of one by one.
    pub told_together: bool,
    /// Machine form of the item for jsonl; becomes the line's further fields.
    pub detail: Option<serde_json::Value>,
}

/// Receives what a running workflow reports. Calls come from many tasks at once and must not block for long.
pub trait Progress: Send + Sync {
    /// More work became known. Items and bytes are added to the totals.
    fn expect(&self, items: u64, bytes: u64);
    /// The name of the present phase: "scanning", "uploading".
    fn phase(&self, name: &str);
    /// What worker `slot` (from 0) does now; `None` when it is idle.
    fn worker(&self, slot: usize, doing: Option<&str>);
    /// Bytes of the expected ones are done.
    fn advance(&self, bytes: u64);
    /// An item came to its end.
    fn item(&self, event: &ItemEvent<'_>);
    /// Something a person must see now, such as "network gone since 14:03, waiting".
    fn note(&self, text: fmt::Arguments<'_>);
    /// Something that failed and that is no single item: shown even where little is.
    fn warn(&self, text: fmt::Arguments<'_>);
    /// The work is over: bars disappear.
    fn finish(&self);
}

/// Shows nothing: for `--quiet` and for tests.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn expect(&self, _items: u64, _bytes: u64) {}
    fn phase(&self, _name: &str) {}
    fn worker(&self, _slot: usize, _doing: Option<&str>) {}
    fn advance(&self, _bytes: u64) {}
    fn item(&self, _event: &ItemEvent<'_>) {}
    fn note(&self, _text: fmt::Arguments<'_>) {}
    fn warn(&self, _text: fmt::Arguments<'_>) {}
    fn finish(&self) {}
}
