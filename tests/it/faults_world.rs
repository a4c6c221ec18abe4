//! What the fault tests share: cards with small pictures that differ, an upload of them, and the proof that nothing was
//! lost, doubled or left over.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use photoctl::model::digest::Sha256;

use crate::photos_world::{PHOTOGRAPHER, PROJECT, World};
use crate::support::{Output, Photoctl, Run};

/// A JPEG of noise that no other number makes; `side` 160 gives about 20 kB, 640 about 350 kB.
pub fn jpeg(number: u32, side: u32) -> Vec<u8> {
    let mut state = u64::from(number) * 2 + 1;
    let picture = image::RgbImage::from_fn(side, side * 3 / 4, |_, _| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        image::Rgb([(state >> 56) as u8, (state >> 48) as u8, (state >> 40) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(&picture).unwrap();
    bytes.into_inner()
}

/// A card with these photos.
pub fn card(machine: &Photoctl, name: &str, numbers: std::ops::Range<u32>, side: u32) -> PathBuf {
    for number in numbers {
        machine.file(&format!("{name}/DCIM/100TEST/DSC_{number:04}.JPG"), jpeg(number, side));
    }
    machine.path().join(name)
}

/// `photos upload` of a card, as json.
pub fn upload(machine: &Photoctl, dir: &Path) -> Run {
    machine
        .line(&format!("photos upload --project {PROJECT} --photographer {PHOTOGRAPHER} --assign --json"))
        .args([Path::new("--dir"), dir])
}

/// Words for a person: no defect shows, and an error that ended the run is a sentence with something to do.
#[track_caller]
pub fn assert_civil(output: &Output) {
    for ugly in ["panicked", "RUST_BACKTRACE", "unwrap", "Os {", "SdkError", "StoreError"] {
        assert!(!output.stderr.contains(ugly), "{ugly} in\n{}", output.transcript());
    }
}

/// The run ended with this exit code and this kind of error; sentence and hints hold these words.
#[track_caller]
pub fn assert_ended(output: &Output, exit: i32, code: &str, words: &[&str]) {
    assert_civil(output);
    assert_eq!(output.code, exit, "{}", output.transcript());
    let error = output.error();
    assert_eq!(error["code"], code, "{}", output.transcript());
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "no hint in\n{}", output.transcript());
    for word in words {
        assert!(error.to_string().contains(word), "no {word:?} in\n{}", output.transcript());
    }
}

/// Every file failed or not: `found, uploaded, already_present, failed, not_reached`, which add up.
#[track_caller]
pub fn counts(output: &Output) -> [u64; 5] {
    let json = output.json();
    let names = ["found", "uploaded", "already_present", "failed", "not_reached"];
    let numbers = names.map(|name| json[name].as_u64().unwrap_or_else(|| panic!("no {name} in {json:#}")));
    assert_eq!(numbers[0], numbers[1..].iter().sum::<u64>(), "every file has one end: {json:#}");
    numbers
}

/// All files of a card by their hash.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = walkdir::WalkDir::new(dir).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| std::fs::read(entry.path()).unwrap())
        .map(|bytes| (Sha256::of(&bytes).to_string(), bytes))
        .collect()
}

/// All keys in the store.
pub fn objects(world: &World) -> BTreeSet<String> {
    let root = world.object_path("");
    walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(&root).unwrap().to_string_lossy().into_owned())
        // What a server or a folder store keeps for itself.
        .filter(|key| !key.split('/').any(|part| part.starts_with('.')))
        .collect()
}

/// In the middle of trouble: what is called ready is whole, and no object is without its row.
#[track_caller]
pub fn assert_consistent(world: &World) {
    let rows = world.sql("SELECT id, status, storage_key, thumbnail_key, watermarked_key FROM photos");
    let mut ids = BTreeSet::new();
    for row in rows.lines() {
        let cells: Vec<&str> = row.split('|').collect();
        ids.insert(cells[0].to_owned());
        if cells[1] == "ready" {
            for key in &cells[2..] {
                assert!(world.object(key).is_some(), "ready without {key:?}: {row}");
            }
        }
    }
    for key in objects(world) {
        assert!(ids.iter().any(|id| key.contains(id.as_str())), "an object without a row: {key}\n{rows}");
    }
}

/// At the end: exactly one ready row a file, its three objects with the right bytes, and nothing else in the store.
#[track_caller]
pub fn assert_whole(world: &World, dir: &Path) {
    let mut wanted = contents(dir);
    let rows = world.sql(
        "SELECT p.status, p.storage_key, p.thumbnail_key, p.watermarked_key, encode(f.sha256, 'hex'),
                encode(f.thumbnail_sha256, 'hex'), encode(f.watermarked_sha256, 'hex'), coalesce(f.failed_reason, '')
           FROM photos p LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id",
    );
    let mut keys = BTreeSet::new();
    for row in rows.lines() {
        let cells: Vec<&str> = row.split('|').collect();
        assert_eq!((cells[0], cells[7]), ("ready", ""), "{row}");
        let content =
            wanted.remove(cells[4]).unwrap_or_else(|| panic!("a second row, or one of no file: {row}\n{rows}"));
        assert!(world.object(cells[1]).is_some_and(|stored| stored == content), "the original's bytes: {row}");
        for (key, hash) in [(cells[2], cells[5]), (cells[3], cells[6])] {
            let stored = world.object(key).unwrap_or_else(|| panic!("no {key}: {row}"));
            assert_eq!(Sha256::of(&stored).to_string(), hash, "{key}");
            image::load_from_memory(&stored).expect("a derivative that decodes");
        }
        keys.extend(cells[1..4].iter().map(|key| (*key).to_owned()));
    }
    assert!(wanted.is_empty(), "{} files without a row", wanted.len());
    assert_eq!(objects(world), keys, "objects and rows agree");
}

/// The next run, in good weather, completes everything; one more finds all of it there.
#[track_caller]
pub fn assert_completes(world: &World, dir: &Path) {
    let output = upload(world.machine(), dir).ok();
    assert_civil(&output);
    assert_eq!(output.json()["all_stored"], true, "{}", output.transcript());
    assert_whole(world, dir);
}

/// Waits until something holds.
#[track_caller]
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
