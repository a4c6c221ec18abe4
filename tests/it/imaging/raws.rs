use std::io::Cursor;

use photoctl::imaging::{Format, Reason};

use super::builders::{raw_file, scene_jpeg};
use super::{derive, difference, look, pixels, plain};

const RAWS: [Format; 8] =
    [Format::Cr2, Format::Cr3, Format::Nef, Format::Arw, Format::Raf, Format::Dng, Format::Orf, Format::Rw2];

#[test]
fn the_largest_preview_becomes_the_photo_upright() {
    let jpeg = scene_jpeg(640, 480);
    let deriver = plain();
    let flat = pixels(&derive(&deriver, &jpeg, "a.jpg").expect("derives").1.preview);
    let upright = image::imageops::rotate90(&flat);
    for format in RAWS {
        let name = format!("shot.{}", format.extension());
        let (found, made) = derive(&deriver, &raw_file(format, &jpeg, 5000), &name).expect(&name);
        assert_eq!((found.format, found.wrong_extension), (format, false));
        assert_eq!(found.upright_size(), Some((480, 640)), "{format}");
        let off = difference(&upright, &pixels(&made.preview));
        assert!(off < 1.5, "{format}: {off}");
    }
}

/// Asserted against another reader of Exif, and against what the builder wrote.
#[test]
fn what_the_camera_wrote_is_read_from_raws() {
    let jpeg = scene_jpeg(320, 240);
    for format in RAWS {
        let file = raw_file(format, &jpeg, 100);
        let metadata = look(&file, &format!("a.{}", format.extension())).expect("probes").metadata;
        let captured = metadata.captured.expect("a time");
        assert_eq!(captured.at.to_string(), "2026-06-01 14:00:05.250", "{format}");
        assert_eq!(captured.offset_minutes, Some(120), "{format}");
        assert_eq!(metadata.camera_model.as_deref(), Some("Model X"), "{format}");
        assert_eq!(metadata.camera_serial.as_deref(), Some("SN-0042"), "{format}");
        assert_eq!(metadata.lens.as_deref(), Some("50mm F1.4"), "{format}");
        let gps = metadata.gps.expect("a place");
        assert!((gps.latitude - 52.51).abs() < 1e-9 && (gps.longitude + 13.4).abs() < 1e-9, "{format}: {gps:?}");

        if matches!(format, Format::Nef | Format::Arw | Format::Dng) {
            let other =
                exif::Reader::new().read_from_container(&mut Cursor::new(&file)).expect("another reader agrees");
            let text = |tag| {
                let field = other.get_field(tag, exif::In::PRIMARY).expect("there");
                field.display_value().to_string().trim_matches('"').trim().to_owned()
            };
            assert_eq!(text(exif::Tag::Make), metadata.camera_make.expect("a maker"), "{format}");
            assert_eq!(text(exif::Tag::DateTimeOriginal), "2026-06-01 14:00:05", "{format}");
            assert_eq!(text(exif::Tag::BodySerialNumber), "SN-0042", "{format}");
        }
    }
}

#[test]
fn a_raw_cut_off_anywhere_is_said_to_be() {
    let jpeg = scene_jpeg(320, 240);
    for format in RAWS {
        let file = raw_file(format, &jpeg, 4000);
        let name = format!("a.{}", format.extension());
        for tenth in 1..10 {
            let cut = &file[..file.len() * tenth / 10];
            match look(cut, &name) {
                Err(error) => assert_eq!(error.reason(), Reason::Truncated, "{format} at {tenth}/10: {error}"),
                // Panasonic's header tells where the sensor's data begins, not how long it is.
                Ok(_) => assert!(format == Format::Rw2 && tenth > 6, "{format} at {tenth}/10"),
            }
        }
    }
}

#[test]
fn a_raw_without_a_preview_says_so() {
    let file = raw_file(Format::Nef, b"\xff\xd8 not a picture", 4000);
    let small = look(&file, "a.nef").expect("the small preview is left");
    assert_eq!(small.upright_size(), Some((120, 160)));
    let bare = super::builders::tiff(
        *b"II*\0",
        &[vec![
            (0x010f, super::builders::Value::Text("SONY")),
            (0x0106, super::builders::Value::Short(vec![32803])),
            (0x0111, super::builders::Value::Blob(vec![1; 50])),
            (0x0117, super::builders::Value::Long(vec![50])),
        ]],
    );
    assert_eq!(look(&bare, "a.arw").expect_err("nothing to show").reason(), Reason::NoPreview);
}
