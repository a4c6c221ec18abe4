//! Two thousand ways to damage files, each tried on a file of its own turn: the same ones in every run.

use std::time::Duration;

use photoctl::imaging::{Deriver, Format, Limits, Reason, Recipe, Watermark};

use super::builders::{camera_jpeg, raw_file, scene_jpeg};
use super::{data, derive};

const MUTATIONS: usize = 2000;
/// Of processor time: the machine may be busy with other tests.
const LONGEST: Duration = Duration::from_secs(2);
/// Far below what one picture of the sizes that headers may claim would take.
const MOST_RESIDENT_BYTES: u64 = 700 << 20;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("fits")
    }
}

fn mutate(file: &[u8], other: &[u8], number: usize, numbers: &mut Numbers) -> Vec<u8> {
    let mut out = file.to_vec();
    // Headers are where damage does most: half of the places lie in the first 4 KiB.
    let place = |numbers: &mut Numbers, len: usize| {
        if numbers.below(2) == 0 { numbers.below(len.min(4096)) } else { numbers.below(len) }
    };
    match number % 8 {
        0 => {
            for _ in 0..=numbers.below(8) {
                let at = place(numbers, out.len());
                out[at] ^= 1 << numbers.below(8);
            }
        }
        1 => {
            for _ in 0..=numbers.below(40) {
                let at = place(numbers, out.len());
                out[at] = numbers.below(256) as u8;
            }
        }
        2 => out.truncate(out.len() * (number / 8 % 10) / 10),
        // Lengths and offsets: extremes of two and four bytes.
        3 => {
            let extremes: [&[u8]; 6] =
                [&[0; 4], &[0xff; 4], &[0x7f, 0xff, 0xff, 0xff], &[0xff, 0xff], &[0, 0], &[0, 0, 0, 1]];
            for _ in 0..=numbers.below(3) {
                let extreme = extremes[numbers.below(extremes.len())];
                let at = place(numbers, out.len().saturating_sub(4));
                out[at..at + extreme.len()].copy_from_slice(extreme);
            }
        }
        4 => {
            let (from, at) = (numbers.below(other.len()), place(numbers, out.len()));
            let piece = &other[from..(from + 1 + numbers.below(2000)).min(other.len())];
            out.splice(at..at, piece.iter().copied());
        }
        5 => {
            let at = place(numbers, out.len());
            let end = (at + 1 + numbers.below(600)).min(out.len());
            out.drain(at..end);
        }
        6 => {
            let at = place(numbers, out.len());
            let end = (at + 1 + numbers.below(600)).min(out.len());
            let piece = out[at..end].to_vec();
            for _ in 0..=numbers.below(20) {
                out.splice(at..at, piece.iter().copied());
            }
        }
        _ => {
            let (at, split) = (numbers.below(out.len()), numbers.below(other.len()));
            out.truncate(at);
            out.extend(&other[split..]);
        }
    }
    out
}

fn pictures() -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(super::folder().join("kinds"))
        .expect("test data")
        .map(|entry| entry.expect("test data").file_name().into_string().expect("plain names"))
        .filter(|name| name.ends_with(".jpg") || name.ends_with(".png"))
        .map(|name| (name.clone(), data(&format!("kinds/{name}"))))
        .collect();
    files.push(("camera.jpg".to_owned(), camera_jpeg(320, 240, 6)));
    files.push(("Portrait_5.jpg".to_owned(), data("orientation/Portrait_5.jpg")));
    let jpeg = scene_jpeg(240, 160);
    for format in Format::ALL.iter().filter(|format| format.is_raw()) {
        files.push((format!("raw.{}", format.extension()), raw_file(*format, &jpeg, 3000)));
    }
    files.sort();
    files
}

/// In a process of its own: what is resident in the suite's is also that of other tests.
#[test]
fn two_thousand_mutations_end_well() {
    let output = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "imaging::mutations::each_mutation", "--ignored", "--nocapture"])
        .output()
        .expect("started");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

#[test]
#[ignore = "is run by two_thousand_mutations_end_well"]
fn each_mutation() {
    // Small derivatives: the decoders are what is tried here, and scaled decoding belongs to them.
    let recipe =
        Recipe { preview_px: 240, thumbnail_px: 60, watermark: Some(Watermark::default()), ..Recipe::default() };
    let deriver = Deriver::new(recipe, Limits::default()).expect("a recipe");
    let files = pictures();
    let mut numbers = Numbers(2026);
    let (mut fine, mut refused) = (0, 0);
    for number in 0..MUTATIONS {
        let (name, file) = &files[number % files.len()];
        let (_, other) = &files[numbers.below(files.len())];
        let damaged = mutate(file, other, number / files.len(), &mut numbers);
        let started = processor_time();
        let outcome = std::panic::catch_unwind(|| derive(&deriver, &damaged, name));
        let took = processor_time().saturating_sub(started);
        let save = || {
            let path = std::env::temp_dir().join(format!("photoctl-mutation-{number}-{name}"));
            std::fs::write(&path, &damaged).expect("written for a look");
            path.display().to_string()
        };
        match outcome {
            Ok(Ok(_)) => fine += 1,
            Ok(Err(error)) => {
                assert_ne!(error.reason(), Reason::Internal, "mutation {number} of {name}: {error}, see {}", save());
                refused += 1;
            }
            Err(_) => panic!("mutation {number} of {name} panicked, see {}", save()),
        }
        assert!(took < LONGEST, "mutation {number} of {name} took {took:?}, see {}", save());
    }
    assert!(fine > 200 && refused > 200, "both ends are met: {fine} fine, {refused} refused");
    if let Some(most) = most_resident_bytes() {
        assert!(most < MOST_RESIDENT_BYTES, "{most} bytes were resident at most");
    }
}

/// What this thread has used of a processor, where the system tells it.
fn processor_time() -> Duration {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(times.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// The high-water mark of this process, where the system tells it.
fn most_resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}
