//! What is written beside the database: the rejected rows as a file to be mended, and a JSON line a row.

use std::path::Path;

use serde_json::{Value, json};

use super::RawRow;
use super::columns::{Columns, LINE, REASON};
use super::settle::Settled;
use crate::error::Result;
use crate::model::spreadsheet;
use crate::workflows::whole::WholeFile;

/// Lines of CSV (RFC 4180) of which no cell is a formula.
///
/// # Errors
/// None: memory takes all.
pub(super) fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(Vec::with_capacity(128));
    for cell in cells {
        let _memory_takes_it = writer.write_field(spreadsheet::cell(cell).as_bytes());
    }
    let _memory_takes_it = writer.write_record(None::<&[u8]>);
    writer.into_inner().unwrap_or_default()
}

/// The files that a run was asked for. They are begun anew with each attempt, so that one that can not be written is
/// known before anybody is created.
pub(super) struct Lines {
    rejects: Option<Rejects>,
    report: Option<WholeFile>,
}

impl Lines {
    /// # Errors
    /// When one can not be written.
    pub fn begin(rejects: Option<&Path>, report: Option<&Path>, columns: &Columns) -> Result<Self> {
        Ok(Self {
            rejects: rejects.map(|path| Rejects::begin(path, columns)).transpose()?,
            report: report.map(WholeFile::new).transpose()?,
        })
    }

    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, columns: &Columns, row: &RawRow, settled: &Settled, dry_run: bool) -> Result<()> {
        if let (Some(rejects), Some(fault)) = (&mut self.rejects, &settled.fault) {
            let line = row.line.to_string();
            // Behind the last column may be more: what made the row one to reject.
            let more = columns.headers.len()..row.cells.len();
            let cells = columns.own().chain(more).map(|place| row.cells.get(place).map_or("", String::as_str));
            let cells = [line.as_str(), &fault.message].into_iter().chain(cells.map(spreadsheet::read));
            rejects.add(&csv_line(cells))?;
        }
        if let Some(file) = &mut self.report {
            file.write(format!("{}\n", detail(row.line, settled, dry_run)).as_bytes())?;
        }
        Ok(())
    }

    /// # Errors
    /// When the disk does not take it.
    pub fn finish(self) -> Result<()> {
        if let Some(rejects) = self.rejects {
            rejects.finish()?;
        }
        self.report.map_or(Ok(()), |file| file.finish(true))
    }
}

/// The file of rejected rows. Where none is rejected nothing is written: an older list, which somebody may be mending,
/// stays what it is.
struct Rejects {
    file: WholeFile,
    /// The first line, until it is written.
    header: Option<Vec<u8>>,
}

impl Rejects {
    fn begin(path: &Path, columns: &Columns) -> Result<Self> {
        let own = columns.own().map(|place| columns.headers[place].as_str());
        let header = Some(csv_line([LINE, REASON].into_iter().chain(own)));
        Ok(Self { file: WholeFile::new(path)?, header })
    }

    fn add(&mut self, line: &[u8]) -> Result<()> {
        if let Some(header) = self.header.take() {
            self.file.write(&header)?;
        }
        self.file.write(line)
    }

    fn finish(self) -> Result<()> {
        if self.header.is_none() { self.file.finish(true) } else { Ok(()) }
    }
}

/// What became of a row, for programs. Names and emails are in the file that was read.
pub(super) fn detail(line: u64, settled: &Settled, dry_run: bool) -> Value {
    let fault = settled.fault.as_ref();
    json!({
        "line": line,
        "user_id": settled.user.map(|id| id.to_string()),
        "created": settled.created,
        "joined": settled.joined,
        "updated": settled.updated,
        "dry_run": dry_run,
        "reason": fault.map(|fault| fault.reason.as_str()),
        "message": fault.map(|fault| fault.message.as_str()),
    })
}
