//! What jobs over many photos share: how many at once, and what the audit log is told.

use std::sync::Arc;
use std::time::Duration;

use super::delete::bulk;
use super::select::{PhotoSelectArgs, Selection};
use crate::app::App;
use crate::batch::Progress;
use crate::config::settings;
use crate::db::audit;
use crate::db::photos::orphans;
use crate::error::{Error, Result};
use crate::model::audit::{Action, Fields};
use crate::model::ids::PhotoId;
use crate::model::status::PhotoObject;
use crate::objects::Store;
use crate::workflows::photos::handout;
use crate::workflows::photos::job::Job;
use crate::workflows::photos::rebuild::Rebuilder;

/// Photos at once where nothing is set: most of the time they wait for the store.
const WIDTH: usize = 8;

/// Ids that one statement looks up.
const CHUNK: usize = 5_000;

/// An upload that began longer ago than this and did not end is not going on any more.
pub(super) const STUCK_AFTER: Duration = Duration::from_secs(3600);

/// Progress, interruption, database and width.
pub(in crate::commands) async fn job(app: &App, phase: &str) -> Result<Job> {
    let progress: Arc<dyn Progress> = app.ui.progress("photo");
    progress.phase(phase);
    let width = app.config.parse(settings::TRANSFERS)?.unwrap_or(WIDTH);
    Ok(Job { db: app.db().await?.clone(), cancel: app.cancel.clone(), progress, width })
}

/// With as many decoders as are set, else one a core.
pub(super) fn rebuilder(app: &App, job: &Job, store: &Store) -> Result<Rebuilder> {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let decoders = app.config.parse(settings::DECODERS)?.unwrap_or(cores);
    Ok(Rebuilder::new(job.db.clone(), store.clone(), app.config.clone(), decoders))
}

/// Those of `ids` that have an object of this kind to hand out, and how many have not: a RAW is beside some photos only.
///
/// # Errors
/// [`crate::error::Kind::NotFound`] where one photo was named, and has none; those of the database.
pub(super) async fn having(
    app: &App,
    kind: PhotoObject,
    selection: &Selection,
    ids: Vec<PhotoId>,
) -> Result<(Vec<PhotoId>, u64)> {
    if kind != PhotoObject::Raw {
        return Ok((ids, 0));
    }
    let mut with = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        with.extend(orphans::with_companions(&mut *app.db().await?.conn().await?, chunk).await?);
    }
    match ids.as_slice() {
        [only] if with.is_empty() && selection.by_id && selection.missing.is_empty() => Err(handout::no_raw(*only)),
        _ => {
            let without = ids.len().saturating_sub(with.len()) as u64;
            Ok((with, without))
        }
    }
}

/// Refuses to work on every photo there is because nothing was said.
pub(super) fn require_selection(app: &App, photos: &PhotoSelectArgs, verb: &str) -> Result<()> {
    if photos.is_empty() && app.config.get(settings::PROJECT).is_none() {
        return Err(Error::usage(format!("it is not said which photos to {verb}"))
            .hint("give ids or filters such as --project; --all-projects means every photo there is"));
    }
    Ok(())
}

/// One entry for all of `ids`; none where there are none.
pub(super) async fn note(
    app: &App,
    action: Action,
    selection: &Selection,
    ids: &[PhotoId],
    fields: Fields,
) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().await?.begin().await?;
    audit::append(&mut tx, &app.author(), &bulk(action, selection, ids).fields(fields)).await?;
    tx.commit().await
}
