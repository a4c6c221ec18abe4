//! What is done for one shot: the photo first, then the RAWs beside it.

use super::decide::{self, Verdict};
use super::fingerprint::Fingerprint;
use super::job::{CompanionJob, Job, Stored};
use super::pair::Unit;
use super::run::{Again, Judged, Raw, Run, RunVerdict};
use super::scan::Found;
use super::tally::Told;
use super::trouble::{Failure, Trouble};
use crate::model::ids::PhotoId;

/// What became of the photo of a shot.
enum Main {
    Stored(PhotoId),
    /// It is left on the card, and the RAWs of the shot with it.
    Left(RunVerdict),
    /// It is not stored, and its RAWs have been told of, or will be.
    Told,
}

impl Run {
    /// Does what there is to do for one shot.
    pub(super) async fn handle(&self, judged: Judged, again: &Again) {
        let Judged { unit, print, verdict, raws } = judged;
        let main = match verdict {
            // A RAW that was stored beside a JPEG has a place, which is not that of the photo.
            RunVerdict::Of(Verdict::Complete(known) | Verdict::Restore(known)) if known.is_companion => {
                let photo = known.photo;
                let verdict = if known.deleted { Verdict::Restore(known) } else { Verdict::Complete(known) };
                let raw = Raw { found: unit.main.clone(), print, verdict: RunVerdict::Of(verdict) };
                self.handle_raw(raw, photo, again, |_| unit.clone()).await;
                Main::Stored(photo)
            }
            RunVerdict::Of(verdict @ (Verdict::New | Verdict::Complete(_) | Verdict::Restore(_))) => {
                self.handle_main(&unit, print, verdict, &raws, again).await
            }
            verdict => {
                if !unit.told {
                    self.tell_settled(&unit.main, print.sha256, &verdict).await;
                }
                match verdict {
                    RunVerdict::Duplicate { photo, .. } => Main::Stored(photo),
                    RunVerdict::Of(Verdict::Present(known)) => Main::Stored(known.photo),
                    verdict => Main::Left(verdict),
                }
            }
        };
        for raw in raws {
            match &main {
                Main::Stored(photo) => {
                    let alone = |found| Unit { main: unit.main.clone(), raws: vec![found], distrust: true, told: true };
                    self.handle_raw(raw, *photo, again, alone).await;
                }
                // The RAW of a photo that is not to come back does not come back either.
                Main::Left(verdict) if raw.verdict.works() => {
                    self.tell_settled(&raw.found, raw.print.sha256, verdict).await;
                }
                Main::Left(_) => self.tell_settled(&raw.found, raw.print.sha256, &raw.verdict).await,
                Main::Told => {}
            }
        }
    }

    /// Stores the photo of a shot.
    async fn handle_main(
        &self,
        unit: &Unit,
        print: Fingerprint,
        verdict: Verdict,
        raws: &[Raw],
        again: &Again,
    ) -> Main {
        let found = &unit.main;
        let sha256 = print.sha256;
        let told =
            Told { sha256: Some(sha256), attempts: again.attempt, ..Told::unread(&found.path, found.size_bytes) };
        if self.plan.dry_run {
            return self.rehearse(unit, &print, verdict, told).await;
        }
        let restore = matches!(verdict, Verdict::Restore(_));
        let known = match verdict {
            Verdict::Complete(known) | Verdict::Restore(known) => Some(known),
            _ => None,
        };
        match self.store_photo(Job { found: found.clone(), print, known, restore }).await {
            Ok(Stored { left: Some(verdict), .. }) => {
                let verdict = RunVerdict::Of(verdict);
                if !unit.told {
                    self.tell_settled(found, sha256, &verdict).await;
                }
                match verdict {
                    RunVerdict::Of(Verdict::Present(known)) => Main::Stored(known.photo),
                    verdict => Main::Left(verdict),
                }
            }
            Ok(stored) => {
                let attempts = again.attempt - 1 + stored.attempts.max(1);
                if !unit.told {
                    let told = Told { photo: Some(stored.photo), attempts, notes: &stored.notes, ..told };
                    self.tally.uploaded(told, stored.bytes);
                }
                Main::Stored(stored.photo)
            }
            Err(Trouble::File(failure)) if failure.again && again.is_left() => {
                self.tally.retrying(told, &failure);
                again.push(Unit { distrust: true, ..unit.clone() });
                Main::Told
            }
            Err(Trouble::File(failure)) => {
                if !unit.told {
                    self.tally.failed(told, &failure);
                }
                self.fail_with_main(raws, &failure).await;
                Main::Told
            }
            Err(_) => {
                self.not_reached(unit);
                Main::Told
            }
        }
    }

    /// The RAWs of a photo that failed cannot be stored beside it.
    async fn fail_with_main(&self, raws: &[Raw], failure: &Failure) {
        for raw in raws {
            if raw.verdict.works() {
                let failure = Failure::of(failure.reason, "its JPEG failed, and it is stored beside that");
                self.tally.failed(Told::unread(&raw.found.path, raw.found.size_bytes), &failure);
            } else {
                self.tell_settled(&raw.found, raw.print.sha256, &raw.verdict).await;
            }
        }
    }

    /// What would be done with a file, without doing it.
    async fn rehearse(&self, unit: &Unit, print: &Fingerprint, verdict: Verdict, told: Told<'_>) -> Main {
        let verdict = match verdict {
            Verdict::New => self.verdict_of_stranger(print).await,
            verdict => verdict,
        };
        let photo = match verdict {
            Verdict::Complete(known) | Verdict::Restore(known) => known.photo,
            Verdict::New => PhotoId::of_content(self.plan.project.id, &print.sha256),
            verdict => {
                let photo = if let Verdict::Present(known) = &verdict { Some(known.photo) } else { None };
                let verdict = RunVerdict::Of(verdict);
                self.tell_settled(&unit.main, print.sha256, &verdict).await;
                return photo.map_or(Main::Left(verdict), Main::Stored);
            }
        };
        self.progress.advance(unit.main.size_bytes);
        self.tally.uploaded(Told { photo: Some(photo), ..told }, print.size_bytes);
        Main::Stored(photo)
    }

    /// What would be found out about a content that nobody has recorded. Where that cannot be said, it is new.
    async fn verdict_of_stranger(&self, print: &Fingerprint) -> Verdict {
        let Ok(Some(photo)) = self.strangers.find(&self.store, print.size_bytes, &print.sha256).await else {
            return Verdict::New;
        };
        let known = self.known_by(&[], &[photo]).await.unwrap_or_default();
        decide::decide(&known, self.wanted())
    }

    /// Stores a RAW beside `photo`, or beside the one that it was stored with before. `again_as` is what is tried
    /// again.
    async fn handle_raw(&self, raw: Raw, photo: PhotoId, again: &Again, again_as: impl FnOnce(Found) -> Unit) {
        let Raw { found, print, verdict } = raw;
        let (photo, lost, restore) = match &verdict {
            RunVerdict::Of(Verdict::Complete(known)) if known.is_companion => (known.photo, true, false),
            RunVerdict::Of(Verdict::Restore(known)) if known.is_companion => (known.photo, known.original_lost, true),
            verdict if verdict.works() => (photo, false, false),
            verdict => return self.tell_settled(&found, print.sha256, verdict).await,
        };
        let told = Told {
            sha256: Some(print.sha256),
            photo: Some(photo),
            attempts: again.attempt,
            ..Told::unread(&found.path, found.size_bytes)
        };
        if self.plan.dry_run {
            self.progress.advance(found.size_bytes);
            self.tally.uploaded(told, print.size_bytes);
            return;
        }
        match self.store_companion(CompanionJob { found: found.clone(), print, photo, lost, restore }).await {
            Ok(Stored { bytes, attempts, .. }) => {
                self.tally.uploaded(Told { attempts: again.attempt - 1 + attempts.max(1), ..told }, bytes);
            }
            Err(Trouble::File(failure)) if failure.again && again.is_left() => {
                self.tally.retrying(told, &failure);
                again.push(again_as(found.clone()));
            }
            Err(Trouble::File(failure)) => self.tally.failed(told, &failure),
            Err(_) => self.tally.not_reached(told),
        }
    }
}
