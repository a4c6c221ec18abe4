//! Whether everything that the rows promise is in the store, and nothing else is.
//!
//! Whole projects are compared with the store's listing: both come in the order of their ids, a page at a time, so that
//! a thousand photos cost three requests and no more memory than a page. Whatever looks wrong there is looked at again
//! by itself, row and object, before it is reported: uploads may go on meanwhile.

mod check;
mod shelf;
mod unfinished;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use uuid::Uuid;

pub use check::Checker;

use crate::error::{Exit, Result};
use crate::model::ids::{PhotoId, ProjectId};
use shelf::Go;

use super::job::{Ended, Job};

/// Kinds of differences, as reports name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    OriginalMissing,
    OriginalDiffers,
    WatermarkedMissing,
    WatermarkedDiffers,
    ThumbnailMissing,
    ThumbnailDiffers,
    CompanionMissing,
    CompanionDiffers,
    /// A row's key can not be that of an object.
    BadKey,
    /// In `processing` for too long.
    Stuck,
    /// In `failed`.
    NotReady,
    /// Marked as lost, and there again.
    FoundAgain,
    /// An object that no row knows.
    Orphan,
    /// Bytes that a killed upload sent, of an object that never came to be.
    UnfinishedUpload,
}

impl Class {
    pub const ALL: &[Class] = &[
        Class::OriginalMissing,
        Class::OriginalDiffers,
        Class::WatermarkedMissing,
        Class::WatermarkedDiffers,
        Class::ThumbnailMissing,
        Class::ThumbnailDiffers,
        Class::CompanionMissing,
        Class::CompanionDiffers,
        Class::BadKey,
        Class::Stuck,
        Class::NotReady,
        Class::FoundAgain,
        Class::Orphan,
        Class::UnfinishedUpload,
    ];

    /// The name in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Class::OriginalMissing => "original_missing",
            Class::OriginalDiffers => "original_differs",
            Class::WatermarkedMissing => "watermarked_missing",
            Class::WatermarkedDiffers => "watermarked_differs",
            Class::ThumbnailMissing => "thumbnail_missing",
            Class::ThumbnailDiffers => "thumbnail_differs",
            Class::CompanionMissing => "companion_missing",
            Class::CompanionDiffers => "companion_differs",
            Class::BadKey => "bad_key",
            Class::Stuck => "stuck",
            Class::NotReady => "not_ready",
            Class::FoundAgain => "found_again",
            Class::Orphan => "orphan",
            Class::UnfinishedUpload => "unfinished_upload",
        }
    }

    /// What people are told of so many of them.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Class::OriginalMissing => "the original is not in the store",
            Class::OriginalDiffers => "the original in the store is not the file that was uploaded",
            Class::WatermarkedMissing => "the preview is missing",
            Class::WatermarkedDiffers => "the preview in the store is not the one that was made",
            Class::ThumbnailMissing => "the thumbnail is missing",
            Class::ThumbnailDiffers => "the thumbnail in the store is not the one that was made",
            Class::CompanionMissing => "the RAW beside it is missing",
            Class::CompanionDiffers => "the RAW beside it is not the file that was uploaded",
            Class::BadKey => "the row's key can not be that of an object",
            Class::Stuck => "its upload began and never ended",
            Class::NotReady => "it failed",
            Class::FoundAgain => "what was marked as lost is there",
            Class::Orphan => "an object that no row knows",
            Class::UnfinishedUpload => "an unfinished upload, whose parts take up room in the store",
        }
    }

    /// Whether making the derivatives anew mends it.
    #[must_use]
    pub fn is_mended_by_rebuilding(self) -> bool {
        matches!(
            self,
            Class::WatermarkedMissing
                | Class::WatermarkedDiffers
                | Class::ThumbnailMissing
                | Class::ThumbnailDiffers
                | Class::Stuck
                | Class::NotReady
        )
    }

    /// Whether a RAW beside the photo is gone: only the card can bring it back.
    #[must_use]
    pub fn is_companion_loss(self) -> bool {
        matches!(self, Class::CompanionMissing | Class::CompanionDiffers)
    }

    /// Whether the original is gone: nothing can be made of it.
    #[must_use]
    pub fn is_loss(self) -> bool {
        matches!(self, Class::OriginalMissing | Class::OriginalDiffers)
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The photo's id; of an orphan or an unfinished upload the key.
    pub r#ref: String,
    pub class: Class,
    pub key: Option<String>,
    pub message: String,
    pub repaired: bool,
}

/// How to look.
#[derive(Debug, Clone, Copy)]
pub struct VerifyRules {
    /// Read every byte, not only names and sizes.
    pub deep: bool,
    /// Mend what can be mended.
    pub repair: bool,
    pub dry_run: bool,
    /// A row in `processing` for longer is stuck, and so is an upload that began longer ago.
    pub stuck_after: Duration,
}

/// What was found. Items are kept up to a limit, counts are of all.
#[derive(Debug, Default)]
pub struct Findings {
    pub items: Vec<Difference>,
    pub by_class: BTreeMap<Class, u64>,
    pub repaired: u64,
    /// Photos that `repair` changed.
    pub changed: Vec<PhotoId>,
    /// Unfinished uploads that `repair` aborted ([`crate::objects::UnfinishedUpload::id`]).
    pub aborted: Vec<Uuid>,
    /// Photos that were looked at.
    pub photos: u64,
    pub objects: u64,
    pub bytes_read: u64,
    /// Uploads that go on now.
    pub in_progress: u64,
    /// Photos of which no file facts are known: only that their objects are there can be said.
    pub without_facts: u64,
    pub orphans_looked_for: bool,
    /// Files that are being sent in parts now.
    pub uploads_in_progress: u64,
    pub unfinished_looked_for: bool,
    /// Why the store can not say which uploads are unfinished.
    pub unfinished_unknown: Option<String>,
}

impl Findings {
    /// Items that are kept: a store that was emptied must not fill the memory.
    const KEPT: usize = 10_000;

    pub fn add(&mut self, difference: Difference) {
        *self.by_class.entry(difference.class).or_default() += 1;
        self.repaired += u64::from(difference.repaired);
        if self.items.len() < Self::KEPT {
            self.items.push(difference);
        }
    }

    #[must_use]
    pub fn count(&self, class: Class) -> u64 {
        self.by_class.get(&class).copied().unwrap_or(0)
    }

    /// All differences.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_class.values().sum()
    }
}

/// What to look at.
#[derive(Debug, Clone)]
pub enum Scope {
    /// All photos of a project, or of all projects, and the objects that belong to none.
    Whole { project: Option<ProjectId> },
    /// These photos.
    Photos(Vec<PhotoId>),
}

/// Looks at everything in `scope`. What was found and mended is told even where the run ended in an error: store or
/// database could not say what there is. Trouble with single photos is part of the end.
pub async fn run(job: &Job, checker: &Checker, scope: &Scope) -> (Findings, Result<Ended>) {
    let shared = Mutex::new((Findings::default(), Ended::nothing()));
    let result = walk(job, checker, scope, &shared).await;
    let (findings, mut ended) = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    if job.cancel.is_requested() {
        ended.exit = ended.exit.and(Exit::Interrupted);
    }
    (findings, result.map(|()| ended))
}

async fn walk(job: &Job, checker: &Checker, scope: &Scope, shared: &Mutex<(Findings, Ended)>) -> Result<()> {
    let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
    let look = |ids: Vec<PhotoId>| look(job, checker, shared, ids);
    match scope {
        Scope::Photos(ids) => {
            lock().0.photos = ids.len() as u64;
            look(ids.clone()).await?;
        }
        Scope::Whole { project } => {
            let (db, store, deep) = (&job.db, &checker.store, checker.rules.deep);
            let orphan = |key: String| {
                let message = Class::Orphan.sentence().to_owned();
                let item =
                    Difference { r#ref: key.clone(), class: Class::Orphan, key: Some(key), message, repaired: false };
                lock().0.add(item);
            };
            let compared = shelf::compare(db, store, &job.cancel, *project, deep, look, orphan).await?;
            {
                let findings = &mut lock().0;
                findings.photos = compared.photos;
                findings.objects = compared.objects;
                findings.without_facts = compared.without_facts;
                findings.orphans_looked_for = compared.whole;
            }
            if compared.whole {
                let mut seen = unfinished::Unfinished::default();
                let looked = unfinished::look(checker, &job.cancel, &shelf::prefix(*project), &mut seen).await;
                seen.tell(&mut lock().0);
                looked?;
            }
        }
    }
    Ok(())
}

async fn look(job: &Job, checker: &Checker, shared: &Mutex<(Findings, Ended)>, ids: Vec<PhotoId>) -> Result<Go> {
    let ended = job
        .run(
            &ids,
            |photo| async move { checker.check(&photo).await },
            |photo, checked: &check::Checked| {
                let findings = &mut shared.lock().unwrap_or_else(PoisonError::into_inner).0;
                findings.bytes_read += checked.bytes_read;
                findings.in_progress += u64::from(checked.in_progress);
                if checked.changed {
                    findings.changed.push(photo.id);
                }
                for difference in &checked.differences {
                    findings.add(difference.clone());
                }
            },
        )
        .await?;
    let all = &mut shared.lock().unwrap_or_else(PoisonError::into_inner).1;
    let go = if ended.not_begun > 0 { Go::Stop } else { Go::On };
    all.add(ended);
    Ok(go)
}
