//! Writes what a reviewer decides, one after the other, and takes it back.

use std::collections::BTreeMap;

use crate::config::Config;
use crate::db::{self, Db};
use crate::error::Result;
use crate::model::audit::Author;
use crate::model::face::FaceBox;
use crate::model::status::{ReviewStatus, Verdict};
use crate::model::tag::{Pair, PairState};
use crate::workflows::tags::decide::{self, Ruled, Ruling};

/// A decision as it was given: about a tag that waited, or somebody added by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    pub pair: Pair,
    pub verdict: Verdict,
}

/// What became of taking a decision back.
#[derive(Debug, Clone, PartialEq)]
pub enum Undone {
    /// It is as before.
    Back,
    /// It never came about, or changed nothing.
    Nothing,
    /// Somebody else changed it since: left as it is.
    Elsewhere(Box<PairState>),
    /// The user allows no more that their face is looked for: left as it is.
    NoConsent,
    Gone,
}

/// What came about, and what stood before.
#[derive(Debug, Clone, Copy)]
struct Written {
    given: Given,
    before: Option<ReviewStatus>,
}

/// The one who writes. Steps are numbered by the caller.
pub struct Scribe {
    db: Db,
    author: Author,
    config: Config,
    steps: BTreeMap<u64, Vec<Written>>,
}

impl Scribe {
    #[must_use]
    pub fn new(db: Db, author: Author, config: Config) -> Self {
        Self { db, author, config, steps: BTreeMap::new() }
    }

    /// Writes a step: all of it, or none.
    ///
    /// # Errors
    /// What the database says; nothing was written then.
    pub async fn write(&mut self, step: u64, given: &[Given]) -> Result<Vec<(Given, Ruled)>> {
        let pairs: Vec<Pair> = given.iter().map(|one| one.pair).collect();
        let before = db::tags::of_pairs(&mut *self.db.conn().await?, &pairs).await?;
        let rulings: Vec<Ruling> = given
            .iter()
            .map(|one| Ruling {
                pair: one.pair,
                verdict: one.verdict,
                // Whoever is added by hand was not looked at.
                seen: (one.verdict != Verdict::Added).then_some(ReviewStatus::Pending),
                at: (one.verdict == Verdict::Added).then(|| area_of_another(one.pair, &before)).flatten(),
            })
            .collect();
        let ruled = decide::rule(&self.db, &self.author, &self.config, &rulings, false).await?;
        let answers: Vec<(Given, Ruled)> = given.iter().copied().zip(ruled).collect();
        let written = answers.iter().filter(|(_, ruled)| matches!(ruled, Ruled::Done { .. })).map(|(given, _)| {
            let row = before.get(&given.pair).and_then(|state| state.row);
            Written { given: *given, before: row.map(|row| row.status) }
        });
        self.steps.insert(step, written.collect());
        Ok(answers)
    }

    /// Takes a step back: each of its pairs is as it was before, unless somebody else changed it since.
    ///
    /// # Errors
    /// What the database says; nothing was taken back then, and it can be tried again.
    pub async fn undo(&mut self, step: u64) -> Result<Vec<(Pair, Undone)>> {
        let Some(written) = self.steps.get(&step) else { return Ok(Vec::new()) };
        let mut answers = Vec::new();
        let mut rulings = Vec::new();
        for one in written {
            match back(one.before) {
                Some(verdict) if Some(verdict) != same(one) => {
                    let seen = status_after(one.given.verdict);
                    rulings.push(Ruling { pair: one.given.pair, verdict, seen, at: None });
                }
                _ => answers.push((one.given.pair, Undone::Nothing)),
            }
        }
        let ruled = decide::rule(&self.db, &self.author, &self.config, &rulings, false).await?;
        answers.extend(rulings.iter().zip(ruled).map(|(ruling, ruled)| (ruling.pair, undone(ruled))));
        self.steps.remove(&step);
        Ok(answers)
    }
}

/// Somebody is added because the face before the person is theirs: the one that was said to be another's in the same step.
fn area_of_another(pair: Pair, before: &BTreeMap<Pair, PairState>) -> Option<FaceBox> {
    let others = before.iter().filter(|(other, _)| other.photo == pair.photo && other.user != pair.user);
    let areas: Vec<FaceBox> = others.filter_map(|(_, state)| state.mark.as_ref()?.area).collect();
    // Of several nobody can tell which.
    if let [only] = areas[..] { Some(only) } else { None }
}

/// The decision that brings back what stood.
fn back(before: Option<ReviewStatus>) -> Option<Verdict> {
    Some(match before {
        None => Verdict::Undone,
        Some(ReviewStatus::Pending) => Verdict::Reopened,
        Some(ReviewStatus::Rejected) => Verdict::Rejected,
        Some(ReviewStatus::Confirmed) => Verdict::Confirmed,
    })
}

/// The decision that leaves things as they are after it: taking it back changes nothing.
fn same(one: &Written) -> Option<Verdict> {
    match one.given.verdict {
        Verdict::Added => Some(Verdict::Confirmed),
        other => Some(other),
    }
}

fn status_after(verdict: Verdict) -> Option<ReviewStatus> {
    match verdict {
        Verdict::Confirmed | Verdict::Added => Some(ReviewStatus::Confirmed),
        Verdict::Rejected => Some(ReviewStatus::Rejected),
        Verdict::Reopened => Some(ReviewStatus::Pending),
        Verdict::Removed | Verdict::Undone => None,
    }
}

fn undone(ruled: Ruled) -> Undone {
    match ruled {
        Ruled::Done { .. } => Undone::Back,
        Ruled::Unchanged => Undone::Nothing,
        Ruled::ChangedMeanwhile(state) => Undone::Elsewhere(Box::new(state)),
        Ruled::NoConsent => Undone::NoConsent,
        Ruled::Gone => Undone::Gone,
    }
}
