//! Whether a row says what can be stored.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SubsecRound, Utc};
use chrono_tz::Tz;

use super::RawRow;
use super::columns::{Columns, Field};
use crate::error::{Error, Result};
use crate::model::spreadsheet;
use crate::model::text::count;
use crate::model::time::{self, Edge};
use crate::workflows::setup::check;

/// What a row says, checked. What is `None` was not said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub email: String,
    pub name: Option<String>,
    pub address: Option<String>,
    pub billing_address: Option<String>,
    pub terms_accepted_at: Option<DateTime<Utc>>,
}

/// Why a row is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    NoEmail,
    BadEmail,
    /// A user who is new has no name.
    NoName,
    BadValue,
    BadTime,
    /// More cells than the header has.
    TooManyCells,
    /// In the file again, and not the same.
    Twice,
    /// The user was deleted.
    Deleted,
    /// Somebody else changes the same user at the moment.
    Changed,
}

impl Reason {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::NoEmail => "no_email",
            Reason::BadEmail => "bad_email",
            Reason::NoName => "no_name",
            Reason::BadValue => "bad_value",
            Reason::BadTime => "bad_time",
            Reason::TooManyCells => "too_many_cells",
            Reason::Twice => "twice",
            Reason::Deleted => "deleted",
            Reason::Changed => "changed",
        }
    }
}

/// Why a row is not taken, for people too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub reason: Reason,
    pub message: String,
}

impl Fault {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }

    fn of(reason: Reason, error: &Error) -> Self {
        Self::new(reason, error.message())
    }
}

/// Reads rows of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub columns: &'a Columns,
    /// The project's: times without an offset are in it.
    pub zone: Tz,
    pub now: DateTime<Utc>,
}

impl Reader<'_> {
    /// # Errors
    /// The first thing that can not be stored.
    pub fn read(&self, row: &RawRow) -> Result<Row, Fault> {
        let width = self.columns.headers.len();
        if row.cells.iter().skip(width).any(|cell| !cell.trim().is_empty()) {
            let (cells, width) = (count(row.cells.len() as u64, "cell"), count(width as u64, "column"));
            let message =
                format!("the row has {cells}, the header {width}: a value with a comma needs quotation marks");
            return Err(Fault::new(Reason::TooManyCells, message));
        }
        let email = self.text(row, Field::Email);
        if email.is_empty() {
            return Err(Fault::new(Reason::NoEmail, "the email is missing"));
        }
        let email = check::email(email).map_err(|error| Fault::of(Reason::BadEmail, &error))?;
        self.whole(row)?;
        let bad = |error: Error| Fault::of(Reason::BadValue, &error);
        let name = Some(self.name(row)).filter(|name| !name.is_empty());
        let text = |field, what| {
            let text = self.text(row, field);
            (!text.is_empty()).then(|| check::text(text, what)).transpose().map_err(bad)
        };
        Ok(Row {
            email,
            name: name.map(|name| check::name(&name, "the name")).transpose().map_err(bad)?,
            address: text(Field::Address, "the address")?,
            billing_address: text(Field::BillingAddress, "the billing address")?,
            terms_accepted_at: self.accepted(self.text(row, Field::TermsAcceptedAt))?,
        })
    }

    /// As [`cell`].
    fn text<'a>(&self, row: &'a RawRow, field: Field) -> &'a str {
        cell(self.columns.cell(&row.cells, field))
    }

    /// The whole name, else first and last. Beside a column of first names a column "Name" holds last names, and the
    /// other way round.
    fn name(&self, row: &RawRow) -> String {
        let [whole, first, last] = [Field::Name, Field::FirstName, Field::LastName].map(|field| self.text(row, field));
        let holds = |part: &str| !part.is_empty() && whole.split_whitespace().any(|word| word == part);
        let pair = match (self.columns.has(Field::FirstName), self.columns.has(Field::LastName)) {
            _ if holds(first) || holds(last) => [whole, ""],
            (true, false) => [first, whole],
            (false, true) => [whole, last],
            _ if whole.is_empty() => [first, last],
            _ => [whole, ""],
        };
        pair.join(" ").trim().to_owned()
    }

    /// Refuses what a spreadsheet or a wrong encoding has made of a value.
    fn whole(&self, row: &RawRow) -> Result<(), Fault> {
        for field in Field::ALL {
            let what = format!("the {}", field.as_str().replace('_', " "));
            whole_cell(self.text(row, field), &what).map_err(|message| Fault::new(Reason::BadValue, message))?;
        }
        Ok(())
    }

    fn accepted(&self, text: &str) -> Result<Option<DateTime<Utc>>, Fault> {
        if text.is_empty() {
            return Ok(None);
        }
        let what = "when the terms were accepted";
        let time = time_of(text, self.zone, self.now)
            .map_err(|message| Fault::new(Reason::BadTime, format!("{what}: {message}")))?;
        if time > self.now + chrono::Duration::days(1) {
            return Err(Fault::new(Reason::BadTime, format!("{what}: {} is still to come", time::rfc3339(time))));
        }
        Ok(Some(time))
    }
}

/// What a cell holds, without white space and invisible characters around it.
pub(in crate::workflows) fn cell(text: &str) -> &str {
    spreadsheet::read(text)
        .trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'))
}

/// Refuses what a spreadsheet or a wrong encoding has made of a value.
///
/// # Errors
/// The sentence that says so.
pub(in crate::workflows) fn whole_cell(text: &str, what: &str) -> Result<(), String> {
    if text.contains('\u{fffd}') {
        return Err(format!("{what} holds a character that could not be read: is the encoding another?"));
    }
    if SHEET_ERRORS.contains(&text) {
        return Err(format!("{what} is {text}, an error of the spreadsheet"));
    }
    Ok(())
}

/// A time as it stands in a cell, in the microseconds that columns hold. Spans back from now are none: they would be
/// another time at each run.
///
/// # Errors
/// The sentence that says what is wrong, and how to write it.
pub(in crate::workflows) fn time_of(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let is_date = text.len() >= 10 && text.as_bytes()[4] == b'-';
    let read = match dotted(text) {
        Some(time) => time::local(time, zone),
        None if is_date => time::parse(text, zone, Edge::Start, now),
        None => Err(Error::invalid(format!("{} is not a time", super::columns::short(text)))),
    };
    let form = "write 2026-06-01 14:00, 01.06.2026 14:00 or 2026-06-01T14:00+02:00";
    read.map(|time| time.trunc_subsecs(6)).map_err(|error| format!("{} ({form})", error.message()))
}

/// What spreadsheets show in place of a value.
const SHEET_ERRORS: [&str; 9] = ["#N/A", "#NV", "#REF!", "#VALUE!", "#WERT!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!"];

/// `01.06.2026 14:00`, which is read the same wherever it is written. Dates with slashes are not.
fn dotted(text: &str) -> Option<NaiveDateTime> {
    let times = ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M:%S", "%d.%m.%Y, %H:%M"];
    let time = times.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    time.or_else(|| NaiveDate::parse_from_str(text, "%d.%m.%Y").ok().map(|date| date.and_time(chrono::NaiveTime::MIN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[&str], cells: &[&str]) -> Result<Row, Fault> {
        let strings = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
        let columns = Columns::resolve(strings(headers), &[]).expect("columns");
        let now = DateTime::parse_from_rfc3339("2026-07-01T00:00:00Z").expect("time").with_timezone(&Utc);
        let reader = Reader { columns: &columns, zone: Tz::Europe__Berlin, now };
        reader.read(&RawRow { line: 2, cells: strings(cells) })
    }

    fn accepted(text: &str) -> Result<String, Reason> {
        let row = read(&["email", "terms accepted at"], &["a@b.org", text]).map_err(|fault| fault.reason)?;
        Ok(row.terms_accepted_at.map(time::rfc3339).unwrap_or_default())
    }

    #[test]
    fn names_are_put_together() {
        let name = |headers: &[&str], cells: &[&str]| read(headers, cells).expect("a row").name.unwrap_or_default();
        assert_eq!(name(&["email", "Vorname", "Name"], &["a@b.org", "Zoë", "Voß"]), "Zoë Voß");
        assert_eq!(name(&["email", "Nome", "Cognome"], &["a@b.org", "Ada", "Riva"]), "Ada Riva");
        assert_eq!(name(&["email", "First name", "Last name"], &["a@b.org", " Al ", ""]), "Al");
        assert_eq!(name(&["email", "Name", "First name", "Last name"], &["a@b.org", "", "A", "B"]), "A B");
        assert_eq!(name(&["email", "Name", "First name", "Last name"], &["a@b.org", "C", "A", "B"]), "C");
        assert_eq!(name(&["email", "Full name", "First name"], &["a@b.org", "Zoë Voß", "Zoë"]), "Zoë Voß");
        assert_eq!(name(&["Mail"], &["\u{feff}a@b.org\u{a0}"]), "");
    }

    #[test]
    fn times_are_those_of_the_project() {
        assert_eq!(accepted("2026-06-01 14:00").expect("time"), "2026-06-01T12:00:00Z");
        assert_eq!(accepted("01.06.2026 14:00").expect("time"), "2026-06-01T12:00:00Z");
        assert_eq!(accepted("2026-06-01T14:00:00.1234567+00:00").expect("time"), "2026-06-01T14:00:00.123456Z");
        assert_eq!(accepted("").expect("nothing"), "");
        for bad in ["yes", "6/1/2026", "3d", "2027-01-01", "2026-03-29 02:30", "2026-02-30"] {
            assert_eq!(accepted(bad), Err(Reason::BadTime), "{bad}");
        }
    }

    #[test]
    fn rows_that_can_not_be_stored_say_why() {
        let long = "x".repeat(1_000_000);
        let headers = ["email", "name", "address"];
        for (cells, reason) in [
            (["", "A", ""], Reason::NoEmail),
            (["nobody", "A", ""], Reason::BadEmail),
            ([&long, "A", ""], Reason::BadEmail),
            (["a@b.org", &long, ""], Reason::BadValue),
            (["a@b.org", "a\0b", ""], Reason::BadValue),
            (["a@b.org", "a\u{1b}[2Jb", ""], Reason::BadValue),
            (["a@b.org", "A", "b\0"], Reason::BadValue),
            (["a@b.org", "A", &long], Reason::BadValue),
            (["a@b.org", "#N/A", ""], Reason::BadValue),
            (["a@b.org", "Zo\u{fffd}", ""], Reason::BadValue),
        ] {
            let fault = read(&headers, &cells).expect_err("refused");
            assert_eq!(fault.reason, reason);
            assert!(fault.message.len() < 300, "{}", fault.message.len());
        }
        let fault = read(&headers, &["a@b.org", "A", "Ufer 1", "Hamburg"]).expect_err("refused");
        assert_eq!(fault.reason, Reason::TooManyCells);
        assert!(read(&headers, &["a@b.org", "A", "Ufer 1", ""]).is_ok());
    }
}
