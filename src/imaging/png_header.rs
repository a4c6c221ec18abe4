//! The chunks of a PNG (W3C PNG, third edition) before its pixels, checked before a decoder sees the file.

use std::ops::Range;

use super::error::{ImagingError, Reason};
use super::source::Source;

const MAX_CHUNKS: usize = 4096;
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
/// The last chunk, with its check sum: it has no content, so it is always the same.
const END: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82];
/// Deflate cannot do better (zlib's technical notes).
const MAX_DEFLATE_RATIO: u64 = 1032;

/// What the chunks before the first `IDAT` say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PngHeader {
    pub width: u32,
    pub height: u32,
    pub bit_depth: u8,
    pub channels: u8,
    pub interlaced: bool,
    /// Where the TIFF structure of `eXIf` lies in the file.
    pub exif: Option<Range<u64>>,
}

/// Walks the chunks up to the pixels.
///
/// # Errors
/// `Truncated` when the file ends first, `Corrupt` for what contradicts the standard.
pub(super) fn read_header(source: &mut Source) -> Result<PngHeader, ImagingError> {
    let head = source.array::<33>(0)?.ok_or_else(truncated)?;
    let (signature, rest) = head.split_at(8);
    let wrong = || ImagingError::corrupt("the PNG's header contradicts the standard");
    let [0, 0, 0, 13, b'I', b'H', b'D', b'R', w3, w2, w1, w0, h3, h2, h1, h0, bit_depth, colour, 0, 0, interlace, ..] =
        *rest
    else {
        return Err(wrong());
    };
    let channels = match (colour, bit_depth) {
        (0, 1 | 2 | 4 | 8 | 16) | (3, 1 | 2 | 4 | 8) => 1,
        (2, 8 | 16) => 3,
        (4, 8 | 16) => 2,
        (6, 8 | 16) => 4,
        _ => return Err(wrong()),
    };
    let (width, height) = (u32::from_be_bytes([w3, w2, w1, w0]), u32::from_be_bytes([h3, h2, h1, h0]));
    if signature != SIGNATURE || width == 0 || height == 0 || interlace > 1 {
        return Err(wrong());
    }
    let mut header = PngHeader { width, height, bit_depth, channels, interlaced: interlace == 1, exif: None };
    let mut at = 33_u64;
    for _ in 0..MAX_CHUNKS {
        let [l3, l2, l1, l0, kind @ ..] = source.array::<8>(at)?.ok_or_else(truncated)?;
        let len = u64::from(u32::from_be_bytes([l3, l2, l1, l0]));
        match &kind {
            b"IDAT" => return Ok(header),
            b"IEND" => return Err(ImagingError::corrupt("the PNG has no pixels")),
            b"eXIf" => header.exif = Some(at + 8..at + 8 + len),
            _ => {}
        }
        at = at + 12 + len;
    }
    Err(ImagingError::corrupt("the PNG has too many chunks"))
}

impl PngHeader {
    /// Bytes of the pixels once inflated.
    pub fn inflated_bytes(&self) -> u64 {
        let bits = u64::from(self.width) * u64::from(self.channels) * u64::from(self.bit_depth);
        (bits.div_ceil(8) + 1) * u64::from(self.height)
    }

    /// Makes sure that the last chunk is there and that the pixels can be in a file of this length at all.
    pub fn check_complete(&self, source: &mut Source) -> Result<(), ImagingError> {
        let len = source.len();
        if len.saturating_mul(MAX_DEFLATE_RATIO) < self.inflated_bytes() {
            return Err(truncated());
        }
        if source.array::<12>(len.saturating_sub(12))? == Some(END) {
            return Ok(());
        }
        let finder = memchr::memmem::Finder::new(&END);
        let mut seen = false;
        let mut tail: Vec<u8> = Vec::new();
        source.scan(33, |_, bytes| {
            tail.extend(&bytes[..bytes.len().min(END.len())]);
            seen = finder.find(&tail).is_some() || finder.find(bytes).is_some();
            tail.clear();
            tail.extend(&bytes[bytes.len().saturating_sub(END.len() - 1)..]);
            seen
        })?;
        if seen { Ok(()) } else { Err(truncated()) }
    }
}

fn truncated() -> ImagingError {
    ImagingError::new(Reason::Truncated, "the file ends before its picture does")
}
