use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use photoctl::error::{Error, Kind};
use photoctl::imaging::{Limits, Reason, probe};

use super::builders::{Exif, Value, broken_exif, camera_jpeg, chunk, scene_jpeg, tiff, with_segment};
use super::{data, derive, look, plain};

fn reason(bytes: &[u8], name: &str) -> Reason {
    derive(&plain(), bytes, name).map(|_| ()).expect_err("refused").reason()
}

/// Every tenth of the way, and around the end.
#[test]
fn files_cut_off_are_said_to_be() {
    for (name, file) in [
        ("a.jpg", camera_jpeg(640, 480, 1)),
        ("b.jpg", data("kinds/progressive.jpg")),
        ("c.jpg", data("orientation/Landscape_6.jpg")),
        ("d.png", data("kinds/rgb.png")),
        ("e.png", data("kinds/palette.png")),
    ] {
        for cut in (1..10).map(|tenth| file.len() * tenth / 10).chain([file.len() - 1]) {
            assert_eq!(look(&file[..cut], name).expect_err(name).reason(), Reason::Truncated, "{name} at {cut}");
        }
    }
}

#[test]
fn forty_thousand_squared_is_refused_by_the_header() {
    // A real picture whose header claims another size.
    let mut jpeg = scene_jpeg(640, 480);
    let frame = jpeg.windows(2).position(|bytes| bytes == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x9c, 0x40, 0x9c, 0x40]);
    assert_eq!(reason(&jpeg, "a.jpg"), Reason::TooLarge);

    let mut png = data("kinds/rgb.png");
    let header = [&40_000_u32.to_be_bytes()[..], &40_000_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    png.splice(8..33, chunk(b"IHDR", &header));
    assert_eq!(reason(&png, "a.png"), Reason::TooLarge);
}

/// Within the limit of pixels, but more than the file can hold: nothing is allocated for it.
#[test]
fn a_size_that_the_data_cannot_fill_is_a_file_cut_off() {
    let mut jpeg = scene_jpeg(64, 48);
    let frame = jpeg.windows(2).position(|bytes| bytes == [0xff, 0xc0]).expect("a frame");
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0x40, 0, 0x40, 0]);
    assert_eq!(reason(&jpeg, "a.jpg"), Reason::Truncated);
}

#[test]
fn a_bomb_in_png_is_refused_before_it_is_opened() {
    // 17,000 x 17,000 of sixteen bits and four channels: 2.3 GB, out of 2.3 MB of zeros well deflated.
    let header = [&17_000_u32.to_be_bytes()[..], &17_000_u32.to_be_bytes(), &[16, 6, 0, 0, 0]].concat();
    let bomb = |header: &[u8], pixels: &[u8]| {
        [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")].concat()
    };
    assert_eq!(reason(&bomb(&header, &vec![0; 2_400_000]), "a.png"), Reason::TooLarge);
    // The same claim out of nothing.
    let small = [&16_000_u32.to_be_bytes()[..], &16_000_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    assert_eq!(reason(&bomb(&small, &[0; 100]), "a.png"), Reason::Truncated);
}

/// Whatever is wrong with what the camera wrote, the photo itself is fine.
#[test]
fn broken_exif_costs_its_facts_only() {
    let jpeg = scene_jpeg(320, 240);
    let whole = Exif { orientation: 6, gps: true, ..Exif::default() }.app1();
    for (what, exif) in broken_exif() {
        let file = with_segment(&jpeg, 0xe1, &exif);
        let (found, made) = derive(&plain(), &file, "a.jpg").expect(what);
        assert!(found.metadata.captured.is_none(), "{what}");
        assert_eq!(made.preview_size.0 + made.preview_size.1, 560, "{what}");
    }
    for cut in 0..whole.len() {
        let file = with_segment(&jpeg, 0xe1, &whole[..cut]);
        derive(&plain(), &file, "a.jpg").unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
    }
}

#[test]
fn texts_from_the_camera_are_tame() {
    let nasty = "\u{1b}[31mMaker\n\u{7}  ";
    let exif = [b"Exif\0\0".to_vec(), tiff(*b"II*\0", &[vec![(0x010f, Value::Text(nasty))]])].concat();
    let found = look(&with_segment(&scene_jpeg(64, 48), 0xe1, &exif), "a.jpg").expect("probes");
    assert_eq!(found.metadata.camera_make.as_deref(), Some("[31mMaker"));
}

/// A progressive JPEG whose scans repeat is slow to decode, not large.
#[test]
fn scans_without_end_are_refused() {
    let file = data("kinds/progressive.jpg");
    let scan = file.windows(2).position(|bytes| bytes == [0xff, 0xda]).expect("a scan");
    let next = scan
        + 2
        + file[scan + 2..].windows(2).position(|b| b[0] == 0xff && b[1] != 0 && b[1] < 0xd0 | 8).expect("an end");
    let mut many = file[..next].to_vec();
    for _ in 0..5000 {
        many.extend(&file[scan..next]);
    }
    many.extend(&file[next..]);
    assert_eq!(reason(&many, "a.jpg"), Reason::Corrupt);
}

/// A card pulled out while its files are read.
#[test]
fn a_read_that_fails_is_no_bad_file() {
    struct Pulled(std::io::Cursor<Vec<u8>>);
    impl Read for Pulled {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            if self.0.position() > 20_000 { Err(std::io::Error::other("no medium")) } else { self.0.read(into) }
        }
    }
    impl Seek for Pulled {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.0.seek(to)
        }
    }
    let mut file = Pulled(std::io::Cursor::new(camera_jpeg(3000, 2000, 1)));
    let error = probe(&mut file, Path::new("a.jpg"), &Limits::default()).expect_err("unreadable");
    assert_eq!(error.reason(), Reason::Unreadable);
    assert!(error.io().is_some());
    assert_eq!(Error::from(error).kind(), Kind::Io);
}

/// A file that shrinks between the look and the read.
#[test]
fn a_file_that_became_shorter_is_noticed() {
    let jpeg = scene_jpeg(640, 480);
    let found = look(&jpeg, "a.jpg").expect("probes");
    let picture = found.picture.as_ref().expect("a picture");
    let error = picture.read(&mut std::io::Cursor::new(&jpeg[..jpeg.len() / 2])).expect_err("shorter");
    assert_eq!(error.reason(), Reason::Truncated);
    assert_eq!(plain().derive(&jpeg[..jpeg.len() / 2], &found).expect_err("cut off").reason(), Reason::Truncated);
}

/// The last look before C code sees the bytes, with a description that is good but not theirs: each is refused in our own
/// words, not by the decoder.
#[test]
fn bytes_that_are_others_than_described_do_not_reach_the_decoder() {
    let claiming = |side: u16| {
        let mut jpeg = scene_jpeg(640, 480);
        let frame = jpeg.windows(2).position(|bytes| bytes == [0xff, 0xc0]).expect("a frame");
        jpeg[frame + 5..frame + 9].copy_from_slice(&[side.to_be_bytes(), side.to_be_bytes()].concat());
        jpeg
    };
    let (good, progressive) = (scene_jpeg(640, 480), data("kinds/progressive.jpg"));
    let png = data("kinds/rgb.png");
    let mut wide = png.clone();
    let header = [&40_000_u32.to_be_bytes()[..], &40_000_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    wide.splice(8..33, chunk(b"IHDR", &header));
    for (what, described, bytes, wanted) in [
        ("40,000 x 40,000", &good, claiming(40_000), Reason::TooLarge),
        ("cut off", &good, good[..good.len() / 2].to_vec(), Reason::Truncated),
        ("another size", &good, scene_jpeg(480, 640), Reason::Corrupt),
        ("a size that its data cannot fill", &good, claiming(4000), Reason::Corrupt),
        ("progressive", &good, progressive, Reason::Corrupt),
        ("no picture", &good, vec![0xa5; 5000], Reason::Corrupt),
        ("a PNG", &good, png.clone(), Reason::Corrupt),
        ("a PNG, 40,000 x 40,000", &png, wide, Reason::TooLarge),
        ("a PNG, cut off", &png, png[..png.len() / 2].to_vec(), Reason::Truncated),
        ("a PNG of another kind", &png, data("kinds/grey.png"), Reason::Corrupt),
    ] {
        let found = look(described, "a.jpg").expect("probes");
        let error = plain().derive(&bytes, &found).expect_err(what);
        assert_eq!(error.reason(), wanted, "{what}: {error}");
        assert!(!error.message().contains("cannot be decoded"), "{what}: the decoder saw it: {error}");
    }
}
