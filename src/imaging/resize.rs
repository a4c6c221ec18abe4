//! Smaller pictures from larger ones.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::decode::{Plane, Samples};
use super::error::{ImagingError, Reason};
use super::ycc::Ycc;

/// The sides of a picture whose longest becomes `longest_px`, each at least 1. Smaller pictures stay as they are.
pub(super) fn fit(width: u32, height: u32, longest_px: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= longest_px || longest == 0 {
        return (width, height);
    }
    let scaled = |side: u32| {
        let exact = (u64::from(side) * u64::from(longest_px) * 2 + u64::from(longest)) / (2 * u64::from(longest));
        u32::try_from(exact).unwrap_or(longest_px).max(1)
    };
    (scaled(width), scaled(height))
}

/// A picture after decoding and resizing, before its colours are made sRGB.
pub(super) enum Resized {
    /// Luma and chroma as in the file.
    Ycc(Ycc),
    Grey(Vec<u8>),
    Rgb(Vec<u8>),
    Cmyk(Vec<u8>),
}

/// Resizes what a decoder gave to `width` x `height`.
pub(super) fn resize(samples: Samples, width: u32, height: u32) -> Result<Resized, ImagingError> {
    let mut resizer = Resizer::new();
    let whole = Target { width, height, cover: (1.0, 1.0) };
    Ok(match samples {
        Samples::Ycc { y, cb, cr } => {
            let half = whole.halved();
            Resized::Ycc(Ycc {
                width: width as usize,
                height: height as usize,
                y: plane(&mut resizer, y, &whole, PixelType::U8, FilterType::Lanczos3)?,
                cb: plane(&mut resizer, cb, &half, PixelType::U8, FilterType::CatmullRom)?,
                cr: plane(&mut resizer, cr, &half, PixelType::U8, FilterType::CatmullRom)?,
            })
        }
        Samples::Grey(grey) => Resized::Grey(plane(&mut resizer, grey, &whole, PixelType::U8, FilterType::Lanczos3)?),
        Samples::Rgb(rgb) => Resized::Rgb(plane(&mut resizer, rgb, &whole, PixelType::U8x3, FilterType::Lanczos3)?),
        Samples::Cmyk(ink) => Resized::Cmyk(plane(&mut resizer, ink, &whole, PixelType::U8x4, FilterType::Lanczos3)?),
    })
}

/// A smaller copy of a finished picture. With `halve_first` luma to be made four times smaller or more is averaged to
/// half its size first. That is cheaper, and comes closer to what others make by a scaled decode; a picture that was
/// resized already would become too soft.
pub(super) fn resize_ycc(picture: &Ycc, width: u32, height: u32, halve_first: bool) -> Result<Ycc, ImagingError> {
    let mut resizer = Resizer::new();
    let whole = Target { width, height, cover: (1.0, 1.0) };
    let half = whole.halved();
    let (c_width, c_height) = picture.chroma_size();
    let mut copy = |bytes: &[u8], width: usize, height: usize, seen: (f64, f64), target: &Target, filter| {
        run(&mut resizer, &View { bytes, width, height, seen }, target, PixelType::U8, filter)
    };
    let (w, h) = (picture.width as f64, picture.height as f64);
    let y = if halve_first && picture.width.max(picture.height) >= 4 * width.max(height) as usize {
        let (w2, h2) = (picture.width.div_ceil(2), picture.height.div_ceil(2));
        let middle = Target { width: w2 as u32, height: h2 as u32, cover: (1.0, 1.0) };
        let averaged = copy(&picture.y, picture.width, picture.height, (w, h), &middle, FilterType::Box)?;
        copy(&averaged, w2, h2, (w2 as f64, h2 as f64), &whole, FilterType::Lanczos3)?
    } else {
        copy(&picture.y, picture.width, picture.height, (w, h), &whole, FilterType::Lanczos3)?
    };
    Ok(Ycc {
        width: width as usize,
        height: height as usize,
        y,
        cb: copy(&picture.cb, c_width, c_height, (w / 2.0, h / 2.0), &half, FilterType::CatmullRom)?,
        cr: copy(&picture.cr, c_width, c_height, (w / 2.0, h / 2.0), &half, FilterType::CatmullRom)?,
    })
}

struct Target {
    width: u32,
    height: u32,
    /// Chroma planes of an odd side reach half a sample beyond the picture.
    cover: (f64, f64),
}

impl Target {
    fn halved(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        let cover = |half: u32, side: u32| f64::from(2 * half) / f64::from(side);
        Self { width, height, cover: (cover(width, self.width), cover(height, self.height)) }
    }
}

struct View<'b> {
    bytes: &'b [u8],
    width: usize,
    height: usize,
    seen: (f64, f64),
}

fn plane(
    resizer: &mut Resizer,
    plane: Plane,
    target: &Target,
    pixels: PixelType,
    filter: FilterType,
) -> Result<Vec<u8>, ImagingError> {
    let (width, height) = (target.width as usize, target.height as usize);
    if (plane.width, plane.height) == (width, height) {
        return Ok(plane.bytes);
    }
    let view = View { bytes: &plane.bytes, width: plane.width, height: plane.height, seen: plane.seen };
    run(resizer, &view, target, pixels, filter)
}

fn run(
    resizer: &mut Resizer,
    view: &View,
    target: &Target,
    pixels: PixelType,
    filter: FilterType,
) -> Result<Vec<u8>, ImagingError> {
    let failed =
        |error: &dyn std::fmt::Display| ImagingError::new(Reason::Internal, format!("resizing failed: {error}"));
    let side = |side: usize| u32::try_from(side).map_err(|error| failed(&error));
    let source =
        ImageRef::new(side(view.width)?, side(view.height)?, view.bytes, pixels).map_err(|error| failed(&error))?;
    let mut resized = Image::new(target.width, target.height, pixels);
    let crop =
        ((view.width as f64).min(view.seen.0 * target.cover.0), (view.height as f64).min(view.seen.1 * target.cover.1));
    let options =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter)).crop(0.0, 0.0, crop.0, crop.1).use_alpha(false);
    resizer.resize(&source, &mut resized, &options).map_err(|error| failed(&error))?;
    Ok(resized.into_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_and_never_grow() {
        assert_eq!(fit(6000, 4000, 2048), (2048, 1365));
        assert_eq!(fit(4000, 6000, 400), (267, 400));
        assert_eq!(fit(300, 200, 400), (300, 200));
        assert_eq!(fit(10_000, 1, 400), (400, 1));
    }
}
