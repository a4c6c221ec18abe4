//! Whole projects: the store's listing beside the rows, page by page.

use std::collections::HashMap;

use futures::stream::{BoxStream, Fuse};
use futures::{StreamExt, TryStreamExt};
use uuid::Uuid;

use crate::batch::Cancel;
use crate::db::Db;
use crate::db::photos::orphans::{self, Found};
use crate::db::photos::select::{self, PhotoRecord};
use crate::error::{Error, Result};
use crate::model::ids::{PhotoId, ProjectId};
use crate::objects::{ObjectEntry, StorageKey, Store, StoreError};

/// Rows of a page.
const PAGE: u32 = 1_000;
/// Keys that the database is asked about at a time.
const KEYS: usize = 10_000;
/// Everything of photos stands under this.
const ALL_PROJECTS: &str = "projects/";

/// What the keys of a project's photos begin with, or those of all.
pub fn prefix(project: Option<ProjectId>) -> String {
    project.map_or_else(|| ALL_PROJECTS.to_owned(), StorageKey::photos_prefix)
}

/// Compares rows and listing. `suspects` is told of photos that need a closer look, as often as a page is through;
/// `orphan` of each object that no row knows. Returns how many photos and objects were compared.
///
/// With `look_at_all` every photo that is not deleted is a suspect.
///
/// # Errors
/// When store or database can not say.
pub async fn compare<S, F>(
    db: &Db,
    store: &Store,
    cancel: &Cancel,
    project: Option<ProjectId>,
    look_at_all: bool,
    mut suspects: S,
    mut orphan: impl FnMut(String),
) -> Result<Compared>
where
    S: FnMut(Vec<PhotoId>) -> F,
    F: Future<Output = Result<Go>>,
{
    let projects = match project {
        Some(project) => vec![project],
        None => orphans::projects(&mut *db.conn().await?).await?,
    };
    let mut shelf = Shelf::new(store, &prefix(project));
    let mut unclaimed = Unclaimed { db, found: Vec::new() };
    let mut compared = Compared::default();
    for project in projects {
        let mut after = PhotoId(Uuid::nil());
        loop {
            if cancel.is_requested() {
                return Ok(compared);
            }
            let rows = select::of_project(&mut *db.conn().await?, project, after, PAGE).await?;
            let is_last = rows.len() < PAGE as usize;
            let edge = match rows.last() {
                Some(last) if !is_last => StorageKey::photo_prefix(project, last.id),
                _ => StorageKey::photos_prefix(project),
            };
            let page = Page::of(db, &rows).await?;
            let mut objects = HashMap::new();
            while let Some(entry) = shelf.next_until(&edge).await? {
                compared.objects += 1;
                page.sort(entry, &mut objects, &mut unclaimed.found);
                unclaimed.ask_if_many(&mut orphan).await?;
            }
            compared.photos += rows.iter().filter(|row| !row.deleted).count() as u64;
            compared.without_facts += rows.iter().filter(|row| !row.deleted && row.file.is_none()).count() as u64;
            let doubtful = page.compare(objects, look_at_all, &mut unclaimed.found);
            if !doubtful.is_empty() && suspects(doubtful).await? == Go::Stop {
                return Ok(compared);
            }
            match rows.last() {
                Some(last) if !is_last => after = last.id,
                _ => break,
            }
        }
    }
    while let Some(entry) = shelf.next().await? {
        if cancel.is_requested() {
            return Ok(compared);
        }
        compared.objects += 1;
        unclaimed.found.push(found(entry.key));
        unclaimed.ask_if_many(&mut orphan).await?;
    }
    unclaimed.ask(&mut orphan).await?;
    compared.whole = true;
    Ok(compared)
}

/// Whether it makes sense to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Go {
    On,
    Stop,
}

/// How much was compared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Compared {
    pub photos: u64,
    pub objects: u64,
    pub without_facts: u64,
    /// Nothing was left out: neither an interruption nor trouble with a service ended it early.
    pub whole: bool,
}

/// The store's listing, read once from front to back.
struct Shelf {
    entries: Fuse<BoxStream<'static, Result<ObjectEntry, StoreError>>>,
    next: Option<ObjectEntry>,
}

impl Shelf {
    fn new(store: &Store, prefix: &str) -> Self {
        Self { entries: store.list(prefix).fuse(), next: None }
    }

    async fn next(&mut self) -> Result<Option<ObjectEntry>> {
        match self.next.take() {
            Some(entry) => Ok(Some(entry)),
            None => Ok(self.entries.try_next().await.map_err(Error::from)?),
        }
    }

    /// The next entry that is under `edge` or before it.
    async fn next_until(&mut self, edge: &str) -> Result<Option<ObjectEntry>> {
        match self.next().await? {
            Some(entry) if entry.key.as_str() < edge || entry.key.starts_with(edge) => Ok(Some(entry)),
            later => {
                self.next = later;
                Ok(None)
            }
        }
    }
}

/// A page of rows, ascending by id.
struct Page<'a> {
    rows: &'a [PhotoRecord],
    with_companions: Vec<PhotoId>,
}

impl<'a> Page<'a> {
    async fn of(db: &Db, rows: &'a [PhotoRecord]) -> Result<Self> {
        let ids: Vec<PhotoId> = rows.iter().map(|row| row.id).collect();
        let with_companions =
            if ids.is_empty() { Vec::new() } else { orphans::with_companions(&mut *db.conn().await?, &ids).await? };
        Ok(Self { rows, with_companions })
    }

    /// An object of a photo of this page waits for its row; any other may be an orphan.
    fn sort(&self, entry: ObjectEntry, objects: &mut HashMap<String, u64>, unclaimed: &mut Vec<Found>) {
        let found = found(entry.key);
        match found.1 {
            Some(id) if self.rows.binary_search_by_key(&id, |row| row.id).is_ok() => {
                objects.insert(found.0, entry.size_bytes);
            }
            _ => unclaimed.push(found),
        }
    }

    /// Photos that do not agree with the listing. What no row of the page claims goes to `unclaimed`.
    fn compare(&self, mut objects: HashMap<String, u64>, all: bool, unclaimed: &mut Vec<Found>) -> Vec<PhotoId> {
        let mut doubtful = Vec::new();
        for row in self.rows {
            let mut claim = |key: Option<&str>, size: Option<u64>| {
                let there = key.and_then(|key| objects.remove(key));
                there.is_some_and(|there| size.is_none_or(|size| size == there))
            };
            let file = row.file.as_ref();
            let agrees = [
                claim(Some(&row.storage_key), file.map(|file| file.size_bytes)),
                claim(row.watermarked_key.as_deref(), file.and_then(|file| file.watermarked_size_bytes)),
                claim(row.thumbnail_key.as_deref(), file.and_then(|file| file.thumbnail_size_bytes)),
            ];
            let usual = row.status == "ready"
                && agrees.into_iter().all(|agrees| agrees)
                && file.is_none_or(|file| file.original_lost_at.is_none())
                && self.with_companions.binary_search(&row.id).is_err();
            if !row.deleted && (all || !usual) {
                doubtful.push(row.id);
            }
        }
        unclaimed.extend(objects.into_keys().map(found));
        doubtful
    }
}

fn found(key: String) -> Found {
    let photo = StorageKey::foreign(&key).ok().and_then(|key| key.photo()).map(|(_, photo, _)| photo);
    (key, photo)
}

/// Objects that no page claimed: the database is asked about many at once.
struct Unclaimed<'a> {
    db: &'a Db,
    found: Vec<Found>,
}

impl Unclaimed<'_> {
    async fn ask_if_many(&mut self, orphan: &mut impl FnMut(String)) -> Result<()> {
        if self.found.len() >= KEYS { self.ask(orphan).await } else { Ok(()) }
    }

    async fn ask(&mut self, orphan: &mut impl FnMut(String)) -> Result<()> {
        if self.found.is_empty() {
            return Ok(());
        }
        let unknown = orphans::unknown(&mut *self.db.conn().await?, &self.found).await?;
        self.found.clear();
        unknown.into_iter().for_each(orphan);
        Ok(())
    }
}
