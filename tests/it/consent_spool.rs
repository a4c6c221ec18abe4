//! Revoking while another process holds the embedded database: the revocation is left, and is carried out by that one,
//! by the next one, or by who left it.

use std::path::{Path, PathBuf};

use photoctl::db::{Db, DbConfig, EmbeddedConfig};
use rustix::process::Signal;
use serde_json::json;

use crate::faults_world::until;
use crate::imaging::builders;
use crate::photos_world::{PHOTOGRAPHER, PROJECT, World, wait};
use crate::support::mount::Mounted;
use crate::support::{Output, Photoctl, Run, Running};

const ACTIVE: &str = "SELECT count(*) FROM user_consents WHERE revoked_at IS NULL";

/// An embedded world with Gus, who gave his consent, and a selfie that can be compared.
fn world() -> World {
    let world = World::embedded();
    let vector = format!("[{}]", vec!["0.1"; 128].join(","));
    world.sql(&format!(
        "INSERT INTO users (name, email, password_hash) VALUES ('Gus', 'gus@example.org', 'x');
         INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
         SELECT id, 'biometric_processing', '1', now() FROM users WHERE name = 'Gus';
         INSERT INTO selfies (user_id, storage_key, embedding, status)
         SELECT id, 'selfies/1', '{vector}', 'approved' FROM users WHERE name = 'Gus'"
    ));
    world
}

/// An upload that takes a minute, and holds the database.
fn holder(world: &World) -> Running {
    for number in 0..20 {
        let plain = builders::scene_jpeg(320, 240);
        let noise: Vec<u8> = (0..60_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let picture = builders::with_segment(&plain, 0xfe, &[format!("number {number}").as_bytes(), &noise].concat());
        world.machine().file(&format!("slow/{number}.jpg"), picture);
    }
    let line =
        format!("photos upload --project {PROJECT} --photographer {PHOTOGRAPHER} --assign --bwlimit 20kB --dir slow");
    let running = world.machine().line(&line).current_dir(world.machine().path()).spawn();
    let lock = world.machine().data().join("postgres.lock");
    until("the upload holds the database", || {
        std::fs::read_to_string(&lock).is_ok_and(|pid| pid.trim() == running.pid().to_string())
    });
    running
}

/// The test itself holds the database, and carries out nothing.
fn held(data: PathBuf) -> Db {
    wait(async { Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(data))).await.unwrap() })
}

fn revoke(machine: &Photoctl, line: &str) -> Run {
    machine.line(&format!("consent revoke --yes --json --actor eva {line}"))
}

fn gus(machine: &Photoctl) -> Output {
    revoke(machine, "--user gus@example.org").run()
}

fn files(data: &Path, folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(data.join("spool").join(folder)) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Not in the test's own thread: closing waits for the server.
fn close(db: Db) {
    wait(db.close());
}

#[test]
fn an_upload_carries_out_what_is_left_meanwhile() {
    let world = world();
    let mut upload = holder(&world);
    // It holds the lock before its server has started, which may take its time.
    let told = revoke(world.machine(), "--user gus@example.org --wait 1min").run().code(0).json();
    assert_eq!((&told["spooled"], &told["applied"], &told["ok"]), (&json!(true), &json!(true), &json!(true)), "{told}");
    assert_eq!(told["file"], json!(null));
    assert!(upload.is_running(), "it goes on");
    assert!(files(&world.machine().data(), "revocations").is_empty());
    // Again, as a person: there is nothing left to do, and that is no failure.
    let again = world.machine().line("consent revoke --user gus@example.org --yes --wait 1min").run().code(0);
    again.stdout_has("is carried out").stdout_has(&format!("in use by pid {}", upload.pid()));
    // Nobody is told that it was done where nobody is meant.
    let nobody = revoke(world.machine(), "--user nobody@example.org --wait 1min").run().code(1);
    assert!(nobody.error()["message"].as_str().unwrap().contains("no user"), "{}", nobody.transcript());
    upload.signal(Signal::INT);
    let ended = upload.wait().code(130).stderr_has("A revocation was left meanwhile: 1 consent of user");
    assert!(ended.stderr.contains("could not be carried out"), "{}", ended.stderr);
    assert_eq!(world.sql(ACTIVE), "0");
    assert_eq!(world.sql("SELECT count(embedding) FROM selfies"), "0");
    let author = "SELECT actor || ' ' || command FROM photoctl.audit WHERE action = 'revoke'";
    assert_eq!(world.sql(author), "eva consent revoke", "one entry, of who revoked");
}

#[test]
fn a_holder_that_is_killed_leaves_it_to_the_next_command() {
    let world = world();
    let upload = holder(&world);
    // It neither works nor ends.
    upload.signal(Signal::STOP);
    let told = gus(world.machine()).code(0).json();
    assert_eq!((&told["spooled"], &told["applied"]), (&json!(true), &json!(false)), "{told}");
    let file = PathBuf::from(told["file"].as_str().unwrap());
    assert_eq!(files(&world.machine().data(), "revocations"), std::slice::from_ref(&file));
    let left: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!((&left["user"], &left["type"]), (&json!("gus@example.org"), &json!("biometric_processing")));
    upload.signal(Signal::KILL);
    upload.wait();
    // A command that only reads carries it out before it reads.
    let list = world.machine().line("consent list --active --json").run().code(0);
    assert_eq!(list.json(), json!([]), "{}", list.transcript());
    assert!(files(&world.machine().data(), "revocations").is_empty());
    // The same file again, as after a crash between commit and removal: it finds nothing to do.
    std::fs::write(&file, left.to_string()).unwrap();
    world.machine().line("consent list").run().code(0).stderr_has("0 consents of user");
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.audit WHERE action = 'revoke'"), "1");
}

#[test]
fn who_revokes_carries_it_out_when_the_holder_ends_meanwhile() {
    let world = world();
    let upload = holder(&world);
    upload.signal(Signal::STOP);
    let revoking = revoke(world.machine(), "--user gus@example.org --wait 1min").spawn();
    until("it is left", || !files(&world.machine().data(), "revocations").is_empty());
    upload.signal(Signal::KILL);
    upload.wait();
    let told = revoking.wait().code(0).json();
    assert_eq!((&told["spooled"], &told["applied"]), (&json!(true), &json!(true)), "{told}");
    assert_eq!(world.sql(ACTIVE), "0");
}

#[test]
fn what_cannot_be_carried_out_is_kept_and_doctor_tells() {
    let world = world();
    let data = world.machine().data();
    let db = held(data.clone());
    // A name may be of several: only the database knows.
    revoke(world.machine(), "--user Gus").run().code(2).stderr_has("email or the id");
    world.machine().line("consent revoke --user gus@example.org").run().code(2).stderr_has("--yes");
    world.machine().line("consent revoke --user gus@example.org --dry-run").run().code(11);
    assert!(files(&data, "revocations").is_empty());
    let bare = world.machine().clone().env_remove("HOME");
    let page = bare.line("consent revoke --user nobody@example.org --yes").run().code(0);
    page.stdout_has("Left the revocation").stdout_has("in use by pid").stdout_has("spool/revocations");
    gus(&bare).code(0);
    world.machine().file("data/spool/revocations/00000000000000000-x.json", "half a fi");
    let doctor = world.machine().line("doctor --json").run().code(11).json();
    let told = |report: &serde_json::Value| {
        let checks = report["checks"].as_array().unwrap().iter();
        checks.filter(|check| check["name"] == "revocations").map(|check| check.to_string()).collect::<String>()
    };
    assert!(told(&doctor).contains("3 revocations wait"), "{doctor}");
    close(db);
    let first = world.machine().line("db status").run().code(0);
    assert_eq!(first.stderr.matches("could not be carried out").count(), 2, "{}", first.stderr);
    assert_eq!(world.sql(ACTIVE), "0", "what is right is done beside what is not");
    assert_eq!(files(&data, "failed").len(), 4, "each with its reason");
    let doctor = world.machine().line("doctor --json").run().json();
    assert!(told(&doctor).contains("2 revocations could not be carried out"), "{doctor}");
    assert!(told(&doctor).contains("no user"), "{doctor}");
}

#[test]
fn what_cannot_be_left_was_not_revoked() {
    let world = world();
    let db = held(world.machine().data());
    let blocked = world.machine().file("data/spool", "a file where the folder should be");
    gus(world.machine()).code(1).stderr_has("nothing was revoked");
    std::fs::remove_file(blocked).unwrap();
    let second = world.machine().path().join("read-only");
    let mounted = Mounted::bind(&world.machine().data(), &second);
    mounted.set("bind,ro");
    let error = gus(&world.machine().clone().env("PHOTOCTL_HOME", &second)).code(1).error();
    assert_eq!(error["code"], "io", "{error}");
    drop(mounted);
    close(db);
    assert_eq!(world.sql(ACTIVE), "1");
}
