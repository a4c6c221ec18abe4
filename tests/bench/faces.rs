//! Faces of one picture, found and made vectors of on one thread: the engine beside OpenCV. `BENCH_PICTURE` names a
//! JPEG, which is decoded apart. Prints `{"cpu_seconds", "decode", "find", "embed", "faces"}`, medians of `BENCH_RUNS`
//! (default 5) in CPU seconds: all of it, and its parts with the decoding.
//!
//! With `BENCH_PAIRS`, a folder of `sN/M.pgm` (grey, one folder a person), it prints the vectors of all of them instead,
//! a line each: `{"person", "number", "vector"}`. They are of public pictures, and go to the tables of the rows `orl` and
//! `context`. With `BENCH_SHRINK` pictures are first made that many times smaller: faces from further away.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::io::Cursor;
use std::path::{Path, PathBuf};

use photoctl::error::{Error, Result};
use photoctl::faces::LocalEngine;
use photoctl::imaging::{self, Limits};
use photoctl::model::pixels::Pixels;

fn main() -> Result<()> {
    let engine = LocalEngine::load(None)?;
    if let Some(folder) = std::env::var_os("BENCH_PAIRS") {
        return vectors(&engine, Path::new(&folder));
    }
    let path = PathBuf::from(std::env::var_os("BENCH_PICTURE").expect("BENCH_PICTURE names a JPEG"));
    let bytes = std::fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
    let probe = imaging::probe(&mut Cursor::new(&bytes), &path, &Limits::default())?;
    let picture = imaging::pixels(&bytes, &probe, &Limits::default())?;
    let runs = std::env::var("BENCH_RUNS").ok().and_then(|runs| runs.parse().ok()).unwrap_or(5);
    let faces = engine.faces(&picture, |_| true)?.len();
    let peak_mb = peak_mb();
    let seconds = median(runs, || engine.faces(&picture, |_| true).map(drop))?;
    let decode = median(runs, || Ok(imaging::pixels(&bytes, &probe, &Limits::default()).map(drop)?))?;
    let found = engine.find(&picture)?;
    let find = median(runs, || engine.find(&picture).map(drop))?;
    let embed = median(runs, || found.iter().try_for_each(|face| engine.embed(&picture, face).map(drop)))?;
    println!(
        "{}",
        serde_json::json!({"cpu_seconds": seconds, "decode": decode, "find": find, "embed": embed, "faces": faces,
                           "peak_mb": peak_mb})
    );
    Ok(())
}

/// CPU seconds of the middle one of `runs`.
fn median(runs: usize, work: impl Fn() -> Result<()>) -> Result<f64> {
    let mut seconds: Vec<f64> = Vec::new();
    for _ in 0..runs {
        let start = cpu_seconds();
        work()?;
        seconds.push(cpu_seconds() - start);
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// Of all threads of the process: the engine has one of its own. Linux counts it in nanoseconds.
fn cpu_seconds() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux").flatten();
    let spent = tasks.map(|task| {
        let told = std::fs::read_to_string(task.path().join("schedstat")).expect("a kernel that counts");
        told.split_whitespace().next().and_then(|spent| spent.parse::<f64>().ok()).expect("nanoseconds")
    });
    spent.sum::<f64>() / 1e9
}

/// Most memory that the process has had, where the system tells it.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
}

fn vectors(engine: &LocalEngine, folder: &Path) -> Result<()> {
    for person in 1..=40 {
        for number in 1..=10 {
            let path = folder.join(format!("s{person}/{number}.pgm"));
            let bytes = std::fs::read(&path).map_err(|error| Error::io("read", &path, error))?;
            let picture = grey_twice_as_large(&bytes).ok_or_else(|| Error::invalid("not a grey PGM of 8 bits"))?;
            if let Some(face) = engine.faces(&picture, |_| true)?.first() {
                let vector = face.vector.values().to_vec();
                println!("{}", serde_json::json!({"person": person, "number": number, "vector": vector}));
            }
        }
    }
    Ok(())
}

/// A binary PGM, each side twice as long, interpolated.
fn grey_twice_as_large(pgm: &[u8]) -> Option<Pixels> {
    let mut words = pgm.splitn(5, u8::is_ascii_whitespace);
    if words.next()? != b"P5" {
        return None;
    }
    let mut number = || std::str::from_utf8(words.next()?).ok()?.parse::<u32>().ok();
    let (width, height, most) = (number()?, number()?, number()?);
    let mut grey = image::GrayImage::from_raw(width, height, words.next()?.to_vec()).filter(|_| most == 255)?;
    if let Some(times) = std::env::var("BENCH_SHRINK").ok().and_then(|times| times.parse::<u32>().ok()) {
        let filter = image::imageops::FilterType::Triangle;
        grey = image::imageops::resize(&grey, width / times, height / times, filter);
    }
    let large = image::imageops::resize(&grey, width * 2, height * 2, image::imageops::FilterType::CatmullRom);
    Pixels::new(width * 2, height * 2, large.pixels().flat_map(|pixel| [pixel.0[0]; 3]).collect())
}
