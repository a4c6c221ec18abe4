//! All pixels of a picture, as faces are looked for in them.

use photoctl::imaging::{self, Limits, Reason};
use photoctl::model::pixels::Pixels;

use super::{PORTRAITS, engine, open, pixels_of, portrait};
use crate::imaging::{data, pixels as other_decoder};

fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

#[test]
fn a_jpeg_is_what_another_decoder_makes_of_it() {
    for name in PORTRAITS {
        let (ours, theirs) = (open(&portrait(name)), other_decoder(&std::fs::read(portrait(name)).unwrap()));
        assert_eq!((ours.width(), ours.height()), theirs.dimensions());
        assert!(mean_difference(ours.rgb(), theirs.as_raw()) < 1.0, "{name}");
    }
}

#[test]
fn every_orientation_stands_upright() {
    for shape in ["Landscape", "Portrait"] {
        let upright = pixels_of(&data(&format!("orientation/{shape}_1.jpg")));
        for orientation in 2..=8 {
            let turned = pixels_of(&data(&format!("orientation/{shape}_{orientation}.jpg")));
            assert_eq!((turned.width(), turned.height()), (upright.width(), upright.height()));
            assert!(mean_difference(turned.rgb(), upright.rgb()) < 8.0, "{shape} {orientation}");
        }
    }
}

/// Adds an Exif with an orientation to a JPEG without one.
fn oriented(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let len = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &len[..], &exif, &jpeg[2..]].concat()
}

#[test]
fn a_face_in_a_turned_file_is_found() {
    let picture = open(&portrait("person_a_2.jpg"));
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    // Stored on its side: the column x from the bottom up becomes the row x; 8 turns it back.
    let side = |at: usize| {
        let (x, y) = (width - 1 - at / height, at % height);
        let from = (y * width + x) * 3;
        [picture.rgb()[from], picture.rgb()[from + 1], picture.rgb()[from + 2]]
    };
    let mirrored: Vec<u8> = (0..width * height).flat_map(side).collect();
    let stored = Pixels::new(picture.height(), picture.width(), mirrored).unwrap();
    let turned = pixels_of(&oriented(&imaging::jpeg(&stored, 95).unwrap(), 6));
    assert_eq!((turned.width(), turned.height()), (picture.width(), picture.height()));
    let (upright, found) = (engine().faces(&picture, |_| true).unwrap(), engine().faces(&turned, |_| true).unwrap());
    assert_eq!((upright.len(), found.len()), (1, 1));
    assert!(upright[0].found.area.overlap(&found[0].found.area) > 0.9);
    assert!(upright[0].vector.similarity(&found[0].vector) > 0.98);
}

#[test]
fn every_kind_has_the_colours_of_its_preview() {
    for name in [
        "adobe-rgb.jpg",
        "alpha.png",
        "baseline.jpg",
        "black-and-white.png",
        "broken-profile.jpg",
        "chroma-422.jpg",
        "chroma-444.jpg",
        "cmyk.jpg",
        "display-p3.jpg",
        "grey-16-bit.png",
        "grey.jpg",
        "grey.png",
        "palette.png",
        "progressive.jpg",
        "rgb.png",
    ] {
        let bytes = data(&format!("kinds/{name}"));
        let all = pixels_of(&bytes);
        let found = imaging::probe(&mut std::io::Cursor::new(&bytes), name.as_ref(), &Limits::default()).unwrap();
        let recipe = imaging::Recipe { sharpen: 0, preview_quality: 95, ..imaging::Recipe::default() };
        let preview = imaging::Deriver::new(recipe, Limits::default()).unwrap().derive(&bytes, &found).unwrap();
        let preview = other_decoder(&preview.preview);
        assert_eq!((all.width(), all.height()), preview.dimensions(), "{name}");
        let difference = mean_difference(all.rgb(), preview.as_raw());
        assert!(difference < 4.0, "{name}: {difference}");
    }
}

#[test]
fn limits_hold_for_all_pixels() {
    let bytes = data("kinds/baseline.jpg");
    let found = imaging::probe(&mut std::io::Cursor::new(&bytes), "a.jpg".as_ref(), &Limits::default()).unwrap();
    let needed = found.picture.as_ref().unwrap().pixels_bytes();
    let tight = Limits { max_decode_bytes: needed - 1, ..Limits::default() };
    assert_eq!(imaging::pixels(&bytes, &found, &tight).expect_err("too large").reason(), Reason::TooLarge);
    let cut = &bytes[..bytes.len() / 2];
    assert!(imaging::pixels(cut, &found, &Limits::default()).is_err());
    assert!(imaging::pixels(&data("kinds/rgb.png"), &found, &Limits::default()).is_err());
}

#[test]
fn copies_are_smaller_and_without_metadata() {
    let picture = open(&portrait("person_b_1.jpg"));
    let smaller = imaging::fit(&picture, 300).unwrap();
    assert_eq!(smaller.width().max(smaller.height()), 300);
    assert_eq!(imaging::fit(&smaller, 400).unwrap(), smaller);
    let jpeg = imaging::jpeg(&smaller, 90).unwrap();
    assert!(!jpeg.windows(4).any(|bytes| bytes == b"Exif" || bytes == b"ICC_"));
    assert!(mean_difference(pixels_of(&jpeg).rgb(), smaller.rgb()) < 3.0);
}
