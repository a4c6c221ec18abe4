//! What is written beside the database: the rejected rows as a file to be mended, and a JSON line a row.

use std::fs::{File, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::RawRow;
use super::columns::{Columns, LINE, REASON};
use super::settle::Settled;
use crate::error::{Error, Result};
use crate::model::spreadsheet;

/// A file that is seen under its name only when it is whole.
pub(super) struct Whole {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

impl Whole {
    /// # Errors
    /// When nothing can be written there.
    pub fn new(path: &Path) -> Result<Self> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Temporary files are for their owner only by default; this one is an ordinary file, as the umask says.
        let mode = Permissions::from_mode(0o666);
        let file = tempfile::Builder::new().prefix(".photoctl-").permissions(mode).tempfile_in(folder);
        let file = file.map_err(|error| Error::io("write", path, error))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file) })
    }

    /// # Errors
    /// When the disk does not take it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| Error::io("write", &self.path, error))
    }

    /// Puts it in its place; with `replace`, of a file that is there.
    ///
    /// # Errors
    /// When the disk does not take it, or there is one that must stay.
    pub fn finish(self, replace: bool) -> Result<()> {
        let Self { path, file } = self;
        let unwritable = |error| Error::io("write", &path, error);
        let file = file.into_inner().map_err(|error| unwritable(error.into_error()))?;
        file.as_file().sync_all().map_err(unwritable)?;
        let placed = if replace { file.persist(&path) } else { file.persist_noclobber(&path) };
        placed.map(|_: File| ()).map_err(|error| unwritable(error.error))
    }
}

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

/// The files that a run was asked for. They are written whatever comes of the rows, and begun anew with each attempt.
pub(super) struct Lines {
    rejects: Option<Whole>,
    report: Option<Whole>,
}

impl Lines {
    /// # Errors
    /// When one can not be written.
    pub fn begin(rejects: Option<&Path>, report: Option<&Path>, columns: &Columns) -> Result<Self> {
        let mut lines =
            Self { rejects: rejects.map(Whole::new).transpose()?, report: report.map(Whole::new).transpose()? };
        if let Some(file) = &mut lines.rejects {
            let own = columns.own().map(|place| columns.headers[place].as_str());
            file.write(&csv_line([LINE, REASON].into_iter().chain(own)))?;
        }
        Ok(lines)
    }

    /// # Errors
    /// When the disk does not take it.
    pub fn add(&mut self, columns: &Columns, row: &RawRow, settled: &Settled, dry_run: bool) -> Result<()> {
        if let (Some(file), Some(fault)) = (&mut self.rejects, &settled.fault) {
            let line = row.line.to_string();
            // Behind the last column may be more: what made the row one to reject.
            let more = columns.headers.len()..row.cells.len();
            let cells = columns.own().chain(more).map(|place| row.cells.get(place).map_or("", String::as_str));
            let cells = [line.as_str(), &fault.message].into_iter().chain(cells.map(spreadsheet::read));
            file.write(&csv_line(cells))?;
        }
        if let Some(file) = &mut self.report {
            file.write(format!("{}\n", detail(row.line, settled, dry_run)).as_bytes())?;
        }
        Ok(())
    }

    /// # Errors
    /// When the disk does not take it.
    pub fn finish(self) -> Result<()> {
        for file in [self.rejects, self.report].into_iter().flatten() {
            file.finish(true)?;
        }
        Ok(())
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
