//! What a file is and what its headers say, without decoding it.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use super::error::{ImagingError, Reason};
use super::exif::Metadata;
use super::format::{self, Format, SNIFF_BYTES, Signature, Support};
use super::jpeg::{self, JpegHeader};
use super::limits::Limits;
use super::orientation::Orientation;
use super::png_header::{self, PngHeader};
use super::raw;
use super::source::Source;
use super::tiff::Tiff;

/// What is known of a file before it is decoded.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    pub format: Format,
    /// The extension says something else.
    pub wrong_extension: bool,
    /// The picture that [`super::Deriver::derive`] wants: missing for kinds that are skipped.
    pub picture: Option<Picture>,
    /// What the camera wrote. GPS is here whatever the project's rule is: the caller drops it.
    pub metadata: Metadata,
    /// Oddities that did no harm, as sentences.
    pub notes: Vec<String>,
}

/// The JPEG or PNG to decode: the file itself, or the preview inside a RAW.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Its bytes in the file.
    pub at: Range<u64>,
    pub orientation: Orientation,
    /// Stored size of the photo in pixels. Of a RAW this is the sensor's picture where the file tells it.
    pub width: u32,
    pub height: u32,
    /// Stored size of what will be decoded.
    pub decoded_width: u32,
    pub decoded_height: u32,
    pub(super) adobe_rgb: bool,
    coding: Coding,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Baseline { samples: u64 },
    Progressive { samples: u64 },
    Png { bytes_per_pixel: u64, interlaced: bool },
}

impl Coding {
    fn of_jpeg(header: &JpegHeader) -> Self {
        let samples = header.blocks() * 64;
        if header.progressive { Coding::Progressive { samples } } else { Coding::Baseline { samples } }
    }

    fn of_png(header: &PngHeader) -> Self {
        let bytes_per_pixel = u64::from(header.channels) * u64::from(header.bit_depth.div_ceil(8));
        Coding::Png { bytes_per_pixel: bytes_per_pixel.max(1), interlaced: header.interlaced }
    }
}

impl Probe {
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.format.is_raw()
    }

    /// Upright size of the photo in pixels.
    #[must_use]
    pub fn upright_size(&self) -> Option<(u32, u32)> {
        self.picture.as_ref().map(|picture| picture.orientation.upright(picture.width, picture.height))
    }
}

impl Picture {
    /// Whether these are the headers that it was described by: size and coding, on which the memory depends.
    pub(super) fn is_jpeg(&self, header: &JpegHeader) -> bool {
        (header.width, header.height) == (self.decoded_width, self.decoded_height)
            && Coding::of_jpeg(header) == self.coding
    }

    /// As [`Picture::is_jpeg`], of a PNG.
    pub(super) fn is_png(&self, header: &PngHeader) -> bool {
        (header.width, header.height) == (self.decoded_width, self.decoded_height)
            && Coding::of_png(header) == self.coding
    }

    /// Most bytes that decoding takes besides the picture's own, with derivatives of `preview_px` on their longest side:
    ///
    /// - what the decoder writes: the samples of the picture at the DCT scale that is used (a JPEG of 24 million
    ///   pixels and 4:2:0 at 1/2: 9 MB), four bytes a pixel where colours have to be converted,
    /// - for a progressive JPEG two bytes for each sample of the picture in full size,
    /// - the preview three times over at three bytes a pixel, and 4 MB for tables and the watermark.
    #[must_use]
    pub fn decode_bytes(&self, preview_px: u32) -> u64 {
        let preview = u64::from(preview_px.min(self.decoded_width.max(self.decoded_height)));
        self.samples_bytes(preview_px) + 9 * preview * preview + 4_000_000
    }

    /// Most bytes that [`super::pixels`] takes besides the picture's own, what it returns included: what the decoder
    /// writes, and three bytes a pixel twice where it is converted or turned.
    #[must_use]
    pub fn pixels_bytes(&self) -> u64 {
        let (width, height) = (u64::from(self.decoded_width), u64::from(self.decoded_height));
        self.samples_bytes(u32::MAX) + 6 * width * height + 4_000_000
    }

    /// What the decoder and its libraries take.
    fn samples_bytes(&self, preview_px: u32) -> u64 {
        let (width, height) = (u64::from(self.decoded_width), u64::from(self.decoded_height));
        let scale = super::decode::scale_eighths(self.decoded_width, self.decoded_height, preview_px);
        let scaled = |samples: u64| samples.saturating_mul(u64::from(scale * scale)) / 64;
        match self.coding {
            Coding::Baseline { samples } => scaled(samples).max(scaled(width * height * 4)),
            Coding::Progressive { samples } => {
                samples.saturating_mul(2) + scaled(samples).max(scaled(width * height * 4))
            }
            Coding::Png { bytes_per_pixel, interlaced: true } => width * height * (bytes_per_pixel + 4),
            Coding::Png { bytes_per_pixel, .. } => {
                let shrink = u64::from(super::decode::png_shrink(self.decoded_width, self.decoded_height, preview_px));
                width * bytes_per_pixel + width.div_ceil(shrink) * height.div_ceil(shrink) * 8
            }
        }
    }

    /// Reads the picture's bytes from the file that was probed.
    ///
    /// # Errors
    /// When reading fails, or the file has become shorter.
    pub fn read(&self, file: &mut (impl Read + Seek)) -> Result<Vec<u8>, ImagingError> {
        let len = self.at.end - self.at.start;
        file.seek(SeekFrom::Start(self.at.start))?;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(usize::try_from(len).unwrap_or(usize::MAX))
            .map_err(|_| ImagingError::new(Reason::TooLarge, "the file does not fit into memory"))?;
        file.take(len).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != len {
            return Err(ImagingError::truncated("the file became shorter while it was read"));
        }
        Ok(bytes)
    }
}

/// Looks at a file's headers: a few pages of a RAW of any size, for a JPEG with something behind its end one pass.
/// `name` is only compared with what the content says.
///
/// # Errors
/// `Empty`, `NotAPicture` (an extension of pictures on something else), `Truncated`, `TooLarge`, `Unsupported`,
/// `Corrupt`, `NoPreview`, `Unreadable`. Kinds that are known but left alone (HEIC, video, …) are no error: see
/// [`Format::support`].
pub fn probe<R: Read + Seek>(file: &mut R, name: &Path, limits: &Limits) -> Result<Probe, ImagingError> {
    let mut source = Source::new(file)?;
    if source.len() == 0 {
        return Err(ImagingError::new(Reason::Empty, "the file is empty"));
    }
    let head = source.bytes(0, SNIFF_BYTES)?;
    let mut found = match format::sniff(&head) {
        Signature::Certain(Format::Jpeg) => probe_jpeg(&mut source, limits)?,
        Signature::Certain(Format::Png) => probe_png(&mut source, limits)?,
        Signature::Certain(Format::Other) if claims_to_be_a_picture(name) => {
            return Err(ImagingError::new(Reason::NotAPicture, "the content is not that of any picture"));
        }
        Signature::Certain(format) if format.is_raw() => probe_raw(&mut source, Some(format), name, limits)?,
        Signature::Certain(format) => without_picture(format),
        Signature::Tiff => probe_raw(&mut source, None, name, limits)?,
    };
    found.wrong_extension = !found.format.fits_name(name);
    if found.wrong_extension {
        found.notes.push(format!("the name's extension is wrong: the content is {}", found.format));
    }
    Ok(found)
}

fn without_picture(format: Format) -> Probe {
    Probe { format, wrong_extension: false, picture: None, metadata: Metadata::default(), notes: Vec::new() }
}

/// A name that promises a picture which is decoded here.
fn claims_to_be_a_picture(name: &Path) -> bool {
    Format::ALL.iter().any(|format| format.support() != Support::Skipped && format.fits_name(name))
}

fn probe_jpeg(source: &mut Source, limits: &Limits) -> Result<Probe, ImagingError> {
    let len = source.len();
    let header = jpeg::read_header(source, 0, len)?;
    limits.check_pixels(header.width, header.height)?;
    let mut notes = Vec::new();
    let metadata = jpeg_metadata(source, &header, &mut notes)?;
    let orientation = metadata.orientation.unwrap_or(Orientation::UPRIGHT);
    let picture = jpeg_picture(0..len, &header, orientation, metadata.adobe_rgb);
    limits.check_bytes(picture.decode_bytes(1))?;
    header.check_complete(source, len)?;
    Ok(Probe { format: Format::Jpeg, wrong_extension: false, picture: Some(picture), metadata, notes })
}

fn jpeg_picture(at: Range<u64>, header: &JpegHeader, orientation: Orientation, adobe_rgb: bool) -> Picture {
    Picture {
        at,
        orientation,
        width: header.width,
        height: header.height,
        decoded_width: header.width,
        decoded_height: header.height,
        adobe_rgb,
        coding: Coding::of_jpeg(header),
    }
}

fn jpeg_metadata(source: &mut Source, header: &JpegHeader, notes: &mut Vec<String>) -> Result<Metadata, ImagingError> {
    match &header.exif {
        Some(at) => exif_at(source, at, notes),
        None => Ok(Metadata::default()),
    }
}

fn exif_at(source: &mut Source, at: &Range<u64>, notes: &mut Vec<String>) -> Result<Metadata, ImagingError> {
    let read = |source: &mut Source| -> Result<Option<Metadata>, ImagingError> {
        let Some(mut tiff) = Tiff::open(source, at.start, at.end)? else { return Ok(None) };
        Metadata::read(&mut tiff).map(Some)
    };
    match read(source) {
        Ok(Some(metadata)) => Ok(metadata),
        Ok(None) => {
            notes.push("what the camera wrote about the shot (EXIF) is damaged".to_owned());
            Ok(Metadata::default())
        }
        Err(error) if error.reason() == Reason::Unreadable => Err(error),
        Err(error) => {
            notes.push(format!("what the camera wrote about the shot (EXIF) is damaged: {error}"));
            Ok(Metadata::default())
        }
    }
}

fn probe_png(source: &mut Source, limits: &Limits) -> Result<Probe, ImagingError> {
    let len = source.len();
    let header = png_header::read_header(source)?;
    limits.check_pixels(header.width, header.height)?;
    limits.check_bytes(header.inflated_bytes())?;
    let mut notes = Vec::new();
    let metadata = match &header.exif {
        Some(at) => exif_at(source, at, &mut notes)?,
        None => Metadata::default(),
    };
    let picture = Picture {
        at: 0..len,
        orientation: metadata.orientation.unwrap_or(Orientation::UPRIGHT),
        width: header.width,
        height: header.height,
        decoded_width: header.width,
        decoded_height: header.height,
        adobe_rgb: false,
        coding: Coding::of_png(&header),
    };
    limits.check_bytes(picture.decode_bytes(1))?;
    header.check_complete(source)?;
    Ok(Probe { format: Format::Png, wrong_extension: false, picture: Some(picture), metadata, notes })
}

fn probe_raw(source: &mut Source, format: Option<Format>, name: &Path, limits: &Limits) -> Result<Probe, ImagingError> {
    let (format, raw) = raw::read(source, format)?;
    // What tells a RAW from another TIFF may be in the part that is missing: there the name counts too.
    if raw.is_truncated(source) && (format.is_raw() || claims_to_be_a_picture(name)) {
        return Err(ImagingError::truncated("the file ends before its picture does"));
    }
    if !format.is_raw() {
        return Ok(without_picture(format));
    }
    let preview = raw.preview(source, limits)?;
    let mut notes = Vec::new();
    if let Some(error) = &preview.larger_refused {
        notes.push(format!(
            "the large preview in the RAW cannot be used ({error}): the photo is made from one of {} x {} pixels",
            preview.header.width, preview.header.height
        ));
    }
    let own = jpeg_metadata(source, &preview.header, &mut notes)?;
    // What turns the preview is its own word; most have none, then the RAW's holds for it too.
    let orientation = own.orientation.or(raw.metadata.orientation).unwrap_or(Orientation::UPRIGHT);
    let mut metadata = raw.metadata;
    metadata.fill_from(own);
    let mut picture = jpeg_picture(preview.at, &preview.header, orientation, metadata.adobe_rgb);
    limits.check_bytes(picture.decode_bytes(1))?;
    if let Some((width, height)) = metadata.pixels.filter(|&pixels| describes(pixels, &picture, limits)) {
        (picture.width, picture.height) = (width, height);
    }
    Ok(Probe { format, wrong_extension: false, picture: Some(picture), metadata, notes })
}

/// Whether a size from the metadata is that of the same picture: at least as large, and about as wide for its height.
fn describes((width, height): (u32, u32), picture: &Picture, limits: &Limits) -> bool {
    let ratio = |width: u32, height: u32| f64::from(width) / f64::from(height.max(1));
    let (said, seen) = (ratio(width, height), ratio(picture.decoded_width, picture.decoded_height));
    width >= picture.decoded_width
        && height >= picture.decoded_height
        && limits.check_pixels(width, height).is_ok()
        && (said / seen - 1.0).abs() < 0.05
}
