//! `photos verify`

use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::{Map, Value};

use super::report::{self, Counts};
use super::select::{PhotoSelectArgs, Selection};
use super::work;
use crate::app::App;
use crate::db::audit;
use crate::db::photos::select::Want;
use crate::error::{Exit, Result};
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::text::{count, size, thousands};
use crate::ui::{Finished, Page};
use crate::workflows::photos::verify::{self, Checker, Class, Difference, Findings, Scope, VerifyRules};

/// Differences that people are shown; json has more.
const SHOWN: usize = 50;

#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// Read every byte and compare its hash, not only names and sizes
    #[arg(long)]
    pub deep: bool,
    /// Make missing previews and thumbnails anew, complete uploads that were left off, mark lost originals, remove the
    /// parts that killed uploads left in the store
    #[arg(long)]
    pub repair: bool,
    /// With --repair: show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Exit with 6 when there are differences that were not repaired
    #[arg(long)]
    pub exit_code: bool,
    /// An upload that began longer ago and did not end is stuck
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub stuck_after: Duration,
}

/// Never deletes an object; what is no object yet, because its upload never ended, is removed by `--repair`.
#[derive(Debug, Serialize)]
struct VerifyCounts {
    photos: u64,
    objects: u64,
    /// All differences, repaired ones too.
    differences: u64,
    repaired: u64,
    #[serde(flatten)]
    by_class: Map<String, Value>,
    in_progress: u64,
    without_facts: u64,
    bytes_read: u64,
    deep: bool,
    /// Whether objects without a row were looked for: of whole projects only.
    orphans_looked_for: bool,
    /// Files that are being sent in parts now, or were until less than `--stuck-after` ago.
    uploads_in_progress: u64,
    /// Whether unfinished uploads were looked for: of whole projects only, and where the store can list them.
    unfinished_uploads_looked_for: bool,
    /// Why the store can not say which uploads are unfinished.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished_uploads_unknown: Option<String>,
    items: Vec<Difference>,
    /// Differences that are counted and not listed.
    items_omitted: u64,
    #[serde(skip)]
    exit_code: bool,
}

pub async fn run(app: &App, args: VerifyArgs) -> Finished {
    let begun = Instant::now();
    let store = app.store_for(args.dry_run || !args.repair).await?;
    let mut selection = args.photos.resolve(app).await?;
    let whole = !selection.by_id && args.photos.filter.is_whole_projects();
    let scope = if whole {
        Scope::Whole { project: selection.filter.project }
    } else {
        Scope::Photos(selection.live_ids(app, Want::All).await?)
    };
    app.ui.target(&app.target(true));
    let job = work::job(app, "verifying").await?;
    let rules =
        VerifyRules { deep: args.deep, repair: args.repair, dry_run: args.dry_run, stuck_after: args.stuck_after };
    let rebuilder = work::rebuilder(app, &job, store)?;
    let checker = Checker { db: job.db.clone(), store: store.clone(), rules, rebuilder };
    let (findings, ended) = verify::run(&job, &checker, &scope).await;
    job.progress.finish();
    let noted = note(app, &selection, &findings).await;
    let mut ended = ended?;
    noted?;
    for (word, error) in &selection.missing {
        ended.fail(word, error);
    }
    let dry_run = args.dry_run && args.repair;
    report::finish(app, dry_run, true, begun, VerifyCounts::of(findings, &args), ended)
}

/// What was mended, also where the run ended in an error.
async fn note(app: &App, selection: &Selection, findings: &Findings) -> Result<()> {
    work::note(app, Action::Repair, selection, &findings.changed, Fields::new()).await?;
    if findings.aborted.is_empty() {
        return Ok(());
    }
    let mut entry = Entry::new(Entity::UnfinishedUpload, Action::Delete).items(findings.aborted.iter().copied());
    entry.project_id = selection.filter.project;
    let mut tx = app.db().await?.begin().await?;
    audit::append(&mut tx, &app.author(), &entry).await?;
    tx.commit().await
}

/// The name of a class's count in json.
fn counted_as(class: Class) -> &'static str {
    match class {
        Class::Orphan => "orphans",
        Class::UnfinishedUpload => "unfinished_uploads",
        class => class.as_str(),
    }
}

impl VerifyCounts {
    fn of(findings: Findings, args: &VerifyArgs) -> Self {
        let count = |class: &Class| (counted_as(*class).to_owned(), Value::from(findings.count(*class)));
        let by_class = Class::ALL.iter().map(count).collect();
        let differences = findings.total();
        Self {
            photos: findings.photos,
            objects: findings.objects,
            differences,
            repaired: findings.repaired,
            by_class,
            in_progress: findings.in_progress,
            without_facts: findings.without_facts,
            bytes_read: findings.bytes_read,
            deep: args.deep,
            orphans_looked_for: findings.orphans_looked_for,
            uploads_in_progress: findings.uploads_in_progress,
            unfinished_uploads_looked_for: findings.unfinished_looked_for,
            unfinished_uploads_unknown: findings.unfinished_unknown,
            items_omitted: differences.saturating_sub(findings.items.len() as u64),
            items: findings.items,
            exit_code: args.exit_code,
        }
    }
}

impl Counts for VerifyCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        let looked = format!("{} and {} looked at", count(self.photos, "photo"), count(self.objects, "object"));
        let left = self.differences - self.repaired;
        match (self.differences, left) {
            (0, _) => page.good(format!("{looked}: all is as it should be")),
            (_, 0) => page.good(format!("{looked}: {}, all repaired", count(self.differences, "difference"))),
            _ => page.bad(format!("{looked}: {}", count(self.differences, "difference"))),
        }
        if self.bytes_read > 0 {
            page.line(format!("{} read and hashed", size(self.bytes_read)));
        }
        for class in Class::ALL {
            let of: Vec<&Difference> = self.items.iter().filter(|item| item.class == *class).collect();
            if of.is_empty() {
                continue;
            }
            let total = self.by_class.get(counted_as(*class)).and_then(Value::as_u64).unwrap_or(0);
            page.gap();
            page.heading(format!("{}: {}", thousands(total), class.sentence()));
            for item in of.iter().take(SHOWN) {
                let repaired = if item.repaired { "  (repaired)" } else { "" };
                page.line(format!("  {}{repaired}", item.r#ref));
            }
            if total > SHOWN as u64 {
                page.line(format!("  and {} more", thousands(total - SHOWN as u64)));
            }
        }
        page.gap();
        if self.in_progress > 0 {
            page.line(format!("{} are being uploaded now", count(self.in_progress, "photo")));
        }
        if self.uploads_in_progress > 0 {
            page.line(format!("{} are being sent in parts now", count(self.uploads_in_progress, "file")));
        }
        if let Some(why) = &self.unfinished_uploads_unknown {
            page.line(format!("Whether killed uploads left parts in the store is not known: {why}"));
        }
        if self.without_facts > 0 {
            let photos = count(self.without_facts, "photo");
            page.line(format!(
                "{photos} of others: only that their objects are there was compared; photos adopt learns the rest"
            ));
        }
        if left > 0 && self.repaired == 0 && !dry_run {
            page.line("photos verify --repair makes previews and thumbnails anew, marks lost originals and removes parts that killed uploads left.");
        }
    }

    fn exit(&self) -> Exit {
        if self.exit_code && self.differences > self.repaired { Exit::Differences } else { Exit::Ok }
    }

    fn is_well(&self) -> bool {
        self.differences == self.repaired
    }
}
