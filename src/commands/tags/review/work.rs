//! What happens beside the screen: tags are claimed and fetched, decisions written, claims renewed. Each answer comes
//! back as a message.

use std::collections::BTreeSet;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::gallery::{Shown, Wanted};
use super::session::{Effect, Session};
use crate::app::App;
use crate::db::Db;
use crate::error::Result;
use crate::model::ids::{ProjectId, TagId};
use crate::model::tag::Pair;
use crate::ui::stage::Input;
use crate::workflows::tags::decide::Ruled;
use crate::workflows::tags::review::{self, Batch, Candidate, Desk, Given, Hold, Scribe, Undone};

/// What the screen is told.
pub enum Told {
    Input(Input),
    Batch(Result<Batch>, u64),
    Written(u64, Result<Vec<(Given, Ruled)>>),
    Undone(u64, Result<Vec<(Pair, Undone)>>),
    Members(ProjectId, Result<Vec<Candidate>>),
    Renewed { asked: BTreeSet<TagId>, held: Result<BTreeSet<TagId>> },
    Picture(Wanted, Shown),
}

/// Who does it. What was begun is finished when this is dropped, as long as the process lives.
pub struct Work {
    db: Db,
    hold: Hold,
    told: UnboundedSender<Told>,
    desk: UnboundedSender<()>,
    scribe: UnboundedSender<Effect>,
}

impl Work {
    /// Begins; what is told comes out of the other end.
    ///
    /// # Errors
    /// When no database is open.
    pub async fn begin(app: &App, desk: Desk) -> Result<(Self, UnboundedReceiver<Told>)> {
        let db = app.db().await?.clone();
        let (told, heard) = unbounded_channel();
        let hold = desk.hold();
        let (more, wanted) = unbounded_channel();
        tokio::spawn(fetch(desk, db.clone(), wanted, told.clone()));
        let (scribe, decided) = unbounded_channel();
        let writer = Scribe::new(db.clone(), app.author(), app.config.clone());
        tokio::spawn(write(writer, decided, told.clone()));
        Ok((Self { db, hold, told, desk: more, scribe }, heard))
    }

    #[must_use]
    pub fn hold(&self) -> &Hold {
        &self.hold
    }

    /// The end that messages are put in.
    #[must_use]
    pub fn told(&self) -> UnboundedSender<Told> {
        self.told.clone()
    }

    /// Begins what the session wants. Whether it wants to end.
    pub fn begin_all(&self, effects: Vec<Effect>) -> bool {
        let mut quit = false;
        for effect in effects {
            match effect {
                Effect::Quit => quit = true,
                Effect::More => drop(self.desk.send(())),
                Effect::Members(project) => self.members(project),
                written @ (Effect::Write { .. } | Effect::Undo { .. }) => drop(self.scribe.send(written)),
            }
        }
        quit
    }

    fn members(&self, project: ProjectId) {
        let (db, told) = (self.db.clone(), self.told.clone());
        tokio::spawn(async move {
            let members = review::members(&db, project).await;
            let _nobody_listens_at_the_end = told.send(Told::Members(project, members));
        });
    }

    /// Renews the lease of what is before the reviewer.
    pub fn renew(&self, session: &Session) {
        let asked: BTreeSet<TagId> = session.upcoming().map(|item| item.tag.id).collect();
        let (hold, told) = (self.hold.clone(), self.told.clone());
        tokio::spawn(async move {
            let held = hold.renew().await;
            let _nobody_listens_at_the_end = told.send(Told::Renewed { asked, held });
        });
    }
}

async fn fetch(mut desk: Desk, db: Db, mut wanted: UnboundedReceiver<()>, told: UnboundedSender<Told>) {
    while wanted.recv().await.is_some() {
        let batch = desk.next().await;
        let waiting = review::waiting(&db, desk.project()).await.unwrap_or_default();
        let unclaimed = waiting.iter().map(|row| row.pending.saturating_sub(row.in_review)).sum();
        if told.send(Told::Batch(batch, unclaimed)).is_err() {
            return;
        }
    }
}

/// One after the other: a step is taken back after it was written.
async fn write(mut scribe: Scribe, mut decided: UnboundedReceiver<Effect>, told: UnboundedSender<Told>) {
    while let Some(effect) = decided.recv().await {
        let answer = match effect {
            Effect::Write { step, given } => Told::Written(step, scribe.write(step, &given).await),
            Effect::Undo { step } => Told::Undone(step, scribe.undo(step).await),
            Effect::More | Effect::Members(_) | Effect::Quit => continue,
        };
        let _nobody_listens_at_the_end = told.send(answer);
    }
}

/// Puts an answer into the session.
pub fn hear(session: &mut Session, told: Told) -> Option<Told> {
    match told {
        Told::Batch(batch, unclaimed) => session.loaded(batch, unclaimed),
        Told::Written(step, answers) => session.written(step, answers),
        Told::Undone(step, answers) => session.undone(step, answers),
        Told::Members(project, members) => session.told_members(project, members),
        Told::Renewed { asked, held } => session.renewed(&asked, held),
        other @ (Told::Input(_) | Told::Picture(..)) => return Some(other),
    }
    None
}
