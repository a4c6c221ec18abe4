//! `photos restore`

use std::time::Instant;

use serde::Serialize;

use super::delete::bulk;
use super::report::{self, Counts};
use super::select::PhotoSelectArgs;
use crate::app::App;
use crate::db::audit;
use crate::db::photos::delete;
use crate::db::photos::filter::Presence;
use crate::db::photos::select::Want;
use crate::error::Error;
use crate::model::audit::Action;
use crate::model::text::count;
use crate::ui::{Finished, Page};
use crate::workflows::photos::job::Ended;

#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
struct RestoreCounts {
    /// With a dry run: would be.
    restored: u64,
    not_deleted: u64,
}

pub async fn run(app: &App, args: RestoreArgs) -> Finished {
    let begun = Instant::now();
    if args.photos.is_empty() {
        return Err(Error::usage("it is not said which photos to restore")
            .hint("give ids or filters; photoctl photos list --deleted shows what was deleted"));
    }
    let mut selection = args.photos.resolve(app).await?;
    selection.filter.presence = Presence::Deleted;
    let ids = selection.ids(app, Want::All).await?;
    app.ui.target(&app.target(false));
    let mut restored = ids.len() as u64;
    if !args.dry_run && !ids.is_empty() {
        let mut tx = app.db().await?.begin().await?;
        let done = delete::restore(&mut tx, &ids).await?;
        if !done.is_empty() {
            audit::append(&mut tx, &app.author(), &bulk(Action::Restore, &selection, &done)).await?;
        }
        tx.commit().await?;
        restored = done.len() as u64;
    }
    let not_deleted = if selection.by_id { (selection.filter.ids.len() as u64).saturating_sub(restored) } else { 0 };
    let mut ended = Ended::nothing();
    for (word, error) in &selection.missing {
        ended.fail(word, error);
    }
    report::finish(app, args.dry_run, false, begun, RestoreCounts { restored, not_deleted }, ended)
}

impl Counts for RestoreCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        let verb = if dry_run { "would be restored" } else { "restored" };
        page.heading(format!("{} {verb}", count(self.restored, "photo")));
        if self.not_deleted > 0 {
            page.line(format!(
                "{} left as they are: not deleted, or left out by a filter",
                count(self.not_deleted, "photo")
            ));
        }
    }
}
