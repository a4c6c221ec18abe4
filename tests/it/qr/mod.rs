//! QR tokens and cards: acted through the binary, read by psql, by poppler and by zxing-cpp.

mod issue;
mod redeem;
mod sheet;
mod show;

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::photos_world::{PROJECT, World};
use crate::support::Output;

/// Where the codes lead.
const LINK: &str = "https://events.example.org/summer-run";

/// The event has a link and ends some day.
fn prepare(world: &World) {
    world.sql(&format!(
        "UPDATE projects SET project_link = '{LINK}', start_at = '2098-06-01 12:00', end_at = '2099-06-01 18:00'
          WHERE id = '{PROJECT}'"
    ));
}

fn real() -> World {
    let world = World::real();
    prepare(&world);
    world
}

/// `photoctl qr …`, split at spaces.
#[track_caller]
fn qr(world: &World, line: &str) -> Output {
    world.machine().line(&format!("qr {line}")).run()
}

/// The tokens that `qr issue` answers.
#[track_caller]
fn issue(world: &World, line: &str) -> Vec<String> {
    let answer = qr(world, &format!("issue --project {PROJECT} {line} --json")).code(0).json();
    let tokens = answer["tokens"].as_array().unwrap();
    assert_eq!(answer["issued"], tokens.len());
    tokens.iter().map(|token| text(token, "token")).collect()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

/// A user, and their id. `name` may hold anything.
fn user(world: &World, name: &str, email: &str) -> String {
    let name = name.replace('\'', "''");
    world.sql(&format!("INSERT INTO users (name, email, password_hash) VALUES ('{name}', '{email}', 'x') RETURNING id"))
}

fn member(world: &World, name: &str, email: &str) -> String {
    let id = user(world, name, email);
    world.sql(&format!("INSERT INTO project_members (project_id, user_id) VALUES ('{PROJECT}', '{id}')"));
    id
}

/// What another decoder reads from a picture, sorted: zxing-cpp, which missed none of 800 cards at 150 dpi (zbar missed
/// two).
fn scan(picture: &Path) -> Vec<String> {
    let output = Command::new("ZXingReader").args(["-1", "-format", "QRCode"]).arg(picture).output();
    let output = output.unwrap_or_else(|error| panic!("ZXingReader does not start ({error}): tests/packages.sh test"));
    // A line a code: the picture's path, the kind, the text in quotation marks.
    let text = |line: &str| line.split_once(" QRCode \"")?.1.strip_suffix('"').map(str::to_owned);
    let said = String::from_utf8(output.stdout).unwrap();
    let mut found: Vec<String> = said.lines().filter_map(text).collect();
    found.sort();
    found
}

/// What is printed on each page of a PDF, rendered at 150 dpi, sorted within the page.
fn scan_pdf(pdf: &Path) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    tool("pdftoppm", &["-r", "150", "-png", pdf.to_str().unwrap(), dir.path().join("page").to_str().unwrap()]);
    let mut pages: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.sort();
    pages.iter().map(|page| scan(page)).collect()
}

/// What a program says; it must succeed.
fn tool(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{program} does not start ({error}): tests/packages.sh test"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Nothing of what lets somebody in may stand in the audit log.
fn assert_not_in_the_audit_log<'a>(world: &World, tokens: impl IntoIterator<Item = &'a String>) {
    let log = world.sql("SELECT a::text FROM photoctl.audit a");
    for token in tokens {
        assert!(!log.contains(token.as_str()), "{log}");
    }
}

/// `issue`, `export`, …: the actions on tokens, in their order.
fn told(world: &World) -> String {
    let rows = world.sql("SELECT action, item_count FROM photoctl.audit WHERE entity = 'qr_token' ORDER BY seq");
    rows.lines().collect::<Vec<_>>().join(" ")
}
