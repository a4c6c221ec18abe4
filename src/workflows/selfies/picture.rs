//! From a file to the picture that is judged and kept.

use std::io::Cursor;
use std::path::Path;

use crate::error::{Error, Result};
use crate::faces::LocalEngine;
use crate::imaging::{self, Format, ImagingError, Limits, Reason as Fault};
use crate::model::pixels::Pixels;
use crate::model::selfie::Reason;

/// Largest file in bytes that is read: phones write up to 25 MB.
pub const LARGEST_BYTES: u64 = 64_000_000;

/// Longest side of what is judged and kept, in pixels.
const LONGEST_PX: u32 = 2048;

/// JPEG quality of what is kept.
const QUALITY: u8 = 92;

const LIMITS: Limits = Limits { max_pixels: 100_000_000, max_decode_bytes: 1 << 30 };

/// A picture, upright and in sRGB, no larger than it is kept.
#[derive(Debug)]
pub struct Picture {
    pub pixels: Pixels,
    pub format: Format,
    /// The file holds nothing else than this picture: upright, no larger, and without any metadata.
    pub is_plain: bool,
}

/// Why there is no picture.
#[derive(Debug)]
pub enum NoPicture {
    /// The guest's file is at fault: the reason, and what exactly is wrong as a sentence.
    Refused(Reason, String),
    /// We are.
    Broken(Error),
}

/// Memory in bytes that [`open`] and a look at the picture take at most; nothing for what is no picture.
#[must_use]
pub fn cost(bytes: &[u8], name: &Path) -> u64 {
    let probe = imaging::probe(&mut Cursor::new(bytes), name, &LIMITS).ok();
    let picture = probe.as_ref().and_then(|probe| probe.picture.as_ref());
    let longest = (LONGEST_PX, LONGEST_PX);
    picture.map_or(0, |picture| picture.pixels_bytes() + LocalEngine::work_bytes(longest.0, longest.1))
}

/// Decodes a file. Blocks.
///
/// # Errors
/// See [`NoPicture`].
pub fn open(bytes: &[u8], name: &Path) -> Result<Picture, NoPicture> {
    let probe = imaging::probe(&mut Cursor::new(bytes), name, &LIMITS).map_err(refused)?;
    let Some(described) = &probe.picture else {
        let kind = probe.format.to_string().to_uppercase();
        return Err(NoPicture::Refused(Reason::InvalidImage, format!("{kind} files are not read.")));
    };
    let encoded = described.read(&mut Cursor::new(bytes)).map_err(refused)?;
    let whole = imaging::pixels(&encoded, &probe, &LIMITS).map_err(refused)?;
    let pixels = imaging::fit(&whole, LONGEST_PX).map_err(refused)?;
    let same_size = (pixels.width(), pixels.height()) == (whole.width(), whole.height());
    let is_plain = probe.format == Format::Jpeg && same_size && is_plain_jpeg(bytes);
    Ok(Picture { pixels, format: probe.format, is_plain })
}

impl Picture {
    /// As it is kept: a JPEG without any metadata. Blocks.
    ///
    /// # Errors
    /// A defect.
    pub fn jpeg(&self) -> Result<Vec<u8>> {
        Ok(imaging::jpeg(&self.pixels, QUALITY)?)
    }
}

fn refused(error: ImagingError) -> NoPicture {
    let reason = match error.reason() {
        Fault::TooLarge => Reason::ImageTooLarge,
        Fault::Unreadable | Fault::BadWatermark | Fault::Internal => return NoPicture::Broken(error.into()),
        _ => Reason::InvalidImage,
    };
    NoPicture::Refused(reason, sentence(error.message()))
}

/// `the file is empty` as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Whether a JPEG has no segments but those that a decoder needs, the colour profile among them, and nothing behind its
/// end. Comments, EXIF, XMP, IPTC and further pictures are what it must not have. (T.81, B.1.1.3 and B.2.4.)
fn is_plain_jpeg(bytes: &[u8]) -> bool {
    let Some(mut rest) = bytes.strip_prefix(&[0xff, 0xd8]).filter(|_| bytes.ends_with(&[0xff, 0xd9])) else {
        return false;
    };
    loop {
        let [0xff, marker, high, low, after @ ..] = rest else { return false };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(content) = length.checked_sub(2).and_then(|length| after.get(..length)) else { return false };
        match marker {
            // The scans begin.
            0xda => return true,
            0xe0 | 0xee => {}
            0xe2 if content.starts_with(b"ICC_PROFILE\0") => {}
            0xe1..=0xef | 0xfe => return false,
            _ => {}
        }
        rest = &after[content.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_in_a_jpeg_is_seen() {
        let pixels = Pixels::new(16, 16, vec![128; 16 * 16 * 3]).expect("pixels");
        let plain = imaging::jpeg(&pixels, 90).expect("a JPEG");
        assert!(is_plain_jpeg(&plain));
        let with = |segment: &[u8]| [&plain[..2], segment, &plain[2..]].concat();
        assert!(!is_plain_jpeg(&with(b"\xff\xe1\x00\x08Exif\0\0")));
        assert!(!is_plain_jpeg(&with(b"\xff\xfe\x00\x05abc")));
        assert!(!is_plain_jpeg(&with(b"\xff\xe2\x00\x06MPF\0")));
        assert!(is_plain_jpeg(&with(b"\xff\xe2\x00\x0eICC_PROFILE\0")));
        assert!(!is_plain_jpeg(&[&plain[..], b"a film"].concat()));
        for end in 0..plain.len().min(64) {
            assert!(!is_plain_jpeg(&plain[..end]));
        }
    }

    #[test]
    fn what_is_no_picture_is_refused_with_a_sentence() {
        let told = |bytes: &[u8], name: &str| match open(bytes, Path::new(name)) {
            Err(NoPicture::Refused(reason, sentence)) => (reason, sentence),
            other => panic!("{other:?}"),
        };
        assert_eq!(told(b"", "a.jpg"), (Reason::InvalidImage, "The file is empty.".to_owned()));
        let gif = told(b"GIF89a\x01\x00\x01\x00\x00\x00\x00", "a.gif");
        assert_eq!(gif, (Reason::InvalidImage, "GIF files are not read.".to_owned()));
    }
}
