//! Figures, not assertions: `cargo test --release --test it imaging::speed -- --ignored --nocapture`, with
//! `PHOTOCTL_BENCH_FILES` naming JPEGs of 24 million pixels, on a quiet machine with `vipsthumbnail` installed.

use std::process::Command;
use std::time::Duration;

use photoctl::imaging::{Deriver, Limits, Recipe, Watermark};

use super::derive;

#[test]
#[ignore = "measures; needs files and vipsthumbnail"]
fn cpu_against_vipsthumbnail() {
    let files = std::env::var("PHOTOCTL_BENCH_FILES").expect("names of files");
    let recipe = Recipe { watermark: Some(Watermark::default()), ..Recipe::default() };
    let deriver = Deriver::new(recipe, Limits::default()).expect("a recipe");
    let files: Vec<&str> = files.split(':').collect();
    let before = cpu("self");
    for file in &files {
        derive(&deriver, &std::fs::read(file).expect("read"), file).expect("derives");
    }
    let ours = cpu("self") - before;
    let folder = tempfile::tempdir().expect("a folder");
    let before = cpu("children");
    for file in &files {
        for size in ["400", "2048"] {
            let out = folder.path().join(format!("{size}.jpg"));
            let status = Command::new("vipsthumbnail").args(["-s", size, file, "-o"]).arg(&out).status();
            assert!(status.expect("vipsthumbnail runs").success());
        }
    }
    let theirs = cpu("children") - before;
    println!("ours {ours:?}, vipsthumbnail {theirs:?}, ratio {:.2}", ours.as_secs_f64() / theirs.as_secs_f64());
}

/// User and system time of this process, or of its children that ended (proc(5), fields 14 to 17 of `stat`).
fn cpu(whose: &str) -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<u64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().map(|field| field.parse().unwrap_or(0)).collect();
    let ticks = if whose == "self" { fields[11] + fields[12] } else { fields[13] + fields[14] };
    Duration::from_millis(ticks * 10)
}
