use photoctl::imaging::{Deriver, Limits, Mark, Placement, Reason, Recipe, Watermark};

use super::builders::{camera_jpeg, scene_jpeg};
use super::{derive, difference, look, pixels, plain};

fn marked(watermark: Watermark) -> Deriver {
    Deriver::new(Recipe { watermark: Some(watermark), ..Recipe::default() }, Limits::default()).expect("a recipe")
}

#[test]
fn sizes_are_of_the_longest_side_and_nothing_is_enlarged() {
    for ((width, height), preview, thumbnail) in [
        ((4500, 3000), (2048, 1365), (400, 267)),
        ((1500, 4501), (683, 2048), (133, 400)),
        ((2048, 100), (2048, 100), (400, 20)),
        ((500, 333), (500, 333), (400, 266)),
        ((300, 200), (300, 200), (300, 200)),
        ((1, 1), (1, 1), (1, 1)),
        ((9, 3001), (6, 2048), (1, 400)),
    ] {
        let (found, made) = derive(&plain(), &scene_jpeg(width, height), "a.jpg").expect("derives");
        assert_eq!((made.preview_size, made.thumbnail_size), (preview, thumbnail), "{width} x {height}");
        assert_eq!(pixels(&made.preview).dimensions(), preview);
        assert_eq!(pixels(&made.thumbnail).dimensions(), thumbnail);
        assert_eq!(found.upright_size(), Some((width as u32, height as u32)));
    }
}

/// The scaled decode, the resize and the encoder together against a plain resize of the whole picture.
#[test]
fn a_preview_is_what_a_plain_resize_gives() {
    let jpeg = scene_jpeg(4400, 3000);
    let made = derive(&plain(), &jpeg, "a.jpg").expect("derives").1;
    let whole = pixels(&jpeg);
    for (derivative, size) in [(&made.preview, made.preview_size), (&made.thumbnail, made.thumbnail_size)] {
        let reference = image::imageops::resize(&whole, size.0, size.1, image::imageops::FilterType::Triangle);
        let off = difference(&reference, &pixels(derivative));
        assert!(off < 2.0, "{size:?}: {off}");
    }
}

#[test]
fn derivatives_are_progressive_and_say_nothing_about_the_shot() {
    let (found, made) = derive(&marked(Watermark::default()), &camera_jpeg(640, 480, 6), "a.jpg").expect("derives");
    assert!(found.metadata.gps.is_some() && found.metadata.camera_serial.is_some(), "there was something to leave out");
    for derivative in [&made.preview, &made.thumbnail] {
        let markers = markers(derivative);
        assert!(markers.contains(&0xc2), "progressive: {markers:x?}");
        let private = markers.iter().filter(|&&marker| (0xe1..=0xef).contains(&marker) || marker == 0xfe);
        assert_eq!(private.count(), 0, "{markers:x?}");
        for secret in [&b"Exif"[..], b"SN-0042", b"Model X", b"2026", b"GPS"] {
            assert!(!derivative.windows(secret.len()).any(|bytes| bytes == secret));
        }
        assert!(exif::Reader::new().read_from_container(&mut std::io::Cursor::new(derivative)).is_err());
    }
}

/// Every marker of a JPEG up to its first scan.
fn markers(jpeg: &[u8]) -> Vec<u8> {
    let (mut found, mut at) = (Vec::new(), 2);
    while jpeg[at + 1] != 0xda {
        found.push(jpeg[at + 1]);
        at += 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    }
    found
}

#[test]
fn the_watermark_is_seen_on_white_and_on_black_and_not_on_the_thumbnail() {
    for shade in [0_u8, 255] {
        let file = flat(1200, 800, shade);
        let without = derive(&plain(), &file, "a.png").expect("derives").1;
        for placement in [
            Placement::Tiled,
            Placement::TopLeft,
            Placement::TopRight,
            Placement::BottomLeft,
            Placement::BottomRight,
            Placement::Centre,
        ] {
            let watermark =
                Watermark { mark: Mark::Text("© Zoë Ω Ж 2026".to_owned()), placement, ..Watermark::default() };
            let with = derive(&marked(watermark), &file, "a.png").expect("derives").1;
            assert_eq!(with.thumbnail, without.thumbnail, "the thumbnail has no mark");
            let picture = pixels(&with.preview);
            let seen = |x: u32, y: u32, w: u32, h: u32| {
                let part = image::imageops::crop_imm(&picture, x, y, w, h).to_image();
                part.pixels().filter(|p| p.0[0].abs_diff(shade) > 30).count()
            };
            let quarters =
                [seen(0, 0, 600, 400), seen(600, 0, 600, 400), seen(0, 400, 600, 400), seen(600, 400, 600, 400)];
            let expected = match placement {
                Placement::Tiled | Placement::Centre => [true; 4],
                Placement::TopLeft => [true, false, false, false],
                Placement::TopRight => [false, true, false, false],
                Placement::BottomLeft => [false, false, true, false],
                Placement::BottomRight => [false, false, false, true],
            };
            assert_eq!(quarters.map(|count| count > 100), expected, "{placement:?} on {shade}: {quarters:?}");
        }
    }
}

#[test]
fn a_png_with_transparency_is_laid_on_in_its_colours() {
    // A red disc, half opaque, on nothing.
    let mut logo = image::RgbaImage::new(100, 100);
    for (x, y, pixel) in logo.enumerate_pixels_mut() {
        let inside = (i64::from(x) - 50).pow(2) + (i64::from(y) - 50).pow(2) < 40 * 40;
        *pixel = image::Rgba([255, 0, 0, if inside { 128 } else { 0 }]);
    }
    let mut png = std::io::Cursor::new(Vec::new());
    logo.write_to(&mut png, image::ImageFormat::Png).expect("encodes");
    let mark = Mark::Png(png.into_inner().into());
    let watermark = Watermark { mark, placement: Placement::Centre, opacity: 1.0, size: 0.5 };
    let made = derive(&marked(watermark), &flat(600, 400, 255), "a.png").expect("derives").1;
    let picture = pixels(&made.preview);
    let [r, g, b] = picture.get_pixel(300, 200).0;
    assert!(r > 245 && g.abs_diff(127) < 8 && b.abs_diff(127) < 8, "{r} {g} {b}");
    assert!(picture.get_pixel(300, 80).0.iter().all(|&sample| sample > 245));

    let bad = Watermark { mark: Mark::Png(b"no png".as_slice().into()), ..Watermark::default() };
    let refused = Deriver::new(Recipe { watermark: Some(bad), ..Recipe::default() }, Limits::default());
    assert_eq!(refused.err().map(|error| error.reason()), Some(Reason::BadWatermark));
}

#[test]
fn a_deriver_gives_the_same_bytes_on_all_threads() {
    let deriver = marked(Watermark::default());
    let jpeg = camera_jpeg(900, 700, 3);
    let found = look(&jpeg, "a.jpg").expect("probes");
    let first = deriver.derive(&jpeg, &found).expect("derives");
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..4).map(|_| scope.spawn(|| deriver.derive(&jpeg, &found).expect("derives"))).collect();
        for other in others {
            assert_eq!(other.join().expect("ran"), first);
        }
    });
}

/// A PNG of one shade.
fn flat(width: u32, height: u32, shade: u8) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([shade; 3]))
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("encodes");
    png.into_inner()
}
