//! RAW and JPEG of one shot belong together: same folder, same name, other extension.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use super::scan::Found;

/// What to do with RAW files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum RawMode {
    /// Beside a JPEG it stays on the card; alone it makes a photo from the preview inside.
    #[default]
    Auto,
    /// All RAWs stay on the card.
    Skip,
    /// Beside a JPEG it is stored with it, under the same photo.
    Both,
}

/// A file with the RAWs of the same shot. Names say so here; content and capture time are asked later.
#[derive(Debug, Clone)]
pub struct Unit {
    pub main: Found,
    pub raws: Vec<Found>,
    /// Read the content anew, whatever is remembered of it.
    pub distrust: bool,
    /// The end of the main file was told already: only its RAWs are still to be done.
    pub told: bool,
}

const JPEG: &[&str] = &["jpg", "jpeg", "jpe"];
const RAW: &[&str] =
    &["cr2", "cr3", "nef", "nrw", "arw", "sr2", "raf", "dng", "orf", "rw2", "rwl", "raw", "pef", "srw"];

/// Puts RAWs beside their JPEGs, keeping the order of what is left.
#[must_use]
pub fn pair(found: Vec<Found>) -> Vec<Unit> {
    let mut jpegs: HashMap<(Arc<Path>, Vec<u8>), usize> = HashMap::new();
    let is = |found: &Found, extensions: &[&str]| {
        found
            .path
            .extension()
            .and_then(OsStr::to_str)
            .is_some_and(|found| extensions.iter().any(|extension| found.eq_ignore_ascii_case(extension)))
    };
    let key = |found: &Found| {
        let stem = found.path.file_stem().unwrap_or_default().as_encoded_bytes().to_ascii_lowercase();
        (Arc::from(found.path.parent().unwrap_or(Path::new(""))), stem)
    };
    if found.iter().any(|found| is(found, RAW)) {
        for (at, found) in found.iter().enumerate().filter(|(_, found)| is(found, JPEG)) {
            jpegs.entry(key(found)).or_insert(at);
        }
    }
    let mut raws: HashMap<usize, Vec<Found>> = HashMap::new();
    let mut mains = Vec::with_capacity(found.len());
    for (at, found) in found.into_iter().enumerate() {
        match is(&found, RAW).then(|| jpegs.get(&key(&found))).flatten() {
            Some(&jpeg) => raws.entry(jpeg).or_default().push(found),
            None => mains.push((at, found)),
        }
    }
    mains
        .into_iter()
        .map(|(at, main)| Unit { main, raws: raws.remove(&at).unwrap_or_default(), distrust: false, told: false })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflows::ingest::scan::Root;

    #[test]
    fn same_folder_same_name_whatever_the_case() {
        let dir = tempfile::tempdir().expect("folder");
        let root = Root::open(dir.path()).expect("opens");
        let found =
            |name: &str| Found { root: root.clone(), path: Arc::from(Path::new(name)), size_bytes: 1, modified_ns: 0 };
        let names = ["a/1.CR3", "a/1.jpg", "a/2.NEF", "b/1.CR3", "a/1.dng", "a/3.JPG", "a/1.png"];
        let units = pair(names.into_iter().map(found).collect());
        let shown: Vec<(String, usize)> =
            units.iter().map(|unit| (unit.main.path.display().to_string(), unit.raws.len())).collect();
        let expected = [("a/1.jpg", 2), ("a/2.NEF", 0), ("b/1.CR3", 0), ("a/3.JPG", 0), ("a/1.png", 0)];
        assert_eq!(shown, expected.map(|(name, raws)| (name.to_owned(), raws)));
    }
}
