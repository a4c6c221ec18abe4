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
#[derive(Debug, Clone)]
struct Written {
    given: Given,
    before: PairState,
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
        let row = |pair: &Pair| before.get(pair).and_then(|state| state.row);
        let ruling = |one: &Given| {
            let added = one.verdict == Verdict::Added;
            // Whoever has a tag in the photo keeps the face that it is of.
            let new = row(&one.pair).is_none_or(|row| row.status == ReviewStatus::Rejected);
            Ruling {
                pair: one.pair,
                verdict: one.verdict,
                // Whoever is added by hand was not looked at.
                seen: (!added).then_some(ReviewStatus::Pending),
                at: (added && new).then(|| area_of_another(one.pair, &before)).flatten(),
                follows: added && given.len() > 1,
            }
        };
        let is_there = |one: &Given| {
            one.verdict == Verdict::Added && row(&one.pair).is_some_and(|row| row.status == ReviewStatus::Confirmed)
        };
        let (there, new): (Vec<Given>, Vec<Given>) = given.iter().partition(|one| is_there(one));
        let rulings: Vec<Ruling> = new.iter().map(ruling).collect();
        let ruled = decide::rule(&self.db, &self.author, &self.config, &rulings, false).await?;
        let mut answers: Vec<(Given, Ruled)> = new.into_iter().zip(ruled).collect();
        let written = answers
            .iter()
            .filter(|(_, ruled)| matches!(ruled, Ruled::Done { .. }))
            .map(|(given, _)| Written { given: *given, before: before.get(&given.pair).cloned().unwrap_or_default() });
        self.steps.insert(step, written.collect());
        answers.extend(there.into_iter().map(|given| (given, Ruled::Unchanged)));
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
            match back(&one.before) {
                verdict if Some(verdict) != same(one) => {
                    let seen = status_after(one.given.verdict);
                    rulings.push(Ruling { pair: one.given.pair, verdict, seen, at: None, follows: false });
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
fn back(before: &PairState) -> Verdict {
    let said = before.decided_elsewhere().or(before.verdict);
    match (before.row.map(|row| row.status), said) {
        // There was no tag because a person said so.
        (None, Some(stood @ (Verdict::Removed | Verdict::Rejected))) => stood,
        (None, _) => Verdict::Undone,
        (Some(ReviewStatus::Pending), _) => Verdict::Reopened,
        (Some(ReviewStatus::Rejected), _) => Verdict::Rejected,
        (Some(ReviewStatus::Confirmed), _) => Verdict::Confirmed,
    }
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
