//! Faces: the local engine by itself and beside OpenCV, and what it needs of imaging.

mod engine;
mod hostile;
mod opencv;
mod pixels;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use photoctl::faces::LocalEngine;
use photoctl::imaging::{self, Limits, probe};
use photoctl::model::pixels::Pixels;

/// The portraits of `tests/data/faces`.
const PORTRAITS: [&str; 6] =
    ["person_a_1.jpg", "person_a_2.jpg", "person_b_1.jpg", "person_b_2.jpg", "impostor_1.jpg", "impostor_2.jpg"];

/// One for all tests: loading takes a second in a debug build.
fn engine() -> &'static LocalEngine {
    static ENGINE: OnceLock<LocalEngine> = OnceLock::new();
    ENGINE.get_or_init(|| LocalEngine::load(None).expect("the built-in models"))
}

fn portrait(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/faces").join(name)
}

fn open(path: &Path) -> Pixels {
    pixels_of(&std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// As the program itself takes a file: probe, then all pixels.
fn pixels_of(bytes: &[u8]) -> Pixels {
    let found = probe(&mut Cursor::new(bytes), Path::new("a.jpg"), &Limits::default()).expect("a picture");
    imaging::pixels(bytes, &found, &Limits::default()).expect("decodes")
}

/// A picture of one colour with others laid on it, each at its place.
fn laid_out(width: u32, height: u32, pictures: &[(&Pixels, u32, u32)]) -> Pixels {
    let mut canvas = image::RgbImage::from_pixel(width, height, image::Rgb([90, 100, 110]));
    for (picture, left, top) in pictures {
        let part = image::RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().to_vec()).unwrap();
        image::imageops::replace(&mut canvas, &part, i64::from(*left), i64::from(*top));
    }
    Pixels::new(width, height, canvas.into_raw()).unwrap()
}

fn enlarged(picture: &Pixels, width: u32, height: u32) -> Pixels {
    let whole = image::RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().to_vec()).unwrap();
    let larger = image::imageops::resize(&whole, width, height, image::imageops::FilterType::CatmullRom);
    Pixels::new(width, height, larger.into_raw()).unwrap()
}
