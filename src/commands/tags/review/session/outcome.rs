//! What became of it: what the database answered, and what others did meanwhile.

use std::collections::BTreeSet;

use super::{Given, Session, person_and_photo};
use crate::error::{Error, Result};
use crate::model::ids::{ProjectId, TagId};
use crate::model::status::{ReviewStatus, Verdict};
use crate::model::tag::{Pair, PairState};
use crate::model::text::count;
use crate::workflows::tags::decide::Ruled;
use crate::workflows::tags::review::{Batch, Candidate, Item, Undone};

impl Session {
    pub fn loaded(&mut self, batch: Result<Batch>, unclaimed: u64) {
        self.loading = false;
        self.unclaimed = unclaimed;
        match batch {
            Ok(batch) => {
                self.failed = None;
                self.finished = batch.items.is_empty() && batch.without_consent == 0;
                self.tally.without_consent += batch.without_consent;
                // What was taken back is still claimed, and what is claimed does not come again.
                self.queue.extend(batch.items);
                self.want_more();
            }
            Err(error) => {
                self.finished = true;
                self.warn(format!("More could not be had: {}", error.message()));
                self.failed = Some(error);
            }
        }
    }

    /// Looks again whether anything has come, or come back.
    pub fn look_again(&mut self) {
        if self.queue.is_empty() && !self.loading {
            self.finished = false;
            self.want_more();
        }
    }

    pub fn told_members(&mut self, project: ProjectId, members: Result<Vec<Candidate>>) {
        match members {
            Ok(members) => {
                self.members.insert(project, members);
            }
            Err(error) => self.warn(format!("The members could not be had: {}", error.message())),
        }
    }

    pub fn written(&mut self, id: u64, answers: Result<Vec<(Given, Ruled)>>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let at = self.steps.iter().position(|step| step.id == id);
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => return self.not_written(at, &error),
        };
        for (given, ruled) in answers {
            let why = match ruled {
                Ruled::Done { .. } | Ruled::Unchanged => continue,
                Ruled::ChangedMeanwhile(state) => {
                    self.tally.elsewhere += 1;
                    format!("was decided elsewhere meanwhile ({}): left as it is", standing(&state))
                }
                Ruled::NoConsent => {
                    self.tally.without_consent += 1;
                    "no longer allows that their face is looked for: not decided".to_owned()
                }
                // The other half of the step, which says why.
                Ruled::Gone if given.verdict == Verdict::Added => {
                    self.unstep(id, given);
                    if let Some((_, said)) = &mut self.notice {
                        said.push_str(" Nobody was added.");
                    }
                    continue;
                }
                Ruled::Gone => "is no longer there: not decided".to_owned(),
            };
            let item = self.unstep(id, given);
            let item = self.forget(given.pair).or(item);
            let name = item.as_ref().map_or_else(|| "Somebody".to_owned(), person_and_photo);
            self.warn(format!("{name} {why}."));
        }
    }

    fn not_written(&mut self, at: Option<usize>, error: &Error) {
        self.tally.failed += 1;
        // Where it was taken back already, it is before the reviewer already.
        if let Some(at) = at {
            let step = self.steps.remove(at);
            self.put_back(step.items);
        }
        self.warn(format!("Not written, and before you again: {}", error.message()));
    }

    /// Takes one decision out of a step that stands: it did not come about.
    fn unstep(&mut self, id: u64, given: Given) -> Option<Item> {
        let at = self.steps.iter().position(|step| step.id == id)?;
        let step = &mut self.steps[at];
        step.given.retain(|one| *one != given);
        let place = step.items.iter().position(|item| item.tag.pair == given.pair);
        let item = place.map(|place| step.items.remove(place));
        if step.given.is_empty() {
            self.steps.remove(at);
        }
        item
    }

    pub fn undone(&mut self, id: u64, answers: Result<Vec<(Pair, Undone)>>) {
        self.in_flight = self.in_flight.saturating_sub(1);
        let Some(step) = self.undoing.remove(&id) else { return };
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => {
                step.items.iter().for_each(|item| drop(self.forget(item.tag.pair)));
                self.steps.push(step);
                self.tally.failed += 1;
                return self.warn(format!("Not taken back, it stands as decided: {}", error.message()));
            }
        };
        for (pair, undone) in answers {
            let why = match undone {
                Undone::Back | Undone::Nothing => continue,
                Undone::Elsewhere(state) if is_pending(&state) => continue,
                Undone::Elsewhere(state) => {
                    format!("was changed elsewhere since ({}): left as it is", standing(&state))
                }
                Undone::NoConsent => "no longer allows that their face is looked for: left as decided".to_owned(),
                Undone::Gone => "is no longer there".to_owned(),
            };
            let name = self.forget(pair).as_ref().map_or_else(|| "Somebody".to_owned(), person_and_photo);
            self.warn(format!("{name} {why}."));
        }
    }

    /// The lease was renewed: what was asked for and is no longer held has gone.
    pub fn renewed(&mut self, asked: &BTreeSet<TagId>, held: Result<BTreeSet<TagId>>) {
        let held = match held {
            Ok(held) => held,
            Err(error) => return self.warn(format!("The claim could not be renewed: {}", error.message())),
        };
        let before = self.queue.len();
        self.queue.retain(|item| held.contains(&item.tag.id) || !asked.contains(&item.tag.id));
        let gone = before - self.queue.len();
        if gone > 0 {
            let (verb, tags) = (if gone == 1 { "is" } else { "are" }, count(gone as u64, "tag"));
            self.warn(format!("{tags} {verb} no longer yours: gone with a consent or a photo, or somebody else's."));
            self.want_more();
        }
    }
}

fn is_pending(state: &PairState) -> bool {
    state.row.is_some_and(|row| row.status == ReviewStatus::Pending)
}

fn standing(state: &PairState) -> &'static str {
    state.row.map_or("removed", |row| row.status.as_str())
}
