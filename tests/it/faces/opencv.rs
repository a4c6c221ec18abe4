//! Beside OpenCV, with the same two models: the same faces, the same points, the same vectors.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use photoctl::imaging;
use photoctl::model::face::{DIMENSIONS, Embedding, FoundFace};
use photoctl::model::pixels::Pixels;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PORTRAITS, engine, laid_out, open, portrait};

/// Sizes that a picture is looked at in.
const LOOKS: [u32; 3] = [480, 1280, 2560];

#[derive(Deserialize)]
struct Answer {
    looks: Vec<Look>,
    faces: Vec<Vec<f32>>,
    crops: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Look {
    size: [f32; 2],
    faces: Vec<Seen>,
}

/// In pixels of the look.
#[derive(Deserialize, Debug)]
struct Seen {
    area: [f32; 4],
    points: [[f32; 2]; 5],
    score: f32,
}

/// A face of ours in pixels of a picture of `size`.
struct Ours {
    area: [f32; 4],
    points: [[f32; 2]; 5],
}

impl Ours {
    fn new(face: &FoundFace, size: [f32; 2]) -> Self {
        let area =
            [face.area.left * size[0], face.area.top * size[1], face.area.width * size[0], face.area.height * size[1]];
        Self { area, points: face.landmarks.0.map(|[x, y]| [x * size[0], y * size[1]]) }
    }

    fn overlap(&self, seen: &Seen) -> f32 {
        let (a, b) = (&self.area, &seen.area);
        let wide = (a[0] + a[2]).min(b[0] + b[2]) - a[0].max(b[0]);
        let high = (a[1] + a[3]).min(b[1] + b[3]) - a[1].max(b[1]);
        let both = wide.max(0.0) * high.max(0.0);
        both / (a[2] * a[3] + b[2] * b[3] - both)
    }

    /// The largest distance of a point, in pixels.
    fn apart(&self, seen: &Seen) -> f32 {
        let distance = |(a, b): (&[f32; 2], &[f32; 2])| (a[0] - b[0]).hypot(a[1] - b[1]);
        self.points.iter().zip(&seen.points).map(distance).fold(0.0, f32::max)
    }
}

/// The folder for PYTHONPATH and, where they can be had, that of group photos.
fn set_up() -> &'static (PathBuf, Option<PathBuf>) {
    static FOLDERS: OnceLock<(PathBuf, Option<PathBuf>)> = OnceLock::new();
    FOLDERS.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/opencv.sh");
        let output = Command::new(script).stderr(Stdio::inherit()).output().expect("tests/opencv.sh starts");
        assert!(output.status.success(), "tests/opencv.sh failed");
        let told = String::from_utf8(output.stdout).unwrap();
        let mut folders = told.lines().map(PathBuf::from);
        (folders.next().expect("a folder"), folders.next())
    })
}

fn opencv(asked: &Value) -> Answer {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut process = Command::new("python3")
        .arg(root.join("tests/opencv/faces.py"))
        .arg(root.join("src/faces/models"))
        .env("PYTHONPATH", &set_up().0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    process.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "tests/opencv/faces.py failed");
    serde_json::from_slice(&output.stdout).expect("its answer")
}

/// Portraits, all of them in one picture, and photos of groups where there are some.
fn pictures(scratch: &Path) -> Vec<PathBuf> {
    let mut pictures: Vec<PathBuf> = PORTRAITS.map(portrait).to_vec();
    let small: Vec<Pixels> = pictures.iter().map(|path| imaging::fit(&open(path), 420).unwrap()).collect();
    let places = small.iter().zip(0..).map(|(picture, at)| (picture, 40 + at % 3 * 640, 40 + at / 3 * 500));
    let together = laid_out(1920, 1080, &places.collect::<Vec<_>>());
    let path = scratch.join("together.jpg");
    std::fs::write(&path, imaging::jpeg(&together, 92).unwrap()).unwrap();
    pictures.push(path);
    if let Some(groups) = &set_up().1 {
        pictures.extend((1..=6).map(|number| groups.join(format!("sample{number}.jpg"))));
    }
    pictures
}

fn write_png(picture: &Pixels, path: &Path) {
    let (width, height) = (picture.width(), picture.height());
    image::save_buffer(path, picture.rgb(), width, height, image::ExtendedColorType::Rgb8).unwrap();
}

fn alike(ours: &Embedding, theirs: &[f32]) -> f32 {
    assert_eq!(theirs.len(), DIMENSIONS);
    ours.similarity(&Embedding::normalised(theirs).expect("a vector"))
}

#[test]
fn identical_pixels_give_identical_faces() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut shown, mut looks) = (Vec::new(), Vec::new());
    for (number, path) in pictures(scratch.path()).iter().enumerate() {
        let whole = open(path);
        for longest in [480, 1280] {
            let picture = imaging::fit(&whole, longest).unwrap();
            let path = scratch.path().join(format!("{number}-{longest}.png"));
            write_png(&picture, &path);
            looks.push(json!({"path": path, "longest": 0}));
            shown.push(picture);
        }
    }
    let (mut crops, mut vectors) = (Vec::new(), Vec::new());
    let found: Vec<Vec<FoundFace>> =
        shown.iter().map(|picture| engine().find_in_one_size(picture).expect("looks")).collect();
    for (picture, faces) in shown.iter().zip(&found) {
        for face in faces {
            let path = scratch.path().join(format!("crop-{}.png", crops.len()));
            write_png(&engine().aligned(picture, face).unwrap(), &path);
            crops.push(path);
            vectors.push(engine().embed(picture, face).unwrap());
        }
    }
    let answer = opencv(&json!({"looks": looks, "crops": crops}));
    for ((look, faces), asked) in answer.looks.iter().zip(&found).zip(&looks) {
        assert_eq!(look.faces.len(), faces.len(), "{asked}: {:?}", look.faces);
        for face in faces {
            let ours = Ours::new(face, look.size);
            let best = look.faces.iter().max_by(|a, b| ours.overlap(a).total_cmp(&ours.overlap(b))).unwrap();
            assert!(ours.overlap(best) >= 0.99 && ours.apart(best) < 0.1, "{asked}: {face:?} {best:?}");
            assert!((face.quality.score - best.score).abs() < 1e-3, "{asked}: {face:?} {best:?}");
        }
    }
    let worst = vectors.iter().zip(&answer.crops).map(|(ours, theirs)| alike(ours, theirs)).fold(1.0, f32::min);
    eprintln!("identical pixels: {} faces, worst cosine {worst:.6}", vectors.len());
    assert!(vectors.len() >= 20 && worst >= 0.9999, "{} faces, worst {worst}", vectors.len());
}

/// From the file on: both decode, shrink and align by themselves.
#[test]
fn files_give_the_same_faces() {
    let scratch = tempfile::tempdir().unwrap();
    let pictures = pictures(scratch.path());
    let ours: Vec<_> = pictures.iter().map(|path| engine().faces(&open(path), |_| true).expect("looks")).collect();
    let sizes = pictures.iter().map(|path| open(path)).map(|picture| [picture.width() as f32, picture.height() as f32]);
    let sizes: Vec<[f32; 2]> = sizes.collect();
    let looks: Vec<Value> =
        pictures.iter().flat_map(|path| LOOKS.map(|longest| json!({"path": path, "longest": longest}))).collect();
    let answer = opencv(&json!({ "looks": looks }));
    let (mut asked, mut vectors, mut close) = (Vec::new(), Vec::new(), Vec::new());
    for (((path, faces), size), looks) in pictures.iter().zip(&ours).zip(&sizes).zip(answer.looks.chunks(LOOKS.len())) {
        for face in faces {
            let (look, seen) = best_view(&face.found, looks);
            let mine = Ours::new(&face.found, look.size);
            let (overlap, apart) = (mine.overlap(seen), mine.apart(seen));
            assert!(overlap >= 0.8, "{}: {overlap} {seen:?}", path.display());
            // Of two neighbouring cells with the same score another decoder's rounding may let the other one win.
            close.push(overlap >= 0.9 && apart <= 2.0);
            let back = [size[0] / look.size[0], size[1] / look.size[1]];
            asked.push(json!({"path": path, "points": seen.points.map(|[x, y]| [x * back[0], y * back[1]])}));
            vectors.push(&face.vector);
        }
        // What OpenCV is sure of in the sizes that are always looked at is found here.
        for look in &looks[..2] {
            for seen in look.faces.iter().filter(|seen| seen.score >= 0.8) {
                let known = faces.iter().any(|face| Ours::new(&face.found, look.size).overlap(seen) >= 0.5);
                assert!(known, "{}: only OpenCV has {seen:?}", path.display());
            }
        }
    }
    let answer = opencv(&json!({ "faces": asked }));
    let cosines: Vec<f32> = vectors.iter().zip(&answer.faces).map(|(ours, theirs)| alike(ours, theirs)).collect();
    let worst = |of: bool| {
        let some = cosines.iter().zip(&close).filter(|(_, close)| **close == of).map(|(cosine, _)| *cosine);
        some.fold(1.0, f32::min)
    };
    let others = close.iter().filter(|close| !**close).count();
    eprintln!("from files: {} faces, worst cosine {:.4}", close.len() - others, worst(true));
    eprintln!("from files: {others} faces of another cell, worst cosine {:.4}", worst(false));
    assert!(close.len() >= 12 && others * 10 <= close.len(), "{others} of {}", close.len());
    assert!(worst(true) >= 0.99 && worst(false) >= 0.8, "{cosines:?}");
}

/// The look of OpenCV that has seen a face most as it was found here.
fn best_view<'l>(face: &FoundFace, looks: &'l [Look]) -> (&'l Look, &'l Seen) {
    let all = looks.iter().flat_map(|look| look.faces.iter().map(move |seen| (look, seen)));
    let far = |(look, seen): &(&Look, &Seen)| {
        let ours = Ours::new(face, look.size);
        if ours.overlap(seen) < 0.5 { f32::INFINITY } else { ours.apart(seen) }
    };
    all.min_by(|a, b| far(a).total_cmp(&far(b))).expect("OpenCV sees something")
}
