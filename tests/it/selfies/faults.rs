//! What is wrong with a picture: each fault by its code, and in words that a guest understands.

use image::{DynamicImage, GenericImage, RgbImage, Rgba, RgbaImage};
use serde_json::json;

use super::{decoded, enrolled, face, jpeg, member, png, selfie, text};
use crate::imaging::builders::scene_jpeg;
use crate::photos_world::World;

/// `person_a_1` with each fault, its code, and some of the words.
pub fn faulty() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let good = decoded(&face("person_a_1"));
    let beside = |a: &DynamicImage, b: &DynamicImage| {
        let height = a.height().max(b.height());
        let mut both = RgbImage::new(a.width() + b.width(), height);
        both.copy_from(&a.to_rgb8(), 0, 0).unwrap();
        both.copy_from(&b.to_rgb8(), a.width(), 0).unwrap();
        DynamicImage::from(both)
    };
    let scaled = |factor: f32| {
        let mut picture = good.to_rgb8();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        picture.iter_mut().for_each(|value| *value = (f32::from(*value) * factor).min(255.0) as u8);
        DynamicImage::from(picture)
    };
    vec![
        ("NO_FACE", scene_jpeg(640, 480), "No face was found"),
        ("MULTIPLE_FACES", jpeg(&beside(&good, &good)), "More than one face"),
        ("LOW_SHARPNESS", jpeg(&good.blur(good.width() as f32 / 60.0)), "blurred"),
        ("SMALL_BOUNDING_BOX", jpeg(&good.thumbnail(90, 90)), "come closer"),
        ("LOW_BRIGHTNESS", jpeg(&scaled(0.15)), "more light"),
        ("EXTREME_POSE", jpeg(&tilted(&good)), "straight into the camera"),
    ]
}

/// Turned by about 45 degrees within its frame.
fn tilted(picture: &DynamicImage) -> DynamicImage {
    let source = picture.to_rgb8();
    let (width, height) = (source.width() as f32, source.height() as f32);
    let (sin, cos) = 45.0_f32.to_radians().sin_cos();
    DynamicImage::from(RgbImage::from_fn(source.width(), source.height(), |x, y| {
        let (dx, dy) = (x as f32 - width / 2.0, y as f32 - height / 2.0);
        let (x, y) = (width / 2.0 + dx * cos + dy * sin, height / 2.0 + dy * cos - dx * sin);
        let inside = x >= 0.0 && y >= 0.0 && x < width && y < height;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "inside")]
        if inside { *source.get_pixel(x as u32, y as u32) } else { image::Rgb([90, 90, 90]) }
    }))
}

#[test]
fn each_fault_has_its_code_and_its_words() {
    let world = World::real();
    member(&world, "gus@example.org", Some("1"));
    let faulty = faulty();
    let names: Vec<String> = faulty.iter().map(|(code, ..)| format!("{code}.jpg")).collect();
    for ((_, bytes, _), name) in faulty.iter().zip(&names) {
        world.machine().file(name, bytes);
    }
    let line = format!("enroll --user gus@example.org {} --json", names.join(" "));
    let report = selfie(&world, &line).code(3).json();
    for ((code, _, words), item) in faulty.iter().zip(report["items"].as_array().unwrap()) {
        let reason = text(item, "reason");
        assert_eq!(text(item, "status"), "rejected", "{code}: {item}");
        let (codes, said) = reason.split_once(": ").unwrap();
        assert!(codes.split(", ").any(|one| one == *code) && said.contains(words), "{code}: {reason}");
        // The row and the reason stay, the picture does not.
        let (id, row) =
            (text(item, "id"), "SELECT status, rejection_reason, embedding IS NULL, storage_key FROM selfies");
        let row = world.sql(&format!("{row} WHERE id = '{id}'"));
        let key = row.rsplit('|').next().unwrap().to_owned();
        assert_eq!(row, format!("rejected|{reason}|t|{key}"));
        assert!(key.ends_with(&format!("/selfies/{id}.jpg")) && world.object(&key).is_none(), "{key}");
    }
    // Another night: no new refusal.
    let again = selfie(&world, &line).code(0).json();
    assert_eq!(super::counts(&again), [0, 0, 0, 0, 6, 0], "{again}");
    assert!(text(&again["items"][0], "reason").contains("NO_FACE"), "{again}");
}

#[test]
fn somebody_may_let_a_fault_pass_and_the_log_says_so() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        let two = faulty().into_iter().find(|(code, ..)| *code == "MULTIPLE_FACES").unwrap().1;
        assert_eq!(text(&enrolled(&world, "gus@example.org", &two, 3, ""), "status"), "rejected");
        let other = enrolled(&world, "gus@example.org", &two, 3, "--allow LOW_SHARPNESS");
        assert_eq!(text(&other, "status"), "rejected", "another fault is allowed");
        let item = enrolled(&world, "gus@example.org", &two, 0, "--allow multiple_faces --allow LOW_SHARPNESS");
        assert_eq!((text(&item, "status"), &item["allowed"]), ("approved", &json!(["MULTIPLE_FACES"])), "{item}");
        let facts = "SELECT f.allowed::text, s.status, s.rejection_reason FROM photoctl.selfie_facts f JOIN selfies s ON s.id = selfie_id";
        assert_eq!(world.sql(facts), "{MULTIPLE_FACES}|approved|");
        let log =
            "SELECT fields->'allowed'->>'after' FROM photoctl.audit WHERE entity = 'selfie' ORDER BY seq DESC LIMIT 1";
        assert_eq!(world.sql(log), "MULTIPLE_FACES");
        world.machine().file("a.jpg", scene_jpeg(320, 240));
        selfie(&world, "enroll --user gus@example.org a.jpg --allow NO_FACE").code(2);
    }
}

#[test]
fn what_a_person_refused_is_not_let_pass_by_a_list_of_faults() {
    let world = World::real();
    member(&world, "gus@example.org", Some("1"));
    let item = enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
    selfie(&world, &format!("reject {} --reason 'That is your sister.'", text(&item, "id"))).code(0);
    let again = enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "--allow LOW_SHARPNESS");
    assert_eq!(text(&again, "status"), "already_present", "{again}");
    assert_eq!(world.sql("SELECT status, embedding IS NULL FROM selfies"), "rejected|t");
}

#[test]
fn files_that_are_no_selfies_say_what_they_are_and_the_others_go_on() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        let good = face("person_a_1");
        let (machine, picture) = (world.machine(), decoded(&good));
        let mut clear = RgbaImage::from_pixel(picture.width(), picture.height(), Rgba([0, 0, 0, 0]));
        clear.copy_from(&picture.to_rgba8(), 0, 0).unwrap();
        for (name, bytes) in [
            ("text.jpg", b"no picture at all".to_vec()),
            ("empty.jpg", Vec::new()),
            ("cut.jpg", good[..good.len() / 2].to_vec()),
            ("a.gif", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;".to_vec()),
            ("alpha.png", png(&DynamicImage::from(clear))),
            ("good.jpg", good.clone()),
        ] {
            machine.file(name, bytes);
        }
        let line = "enroll --user gus@example.org text.jpg empty.jpg cut.jpg a.gif none.jpg alpha.png good.jpg --json";
        let report = selfie(&world, line).code(3).json();
        assert_eq!(super::counts(&report), [2, 0, 4, 0, 0, 1], "{report}");
        let items = report["items"].as_array().unwrap();
        for (place, words) in
            [(0, "INVALID_IMAGE: "), (1, "The file is empty."), (2, "ends before"), (3, "GIF"), (4, "none.jpg")]
        {
            assert!(text(&items[place], "reason").contains(words), "{}", items[place]);
        }
        assert_eq!(world.sql("SELECT count(*) FROM selfies WHERE rejection_reason LIKE 'INVALID_IMAGE: %'"), "4");
        let report = selfie(&world, line).code(3).json();
        assert_eq!(super::counts(&report), [0, 0, 0, 0, 6, 1], "only what cannot be read fails again");
    }
}

#[test]
fn a_picture_of_fifty_million_pixels_is_kept_smaller() {
    let world = World::real();
    member(&world, "gus@example.org", Some("1"));
    let good = decoded(&face("person_a_1"));
    let width = 7_200;
    let large = good.resize_exact(width, width * good.height() / good.width(), image::imageops::FilterType::Triangle);
    assert!(large.width() * large.height() > 50_000_000);
    let item = enrolled(&world, "gus@example.org", &jpeg(&large), 0, "--allow LOW_SHARPNESS");
    assert_eq!(text(&item, "status"), "approved", "{item}");
    let kept = decoded(&world.object(&world.sql("SELECT storage_key FROM selfies")).unwrap());
    assert_eq!(kept.width().max(kept.height()), 2048);
}
