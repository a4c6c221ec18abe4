//! `photos upload` where the machine gives little: cron, folders that cannot be written, streams that are closed,
//! signals, limits.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Signal, getuid};

use crate::faults_world::{
    assert_civil, assert_completes, assert_consistent, assert_whole, card, counts, objects, until, upload,
};
use crate::photos_world::{PHOTOGRAPHER, PROJECT, World};
use crate::support::s3::{Fault, Trouble};
use crate::support::{Output, Run, binary};

const SIDE: u32 = 160;

/// The command line of an upload through a shell, with what the shell does to its streams.
fn shell(run: &Run, tail: &str) -> Command {
    let plain = run.command();
    let mut command = Command::new("/bin/bash");
    command.args(["-c", &format!("set -o pipefail; \"$0\" \"$@\" {tail}")]).arg(plain.get_program());
    command.args(plain.get_args()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap()).stdin(Stdio::null());
    command
}

#[test]
fn from_cron_with_a_bare_environment() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let plain = upload(world.machine(), &dir);
    // The folder of a machine without HOME is that of the whole system: here an empty one of the test's own.
    let empty_disk =
        "mount -t tmpfs tmpfs /var/lib && \"$0\" \"$@\" && test -f /var/lib/photoctl/cache/fingerprints.sqlite";
    let mut command = Command::new("unshare");
    command.arg(if getuid().is_root() { "-m" } else { "-rm" }).args(["/bin/sh", "-c", empty_disk]).arg(binary());
    command.args(plain.command().get_args()).env_clear().current_dir("/").stdin(Stdio::null());
    for (name, value) in plain.command().get_envs() {
        let name = name.to_str().unwrap();
        if name.starts_with("PHOTOCTL_STORAGE") || name.starts_with("AWS_") || name == "DATABASE_URL" {
            command.env(name, value.unwrap());
        }
    }
    for uploaded in [6, 0] {
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        assert!(!said.contains("panicked"), "{said}");
        assert!(!said.contains('\u{1b}') && !said.contains('\r'), "no colours and no bars in a mail of cron: {said:?}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["uploaded"], uploaded, "{report:#}");
    }
    assert_whole(&world, &dir);
    // Root in the namespace, whoever started it.
    assert_eq!(world.sql("SELECT DISTINCT actor FROM photoctl.audit"), "uid 0");
}

#[test]
fn embedded_from_cron() {
    let world = World::embedded();
    let dir = card(world.machine(), "card", 0..3, SIDE);
    let machine = ["HOME", "USER", "PATH", "LANG", "TZ", "COLUMNS"]
        .iter()
        .fold(world.machine().clone(), |machine, name| machine.env_remove(name));
    let output = upload(&machine, &dir).current_dir("/").ok();
    assert_civil(&output);
    assert_whole(&world, &dir);
}

#[test]
fn a_home_that_cannot_be_written_costs_the_cache_only() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..4, SIDE);
    // A file where the folder should be binds root as well.
    let blocked = world.machine().file("blocked", "");
    let machine = world.machine().clone().env("HOME", blocked.join("home")).env("PHOTOCTL_HOME", blocked.join("data"));
    for uploaded in [4, 0] {
        let output = upload(&machine, &dir).run();
        assert_civil(&output);
        assert_eq!(output.code, 0, "{}", output.transcript());
        assert_eq!(counts(&output)[1], uploaded);
    }
    assert_whole(&world, &dir);
}

#[test]
fn a_fingerprint_cache_that_is_damaged_is_no_trouble() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..4, SIDE);
    world.machine().file("data/cache/fingerprints.sqlite", b"this is no cache at all, but it has been there before us");
    for uploaded in [4, 0] {
        let output = upload(world.machine(), &dir).run();
        assert_civil(&output);
        assert_eq!(output.code, 0, "{}", output.transcript());
        assert_eq!(counts(&output)[1], uploaded);
    }
    assert_whole(&world, &dir);
}

#[test]
fn closed_streams_stop_no_upload() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..3, SIDE);
    for (number, tail) in (10..).zip([">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"]) {
        card(world.machine(), "card", number..number + 1, SIDE);
        let mut command = shell(&upload(world.machine(), &dir), tail);
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked"), "{tail}: {said}");
        let code = output.status.code();
        // That the report could not be told may be said by the exit code; that photoctl broke may not.
        assert!(matches!(code, Some(0 | 1)), "{tail}: {code:?} {said}");
        assert_whole(&world, &dir);
    }
}

#[test]
fn a_reader_that_leaves_stops_no_upload() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..12, SIDE);
    let run = world
        .machine()
        .line(&format!("photos upload --project {PROJECT} --photographer {PHOTOGRAPHER} --assign --output jsonl"))
        .arg("--dir")
        .arg(&dir);
    let output = shell(&run, "| head -n 1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    assert_consistent(&world);
    // Who reads one line only gets one; what was begun is completed by the next run at the latest.
    assert_completes(&world, &dir);
}

/// A run that takes its time, so that something can happen in its middle.
fn slow(world: &World, files: u32) -> std::path::PathBuf {
    world.store().unwrap().fail(Fault::new(Trouble::Delay(Duration::from_millis(250))).on_put().always());
    card(world.machine(), "card", 0..files, SIDE)
}

fn assert_stopped(output: &Output, exit: i32, word: &str) {
    assert_civil(output);
    assert_eq!(output.code, exit, "{}", output.transcript());
    let json = output.json();
    assert_eq!((&json["stopped"], &json["all_stored"]), (&word.into(), &false.into()), "{json:#}");
    let [_, uploaded, _, failed, not_reached] = counts(output);
    assert!(uploaded >= 1 && failed == 0 && not_reached >= 1, "{json:#}");
}

#[test]
fn termination_ends_a_run_as_ctrl_c_does() {
    for signal in [Signal::TERM, Signal::INT] {
        let world = World::real();
        let dir = slow(&world, 40);
        let running = upload(world.machine(), &dir).args(["--transfers", "2"]).spawn();
        until("some objects", || world.store().unwrap().count(&hyper::Method::PUT) > 6);
        let asked = Instant::now();
        running.signal(signal);
        let output = running.wait();
        assert!(asked.elapsed() < Duration::from_secs(30), "{signal:?}");
        assert_stopped(&output, 130, "interrupted");
        assert!(output.stderr.contains("in flight"), "{}", output.stderr);
        world.store().unwrap().heal();
        // What was in flight is finished: nothing is left half sent.
        assert_consistent(&world);
        let ready: usize = world.sql("SELECT count(*) FROM photos WHERE status = 'ready'").parse().unwrap();
        assert_eq!(objects(&world).len(), 3 * ready);
        assert_completes(&world, &dir);
    }
}

#[test]
fn a_second_interrupt_ends_at_once() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::StallAfter(1000)).on_put().always());
    let running = upload(world.machine(), &dir).spawn();
    until("a row", || world.sql("SELECT count(*) FROM photos") != "0");
    std::thread::sleep(Duration::from_millis(300));
    running.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(700));
    let asked = Instant::now();
    running.signal(Signal::INT);
    let output = running.wait();
    assert_eq!(output.code, 130, "{}", output.transcript());
    assert!(asked.elapsed() < Duration::from_secs(5), "at once, not after the stall");
    store.heal();
    assert_consistent(&world);
    assert_completes(&world, &dir);
}

#[test]
fn an_interrupt_while_the_network_is_gone_ends_the_wait() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    store.go_away();
    let running = upload(world.machine(), &dir).spawn();
    std::thread::sleep(Duration::from_secs(4));
    let asked = Instant::now();
    running.signal(Signal::TERM);
    let output = running.wait();
    assert_eq!(output.code, 130, "{}", output.transcript());
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert_civil(&output);
    store.come_back();
    assert_consistent(&world);
    assert_completes(&world, &dir);
}

#[test]
fn the_time_limit_ends_a_run_and_the_next_completes_it_embedded() {
    let world = World::embedded();
    let dir = card(world.machine(), "card", 0..24, 640);
    let output = upload(world.machine(), &dir).args(["--bwlimit", "1MiB", "--max-duration", "2s"]).run();
    assert_stopped(&output, 8, "max_duration");
    assert_completes(&world, &dir);
}

#[test]
fn the_bandwidth_limit_holds() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..12, 640);
    let bytes: u64 = (0..12).map(|n| crate::faults_world::jpeg(n, 640).len() as u64).sum();
    let limit = 1024 * 1024;
    let begun = Instant::now();
    let output = upload(world.machine(), &dir).args(["--bwlimit", "1MiB", "--no-derivatives"]).ok();
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(output.json()["bytes_uploaded"].as_u64(), Some(bytes));
    // A bucket that is full at the beginning lets its content through at once.
    let least = bytes.saturating_sub(2 * limit) as f64 / limit as f64;
    assert!(seconds >= least, "{bytes} bytes in {seconds} s");
    assert!(seconds <= bytes as f64 / limit as f64 * 2.0 + 15.0, "{bytes} bytes in {seconds} s");
}

#[test]
fn two_runs_over_the_same_card_at_once() {
    let world = World::embedded();
    let dir = card(world.machine(), "card", 0..12, SIDE);
    let both = [upload(world.machine(), &dir).spawn(), upload(world.machine(), &dir).spawn()];
    let mut codes: Vec<i32> = both
        .into_iter()
        .map(|running| {
            let output = running.wait();
            assert_civil(&output);
            if output.code == 11 {
                assert!(output.stderr.contains("--wait") && output.stderr.contains("pid"), "{}", output.stderr);
            }
            output.code
        })
        .collect();
    codes.sort_unstable();
    assert!(codes == [0, 11] || codes == [0, 0], "{codes:?}");
    assert_completes(&world, &dir);

    let waiting = || upload(world.machine(), &dir).args(["--wait", "2m"]).spawn();
    for running in [waiting(), waiting(), waiting()] {
        assert_eq!(counts(&running.wait().code(0)), [12, 0, 12, 0, 0]);
    }
}

#[test]
fn a_report_that_cannot_be_written_is_said_before_anything_is_sent() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..3, SIDE);
    let output = upload(world.machine(), &dir).args(["--report", "/nowhere/report.jsonl"]).run();
    assert_civil(&output);
    assert_eq!(output.code, 1, "{}", output.transcript());
    assert!(output.stderr.contains("/nowhere/report.jsonl"), "{}", output.stderr);
    assert_eq!(world.store().unwrap().count(&hyper::Method::PUT), 0);
    let output = upload(world.machine(), &dir).args(["--report", "/dev/full"]).run();
    assert_civil(&output);
    assert_eq!(output.code, 1, "{}", output.transcript());
    assert_completes(&world, &dir);
}

#[test]
fn nothing_is_said_of_secrets_in_any_trouble() {
    let world = World::real();
    // The photographer is assigned before: that note names them, to a person.
    upload(world.machine(), &card(world.machine(), "first", 10..11, SIDE)).ok();
    let dir = card(world.machine(), "card", 0..2, SIDE);
    let store = world.store().unwrap();
    let secret = crate::support::s3::S3Server::SECRET_KEY;
    for fault in [
        Fault::answer(403, "SignatureDoesNotMatch").always(),
        Fault::answer(500, "InternalError").always(),
        Fault::new(Trouble::CutAfter(10)).always(),
    ] {
        store.fail(fault);
        let output = upload(world.machine(), &dir).env("PHOTOCTL_STORAGE_ATTEMPTS", "2").arg("-vvv").run();
        store.heal();
        assert_ne!(output.code, 0);
        for text in [&output.stdout, &output.stderr] {
            assert!(!text.contains(secret), "{text}");
            assert!(!text.contains("bo@example.org"), "no personal data in logs: {text}");
        }
    }
}

/// Reads a little of what a run says, then kills it: the reader is gone, the run must not hang.
#[test]
fn a_terminal_that_goes_away_does_not_leave_a_run_hanging() {
    let world = World::real();
    let dir = slow(&world, 8);
    let mut command = upload(world.machine(), &dir).arg("-v").command();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut first = [0; 1];
    let _ = stderr.read(&mut first);
    drop((stderr, child.stdout.take()));
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "hangs");
        std::thread::sleep(Duration::from_millis(20));
    }
    world.store().unwrap().heal();
    assert_consistent(&world);
    assert_completes(&world, &dir);
}
