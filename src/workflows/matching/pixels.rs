//! Matching straight from the pixels, where faces of photos are not kept.

use std::sync::{Arc, Mutex, PoisonError};

use super::run::{Matching, State};
use crate::batch::progress::Outcome;
use crate::db;
use crate::error::Result;
use crate::model::ids::PhotoId;
use crate::workflows::faces::look::{Looker, Seen};
use crate::workflows::photos::job::{Ended, Job, Told};

/// Photos that are looked at before their faces are compared: what is lost when a run is killed.
const CHUNK: usize = 32;

struct Looked;
impl Told for Looked {}

impl Matching {
    /// Reads photos from the store, compares the faces in them with all members, and forgets them.
    ///
    /// # Errors
    /// What the database says; trouble with a photo is part of what is returned.
    pub async fn from_pixels(
        &self,
        state: &mut State,
        job: &Job,
        looker: &Arc<Looker>,
        photos: &[PhotoId],
    ) -> Result<Ended> {
        let mut ended = Ended::nothing();
        for (index, chunk) in photos.chunks(CHUNK).enumerate() {
            if self.cancel.is_requested() {
                ended.not_begun += (photos.len() - index * CHUNK) as u64;
                break;
            }
            let seen: Mutex<Vec<(PhotoId, Seen)>> = Mutex::default();
            let work = |photo: db::photos::select::PhotoRecord| {
                let (seen, looker) = (&seen, looker.clone());
                async move {
                    let areas = db::faces::withdrawn_areas(&mut *self.db.conn().await?, photo.id).await?;
                    let found = looker.look(&photo, areas).await?;
                    seen.lock().unwrap_or_else(PoisonError::into_inner).push((photo.id, found));
                    Result::Ok((Outcome::Done, Looked))
                }
            };
            ended.add(job.run(chunk, work, |_, _| {}).await?);
            let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
            self.passing(state, &seen).await?;
        }
        Ok(ended)
    }
}
