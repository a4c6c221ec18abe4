//! The answer of commands that decide about tags.

use serde::Serialize;

use crate::error::Exit;
use crate::model::ids::{PhotoId, TagId, UserId};
use crate::model::status::Verdict;
use crate::model::target::Target;
use crate::model::text::count;
use crate::ui::{Page, Render};
use crate::workflows::photos::job::ItemFailed;
use crate::workflows::tags::decide::{Ruled, Ruling};
use crate::workflows::tags::sheet::refusal;

/// Refusals that people are shown; json has all of them.
const SHOWN: usize = 20;

/// A decision that was carried out, or had been before.
#[derive(Debug, Clone, Serialize)]
pub struct DecidedItem {
    /// The tag, where there is one afterwards.
    id: Option<TagId>,
    photo_id: PhotoId,
    user_id: UserId,
    decision: Verdict,
    changed: bool,
}

/// What came of decisions that the command line named.
#[derive(Debug, Serialize)]
pub struct DecidedReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    decision: Verdict,
    decided: u64,
    unchanged: u64,
    refused: u64,
    items: Vec<DecidedItem>,
    items_failed: Vec<ItemFailed>,
    #[serde(skip)]
    pub exit: Exit,
}

impl DecidedReport {
    #[must_use]
    pub fn new(verdict: Verdict, rulings: &[Ruling], ruled: &[Ruled], dry_run: bool, target: Target) -> Self {
        let (mut items, mut items_failed, mut exit) = (Vec::new(), Vec::new(), Exit::Ok);
        for (ruling, ruled) in rulings.iter().zip(ruled) {
            let (photo, user) = (ruling.pair.photo, ruling.pair.user);
            let item = |id, changed| DecidedItem { id, photo_id: photo, user_id: user, decision: verdict, changed };
            match ruled {
                Ruled::Done { tag } => items.push(item(*tag, true)),
                Ruled::Unchanged => items.push(item(None, false)),
                refused => {
                    let error = refusal(refused);
                    exit = exit.and(if *refused == Ruled::NoConsent { Exit::Blocked } else { Exit::SomeFailed });
                    items_failed.push(ItemFailed::new(format!("{photo} {user}"), &error));
                }
            }
        }
        let decided = items.iter().filter(|item| item.changed).count() as u64;
        Self {
            ok: items_failed.is_empty(),
            dry_run,
            target,
            decision: verdict,
            decided,
            unchanged: items.len() as u64 - decided,
            refused: items_failed.len() as u64,
            items,
            items_failed,
            exit,
        }
    }
}

impl Render for DecidedReport {
    fn render(&self, page: &mut Page) {
        let tags = count(self.decided, "tag");
        let (past, would) = match self.decision {
            Verdict::Confirmed => ("Confirmed", "confirm"),
            Verdict::Rejected => ("Rejected", "reject"),
            Verdict::Reopened => ("Reopened", "reopen"),
            Verdict::Removed => ("Removed", "remove"),
            Verdict::Added => ("Added", "add"),
            Verdict::Undone => ("Taken back", "take back"),
        };
        match (self.decided, self.dry_run) {
            (0, _) => {}
            (_, true) => page.line(format!("Would {would} {tags}; nothing was changed.")),
            (_, false) => page.good(format!("{past} {tags}.")),
        }
        if self.unchanged > 0 {
            page.line(format!("{} decided so before; nothing was changed.", count(self.unchanged, "tag")));
        }
        refused(page, &self.items_failed);
    }
}

/// What was refused, for people.
pub fn refused(page: &mut Page, items: &[ItemFailed]) {
    if items.is_empty() {
        return;
    }
    page.bad(format!("{} refused:", count(items.len() as u64, "decision")));
    for item in items.iter().take(SHOWN) {
        page.line(format!("  {}  {}", item.r#ref, item.message));
    }
    if items.len() > SHOWN {
        page.line(format!("  and {} more: --json shows all of them", items.len() - SHOWN));
    }
}
