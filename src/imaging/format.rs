//! What a file is, decided by its first bytes and never by its name.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use crate::model::text::quoted;

/// A kind of file that may lie on a photographer's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    Jpeg,
    Png,
    /// Canon, TIFF inside
    Cr2,
    /// Canon, ISO base media inside
    Cr3,
    /// Nikon
    Nef,
    /// Sony
    Arw,
    /// Fujifilm
    Raf,
    /// Adobe's open RAW, also written by phones and Leica, Pentax, …
    Dng,
    /// Olympus, OM System
    Orf,
    /// Panasonic, Leica
    Rw2,
    Heic,
    Avif,
    Gif,
    Webp,
    Tiff,
    Bmp,
    Psd,
    JpegXl,
    Jpeg2000,
    /// A RAW of a kind that is not handled (CRW, PEF, SRW, …).
    OtherRaw,
    Video,
    Audio,
    Pdf,
    Zip,
    /// XML, text and other things that cameras and programs put beside photos.
    Other,
}

/// What is done with a kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// It is decoded itself.
    Picture,
    /// The preview inside is decoded; the file is the original.
    Raw,
    /// It is left where it is, and counted under its own reason.
    Skipped,
}

impl Format {
    /// Every kind, for tests and help pages.
    pub const ALL: &[Format] = &[
        Format::Jpeg,
        Format::Png,
        Format::Cr2,
        Format::Cr3,
        Format::Nef,
        Format::Arw,
        Format::Raf,
        Format::Dng,
        Format::Orf,
        Format::Rw2,
        Format::Heic,
        Format::Avif,
        Format::Gif,
        Format::Webp,
        Format::Tiff,
        Format::Bmp,
        Format::Psd,
        Format::JpegXl,
        Format::Jpeg2000,
        Format::OtherRaw,
        Format::Video,
        Format::Audio,
        Format::Pdf,
        Format::Zip,
        Format::Other,
    ];

    /// The word for it in columns (`photo_files.format`) and in reports, also as the reason for skipping it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Jpeg => "jpeg",
            Format::Png => "png",
            Format::Cr2 => "cr2",
            Format::Cr3 => "cr3",
            Format::Nef => "nef",
            Format::Arw => "arw",
            Format::Raf => "raf",
            Format::Dng => "dng",
            Format::Orf => "orf",
            Format::Rw2 => "rw2",
            Format::Heic => "heic",
            Format::Avif => "avif",
            Format::Gif => "gif",
            Format::Webp => "webp",
            Format::Tiff => "tiff",
            Format::Bmp => "bmp",
            Format::Psd => "psd",
            Format::JpegXl => "jxl",
            Format::Jpeg2000 => "jp2",
            Format::OtherRaw => "other_raw",
            Format::Video => "video",
            Format::Audio => "audio",
            Format::Pdf => "pdf",
            Format::Zip => "zip",
            Format::Other => "other",
        }
    }

    /// The extension of the original's object key, without a dot: `jpg` for a JPEG.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Format::Jpeg => "jpg",
            Format::Tiff => "tif",
            Format::Video => "mp4",
            Format::Audio => "wav",
            Format::OtherRaw | Format::Other => "bin",
            other => other.as_str(),
        }
    }

    /// The media type of an object that holds such a file.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::Cr2 => "image/x-canon-cr2",
            Format::Cr3 => "image/x-canon-cr3",
            Format::Nef => "image/x-nikon-nef",
            Format::Arw => "image/x-sony-arw",
            Format::Raf => "image/x-fuji-raf",
            Format::Dng => "image/x-adobe-dng",
            Format::Orf => "image/x-olympus-orf",
            Format::Rw2 => "image/x-panasonic-rw2",
            Format::Heic => "image/heic",
            Format::Avif => "image/avif",
            Format::Gif => "image/gif",
            Format::Webp => "image/webp",
            Format::Tiff => "image/tiff",
            Format::Bmp => "image/bmp",
            _ => "application/octet-stream",
        }
    }

    #[must_use]
    pub fn support(self) -> Support {
        match self {
            Format::Jpeg | Format::Png => Support::Picture,
            Format::Cr2
            | Format::Cr3
            | Format::Nef
            | Format::Arw
            | Format::Raf
            | Format::Dng
            | Format::Orf
            | Format::Rw2 => Support::Raw,
            _ => Support::Skipped,
        }
    }

    #[must_use]
    pub fn is_raw(self) -> bool {
        self.support() == Support::Raw
    }

    /// Whether a file of this kind may be called so. A name without an extension, or with one that is not in use
    /// for pictures at all, is as wrong as that of another kind.
    #[must_use]
    pub fn fits_name(self, name: &Path) -> bool {
        let extension = name.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        let extension = extension.to_ascii_lowercase();
        let usual: &[&str] = match self {
            Format::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
            Format::Nef => &["nef", "nrw"],
            Format::Arw => &["arw", "sr2", "srf"],
            Format::Rw2 => &["rw2", "rwl", "raw"],
            Format::Heic => &["heic", "heif", "hif"],
            Format::Tiff => &["tif", "tiff"],
            Format::Jpeg2000 => &["jp2", "j2k", "jpf", "jpx"],
            // Many kinds in one: nothing can be said about the name.
            Format::Video | Format::Audio | Format::OtherRaw | Format::Other | Format::Zip => return true,
            other => &[other.as_str()],
        };
        usual.contains(&extension.as_str())
    }
}

impl Format {
    /// Whether the first bytes of a file (512 are enough) are those of a picture, a film or any other kind that is
    /// known, whatever its name says.
    #[must_use]
    pub fn is_known_by(head: &[u8]) -> bool {
        sniff(head) != Signature::Certain(Format::Other)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.as_str() == text)
            .ok_or_else(|| format!("unknown format {}", quoted(text)))
    }
}

/// What the first bytes say. TIFF needs a look at its tags before one knows whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signature {
    Certain(Format),
    /// TIFF 6.0, or a RAW that is built like one.
    Tiff,
}

/// How many bytes [`sniff`] wants to see.
pub(super) const SNIFF_BYTES: usize = 512;

/// Tells the kind from the first [`SNIFF_BYTES`] of a file (fewer when it is shorter).
pub(super) fn sniff(head: &[u8]) -> Signature {
    Signature::Certain(match head {
        [0xff, 0xd8, 0xff, ..] => Format::Jpeg,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Format::Png,
        [b'I', b'I', b'*', 0, _, _, _, _, b'C', b'R', 2, ..] => Format::Cr2,
        [b'I', b'I', 0x1a, 0, _, _, b'H', b'E', b'A', b'P', b'C', b'C', b'D', b'R', ..] => Format::OtherRaw,
        [b'I', b'I', b'*', 0, ..] | [b'M', b'M', 0, b'*', ..] => return Signature::Tiff,
        [b'I', b'I', b'R', b'O' | b'S', ..] | [b'M', b'M', b'O', b'R', ..] => Format::Orf,
        [b'I', b'I', b'U', 0, ..] => Format::Rw2,
        head if head.starts_with(b"FUJIFILMCCD-RAW ") => Format::Raf,
        head if head.starts_with(b"FOVb") || head.starts_with(b"\0MRM") => Format::OtherRaw,
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Format::Gif,
        [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] => riff(kind),
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Format::Bmp,
        head if head.starts_with(b"8BPS") => Format::Psd,
        [0xff, 0x0a, ..] | [0, 0, 0, 0x0c, b'J', b'X', b'L', b' ', ..] => Format::JpegXl,
        [0, 0, 0, 0x0c, b'j', b'P', b' ', b' ', ..] | [0xff, 0x4f, 0xff, 0x51, ..] => Format::Jpeg2000,
        [_, _, _, _, b'f', b't', b'y', b'p', brands @ ..] => base_media(brands),
        // QuickTime of old cameras starts without `ftyp`.
        [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..]
        | [_, _, _, _, b's', b'k', b'i', b'p', ..] => Format::Video,
        [0x1a, 0x45, 0xdf, 0xa3, ..] | [0, 0, 1, 0xba | 0xb3, ..] => Format::Video,
        head if transport_stream(head) => Format::Video,
        head if head.starts_with(b"ID3") || head.starts_with(b"fLaC") || head.starts_with(b"OggS") => Format::Audio,
        head if head.starts_with(b"%PDF-") => Format::Pdf,
        [b'P', b'K', 3, 4, ..] => Format::Zip,
        _ => Format::Other,
    })
}

fn riff(kind: &[u8]) -> Format {
    match kind {
        [b'W', b'E', b'B', b'P', ..] => Format::Webp,
        [b'A', b'V', b'I', b' ', ..] => Format::Video,
        [b'W', b'A', b'V', b'E', ..] => Format::Audio,
        _ => Format::Other,
    }
}

/// ISO 14496-12: the major brand, then a version, then the compatible brands.
fn base_media(brands: &[u8]) -> Format {
    let mut all = brands.chunks_exact(4).enumerate().filter(|(at, _)| *at != 1).map(|(_, brand)| brand);
    let is_heic = |brand: &[u8]| {
        matches!(brand, b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1" | b"miaf")
    };
    match all.next() {
        Some(b"crx ") => Format::Cr3,
        Some(b"avif" | b"avis") => Format::Avif,
        Some(b"jxl ") => Format::JpegXl,
        Some(major) if is_heic(major) => {
            // The general image brands leave the codec to the list that follows.
            if brands.chunks_exact(4).take(8).any(|brand| brand == b"avif") { Format::Avif } else { Format::Heic }
        }
        Some(b"M4A " | b"M4B ") => Format::Audio,
        _ => Format::Video,
    }
}

/// MPEG transport streams: 188-byte packets, or 192 with a time code in front (AVCHD's `.MTS`).
fn transport_stream(head: &[u8]) -> bool {
    let sync_at = |offset: usize, step: usize| {
        (0..2).all(|packet| head.get(offset + packet * step) == Some(&0x47)) && head.len() > offset + step
    };
    sync_at(0, 188) || sync_at(4, 192)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_read_back() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse::<Format>().as_ref(), Ok(format));
        }
    }

    #[test]
    fn brands_tell_pictures_from_films() {
        let head = |brands: &str| [b"\0\0\0\x18ftyp", brands.as_bytes()].concat();
        assert_eq!(sniff(&head("heic\0\0\0\0mif1heic")), Signature::Certain(Format::Heic));
        assert_eq!(sniff(&head("mif1\0\0\0\0mif1avif")), Signature::Certain(Format::Avif));
        assert_eq!(sniff(&head("crx \0\0\0\x01crx isom")), Signature::Certain(Format::Cr3));
        assert_eq!(sniff(&head("isom\0\0\0\0isommp42")), Signature::Certain(Format::Video));
        assert_eq!(sniff(&head("qt  \0\0\0\0qt  ")), Signature::Certain(Format::Video));
        let mut mts = vec![0; 400];
        (mts[4], mts[196]) = (0x47, 0x47);
        assert_eq!(sniff(&mts), Signature::Certain(Format::Video));
        assert_eq!(sniff(b""), Signature::Certain(Format::Other));
    }

    #[test]
    fn extensions_are_compared_without_case() {
        assert!(Format::Jpeg.fits_name(Path::new("a/DSC_0001.JPG")));
        assert!(!Format::Jpeg.fits_name(Path::new("DSC_0001.png")));
        assert!(!Format::Jpeg.fits_name(Path::new("DSC_0001")));
        assert!(Format::Video.fits_name(Path::new("C0001.MTS")));
    }
}
