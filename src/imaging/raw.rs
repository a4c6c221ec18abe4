//! The JPEG that a RAW file carries for previews: where it lies.

use std::ops::Range;

use super::base_media;
use super::error::{ImagingError, Reason};
use super::exif::Metadata;
use super::format::Format;
use super::jpeg::{self, JpegHeader};
use super::limits::Limits;
use super::source::Source;
use super::tiff::{Entry, Table, Tiff};

const MAX_SUB_TABLES: u32 = 16;
const MAX_DEPTH: usize = 3;
/// Strips or tiles whose ends are compared with the file's length.
const MAX_STRIPS: u32 = 4096;

const COMPRESSION: u16 = 0x0103;
const PHOTOMETRIC: u16 = 0x0106;
const STRIP_OFFSETS: u16 = 0x0111;
const STRIP_BYTES: u16 = 0x0117;
const TILE_OFFSETS: u16 = 0x0144;
const TILE_BYTES: u16 = 0x0145;
const SUB_TABLES: u16 = 0x014a;
const JPEG_OFFSET: u16 = 0x0201;
const JPEG_BYTES: u16 = 0x0202;
const EXIF_TABLE: u16 = super::exif::EXIF_TABLE;
const MAKER_NOTE: u16 = 0x927c;
const DNG_VERSION: u16 = 0xc612;
const SONY_PRIVATE: u16 = 0xc634;
const PANASONIC_JPEG: u16 = 0x002e;
const PANASONIC_RAW_OFFSET: u16 = 0x0118;

/// Colour filter array, and the linear data of DNG: what only RAW files hold.
const RAW_PHOTOMETRIC: [u32; 2] = [32803, 34892];

/// A RAW file taken apart.
#[derive(Default)]
pub(super) struct Raw {
    pub metadata: Metadata,
    candidates: Vec<Range<u64>>,
    /// The furthest that any picture data is said to reach.
    declared_end: u64,
}

/// A preview that may be decoded.
pub(super) struct Preview {
    pub at: Range<u64>,
    pub header: JpegHeader,
    /// What is wrong with a larger one, which would have been taken otherwise.
    pub larger_refused: Option<ImagingError>,
}

/// Takes a RAW file apart. For a TIFF whose kind is not certain, `format` is `None`; the answer tells it.
pub(super) fn read(source: &mut Source, format: Option<Format>) -> Result<(Format, Raw), ImagingError> {
    match format {
        Some(Format::Raf) => Ok((Format::Raf, read_raf(source)?)),
        Some(Format::Cr3) => {
            let found = base_media::read_cr3(source)?;
            let raw = Raw { metadata: found.metadata, candidates: found.candidates, declared_end: found.declared_end };
            Ok((Format::Cr3, raw))
        }
        _ => read_tiff(source, format),
    }
}

impl Raw {
    /// Whether picture data is said to lie beyond the end of the file.
    pub fn is_truncated(&self, source: &Source) -> bool {
        self.declared_end > source.len()
            || self.candidates.iter().all(|at| at.end > source.len()) && !self.candidates.is_empty()
    }

    /// The largest JPEG inside that can be decoded.
    ///
    /// # Errors
    /// `NoPreview`, or what was wrong with the one that there is.
    pub fn preview(&self, source: &mut Source, limits: &Limits) -> Result<Preview, ImagingError> {
        let mut best: Option<Preview> = None;
        // The size in bytes is all that is known of one whose headers cannot be read.
        let mut trouble: Option<(u64, ImagingError)> = None;
        let bytes = |at: &Range<u64>| at.end.saturating_sub(at.start);
        for at in &self.candidates {
            match open_preview(source, at, limits) {
                Ok(Some(preview)) => {
                    let pixels = |header: &JpegHeader| u64::from(header.width) * u64::from(header.height);
                    if best.as_ref().is_none_or(|best| pixels(&best.header) < pixels(&preview.header)) {
                        best = Some(preview);
                    }
                }
                Ok(None) => {}
                Err(error) if error.reason() == Reason::Unreadable => return Err(error),
                // Lossless JPEG is how many RAW files hold the sensor's data: no preview, and no trouble.
                Err(error) if error.reason() == Reason::Unsupported => {}
                Err(error) if trouble.as_ref().is_none_or(|(most, _)| bytes(at) > *most) => {
                    trouble = Some((bytes(at), error));
                }
                Err(_) => {}
            }
        }
        match (best, trouble) {
            (Some(mut best), trouble) => {
                best.larger_refused = trouble.filter(|(most, _)| *most > bytes(&best.at)).map(|(_, error)| error);
                Ok(best)
            }
            (None, Some((_, error))) => Err(error),
            (None, None) => {
                Err(ImagingError::new(Reason::NoPreview, "the RAW file carries no preview that can be used"))
            }
        }
    }
}

fn open_preview(source: &mut Source, at: &Range<u64>, limits: &Limits) -> Result<Option<Preview>, ImagingError> {
    if source.array::<3>(at.start)? != Some([0xff, 0xd8, 0xff]) {
        return Ok(None);
    }
    let header = jpeg::read_header(source, at.start, at.end)?;
    limits.check_pixels(header.width, header.height)?;
    header.check_complete(source, at.end)?;
    Ok(Some(Preview { at: at.start..at.end.min(source.len()), header, larger_refused: None }))
}

/// Fujifilm: a fixed header with big-endian offsets at 84. The preview's own EXIF is the file's.
fn read_raf(source: &mut Source) -> Result<Raw, ImagingError> {
    let mut raw = Raw::default();
    let Some(head) = source.array::<24>(84)? else {
        return Err(ImagingError::truncated("the file ends before its header does"));
    };
    let number = |at: usize| {
        head.get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, |bytes| u64::from(u32::from_be_bytes(bytes)))
    };
    let (jpeg, jpeg_len) = (number(0), number(4));
    raw.candidates.push(jpeg..jpeg + jpeg_len);
    raw.declared_end = (number(16) + number(20)).max(jpeg + jpeg_len);
    Ok(raw)
}

fn read_tiff(source: &mut Source, format: Option<Format>) -> Result<(Format, Raw), ImagingError> {
    let len = source.len();
    let mut survey = Survey::default();
    let Some(mut tiff) = Tiff::open(source, 0, len)? else {
        return Err(ImagingError::corrupt("its first bytes are those of a TIFF, the next are not"));
    };
    let Some(first) = tiff.first()? else {
        return Err(ImagingError::truncated("the file ends before its first table of tags"));
    };
    survey.walk(&mut tiff, &first, 0)?;
    let mut next = first.next;
    for _ in 0..MAX_SUB_TABLES {
        survey.reaches(&tiff, next);
        let Some(table) = tiff.table(next)? else { break };
        survey.walk(&mut tiff, &table, 0)?;
        next = table.next;
    }
    if format == Some(Format::Orf) {
        survey.olympus(&mut tiff, &first)?;
    }
    drop(tiff);
    // Anew, because the walk above has visited the tables of the metadata too.
    let metadata = match Tiff::open(source, 0, len)? {
        Some(mut tiff) => Metadata::read(&mut tiff)?,
        None => Metadata::default(),
    };
    let format = format.unwrap_or_else(|| survey.format(&metadata));
    if format == Format::Rw2 {
        survey.declared_end = survey.panasonic_raw_offset;
    }
    Ok((format, Raw { metadata, candidates: survey.candidates, declared_end: survey.declared_end }))
}

/// What the tables of a TIFF-like file say about the pictures in it.
#[derive(Default)]
struct Survey {
    candidates: Vec<Range<u64>>,
    declared_end: u64,
    panasonic_raw_offset: u64,
    has_dng_version: bool,
    has_raw_data: bool,
    has_sony_private: bool,
    has_sub_tables: bool,
}

impl Survey {
    fn walk(&mut self, tiff: &mut Tiff, table: &Table, depth: usize) -> Result<(), ImagingError> {
        self.has_dng_version |= table.find(DNG_VERSION).is_some();
        self.has_sony_private |= table.find(SONY_PRIVATE).is_some();
        self.has_raw_data |=
            tiff.value(table, PHOTOMETRIC)?.is_some_and(|photometric| RAW_PHOTOMETRIC.contains(&photometric));
        self.jpeg_pointer(tiff, table)?;
        self.strips(tiff, table, STRIP_OFFSETS, STRIP_BYTES)?;
        self.strips(tiff, table, TILE_OFFSETS, TILE_BYTES)?;
        if let Some(entry) = table.find(PANASONIC_JPEG) {
            self.candidates.push(entry.at..entry.at.saturating_add(entry.bytes()));
        }
        if let Some(offset) = tiff.value(table, PANASONIC_RAW_OFFSET)? {
            self.panasonic_raw_offset = u64::from(offset);
        }
        if let Some(entry) = table.find(SUB_TABLES).copied() {
            self.has_sub_tables = true;
            self.declared_end = self.declared_end.max(entry.at.saturating_add(entry.bytes()));
            for index in 0..entry.count.min(MAX_SUB_TABLES) {
                let Some(offset) = tiff.uint(&entry, index)? else { break };
                self.reaches(tiff, offset);
                if depth < MAX_DEPTH
                    && let Some(sub_table) = tiff.table(offset)?
                {
                    self.walk(tiff, &sub_table, depth + 1)?;
                }
            }
        }
        Ok(())
    }

    /// A table at this offset belongs to the file: it must be inside.
    fn reaches(&mut self, tiff: &Tiff, offset: u32) {
        self.declared_end = self.declared_end.max(tiff.base + u64::from(offset));
    }

    fn jpeg_pointer(&mut self, tiff: &mut Tiff, table: &Table) -> Result<(), ImagingError> {
        if let (Some(offset), Some(len)) = (tiff.value(table, JPEG_OFFSET)?, tiff.value(table, JPEG_BYTES)?)
            && len > 0
        {
            let start = tiff.base + u64::from(offset);
            self.candidates.push(start..start + u64::from(len));
        }
        Ok(())
    }

    /// Strips and tiles: how far the file must reach, and a JPEG where one strip is the whole picture.
    fn strips(&mut self, tiff: &mut Tiff, table: &Table, offsets: u16, bytes: u16) -> Result<(), ImagingError> {
        let (Some(offsets), Some(bytes)) = (table.find(offsets).copied(), table.find(bytes).copied()) else {
            return Ok(());
        };
        let lists_end = [&offsets, &bytes].map(|list| list.at.saturating_add(list.bytes()));
        self.declared_end = self.declared_end.max(lists_end[0]).max(lists_end[1]);
        for index in 0..offsets.count.min(bytes.count).min(MAX_STRIPS) {
            let (Some(offset), Some(len)) = (tiff.uint(&offsets, index)?, tiff.uint(&bytes, index)?) else { break };
            let start = tiff.base + u64::from(offset);
            let end = start + u64::from(len);
            self.declared_end = self.declared_end.max(end);
            let compression = tiff.value(table, COMPRESSION)?;
            // 6 and 7 are JPEG in TIFF's old and new way.
            if offsets.count == 1 && matches!(compression, Some(6 | 7)) {
                self.candidates.push(start..end);
            }
        }
        Ok(())
    }

    /// Olympus: the preview's place stands in the maker note, counted from there or from the file's start.
    fn olympus(&mut self, tiff: &mut Tiff, first: &Table) -> Result<(), ImagingError> {
        let Some(exif) = sub_table(tiff, first, EXIF_TABLE)? else { return Ok(()) };
        let Some(note) = exif.find(MAKER_NOTE).copied() else { return Ok(()) };
        let head = tiff.source.bytes(note.at, 16)?;
        let (base, table_at) = match head.as_slice() {
            [b'O', b'L', b'Y', b'M', b'P', 0, ..] => (tiff.base, note.at + 8),
            [b'O', b'L', b'Y', b'M', b'P', b'U', b'S', 0, ..] => (note.at, note.at + 12),
            [b'O', b'M', b' ', b'S', b'Y', b'S', b'T', b'E', b'M', ..] => (note.at, note.at + 16),
            _ => return Ok(()),
        };
        let outer_base = std::mem::replace(&mut tiff.base, base);
        let found = self.olympus_note(tiff, table_at);
        tiff.base = outer_base;
        found
    }

    fn olympus_note(&mut self, tiff: &mut Tiff, at: u64) -> Result<(), ImagingError> {
        const CAMERA_SETTINGS: u16 = 0x2020;
        let Some(note) = tiff.table_at(at)? else { return Ok(()) };
        self.preview_pair(tiff, &note, 0x0088, 0x0089)?;
        if let Some(entry) = note.find(CAMERA_SETTINGS).copied() {
            // A pointer in newer cameras, the table itself in older ones.
            let settings =
                if entry.count == 1 { sub_table(tiff, &note, CAMERA_SETTINGS)? } else { tiff.table_at(entry.at)? };
            if let Some(settings) = settings {
                self.preview_pair(tiff, &settings, 0x0101, 0x0102)?;
            }
        }
        Ok(())
    }

    fn preview_pair(&mut self, tiff: &mut Tiff, table: &Table, start: u16, len: u16) -> Result<(), ImagingError> {
        let (Some(start), Some(len)) = (tiff.value(table, start)?, tiff.value(table, len)?) else { return Ok(()) };
        for base in [tiff.base, 0] {
            let start = base + u64::from(start);
            let range = start..start + u64::from(len);
            if range.end <= tiff.source.len() {
                self.candidates.push(range);
            }
        }
        Ok(())
    }

    fn format(&self, metadata: &Metadata) -> Format {
        let make = metadata.camera_make.as_deref().unwrap_or("").to_ascii_uppercase();
        if self.has_dng_version {
            Format::Dng
        } else if make.starts_with("NIKON") && (self.has_raw_data || self.has_sub_tables) {
            Format::Nef
        } else if make.starts_with("SONY") && (self.has_raw_data || self.has_sony_private) {
            Format::Arw
        } else if self.has_raw_data {
            Format::OtherRaw
        } else {
            Format::Tiff
        }
    }
}

fn sub_table(tiff: &mut Tiff, table: &Table, tag: u16) -> Result<Option<Table>, ImagingError> {
    let entry: Option<Entry> = table.find(tag).copied();
    let Some(entry) = entry else { return Ok(None) };
    match tiff.uint(&entry, 0)? {
        Some(offset) => tiff.table(offset),
        None => Ok(None),
    }
}
