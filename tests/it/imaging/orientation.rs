use image::RgbImage;

use super::{data, derive, difference, pixels, plain};

/// All nine ways of storing a picture give the same upright thumbnail. The digit in the middle of each picture tells
/// them apart, so a small difference is there to stay.
fn all_upright(shape: &str, size: (u32, u32), pixels_stored: (u32, u32)) {
    let deriver = plain();
    let thumbnails: Vec<_> = (0..=8)
        .map(|number| {
            let name = format!("{shape}_{number}.jpg");
            let (found, made) = derive(&deriver, &data(&format!("orientation/{name}")), &name).expect(&name);
            assert_eq!(found.upright_size(), Some(pixels_stored), "{name}");
            assert_eq!(made.thumbnail_size, size, "{name}");
            assert_eq!(made.preview_size, pixels_stored, "{name}: small pictures are not enlarged");
            let expected = match number {
                0 | 1 => 1,
                other => other,
            };
            let picture = found.picture.expect(&name);
            assert_eq!(picture.orientation.exif(), expected, "{name}");
            pixels(&made.thumbnail)
        })
        .collect();
    for (number, thumbnail) in thumbnails.iter().enumerate() {
        assert_same(&thumbnails[1], thumbnail, &format!("{shape}_{number}"));
    }
}

/// Two thumbnails are of one picture, and neither is turned.
pub fn assert_same(expected: &RgbImage, thumbnail: &RgbImage, name: &str) {
    assert_eq!(thumbnail.dimensions(), expected.dimensions(), "{name}");
    let off = difference(expected, thumbnail);
    assert!(off < 3.0, "{name}: {off}");
    // The corners say more than the mean: a picture on its head would differ there.
    let (right, bottom) = (expected.width() - 40, expected.height() - 40);
    for (x, y) in [(0, 0), (right, 0), (0, bottom), (right, bottom)] {
        let corner = |of: &RgbImage| image::imageops::crop_imm(of, x, y, 40, 40).to_image();
        let off = difference(&corner(expected), &corner(thumbnail));
        assert!(off < 6.0, "{name}, corner {x},{y}: {off}");
    }
    let turned = image::imageops::rotate180(expected);
    assert!(difference(expected, &turned) > 20.0, "the comparison would notice");
}

#[test]
fn landscapes_stand_upright() {
    all_upright("Landscape", (400, 267), (1800, 1200));
}

#[test]
fn portraits_stand_upright() {
    all_upright("Portrait", (267, 400), (1200, 1800));
}
