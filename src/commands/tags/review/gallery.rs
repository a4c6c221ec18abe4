//! Pictures as the terminal takes them, or as files where it takes none: made before they are needed, on other
//! threads, and forgotten when there are too many.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::imaging;
use crate::model::pixels::Pixels;
use crate::ui::stage::{Painted, Painter};
use crate::workflows::tags::review::{Item, Name, Shelf, View};

/// Pictures that are kept. The larger ones of a sharp terminal take about a megabyte each.
const KEPT: usize = 96;

/// Pictures that are fetched and made at the same time.
const AT_ONCE: usize = 4;

/// How a folder of files is called, before the process.
const PREFIX: &str = "photoctl-review-";

/// Quality of the files, as libjpeg's.
const QUALITY: u8 = 90;

/// A picture for so many columns and rows; a file has none.
pub type Wanted = (Name, u16, u16);

/// What can be shown of a picture.
pub enum Shown {
    Painted(Painted),
    File(PathBuf),
    /// Why there is none.
    Failed(String),
}

pub struct Gallery {
    shelf: Shelf,
    painter: Painter,
    /// Where files go that the person opens; only where nothing else is shown.
    files: Option<Arc<TempDir>>,
    held: BTreeMap<Wanted, (u64, Shown)>,
    asked: BTreeSet<Wanted>,
    wants: Vec<(Wanted, Item, View)>,
    clock: u64,
    /// When the last picture was drawn, and the one before it: what either used stays, however much that is.
    drawn_at: u64,
    keep_from: u64,
    at_once: Arc<Semaphore>,
}

impl Gallery {
    /// # Errors
    /// When no private folder for files can be made.
    pub fn new(shelf: Shelf, painter: Painter) -> Result<Self> {
        let files = if painter.shows() { None } else { Some(Arc::new(private_folder()?)) };
        Ok(Self {
            shelf,
            painter,
            files,
            held: BTreeMap::new(),
            asked: BTreeSet::new(),
            wants: Vec::new(),
            clock: 0,
            drawn_at: 0,
            keep_from: 0,
            at_once: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// The picture, where it is ready; else it is asked for. `None` without a selfie, too.
    pub fn get(&mut self, item: &Item, view: View, columns: u16, rows: u16) -> Option<&Shown> {
        let name = view.of(item)?;
        let wanted = if self.files.is_some() { (name, 0, 0) } else { (name, columns, rows) };
        self.clock += 1;
        if self.held.contains_key(&wanted) {
            let (used, shown) = self.held.get_mut(&wanted)?;
            *used = self.clock;
            return Some(shown);
        }
        if self.asked.insert(wanted) {
            self.wants.push((wanted, item.clone(), view));
        }
        None
    }

    /// Begins what the screen asked for that was just drawn; `told` is given each when it is ready.
    pub fn begin(&mut self, told: &(impl Fn(Wanted, Shown) + Clone + Send + 'static)) {
        self.keep_from = std::mem::replace(&mut self.drawn_at, self.clock);
        for (wanted, item, view) in std::mem::take(&mut self.wants) {
            let (shelf, painter, files) = (self.shelf.clone(), self.painter.clone(), self.files.clone());
            let (at_once, told) = (Arc::clone(&self.at_once), told.clone());
            tokio::spawn(async move {
                let _permit = at_once.acquire_owned().await;
                let shown = match shelf.picture(&item, view).await {
                    Ok(picture) => made(picture, painter, files, wanted).await,
                    Err(error) => Err(error),
                };
                told(wanted, shown.unwrap_or_else(|error| Shown::Failed(error.message().to_owned())));
            });
        }
    }

    /// Keeps what is ready.
    pub fn put(&mut self, wanted: Wanted, shown: Shown) {
        self.asked.remove(&wanted);
        self.clock += 1;
        self.held.insert(wanted, (self.clock, shown));
        while self.held.len() > KEPT {
            let unused = self.held.iter().filter(|(_, (used, _))| *used <= self.keep_from);
            let Some(oldest) = unused.min_by_key(|(_, (used, _))| *used).map(|(wanted, _)| *wanted) else { break };
            if let Some((_, Shown::File(path))) = self.held.remove(&oldest) {
                let _gone_with_the_folder_else = std::fs::remove_file(path);
            }
        }
    }

    /// Tries again what failed.
    pub fn forget_failures(&mut self) {
        self.held.retain(|_, (_, shown)| !matches!(shown, Shown::Failed(_)));
    }
}

async fn made(picture: Arc<Pixels>, painter: Painter, files: Option<Arc<TempDir>>, wanted: Wanted) -> Result<Shown> {
    let work = tokio::task::spawn_blocking(move || match files {
        None => {
            let (_, columns, rows) = wanted;
            let small = imaging::fit(&picture, painter.room(columns, rows))?;
            painter.paint(&small, columns, rows).map(Shown::Painted)
        }
        Some(folder) => write(folder.path(), &wanted.0, &picture).map(Shown::File),
    });
    work.await.map_err(|error| Error::invalid("the picture could not be made").with_source(error))?
}

/// A folder that only this user can look into.
///
/// # Errors
/// When it can not be made.
pub fn private_folder() -> Result<TempDir> {
    let own = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir());
    let place = own.unwrap_or_else(std::env::temp_dir);
    sweep(&place);
    tempfile::Builder::new()
        .prefix(&format!("{PREFIX}{}-", std::process::id()))
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(&place)
        .map_err(|error| Error::io("make a folder in", &place, error))
}

/// Removes what a killed process of this user left behind.
fn sweep(place: &Path) {
    let Ok(entries) = std::fs::read_dir(place) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split_once('-'));
        let Some(process) = process.and_then(|(id, _)| id.parse().ok()).and_then(rustix::process::Pid::from_raw) else {
            continue;
        };
        let own =
            entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == rustix::process::getuid().as_raw());
        if own && rustix::process::test_kill_process(process) == Err(rustix::io::Errno::SRCH) {
            let _the_next_one_tries_again = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Writes a picture into the folder, for this user only.
///
/// # Errors
/// When it can not be written.
pub fn write(folder: &Path, name: &Name, picture: &Pixels) -> Result<PathBuf> {
    let (kind, id) = match name {
        Name::Tag(id, View::Whole) => ("photo", id.0),
        Name::Tag(id, View::Close) => ("close", id.0),
        Name::Tag(id, View::Wide) => ("wide", id.0),
        Name::Tag(id, View::Face | View::Selfie) => ("face", id.0),
        Name::Selfie(id) => ("selfie", id.0),
    };
    // Short enough for a line; 48 bits tell the tags of any event apart.
    let path = folder.join(format!("{kind}-{:012x}.jpg", id.as_u128() & 0xffff_ffff_ffff));
    let bytes = imaging::jpeg(picture, QUALITY)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| Error::io("write", &path, error))?;
    file.write_all(&bytes).map_err(|error| Error::io("write", &path, error))?;
    Ok(path)
}
