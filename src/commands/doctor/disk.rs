//! The data folder and the space around it.

use std::path::{Path, PathBuf};

use super::Job;
use super::context::Context;
use super::finding::Finding;
use crate::config::settings;
use crate::error::{Error, Kind};
use crate::model::text;

const FOLDER: &str = "data folder";
const SPACE: &str = "disk space";

/// Less than this and the embedded database can not work.
const NEEDED_BYTES: u64 = 200_000_000;
/// Less than this is worth a word: the embedded database and the caches grow.
const WISHED_BYTES: u64 = 1_000_000_000;
/// A local store holds whole cards.
const WISHED_FOR_A_STORE_BYTES: u64 = 10_000_000_000;

pub(super) fn data_folder(context: &Context<'_>) -> Vec<Finding> {
    let home = context.app.config.home();
    let shown = text::path(home);
    let existing = existing(home);
    if !existing.is_dir() {
        let error = Error::new(Kind::Io, format!("{} is not a folder", text::path(&existing)));
        return vec![Finding::failed(FOLDER, &error.hint("set PHOTOCTL_HOME to another folder"))];
    }
    match tempfile::Builder::new().prefix(".photoctl-probe-").tempfile_in(&existing) {
        Ok(_) if existing == home => vec![Finding::ok(FOLDER, shown)],
        Ok(_) => vec![Finding::ok(FOLDER, format!("{shown}, not made yet"))],
        Err(error) => {
            let error = Error::io("write into", &existing, error)
                .hint("give yourself the right to write there, or set PHOTOCTL_HOME to another folder");
            vec![Finding::failed(FOLDER, &error)]
        }
    }
}

pub(super) fn space(context: &Context<'_>) -> Vec<Finding> {
    let home = existing(context.app.config.home());
    let store = local_store(context).filter(|_| context.is_for(Job::Upload)).map(|store| existing(&store));
    match store {
        Some(store) if store == home => vec![of(&home, WISHED_FOR_A_STORE_BYTES)],
        Some(store) => vec![of(&home, WISHED_BYTES), of(&store, WISHED_FOR_A_STORE_BYTES)],
        None => vec![of(&home, WISHED_BYTES)],
    }
}

fn of(folder: &Path, wished_bytes: u64) -> Finding {
    let shown = text::path(folder);
    let free = match rustix::fs::statvfs(folder) {
        Ok(facts) => facts.f_bavail.saturating_mul(facts.f_frsize),
        Err(error) => return Finding::failed(SPACE, &Error::io("ask for the space of", folder, error.into())),
    };
    let message = format!("{} free in {shown}", text::size(free));
    if free < NEEDED_BYTES {
        let error = Error::new(Kind::DiskFull, message).hint("make room, or set PHOTOCTL_HOME to another disk");
        return Finding::failed(SPACE, &error);
    }
    if free < wished_bytes {
        return Finding::warning(SPACE, message, format!("{} or more is better", text::size(wished_bytes)));
    }
    Finding::ok(SPACE, message)
}

/// The folder of a `file://` store.
fn local_store(context: &Context<'_>) -> Option<PathBuf> {
    let config = &context.app.config;
    match config.get(settings::STORAGE_URL) {
        Some(url) => url::Url::parse(url).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok(),
        None if config.get(settings::DATABASE_URL).is_none() => Some(config.home().join("objects")),
        None => None,
    }
}

/// The folder itself, or the nearest one above it that is there.
fn existing(folder: &Path) -> PathBuf {
    folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/")).to_owned()
}
