//! Selfies: acted through the binary, read by psql, by the files in the store, and by another decoder.

mod bulk;
mod decide;
mod enroll;
mod faults;
mod web;

use std::io::Cursor;
use std::path::Path;

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat};
use serde_json::Value;

use crate::photos_world::{PROJECT, World};
use crate::support::Output;

/// A portrait of tests/data/faces. One of them is too small for a selfie: it is made larger.
fn face(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/faces").join(format!("{name}.jpg"));
    let bytes = std::fs::read(path).unwrap();
    let picture = decoded(&bytes);
    if picture.width() > 300 {
        return bytes;
    }
    let (width, height) = (picture.width() * 2, picture.height() * 2);
    jpeg(&picture.resize_exact(width, height, image::imageops::FilterType::CatmullRom))
}

fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory(bytes).unwrap()
}

fn jpeg(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 92).encode_image(&picture.to_rgb8()).unwrap();
    bytes
}

fn png(picture: &DynamicImage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// A member of the project, with a consent where `version` is one. Returns the id.
fn member(world: &World, email: &str, version: Option<&str>) -> String {
    let consent = version.map_or(String::new(), |version| {
        format!(
            "INSERT INTO user_consents (user_id, consent_type, consent_version)
             SELECT id, 'biometric_processing', '{version}' FROM users WHERE email = '{email}';"
        )
    });
    world.sql(&format!(
        "INSERT INTO users (name, email, password_hash) VALUES (E'Gus \\x1b[31m', '{email}', 'x');
         INSERT INTO project_members (project_id, user_id) SELECT '{PROJECT}', id FROM users WHERE email = '{email}';
         {consent}
         SELECT id FROM users WHERE email = '{email}'"
    ))
}

#[track_caller]
fn selfie(world: &World, line: &str) -> Output {
    let words = shlex::split(&format!("selfie {line}")).unwrap();
    world.machine().args(words).current_dir(world.machine().path()).run()
}

/// Enrolls one file of a user, and answers its item.
#[track_caller]
fn enrolled(world: &World, email: &str, bytes: &[u8], code: i32, more: &str) -> Value {
    world.machine().file("a.jpg", bytes);
    let report = selfie(world, &format!("enroll --user {email} a.jpg --json {more}")).code(code).json();
    report["items"][0].clone()
}

fn counts(report: &Value) -> [u64; 6] {
    ["approved", "pending", "rejected", "blocked", "already_present", "failed"].map(|key| report[key].as_u64().unwrap())
}

/// What the log was told of selfies.
fn told(world: &World) -> String {
    let rows = world.sql("SELECT action FROM photoctl.audit WHERE entity = 'selfie' ORDER BY seq");
    rows.lines().collect::<Vec<_>>().join(" ")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}
