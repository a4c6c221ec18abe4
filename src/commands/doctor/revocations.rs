//! Revocations that were left while the embedded database was in use.

use super::context::Context;
use super::finding::Finding;
use crate::error::{Error, Kind};
use crate::model::text::{self, count};
use crate::workflows::consent::spool::Spool;

const NAME: &str = "revocations";

/// Files of which the reason is told.
const SHOWN: usize = 5;

/// Nothing where none is left: to open the database carried them out.
pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let spool = Spool::of(context.app.config.home());
    let (waiting, failed) = match (spool.waiting(), spool.failed()) {
        (Ok(waiting), Ok(failed)) => (waiting, failed),
        (Err(error), _) | (_, Err(error)) => return vec![Finding::failed(NAME, &error)],
    };
    let mut findings = Vec::new();
    if !waiting.is_empty() {
        let verb = if waiting.len() == 1 { "waits" } else { "wait" };
        findings.push(Finding::warning(
            NAME,
            format!("{} {verb} in {}", count(waiting.len() as u64, "revocation"), text::path(spool.folder())),
            "the command that holds the embedded database carries them out, or else the next one that opens it",
        ));
    }
    if !failed.is_empty() {
        let (many, folder) = (count(failed.len() as u64, "revocation"), text::path(spool.failed_folder()));
        let error = Error::new(Kind::Failed, format!("{many} could not be carried out: {folder}"));
        let error = failed.iter().take(SHOWN).fold(error, |error, (name, why)| {
            error.hint(format!("{}: {}", text::printable(name), text::printable(why)))
        });
        findings.push(Finding::failed(
            NAME,
            &error.hint("see who is meant, revoke it with photoctl consent revoke, then delete the file"),
        ));
    }
    findings
}
