//! Pictures: what a file is, derivatives, and files that mean harm.

pub mod builders;
mod colours;
mod derivatives;
mod hostile;
mod kinds;
mod mutations;
pub mod orientation;
mod raws;
mod speed;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use photoctl::imaging::{Derivatives, Deriver, ImagingError, Limits, Probe, Reason, Recipe, probe};

/// A file of `tests/data`.
pub fn data(name: &str) -> Vec<u8> {
    let path = folder().join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn look(bytes: &[u8], name: &str) -> Result<Probe, ImagingError> {
    probe(&mut Cursor::new(bytes), Path::new(name), &Limits::default())
}

fn plain() -> Deriver {
    Deriver::new(Recipe::default(), Limits::default()).expect("a recipe without a watermark")
}

/// Probe, read, derive: the way of a file through the upload.
fn derive(deriver: &Deriver, bytes: &[u8], name: &str) -> Result<(Probe, Derivatives), ImagingError> {
    let found = look(bytes, name)?;
    let picture = found.picture.as_ref().ok_or_else(|| ImagingError::new(Reason::Unsupported, "no picture"))?;
    let read = picture.read(&mut Cursor::new(bytes))?;
    let made = deriver.derive(&read, &found)?;
    Ok((found, made))
}

/// Decoded by another decoder than the one that was used to make it.
pub fn pixels(jpeg: &[u8]) -> image::RgbImage {
    image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg).expect("decodes").to_rgb8()
}

/// Mean difference of all samples, in steps of 255.
fn difference(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.as_raw().len() as f64
}
