use crate::photos_world::{PHOTOGRAPHER, PROJECT, World};
use crate::support::Photoctl;

#[test]
fn the_first_operator_makes_the_embedded_database() {
    let machine = Photoctl::new().env("PHOTOCTL_BCRYPT_COST", "10");
    let words = ["operator", "create", "--name", "Ana", "--email", "ana@example.org"];
    machine.args(["operator", "list"]).run().code(1).stderr_has("photoctl");
    machine.args(words).args(["--no-password", "--dry-run"]).ok().stderr_has("would be created");
    assert!(!machine.data().join("postgres").exists());
    // Without a way to a password nothing is created on the way to the error.
    machine.args(words).run().code(2).stderr_has("--password-stdin");
    assert!(!machine.data().join("postgres").exists());

    machine.args(words).arg("--no-password").ok();
    let words = ["project", "create", "--operator", "ana@example.org", "--name", "Gala", "--json"];
    let made = machine.args(words).ok().json();
    let shown = machine.args(["project", "show", "Gala", "--json"]).ok().json();
    assert_eq!(made["id"], shown["id"]);
    assert!(made["target"]["database"].as_str().unwrap().starts_with("embedded in "));
    let audit = machine.args(["audit", "list", "--verify", "--json"]).ok().stderr_has("sound").json();
    let told: Vec<_> = audit.as_array().unwrap().iter().map(|entry| (&entry["entity"], &entry["action"])).collect();
    let told: Vec<String> = told.into_iter().map(|(entity, action)| format!("{entity} {action}")).collect();
    assert_eq!(told, [r#""project" "create""#, r#""operator" "create""#, r#""database" "migrate""#], "{audit}");
}

/// A transaction that has nothing to keep must have ended when the server is stopped. That was a race: the same is
/// tried many times.
#[test]
fn what_changes_nothing_stops_the_server_cleanly() {
    let world = World::embedded();
    let machine = world.machine();
    let set = ["project", "settings", "set", "watermark_opacity", "0.4", "--project", PROJECT];
    machine.args(set).ok();
    let add = ["project", "photographers", "add", "--project", PROJECT, "--photographer", PHOTOGRAPHER];
    machine.args(add).ok();
    let create = ["operator", "create", "--name", "Ana", "--email", "ana@example.org", "--no-password"];
    let dry = ["project", "settings", "set", "watermark_opacity", "0.3", "--project", PROJECT, "--dry-run"];
    let mut runs: Vec<_> = (0..10).map(|_| machine.args(dry)).collect();
    for _ in 0..3 {
        runs.extend([set.as_slice(), &add].map(|words| machine.args(words)));
        runs.extend([add.as_slice(), &create].map(|words| machine.args(words).arg("--if-not-exists")));
    }
    for run in runs {
        let output = run.run();
        assert!(output.stderr.contains("Target: "), "{}", output.transcript());
        assert!(!output.stderr.contains("did not stop cleanly"), "{}", output.transcript());
    }
}
