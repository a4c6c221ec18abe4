//! Smaller pictures for the models. The filter averages all that a smaller pixel covers, as OpenCV's `INTER_AREA`.

use std::borrow::Cow;
use std::cell::Cell;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{Filter, FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::error::{Error, Kind, Result};
use crate::model::pixels::Pixels;

/// A rectangle of whole pixels that lies in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Region {
    pub left: u32,
    pub top: u32,
    pub width: u32,
    pub height: u32,
}

impl Region {
    pub fn all(picture: &Pixels) -> Self {
        Self { left: 0, top: 0, width: picture.width(), height: picture.height() }
    }
}

/// With a longest side of at most `longest_px`; a picture that is no larger stays as it is.
pub(super) fn to_longest(picture: &Pixels, longest_px: u32) -> Result<Cow<'_, Pixels>> {
    let (width, height) = size(picture.width(), picture.height(), longest_px);
    if (width, height) == (picture.width(), picture.height()) {
        return Ok(Cow::Borrowed(picture));
    }
    region(picture, Region::all(picture), width, height).map(Cow::Owned)
}

/// The sides of a picture whose longest becomes `longest_px`, each at least 1.
pub(super) fn size(width: u32, height: u32, longest_px: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= longest_px {
        return (width, height);
    }
    let scaled = |side: u32| {
        let exact = (u64::from(side) * u64::from(longest_px) + u64::from(longest / 2)) / u64::from(longest.max(1));
        u32::try_from(exact).unwrap_or(longest_px).max(1)
    };
    (scaled(width), scaled(height))
}

/// A part of a picture as one of `width` x `height`.
pub(super) fn region(picture: &Pixels, part: Region, width: u32, height: u32) -> Result<Pixels> {
    let failed = |error: &dyn std::fmt::Display| {
        Error::new(Kind::Internal, "making a picture smaller failed").with_source(error.to_string())
    };
    let source = ImageRef::new(picture.width(), picture.height(), picture.rgb(), PixelType::U8x3)
        .map_err(|error| failed(&error))?;
    let mut resized = Image::new(width, height, PixelType::U8x3);
    let scale = (f64::from(part.width) / f64::from(width)).max(f64::from(part.height) / f64::from(height));
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(area(scale.max(1.0))?))
        .crop(f64::from(part.left), f64::from(part.top), f64::from(part.width), f64::from(part.height))
        .use_alpha(false);
    Resizer::new().resize(&source, &mut resized, &options).map_err(|error| failed(&error))?;
    Pixels::new(width, height, resized.into_vec()).ok_or_else(|| failed(&"a side is 0"))
}

thread_local! {
    /// Pixels that become one, for the filter in use: the library takes a function, which can not keep it.
    static SCALE: Cell<f64> = const { Cell::new(1.0) };
}

/// Each pixel counts by the share of it that is covered. The library's own box takes or leaves whole pixels, which
/// moves edges: the detector's points then differ by pixels from those that OpenCV has.
fn area(scale: f64) -> Result<FilterType> {
    fn covered(distance: f64) -> f64 {
        let scale = SCALE.get();
        (scale.midpoint(1.0) - distance.abs() * scale).clamp(0.0, 1.0)
    }
    SCALE.set(scale);
    let filter = Filter::new("area", covered, scale.midpoint(1.0) / scale);
    filter
        .map(FilterType::Custom)
        .map_err(|error| Error::new(Kind::Internal, "making a picture smaller failed").with_source(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_and_never_grow() {
        assert_eq!(size(6000, 4000, 1280), (1280, 853));
        assert_eq!(size(100, 50, 1280), (100, 50));
        assert_eq!(size(1, 5000, 480), (1, 480));
    }

    #[test]
    fn what_is_averaged_keeps_its_colours() {
        let picture = Pixels::new(6, 6, [10, 20, 30].repeat(36)).expect("a picture");
        let smaller = to_longest(&picture, 2).expect("shrinks");
        assert_eq!((smaller.width(), smaller.rgb()), (2, &[10, 20, 30].repeat(4)[..]));
    }

    #[test]
    fn pixels_count_by_what_is_covered_of_them() {
        let row: Vec<u8> = [0, 90, 240].iter().flat_map(|grey| [*grey; 3]).collect();
        let picture = Pixels::new(3, 1, row).expect("a picture");
        let smaller = to_longest(&picture, 2).expect("shrinks");
        assert_eq!(smaller.rgb(), [30, 30, 30, 190, 190, 190]);
    }
}
