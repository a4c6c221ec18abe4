//! The audit log looked after: proving that it is whole, and handing it out so that a stranger can prove it.

use std::path::Path;

use chrono::SecondsFormat;
use serde::Serialize;
use uuid::Uuid;

use super::kept::heads::{self, Seen};
use crate::db::audit::{self, Break};
use crate::db::{Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields, Head, Record};
use crate::model::spreadsheet::cell;

/// A log that was found whole.
#[derive(Debug, Clone, Serialize)]
pub struct Whole {
    pub entries: i64,
    /// The log's end, to be noted elsewhere.
    pub head: Head,
    /// The end that this machine had seen before, if any; it lies in the log.
    pub seen: Option<Seen>,
    /// Ends that were noted elsewhere; each lies in the log.
    pub noted: Vec<Head>,
}

/// Walks the chain, then looks whether it goes through the end that this machine has seen and those that were noted
/// elsewhere. With `accept`, what this machine has seen is not asked for: the present end takes its place.
///
/// # Errors
/// [`Kind::Integrity`] with the first broken link; what the database or the file system says.
pub async fn verify(conn: &mut PgConnection, folder: &Path, noted: &[Head], accept: bool) -> Result<Whole> {
    // What was seen is read first: an entry that is appended and seen meanwhile is not one too many.
    let (installation, _) = audit::head(conn).await?;
    let seen = if accept { None } else { heads::read(folder, installation)? };
    let chain = audit::verify(conn).await?;
    let head = chain.head();
    if let Some(broken) = chain.broken {
        return Err(unsound(&broken, head));
    }
    let when = |seen: &Seen| format!("this machine saw on {}", seen.at.format("%Y-%m-%d at %H:%M UTC"));
    let ends = seen.iter().map(|seen| (seen.head, when(seen)));
    let ends = ends.chain(noted.iter().map(|head| (*head, "was noted elsewhere".to_owned())));
    for (end, whence) in ends.collect::<Vec<_>>() {
        if let Some(broken) = astray(conn, head, end, &whence).await? {
            return Err(unsound(&broken, head)
                .hint("where a backup was restored, or the server is a standby that lags, that is why")
                .hint("photoctl audit verify --accept takes the log as it is now for the right one"));
        }
    }
    if accept {
        heads::accept(folder, installation, head)?;
    }
    Ok(Whole { entries: head.seq, head, seen, noted: noted.to_vec() })
}

/// Why a log that ends with `head`, and is sound in itself, is not the one that once ended with `end`.
async fn astray(conn: &mut PgConnection, head: Head, end: Head, whence: &str) -> Result<Option<Break>> {
    if end.seq > head.seq {
        let reason = format!("it is missing, and so is all up to entry {}, which {whence}", end.seq);
        return Ok(Some(Break { seq: head.seq + 1, reason }));
    }
    if audit::goes_through(conn, &end).await? {
        return Ok(None);
    }
    let reason = format!("it is not the one that {whence}: it or one before it was written anew");
    Ok(Some(Break { seq: end.seq, reason }))
}

fn unsound(broken: &Break, sound: Head) -> Error {
    Error::new(Kind::Integrity, format!("the audit log does not hold from entry {} on: {}", broken.seq, broken.reason))
        .hint(match sound.seq.min(broken.seq - 1) {
            0 => "compare it with a backup or an export".to_owned(),
            last => format!("entries 1 to {last} follow from each other; compare the rest with a backup or an export"),
        })
}

/// Forms of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    Jsonl,
    Csv,
}

/// Notes in the log that it leaves the house from behind entry `after` on, and says up to where.
///
/// # Errors
/// What the database says; [`Kind::InvalidInput`] where there is no such entry yet.
pub async fn announce(db: &Db, author: &Author, after: i64) -> Result<(Uuid, Head)> {
    let mut tx = db.begin().await?;
    let (installation, head) = audit::head(&mut tx).await?;
    if after > head.seq {
        return Err(Error::invalid(format!("the log ends with entry {}: there is none behind {after}", head.seq)));
    }
    let fields = Fields::new().plain("what", None, Some("audit")).number("first", None, Some(after + 1)).number(
        "last",
        None,
        Some(head.seq),
    );
    audit::append(&mut tx, author, &Entry::new(Entity::Database, Action::Export).of(installation).fields(fields))
        .await?;
    tx.commit().await?;
    Ok((installation, head))
}

/// Hands out the entries behind `after` up to `last`, in order, piece by piece.
///
/// # Errors
/// What the database or `write` says.
pub async fn export(
    db: &Db,
    format: ExportFormat,
    after: i64,
    last: i64,
    mut write: impl FnMut(&[u8]) -> Result<()>,
) -> Result<u64> {
    let (mut at, mut count) = (after, 0);
    if format == ExportFormat::Csv {
        write(&csv(std::iter::once(COLUMNS.map(str::to_owned)))?)?;
    }
    loop {
        let page = audit::page(&mut *db.conn().await?, at, last).await?;
        let Some(end) = page.last() else { return Ok(count) };
        at = end.seq;
        count += page.len() as u64;
        match format {
            ExportFormat::Jsonl => write(jsonl(&page)?.as_bytes())?,
            ExportFormat::Csv => write(&csv(page.iter().map(cells))?)?,
        }
    }
}

/// As exact as it was hashed.
fn time(record: &Record) -> String {
    record.at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn jsonl(page: &[Record]) -> Result<String> {
    let mut text = String::new();
    for record in page {
        let mut line = serde_json::to_value(record).map_err(unwritable)?;
        line["at"] = time(record).into();
        text.push_str(&format!("{line}\n"));
    }
    Ok(text)
}

const COLUMNS: [&str; 14] = [
    "seq",
    "at",
    "actor",
    "host",
    "command",
    "entity",
    "entity_id",
    "project_id",
    "action",
    "fields",
    "item_count",
    "items_digest",
    "previous_hash",
    "hash",
];

fn cells(record: &Record) -> [String; 14] {
    let text = |text: &str| cell(text).into_owned();
    let optional = |part: Option<String>| part.unwrap_or_default();
    [
        record.seq.to_string(),
        time(record),
        text(&record.actor),
        text(&record.host),
        text(&record.command),
        text(&record.entity),
        optional(record.entity_id.map(|id| id.to_string())),
        optional(record.project_id.map(|id| id.to_string())),
        text(&record.action),
        audit::canonical_fields(record),
        optional(record.item_count.map(|count| count.to_string())),
        optional(record.items_digest.map(|digest| digest.to_string())),
        record.previous_hash.to_string(),
        record.hash.to_string(),
    ]
}

fn csv(rows: impl Iterator<Item = [String; 14]>) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).map_err(unwritable)?;
    }
    writer.into_inner().map_err(unwritable)
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Internal, "an entry of the audit log cannot be written").with_source(error)
}
