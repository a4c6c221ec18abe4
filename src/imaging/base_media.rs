//! Boxes of the ISO base media format (ISO 14496-12) as Canon's CR3 uses them.
//!
//! Layout of CR3 after the public descriptions of the format by L. Cohen (canon_cr3) and ExifTool's documentation.

use std::ops::Range;

use super::error::ImagingError;
use super::exif::Metadata;
use super::source::Source;
use super::tiff::Tiff;

const MAX_BOXES: usize = 256;
/// `moov/uuid`: the tables of tags.
const CANON: [u8; 16] =
    [0x85, 0xc0, 0xb6, 0x87, 0x82, 0x0f, 0x11, 0xe0, 0x81, 0x11, 0xf4, 0xce, 0x46, 0x2b, 0x6a, 0x48];
/// A `uuid` of the file itself: the preview.
const PREVIEW: [u8; 16] =
    [0xea, 0xf4, 0x2b, 0x5e, 0x1c, 0x98, 0x4b, 0x88, 0xb9, 0xfb, 0xb7, 0xdc, 0x40, 0x6e, 0x4d, 0x16];

struct Box {
    kind: [u8; 4],
    body: Range<u64>,
}

/// What a CR3 holds for us.
#[derive(Default)]
pub(super) struct Cr3 {
    pub metadata: Metadata,
    /// Where JPEGs may lie.
    pub candidates: Vec<Range<u64>>,
    /// Where the last box ends: more than the file's length when its end is missing.
    pub declared_end: u64,
}

/// Walks a CR3.
pub(super) fn read_cr3(source: &mut Source) -> Result<Cr3, ImagingError> {
    let mut found = Cr3::default();
    let len = source.len();
    let top = boxes(source, 0..len)?;
    found.declared_end = top.iter().map(|part| part.body.end).max().unwrap_or(0);
    for part in top {
        match &part.kind {
            b"moov" => found.movie(source, part.body)?,
            b"uuid" => {
                if let Some(body) = uuid_body(source, &part, PREVIEW)? {
                    // Eight bytes of version and count stand before the boxes.
                    found.pictures(source, body.start + 8..body.end)?;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

impl Cr3 {
    fn movie(&mut self, source: &mut Source, body: Range<u64>) -> Result<(), ImagingError> {
        for part in boxes(source, body)? {
            match &part.kind {
                b"uuid" => {
                    if let Some(body) = uuid_body(source, &part, CANON)? {
                        self.tags(source, body.clone())?;
                        self.pictures(source, body)?;
                    }
                }
                b"trak" => self.track(source, part.body)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn tags(&mut self, source: &mut Source, body: Range<u64>) -> Result<(), ImagingError> {
        for part in boxes(source, body)? {
            let reader = match &part.kind {
                b"CMT1" => Metadata::read_first,
                b"CMT2" => Metadata::read_exif,
                b"CMT4" => Metadata::read_gps,
                _ => continue,
            };
            if let Some(mut tiff) = Tiff::open(source, part.body.start, part.body.end)?
                && let Some(table) = tiff.first()?
            {
                reader(&mut self.metadata, &mut tiff, &table)?;
            }
        }
        Ok(())
    }

    /// `PRVW` and `THMB` boxes: a short header of their own, then a JPEG.
    fn pictures(&mut self, source: &mut Source, body: Range<u64>) -> Result<(), ImagingError> {
        for part in boxes(source, body)? {
            if matches!(&part.kind, b"PRVW" | b"THMB") {
                let head = source.bytes(part.body.start, 32)?;
                if let Some(skip) = head.windows(3).position(|bytes| bytes == [0xff, 0xd8, 0xff]) {
                    self.candidates.push(part.body.start + skip as u64..part.body.end);
                }
            }
        }
        Ok(())
    }

    /// The first sample of a track: one of them is the JPEG in full size.
    fn track(&mut self, source: &mut Source, body: Range<u64>) -> Result<(), ImagingError> {
        let mut body = body;
        for wanted in [b"mdia", b"minf", b"stbl"] {
            let Some(part) = boxes(source, body)?.into_iter().find(|part| &part.kind == wanted) else { return Ok(()) };
            body = part.body;
        }
        let (mut offset, mut size) = (None, None);
        for part in boxes(source, body)? {
            let at = part.body.start;
            match &part.kind {
                b"co64" => offset = source.array::<8>(at + 8)?.map(u64::from_be_bytes),
                b"stco" => offset = source.array::<4>(at + 8)?.map(|bytes| u64::from(u32::from_be_bytes(bytes))),
                // One size for all, or a list.
                b"stsz" => {
                    let all = source.array::<4>(at + 4)?.map_or(0, u32::from_be_bytes);
                    let first = source.array::<4>(at + 12)?.map_or(0, u32::from_be_bytes);
                    size = Some(u64::from(if all != 0 { all } else { first }));
                }
                _ => {}
            }
        }
        if let (Some(offset), Some(size)) = (offset, size)
            && let Some(end) = offset.checked_add(size)
        {
            self.candidates.push(offset..end);
        }
        Ok(())
    }
}

fn boxes(source: &mut Source, within: Range<u64>) -> Result<Vec<Box>, ImagingError> {
    let mut found = Vec::new();
    let mut at = within.start;
    while found.len() < MAX_BOXES && at.saturating_add(8) <= within.end {
        let Some([s3, s2, s1, s0, kind @ ..]) = source.array::<8>(at)? else { break };
        let (size, head) = match u32::from_be_bytes([s3, s2, s1, s0]) {
            0 => (within.end - at, 8),
            1 => (source.array::<8>(at + 8)?.map_or(0, u64::from_be_bytes), 16),
            size => (u64::from(size), 8),
        };
        let Some(end) = at.checked_add(size).filter(|_| size >= head) else { break };
        found.push(Box { kind, body: at + head..end });
        at = end;
    }
    Ok(found)
}

fn uuid_body(source: &mut Source, part: &Box, wanted: [u8; 16]) -> Result<Option<Range<u64>>, ImagingError> {
    let found = source.array::<16>(part.body.start)?;
    Ok((found == Some(wanted)).then(|| part.body.start + 16..part.body.end.max(part.body.start + 16)))
}
