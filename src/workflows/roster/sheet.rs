//! Tables in workbooks (.xlsx).

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};

use super::RawRow;
use super::columns::COLUMNS_MOST;
use super::source::{Cursor, bad};
use crate::error::{Error, Result};
use crate::model::text::{printable, size};

/// What a workbook may unpack to at most, in bytes: a million guests take a tenth of it.
const UNPACKED_MOST: u64 = 1024 * 1024 * 1024;

/// The sheet of that name; without one the first that can be seen.
///
/// # Errors
/// When it is no workbook, or has no such sheet.
pub(super) fn choose(file: Cursor, named: Option<&str>) -> Result<String> {
    let workbook = open(file)?;
    let sheets = workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    let mut sheets = sheets.filter(|sheet| named.is_some() || sheet.visible == SheetVisible::Visible);
    let chosen = match named {
        Some(named) => sheets.find(|sheet| sheet.name == named),
        None => sheets.next(),
    };
    if let Some(sheet) = chosen {
        return Ok(sheet.name.clone());
    }
    let names: Vec<_> = workbook.sheet_names().iter().map(|name| format!("{:?}", printable(name))).collect();
    let error = match named {
        Some(named) => Error::usage(format!("the workbook has no sheet {:?}", printable(named))),
        None => bad("the workbook has no sheet that can be seen"),
    };
    Err(error.hint(format!("its sheets are {}", names.join(", "))))
}

/// Gives each row that holds anything to `on_row`, until it answers `false`.
///
/// # Errors
/// When the workbook is damaged.
pub(super) fn rows(file: Cursor, sheet: &str, on_row: &mut dyn FnMut(RawRow) -> bool) -> Result<()> {
    let mut workbook = open(file)?;
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(damaged)?;
    let mut row = RawRow { line: 0, cells: Vec::new() };
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (number, column) = cell.get_position();
        let line = u64::from(number) + 1;
        if line != row.line && !finish(std::mem::replace(&mut row, RawRow { line, cells: Vec::new() }), on_row) {
            return Ok(());
        }
        let text = shown(cell.get_value());
        let column = column as usize;
        // What stands further to the right is of no roster.
        if column < COLUMNS_MOST && !text.is_empty() {
            if row.cells.len() <= column {
                row.cells.resize(column + 1, String::new());
            }
            row.cells[column] = text;
        }
    }
    finish(row, on_row);
    Ok(())
}

fn finish(row: RawRow, on_row: &mut dyn FnMut(RawRow) -> bool) -> bool {
    row.cells.is_empty() || on_row(row)
}

fn open(file: Cursor) -> Result<Xlsx<Cursor>> {
    let mut archive = zip::ZipArchive::new(file.clone()).map_err(damaged)?;
    let mut unpacked: u64 = 0;
    for index in 0..archive.len() {
        unpacked = unpacked.saturating_add(archive.by_index_raw(index).map_err(damaged)?.size());
    }
    if unpacked > UNPACKED_MOST {
        return Err(bad(format!("the workbook unpacks to {}: that is no roster", size(unpacked)))
            .hint("save the sheet with the guests as CSV"));
    }
    Xlsx::new(file).map_err(damaged)
}

fn damaged(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    bad("this is no workbook (.xlsx), or a damaged one")
        .hint("open and save it again, or save it as CSV")
        .with_source(error)
}

/// What a person sees in the cell, times in a form without doubt.
fn shown(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.replace("\r\n", "\n"),
        DataRef::SharedString(text) => text.replace("\r\n", "\n"),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::Error(error) => error.to_string(),
        DataRef::DateTime(time) => match time.as_datetime() {
            Some(time) if time.time() == chrono::NaiveTime::MIN => time.format("%Y-%m-%d").to_string(),
            Some(time) => time.format("%Y-%m-%d %H:%M:%S%.f").to_string(),
            None => time.as_f64().to_string(),
        },
    }
}
