//! A batch of rows against what is stored: decide what each needs, write it, and look again where somebody else was
//! faster.

use std::collections::HashSet;

use uuid::Uuid;

use super::guest::{Fault, Reason, Row};
use crate::db::PgConnection;
use crate::db::roster::{self, Acceptance, Change, Creation, Known};
use crate::error::Result;
use crate::model::ids::{ProjectId, UserId};
use crate::workflows::setup::password::{self, Login};

/// How often a row is looked at again because it was changed by somebody else meanwhile.
const ROUNDS: usize = 3;

/// What became of a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Settled {
    pub user: Option<UserId>,
    pub created: bool,
    pub joined: bool,
    pub updated: bool,
    /// The file says another time of acceptance than is stored.
    pub terms_kept: bool,
    pub fault: Option<Fault>,
}

impl Settled {
    pub fn refused(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    pub fn is_change(&self) -> bool {
        self.created || self.joined || self.updated
    }
}

/// Settles batches of one file.
#[derive(Debug)]
pub(super) struct Settler {
    pub project: ProjectId,
    /// bcrypt's.
    pub cost: u32,
    pub dry_run: bool,
}

/// What a batch needs, by the place of its row.
#[derive(Default)]
struct Work {
    create: Vec<(usize, Creation)>,
    change: Vec<(usize, Change)>,
    join: Vec<(usize, Acceptance)>,
    accept: Vec<(usize, Acceptance)>,
}

impl Settler {
    /// Settles rows of which no two are of the same person, in the order given.
    ///
    /// # Errors
    /// What the database says.
    pub async fn settle(&self, conn: &mut PgConnection, rows: &[&Row]) -> Result<Vec<Settled>> {
        let mut settled = vec![Settled::default(); rows.len()];
        let mut open: Vec<usize> = (0..rows.len()).collect();
        for _ in 0..ROUNDS {
            if open.is_empty() {
                break;
            }
            let emails: Vec<String> = open.iter().map(|place| rows[*place].email.clone()).collect();
            let known = roster::known(conn, self.project, &emails).await?;
            let work = self.plan(rows, &open, known, &mut settled).await?;
            if self.dry_run {
                work.pretend(&mut settled);
                return Ok(settled);
            }
            open = self.write(conn, rows, work, &mut settled).await?;
        }
        for place in open {
            let message = "somebody else changes this user at the moment: import the row again";
            settled[place].fault = Some(Fault::new(Reason::Changed, message));
        }
        Ok(settled)
    }

    async fn plan(&self, rows: &[&Row], open: &[usize], known: Vec<Known>, settled: &mut [Settled]) -> Result<Work> {
        let mut there: Vec<Option<Known>> = open.iter().map(|_| None).collect();
        for one in known {
            let position = one.position;
            there[position] = Some(one);
        }
        let mut work = Work::default();
        for (place, known) in open.iter().copied().zip(there) {
            let (row, settled) = (rows[place], &mut settled[place]);
            match known {
                Some(known) => work.known(place, row, known, settled),
                None => match self.creation(row).await? {
                    Ok(creation) => work.create.push((place, creation)),
                    Err(fault) => settled.fault = Some(fault),
                },
            }
        }
        Ok(work)
    }

    async fn creation(&self, row: &Row) -> Result<Result<Creation, Fault>> {
        let Some(name) = row.name.clone() else {
            return Ok(Err(Fault::new(Reason::NoName, "the name is missing, and the guest is new")));
        };
        Ok(Ok(Creation {
            id: UserId(Uuid::new_v4()),
            name,
            email: row.email.clone(),
            password_hash: password::hash(Login::Without, self.cost).await?,
            address: row.address.clone(),
            billing_address: row.billing_address.clone(),
        }))
    }

    /// Returns the rows that somebody else got in the way of.
    async fn write(
        &self,
        conn: &mut PgConnection,
        rows: &[&Row],
        mut work: Work,
        settled: &mut [Settled],
    ) -> Result<Vec<usize>> {
        let mut open = Vec::new();
        if !work.create.is_empty() {
            let done = taken(roster::create(conn, &wanted(&work.create)).await?);
            for (place, one) in work.create {
                if !done.contains(&one.id) {
                    open.push(place);
                    continue;
                }
                settled[place].user = Some(one.id);
                settled[place].created = true;
                work.join.push((place, Acceptance { user: one.id, at: rows[place].terms_accepted_at }));
            }
        }
        if !work.change.is_empty() {
            let done = taken(roster::change(conn, &wanted(&work.change)).await?);
            for (place, one) in work.change {
                let is_done = done.contains(&one.before.id);
                settled[place].updated |= is_done;
                open.extend((!is_done).then_some(place));
            }
        }
        if !work.join.is_empty() {
            let done = taken(roster::join(conn, self.project, &wanted(&work.join)).await?);
            for (place, one) in work.join {
                let is_done = done.contains(&one.user);
                settled[place].joined |= is_done;
                open.extend((!is_done).then_some(place));
            }
        }
        if !work.accept.is_empty() {
            let done = taken(roster::accept(conn, self.project, &wanted(&work.accept)).await?);
            for (place, one) in work.accept {
                let is_done = done.contains(&one.user);
                settled[place].updated |= is_done;
                open.extend((!is_done).then_some(place));
            }
        }
        open.sort_unstable();
        open.dedup();
        Ok(open)
    }
}

impl Work {
    /// What the row of somebody who is there needs.
    fn known(&mut self, place: usize, row: &Row, known: Known, settled: &mut Settled) {
        settled.user = Some(known.id);
        if known.deleted {
            let message = format!("the user of this email, {}, was deleted: emails are not given out again", known.id);
            settled.fault = Some(Fault::new(Reason::Deleted, message));
            return;
        }
        let at = row.terms_accepted_at;
        settled.terms_kept =
            known.member && at.is_some() && known.terms_accepted_at.is_some_and(|there| Some(there) != at);
        if !known.member {
            self.join.push((place, Acceptance { user: known.id, at }));
        } else if at.is_some() && known.terms_accepted_at.is_none() {
            self.accept.push((place, Acceptance { user: known.id, at }));
        }
        let name = newer(Some(&known.name), row.name.as_deref());
        let address = newer(known.address.as_deref(), row.address.as_deref());
        let billing_address = newer(known.billing_address.as_deref(), row.billing_address.as_deref());
        if name.is_none() && address.is_none() && billing_address.is_none() {
            return;
        }
        let change = Change {
            name: name.unwrap_or_else(|| known.name.clone()),
            address: address.or_else(|| known.address.clone()),
            billing_address: billing_address.or_else(|| known.billing_address.clone()),
            before: known,
        };
        self.change.push((place, change));
    }

    /// What [`Settler::write`] would do where nobody is in the way.
    fn pretend(self, settled: &mut [Settled]) {
        for (place, _) in self.create {
            settled[place].created = true;
            settled[place].joined = true;
        }
        for (place, _) in self.join {
            settled[place].joined = true;
        }
        for place in self.change.iter().map(|one| one.0).chain(self.accept.iter().map(|one| one.0)) {
            settled[place].updated = true;
        }
    }
}

/// What the file says, where it says anything and it is not there already: white space around it and line ends are no
/// difference, web forms send others than files have.
fn newer(there: Option<&str>, said: Option<&str>) -> Option<String> {
    let said = said?;
    let is_there = there.is_some_and(|there| there.replace("\r\n", "\n").trim() == said);
    (!is_there).then(|| said.to_owned())
}

fn wanted<T: Clone>(work: &[(usize, T)]) -> Vec<T> {
    work.iter().map(|(_, one)| one.clone()).collect()
}

fn taken(ids: Vec<UserId>) -> HashSet<UserId> {
    ids.into_iter().collect()
}
