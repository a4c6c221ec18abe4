//! What a line says, checked as far as the file alone allows.

use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::columns::{Columns, Field};
use crate::error::Error;
use crate::model::consent::{self, BIOMETRIC, Evidence};
use crate::model::digest::Sha256;
use crate::model::text::{count, printable};
use crate::model::time;
use crate::workflows::consent::{evidence_of_file, evidence_of_words};
use crate::workflows::roster::{RawRow, cell, time_of, whole_cell};
use crate::workflows::setup::check;

/// A consent as a line tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub who: Who,
    pub kind: String,
    pub version: String,
    pub given_at: DateTime<Utc>,
    /// It was given, and ended.
    pub revoked_at: Option<DateTime<Utc>>,
    /// None of one that was ended: it is not going to be stored.
    pub proof: Option<Proof>,
}

/// Whom a line names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Who {
    pub email: Option<String>,
    /// Beside an email: it has to be of the same user.
    pub id: Option<Uuid>,
}

/// What proves it. A file is read when its turn comes: all of them would not fit into memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Proof {
    Words(Evidence),
    File { path: PathBuf, sha256: Sha256 },
}

/// Why a line is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// A word of a closed list.
    pub reason: &'static str,
    pub message: String,
}

impl Fault {
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    fn of(reason: &'static str, error: &Error) -> Self {
        let causes = error.causes().into_iter().filter(|cause| !error.message().contains(cause.as_str()));
        Self::new(reason, std::iter::once(error.message().to_owned()).chain(causes).collect::<Vec<_>>().join(": "))
    }
}

/// Reads the lines of one file.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub columns: &'a Columns,
    /// Where the files of the evidence are looked for.
    pub folder: &'a Path,
    pub now: DateTime<Utc>,
}

impl Reader<'_> {
    /// # Errors
    /// The first thing that can not be stored.
    pub fn read(&self, row: &RawRow) -> Result<Line, Fault> {
        let width = self.columns.width;
        if row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            let (cells, width) = (count(row.cells.len() as u64, "cell"), count(width as u64, "column"));
            let message =
                format!("the line has {cells}, the header {width}: a value with a comma needs quotation marks");
            return Err(Fault::new("too_many_cells", message));
        }
        let who = self.who(row)?;
        let bad = |error: Error| Fault::of("bad_value", &error);
        let kind = match self.text(row, Field::Kind)? {
            "" => BIOMETRIC.to_owned(),
            kind => consent::kind(kind).map_err(bad)?,
        };
        let version = consent::version(self.text(row, Field::Version)?).map_err(bad)?;
        let given_at = self
            .time(row, Field::GivenAt)?
            .ok_or_else(|| Fault::new("bad_time", "it is not said when the consent was given"))?;
        let revoked_at = self.time(row, Field::RevokedAt)?;
        if revoked_at.is_some_and(|revoked| revoked < given_at) {
            return Err(Fault::new("bad_time", "the consent was revoked before it was given"));
        }
        let proof = if revoked_at.is_some() { None } else { Some(self.proof(row)?) };
        Ok(Line { who, kind, version, given_at, revoked_at, proof })
    }

    fn text<'a>(&self, row: &'a RawRow, field: Field) -> Result<&'a str, Fault> {
        let text = cell(self.columns.cell(&row.cells, field));
        let what = format!("the {}", field.as_str().replace('_', " "));
        whole_cell(text, &what).map_err(|message| Fault::new("bad_value", message))?;
        Ok(text)
    }

    /// By the email, else by the id, else by either of them in the column of the user, which beside another column may
    /// hold the name.
    fn who(&self, row: &RawRow) -> Result<Who, Fault> {
        let [email, id, user] =
            [self.text(row, Field::Email)?, self.text(row, Field::UserId)?, self.text(row, Field::User)?];
        let id = match id {
            "" => None,
            id => {
                let parsed = Uuid::parse_str(id).ok();
                Some(parsed.ok_or_else(|| Fault::new("bad_user", "the user id is no id"))?)
            }
        };
        let email_of = |text| check::email(text).map(Some).map_err(|error| Fault::of("bad_user", &error));
        match (email, id, user) {
            ("", None, "") => Err(Fault::new("no_user", "it is not said whose consent it is")),
            ("", None, user) => match Uuid::parse_str(user) {
                Ok(id) => Ok(Who { email: None, id: Some(id) }),
                Err(_) if user.contains('@') => Ok(Who { email: email_of(user)?, id: None }),
                Err(_) => Err(Fault::new("bad_user", "the user is neither an email nor a whole id")),
            },
            ("", id, _) => Ok(Who { email: None, id }),
            (email, id, _) => Ok(Who { email: email_of(email)?, id }),
        }
    }

    fn time(&self, row: &RawRow, field: Field) -> Result<Option<DateTime<Utc>>, Fault> {
        let text = self.text(row, field)?;
        if text.is_empty() {
            return Ok(None);
        }
        let what = field.as_str();
        let time = time_of(text, Tz::UTC, self.now);
        let time = time.map_err(|message| Fault::new("bad_time", format!("{what}: {message}")))?;
        if time > self.now {
            let message = format!("{what}: {} lies ahead; without an offset it is in UTC", time::rfc3339(time));
            return Err(Fault::new("bad_time", message));
        }
        Ok(Some(time))
    }

    fn proof(&self, row: &RawRow) -> Result<Proof, Fault> {
        let bad = |error: Error| Fault::of("bad_evidence", &error);
        match (self.text(row, Field::Evidence)?, self.text(row, Field::EvidenceFile)?) {
            ("", "") => Err(Fault::new("no_evidence", "it is not said what proves the consent")),
            (words, "") => evidence_of_words(words).map(Proof::Words).map_err(bad),
            ("", file) => {
                let path = self.below(file)?;
                let evidence = evidence_of_file(&path).map_err(bad)?;
                Ok(Proof::File { path, sha256: evidence.note().sha256 })
            }
            _ => Err(Fault::new("bad_evidence", "evidence and evidence_file are both filled: one proves it")),
        }
    }

    /// A file below the folder: who writes the table is not to choose any file of this computer as a proof.
    fn below(&self, file: &str) -> Result<PathBuf, Fault> {
        let path = Path::new(file);
        if path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Ok(self.folder.join(path));
        }
        let message = format!("the evidence file {} does not lie below the folder of the table", printable(file));
        Err(Fault::new("bad_evidence", message))
    }
}
