//! Whose file is which: by the names in a folder, or by a list.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::run::{Item, ItemStatus};
use crate::db::{PgConnection, members, users};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ProjectId, UserId};
use crate::model::text::{path as shown_path, printable, quoted};

/// A file, and what names its guest: the words to try, the likeliest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub who: Vec<String>,
    pub file: PathBuf,
}

/// Names of columns that hold the guest, and the file.
const WHO: &[&str] = &["user", "email", "e-mail", "user_id", "id"];
const FILE: &[&str] = &["file", "path", "selfie", "filename", "file_name"];

/// Files of systems that lie about in folders.
const JUNK: &[&str] = &["thumbs.db", "desktop.ini", "ehthumbs.db"];

/// Endings that are no part of an email.
const ENDINGS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "heic", "heif", "webp", "gif", "tif", "tiff", "bmp", "avif", "dng", "txt",
    "pdf",
];

/// The files of a folder: `EMAIL.jpg`, `EMAIL__2.jpg`, or with an id for the email, or all files in a folder of that
/// name. Hidden files are left out. In the order of their names. Blocks.
///
/// # Errors
/// When a folder cannot be read.
pub fn folder(dir: &Path) -> Result<Vec<Named>> {
    if !dir.is_dir() {
        return Err(
            Error::invalid(format!("{} is no folder", shown_path(dir))).hint("--dir takes a folder with selfies")
        );
    }
    let mut found = Vec::new();
    let visible = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_string_lossy();
        entry.depth() == 0 || !(name.starts_with('.') || JUNK.contains(&name.to_lowercase().as_str()))
    };
    for entry in WalkDir::new(dir).sort_by_file_name().into_iter().filter_entry(visible) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(dir).to_owned();
            let source = error.into_io_error().unwrap_or_else(|| std::io::Error::other("a loop of links"));
            Error::io("read", &path, source)
        })?;
        // A link to a file is one too; folders are walked into only where they are.
        if !entry.path().is_file() {
            continue;
        }
        let inner = entry.path().strip_prefix(dir).unwrap_or(entry.path());
        let mut parts = inner.components();
        let first = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned()).unwrap_or_default();
        // A guest's folder is named whole; a file has an ending.
        let who = if parts.next().is_some() { vec![first] } else { of_name(&first) };
        found.push(Named { who, file: entry.into_path() });
    }
    Ok(found)
}

/// `gus@example.org__2.jpg`: first as if all of it were the email, then without the number.
fn of_name(name: &str) -> Vec<String> {
    let stem = match name.rsplit_once('.') {
        Some((stem, ending)) if ENDINGS.contains(&ending.to_lowercase().as_str()) => stem,
        _ => name,
    };
    let mut who = vec![stem.to_owned()];
    if let Some((before, after)) = stem.rsplit_once("__")
        && !before.is_empty()
        && !after.contains('@')
    {
        who.push(before.to_owned());
    }
    who
}

/// The lines of a CSV file with a header, separated by commas, semicolons or tabs: a column with the guest and one with
/// the file, relative to the list's own folder. Blocks.
///
/// # Errors
/// When it cannot be read, or a column is missing.
pub fn manifest(path: &Path) -> Result<Vec<Named>> {
    let failed = |error| Error::io("read", path, error);
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let head = reader.fill_buf().map_err(failed)?;
    let marked = head.starts_with(b"\xef\xbb\xbf");
    let line: Vec<u8> = head.iter().copied().take_while(|byte| *byte != b'\n').collect();
    if marked {
        reader.consume(3);
    }
    let count = |separator| line.iter().filter(|byte| **byte == separator).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|separator| count(*separator)).unwrap_or(b',');
    let mut table =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(csv::Trim::All).from_reader(reader);
    let columns = table.headers().map_err(|error| bad(path, &error))?.clone();
    let column = |names: &[&str], what: &str| {
        columns.iter().position(|column| names.contains(&column.to_lowercase().as_str())).ok_or_else(|| {
            Error::invalid(format!("{} has no column with the {what}", shown_path(path)))
                .hint(format!("name the column {}", names.first().unwrap_or(&what)))
        })
    };
    let (who, file) = (column(WHO, "user")?, column(FILE, "file")?);
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    for row in table.records() {
        let row = row.map_err(|error| bad(path, &error))?;
        if row.iter().all(str::is_empty) {
            continue;
        }
        let cell = |column| row.get(column).unwrap_or_default();
        found.push(Named { who: vec![cell(who).to_owned()], file: folder.join(cell(file)) });
    }
    Ok(found)
}

fn bad(path: &Path, error: &csv::Error) -> Error {
    Error::invalid(format!("{} is no list that can be read: {error}", shown_path(path)))
        .hint("save it as CSV in UTF-8, with the columns user and file")
}

/// Files with their users, and the items of those whose user is not known, is deleted, or is no member of the project.
///
/// # Errors
/// What the database says.
pub async fn owners(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    named: Vec<Named>,
) -> Result<(Vec<(UserId, PathBuf)>, Vec<Item>)> {
    let mut known: Vec<(Vec<String>, std::result::Result<UserId, String>)> = Vec::new();
    let (mut files, mut failed) = (Vec::new(), Vec::new());
    for Named { who, file } in named {
        // The files of a guest stand side by side.
        let owner = match known.last() {
            Some((same, owner)) if *same == who => owner.clone(),
            _ => {
                let owner = owner(conn, project, &who).await?;
                known = vec![(who, owner.clone())];
                owner
            }
        };
        match owner {
            Ok(user) => files.push((user, file)),
            Err(sentence) => {
                let error = Error::new(Kind::NotFound, sentence);
                failed.push(Item::failed(shown_path(&file), None, &error));
            }
        }
    }
    debug_assert!(failed.iter().all(|item| item.status == ItemStatus::Failed));
    Ok((files, failed))
}

async fn owner(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    who: &[String],
) -> Result<std::result::Result<UserId, String>> {
    for word in who {
        let word = word.trim();
        let user = match word.parse::<UserId>() {
            Ok(id) => users::get(conn, id).await?,
            Err(_) if word.is_empty() => None,
            Err(_) => users::by_email(conn, word).await?,
        };
        let Some(user) = user else { continue };
        if user.deleted_at.is_some() {
            return Ok(Err(format!("the user {} was deleted", printable(word))));
        }
        if let Some(project) = project
            && members::member(conn, project, user.id).await?.is_none()
        {
            return Ok(Err(format!("{} is no member of this project", printable(word))));
        }
        return Ok(Ok(user.id));
    }
    let word = who.last().map(String::as_str).unwrap_or_default();
    Ok(Err(format!("there is no user with the email or id {}", quoted(word))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_whose_a_file_is() {
        assert_eq!(of_name("gus@example.org.jpg"), ["gus@example.org"]);
        assert_eq!(of_name("gus@example.org__2.JPEG"), ["gus@example.org__2", "gus@example.org"]);
        assert_eq!(of_name("a__b@example.org.png"), ["a__b@example.org"]);
        assert_eq!(of_name("gus@example.org"), ["gus@example.org"]);
    }
}
