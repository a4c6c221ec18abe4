//! Files that mean harm, or that a bad card made: refused one by one, within the memory of an ordinary run.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use photoctl::imaging::Format;

use super::{assert_whole, card, counts, jpeg, upload};
use crate::faults_world::assert_civil;
use crate::imaging::builders::{broken_exif, chunk, raw_file, scene_jpeg, with_segment};
use crate::photos_world::World;
use crate::support::{Output, Run};

/// A file of `tests/data`.
fn data(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)).unwrap()
}

/// The most memory that a run had resident, in bytes, and what came of it.
fn with_peak(run: &Run) -> (u64, Output) {
    let mut running = run.spawn();
    let status = format!("/proc/{}/status", running.pid());
    let mut peak = 0;
    while running.is_running() {
        // The kernel keeps the highest mark itself: only what the last moment added is missed.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = mark.map_or(peak, |mark| mark.parse::<u64>().unwrap() * 1024);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(peak > 0, "the run's memory could not be watched");
    (peak, running.wait())
}

/// A real JPEG whose header claims another size. `frame` is the marker of its frame.
fn claiming(mut jpeg: Vec<u8>, frame: u8, side: u16) -> Vec<u8> {
    let at = jpeg.windows(2).position(|bytes| bytes == [0xff, frame]).unwrap();
    jpeg[at + 5..at + 7].copy_from_slice(&side.to_be_bytes());
    jpeg[at + 7..at + 9].copy_from_slice(&side.to_be_bytes());
    jpeg
}

/// A valid PNG of zeros, 16 bits and four channels, deflated to about one part in 160.
fn zeros_png(width: u32, height: u32) -> Vec<u8> {
    let len = u64::from(height) * (u64::from(width) * 8 + 1);
    // One literal, then matches of 258 at distance 1, in 13 bits each; literals again for the rest.
    let mut bits = Bits::default();
    bits.put(1, 1);
    bits.put(1, 2);
    bits.code(0x30, 8);
    let mut left = len - 1;
    while left >= 258 {
        bits.code(0b1100_0101, 8);
        bits.code(0, 5);
        left -= 258;
    }
    (0..left).for_each(|_| bits.code(0x30, 8));
    bits.code(0, 7);
    let adler = (u32::try_from(len % 65521).unwrap() << 16) | 1;
    let pixels = [vec![0x78, 0x01], bits.finish(), adler.to_be_bytes().to_vec()].concat();
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[16, 6, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"IHDR", &header), chunk(b"IDAT", &pixels), chunk(b"IEND", b"")].concat()
}

/// Bits as deflate packs them.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits {
    /// Numbers come with their lowest bit first.
    fn put(&mut self, value: u32, bits: u32) {
        self.held |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// Codes come with their highest bit first.
    fn code(&mut self, value: u32, bits: u32) {
        self.put(value.reverse_bits() >> (32 - bits), bits);
    }

    fn finish(mut self) -> Vec<u8> {
        self.put(0, 7);
        self.bytes
    }
}

/// Had it been opened, it would have been believed.
#[test]
fn the_bomb_is_a_real_picture() {
    let picture = image::load_from_memory(&zeros_png(300, 200)).expect("another decoder opens it");
    assert_eq!((picture.width(), picture.height()), (300, 200));
}

#[test]
fn what_would_take_all_memory_is_refused_by_its_header() {
    for world in World::both() {
        let machine = world.machine();
        let harmless = card(&world, "harmless", 0..4);
        let (usual, output) = with_peak(&upload(&world, &harmless));
        assert_eq!(counts(&output.code(0)), [4, 4, 0, 0, 0]);
        let dir = card(&world, "card", 10..14);
        let large = claiming(scene_jpeg(640, 480), 0xc0, 40_000);
        machine.file("card/large.jpg", &large);
        machine.file("card/large-progressive.jpg", claiming(data("kinds/progressive.jpg"), 0xc2, 40_000));
        // With this preview only: of several the largest that can be used would do.
        machine.file("card/large-preview.dng", raw_file(Format::Dng, &large, 4000));
        let mut large = data("kinds/rgb.png");
        let header = [&40_000_u32.to_be_bytes()[..], &40_000_u32.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
        large.splice(8..33, chunk(b"IHDR", &header));
        machine.file("card/large.png", large);
        machine.file("card/bomb.png", zeros_png(17_000, 17_000));
        let (peak, output) = with_peak(&upload(&world, &dir));
        assert_civil(&output);
        let output = output.code(3);
        let json = output.json();
        assert_eq!(counts(&output), [9, 4, 0, 0, 5], "{json:#}");
        assert_eq!(json["failed_by_reason"], serde_json::json!({"too_large": 5}), "{json:#}");
        assert!(peak < usual + 100_000_000, "{peak} bytes resident, {usual} in a harmless run");
        assert_eq!(assert_whole(&world).len(), 8);
    }
}

#[test]
fn a_card_of_broken_files_costs_no_whole_photo() {
    let (png, raw) = (data("kinds/rgb.png"), raw_file(Format::Nef, &scene_jpeg(320, 240), 4000));
    for world in World::both() {
        let dir = card(&world, "card", 0..2);
        let mut cuts = Vec::new();
        for (kind, file) in [("jpg", jpeg(7)), ("png", png.clone()), ("nef", raw.clone())] {
            for tenth in 1..10 {
                let name = format!("{kind}-{tenth}.{kind}");
                world.machine().file(&format!("card/{name}"), &file[..file.len() * tenth / 10]);
                cuts.push(name);
            }
        }
        let exifs = broken_exif();
        for (number, (_, exif)) in (100..).zip(&exifs) {
            world.machine().file(&format!("card/exif-{number}.jpg"), with_segment(&jpeg(number), 0xe1, exif));
        }
        let whole = 2 + exifs.len();
        let output = upload(&world, &dir).run().code(3);
        assert_civil(&output);
        assert_eq!(counts(&output), [(whole + 27) as u64, whole as u64, 0, 0, 27]);
        let json = output.json();
        let failed: BTreeMap<&str, &str> = (json["items_failed"].as_array().unwrap().iter())
            .map(|item| (item["ref"].as_str().unwrap(), item["reason"].as_str().unwrap()))
            .map(|(path, reason)| (path.rsplit('/').next().unwrap(), reason))
            .collect();
        cuts.sort();
        assert_eq!(failed, cuts.iter().map(|name| (name.as_str(), "truncated")).collect());
        assert_eq!(assert_whole(&world).len(), whole);
        // Whole again, the same names make their photos.
        for (kind, file) in [("jpg", jpeg(7)), ("png", png.clone()), ("nef", raw.clone())] {
            for tenth in 1..10 {
                std::fs::remove_file(dir.join(format!("{kind}-{tenth}.{kind}"))).unwrap();
            }
            world.machine().file(&format!("card/{kind}-1.{kind}"), &file);
        }
        assert_eq!(counts(&upload(&world, &dir).ok()), [whole as u64 + 3, 3, whole as u64, 0, 0]);
        assert_eq!(assert_whole(&world).len(), whole + 3);
    }
}
