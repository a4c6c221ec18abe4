//! The one who writes to the database: collects rows of many photos and writes them together.
//!
//! Whoever hands a row over waits until it is committed. While the database cannot be reached everybody waits.

#[cfg(test)]
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::reason::FailReason;
use super::trouble::{self, Failure, Trouble};
use crate::batch::{Halt, Outage};
use crate::db::photos::delete;
use crate::db::photos::record::{self, BegunPhoto, FileFacts, ReadyPhoto, StoredCompanion};
use crate::db::{self, Db, PgConnection};
use crate::error::Result;
use crate::model::ids::{PhotoId, PhotographerId, ProjectId};
use crate::workflows::faces::look::Seen;

/// Most rows in one transaction.
const BATCH: usize = 256;
/// How long the first row of a batch waits for others.
const LINGER: Duration = Duration::from_millis(40);
/// How long a cut connection is tried again before it counts as an outage.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Something to be written.
#[derive(Debug, Clone)]
pub enum Row {
    Begun(Box<BegunPhoto>),
    /// Of a row that others made.
    Facts(PhotoId, Box<FileFacts>),
    Ready(Box<ReadyPhoto>),
    Failed(PhotoId, String),
    Name(PhotoId, String),
    Companion(Box<StoredCompanion>),
    /// Of a deleted photo: it comes back.
    Restored(PhotoId),
    /// Found in a photo by this model.
    Faces(PhotoId, &'static str, Arc<Seen>),
}

struct Order {
    row: Row,
    done: oneshot::Sender<Result<(), Trouble>>,
}

/// Hands rows to the writer. Cheap to clone; the writer ends when the last one is dropped.
#[derive(Debug, Clone)]
pub struct Recorder {
    orders: mpsc::Sender<Order>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.row.fmt(f)
    }
}

/// The receipt for a row.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<Result<(), Trouble>>);

impl Receipt {
    /// Waits until the row is committed.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn committed(self) -> Result<(), Trouble> {
        self.0.await.unwrap_or(Err(Trouble::Stopped))
    }
}

impl Recorder {
    /// Hands a row over.
    pub async fn hand_over(&self, row: Row) -> Receipt {
        let (done, receipt) = oneshot::channel();
        // A writer that is gone drops the sender, which the receipt tells.
        let _ = self.orders.send(Order { row, done }).await;
        Receipt(receipt)
    }

    /// Hands a row over and waits until it is committed.
    ///
    /// # Errors
    /// As [`Receipt::committed`].
    pub async fn write(&self, row: Row) -> Result<(), Trouble> {
        self.hand_over(row).await.committed().await
    }
}

/// What the writer writes to.
pub struct Writer {
    pub db: Db,
    pub outage: Outage,
    pub halt: Halt,
    pub project: ProjectId,
    pub photographer: PhotographerId,
}

/// The writer's end: which photos became ready.
pub type Recorded = BTreeSet<Uuid>;

impl Writer {
    /// Starts writing. The task ends when all recorders are dropped.
    #[must_use]
    pub fn start(self) -> (Recorder, tokio::task::JoinHandle<Recorded>) {
        let (orders, mut incoming) = mpsc::channel::<Order>(BATCH * 2);
        let task = tokio::spawn(async move {
            let mut recorded = Recorded::new();
            let mut batch = Vec::new();
            while let Some(first) = incoming.recv().await {
                batch.push(first);
                let deadline = tokio::time::sleep(LINGER);
                tokio::pin!(deadline);
                while batch.len() < BATCH {
                    let room = BATCH - batch.len();
                    tokio::select! {
                        got = incoming.recv_many(&mut batch, room) => if got == 0 { break },
                        () = &mut deadline => break,
                    }
                }
                self.settle(std::mem::take(&mut batch), &mut recorded).await;
            }
            recorded
        });
        (Recorder { orders }, task)
    }

    async fn settle(&self, batch: Vec<Order>, recorded: &mut Recorded) {
        let rows: Vec<Row> = batch.iter().map(|order| order.row.clone()).collect();
        match self.persist(&rows).await {
            Ok(missing) => answer(batch, &missing, recorded),
            // One row that the database refuses must not fail its neighbours.
            Err(Trouble::File(_)) if batch.len() > 1 => {
                for order in batch {
                    let result = self.persist(std::slice::from_ref(&order.row)).await;
                    match result {
                        Ok(missing) => answer(vec![order], &missing, recorded),
                        Err(trouble) => drop(order.done.send(Err(trouble))),
                    }
                }
            }
            Err(trouble) => refuse(batch, trouble, &self.halt),
        }
    }

    /// Writes rows in one transaction, waiting out a database that is gone. Answers which `Ready` rows were not there.
    async fn persist(&self, rows: &[Row]) -> Result<BTreeSet<PhotoId>, Trouble> {
        loop {
            let batch = &Batch::of(rows);
            let written = self.db.retry(PATIENCE, |db| async move { self.commit(&db, batch).await });
            let error = match written.await {
                Ok(missing) => return Ok(missing),
                Err(error) => error,
            };
            match trouble::of_database(error, self.db.is_embedded()) {
                Trouble::Offline(error) => self.outage.wait_out(&error).await.map_err(|gone| self.given_up(gone))?,
                trouble => return Err(trouble),
            }
        }
    }

    fn given_up(&self, error: crate::error::Error) -> Trouble {
        if error.kind() == crate::error::Kind::Interrupted { Trouble::Stopped } else { Trouble::Fatal(error) }
    }

    async fn commit(&self, db: &Db, batch: &Batch) -> Result<BTreeSet<PhotoId>> {
        let mut tx = db.begin().await?;
        if !batch.begun.is_empty() {
            record::begin(&mut tx, self.project, self.photographer, &batch.begun).await?;
        }
        if !batch.facts.is_empty() {
            let facts: Vec<(PhotoId, &FileFacts)> = batch.facts.iter().map(|(photo, facts)| (*photo, facts)).collect();
            record::facts_of(&mut tx, &facts).await?;
        }
        if !batch.names.is_empty() {
            record::names(&mut tx, &batch.names).await?;
        }
        if !batch.restored.is_empty() {
            delete::restore(&mut tx, &batch.restored).await?;
        }
        if !batch.companions.is_empty() {
            record::companions(&mut tx, &batch.companions).await?;
        }
        let mut missing: BTreeSet<PhotoId> = batch.ready.iter().map(|photo| photo.id).collect();
        if !batch.ready.is_empty() {
            for id in record::ready(&mut tx, &batch.ready).await? {
                missing.remove(&id);
            }
        }
        for (photo, model, seen) in &batch.faces {
            store_faces(&mut tx, *photo, model, seen).await?;
        }
        if !batch.failed.is_empty() {
            record::failed(&mut tx, &batch.failed).await?;
        }
        tx.commit().await?;
        Ok(missing)
    }
}

/// Rows by what is done with them.
#[derive(Default)]
struct Batch {
    begun: Vec<BegunPhoto>,
    facts: Vec<(PhotoId, FileFacts)>,
    ready: Vec<ReadyPhoto>,
    failed: Vec<(PhotoId, String)>,
    names: Vec<(PhotoId, String)>,
    companions: Vec<StoredCompanion>,
    restored: Vec<PhotoId>,
    faces: Vec<(PhotoId, &'static str, Arc<Seen>)>,
}

impl Batch {
    fn of(rows: &[Row]) -> Self {
        let mut batch = Self::default();
        for row in rows {
            match row {
                Row::Begun(photo) => batch.begun.push((**photo).clone()),
                Row::Facts(photo, facts) => batch.facts.push((*photo, (**facts).clone())),
                Row::Ready(photo) => batch.ready.push((**photo).clone()),
                Row::Failed(photo, reason) => batch.failed.push((*photo, reason.clone())),
                Row::Name(photo, name) => batch.names.push((*photo, name.clone())),
                Row::Companion(companion) => batch.companions.push((**companion).clone()),
                Row::Restored(photo) => batch.restored.push(*photo),
                Row::Faces(photo, model, seen) => batch.faces.push((*photo, model, seen.clone())),
            }
        }
        batch
    }
}

/// Keeps what was found, but for the faces of people who revoked their consent after they were found in this photo.
async fn store_faces(conn: &mut PgConnection, photo: PhotoId, model: &str, seen: &Seen) -> Result<()> {
    let areas = db::faces::hold_areas(conn, photo).await?;
    let seen = seen.clone().without(&areas);
    let scan = db::faces::Scan { photo, model, faces: &seen.faces, poor: seen.poor, kept: true };
    db::faces::store(conn, &scan).await?;
    Ok(())
}

fn answer(batch: Vec<Order>, missing: &BTreeSet<PhotoId>, recorded: &mut Recorded) {
    for order in batch {
        let result = match &order.row {
            Row::Ready(photo) if missing.contains(&photo.id) => Err(Failure::passing(
                FailReason::DATABASE,
                "its row was deleted while it was uploaded; run it again to make a new one",
            )
            .into()),
            Row::Ready(photo) => {
                recorded.insert(photo.id.0);
                Ok(())
            }
            _ => Ok(()),
        };
        let _ = order.done.send(result);
    }
}

fn refuse(batch: Vec<Order>, trouble: Trouble, halt: &Halt) {
    let share = match trouble {
        Trouble::Fatal(error) => {
            halt.fatal(error);
            None
        }
        Trouble::File(failure) => Some(failure),
        Trouble::Offline(_) | Trouble::Stopped => None,
    };
    for order in batch {
        let _ = order.done.send(Err(share.clone().map_or(Trouble::Stopped, Trouble::File)));
    }
}

/// Counts each photo's rows once: for tests of the grouping.
#[cfg(test)]
fn sizes(batch: &Batch) -> BTreeMap<&'static str, usize> {
    BTreeMap::from([("begun", batch.begun.len()), ("ready", batch.ready.len()), ("names", batch.names.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_grouped_by_what_is_done_with_them() {
        let id = PhotoId(Uuid::from_u128(1));
        let ready = ReadyPhoto { id, derivatives: None, restore: false };
        let rows = [Row::Name(id, "a".to_owned()), Row::Ready(Box::new(ready)), Row::Name(id, "b".to_owned())];
        assert_eq!(sizes(&Batch::of(&rows)), BTreeMap::from([("begun", 0), ("ready", 1), ("names", 2)]));
    }
}
