//! The engine by itself: who is told apart, what is found, and what is said of it.

use photoctl::faces::{LocalEngine, good_for_event};
use photoctl::imaging;
use photoctl::model::face::{Face, FoundFace};

use super::{PORTRAITS, engine, enlarged, laid_out, open, portrait};

fn only_face(name: &str) -> Face {
    let mut faces = engine().faces(&open(&portrait(name)), |_| true).expect("looks");
    assert_eq!(faces.len(), 1, "{name}");
    faces.remove(0)
}

#[test]
fn one_person_is_alike_and_others_are_not() {
    let faces = PORTRAITS.map(only_face);
    let alike = |a: usize, b: usize| faces[a].vector.similarity(&faces[b].vector);
    assert!(alike(0, 1) > 0.5 && alike(2, 3) > 0.5, "{} {}", alike(0, 1), alike(2, 3));
    for (a, b) in [(0, 2), (0, 4), (0, 5), (2, 4), (2, 5), (4, 5), (1, 3), (1, 4), (3, 5)] {
        assert!(alike(a, b) < 0.363, "{} and {}: {}", PORTRAITS[a], PORTRAITS[b], alike(a, b));
    }
}

#[test]
fn a_portrait_is_good_for_a_selfie_and_an_event() {
    for name in PORTRAITS {
        let face = only_face(name).found;
        let quality = face.quality;
        assert!(good_for_event(&face), "{name}: {quality:?}");
        assert!(quality.score >= 0.8 && quality.width_px >= 70.0 && quality.sharpness >= 50.0, "{name}: {quality:?}");
        assert!((40.0..=200.0).contains(&quality.luma), "{name}: {quality:?}");
        assert!(quality.yaw.abs() <= 0.25 && quality.roll.abs() <= 30.0, "{name}: {quality:?}");
        assert!((0.42..=0.70).contains(&quality.pitch), "{name}: {quality:?}");
    }
}

#[test]
fn embedding_again_gives_the_same_vector() {
    let picture = open(&portrait("person_a_2.jpg"));
    let faces = engine().faces(&picture, |_| true).expect("looks");
    let found = engine().find(&picture).expect("looks");
    assert_eq!(found, faces.iter().map(|face| face.found).collect::<Vec<FoundFace>>());
    assert_eq!(engine().embed(&picture, &found[0]).expect("a vector"), faces[0].vector);
    assert!(engine().faces(&picture, |_| false).expect("looks").is_empty());
}

#[test]
fn a_face_that_fills_the_picture_is_found() {
    let picture = open(&portrait("person_b_2.jpg"));
    let face = engine().find(&picture).expect("looks")[0];
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let close = picture
        .crop(
            (face.area.left * width) as i64,
            (face.area.top * height) as i64,
            (face.area.width * width) as u32,
            (face.area.height * height) as u32,
        )
        .expect("the face lies in the picture");
    let large = enlarged(&close, 1500, 1500 * close.height() / close.width());
    let found = engine().find(&large).expect("looks");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].quality.width_px > 1000.0 && found[0].quality.score >= 0.8, "{found:?}");
}

/// Faces that are 25 px wide at 1280 px are 50 px wide in the third look, and the largest comes first.
#[test]
fn the_last_row_of_a_group_is_found() {
    let shown = |name: &str, width: u32| imaging::fit(&open(&portrait(name)), width).expect("shrinks");
    let (small, large) = (shown("person_b_1.jpg", 200), shown("impostor_2.jpg", 900));
    let mut pictures = vec![(&large, 1500, 900)];
    pictures.extend((0..8).map(|at| (&small, 60 + at * 420, 60)));
    let group = laid_out(3600, 2400, &pictures);
    let found = engine().find(&group).expect("looks");
    assert_eq!(found.len(), 9, "{found:?}");
    assert!(found.windows(2).all(|pair| {
        let size = |face: &FoundFace| face.area.width * face.area.height;
        size(&pair[0]) >= size(&pair[1])
    }));
    assert!(found[8].quality.width_px < 130.0, "{:?}", found[8]);
}

/// Several pictures at once, each with the same answer as alone.
#[test]
fn callers_do_not_disturb_each_other() {
    let picture = open(&portrait("impostor_1.jpg"));
    let alone = engine().faces(&picture, |_| true).expect("looks");
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..3).map(|_| scope.spawn(|| engine().faces(&picture, |_| true))).collect();
        for caller in callers {
            assert_eq!(caller.join().expect("no panic").expect("looks"), alone);
        }
    });
}

#[test]
fn the_engine_shows_nothing_of_itself() {
    assert_eq!(format!("{:?}", engine()), "LocalEngine(yunet-2023mar+sface-2021dec)");
    assert_eq!(engine().model(), "yunet-2023mar+sface-2021dec");
    let face = only_face("person_a_1.jpg");
    assert!(format!("{face:?}").contains("Embedding(..)"));
}

#[test]
fn work_grows_up_to_the_largest_look() {
    let bytes = LocalEngine::work_bytes;
    assert!(bytes(1, 1) < bytes(1280, 853) && bytes(1280, 853) < bytes(6000, 4000));
    assert_eq!(bytes(1920, 1280), bytes(1280, 853));
    assert!(bytes(12_000, 8000) == bytes(6000, 4000) && bytes(6000, 4000) < 600 << 20);
}
