//! Finds the files on the cards by names, sizes and times. Only what has the name of a camera's own file is opened.

use std::ffi::OsStr;
use std::fs::{FileType, Metadata};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use super::junk;
use super::reason::SkipReason;
use crate::batch::Halt;
use crate::error::{Error, Kind, Result};
use crate::model::text;

/// One of the folders to upload: a card.
#[derive(Debug)]
pub struct Root {
    pub path: PathBuf,
    /// The file system that it is on (`st_dev`): another one later means that the card was pulled out.
    device: u64,
    gone: AtomicBool,
}

/// A file that may become a photo.
#[derive(Debug, Clone)]
pub struct Found {
    pub root: Arc<Root>,
    pub path: Arc<Path>,
    pub size_bytes: u64,
    /// Nanoseconds since 1970, as the file system has it.
    pub modified_ns: i64,
}

/// A file that is left where it is, known from its name alone.
#[derive(Debug)]
pub struct Left {
    pub path: PathBuf,
    pub reason: SkipReason,
}

/// A file or folder that could not even be looked at.
#[derive(Debug)]
pub struct Unreadable {
    pub path: PathBuf,
    pub error: Error,
}

/// Everything that a scan met.
#[derive(Debug, Default)]
pub struct Scan {
    pub found: Vec<Found>,
    pub left: Vec<Left>,
    pub unreadable: Vec<Unreadable>,
}

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct ScanRules {
    pub follow_symlinks: bool,
    /// Look at files and folders whose name begins with a dot.
    pub hidden: bool,
    include: Option<GlobSet>,
    exclude: Option<GlobSet>,
}

impl ScanRules {
    /// Rules with globs, compared without case. One without a `/` is for names, others for paths below the folder.
    ///
    /// # Errors
    /// When a glob cannot be read.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self> {
        Ok(Self { include: globs("--include", include)?, exclude: globs("--exclude", exclude)?, ..Self::default() })
    }

    fn takes(&self, below_root: &Path) -> bool {
        self.include.as_ref().is_none_or(|globs| globs.is_match(below_root)) && !self.excludes(below_root)
    }

    fn excludes(&self, below_root: &Path) -> bool {
        self.exclude.as_ref().is_some_and(|globs| globs.is_match(below_root))
    }
}

fn globs(option: &str, patterns: &[String]) -> Result<Option<GlobSet>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let bad = |pattern: &str, error: globset::Error| {
        Error::usage(format!("{option} {} is not a glob", text::quoted(pattern)))
            .with_source(error)
            .hint("write one such as \"*.jpg\" or \"DCIM/100*/**\"")
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let anywhere =
            if pattern.contains('/') { pattern.trim_start_matches('/').to_owned() } else { format!("**/{pattern}") };
        let glob = GlobBuilder::new(&anywhere).case_insensitive(true).literal_separator(true).build();
        set.add(glob.map_err(|error| bad(pattern, error))?);
    }
    set.build().map(Some).map_err(|error| bad("", error))
}

impl Root {
    /// A folder to upload.
    ///
    /// # Errors
    /// When it is not there, is no folder, or cannot be read.
    pub fn open(path: &Path) -> Result<Arc<Self>> {
        let whole = std::path::absolute(path).map_err(|error| Error::io("find", path, error))?;
        let metadata = std::fs::metadata(&whole).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::new(Kind::NotFound, format!("there is no folder {}", text::path(path)))
                    .hint("is the card in, and mounted?")
            }
            _ => Error::io("look at", path, error),
        })?;
        if !metadata.is_dir() {
            return Err(Error::usage(format!("{} is not a folder", text::path(path)))
                .hint("--dir takes the folder that the files are in; --include chooses among them"));
        }
        std::fs::read_dir(&whole).map_err(|error| Error::io("read", path, error))?;
        Ok(Arc::new(Self { device: device(&metadata), path: whole, gone: AtomicBool::new(false) }))
    }

    /// Looks whether the card is still in. Once gone it stays gone: another one may be in its place.
    pub fn is_gone(&self) -> bool {
        if self.gone.load(Ordering::Relaxed) {
            return true;
        }
        let there = std::fs::metadata(&self.path).is_ok_and(|metadata| device(&metadata) == self.device)
            && std::fs::read_dir(&self.path).is_ok();
        if !there {
            self.gone.store(true, Ordering::Relaxed);
        }
        !there
    }

    /// Whether a file is on the file system of the folder itself.
    pub(super) fn holds(&self, metadata: &Metadata) -> bool {
        device(metadata) == self.device
    }

    /// Whether it was found gone before.
    pub fn was_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }
}

#[cfg(unix)]
fn device(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::dev(metadata)
}

#[cfg(not(unix))]
fn device(_metadata: &Metadata) -> u64 {
    0
}

impl Found {
    /// The path below the folder that was named.
    #[must_use]
    pub fn below_root(&self) -> &Path {
        self.path.strip_prefix(&self.root.path).unwrap_or(&self.path)
    }

    /// The file's own name.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }
}

/// Nanoseconds since 1970 of a file's last change.
pub(super) fn modified_ns(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else { return 0 };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

/// Walks the folders, each file once even where folders contain each other. Blocking.
///
/// # Errors
/// When the run is to stop.
pub fn scan(roots: &[Arc<Root>], rules: &ScanRules, halt: &Halt) -> Result<Scan> {
    let mut scan = Scan::default();
    let mut seen = std::collections::HashSet::new();
    for (at, root) in roots.iter().enumerate() {
        // A folder inside another one that was named too is walked only once.
        let within_another = roots.iter().enumerate().any(|(other_at, other)| {
            other_at != at && root.path.starts_with(&other.path) && (root.path != other.path || other_at < at)
        });
        if within_another {
            continue;
        }
        let mut walk = WalkDir::new(&root.path).follow_links(rules.follow_symlinks).into_iter();
        while let Some(entry) = walk.next() {
            if halt.is_requested() {
                return Ok(scan);
            }
            match entry {
                Ok(entry) if entry.depth() == 0 => {}
                Ok(entry) if entry.file_type().is_dir() => {
                    if !enters(&entry, root, rules, &mut scan) {
                        walk.skip_current_dir();
                    }
                }
                Ok(entry) => look_at(&entry, root, rules, &mut scan, &mut seen),
                Err(error) => scan.refused(error, root),
            }
        }
    }
    Ok(scan)
}

impl Scan {
    fn refused(&mut self, error: walkdir::Error, root: &Root) {
        let path = error.path().unwrap_or(&root.path).to_owned();
        let cycle = error.loop_ancestor().is_some();
        if cycle {
            self.left.push(Left { path, reason: SkipReason::Symlink });
            return;
        }
        let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other("cannot be looked at"));
        let error = Error::io("read", &path, source);
        self.unreadable.push(Unreadable { path, error });
    }
}

/// Whether to go into a folder. The files of one that is left out are still counted.
fn enters(entry: &DirEntry, root: &Root, rules: &ScanRules, scan: &mut Scan) -> bool {
    let reason = if junk::is_system_folder(entry.file_name()) {
        SkipReason::Junk
    } else if !rules.hidden && is_hidden(entry.file_name()) {
        SkipReason::Hidden
    } else if rules.excludes(entry.path().strip_prefix(&root.path).unwrap_or(entry.path())) {
        SkipReason::Excluded
    } else {
        return true;
    };
    for inner in WalkDir::new(entry.path()) {
        match inner {
            Ok(inner) if inner.file_type().is_dir() => {}
            Ok(inner) => scan.left.push(Left { path: inner.into_path(), reason }),
            // Nobody knows what is in there; of a system's folder nobody needs to.
            Err(_) if reason == SkipReason::Junk => {}
            Err(error) => {
                let path = error.path().unwrap_or(entry.path()).to_owned();
                scan.left.push(Left { path, reason });
            }
        }
    }
    false
}

fn look_at(
    entry: &DirEntry,
    root: &Arc<Root>,
    rules: &ScanRules,
    scan: &mut Scan,
    seen: &mut std::collections::HashSet<PathBuf>,
) {
    match reason_to_leave(entry, root, rules) {
        Some(reason) => scan.left.push(Left { path: entry.path().to_owned(), reason }),
        None => match entry.metadata() {
            // Only with links can one file have two paths here.
            Ok(metadata) if rules.follow_symlinks => {
                let real = entry.path().canonicalize().unwrap_or_else(|_| entry.path().to_owned());
                if seen.insert(real) {
                    scan.take(entry, root, &metadata);
                } else {
                    scan.left.push(Left { path: entry.path().to_owned(), reason: SkipReason::Duplicate });
                }
            }
            Ok(metadata) => scan.take(entry, root, &metadata),
            Err(error) => scan.refused(error, root),
        },
    }
}

impl Scan {
    fn take(&mut self, entry: &DirEntry, root: &Arc<Root>, metadata: &Metadata) {
        if metadata.len() == 0 {
            let promised = junk::promises_a_picture(entry.file_name());
            let reason = if promised { SkipReason::Empty } else { SkipReason::Junk };
            self.left.push(Left { path: entry.path().to_owned(), reason });
            return;
        }
        self.found.push(Found {
            root: root.clone(),
            path: entry.path().into(),
            size_bytes: metadata.len(),
            modified_ns: modified_ns(metadata),
        });
    }
}

fn reason_to_leave(entry: &DirEntry, root: &Root, rules: &ScanRules) -> Option<SkipReason> {
    let below = entry.path().strip_prefix(&root.path).unwrap_or(entry.path());
    let folders = below.parent().into_iter().flat_map(Path::components);
    let in_camera_folder = folders.into_iter().any(|part| junk::is_camera_folder(part.as_os_str()));
    match junk::by_name(entry.file_name(), in_camera_folder) {
        junk::ByName::Junk => return Some(SkipReason::Junk),
        // What a link leads to is not looked at unless links are followed.
        junk::ByName::Suspect if entry.file_type().is_file() && junk::is_junk_by_content(entry.path()) => {
            return Some(SkipReason::Junk);
        }
        junk::ByName::Suspect | junk::ByName::NoJunk => {}
    }
    if !rules.hidden && is_hidden(entry.file_name()) {
        return Some(SkipReason::Hidden);
    }
    if !rules.takes(below) {
        return Some(SkipReason::Excluded);
    }
    let kind: FileType = entry.file_type();
    if kind.is_symlink() {
        return Some(SkipReason::Symlink);
    }
    // Sockets, pipes and devices hold no content.
    (!kind.is_file()).then_some(SkipReason::Junk)
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().first() == Some(&b'.')
}

/// Whether a file was changed so lately that a second change may not show in its time: FAT counts in steps of 2 s.
pub(super) fn is_fresh(modified_ns: i64, now: SystemTime) -> bool {
    let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
    modified_ns > now.saturating_sub(2_500_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Cancel;

    fn run(dir: &Path, rules: &ScanRules) -> (Vec<String>, Vec<(String, SkipReason)>) {
        let root = Root::open(dir).expect("opens");
        let scan = scan(&[root], rules, &Halt::new(Cancel::default())).expect("scans");
        let name = |path: &Path| path.strip_prefix(dir).expect("below").to_string_lossy().into_owned();
        let mut found: Vec<_> = scan.found.iter().map(|found| name(&found.path)).collect();
        let mut left: Vec<_> = scan.left.iter().map(|left| (name(&left.path), left.reason)).collect();
        found.sort();
        left.sort();
        (found, left)
    }

    fn write(dir: &Path, names: &[&str]) {
        for name in names {
            let path = dir.join(name);
            std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
            std::fs::write(path, name).expect("written");
        }
    }

    #[test]
    fn junk_hidden_and_empty_files_are_left_with_their_reason() {
        let dir = tempfile::tempdir().expect("folder");
        write(
            dir.path(),
            &["DCIM/1.JPG", "DCIM/._1.JPG", ".Trashes/501/2.JPG", ".h/3.jpg", "MISC/AUTPRINT.MRK", "MISC/4.jpg"],
        );
        std::fs::write(dir.path().join("5.jpg"), b"").expect("written");
        std::fs::write(dir.path().join("6.txt"), b"").expect("written");
        let (found, left) = run(dir.path(), &ScanRules::default());
        assert_eq!(found, ["DCIM/1.JPG", "MISC/4.jpg"]);
        let left: Vec<_> = left.iter().map(|(name, reason)| (name.as_str(), *reason)).collect();
        assert_eq!(
            left,
            [
                (".Trashes/501/2.JPG", SkipReason::Junk),
                (".h/3.jpg", SkipReason::Hidden),
                ("5.jpg", SkipReason::Empty),
                ("6.txt", SkipReason::Junk),
                ("DCIM/._1.JPG", SkipReason::Junk),
                ("MISC/AUTPRINT.MRK", SkipReason::Junk),
            ]
        );
        let (found, _) = run(dir.path(), &ScanRules { hidden: true, ..ScanRules::default() });
        assert_eq!(found, [".h/3.jpg", "DCIM/1.JPG", "MISC/4.jpg"]);
    }

    #[test]
    fn globs_are_for_names_or_for_paths() {
        let dir = tempfile::tempdir().expect("folder");
        write(dir.path(), &["a/1.JPG", "a/2.png", "b/1.jpg", "b/c/3.jpg"]);
        let rules = |include: &[&str], exclude: &[&str]| {
            let owned = |list: &[&str]| list.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>();
            ScanRules::new(&owned(include), &owned(exclude)).expect("globs")
        };
        assert_eq!(run(dir.path(), &rules(&["*.jpg"], &[])).0, ["a/1.JPG", "b/1.jpg", "b/c/3.jpg"]);
        assert_eq!(run(dir.path(), &rules(&["b/**"], &["3.*"])).0, ["b/1.jpg"]);
        assert_eq!(run(dir.path(), &rules(&[], &["b"])).0, ["a/1.JPG", "a/2.png"]);
        assert!(ScanRules::new(&["[".to_owned()], &[]).is_err());
    }

    #[test]
    fn links_are_followed_only_when_asked_and_loops_end() {
        let dir = tempfile::tempdir().expect("folder");
        write(dir.path(), &["real/1.jpg"]);
        std::os::unix::fs::symlink("real/1.jpg", dir.path().join("link.jpg")).expect("link");
        std::os::unix::fs::symlink("..", dir.path().join("real/up")).expect("link");
        let (found, left) = run(dir.path(), &ScanRules::default());
        assert_eq!((found.len(), left.len()), (1, 2));
        let (found, _) = run(dir.path(), &ScanRules { follow_symlinks: true, ..ScanRules::default() });
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn a_folder_named_twice_is_walked_once() {
        let dir = tempfile::tempdir().expect("folder");
        write(dir.path(), &["a/1.jpg", "2.jpg"]);
        let roots = [dir.path().join("a"), dir.path().to_owned(), dir.path().to_owned()]
            .map(|path| Root::open(&path).expect("opens"));
        let scan = scan(&roots, &ScanRules::default(), &Halt::new(Cancel::default())).expect("scans");
        assert_eq!(scan.found.len(), 2);
    }
}
