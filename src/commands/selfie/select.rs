//! Which selfies are meant, and what work on them begins with.

use std::sync::Arc;

use crate::app::App;
use crate::batch::{Budget, Progress};
use crate::commands::reference;
use crate::config::settings;
use crate::db::refs;
use crate::db::selfies::{self, SelfieFilter};
use crate::db::{Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ProjectId, SelfieId, UserId};
use crate::model::selfie::Selfie;
use crate::model::text::{printable, quoted};
use crate::workflows::selfies::desk::{self, Desk};
use crate::workflows::selfies::engine::Engine;
use crate::workflows::selfies::run::Scope;

/// Selfies that a run takes at most.
pub(super) const ALL: i64 = 10_000_000;

/// Users at once at most: each holds a connection to the database, and the memory of a picture.
const WIDTH_MOST: usize = 4;

/// The selfie of an id, or of its first 8 characters or more; a deleted one too.
pub(super) async fn one(conn: &mut PgConnection, word: &str) -> Result<Selfie> {
    let word = word.trim();
    let Some(between) = refs::id_range(word) else {
        return Err(Error::usage(format!("{} is not the id of a selfie", quoted(word)))
            .hint("give an id, or the first 8 characters of it; photoctl selfie list shows them"));
    };
    let filter = SelfieFilter { between: Some(between), deleted: true, ..SelfieFilter::default() };
    let mut found = selfies::list(conn, filter, 6).await?;
    match found.len() {
        0 => Err(Error::new(Kind::NotFound, format!("there is no selfie {}", printable(word)))
            .hint("photoctl selfie list shows what there is")),
        1 => Ok(found.remove(0)),
        _ => {
            let error = Error::new(Kind::Ambiguous, format!("{word} is the beginning of several selfies' ids"));
            Err(found.iter().fold(error, |error, selfie| error.hint(selfie.id.to_string())))
        }
    }
}

/// One that was not deleted.
pub(super) async fn live(conn: &mut PgConnection, word: &str) -> Result<Selfie> {
    let selfie = one(conn, word).await?;
    match selfie.deleted_at {
        None => Ok(selfie),
        Some(_) => Err(Error::new(Kind::NotFound, format!("the selfie {} was deleted", selfie.id))
            .hint("photoctl selfie enroll brings it back with its file")),
    }
}

/// Filters that several verbs have.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct WhoseArgs {
    /// Only those of this user
    #[arg(long)]
    pub user: Option<String>,
    /// Only those of members of this project
    #[arg(long)]
    pub project: Option<String>,
}

/// Whose selfies, resolved.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Whose {
    pub user: Option<UserId>,
    pub project: Option<ProjectId>,
}

impl WhoseArgs {
    /// Selfies are of users: the project that is set does not narrow them, one that is named does.
    pub(super) async fn resolve(&self, app: &App, conn: &mut PgConnection) -> Result<Whose> {
        let project = match self.project.as_deref() {
            Some(project) => Some(reference::project(app, conn, Some(project)).await?.id),
            None => None,
        };
        let user = match self.user.as_deref() {
            Some(user) => Some(reference::user(app, conn, Some(user)).await?.id),
            None => None,
        };
        Ok(Whose { user, project })
    }
}

impl Whose {
    pub(super) fn filter<'a>(self) -> SelfieFilter<'a> {
        SelfieFilter { user: self.user, project: self.project, ..SelfieFilter::default() }
    }
}

/// All that work on faces takes.
pub(super) async fn desk(app: &App, project: Option<ProjectId>, dry_run: bool) -> Result<Desk> {
    let store = app.store_for(dry_run).await?.clone();
    Ok(Desk {
        memory: Budget::new(desk::MEMORY_BYTES),
        db: app.db().await?.clone(),
        store,
        engine: Engine::load(&app.config)?,
        config: app.config.clone(),
        author: app.author(),
        project,
        dry_run,
    })
}

/// On a real server several users at once, one for each core; the embedded database has one connection.
pub(super) fn scope(app: &App, db: &Db, phase: &str) -> Result<Scope> {
    let progress: Arc<dyn Progress> = app.ui.progress("selfie");
    progress.phase(phase);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let width = app.config.parse(settings::DECODERS)?.unwrap_or(cores).min(WIDTH_MOST);
    let connections = usize::try_from(db.width()).unwrap_or(1);
    let width = if db.is_embedded() { 1 } else { width.min(connections).max(1) };
    Ok(Scope { cancel: app.cancel.clone(), progress, width })
}

/// The selfies of a list of ids, in its order, each once.
pub(super) async fn named(conn: &mut PgConnection, words: &[String]) -> Result<Vec<Selfie>> {
    let mut found: Vec<Selfie> = Vec::new();
    let mut seen: Vec<SelfieId> = Vec::new();
    for word in words {
        let selfie = live(conn, word).await?;
        if !seen.contains(&selfie.id) {
            seen.push(selfie.id);
            found.push(selfie);
        }
    }
    Ok(found)
}
