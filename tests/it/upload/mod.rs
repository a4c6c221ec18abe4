//! `photos upload` through the binary: what becomes of cards, on both databases and both stores.

mod cards;
mod companions;
mod files;
mod flow;
mod hostile;
mod junk;
mod kills;
mod known;
mod mixed;
mod raws;
mod rules;
mod trouble;
mod unfinished;
mod upright;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use photoctl::model::digest::Sha256;

use crate::imaging::builders;
use crate::photos_world::{PHOTOGRAPHER, PROJECT, World};
use crate::support::{Output, Run};

/// A JPEG that no other number makes.
fn jpeg(number: u32) -> Vec<u8> {
    builders::with_segment(&builders::scene_jpeg(320, 240), 0xfe, format!("number {number}").as_bytes())
}

/// As [`jpeg`], padded with noise that no decoder looks at, for transfers that take their time.
fn large_jpeg(number: u32, bytes: usize) -> Vec<u8> {
    let plain = jpeg(number);
    let mut large = plain[..2].to_vec();
    let mut state = u64::from(number) + 1;
    while large.len() + plain.len() < bytes {
        // A comment of 60,000 bytes, its length counted in.
        large.extend([0xff, 0xfe]);
        large.extend(60_002_u16.to_be_bytes());
        for _ in 0..60_000 / 8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            large.extend_from_slice(&state.to_le_bytes());
        }
    }
    large.extend_from_slice(&plain[2..]);
    large
}

/// A card with so many different photos.
fn card(world: &World, name: &str, photos: std::ops::Range<u32>) -> PathBuf {
    for number in photos {
        world.machine().file(&format!("{name}/DCIM/100TEST/DSC_{number:04}.JPG"), jpeg(number));
    }
    world.machine().path().join(name)
}

/// `photos upload` of a folder into the project, as json.
fn upload(world: &World, dir: &Path) -> Run {
    world
        .photos(&format!("upload --project {PROJECT} --photographer {PHOTOGRAPHER} --assign --json"))
        .args([Path::new("--dir"), dir])
}

/// The numbers of a report, by name.
fn numbers(output: &Output, names: &[&str]) -> Vec<u64> {
    let json = output.json();
    names.iter().map(|name| json[*name].as_u64().unwrap_or_else(|| panic!("no {name} in {json:#}"))).collect()
}

/// `found, uploaded, already_present, skipped, failed`
fn counts(output: &Output) -> [u64; 5] {
    let all = numbers(output, &["found", "uploaded", "already_present", "skipped", "failed", "not_reached"]);
    assert_eq!(all[0], all[1..].iter().sum::<u64>(), "every file has one end: {:#}", output.json());
    [all[0], all[1], all[2], all[3], all[4]]
}

/// Every photo of the database is whole: row `ready`, original, preview and thumbnail there, the original's bytes those
/// of its hash, nothing else in the store. Returns the hashes.
fn assert_whole(world: &World) -> Vec<String> {
    let rows = world.sql(
        "SELECT p.id, p.status, p.storage_key, p.thumbnail_key, p.watermarked_key, encode(f.sha256, 'hex'),
                f.size_bytes, f.thumbnail_size_bytes, f.watermarked_size_bytes
           FROM photos p LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id ORDER BY p.id",
    );
    let mut expected = BTreeMap::new();
    let mut hashes = Vec::new();
    for row in rows.lines() {
        let cells: Vec<&str> = row.split('|').collect();
        assert_eq!(cells[1], "ready", "{row}");
        let original = world.object(cells[2]).unwrap_or_else(|| panic!("no original: {row}"));
        assert_eq!(Sha256::of(&original).to_string(), cells[5], "{row}");
        for (key, size) in [(cells[2], cells[6]), (cells[3], cells[7]), (cells[4], cells[8])] {
            let object = world.object(key).unwrap_or_else(|| panic!("no {key}: {row}"));
            assert_eq!(object.len().to_string(), size, "{key}");
            expected.insert(key.to_owned(), ());
        }
        for key in [cells[3], cells[4]] {
            image::load_from_memory(&world.object(key).unwrap()).expect("a derivative that decodes");
        }
        hashes.push(cells[5].to_owned());
    }
    for row in world.sql("SELECT storage_key, encode(sha256, 'hex') FROM photoctl.photo_companions").lines() {
        let (key, sha256) = row.split_once('|').unwrap();
        let raw = world.object(key).unwrap_or_else(|| panic!("no RAW: {row}"));
        assert_eq!(Sha256::of(&raw).to_string(), sha256, "{row}");
        expected.insert(key.to_owned(), ());
    }
    let stored = objects(world);
    assert_eq!(stored, expected.into_keys().collect::<Vec<_>>(), "objects and rows agree");
    hashes.sort();
    hashes
}

/// All keys in the store.
fn objects(world: &World) -> Vec<String> {
    let root = world.object_path("");
    let mut keys: Vec<String> = walkdir::WalkDir::new(&root)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().strip_prefix(&root).unwrap().to_string_lossy().into_owned())
        // What a server or a folder store keeps for itself.
        .filter(|key| !key.split('/').any(|part| part.starts_with('.')))
        .collect();
    keys.sort();
    keys
}
