//! The file of a roster: copied to a place of its own, told what it is, and read as often as needed.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::columns::{self, Columns, Mapping};
use super::{RawRow, sheet, text};
use crate::error::{Error, Kind, Result};
use crate::model::digest::{Sha256, Sha256Hasher};
use crate::model::text::printable;

/// What of the beginning is looked at to tell the encoding, in bytes.
const SAMPLE: usize = 4096;

/// What a person says about the file because it can not be told.
#[derive(Debug, Clone, Default)]
pub struct RosterOptions {
    pub mappings: Vec<Mapping>,
    /// The label of an encoding (WHATWG Encoding Standard): `windows-1250`.
    pub encoding: Option<String>,
    /// The name of a sheet.
    pub sheet: Option<String>,
}

/// A roster whose columns are known. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Roster {
    table: Table,
    pub(super) columns: Arc<Columns>,
}

/// A table whose first row names its columns, whatever it is of. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::workflows) struct Table {
    file: Arc<File>,
    form: Form,
    pub header: Arc<Vec<String>>,
    pub sha256: Sha256,
}

#[derive(Debug, Clone)]
enum Form {
    Text { encoding: &'static Encoding, delimiter: u8 },
    Workbook { sheet: String },
}

impl Roster {
    /// Reads the header of a file; `None` is stdin. Blocks.
    ///
    /// # Errors
    /// When it can not be read, is no table, or has no column for emails.
    pub fn open(path: Option<&Path>, options: &RosterOptions) -> Result<Self> {
        let RosterOptions { mappings, encoding, sheet } = options;
        let understood = |header: &[String]| columns::understood(header, mappings);
        let table = Table::open(path, encoding.as_deref(), sheet.as_deref(), &understood)?;
        let columns = Arc::new(Columns::resolve(table.header.to_vec(), mappings)?);
        Ok(Self { table, columns })
    }

    /// Columns that nobody knows, in the order of the file: they are left alone.
    #[must_use]
    pub fn unknown_columns(&self) -> &[String] {
        &self.columns.unknown
    }

    pub(super) fn sha256(&self) -> Sha256 {
        self.table.sha256
    }

    /// As [`Table::rows`].
    ///
    /// # Errors
    /// As [`Table::rows`].
    pub(super) fn rows(&self, on_row: &mut dyn FnMut(RawRow) -> bool) -> Result<()> {
        self.table.rows(on_row)
    }
}

impl Table {
    /// Reads the header of a file; `None` is stdin. `understood` tells how many columns of a header mean something,
    /// by which the character between values is found. Blocks.
    ///
    /// # Errors
    /// When it can not be read, or is no table.
    pub fn open(
        path: Option<&Path>,
        named_encoding: Option<&str>,
        named_sheet: Option<&str>,
        understood: &dyn Fn(&[String]) -> usize,
    ) -> Result<Self> {
        let copy = match path {
            Some(path) => {
                let unreadable = |error| Error::io("read", path, error);
                let file = File::open(path).map_err(unreadable)?;
                if file.metadata().map_err(unreadable)?.is_dir() {
                    return Err(Error::invalid(format!("{} is a folder", crate::model::text::path(path)))
                        .hint("name the file itself"));
                }
                Copy::of(file, path)?
            }
            None => Copy::of(std::io::stdin().lock(), Path::new("stdin"))?,
        };
        let Copy { file, sample, sha256, is_utf8 } = copy;
        let file = Arc::new(file);
        let form = form(&sample, is_utf8, &file, named_encoding, named_sheet, understood)?;
        let mut table = Self { file, form, header: Arc::default(), sha256 };
        let mut header = None;
        table.read_all(&mut |row| {
            header = Some(row.cells);
            false
        })?;
        table.header =
            Arc::new(header.ok_or_else(|| bad("the file is empty").hint("its first row names the columns"))?);
        Ok(table)
    }

    /// Gives each row below the header to `on_row`, until it answers `false`. Blocks.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn rows(&self, on_row: &mut dyn FnMut(RawRow) -> bool) -> Result<()> {
        let mut is_header = true;
        self.read_all(&mut |row| std::mem::take(&mut is_header) || on_row(row))
    }

    fn read_all(&self, on_row: &mut dyn FnMut(RawRow) -> bool) -> Result<()> {
        let mut on_row = |row: RawRow| row.is_blank() || on_row(row);
        let file = Cursor::new(&self.file);
        match &self.form {
            Form::Text { encoding, delimiter } => text::rows(file, encoding, *delimiter, &mut on_row),
            Form::Workbook { sheet } => sheet::rows(file, sheet, &mut on_row),
        }
    }
}

/// What a file is, by how it begins.
fn form(
    sample: &[u8],
    is_utf8: bool,
    file: &Arc<File>,
    named_encoding: Option<&str>,
    named_sheet: Option<&str>,
    understood: &dyn Fn(&[String]) -> usize,
) -> Result<Form> {
    match sample {
        [b'P', b'K', 3, 4, ..] => {
            if named_encoding.is_some() {
                return Err(Error::usage("--encoding is for text files, and this is a workbook (.xlsx)")
                    .hint("leave --encoding out: a workbook says itself how it is written"));
            }
            Ok(Form::Workbook { sheet: sheet::choose(Cursor::new(file), named_sheet)? })
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Err(bad("this is an old workbook (.xls), or one with a password")
            .hint("save it as .xlsx without a password, or as CSV")),
        [b'%', b'P', b'D', b'F', ..] => Err(bad("this is a PDF").hint("save the table as .xlsx or CSV")),
        sample => {
            if let Some(sheet) = named_sheet {
                let sheet = printable(sheet);
                return Err(Error::usage(format!("there is no sheet {sheet:?}: only workbooks (.xlsx) have sheets"))
                    .hint("this is a text file: leave --sheet out"));
            }
            let encoding = match named_encoding {
                Some(label) => named(label)?,
                None => encoding(sample, is_utf8),
            };
            Ok(Form::Text { encoding, delimiter: text::delimiter(&Cursor::new(file), encoding, understood) })
        }
    }
}

/// A file that cannot be used.
pub(in crate::workflows) fn bad(sentence: impl Into<String>) -> Error {
    Error::new(Kind::BadFile, sentence)
}

/// The copy has no name: nobody finds the guests in it, and it goes with the process.
struct Copy {
    file: File,
    sample: Vec<u8>,
    sha256: Sha256,
    is_utf8: bool,
}

impl Copy {
    fn of(mut from: impl Read, path: &Path) -> Result<Self> {
        let temporary = std::env::temp_dir();
        let unwritable = |error| Error::io("write a copy of the roster to", &temporary, error);
        let mut file = tempfile::tempfile().map_err(unwritable)?;
        let (mut sample, mut hasher, mut utf8) = (Vec::new(), Sha256Hasher::default(), Utf8::default());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let bytes = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => &buffer[..length],
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("read", path, error)),
            };
            sample.extend(bytes.iter().take(SAMPLE - sample.len()));
            hasher.update(bytes);
            utf8.take(bytes);
            file.write_all(bytes).map_err(unwritable)?;
        }
        Ok(Self { file, sample, sha256: hasher.finish(), is_utf8: utf8.is_valid() })
    }
}

/// Whether bytes that come piece by piece are UTF-8.
#[derive(Default)]
struct Utf8 {
    /// The beginning of a character whose end has not come yet.
    open: Vec<u8>,
    broken: bool,
}

impl Utf8 {
    fn take(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        let joined;
        let bytes = if self.open.is_empty() {
            bytes
        } else {
            joined = [self.open.as_slice(), bytes].concat();
            &joined
        };
        match std::str::from_utf8(bytes) {
            Ok(_) => self.open = Vec::new(),
            Err(error) => {
                self.broken = error.error_len().is_some();
                self.open = bytes[error.valid_up_to()..].to_vec();
            }
        }
    }

    fn is_valid(&self) -> bool {
        !self.broken && self.open.is_empty()
    }
}

/// What a mark at the beginning says; else UTF-16 where every other byte is zero, UTF-8 where all of it is, and
/// Windows-1252, which spreadsheets write in western countries.
fn encoding(sample: &[u8], is_utf8: bool) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(sample) {
        return encoding;
    }
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), sample.len() / 2);
    match () {
        () if odd * 5 > pairs * 2 && even * 20 < pairs => UTF_16LE,
        () if even * 5 > pairs * 2 && odd * 20 < pairs => UTF_16BE,
        () if is_utf8 => UTF_8,
        () => WINDOWS_1252,
    }
}

fn named(label: &str) -> Result<&'static Encoding> {
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        Error::usage(format!("{:?} is not an encoding", printable(label)))
            .hint("name one such as utf-8, utf-16le, windows-1252, windows-1250, iso-8859-2 or shift_jis")
    })
}

/// Reads the copy from a place of its own: several at once do not disturb each other.
#[derive(Debug, Clone)]
pub(super) struct Cursor {
    file: Arc<File>,
    at: u64,
}

impl Cursor {
    fn new(file: &Arc<File>) -> Self {
        Self { file: Arc::clone(file), at: 0 }
    }
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = at.ok_or(std::io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told_by_mark_and_by_content() {
        assert_eq!(encoding(b"\xef\xbb\xbfa", true), UTF_8);
        assert_eq!(encoding(b"\xff\xfea\0", false), UTF_16LE);
        assert_eq!(encoding(b"e\0m\0a\0i\0l\0\n\0", true), UTF_16LE);
        assert_eq!(encoding(b"\0e\0m\0a\0i\0l\0\n", true), UTF_16BE);
        assert_eq!(encoding("Zoë".as_bytes(), true), UTF_8);
        assert_eq!(encoding(b"Zo\xeb", false), WINDOWS_1252);
        // Single NUL bytes make no UTF-16.
        assert_eq!(encoding(b"email,name\nx@y.org,a\0b\0c\n", true), UTF_8);
        assert_eq!(encoding(b"", true), UTF_8);
    }

    #[test]
    fn characters_may_come_in_pieces() {
        let mut utf8 = Utf8::default();
        for byte in "Zoë 家 🎉".as_bytes() {
            utf8.take(&[*byte]);
        }
        assert!(utf8.is_valid());
        utf8.take(&[0xe5]);
        assert!(!utf8.is_valid(), "cut off");
        utf8.take(b"a");
        assert!(!utf8.is_valid());
    }
}
