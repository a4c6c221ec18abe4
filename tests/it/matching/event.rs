//! A whole event, from the memory card to the tags, through the binary alone: people in several pictures, strangers,
//! alike ones, blurred, turned, tiny, none, thirty at once.

use std::collections::BTreeMap;

use image::RgbImage;
use image::imageops::{self, FilterType};
use photoctl::imaging;
use photoctl::model::pixels::Pixels;
use serde_json::Value;

use super::pictures::portrait;
use super::{tags, user};
use crate::imaging::builders::{Exif, scene_jpeg, with_segment};
use crate::photos_world::{PHOTOGRAPHER, PROJECT, World};
use crate::support::Output;

fn picture(name: &str) -> RgbImage {
    let pixels = portrait(name);
    RgbImage::from_raw(pixels.width(), pixels.height(), pixels.rgb().to_vec()).unwrap()
}

fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    imaging::jpeg(&Pixels::new(width, height, picture.as_raw().clone()).unwrap(), 92).unwrap()
}

/// Pictures in rows of `columns`, each made to fit a field of `width` x `height` pixels.
fn sheet(names: &[&str], columns: u32, (width, height): (u32, u32)) -> RgbImage {
    let rows = u32::try_from(names.len()).unwrap().div_ceil(columns);
    let mut canvas = RgbImage::from_pixel(columns * width, rows * height, image::Rgb([90, 100, 110]));
    for (name, place) in names.iter().zip(0u32..) {
        let one = image::DynamicImage::from(picture(name)).resize(width, height, FilterType::Lanczos3).to_rgb8();
        let (left, top) = (place % columns * width, place / columns * height);
        imageops::replace(&mut canvas, &one, left.into(), top.into());
    }
    canvas
}

/// Thirty faces: two who are known, each once, among four pictures of strangers that come again and again.
fn thirty() -> Vec<&'static str> {
    let mut names: Vec<&str> = ["impostor_1.jpg", "impostor_2.jpg"].into_iter().cycle().take(30).collect();
    names[7] = "person_a_2.jpg";
    names[22] = "person_b_2.jpg";
    names
}

/// Writes the card, and answers its folder.
fn card(world: &World) -> std::path::PathBuf {
    let turned = imageops::rotate270(&sheet(&["person_a_2.jpg", "impostor_2.jpg"], 2, (700, 900)));
    let tiny = sheet(&["person_b_2.jpg"], 1, (48, 48));
    let mut far = RgbImage::from_pixel(1600, 1200, image::Rgb([120, 120, 120]));
    imageops::replace(&mut far, &tiny, 700, 500);
    let files = [
        ("PAIR.JPG", jpeg(&sheet(&["person_a_2.jpg", "person_b_2.jpg"], 2, (700, 900)))),
        ("STRANGER.JPG", jpeg(&sheet(&["impostor_1.jpg"], 1, (700, 900)))),
        ("THIRTY.JPG", jpeg(&sheet(&thirty(), 6, (300, 380)))),
        ("BLURRED.JPG", jpeg(&imageops::blur(&sheet(&["person_b_2.jpg"], 1, (700, 900)), 16.0))),
        ("TURNED.JPG", with_segment(&jpeg(&turned), 0xe1, &Exif { orientation: 6, ..Exif::default() }.app1())),
        ("TINY.JPG", jpeg(&far)),
        ("NONE.JPG", scene_jpeg(1200, 800)),
        ("ALIKE.JPG", jpeg(&sheet(&["person_a_1.jpg", "person_a_2.jpg"], 2, (700, 900)))),
    ];
    for (name, bytes) in &files {
        world.machine().file(&format!("card/{name}"), bytes);
    }
    world.machine().path().join("card")
}

#[track_caller]
fn run(world: &World, line: &str) -> Output {
    world.machine().args(shlex::split(line).unwrap()).current_dir(world.machine().path()).run()
}

/// A guest who has consented, in the ordinary way.
fn guest(world: &World, name: &str) {
    let email = format!("{name}@example.org");
    run(world, &format!("user create --name {name} --email {email} --no-password")).code(0);
    run(world, &format!("project members add --project {PROJECT} --user {email}")).code(0);
    run(world, &format!("consent grant --user {email} --consent-version 1 --evidence 'signed at the gate'")).code(0);
}

fn selfie(world: &World, name: &str, file: &str) {
    let large = imageops::resize(&picture(file), 600, 720, FilterType::CatmullRom);
    world.machine().file(&format!("{name}.jpg"), jpeg(&large));
}

/// Files by who is tagged in them: `PAIR.JPG` -> `{ana: confirmed}`.
fn tagged(world: &World) -> BTreeMap<String, BTreeMap<String, String>> {
    let rows = world.sql(
        "SELECT f.original_name || '|' || u.name || '|' || t.review_status
           FROM photo_tags t JOIN users u ON u.id = t.user_id JOIN photoctl.photo_files f ON f.photo_id = t.photo_id",
    );
    let mut tagged: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for row in rows.lines() {
        let parts: Vec<&str> = row.split('|').collect();
        tagged.entry(parts[0].to_owned()).or_default().insert(parts[1].to_owned(), parts[2].to_owned());
    }
    tagged
}

fn who(tagged: &BTreeMap<String, BTreeMap<String, String>>, file: &str) -> String {
    tagged.get(file).map_or_else(String::new, |all| all.keys().cloned().collect::<Vec<_>>().join(" "))
}

#[test]
fn everybody_is_found_in_what_they_are_in_and_nobody_else() {
    for world in World::both() {
        let dir = card(&world);
        run(&world, &format!("project settings set --project {PROJECT} index_on_upload true")).code(0);
        let upload = format!("upload --project {PROJECT} --photographer {PHOTOGRAPHER} --assign --json --dir");
        let report = world.photos(&upload).arg(&dir).run().code(0).json();
        assert_eq!(report["uploaded"], 8, "{report}");
        let seen = world.sql(
            "SELECT f.original_name || ' ' || s.faces FROM photoctl.face_scans s
               JOIN photoctl.photo_files f ON f.photo_id = s.photo_id ORDER BY 1",
        );
        let seen: Vec<&str> = seen.lines().collect();
        assert_eq!(seen.len(), 8, "the upload looked at all of them: {seen:?}");
        for wanted in ["PAIR.JPG 2", "STRANGER.JPG 1", "THIRTY.JPG 30", "TURNED.JPG 2", "NONE.JPG 0", "ALIKE.JPG 2"] {
            assert!(seen.contains(&wanted), "{wanted}: {seen:?}");
        }
        let again = run(&world, &format!("faces index --project {PROJECT} --json")).code(0).json();
        assert_eq!(again["found"], 0, "nothing is left to look at: {again}");

        for (name, file) in [("ana", "person_a_1.jpg"), ("bo", "person_b_1.jpg")] {
            guest(&world, name);
            selfie(&world, name, file);
            let report = run(&world, &format!("selfie enroll --user {name}@example.org {name}.jpg --json")).code(0);
            assert_eq!(report.json()["approved"], 1, "{}", report.transcript());
        }
        let report = tags(&world, &format!("match --project {PROJECT} --json")).code(0).json();
        assert_eq!((&report["photos"], &report["members"]), (&8.into(), &2.into()), "{report}");
        let found = tagged(&world);
        let wanted = [
            ("PAIR.JPG", "ana bo"),
            ("STRANGER.JPG", ""),
            ("THIRTY.JPG", "ana bo"),
            ("TURNED.JPG", "ana"),
            ("NONE.JPG", ""),
        ];
        for (file, people) in wanted {
            assert_eq!(who(&found, file), people, "{file}: {found:?}");
        }
        for file in ["BLURRED.JPG", "TINY.JPG"] {
            assert!(!found.get(file).is_some_and(|all| all.values().any(|status| status == "confirmed")), "{found:?}");
        }
        assert_eq!(who(&found, "ALIKE.JPG"), "ana", "one tag, whatever the number of faces");

        // Somebody who looks like Ana: not approved by a machine; then each has a face of their own.
        guest(&world, "twin");
        selfie(&world, "twin", "person_a_2.jpg");
        let twin = run(&world, "selfie enroll --user twin@example.org twin.jpg --json").code(3).json();
        assert_eq!(twin["pending"], 1, "{twin}");
        run(&world, &format!("selfie approve {}", twin["items"][0]["id"].as_str().unwrap())).code(0);
        tags(&world, &format!("match --project {PROJECT}")).code(0);
        let found = tagged(&world);
        assert_eq!(who(&found, "ALIKE.JPG"), "ana twin", "{found:?}");
        assert_eq!(found["ALIKE.JPG"]["twin"], "confirmed");

        // What a person says stays, whatever is run afterwards.
        tags(&world, "reject --photo PAIR.JPG --user bo@example.org").code(0);
        tags(&world, &format!("match --project {PROJECT} --all")).code(0);
        assert_eq!(tagged(&world)["PAIR.JPG"]["bo"], "rejected");
        let list: Value = tags(&world, &format!("list --project {PROJECT} --json")).code(0).json();
        assert!(list.to_string().contains("rejected"), "{list}");
        no_name_in_any_log(&world);
    }
}

/// A run that logs all it can says nothing of who was found.
fn no_name_in_any_log(world: &World) {
    let loud =
        world.machine().line(&format!("tags match --project {PROJECT} --all")).env("PHOTOCTL_LOG", "trace").run();
    let said = loud.code(0).stderr;
    assert!(said.contains("TRACE") || said.contains("DEBUG"), "the log was on: {said}");
    for private in ["ana@example.org", "bo@example.org", "twin", &user(1)] {
        assert!(!said.contains(private), "{private} in the log");
    }
    let vector = world.sql("SELECT left(split_part(vector::text, ',', 2), 8) FROM photoctl.faces LIMIT 1");
    assert!(vector.len() >= 6 && !said.contains(&vector), "{vector} in the log");
}
