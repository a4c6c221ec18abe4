//! Faces of photos, found once and kept for later selfies.

use std::sync::Arc;

use crate::batch::progress::Outcome;
use crate::db::photos::select::PhotoRecord;
use crate::db::{self, Db};
use crate::error::Result;
use crate::workflows::photos::job::Told;

use super::look::Looker;

/// What was found in one photo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Indexed {
    pub faces: u64,
    pub poor: u64,
}

impl Told for Indexed {}

/// Looks at photos and keeps what is found.
pub struct Indexer {
    pub db: Db,
    pub looker: Arc<Looker>,
}

impl Indexer {
    /// Looks at one photo. One that was looked at meanwhile is left as it is; with `again`, what was found before goes.
    ///
    /// # Errors
    /// As [`Looker::look`], and what the database says.
    pub async fn index(&self, photo: &PhotoRecord, again: bool) -> Result<(Outcome, Indexed)> {
        let areas = db::faces::withdrawn_areas(&mut *self.db.conn().await?, photo.id).await?;
        let seen = self.looker.look(photo, areas).await?;
        let mut tx = self.db.begin().await?;
        // Who revoked while the picture was looked at is not found in it.
        let areas = db::faces::hold_areas(&mut tx, photo.id).await?;
        let seen = seen.without(&areas);
        let given_again = db::faces::lock(&mut tx, photo.id, self.looker.model()).await?;
        if again || given_again {
            db::faces::forget(&mut tx, &[photo.id], self.looker.model()).await?;
        }
        let scan = db::faces::Scan {
            photo: photo.id,
            model: self.looker.model(),
            faces: &seen.faces,
            poor: seen.poor,
            kept: true,
        };
        let written = db::faces::store(&mut tx, &scan).await?;
        tx.commit().await?;
        let outcome = if written { Outcome::Done } else { Outcome::Present };
        Ok((outcome, Indexed { faces: seen.faces.len() as u64, poor: seen.poor as u64 }))
    }
}
