//! What a reviewer has before them, what they decided, and how it is taken back. Knows no terminal and no database:
//! what is to be done comes out as [`Effect`]s, what became of it goes in.

mod outcome;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use crate::error::Error;
use crate::model::ids::{ProjectId, TagId, UserId};
use crate::model::status::Verdict;
use crate::model::tag::Pair;
use crate::model::text::{count, printable};
use crate::workflows::tags::review::{Candidate, Given, Item};

/// More is fetched when fewer than this lie before the reviewer.
const LOW: usize = 40;

/// What the session wants done.
#[derive(Debug, PartialEq)]
pub enum Effect {
    Write { step: u64, given: Vec<Given> },
    Undo { step: u64 },
    More,
    Members(ProjectId),
    Quit,
}

/// One thing that a key did: what `undo` takes back.
struct Step {
    id: u64,
    /// None: skipped.
    given: Vec<Given>,
    items: Vec<Item>,
}

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Warning,
}

pub struct Session {
    /// The first one is before the reviewer; together by person.
    queue: VecDeque<Item>,
    steps: Vec<Step>,
    /// Taken back, but not yet by the database.
    undoing: BTreeMap<u64, Step>,
    next_step: u64,
    in_flight: usize,
    loading: bool,
    finished: bool,
    /// Why nothing more came.
    pub failed: Option<Error>,
    unclaimed: u64,
    pub notice: Option<(Tone, String)>,
    members: BTreeMap<ProjectId, Vec<Candidate>>,
    pub effects: Vec<Effect>,
    pub tally: Tally,
    begun: Instant,
}

/// What was not the reviewer's doing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub elsewhere: u64,
    pub failed: u64,
    pub without_consent: u64,
}

impl Session {
    #[must_use]
    pub fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            steps: Vec::new(),
            undoing: BTreeMap::new(),
            next_step: 0,
            in_flight: 0,
            loading: true,
            finished: false,
            failed: None,
            unclaimed: 0,
            notice: None,
            members: BTreeMap::new(),
            effects: vec![Effect::More],
            tally: Tally::default(),
            begun: Instant::now(),
        }
    }

    /// What is before the reviewer.
    #[must_use]
    pub fn current(&self) -> Option<&Item> {
        self.queue.front()
    }

    /// Where an item belongs, and whose it may be.
    #[must_use]
    pub fn place(item: &Item) -> (ProjectId, UserId) {
        item.group()
    }

    pub fn upcoming(&self) -> impl Iterator<Item = &Item> {
        self.queue.iter()
    }

    /// All that is before the reviewer of the person who is it now.
    pub fn person(&self) -> impl Iterator<Item = &Item> {
        let group = self.current().map(Item::group);
        self.queue.iter().filter(move |item| Some(item.group()) == group)
    }

    #[must_use]
    pub fn is_loading(&self) -> bool {
        self.loading
    }

    /// Whether all that was decided is written.
    #[must_use]
    pub fn is_written(&self) -> bool {
        self.in_flight == 0
    }

    /// How many wait: before the reviewer, and those that nobody has.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.queue.len() as u64 + self.unclaimed
    }

    /// How many stand by this reviewer's word.
    #[must_use]
    pub fn decided(&self, verdict: Verdict) -> u64 {
        let given = self.steps.iter().flat_map(|step| &step.given);
        given.filter(|one| one.verdict == verdict).count() as u64
    }

    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.steps.iter().filter(|step| step.given.is_empty()).map(|step| step.items.len() as u64).sum()
    }

    /// Tags that were decided, not those that were added beside.
    #[must_use]
    pub fn all_decided(&self) -> u64 {
        self.decided(Verdict::Confirmed) + self.decided(Verdict::Rejected)
    }

    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.begun.elapsed().as_secs_f64()
    }

    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    pub fn per_minute(&self) -> f64 {
        self.all_decided() as f64 * 60.0 / self.seconds().max(1.0)
    }

    #[must_use]
    pub fn members(&self, project: ProjectId) -> Option<&[Candidate]> {
        self.members.get(&project).map(Vec::as_slice)
    }

    // What the reviewer does.

    /// Decides these tags.
    pub fn decide(&mut self, tags: &BTreeSet<TagId>, verdict: Verdict) {
        let items = self.take(tags);
        if items.is_empty() {
            return;
        }
        let given = items.iter().map(|item| Given { pair: item.tag.pair, verdict }).collect();
        self.notice = (items.len() > 1)
            .then(|| (Tone::Plain, format!("{} {verdict}; u takes it back.", count(items.len() as u64, "tag"))));
        self.step(given, items);
    }

    /// It is not this one but `other`.
    pub fn someone_else(&mut self, other: &Candidate) {
        let Some(item) = self.queue.pop_front() else { return };
        let Pair { photo, .. } = item.tag.pair;
        let given = vec![
            Given { pair: item.tag.pair, verdict: Verdict::Rejected },
            Given { pair: Pair { photo, user: other.id }, verdict: Verdict::Added },
        ];
        self.notice = Some((Tone::Plain, format!("{} was added by hand.", printable(&other.name))));
        self.step(given, vec![item]);
    }

    /// Looks at the first one no more in this session.
    pub fn skip(&mut self) {
        if let Some(item) = self.queue.pop_front() {
            self.notice = None;
            self.step(Vec::new(), vec![item]);
        }
    }

    /// Takes the last step back.
    pub fn undo(&mut self) {
        let Some(step) = self.steps.pop() else {
            self.notice = Some((Tone::Plain, "There is nothing to take back.".to_owned()));
            return;
        };
        self.put_back(step.items.clone());
        let what = if step.given.is_empty() { "Not skipped" } else { "Taken back" };
        self.notice = Some((Tone::Plain, format!("{what}: {}.", named(&step.items))));
        if !step.given.is_empty() {
            self.in_flight += 1;
            self.effects.push(Effect::Undo { step: step.id });
            self.undoing.insert(step.id, step);
        }
    }

    /// Says that the members of the current project are needed.
    pub fn want_members(&mut self) {
        if let Some(project) = self.current().map(|item| item.tag.project)
            && !self.members.contains_key(&project)
        {
            self.effects.push(Effect::Members(project));
        }
    }

    fn step(&mut self, given: Vec<Given>, items: Vec<Item>) {
        let id = self.next_step;
        self.next_step += 1;
        if !given.is_empty() {
            self.in_flight += 1;
            self.effects.push(Effect::Write { step: id, given: given.clone() });
        }
        self.steps.push(Step { id, given, items });
        self.want_more();
    }

    fn want_more(&mut self) {
        if self.queue.len() < LOW && !self.loading && !self.finished {
            self.loading = true;
            self.effects.push(Effect::More);
        }
    }

    fn take(&mut self, tags: &BTreeSet<TagId>) -> Vec<Item> {
        let (taken, left): (VecDeque<Item>, VecDeque<Item>) =
            std::mem::take(&mut self.queue).into_iter().partition(|item| tags.contains(&item.tag.id));
        self.queue = left;
        taken.into()
    }

    fn put_back(&mut self, items: Vec<Item>) {
        for item in items.into_iter().rev() {
            self.queue.push_front(item);
        }
    }

    fn forget(&mut self, pair: Pair) -> Option<Item> {
        let at = self.queue.iter().position(|item| item.tag.pair == pair)?;
        self.queue.remove(at)
    }

    fn warn(&mut self, text: String) {
        self.notice = Some((Tone::Warning, text));
    }
}

fn named(items: &[Item]) -> String {
    match items {
        [item] => person_and_photo(item),
        items => count(items.len() as u64, "tag"),
    }
}

/// `Ana, DSC_0001.JPG`
#[must_use]
pub fn person_and_photo(item: &Item) -> String {
    format!("{}, {}", printable(&item.tag.user_name), photo(item))
}

/// The photo's name on the card, else the end of its key.
#[must_use]
pub fn photo(item: &Item) -> String {
    let key = &item.tag.storage_key;
    let name = item.tag.photo_name.as_deref().unwrap_or_else(|| key.rsplit('/').next().unwrap_or(key));
    printable(name)
}

/// People whom `query` can mean, at most `most`: name or email holds all its words, whatever their case.
#[must_use]
pub fn found<'a>(members: &'a [Candidate], query: &str, but: UserId, most: usize) -> Vec<&'a Candidate> {
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let holds = |member: &&Candidate| {
        let text = format!("{} {}", member.name, member.email).to_lowercase();
        member.id != but && words.iter().all(|word| text.contains(word))
    };
    members.iter().filter(holds).take(most).collect()
}
