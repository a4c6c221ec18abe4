//! Tables of tags as in TIFF 6.0: the skeleton of EXIF and of most RAW files. Read lazily, in place.
//!
//! Nothing here trusts a file: tables are visited once, counts and offsets are bounded by the file.

use super::error::ImagingError;
use super::source::Source;

const MAX_TABLES: usize = 64;
const MAX_ENTRIES: u16 = 1024;
/// Longest text that is looked at.
const MAX_TEXT_BYTES: u64 = 1024;

/// A TIFF structure inside a file.
pub(super) struct Tiff<'s, 'f> {
    pub source: &'s mut Source<'f>,
    /// Where offset 0 of the structure lies in the file.
    pub base: u64,
    end: u64,
    little_endian: bool,
    first: u32,
    visited: Vec<u64>,
}

/// One table.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub entries: Vec<Entry>,
    /// Offset of the table that follows, 0 for none.
    pub next: u32,
}

/// One tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub tag: u16,
    kind: u16,
    pub count: u32,
    /// Where its values lie in the file.
    pub at: u64,
}

impl Entry {
    /// Bytes that its values take.
    pub fn bytes(&self) -> u64 {
        u64::from(self.count) * size_of_kind(self.kind)
    }
}

impl Table {
    pub fn find(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }
}

/// TIFF 6.0, section 2, and 13 (IFD) of its later notes.
fn size_of_kind(kind: u16) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 => 8,
        _ => 0,
    }
}

impl<'s, 'f> Tiff<'s, 'f> {
    /// Opens the structure that begins at `base`; `None` when none does.
    pub fn open(source: &'s mut Source<'f>, base: u64, end: u64) -> Result<Option<Self>, ImagingError> {
        let end = end.min(source.len());
        let Some([o0, o1, magic @ .., f0, f1, f2, f3]) = source.array::<8>(base)? else { return Ok(None) };
        let little_endian = match [o0, o1] {
            [b'I', b'I'] => true,
            [b'M', b'M'] => false,
            _ => return Ok(None),
        };
        let mut tiff = Self { source, base, end, little_endian, first: 0, visited: Vec::new() };
        // 42 as the standard has it, then Panasonic's and Olympus' own numbers.
        if !matches!(tiff.u16([magic[0], magic[1]]), 42 | 0x55 | 0x4f52 | 0x5352) {
            return Ok(None);
        }
        tiff.first = tiff.u32([f0, f1, f2, f3]);
        Ok(Some(tiff))
    }

    /// The first table.
    pub fn first(&mut self) -> Result<Option<Table>, ImagingError> {
        self.table(self.first)
    }

    /// The table at an offset of this structure. `None` when it is not inside, or was visited before.
    pub fn table(&mut self, offset: u32) -> Result<Option<Table>, ImagingError> {
        if offset == 0 {
            return Ok(None);
        }
        self.table_at(self.base.saturating_add(u64::from(offset)))
    }

    /// Like [`Tiff::table`], by the place in the file.
    pub fn table_at(&mut self, at: u64) -> Result<Option<Table>, ImagingError> {
        if self.visited.contains(&at) || self.visited.len() >= MAX_TABLES || at >= self.end {
            return Ok(None);
        }
        self.visited.push(at);
        let Some(count) = self.source.array::<2>(at)? else { return Ok(None) };
        let count = self.u16(count).min(MAX_ENTRIES);
        let mut entries = Vec::with_capacity(usize::from(count));
        for index in 0..u64::from(count) {
            let entry_at = at + 2 + 12 * index;
            let Some(bytes) = self.source.array::<12>(entry_at)? else { return Ok(Some(Table { entries, next: 0 })) };
            entries.extend(self.entry(bytes, entry_at));
        }
        let next = match self.source.array::<4>(at + 2 + 12 * u64::from(count))? {
            Some(bytes) => self.u32(bytes),
            None => 0,
        };
        Ok(Some(Table { entries, next }))
    }

    fn entry(&self, bytes: [u8; 12], entry_at: u64) -> Option<Entry> {
        let [t0, t1, k0, k1, c0, c1, c2, c3, v @ ..] = bytes;
        let (tag, kind) = (self.u16([t0, t1]), self.u16([k0, k1]));
        let mut entry = Entry { tag, kind, count: self.u32([c0, c1, c2, c3]), at: entry_at + 8 };
        if entry.bytes() > 4 {
            entry.at = self.base.saturating_add(u64::from(self.u32(v)));
        }
        (size_of_kind(kind) > 0).then_some(entry)
    }

    /// The `index`th value as a whole number, where it is one.
    pub fn uint(&mut self, entry: &Entry, index: u32) -> Result<Option<u32>, ImagingError> {
        if index >= entry.count {
            return Ok(None);
        }
        let at = entry.at.saturating_add(u64::from(index) * size_of_kind(entry.kind));
        Ok(match entry.kind {
            1 | 7 => self.source.array::<1>(at)?.map(|[byte]| u32::from(byte)),
            3 => self.source.array::<2>(at)?.map(|bytes| u32::from(self.u16(bytes))),
            4 | 13 => self.source.array::<4>(at)?.map(|bytes| self.u32(bytes)),
            _ => None,
        })
    }

    /// The first value of a tag as a whole number.
    pub fn value(&mut self, table: &Table, tag: u16) -> Result<Option<u32>, ImagingError> {
        match table.find(tag) {
            Some(entry) => self.uint(entry, 0),
            None => Ok(None),
        }
    }

    /// The `index`th value as a quotient of two whole numbers; `None` when the lower one is 0.
    pub fn rational(&mut self, entry: &Entry, index: u32) -> Result<Option<f64>, ImagingError> {
        if index >= entry.count || entry.kind != 5 {
            return Ok(None);
        }
        let Some([a, b, c, d, rest @ ..]) = self.source.array::<8>(entry.at + 8 * u64::from(index))? else {
            return Ok(None);
        };
        let (upper, lower) = (self.u32([a, b, c, d]), self.u32(rest));
        Ok((lower != 0).then(|| f64::from(upper) / f64::from(lower)))
    }

    /// The bytes of a text, up to its first NUL and to a bound.
    pub fn text(&mut self, entry: &Entry) -> Result<Vec<u8>, ImagingError> {
        if !matches!(entry.kind, 1 | 2 | 7) || entry.at.saturating_add(entry.bytes()) > self.source.len() {
            return Ok(Vec::new());
        }
        let len = usize::try_from(entry.bytes().min(MAX_TEXT_BYTES)).unwrap_or(0);
        let mut bytes = self.source.bytes(entry.at, len)?;
        bytes.truncate(bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len()));
        Ok(bytes)
    }

    fn u16(&self, bytes: [u8; 2]) -> u16 {
        if self.little_endian { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) }
    }

    fn u32(&self, bytes: [u8; 4]) -> u32 {
        if self.little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
    }
}
