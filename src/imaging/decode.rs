//! From the bytes of a JPEG or PNG to samples, no larger than the preview needs.

use std::io::Cursor;

use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, ScalingFactor, Subsamp, YuvImage};

use super::error::{ImagingError, Reason};
use super::format::Format;
use super::jpeg::{self, JpegHeader};
use super::limits::{Limits, MAX_JPEG_SCANS};
use super::png_header;
use super::probe::Picture;
use super::source::Source;

/// Samples as the decoder gave them, stored orientation.
pub(super) enum Samples {
    /// Luma in full size, chroma in the size it was stored in (times the same scale).
    Ycc {
        y: Plane,
        cb: Plane,
        cr: Plane,
    },
    Grey(Plane),
    /// Three bytes a pixel.
    Rgb(Plane),
    /// Four bytes a pixel, each the amount of ink, 255 for all of it.
    Cmyk(Plane),
}

/// Rows of samples. What is seen may be a fraction of a sample narrower than what is stored.
pub(super) struct Plane {
    /// Samples a row and rows in `bytes`.
    pub width: usize,
    pub height: usize,
    /// How much of it the picture covers, from the left and top.
    pub seen: (f64, f64),
    pub bytes: Vec<u8>,
}

/// A picture decoded, possibly smaller than it is stored.
pub(super) struct Decoded {
    pub samples: Samples,
    pub profile: Option<Vec<u8>>,
    pub notes: Vec<String>,
}

impl Plane {
    fn whole(width: usize, height: usize, bytes: Vec<u8>) -> Self {
        let seen = (width as f64, height as f64);
        Self { width, height, seen, bytes }
    }
}

/// What a JPEG is decoded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Samples as they are stored, at the smallest scale that leaves this many pixels on the longest side.
    Preview(u32),
    /// Every pixel. Colours are RGB, with chroma interpolated as libjpeg does it by default.
    Pixels,
}

impl Target {
    fn preview_px(self) -> u32 {
        match self {
            Target::Preview(px) => px,
            Target::Pixels => u32::MAX,
        }
    }
}

/// The smallest scale of the DCT, in eighths, that leaves a longest side of `preview_px` or more. Only powers of two:
/// the others are slower in libjpeg-turbo than decoding more pixels is.
pub(super) fn scale_eighths(width: u32, height: u32, preview_px: u32) -> u32 {
    let longest = u64::from(width.max(height));
    [1, 2, 4]
        .into_iter()
        .find(|&eighths| (longest * u64::from(eighths)).div_ceil(8) >= u64::from(preview_px))
        .unwrap_or(8)
}

/// By how much a PNG is averaged while its rows come in: at least twice the preview remains.
pub(super) fn png_shrink(width: u32, height: u32, preview_px: u32) -> u32 {
    (width.max(height) / preview_px.max(1).saturating_mul(2)).max(1)
}

/// Decodes the JPEG or PNG that was probed.
pub(super) fn decode(
    bytes: &[u8],
    format: Format,
    described: &Picture,
    target: Target,
    limits: &Limits,
) -> Result<Decoded, ImagingError> {
    match format {
        Format::Png => decode_png(bytes, described, target, limits),
        _ => decode_jpeg(bytes, described, target, limits),
    }
}

/// Decodes a JPEG whose headers are checked here first, whatever was found in `described` before: the bytes may be
/// others by now.
fn decode_jpeg(bytes: &[u8], described: &Picture, target: Target, limits: &Limits) -> Result<Decoded, ImagingError> {
    let mut cursor = Cursor::new(bytes);
    let mut source = Source::new(&mut cursor)?;
    let header = jpeg::read_header(&mut source, 0, u64::MAX)?;
    limits.check_pixels(header.width, header.height)?;
    if !described.is_jpeg(&header) {
        return Err(another_picture());
    }
    header.check_complete(&mut source, u64::MAX)?;
    let mut notes = Vec::new();
    let profile = header.icc_profile(&mut source)?;
    if profile.is_none() && header.has_icc() {
        notes.push("the colour profile is incomplete and was ignored".to_owned());
    }
    let mut decoder = JpegDecoder { bytes, inner: Decompressor::new().map_err(internal)?, notes };
    let samples = decoder.run(&header, target)?;
    Ok(Decoded { samples, profile, notes: decoder.notes })
}

/// Memory was set aside for the one that was looked at.
fn another_picture() -> ImagingError {
    ImagingError::corrupt("the picture is another one than its headers said before")
}

struct JpegDecoder<'b> {
    bytes: &'b [u8],
    inner: Decompressor,
    notes: Vec<String>,
}

impl JpegDecoder<'_> {
    fn run(&mut self, header: &JpegHeader, target: Target) -> Result<Samples, ImagingError> {
        let eighths = scale_eighths(header.width, header.height, target.preview_px());
        let scale = ScalingFactor::new(eighths as usize, 8);
        self.inner.set_scan_limit(MAX_JPEG_SCANS).map_err(internal)?;
        self.inner.set_scaling_factor(scale).map_err(internal)?;
        let seen = match self.inner.read_header(self.bytes) {
            Ok(seen) => seen,
            Err(error) => return Err(refused(&error)),
        };
        if (seen.width, seen.height) != (header.width as usize, header.height as usize) || seen.is_lossless {
            return Err(ImagingError::corrupt("the JPEG's headers contradict each other"));
        }
        let (width, height) = (scale.scale(seen.width), scale.scale(seen.height));
        match (seen.colorspace, seen.subsamp) {
            (Colorspace::Gray, _) => {
                let bytes = self.packed(width, height, PixelFormat::GRAY)?;
                Ok(Samples::Grey(Plane::whole(width, height, bytes)))
            }
            (Colorspace::CMYK | Colorspace::YCCK, _) => {
                let mut bytes = self.packed(width, height, PixelFormat::CMYK)?;
                // Adobe's programs, the only ones that write this marker, store the lack of ink.
                if header.adobe_transform.is_some() {
                    bytes.iter_mut().for_each(|byte| *byte = 255 - *byte);
                }
                Ok(Samples::Cmyk(Plane::whole(width, height, bytes)))
            }
            (Colorspace::YCbCr, subsamp) if target != Target::Pixels && planes_can_be_read(header, subsamp) => {
                self.planes(width, height, subsamp)
            }
            _ => {
                let bytes = self.packed(width, height, PixelFormat::RGB)?;
                Ok(Samples::Rgb(Plane::whole(width, height, bytes)))
            }
        }
    }

    fn packed(&mut self, width: usize, height: usize, format: PixelFormat) -> Result<Vec<u8>, ImagingError> {
        let pitch = width * format.size();
        let mut pixels = vec![0; pitch * height];
        let result = self.inner.decompress(self.bytes, Image { pixels: &mut pixels[..], width, pitch, height, format });
        self.accept(result)?;
        Ok(pixels)
    }

    /// Without converting colours or enlarging chroma: both would be undone when the derivatives are written.
    fn planes(&mut self, width: usize, height: usize, subsamp: Subsamp) -> Result<Samples, ImagingError> {
        let layout = YuvImage { pixels: (), width, align: 1, height, subsamp };
        let ((y_width, y_height), (c_width, c_height)) = (layout.y_size(), layout.uv_size());
        let len = turbojpeg::yuv_pixels_len(width, 1, height, subsamp).map_err(internal)?;
        let mut pixels = vec![0; len];
        let result = self
            .inner
            .decompress_to_yuv(self.bytes, YuvImage { pixels: &mut pixels[..], width, align: 1, height, subsamp });
        self.accept(result)?;
        let (y_len, c_len) = (y_width * y_height, c_width * c_height);
        if len < y_len + 2 * c_len {
            return Err(ImagingError::new(Reason::Internal, "the JPEG decoder's planes have an unexpected size"));
        }
        let cr = pixels.split_off(y_len + c_len);
        let cb = pixels.split_off(y_len);
        let (seen, parts) = ((width as f64, height as f64), (subsamp.width() as f64, subsamp.height() as f64));
        let chroma =
            |bytes| Plane { width: c_width, height: c_height, seen: (seen.0 / parts.0, seen.1 / parts.1), bytes };
        Ok(Samples::Ycc {
            y: Plane { width: y_width, height: y_height, seen, bytes: pixels },
            cb: chroma(cb),
            cr: chroma(cr),
        })
    }

    /// libjpeg decodes to the end in spite of what it warns of; the binding reports both as errors.
    fn accept(&mut self, result: turbojpeg::Result<()>) -> Result<(), ImagingError> {
        let Err(error) = result else { return Ok(()) };
        let turbojpeg::Error::TurboJpegError(message) = &error else { return Err(internal(error)) };
        if is_warning(message) {
            self.notes.push(format!("part of the picture may be damaged: {message}"));
            return Ok(());
        }
        Err(refused(&error))
    }
}

/// The layouts that the decoder's planar output is made for: chroma once a unit, luma 1 to 4 times.
fn planes_can_be_read(header: &JpegHeader, subsamp: Subsamp) -> bool {
    let [y, cb, cr] = header.components[..] else { return false };
    let plain = |c: jpeg::Component| (c.h, c.v) == (1, 1);
    subsamp != Subsamp::Unknown
        && plain(cb)
        && plain(cr)
        && (usize::from(y.h), usize::from(y.v)) == (subsamp.width(), subsamp.height())
}

/// The texts of libjpeg's `JWRN_*` (jerror.h).
fn is_warning(message: &str) -> bool {
    const WARNINGS: [&str; 8] = [
        "Corrupt JPEG data: ",
        "Premature end of JPEG file",
        "Inconsistent progression sequence",
        "Invalid SOS parameters for sequential JPEG",
        "Warning: unknown JFIF revision",
        "Unknown Adobe color transform code",
        "Application transferred too many scanlines",
        "Invalid crop request",
    ];
    WARNINGS.iter().any(|warning| message.starts_with(warning))
}

fn refused(error: &turbojpeg::Error) -> ImagingError {
    ImagingError::corrupt(format!("the JPEG cannot be decoded: {error}"))
}

fn internal(error: turbojpeg::Error) -> ImagingError {
    ImagingError::new(Reason::Internal, format!("the JPEG library failed: {error}"))
}

/// Decodes a PNG, on white where it is transparent, averaged down while its rows come in.
fn decode_png(bytes: &[u8], described: &Picture, target: Target, limits: &Limits) -> Result<Decoded, ImagingError> {
    let mut cursor = Cursor::new(bytes);
    let mut source = Source::new(&mut cursor)?;
    let header = png_header::read_header(&mut source)?;
    limits.check_pixels(header.width, header.height)?;
    limits.check_bytes(header.inflated_bytes())?;
    if !described.is_png(&header) {
        return Err(another_picture());
    }
    header.check_complete(&mut source)?;

    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: 64 << 20 });
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    decoder.set_ignore_text_chunk(true);
    let mut reader = decoder.read_info().map_err(png_error)?;
    let channels = reader.output_color_type().0.samples();
    let profile = reader.info().icc_profile.as_ref().map(|profile| profile.to_vec());
    let shrink = png_shrink(header.width, header.height, target.preview_px()) as usize;
    let (width, height) = (header.width as usize, header.height as usize);
    let mut rows = RowShrinker::new(width, channels, shrink);
    if header.interlaced {
        let len =
            reader.output_buffer_size().ok_or_else(|| ImagingError::new(Reason::TooLarge, "the PNG is too large"))?;
        limits.check_bytes(len as u64)?;
        let mut whole = vec![0; len];
        reader.next_frame(&mut whole).map_err(png_error)?;
        whole.chunks_exact(width * channels).for_each(|row| rows.push(row));
    } else {
        for _ in 0..height {
            match reader.next_row().map_err(png_error)? {
                Some(row) => rows.push(row.data()),
                None => return Err(ImagingError::truncated("the PNG ends before its last row")),
            }
        }
    }
    let (width, height, bytes) = rows.finish();
    let plane = Plane::whole(width, height, bytes);
    let samples = if channels <= 2 { Samples::Grey(plane) } else { Samples::Rgb(plane) };
    Ok(Decoded { samples, profile, notes: Vec::new() })
}

fn png_error(error: png::DecodingError) -> ImagingError {
    match error {
        png::DecodingError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            ImagingError::truncated("the PNG ends before its last row")
        }
        png::DecodingError::LimitsExceeded => {
            ImagingError::new(Reason::TooLarge, "the PNG's profile or rows take more memory than is allowed")
        }
        other => ImagingError::corrupt(format!("the PNG cannot be decoded: {other}")),
    }
}

/// Lays rows on white and averages squares of them.
struct RowShrinker {
    channels: usize,
    shrink: usize,
    /// Samples of a finished row: one or three bytes a pixel.
    row_len: usize,
    sums: Vec<u32>,
    rows_in_sums: u32,
    rows: usize,
    out: Vec<u8>,
    flat: Vec<u8>,
    width: usize,
}

impl RowShrinker {
    fn new(width: usize, channels: usize, shrink: usize) -> Self {
        let colours = if channels <= 2 { 1 } else { 3 };
        let out_width = width.div_ceil(shrink);
        Self {
            channels,
            shrink,
            row_len: out_width * colours,
            sums: vec![0; out_width * colours],
            rows_in_sums: 0,
            rows: 0,
            out: Vec::new(),
            flat: vec![0; width * colours],
            width,
        }
    }

    fn push(&mut self, row: &[u8]) {
        match self.channels {
            2 => lay_on_white::<2, 1>(row, &mut self.flat),
            4 => lay_on_white::<4, 3>(row, &mut self.flat),
            _ => {
                let len = self.flat.len();
                self.flat.copy_from_slice(&row[..len]);
            }
        }
        if self.shrink == 1 {
            self.out.extend_from_slice(&self.flat);
            self.rows += 1;
            return;
        }
        let colours = self.row_len / self.width.div_ceil(self.shrink);
        for (sums, square) in self.sums.chunks_exact_mut(colours).zip(self.flat.chunks(colours * self.shrink)) {
            for pixel in square.chunks_exact(colours) {
                sums.iter_mut().zip(pixel).for_each(|(sum, sample)| *sum += u32::from(*sample));
            }
        }
        self.rows_in_sums += 1;
        if self.rows_in_sums as usize == self.shrink {
            self.emit();
        }
    }

    fn emit(&mut self) {
        let colours = self.row_len / self.width.div_ceil(self.shrink);
        let full = self.shrink;
        for (column, sums) in self.sums.chunks_exact_mut(colours).enumerate() {
            let columns = full.min(self.width - column * full);
            let count = u32::try_from(columns).unwrap_or(1) * self.rows_in_sums;
            for sum in sums {
                self.out.push(u8::try_from((*sum + count / 2) / count).unwrap_or(255));
                *sum = 0;
            }
        }
        self.rows_in_sums = 0;
        self.rows += 1;
    }

    fn finish(mut self) -> (usize, usize, Vec<u8>) {
        if self.rows_in_sums > 0 {
            self.emit();
        }
        (self.width.div_ceil(self.shrink), self.rows, self.out)
    }
}

/// `IN` samples a pixel, the last of them alpha, to `OUT` opaque ones on white.
fn lay_on_white<const IN: usize, const OUT: usize>(row: &[u8], flat: &mut [u8]) {
    for (pixel, out) in row.chunks_exact(IN).zip(flat.chunks_exact_mut(OUT)) {
        let alpha = u32::from(pixel[IN - 1]);
        for (sample, out) in pixel.iter().zip(out) {
            let mixed = u32::from(*sample) * alpha + 255 * (255 - alpha) + 127;
            *out = u8::try_from(mixed / 255).unwrap_or(255);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_keep_enough_for_the_preview() {
        assert_eq!(scale_eighths(6000, 4000, 2048), 4);
        assert_eq!(scale_eighths(8256, 5504, 2048), 2);
        assert_eq!(scale_eighths(3000, 4000, 2048), 8);
        assert_eq!(scale_eighths(16_384, 100, 2048), 1);
        assert_eq!(scale_eighths(100, 100, 2048), 8);
        assert_eq!(png_shrink(6000, 4000, 2048), 1);
        assert_eq!(png_shrink(20_000, 4000, 2048), 4);
    }

    #[test]
    fn rows_are_averaged_with_what_is_there_at_the_edges() {
        let mut rows = RowShrinker::new(3, 1, 2);
        for row in [[0, 100, 50], [100, 200, 70], [10, 30, 90]] {
            rows.push(&row);
        }
        assert_eq!(rows.finish(), (2, 2, vec![100, 60, 20, 90]));
        let mut flat = [0; 2];
        lay_on_white::<2, 1>(&[0, 0, 100, 255], &mut flat);
        assert_eq!(flat, [255, 100]);
    }
}
