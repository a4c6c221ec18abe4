//! The readers: threads that take one shot after the other from the cards.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::facts;
use super::fingerprint::{self, Fingerprint, Look};
use super::pair::{RawMode, Unit};
use super::plan::IngestPlan;
use super::reason::{FailReason, SkipReason};
use super::record::PATIENCE;
use super::run::{Again, Looked, Run};
use super::scan::Found;
use super::tally::Told;
use super::trouble::{Failure, Trouble};
use super::volume::OnVolume;
use crate::db::Db;
use crate::db::photos::known;
use crate::error::Result;
use crate::imaging::{Captured, Format};

impl Run {
    /// Starts as many readers as the disk has places.
    pub(super) fn start_readers(
        self: &Arc<Self>,
        units: Vec<Unit>,
        again: &Again,
        looked: &mpsc::Sender<Looked>,
    ) -> Vec<JoinHandle<()>> {
        let readers = self.disk.current().min(units.len()).max(1);
        let queue = Arc::new(Mutex::new(units.into_iter()));
        (0..readers)
            .map(|_| {
                let (run, queue, again, looked) = (self.clone(), queue.clone(), again.clone(), looked.clone());
                tokio::task::spawn_blocking(move || {
                    loop {
                        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some(unit) = next else { return };
                        if run.halt.is_requested() {
                            run.not_reached(&unit);
                        } else {
                            run.look_at(unit, &again, &looked);
                        }
                    }
                })
            })
            .collect()
    }

    /// Reads a shot and hands it on, or tells its end. Blocking.
    fn look_at(&self, unit: Unit, again: &Again, looked: &mpsc::Sender<Looked>) {
        let found = &unit.main;
        if found.root.was_gone() {
            self.card_is_gone(&unit);
            return;
        }
        match self.reader.look(found, self.place_of(found), unit.distrust || self.plan.rehash, true) {
            Ok(Look::Photo(print)) => self.hand_on(unit, *print, again, looked),
            Ok(Look::Leave(reason)) => {
                self.leave(found, reason);
                self.alone(unit, again, looked);
            }
            Err(Trouble::File(failure)) => self.look_failed(unit, &failure, again, looked),
            Err(Trouble::Stopped | Trouble::Offline(_)) => self.not_reached(&unit),
            Err(Trouble::Fatal(error)) => {
                self.halt.fatal(error);
                self.not_reached(&unit);
            }
        }
    }

    fn hand_on(&self, unit: Unit, print: Fingerprint, again: &Again, looked: &mpsc::Sender<Looked>) {
        if let Some(reason) = self.outside_time(print.captured) {
            self.leave(&unit.main, reason);
            self.alone(unit, again, looked);
            return;
        }
        let mut unit = unit;
        let mut raws = Vec::new();
        for raw in std::mem::take(&mut unit.raws) {
            match self.beside(&print, &raw) {
                Beside::OnCard => self.leave(&raw, SkipReason::RawBesideJpeg),
                Beside::ToJudge(raw_print) => {
                    unit.raws.push(raw.clone());
                    raws.push((raw, *raw_print));
                }
                Beside::No => self.look_at(
                    Unit { main: raw, raws: Vec::new(), distrust: unit.distrust, told: false },
                    again,
                    looked,
                ),
            }
        }
        // Nobody listens only when the run is over.
        if let Err(mpsc::error::SendError(looked)) = looked.blocking_send(Looked { unit, print, raws }) {
            self.not_reached(&looked.unit);
        }
    }

    /// Whether a RAW is of the same shot as a JPEG, by content and time, and what becomes of it then.
    fn beside(&self, jpeg: &Fingerprint, raw: &Found) -> Beside {
        if jpeg.format != Format::Jpeg || self.plan.raw == RawMode::Skip {
            return Beside::No;
        }
        // Where none was ever stored with its JPEG the headers are enough.
        if self.plan.raw == RawMode::Auto && !self.has_companions {
            return match self.reader.peek(raw) {
                Ok(probe) if probe.is_raw() && same_shot(jpeg.captured, probe.metadata.captured) => Beside::OnCard,
                _ => Beside::No,
            };
        }
        match self.reader.look(raw, self.place_of(raw), self.plan.rehash, false) {
            Ok(Look::Photo(print)) if print.format.is_raw() && same_shot(jpeg.captured, print.captured) => {
                Beside::ToJudge(print)
            }
            // What is wrong with it is found again, and told, when it is looked at alone.
            _ => Beside::No,
        }
    }

    /// Without its JPEG a RAW makes a photo of its own.
    fn alone(&self, unit: Unit, again: &Again, looked: &mpsc::Sender<Looked>) {
        for raw in unit.raws {
            self.look_at(Unit { main: raw, raws: Vec::new(), distrust: unit.distrust, told: false }, again, looked);
        }
    }

    fn look_failed(&self, unit: Unit, failure: &Failure, again: &Again, looked: &mpsc::Sender<Looked>) {
        if failure.reason == FailReason::CARD_GONE {
            self.card_is_gone(&unit);
            return;
        }
        let told = Told { attempts: again.attempt, ..Told::unread(&unit.main.path, unit.main.size_bytes) };
        if failure.again && again.is_left() {
            self.tally.retrying(told, failure);
            again.push(unit);
            return;
        }
        if !unit.told {
            self.progress.advance(unit.main.size_bytes);
            self.tally.failed(told, failure);
        }
        self.alone(unit, again, looked);
    }

    fn card_is_gone(&self, unit: &Unit) {
        let failure = fingerprint::card_is_gone(&unit.main);
        let main = (!unit.told).then_some(&unit.main);
        for found in main.into_iter().chain(&unit.raws) {
            self.tally.failed(Told { attempts: 1, ..Told::unread(&found.path, found.size_bytes) }, &failure);
        }
    }

    fn leave(&self, found: &Found, reason: SkipReason) {
        self.progress.advance(found.size_bytes);
        self.tally.skipped(Told::unread(&found.path, found.size_bytes), reason, None);
    }

    fn outside_time(&self, captured: Option<Captured>) -> Option<SkipReason> {
        let (since, until) = (self.plan.captured_since, self.plan.captured_until);
        if since.is_none() && until.is_none() {
            return None;
        }
        match captured.and_then(|captured| facts::captured_utc(captured, self.plan.project.zone())) {
            None => Some(SkipReason::NoCaptureTime),
            Some(at) if since.is_some_and(|since| at < since) || until.is_some_and(|until| at >= until) => {
                Some(SkipReason::OutsideTime)
            }
            Some(_) => None,
        }
    }

    fn place_of(&self, found: &Found) -> Option<OnVolume> {
        let (_, base) = self.volumes.iter().find(|(root, _)| Arc::ptr_eq(root, &found.root))?;
        let base = base.as_ref()?;
        Some(OnVolume { volume: base.volume.clone(), path: base.path.join(found.below_root()) })
    }
}

/// Whether RAWs beside their JPEGs have to be known by their content although they are to stay on the card: an earlier
/// run may have stored them.
pub(super) async fn has_companions(db: &Db, plan: &IngestPlan) -> Result<bool> {
    if plan.raw != RawMode::Auto {
        return Ok(false);
    }
    let project = plan.project.id;
    db.retry(PATIENCE, |db| async move { known::has_companions(&mut *db.conn().await?, project).await }).await
}

/// What becomes of a RAW that has the name of a JPEG.
enum Beside {
    /// It is of the same shot and stays on the card.
    OnCard,
    /// It is of the same shot, and is to be stored with it, or may have been.
    ToJudge(Box<Fingerprint>),
    /// It is a shot of its own, or no RAW at all.
    No,
}

/// Counters of cameras begin anew, and cards are copied together: a name alone does not make a pair. Cameras write
/// both files of a shot with the same time; 2 s leave room for those that round.
fn same_shot(jpeg: Option<Captured>, raw: Option<Captured>) -> bool {
    match (jpeg, raw) {
        (Some(jpeg), Some(raw)) => (jpeg.at - raw.at).num_seconds().abs() <= 2,
        _ => true,
    }
}
