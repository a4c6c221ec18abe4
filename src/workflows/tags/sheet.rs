//! Decisions from a file: each line is read and checked before the first is carried out.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Serialize;
use uuid::Uuid;

use super::decide::{Ruled, Ruling, rule};
use crate::config::Config;
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Author;
use crate::model::ids::{PhotoId, TagId, UserId};
use crate::model::spreadsheet;
use crate::model::status::{ReviewStatus, Verdict};
use crate::model::tag::Pair;
use crate::model::text::{count, quoted};
use crate::workflows::photos::job::ItemFailed;

/// Largest file: a million decisions.
const MOST_BYTES: u64 = 200_000_000;

/// Wrong lines that an error names.
const NAMED_MOST: usize = 20;

/// One line: whom it is about, and what was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    /// In the file, from 1.
    number: u64,
    tag: Option<TagId>,
    pair: Option<Pair>,
    verdict: Verdict,
    seen: Option<ReviewStatus>,
}

/// A sheet whose lines can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    lines: Vec<Line>,
    /// Lines that decide nothing: `skip`, or an empty field.
    pub skipped: u64,
}

impl Sheet {
    /// How many decisions it holds.
    #[must_use]
    pub fn decisions(&self) -> u64 {
        self.lines.len() as u64
    }
}

/// What came of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Settled {
    pub confirmed: u64,
    pub rejected: u64,
    pub reopened: u64,
    pub removed: u64,
    /// Decided so before.
    pub unchanged: u64,
    pub skipped: u64,
    /// Those in `items_failed`.
    pub refused: u64,
    pub items_failed: Vec<ItemFailed>,
}

/// Reads a sheet: a header with `decision` and `tag_id`, or `photo_id` and `user_id`, or all three, and perhaps `seen`;
/// other columns are left alone. Commas, semicolons or tabs stand between the values.
///
/// # Errors
/// [`Kind::BadFile`] naming the lines that cannot be read.
pub fn read(from: impl Read) -> Result<Sheet> {
    let mut bytes = Vec::new();
    let told = |error: std::io::Error| Error::new(Kind::Io, "the decisions cannot be read").with_source(error);
    from.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(bad("the file is too large").hint("split it"));
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter(text)).flexible(true).from_reader(text);
    let header = reader.headers().map_err(|error| bad("the file is no table of text").with_source(error))?.clone();
    let columns = Columns::of(&header)?;
    let (mut sheet, mut wrong) = (Sheet::default(), Vec::new());
    for record in reader.records() {
        let record = record.map_err(|error| bad("the file is no table of text").with_source(error))?;
        let number = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match columns.line(number, &record) {
            Ok(Some(line)) => sheet.lines.push(line),
            Ok(None) => sheet.skipped += 1,
            Err(said) => wrong.push(format!("line {number}: {said}")),
        }
    }
    if wrong.is_empty() { Ok(sheet) } else { Err(unreadable(&wrong)) }
}

fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Kind::BadFile, sentence)
}

fn unreadable(wrong: &[String]) -> Error {
    let error = bad(format!("{} cannot be carried out; nothing was decided", count(wrong.len() as u64, "line")));
    let error = wrong.iter().take(NAMED_MOST).fold(error, |error, line| error.detail(line.clone()));
    if wrong.len() > NAMED_MOST {
        return error.detail(format!("and {} more", wrong.len() - NAMED_MOST));
    }
    error
}

/// By what the header is taken apart the most.
fn delimiter(text: &[u8]) -> u8 {
    let header = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let times = |delimiter: &u8| header.iter().filter(|byte| *byte == delimiter).count();
    [b'\t', b';', b','].into_iter().max_by_key(times).unwrap_or(b',')
}

/// Which column is which.
struct Columns {
    tag: Option<usize>,
    pair: Option<(usize, usize)>,
    decision: usize,
    seen: Option<usize>,
}

impl Columns {
    fn of(header: &csv::StringRecord) -> Result<Self> {
        let column = |name: &str| header.iter().position(|cell| cell.trim().eq_ignore_ascii_case(name));
        let tag = column("tag_id").or_else(|| column("id"));
        let pair = column("photo_id").zip(column("user_id"));
        let wants = "the header names tag_id, or photo_id and user_id, and decision";
        let decision = column("decision").ok_or_else(|| bad("there is no column decision").hint(wants))?;
        if tag.is_none() && pair.is_none() {
            return Err(bad("it is not said which tags are decided").hint(wants));
        }
        Ok(Self { tag, pair, decision, seen: column("seen") })
    }

    /// `None`: nothing is decided.
    fn line(&self, number: u64, record: &csv::StringRecord) -> Result<Option<Line>, String> {
        let cell = |column: usize| spreadsheet::read(record.get(column).unwrap_or_default().trim());
        let id = |column: usize, what: &str| -> Result<Option<Uuid>, String> {
            match cell(column) {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|_| format!("{} is not the id of a {what}", quoted(text))),
            }
        };
        let verdict = match cell(self.decision).to_ascii_lowercase().as_str() {
            "" | "skip" | "skipped" => return Ok(None),
            "confirm" | "confirmed" | "yes" => Verdict::Confirmed,
            "reject" | "rejected" | "no" => Verdict::Rejected,
            "reopen" | "reopened" => Verdict::Reopened,
            "remove" | "removed" => Verdict::Removed,
            other => {
                return Err(format!("{} is no decision: confirm, reject, reopen, remove or skip", quoted(other)));
            }
        };
        let seen = match self.seen.map(cell).unwrap_or_default().to_ascii_lowercase().as_str() {
            "" => None,
            text => Some(text.parse().map_err(|_| format!("{} is no status of a tag", quoted(text)))?),
        };
        let tag = self.tag.map(|column| id(column, "tag")).transpose()?.flatten().map(TagId);
        let pair = match self.pair {
            Some((photo, user)) => id(photo, "photo")?.zip(id(user, "user")?),
            None => None,
        };
        let pair = pair.map(|(photo, user)| Pair { photo: PhotoId(photo), user: UserId(user) });
        if tag.is_none() && pair.is_none() {
            return Err("it names neither a tag nor a photo and a user".to_owned());
        }
        Ok(Some(Line { number, tag, pair, verdict, seen }))
    }
}

/// Carries the decisions of a sheet out, all in one transaction. What cannot be (a tag that somebody else decided since
/// the sheet was made, one that is gone, a user who revoked their consent) is refused and named; the rest is done.
///
/// # Errors
/// [`Kind::BadFile`] where two lines are about the same tag or a line contradicts itself, or what the database says;
/// nothing was decided then.
pub async fn settle(db: &Db, author: &Author, config: &Config, sheet: &Sheet, dry_run: bool) -> Result<Settled> {
    let mut settled = Settled { skipped: sheet.skipped, ..Settled::default() };
    let (rulings, gone) = resolved(db, sheet).await?;
    for line in &gone {
        settled.refuse(*line, &Error::new(Kind::NotFound, "there is no such tag"));
    }
    let all: Vec<Ruling> = rulings.iter().map(|(_, ruling)| *ruling).collect();
    let ruled = rule(db, author, config, &all, dry_run).await?;
    for ((number, ruling), ruled) in rulings.iter().zip(ruled) {
        settled.take(*number, ruling, &ruled);
    }
    settled.refused = settled.items_failed.len() as u64;
    Ok(settled)
}

/// The decisions by line, and the lines whose tag is not there.
async fn resolved(db: &Db, sheet: &Sheet) -> Result<(Vec<(u64, Ruling)>, Vec<u64>)> {
    let ids: Vec<TagId> = sheet.lines.iter().filter_map(|line| line.tag).collect();
    let pairs = db::tags::list::pairs_of(&mut *db.conn().await?, &ids).await?;
    let pairs: BTreeMap<TagId, Pair> = pairs.into_iter().collect();
    let (mut rulings, mut gone, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    let mut first: BTreeMap<Pair, u64> = BTreeMap::new();
    for line in &sheet.lines {
        let number = line.number;
        let found = line.tag.and_then(|tag| pairs.get(&tag)).copied();
        let pair = match (found, line.pair) {
            (Some(found), Some(said)) if found != said => {
                wrong.push(format!("line {number}: the tag is of another photo or user"));
                continue;
            }
            (Some(pair), _) | (None, Some(pair)) => pair,
            (None, None) => {
                gone.push(number);
                continue;
            }
        };
        if let Some(before) = first.insert(pair, number) {
            wrong.push(format!("line {number}: line {before} decides about the same photo and user"));
        }
        rulings.push((number, Ruling { pair, verdict: line.verdict, seen: line.seen, at: None, follows: false }));
    }
    if wrong.is_empty() { Ok((rulings, gone)) } else { Err(unreadable(&wrong)) }
}

impl Settled {
    fn take(&mut self, line: u64, ruling: &Ruling, ruled: &Ruled) {
        match (ruled, ruling.verdict) {
            (Ruled::Done { .. }, Verdict::Confirmed | Verdict::Added) => self.confirmed += 1,
            (Ruled::Done { .. }, Verdict::Rejected) => self.rejected += 1,
            (Ruled::Done { .. }, Verdict::Reopened) => self.reopened += 1,
            (Ruled::Done { .. }, Verdict::Removed | Verdict::Undone) => self.removed += 1,
            (Ruled::Unchanged, _) => self.unchanged += 1,
            (refused, _) => self.refuse(line, &refusal(refused)),
        }
    }

    fn refuse(&mut self, line: u64, error: &Error) {
        self.items_failed.push(ItemFailed::new(format!("line {line}"), error));
    }
}

/// Why a decision was not carried out, as an error with its code.
#[must_use]
pub fn refusal(ruled: &Ruled) -> Error {
    match ruled {
        Ruled::ChangedMeanwhile(state) => {
            let now = state.row.map_or("gone", |row| row.status.as_str());
            Error::new(Kind::Conflict, format!("it was decided elsewhere meanwhile: the tag is {now} now"))
        }
        Ruled::NoConsent => {
            Error::new(Kind::ConsentRequired, "the user has no consent that is enough for their face to be looked for")
                .hint("it can be rejected or removed; photoctl consent grant records a consent")
        }
        Ruled::Gone | Ruled::Done { .. } | Ruled::Unchanged => {
            Error::new(Kind::NotFound, "there is no such tag (any more)")
                .hint("photoctl tags add names somebody by hand")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "00000000-0000-4000-8000-00000000000a";
    const B: &str = "00000000-0000-4000-8000-00000000000b";

    #[test]
    fn sheets_are_read_in_the_usual_forms() {
        let sheet = format!("tag_id,photo_id,user_id,decision,seen\n{A},{A},{B},confirm,pending\n,{A},{B},skip,\n\n");
        let read_one = read(sheet.as_bytes()).expect("a sheet");
        assert_eq!((read_one.decisions(), read_one.skipped), (1, 1));
        assert_eq!(read_one.lines[0].seen, Some(ReviewStatus::Pending));
        let sheet = format!("\u{feff}Photo_ID;note;USER_ID;Decision\r\n{A};x;{B};REJECTED\r\n");
        let read_one = read(sheet.as_bytes()).expect("a sheet");
        assert_eq!((read_one.lines[0].verdict, read_one.lines[0].tag), (Verdict::Rejected, None));
    }

    #[test]
    fn a_sheet_with_a_slip_is_refused_as_a_whole() {
        let sheet =
            format!("tag_id,decision,seen\n{A},maybe,\n{A},confirm,open\nx,confirm,\n,confirm,\n{A},confirm,\n");
        let error = read(sheet.as_bytes()).expect_err("slips");
        assert_eq!((error.kind(), error.details().len()), (Kind::BadFile, 4));
        assert!(error.details()[0].starts_with("line 2: \"maybe\""), "{:?}", error.details());
        for bad in ["", "tag_id\n", "decision\n", "photo_id,decision\n"] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
