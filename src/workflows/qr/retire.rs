//! The end of tokens: revoked before their time, deleted after it.

use super::bare;
use crate::db::qr::{self, PruneFilter};
use crate::db::{self, Db};
use crate::error::Result;
use crate::model::audit::{Action, Author, Entity, Entry};
use crate::model::ids::{ProjectId, QrTokenId};

/// Ends the time of tokens now. Returns those that were open; the others stay as they are.
///
/// # Errors
/// What the database says.
pub async fn revoke(
    db: &Db,
    author: &Author,
    project: Option<ProjectId>,
    ids: &[QrTokenId],
    dry_run: bool,
) -> Result<Vec<QrTokenId>> {
    let mut tx = db.begin().await?;
    let done = qr::revoke(&mut tx, ids).await?;
    if dry_run || done.is_empty() {
        tx.rollback().await?;
        return Ok(done);
    }
    db::audit::append(&mut tx, author, &entry(Action::Revoke, project, &done)).await?;
    tx.commit().await?;
    Ok(done)
}

/// What [`prune`] would delete.
///
/// # Errors
/// What the database says.
pub async fn prunable(db: &Db, filter: PruneFilter) -> Result<Vec<QrTokenId>> {
    qr::prunable(&mut *db.conn().await?, filter).await
}

/// Deletes expired tokens that nobody used. Returns those that were still there.
///
/// # Errors
/// What the database says.
pub async fn prune(db: &Db, author: &Author, project: Option<ProjectId>, ids: &[QrTokenId]) -> Result<Vec<QrTokenId>> {
    let mut tx = db.begin().await?;
    let done = qr::prune(&mut tx, ids).await?;
    if done.is_empty() {
        tx.rollback().await?;
        return Ok(done);
    }
    db::audit::append(&mut tx, author, &entry(Action::Prune, project, &done)).await?;
    tx.commit().await?;
    Ok(done)
}

fn entry(action: Action, project: Option<ProjectId>, ids: &[QrTokenId]) -> Entry {
    let mut entry = Entry::new(Entity::QrToken, action).items(bare(ids));
    if let Some(project) = project {
        entry = entry.in_project(project);
    }
    match ids {
        [only] => entry.of(only.0),
        _ => entry,
    }
}
