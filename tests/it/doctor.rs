//! `doctor`: each thing is looked at, each failure says what to do, and the exit code is the contract's.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::Photoctl;
use crate::support::pg::TestDb;
use crate::support::s3::S3Server;

fn checks(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["checks"].as_array().unwrap().iter().map(|check| (text(&check["name"]), text(&check["status"]))).collect()
}

fn status_of(report: &Value, name: &str) -> String {
    let found = checks(report).into_iter().filter(|(held, _)| held == name).map(|(_, status)| status);
    found.collect::<Vec<_>>().join(",")
}

#[test]
fn a_new_machine_lacks_its_database_only() {
    let machine = Photoctl::new();
    let report = machine.line("doctor --json").run().code(1).json();
    assert_eq!(status_of(&report, "database"), "failed");
    assert_eq!(report["failed"], 1);
    let failed = report["checks"].as_array().unwrap().iter().find(|check| check["status"] == "failed").unwrap();
    assert_eq!(failed["code"], "database_not_configured");
    assert!(failed["hints"][0].as_str().unwrap().contains("db migrate"), "{failed}");
    machine.line("doctor --for migrate").ok();
    machine.line("db migrate").ok();
    let report = machine.line("doctor --json").ok().json();
    assert_eq!((report["ok"].as_bool(), report["failed"].as_u64()), (Some(true), Some(0)));
    for name in ["configuration", "data folder", "database", "schema", "pgvector", "object store"] {
        assert_eq!(status_of(&report, name), "ok", "{name} in {report}");
    }
    assert_eq!(status_of(&report, "terminal"), "skipped");
}

#[test]
fn in_jsonl_each_check_has_a_line() {
    let machine = Photoctl::new();
    let whole = machine.line("doctor --json").run().code(1).json();
    let lines = machine.line("doctor --output jsonl").run().code(1).json_lines();
    let (summary, items) = lines.split_last().unwrap();
    assert_eq!((&summary["type"], &summary["failed"], &summary["ok"]), (&"summary".into(), &1.into(), &false.into()));
    assert!(items.iter().all(|item| item["type"] == "item"), "{items:?}");
    let names: Vec<&Value> = items.iter().map(|item| &item["name"]).collect();
    assert_eq!(names, whole["checks"].as_array().unwrap().iter().map(|check| &check["name"]).collect::<Vec<_>>());
    let failed: Vec<&Value> = items.iter().filter(|item| item["status"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["code"]), (1, &"database_not_configured".into()));
}

#[test]
fn a_job_is_asked_only_for_what_it_needs() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let report = machine.line("doctor --for migrate --json").ok().json();
    assert_eq!(status_of(&report, "object store"), "");
    let report = machine.line("doctor --for upload --json").ok().json();
    assert_eq!(status_of(&report, "object store"), "ok");
}

#[test]
fn the_store_is_really_written_and_left_as_it_was() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let store = machine.path().join("store");
    std::fs::create_dir(&store).unwrap();
    let machine = machine.env("PHOTOCTL_STORAGE_URL", format!("file://{}", store.display()));
    machine.line("doctor --for upload").ok().stdout_has("written, read, deleted");
    let left: Vec<_> = walkdir::WalkDir::new(&store)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let missing = machine.env("PHOTOCTL_STORAGE_URL", "file:///nowhere/at/all");
    missing.line("doctor --for upload").run().code(1).stdout_has("object store");
}

#[test]
fn services_that_are_away_or_refuse() {
    let away =
        Photoctl::new().env("DATABASE_URL", "postgres://u@127.0.0.1:1/d").env("PHOTOCTL_STORAGE_URL", "file:///tmp");
    let report = away.line("doctor --json").run().code(5).json();
    assert_eq!(status_of(&report, "database"), "failed");
    assert_eq!(status_of(&report, "schema"), "skipped");
    let server = S3Server::start();
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let denied = machine
        .env("PHOTOCTL_STORAGE_URL", format!("s3://{}", S3Server::BUCKET))
        .env("AWS_ENDPOINT_URL_S3", server.endpoint())
        .env("AWS_REGION", "auto")
        .env("PHOTOCTL_STORAGE_ACCESS_KEY_ID", "nobody")
        .env("PHOTOCTL_STORAGE_SECRET_ACCESS_KEY", "wrong");
    let report = denied.line("doctor --json --for upload").run().code(4).json();
    assert_eq!(status_of(&report, "object store"), "failed");
}

#[tokio::test]
async fn a_real_server_and_its_rights() {
    let db = TestDb::migrated().await;
    let folder = tempfile::tempdir().unwrap();
    let store = format!("file://{}", folder.path().display());
    let machine = Photoctl::new().env("DATABASE_URL", db.url()).env("PHOTOCTL_STORAGE_URL", &store);
    let report = machine.line("doctor --json --for upload").ok().json();
    for name in ["database", "schema", "pgvector", "rights", "object store"] {
        assert_eq!(status_of(&report, name), "ok", "{name} in {report}");
    }
    assert_eq!(status_of(&report, "clock").replace(",ok", ""), "ok", "{report}");
    let empty = TestDb::empty().await;
    let machine = Photoctl::new().env("DATABASE_URL", empty.url()).env("PHOTOCTL_STORAGE_URL", &store);
    let report = machine.line("doctor --json").run().code(1).json();
    assert_eq!(status_of(&report, "schema"), "failed");
}

#[test]
fn a_file_with_secrets_is_private() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let file = machine.file("home/.config/photoctl/photoctl.toml", "storage_session_token = \"x\"\n");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let report = machine.line("doctor --json").ok().json();
    assert_eq!(status_of(&report, "configuration"), "warning");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(status_of(&machine.line("doctor --json").ok().json(), "configuration"), "ok");
}

#[test]
fn a_database_in_use_is_not_well() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let mut shell = machine.line("db shell").on_terminal(80, 24);
    shell.wait_for("photoctl=>");
    let output = machine.line("doctor --json").run().code(11);
    assert_eq!((status_of(&output.json(), "database").as_str(), &output.json()["ok"]), ("failed", &false.into()));
    assert!(output.stdout.contains("in use by pid"), "{}", output.stdout);
    shell.send("\\q\r");
    assert_eq!(shell.wait().0, 0);
}

#[test]
fn what_is_wrong_with_the_store_is_said_and_shown() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let machine = machine.env("PHOTOCTL_STORAGE_URL", "s3://");
    machine.line("db store").ok().stdout_has("names no bucket");
    let page = machine.line("db store --json").ok().json();
    assert!(page["problem"].as_str().unwrap().contains("names no bucket"), "{page}");
}
