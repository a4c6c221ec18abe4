//! Models that are missing or others, and pictures that are none of people.

use std::path::Path;

use photoctl::error::Kind;
use photoctl::faces::LocalEngine;
use photoctl::model::face::{FoundFace, Landmarks};
use photoctl::model::pixels::Pixels;

use super::{engine, open, portrait};

const YUNET: &str = "face_detection_yunet_2023mar_int8bq.onnx";
const SFACE: &str = "face_recognition_sface_2021dec_int8bq.onnx";

fn models() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faces/models")
}

#[test]
fn models_of_a_folder_are_those_that_are_built_in() {
    let from_folder = LocalEngine::load(Some(&models())).expect("the same files");
    let picture = open(&portrait("person_a_1.jpg"));
    assert_eq!(from_folder.faces(&picture, |_| true).unwrap(), engine().faces(&picture, |_| true).unwrap());
}

#[test]
fn a_missing_model_is_named_with_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let error = LocalEngine::load(Some(folder.path())).expect_err("an empty folder");
    assert_eq!(error.kind(), Kind::Config);
    let said = format!("{error} {:?}", error.hints());
    assert!(said.contains(YUNET) && said.contains("49f000ec501fef24") && said.contains("built in"), "{said}");
    std::fs::copy(models().join(YUNET), folder.path().join(YUNET)).unwrap();
    let error = LocalEngine::load(Some(folder.path())).expect_err("half of it");
    assert!(error.message().contains(SFACE) && error.message().contains("fb143eea07838aa5"), "{error}");
}

#[test]
fn a_changed_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut changed = std::fs::read(models().join(YUNET)).unwrap();
    changed[70_000] ^= 1;
    std::fs::write(folder.path().join(YUNET), &changed).unwrap();
    std::fs::copy(models().join(SFACE), folder.path().join(SFACE)).unwrap();
    let error = LocalEngine::load(Some(folder.path())).expect_err("a changed file");
    assert_eq!(error.kind(), Kind::Integrity);
    let found = photoctl::model::digest::Sha256::of(&changed).to_string();
    let message = error.message();
    assert!(message.contains(YUNET) && message.contains(&found) && message.contains("49f000ec501fef24"), "{message}");
    // A folder of that name cannot be read at all.
    std::fs::remove_file(folder.path().join(YUNET)).unwrap();
    std::fs::create_dir(folder.path().join(YUNET)).unwrap();
    assert_eq!(LocalEngine::load(Some(folder.path())).expect_err("a folder").kind(), Kind::Io);
}

#[test]
fn pictures_without_people_have_no_faces() {
    let noise = |at: usize| (at.wrapping_mul(2_654_435_761) >> 7) as u8;
    for (width, height) in [(1, 1), (1, 5000), (5000, 1), (31, 33), (640, 480)] {
        let len = (width * height * 3) as usize;
        for rgb in [vec![0; len], vec![255; len], (0..len).map(noise).collect()] {
            let picture = Pixels::new(width, height, rgb).unwrap();
            assert!(engine().find(&picture).expect("looks").is_empty(), "{width} x {height}");
        }
    }
    let landscape = super::pixels_of(&crate::imaging::data("orientation/Landscape_1.jpg"));
    assert!(engine().find(&landscape).expect("looks").is_empty());
}

/// A face that was stored by somebody else, or belongs to another picture.
#[test]
fn points_that_are_no_face_are_refused() {
    let picture = open(&portrait("person_a_1.jpg"));
    let face = engine().find(&picture).unwrap()[0];
    for points in [[[0.5; 2]; 5], [[f32::NAN; 2]; 5], [[f32::MAX; 2]; 5]] {
        let wrong = FoundFace { landmarks: Landmarks(points), ..face };
        assert_eq!(engine().embed(&picture, &wrong).expect_err("no face").kind(), Kind::InvalidInput);
    }
    let dot = Pixels::new(1, 1, vec![7; 3]).unwrap();
    engine().embed(&dot, &face).expect("a vector of nearly nothing is one");
}
