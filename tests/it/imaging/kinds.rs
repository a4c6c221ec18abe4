use std::io::Cursor;
use std::path::Path;

use photoctl::imaging::{Format, Limits, Reason, Support, probe};
use turbojpeg::{Colorspace, Compressor, Image, PixelFormat, Subsamp};

use super::builders::{scene, scene_jpeg};
use super::{data, derive, difference, look, pixels, plain};

/// Files of another encoder, all of the same scene.
#[test]
fn every_kind_shows_the_same_scene() {
    let deriver = plain();
    let reference = pixels(&derive(&deriver, &data("kinds/chroma-444.jpg"), "a.jpg").expect("derives").1.preview);
    for (name, most) in [
        ("baseline.jpg", 1.5),
        ("progressive.jpg", 1.5),
        ("chroma-422.jpg", 1.5),
        ("broken-profile.jpg", 1.5),
        ("cmyk.jpg", 2.0),
        ("adobe-rgb.jpg", 2.0),
        ("display-p3.jpg", 2.0),
        ("rgb.png", 2.0),
        ("palette.png", 4.0),
    ] {
        let (found, made) = derive(&deriver, &data(&format!("kinds/{name}")), name).expect(name);
        assert!(!found.wrong_extension, "{name}");
        let off = difference(&reference, &pixels(&made.preview));
        assert!(off < most, "{name}: {off}");
    }
}

#[test]
fn grey_stays_grey_and_sixteen_bits_become_eight() {
    let deriver = plain();
    let grey = pixels(&derive(&deriver, &data("kinds/grey.jpg"), "a.jpg").expect("derives").1.preview);
    assert!(grey.pixels().all(|p| p.0[0].abs_diff(p.0[1]) <= 1 && p.0[1].abs_diff(p.0[2]) <= 1));
    let png = pixels(&derive(&deriver, &data("kinds/grey.png"), "a.png").expect("derives").1.preview);
    assert!(difference(&grey, &png) < 2.0);
    let deep = pixels(&derive(&deriver, &data("kinds/grey-16-bit.png"), "a.png").expect("derives").1.preview);
    let half = image::imageops::resize(&grey, 240, 160, image::imageops::FilterType::Nearest);
    assert!(difference(&half, &deep) < 6.0);
    derive(&deriver, &data("kinds/black-and-white.png"), "a.png").expect("derives");
}

#[test]
fn what_is_transparent_becomes_white() {
    let made = derive(&plain(), &data("kinds/alpha.png"), "a.png").expect("derives").1;
    let picture = pixels(&made.preview);
    // Fades in from the left: white there, the sky's blue on the right.
    assert!(picture.get_pixel(1, 20).0.iter().all(|&sample| sample > 245));
    let [r, _, b] = picture.get_pixel(236, 20).0;
    assert!(b > r + 60, "{:?}", picture.get_pixel(236, 20));
}

/// Kinds that Pillow does not write, by libjpeg-turbo's own encoder.
#[test]
fn unusual_jpegs() {
    let deriver = plain();
    let reference = pixels(&derive(&deriver, &scene_jpeg(480, 320), "a.jpg").expect("derives").1.preview);
    let rgb = scene(480, 320);
    for (subsamp, colorspace) in [
        (Subsamp::Sub4x1, Colorspace::YCbCr),
        (Subsamp::Sub1x2, Colorspace::YCbCr),
        (Subsamp::Sub1x4, Colorspace::YCbCr),
        (Subsamp::None, Colorspace::RGB),
    ] {
        for progressive in [false, true] {
            let mut compressor = Compressor::new().expect("compressor");
            compressor.set_quality(95).expect("quality");
            compressor.set_subsamp(subsamp).expect("subsampling");
            compressor.set_colorspace(colorspace).expect("colour space");
            compressor.set_progressive(progressive).expect("progressive");
            let jpeg = compressor
                .compress_to_vec(Image {
                    pixels: &rgb[..],
                    width: 480,
                    pitch: 1440,
                    height: 320,
                    format: PixelFormat::RGB,
                })
                .expect("encodes");
            let off = difference(&reference, &pixels(&derive(&deriver, &jpeg, "a.jpg").expect("derives").1.preview));
            assert!(off < 3.0, "{subsamp:?} {colorspace:?}: {off}");
        }
    }
}

#[test]
fn four_inks_as_adobe_stores_them() {
    let rgb = scene(480, 320);
    // YCCK and CMYK with Adobe's marker hold the lack of ink, which is red, green and blue for a black of none.
    let lack: Vec<u8> = rgb.chunks_exact(3).flat_map(|p| [p[0], p[1], p[2], 255]).collect();
    let deriver = plain();
    let reference = pixels(&derive(&deriver, &scene_jpeg(480, 320), "a.jpg").expect("derives").1.preview);
    for colorspace in [Colorspace::CMYK, Colorspace::YCCK] {
        let mut compressor = Compressor::new().expect("compressor");
        compressor.set_quality(95).expect("quality");
        compressor.set_colorspace(colorspace).expect("colour space");
        let jpeg = compressor
            .compress_to_vec(Image {
                pixels: &lack[..],
                width: 480,
                pitch: 1920,
                height: 320,
                format: PixelFormat::CMYK,
            })
            .expect("encodes");
        let off = difference(&reference, &pixels(&derive(&deriver, &jpeg, "a.jpg").expect("derives").1.preview));
        assert!(off < 2.5, "{colorspace:?}: {off}");
    }
}

#[test]
fn content_decides_and_a_wrong_name_is_noted() {
    let jpeg = scene_jpeg(64, 48);
    let found = look(&jpeg, "DSC_0001.png").expect("a JPEG all the same");
    assert_eq!((found.format, found.wrong_extension), (Format::Jpeg, true));
    assert!(!found.notes.is_empty());
    assert!(!look(&jpeg, "DSC_0001.JPG").expect("a JPEG").wrong_extension);

    let reason = |bytes: &[u8], name: &str| look(bytes, name).expect_err("refused").reason();
    assert_eq!(reason(b"", "a.jpg"), Reason::Empty);
    assert_eq!(reason(b"hello there, this is text", "a.jpg"), Reason::NotAPicture);
    assert_eq!(reason(b"hello there, this is text", "a.NEF"), Reason::NotAPicture);
    assert_eq!(look(b"<?xpacket", "a.xmp").expect("left alone").format, Format::Other);
}

#[test]
fn other_kinds_are_left_alone_under_their_own_word() {
    let heads: [(&[u8], &str, Format); 8] = [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "IMG_1.HEIC", Format::Heic),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "a.avif", Format::Avif),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "IMG_2.MOV", Format::Video),
        (b"RIFF\0\0\0\0AVI LIST", "a.avi", Format::Video),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.webp", Format::Webp),
        (b"GIF89a\x01\0\x01\0", "a.gif", Format::Gif),
        (b"8BPS\0\x01", "a.psd", Format::Psd),
        (b"BM\x46\0\0\0\0\0\0\0\x36\0", "a.bmp", Format::Bmp),
    ];
    for (bytes, name, format) in heads {
        let found = look(bytes, name).expect(name);
        assert_eq!((found.format, found.format.support()), (format, Support::Skipped), "{name}");
        assert!(found.picture.is_none() && !found.wrong_extension, "{name}");
    }
}

/// A second picture behind the first one, as phones and some cameras write it, is no harm; and a look at a large file
/// does not read it.
#[test]
fn what_follows_the_end_is_left_alone() {
    let jpeg = scene_jpeg(320, 240);
    let two = [jpeg.clone(), scene_jpeg(64, 48), vec![0; 1000]].concat();
    let found = derive(&plain(), &two, "a.jpg").expect("derives").0;
    assert_eq!(found.upright_size(), Some((320, 240)));

    struct Counting(Cursor<Vec<u8>>, u64);
    impl std::io::Read for Counting {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let read = self.0.read(into)?;
            self.1 += read as u64;
            Ok(read)
        }
    }
    impl std::io::Seek for Counting {
        fn seek(&mut self, to: std::io::SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let raw = super::builders::raw_file(Format::Nef, &jpeg, 50_000_000);
    let mut counting = Counting(Cursor::new(raw), 0);
    probe(&mut counting, Path::new("a.nef"), &Limits::default()).expect("a NEF");
    assert!(counting.1 < 300_000, "{} bytes read", counting.1);
}
