//! Files that are seen under their name only when they are whole.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// A file being written.
#[derive(Debug)]
pub struct WholeFile {
    /// For people.
    path: PathBuf,
    out: Out,
}

#[derive(Debug)]
enum Out {
    /// Beside its place, until it is whole; `to` is where a symbolic link leads.
    Beside { file: BufWriter<NamedTempFile>, to: PathBuf },
    /// What is there and is no file (a device, a pipe) is written into, never replaced.
    Into(BufWriter<File>),
}

impl WholeFile {
    /// An ordinary file: who may read it is decided by the umask.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn new(path: &Path) -> Result<Self> {
        Self::with_mode(path, 0o666)
    }

    /// A file for this user only.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn private(path: &Path) -> Result<Self> {
        Self::with_mode(path, 0o600)
    }

    fn with_mode(path: &Path, mode: u32) -> Result<Self> {
        let failed = |error| Error::io("write", path, error);
        if path.is_dir() {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()));
        }
        let out = if path.exists() && !path.is_file() {
            Out::Into(BufWriter::new(OpenOptions::new().write(true).open(path).map_err(failed)?))
        } else {
            let to = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let permissions = Permissions::from_mode(mode);
            let file = tempfile::Builder::new().prefix(".photoctl-").permissions(permissions).tempfile_in(folder);
            Out::Beside { file: BufWriter::new(file.map_err(failed)?), to }
        };
        Ok(Self { path: path.to_owned(), out })
    }

    /// # Errors
    /// When the disk does not take it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = match &mut self.out {
            Out::Beside { file, .. } => file.write_all(bytes),
            Out::Into(file) => file.write_all(bytes),
        };
        written.map_err(|error| Error::io("write", &self.path, error))
    }

    /// Puts it in its place; with `replace`, of a file that is there.
    ///
    /// # Errors
    /// When the disk does not take it, or there is one that must stay.
    pub fn finish(self, replace: bool) -> Result<()> {
        let path = self.path;
        let failed = |error| Error::io("write", &path, error);
        match self.out {
            Out::Into(mut file) => file.flush().map_err(failed),
            Out::Beside { file, to } => {
                let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
                file.as_file().sync_all().map_err(failed)?;
                let placed = if replace { file.persist(&to) } else { file.persist_noclobber(&to) };
                placed.map(|_: File| ()).map_err(|error| failed(error.error))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(path: &Path, text: &str) -> Result<()> {
        let mut file = WholeFile::new(path)?;
        file.write(text.as_bytes())?;
        file.finish(true)
    }

    #[test]
    fn links_and_pipes_stay_what_they_are() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        put(&file, "old").expect("written");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        put(&link, "new").expect("written");
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).expect("read"), "new");
        let pipe = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe)
        });
        put(&pipe, "through").expect("written");
        assert_eq!(reader.join().expect("a reader").expect("read"), "through");
        assert!(!pipe.is_file());
        assert!(put(dir.path(), "x").is_err(), "a folder is refused before anything is done");
        assert!(WholeFile::new(&file).expect("begun").finish(false).is_err());
        assert_eq!(std::fs::read_dir(dir.path()).expect("read").count(), 3, "nothing is left behind");
    }

    #[test]
    fn a_private_file_takes_the_place_of_one_that_all_could_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("plan.json");
        std::fs::write(&path, "old").expect("written");
        WholeFile::private(&path).expect("begun").finish(true).expect("placed");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    }
}
