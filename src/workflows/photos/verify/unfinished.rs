//! What killed uploads left in the store: parts of objects that never came to be. No listing of objects shows them.

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt;
use uuid::Uuid;

use super::check::Checker;
use super::{Class, Difference, Findings, VerifyRules};
use crate::batch::Cancel;
use crate::error::{Kind, Result};
use crate::objects::{Problem, StoreError, UnfinishedUpload};

/// What was found, and what became of it.
#[derive(Debug, Default)]
pub struct Unfinished {
    differences: Vec<Difference>,
    aborted: Vec<Uuid>,
    in_progress: u64,
    unknown: Option<String>,
    whole: bool,
}

impl Unfinished {
    /// Adds it to what else was found.
    pub fn tell(self, findings: &mut Findings) {
        self.differences.into_iter().for_each(|difference| findings.add(difference));
        findings.aborted = self.aborted;
        findings.uploads_in_progress = self.in_progress;
        findings.unfinished_looked_for = self.whole;
        findings.unfinished_unknown = self.unknown;
    }
}

/// Looks for unfinished uploads of keys under `prefix`, and aborts the old ones if asked. A store that can not list
/// them, or keys without the right to, are no reason to fail. `seen` has what was done before an error too.
///
/// # Errors
/// When the store is in trouble.
pub async fn look(checker: &Checker, cancel: &Cancel, prefix: &str, seen: &mut Unfinished) -> Result<()> {
    let mut uploads = checker.store.unfinished(prefix);
    loop {
        if cancel.is_requested() {
            return Ok(());
        }
        let upload = match uploads.try_next().await {
            Ok(Some(upload)) => upload,
            Ok(None) => break,
            Err(error) if is_unknown(&error) => {
                seen.unknown = Some(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        // By the store's clock: one of ours that is fast must not make a running upload look old.
        let offset = TimeDelta::seconds(checker.store.clock_offset_seconds().unwrap_or_default());
        if is_old(upload.begun, Utc::now() + offset, &checker.rules) {
            let difference = end(checker, &upload).await?;
            if difference.repaired {
                seen.aborted.push(upload.id());
            }
            seen.differences.push(difference);
        } else {
            seen.in_progress += 1;
        }
    }
    seen.whole = true;
    Ok(())
}

/// Whether the server does not know the request, or does not let us.
fn is_unknown(error: &StoreError) -> bool {
    matches!(error.problem(), Problem::NotImplemented | Problem::NotFound | Problem::Other | Problem::Permission { .. })
}

/// One of which the store does not say when it began may be running.
fn is_old(begun: Option<DateTime<Utc>>, now: DateTime<Utc>, rules: &VerifyRules) -> bool {
    begun.is_some_and(|begun| (now - begun).to_std().is_ok_and(|age| age > rules.stuck_after))
}

async fn end(checker: &Checker, upload: &UnfinishedUpload) -> Result<Difference> {
    let class = Class::UnfinishedUpload;
    let mut difference = Difference {
        r#ref: upload.key.clone(),
        class,
        key: Some(upload.key.clone()),
        message: class.sentence().to_owned(),
        repaired: false,
    };
    if checker.rules.repair && !checker.rules.dry_run {
        match checker.store.abort(upload).await {
            Ok(()) => difference.repaired = true,
            Err(error) if error.kind() == Kind::Permission => {
                difference.message = format!("{}; it can not be removed: {error}", difference.message);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(difference)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_is_surely_old_is_aborted() {
        let rules = VerifyRules { deep: false, repair: true, dry_run: false, stuck_after: Duration::from_secs(3600) };
        let now = Utc::now();
        for (begun, old) in [
            (Some(now - TimeDelta::seconds(3601)), true),
            (Some(now - TimeDelta::seconds(3599)), false),
            (Some(now + TimeDelta::seconds(10)), false),
            (None, false),
        ] {
            assert_eq!(is_old(begun, now, &rules), old, "{begun:?}");
        }
    }
}
