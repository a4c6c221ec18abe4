//! Revocations that are left for the command that holds the embedded database.
//!
//! One process works with that database at a time, and an upload may take hours: who revokes meanwhile leaves a file in
//! the data folder, and whoever has the database open empties the folder between its items ([`super::drain`]). A file
//! is there as a whole and on the disk before anybody is told so, and goes when what it says is on the disk too.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::model::audit::Author;
use crate::model::text::printable;
use crate::workflows::setup::check;
use crate::workflows::whole::WholeFile;

/// Version of the form of a file.
const FORMAT: u32 = 1;

/// Bytes of a file: a user, a type and an author.
const FILE_MOST: u64 = 64 * 1024;

/// A revocation that somebody left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    format: u32,
    /// Email or id, as it was given.
    pub user: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// When it was asked for.
    pub at: DateTime<Utc>,
    actor: String,
    host: String,
    command: String,
}

impl Left {
    #[must_use]
    pub fn new(user: String, kind: String, at: DateTime<Utc>, author: Author) -> Self {
        let Author { actor, host, command } = author;
        Self { format: FORMAT, user, kind, at, actor, host, command }
    }

    /// Who revoked.
    #[must_use]
    pub fn author(&self) -> Author {
        Author { actor: self.actor.clone(), host: self.host.clone(), command: self.command.clone() }
    }
}

/// A user as they can be named without the database: by the whole id or the email, which mean one person.
///
/// # Errors
/// When it is a name, or the beginning of an id.
pub fn user_without_database(text: &str) -> Result<String> {
    let text = text.trim();
    if let Ok(id) = Uuid::parse_str(text) {
        return Ok(id.to_string());
    }
    match text.contains('@').then(|| check::email(text)) {
        Some(Ok(email)) => Ok(email),
        _ => Err(Error::usage(format!("\"{}\" is neither an email nor a whole id", printable(text)))
            .hint("who is meant by a name only the database can tell: give the email or the id")),
    }
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Waiting,
    /// It is gone: what it asks for was done.
    Done,
    /// It was set aside, with the reason.
    Failed(String),
}

/// The folder with the files.
#[derive(Debug, Clone)]
pub struct Spool {
    waiting: PathBuf,
    failed: PathBuf,
}

impl Spool {
    /// That of a data folder. It need not be there.
    #[must_use]
    pub fn of(home: &Path) -> Self {
        let spool = home.join("spool");
        Self { waiting: spool.join("revocations"), failed: spool.join("failed") }
    }

    /// Where files wait.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.waiting
    }

    /// Where files lie that could not be carried out.
    #[must_use]
    pub fn failed_folder(&self) -> &Path {
        &self.failed
    }

    /// Leaves a revocation. It survives a power cut when this returns its file's name.
    ///
    /// # Errors
    /// When it cannot be written: nothing is left then.
    pub fn leave(&self, left: &Left) -> Result<String> {
        make_folder(&self.waiting).map_err(|error| Error::io("make", &self.waiting, error))?;
        // In the order in which they were left.
        let name = format!("{:017}-{}.json", left.at.timestamp_micros(), Uuid::new_v4().simple());
        let text = serde_json::to_vec(left)
            .map_err(|error| Error::new(crate::error::Kind::Internal, "no JSON of a revocation").with_source(error))?;
        let mut file = WholeFile::private(&self.waiting.join(&name))?;
        file.write(&text)?;
        file.finish(false)?;
        sync(&self.waiting).map_err(|error| Error::io("write to the disk", &self.waiting, error))?;
        Ok(name)
    }

    /// The names of the files that wait, oldest first. One look at a folder.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn waiting(&self) -> Result<Vec<String>> {
        names(&self.waiting).map_err(|error| Error::io("read", &self.waiting, error))
    }

    /// Those that were set aside, with the reason.
    ///
    /// # Errors
    /// When the folder is there and cannot be read.
    pub fn failed(&self) -> Result<Vec<(String, String)>> {
        let names = names(&self.failed).map_err(|error| Error::io("read", &self.failed, error))?;
        Ok(names.into_iter().map(|name| (name.clone(), self.reason(&name))).collect())
    }

    /// What became of a file that was left.
    #[must_use]
    pub fn fate(&self, name: &str) -> Fate {
        if self.waiting.join(name).exists() {
            Fate::Waiting
        } else if self.failed.join(name).exists() {
            Fate::Failed(self.reason(name))
        } else {
            Fate::Done
        }
    }

    /// What a file says; `None` where it is gone.
    ///
    /// # Errors
    /// A sentence for one that says nothing that could be carried out.
    pub(super) fn read(&self, name: &str) -> Result<Option<Left>> {
        let path = self.waiting.join(name);
        let failed = |error| Error::io("read", &path, error);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(failed)?,
        };
        let mut bytes = Vec::new();
        file.take(FILE_MOST).read_to_end(&mut bytes).map_err(failed)?;
        match serde_json::from_slice::<Left>(&bytes) {
            Ok(left) if left.format == FORMAT => Ok(Some(left)),
            Ok(left) => Err(Error::invalid(format!("it has form {}, and this photoctl reads {FORMAT}", left.format))),
            Err(error) => Err(Error::invalid("it is not what `consent revoke` writes").with_source(error)),
        }
    }

    /// Takes files away whose revocations are on the disk of the database.
    pub(super) fn remove(&self, names: &[String]) -> Result<()> {
        for name in names {
            let path = self.waiting.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io("remove", &path, error)),
                _ => {}
            }
        }
        // One that came back with a power cut would end a consent that was given since.
        sync(&self.waiting).map_err(|error| Error::io("write to the disk", &self.waiting, error))
    }

    /// Sets a file aside, to be looked at by a person.
    pub(super) fn set_aside(&self, name: &str, why: &str) -> Result<()> {
        make_folder(&self.failed).map_err(|error| Error::io("make", &self.failed, error))?;
        // Beside the file, which stays as it was left. Without it the file tells the most.
        let reason = WholeFile::private(&self.reason_file(name)).and_then(|mut file| {
            file.write(why.as_bytes())?;
            file.finish(true)
        });
        if let Err(error) = reason {
            tracing::warn!("{error}");
        }
        let (from, to) = (self.waiting.join(name), self.failed.join(name));
        fs::rename(&from, &to).map_err(|error| Error::io("set aside", &from, error))?;
        let _both_survive_a_power_cut = sync(&self.failed).and_then(|()| sync(&self.waiting));
        Ok(())
    }

    fn reason_file(&self, name: &str) -> PathBuf {
        self.failed.join(name).with_extension("reason")
    }

    fn reason(&self, name: &str) -> String {
        fs::read_to_string(self.reason_file(name)).unwrap_or_else(|_| "nobody noted why".to_owned())
    }
}

/// The files of a folder, without those that are being written. None where there is no folder.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// For this user only; its name is on the disk.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    folder.ancestors().skip(1).take(2).try_for_each(sync)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn left(user: &str) -> Left {
        let author = Author { actor: "ana".into(), host: "desk".into(), command: "consent revoke".into() };
        Left::new(user.to_owned(), "biometric_processing".to_owned(), Utc::now(), author)
    }

    #[test]
    fn a_file_is_private_read_as_it_was_written_and_gone_when_it_is_done() {
        let home = tempfile::tempdir().expect("a folder");
        let spool = Spool::of(home.path());
        assert!(spool.waiting().expect("none").is_empty() && spool.failed().expect("none").is_empty());
        let gus = left("gus@example.org");
        let names = [spool.leave(&gus).expect("left"), spool.leave(&left("eva@example.org")).expect("left")];
        assert_eq!(spool.waiting().expect("two"), names);
        let mode = |path: PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(spool.folder().join(&names[0])), 0o600);
        assert_eq!(mode(spool.folder().to_owned()), 0o700);
        assert_eq!(spool.read(&names[0]).expect("read"), Some(gus));
        assert_eq!(spool.fate(&names[0]), Fate::Waiting);
        spool.remove(&names[..1]).expect("removed");
        spool.remove(&names[..1]).expect("again");
        assert_eq!(spool.fate(&names[0]), Fate::Done);
        assert_eq!(spool.read(&names[0]).expect("read"), None);
        spool.set_aside(&names[1], "no such user").expect("aside");
        assert_eq!(spool.fate(&names[1]), Fate::Failed("no such user".to_owned()));
        assert_eq!(spool.failed().expect("one"), [(names[1].clone(), "no such user".to_owned())]);
        assert!(spool.waiting().expect("none").is_empty());
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        let home = tempfile::tempdir().expect("a folder");
        let spool = Spool::of(home.path());
        spool.leave(&left("gus@example.org")).expect("left");
        for (name, text) in [("a.json", ""), ("b.json", "{}"), ("c.json", "[1"), (".d.json", "half"), ("e.txt", "x")] {
            fs::write(spool.folder().join(name), text).expect("written");
        }
        fs::write(spool.folder().join("f.json"), vec![b' '; 1_000_000]).expect("written");
        fs::create_dir(spool.folder().join("g.json")).expect("a folder");
        let names = spool.waiting().expect("names");
        assert_eq!(names[1..], ["a.json", "b.json", "c.json", "f.json", "g.json"]);
        assert!(names[1..].iter().all(|name| spool.read(name).is_err()));
    }

    #[test]
    fn without_the_database_only_one_person_can_be_meant() {
        let id = "0b9f1c9e-0e0e-4a2b-9a43-0f2a4cbb3d11";
        for (text, meant) in [(" gus@example.org ", "gus@example.org"), (id, id)] {
            assert_eq!(user_without_database(text).expect(text), meant);
        }
        for name in ["Gus", "", "0b9f1c9e", "@", "a b@c"] {
            assert!(user_without_database(name).is_err(), "{name:?}");
        }
    }
}
