//! `photos delete`

use std::time::Instant;

use serde::Serialize;

use super::report::{self, Counts};
use super::select::{PhotoSelectArgs, Selection};
use crate::app::App;
use crate::commands::args::ChangeArgs;
use crate::db::audit;
use crate::db::photos::delete::{self, Weight};
use crate::db::photos::select::Want;
use crate::error::{Error, Result};
use crate::model::audit::{Action, Entity, Entry};
use crate::model::ids::PhotoId;
use crate::model::text::{count, size};
use crate::ui::{Confirmed, Finished, Page};
use crate::workflows::photos::job::Ended;

#[derive(Debug, clap::Args)]
pub struct DeleteArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    #[command(flatten)]
    pub change: ChangeArgs,
}

#[derive(Debug, Serialize)]
struct DeleteCounts {
    /// With a dry run: would be.
    deleted: u64,
    already_deleted: u64,
    /// Of the originals; they stay in the store.
    size_bytes: u64,
}

pub async fn run(app: &App, args: DeleteArgs) -> Finished {
    let begun = Instant::now();
    if args.photos.is_empty() {
        return Err(Error::usage("it is not said which photos to delete")
            .hint("give ids or filters; --all-projects alone means every photo there is"));
    }
    let selection = args.photos.resolve(app).await?;
    let ids = selection.ids(app, Want::All).await?;
    let (weight, ours_alone) = {
        let conn = &mut app.db().await?.conn().await?;
        (delete::weigh(conn, &ids).await?, delete::mark_is_ours_alone(conn).await?)
    };
    app.ui.target(&app.target(false));
    if ours_alone && !ids.is_empty() {
        app.ui.warn(
            "the web application made this database and does not know deleted_at: \
             these photos stay visible there until it does",
        );
    }
    let mut counts = DeleteCounts { deleted: ids.len() as u64, already_deleted: 0, size_bytes: weight.size_bytes };
    if !args.change.dry_run && !ids.is_empty() {
        let confirmed = app.ui.confirm(&question(&ids, weight), args.change.yes)?;
        counts.deleted = apply(app, &selection, &ids, confirmed).await?;
    }
    if selection.by_id {
        counts.already_deleted = (selection.filter.ids.len() as u64).saturating_sub(counts.deleted);
    }
    let mut ended = Ended::nothing();
    for (word, error) in &selection.missing {
        ended.fail(word, error);
    }
    report::finish(app, args.change.dry_run, false, begun, counts, ended)
}

fn question(ids: &[PhotoId], weight: Weight) -> String {
    let photos = count(ids.len() as u64, "photo");
    match weight.people {
        0 => format!("Delete {photos} ({})?", size(weight.size_bytes)),
        1 => format!("Delete {photos} ({}), with confirmed tags of 1 person?", size(weight.size_bytes)),
        people => format!("Delete {photos} ({}), with confirmed tags of {people} people?", size(weight.size_bytes)),
    }
}

async fn apply(app: &App, selection: &Selection, ids: &[PhotoId], _confirmed: Confirmed) -> Result<u64> {
    let mut tx = app.db().await?.begin().await?;
    let done = delete::delete(&mut tx, ids).await?;
    if !done.is_empty() {
        audit::append(&mut tx, &app.author(), &bulk(Action::Delete, selection, &done)).await?;
    }
    tx.commit().await?;
    Ok(done.len() as u64)
}

/// One entry for all of `ids`.
pub(super) fn bulk(action: Action, selection: &Selection, ids: &[PhotoId]) -> Entry {
    let mut entry = Entry::new(Entity::Photo, action).items(ids.iter().map(|id| id.0));
    if let Some(project) = selection.filter.project {
        entry = entry.in_project(project);
    }
    match ids {
        [only] => entry.of(only.0),
        _ => entry,
    }
}

impl Counts for DeleteCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        let verb = if dry_run { "would be deleted" } else { "deleted" };
        page.heading(format!(
            "{} {verb} ({} of originals stay in the store)",
            count(self.deleted, "photo"),
            size(self.size_bytes)
        ));
        if self.already_deleted > 0 {
            page.line(format!(
                "{} left as they are: deleted before, or left out by a filter",
                count(self.already_deleted, "photo")
            ));
        }
        if self.deleted > 0 && !dry_run {
            page.line("photoctl photos restore brings them back.");
        }
    }
}
