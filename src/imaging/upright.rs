//! All pixels of a picture, upright and in sRGB, and JPEGs of such pixels.

use std::panic::AssertUnwindSafe;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::model::pixels::Pixels;

use super::colour::{self, Conversion, Profiles};
use super::decode::{self, Decoded, Samples, Target};
use super::error::{ImagingError, Reason};
use super::limits::Limits;
use super::orientation::Orientation;
use super::probe::Probe;
use super::resize;
use super::ycc::Ycc;

/// Decodes a picture in full size: the file itself, or the preview inside a RAW. `picture` holds the bytes of
/// `probe.picture`. It comes upright, in sRGB, and on white where it is transparent. What it takes tells
/// [`super::Picture::pixels_bytes`].
///
/// # Errors
/// As [`super::Deriver::derive`].
pub fn pixels(picture: &[u8], probe: &Probe, limits: &Limits) -> Result<Pixels, ImagingError> {
    // A defect that one file brings to light must not end a run over thousands.
    std::panic::catch_unwind(AssertUnwindSafe(|| decoded_pixels(picture, probe, limits)))
        .unwrap_or_else(|_| Err(ImagingError::new(Reason::Internal, "a defect in handling this picture")))
}

fn decoded_pixels(picture: &[u8], probe: &Probe, limits: &Limits) -> Result<Pixels, ImagingError> {
    let Some(described) = &probe.picture else {
        return Err(ImagingError::new(Reason::Unsupported, format!("{} files are not decoded", probe.format)));
    };
    limits.check_bytes(described.pixels_bytes())?;
    let decoded = decode::decode(picture, probe.format, described, Target::Pixels, limits)?;
    let conversion = Profiles::default().for_decoded(&decoded, described.adobe_rgb);
    let Decoded { samples, mut notes, .. } = decoded;
    let rgb = to_srgb(samples, &colour::usable(conversion, &mut notes))?;
    upright(rgb, described.decoded_width, described.decoded_height, described.orientation)
}

fn to_srgb(samples: Samples, conversion: &Conversion) -> Result<Vec<u8>, ImagingError> {
    let transformed = |transform: &moxcms::Transform8BitExecutor, from: &[u8], samples_a_pixel: usize| {
        let mut rgb = vec![0; from.len() / samples_a_pixel * 3];
        let done = transform.transform(from, &mut rgb);
        done.map_err(|error| failed(&format_args!("converting colours: {error}")))?;
        Ok(rgb)
    };
    match (samples, conversion) {
        (Samples::Rgb(plane), Conversion::Rgb(transform)) => transformed(transform.as_ref(), &plane.bytes, 3),
        (Samples::Rgb(plane), _) => Ok(plane.bytes),
        (Samples::Grey(plane), Conversion::Grey(table)) => {
            Ok(plane.bytes.iter().flat_map(|sample| [table[usize::from(*sample)]; 3]).collect())
        }
        (Samples::Grey(plane), _) => Ok(plane.bytes.iter().flat_map(|sample| [*sample; 3]).collect()),
        (Samples::Cmyk(plane), Conversion::Cmyk(transform)) => transformed(transform.as_ref(), &plane.bytes, 4),
        (Samples::Cmyk(plane), _) => Ok(colour::plain_cmyk(&plane.bytes)),
        (Samples::Ycc { .. }, _) => Err(failed(&"planes were decoded where pixels were asked for")),
    }
}

fn upright(rgb: Vec<u8>, width: u32, height: u32, orientation: Orientation) -> Result<Pixels, ImagingError> {
    let (upright_width, upright_height) = orientation.upright(width, height);
    let rgb = if orientation == Orientation::UPRIGHT {
        rgb
    } else {
        let pixels = rgb.as_chunks::<3>().0.to_vec();
        drop(rgb);
        orientation.turn(pixels, width as usize, height as usize).into_flattened()
    };
    Pixels::new(upright_width, upright_height, rgb).ok_or_else(|| failed(&"the decoder's pixels have another size"))
}

/// A picture as a progressive JPEG in sRGB, 4:2:0, without any metadata. `quality` is libjpeg's, 1 to 100.
///
/// # Errors
/// `Internal`: the encoder failed.
pub fn jpeg(picture: &Pixels, quality: u8) -> Result<Vec<u8>, ImagingError> {
    Ycc::from_rgb(picture.width() as usize, picture.height() as usize, picture.rgb()).encode(quality)
}

/// A copy whose longest side has at most `longest_px`. Smaller pictures stay as they are.
///
/// # Errors
/// `Internal`: resizing failed.
pub fn fit(picture: &Pixels, longest_px: u32) -> Result<Pixels, ImagingError> {
    let (width, height) = resize::fit(picture.width(), picture.height(), longest_px.max(1));
    if (width, height) == (picture.width(), picture.height()) {
        return Ok(picture.clone());
    }
    let source = ImageRef::new(picture.width(), picture.height(), picture.rgb(), PixelType::U8x3)
        .map_err(|error| failed(&error))?;
    let mut resized = Image::new(width, height, PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).use_alpha(false);
    Resizer::new().resize(&source, &mut resized, &options).map_err(|error| failed(&error))?;
    Pixels::new(width, height, resized.into_vec()).ok_or_else(|| failed(&"a side is 0"))
}

fn failed(error: &dyn std::fmt::Display) -> ImagingError {
    ImagingError::new(Reason::Internal, format!("the picture's pixels cannot be had: {error}"))
}
