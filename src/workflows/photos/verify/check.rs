//! One photo: its row against its objects.

use super::{Class, Difference, VerifyRules};
use crate::batch::progress::Outcome;
use crate::db::Db;
use crate::db::photos::orphans;
use crate::db::photos::select::PhotoRecord;
use crate::error::{Kind, Result};
use crate::model::digest::Sha256;
use crate::objects::{StorageKey, Store};
use crate::workflows::photos::job::{Told, is_in_progress};
use crate::workflows::photos::rebuild::{Extent, Rebuilder};

/// Looks at photos one by one, and mends them if asked.
pub struct Checker {
    pub db: Db,
    pub store: Store,
    pub rules: VerifyRules,
    pub rebuilder: Rebuilder,
}

/// What came of one photo.
#[derive(Debug, Default)]
pub struct Checked {
    pub differences: Vec<Difference>,
    pub objects: u64,
    pub bytes_read: u64,
    pub in_progress: bool,
    pub changed: bool,
}

impl Told for Checked {
    fn reason(&self) -> Option<&str> {
        self.differences.iter().find(|difference| !difference.repaired).map(|difference| difference.message.as_str())
    }
}

/// What an object should be.
struct Expected {
    key: Option<String>,
    size_bytes: Option<u64>,
    sha256: Option<Sha256>,
    /// It was found gone, or other bytes in its place: only reading it can tell that it is there again.
    marked: bool,
    missing: Class,
    differs: Class,
}

impl Checker {
    /// Compares one photo's row with its objects.
    ///
    /// # Errors
    /// When store or database can not say.
    pub async fn check(&self, photo: &PhotoRecord) -> Result<(Outcome, Checked)> {
        let mut checked = Checked::default();
        if photo.deleted {
            return Ok((Outcome::Skipped, checked));
        }
        if is_in_progress(photo, self.rules.stuck_after) {
            checked.in_progress = true;
            return Ok((Outcome::Skipped, checked));
        }
        for expected in self.expected(photo).await? {
            self.look(photo, expected, &mut checked).await?;
        }
        if let Some(class) = match photo.status.as_str() {
            "ready" => None,
            "processing" => Some(Class::Stuck),
            _ => Some(Class::NotReady),
        } {
            checked.differences.push(difference(photo, class, None));
        }
        if self.rules.repair && !self.rules.dry_run && !checked.differences.is_empty() {
            self.mend_companions(photo, &mut checked).await?;
            let lost = checked.differences.iter().any(|difference| difference.class.is_loss());
            self.mend(photo, lost, &mut checked).await?;
        }
        let outcome = if checked.differences.iter().all(|difference| difference.repaired) {
            Outcome::Done
        } else {
            Outcome::Failed
        };
        Ok((outcome, checked))
    }

    async fn expected(&self, photo: &PhotoRecord) -> Result<Vec<Expected>> {
        let file = photo.file.as_ref();
        let mut all = vec![Expected {
            key: Some(photo.storage_key.clone()),
            size_bytes: file.map(|file| file.size_bytes),
            sha256: file.map(|file| file.sha256),
            marked: file.is_some_and(|file| file.original_lost_at.is_some()),
            missing: Class::OriginalMissing,
            differs: Class::OriginalDiffers,
        }];
        // Before it is ready a photo has none.
        if photo.status == "ready" {
            all.push(Expected {
                key: photo.watermarked_key.clone(),
                size_bytes: file.and_then(|file| file.watermarked_size_bytes),
                sha256: file.and_then(|file| file.watermarked_sha256),
                marked: false,
                missing: Class::WatermarkedMissing,
                differs: Class::WatermarkedDiffers,
            });
            all.push(Expected {
                key: photo.thumbnail_key.clone(),
                size_bytes: file.and_then(|file| file.thumbnail_size_bytes),
                sha256: file.and_then(|file| file.thumbnail_sha256),
                marked: false,
                missing: Class::ThumbnailMissing,
                differs: Class::ThumbnailDiffers,
            });
        }
        let companions = orphans::companions(&mut *self.db.conn().await?, photo.id).await?;
        all.extend(companions.into_iter().map(|companion| Expected {
            key: Some(companion.key),
            size_bytes: Some(companion.size_bytes),
            sha256: companion.sha256,
            marked: companion.lost,
            missing: Class::CompanionMissing,
            differs: Class::CompanionDiffers,
        }));
        Ok(all)
    }

    async fn look(&self, photo: &PhotoRecord, expected: Expected, checked: &mut Checked) -> Result<()> {
        let Some(text) = &expected.key else {
            checked.differences.push(difference(photo, expected.missing, None));
            return Ok(());
        };
        let Ok(key) = StorageKey::foreign(text) else {
            checked.differences.push(difference(photo, Class::BadKey, Some(text)));
            return Ok(());
        };
        checked.objects += 1;
        let Some(facts) = self.store.head(&key).await? else {
            checked.differences.push(difference(photo, expected.missing, Some(text)));
            return Ok(());
        };
        let mut differs = expected.size_bytes.is_some_and(|size_bytes| size_bytes != facts.size_bytes)
            || matches!((expected.sha256, facts.sha256), (Some(wanted), Some(said)) if wanted != said);
        if (self.rules.deep || expected.marked) && !differs {
            let (size_bytes, sha256) = match self.store.hash(&key).await {
                Ok(read) => read,
                Err(error) if error.is_not_found() => {
                    checked.differences.push(difference(photo, expected.missing, Some(text)));
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            };
            checked.bytes_read += size_bytes;
            // Of a row that nobody adopted the store's own note is all there is to compare with.
            differs = expected.sha256.or(facts.sha256).is_some_and(|wanted| wanted != sha256);
        }
        let class = match (differs, expected.marked) {
            (true, _) => expected.differs,
            (false, true) => Class::FoundAgain,
            (false, false) => return Ok(()),
        };
        checked.differences.push(difference(photo, class, Some(text)));
        Ok(())
    }

    /// What the RAWs beside a photo are marked with decides whether the next upload of the card sends them again.
    async fn mend_companions(&self, photo: &PhotoRecord, checked: &mut Checked) -> Result<()> {
        for difference in &mut checked.differences {
            let Some(key) = difference.key.as_deref().filter(|key| *key != photo.storage_key) else { continue };
            let lost = difference.class.is_companion_loss();
            if lost || difference.class == Class::FoundAgain {
                let conn = &mut *self.db.conn().await?;
                checked.changed |= orphans::mark_companion_lost(conn, photo.id, key, lost).await?;
                difference.repaired = !lost;
            }
        }
        Ok(())
    }

    async fn mend(&self, photo: &PhotoRecord, lost: bool, checked: &mut Checked) -> Result<()> {
        if lost {
            checked.changed |= orphans::mark_lost(&mut *self.db.conn().await?, photo.id, true).await?;
            return Ok(());
        }
        if checked.differences.iter().any(|difference| difference.class.is_mended_by_rebuilding()) {
            match self.rebuilder.rebuild(photo, Extent::All, false).await {
                Ok(_) => {}
                // The difference stays in the report with why it could not be mended.
                Err(error) if matches!(error.kind(), Kind::BadFile | Kind::NotFound | Kind::Integrity) => {
                    for difference in &mut checked.differences {
                        difference.message =
                            format!("{}; it can not be mended: {}", difference.message, error.message());
                    }
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            checked.changed = true;
        }
        for difference in checked.differences.iter_mut().filter(|difference| !difference.repaired) {
            match difference.class {
                Class::FoundAgain => {
                    checked.changed |= orphans::mark_lost(&mut *self.db.conn().await?, photo.id, false).await?;
                    difference.repaired = true;
                }
                class => difference.repaired = class.is_mended_by_rebuilding(),
            }
        }
        Ok(())
    }
}

fn difference(photo: &PhotoRecord, class: Class, key: Option<&str>) -> Difference {
    Difference {
        r#ref: photo.id.to_string(),
        class,
        key: key.map(str::to_owned),
        message: class.sentence().to_owned(),
        repaired: false,
    }
}
