//! Tables as text: values between commas, semicolons or tabs, in any encoding.

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use encoding_rs::{CoderResult, Decoder, Encoding};

use super::RawRow;
use super::source::{Cursor, bad};
use crate::error::{Error, Kind, Result};

/// What a row may hold at most, in bytes: an open quotation mark would make one row of all that follows.
const ROW_MOST: usize = 32 * 1024 * 1024;

/// Stands behind the last row. Where it is not read as a row of its own, a quotation mark is open.
const END: &str = "\u{1}end of the roster";

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Gives each row to `on_row`, the header first, until it answers `false`.
///
/// # Errors
/// When a quotation mark is left open, or reading fails.
pub(super) fn rows(
    file: Cursor,
    encoding: &'static Encoding,
    delimiter: u8,
    on_row: &mut dyn FnMut(RawRow) -> bool,
) -> Result<()> {
    let left = Rc::new(Cell::new(ROW_MOST));
    let text = Text::new(file, encoding, Rc::clone(&left));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
    let mut record = csv::StringRecord::new();
    let (mut is_first, mut line) = (true, 1);
    loop {
        left.set(ROW_MOST);
        let more = reader.read_record(&mut record).map_err(|error| unreadable(error, left.get(), line))?;
        if !more {
            return Err(open_quote(line));
        }
        // Line ends are single here, and those within values were counted too: this is where the row began.
        let breaks = record.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        let behind = reader.position().line().saturating_sub(breaks);
        if record.iter().next_back().is_some_and(|cell| cell.len() > END.len() && cell.trim_end().ends_with(END)) {
            return Err(open_quote(behind));
        }
        line = behind.saturating_sub(1);
        if record.len() == 1 && &record[0] == END {
            return Ok(());
        }
        if std::mem::take(&mut is_first) && names_delimiter(&record) {
            is_first = false;
            continue;
        }
        let row = RawRow { line, cells: record.iter().map(str::to_owned).collect() };
        if !on_row(row) {
            return Ok(());
        }
    }
}

/// The character between values: the one by which most of the header is understood.
pub(super) fn delimiter(file: &Cursor, encoding: &'static Encoding, understood: &dyn Fn(&[String]) -> usize) -> u8 {
    let header = |delimiter| {
        let mut header = Vec::new();
        let read = rows(file.clone(), encoding, delimiter, &mut |row| {
            let is_blank = row.is_blank();
            header = row.cells;
            is_blank
        });
        read.map(|()| header).unwrap_or_default()
    };
    let rank = |delimiter: &u8| {
        let header = header(*delimiter);
        (understood(&header), header.len())
    };
    // The first of equals: `max_by_key` would answer the last.
    DELIMITERS.into_iter().rev().max_by_key(rank).unwrap_or(b',')
}

/// `sep=;`, which a spreadsheet puts above the header.
fn names_delimiter(record: &csv::StringRecord) -> bool {
    let named = record.get(0).and_then(|cell| cell.strip_prefix("sep="));
    named.is_some_and(|rest| rest.chars().count() <= 1) && record.iter().skip(1).all(str::is_empty)
}

fn open_quote(line: u64) -> Error {
    bad(format!("a quotation mark that is opened in line {line} or below is never closed"))
        .hint("write a quotation mark within a value twice, and the value between quotation marks")
}

fn unreadable(error: csv::Error, left: usize, line: u64) -> Error {
    if left == 0 {
        return open_quote(line + 1);
    }
    Error::new(Kind::Io, "reading the roster failed").with_source(error)
}

/// The text of the file: UTF-8 with single line feeds, and [`END`] behind it.
struct Text {
    file: Cursor,
    decoder: Decoder,
    raw: Vec<u8>,
    ready: Vec<u8>,
    at: usize,
    after_return: bool,
    ended: bool,
    left: Rc<Cell<usize>>,
}

impl Text {
    fn new(file: Cursor, encoding: &'static Encoding, left: Rc<Cell<usize>>) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self {
            file,
            decoder,
            raw: vec![0; 32 * 1024],
            ready: Vec::new(),
            at: 0,
            after_return: false,
            ended: false,
            left,
        }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        self.ready.clear();
        self.at = 0;
        if self.ended {
            return Ok(());
        }
        let length = self.file.read(&mut self.raw)?;
        self.ended = length == 0;
        let mut decoded = String::with_capacity(self.decoder.max_utf8_buffer_length(length).unwrap_or(length * 3 + 16));
        let (result, _, _) = self.decoder.decode_to_string(&self.raw[..length], &mut decoded, self.ended);
        debug_assert_eq!(result, CoderResult::InputEmpty, "the buffer is as long as it can get");
        for byte in decoded.bytes() {
            let was_return = std::mem::replace(&mut self.after_return, byte == b'\r');
            match byte {
                b'\r' => self.ready.push(b'\n'),
                b'\n' if was_return => {}
                byte => self.ready.push(byte),
            }
        }
        if self.ended {
            self.ready.push(b'\n');
            self.ready.extend_from_slice(END.as_bytes());
            self.ready.push(b'\n');
        }
        Ok(())
    }
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.at == self.ready.len() {
            if self.ended {
                return Ok(0);
            }
            self.fill()?;
        }
        let length = buffer.len().min(self.ready.len() - self.at);
        self.left.set(self.left.get().saturating_sub(length));
        if self.left.get() == 0 {
            return Err(std::io::Error::other("a row is too long"));
        }
        buffer[..length].copy_from_slice(&self.ready[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}
