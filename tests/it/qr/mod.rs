//! QR tokens and cards: acted through the binary, read by psql, by poppler and by zbar.

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

/// What another decoder reads from a picture, sorted.
fn scan(picture: &Path) -> Vec<String> {
    let output = Command::new("zbarimg").args(["--nodbus", "-q", "--raw"]).arg(picture).output();
    let output = output.unwrap_or_else(|error| panic!("zbarimg does not start ({error}): tests/packages.sh test"));
    let mut found: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    found.sort();
    found
}

/// What is printed on each page of a PDF, sorted within the page: read at 150 dpi, and what zbar missed, nearer, as a
/// person would hold the camera again. It misses about one good code of 400 (other decoders read those), another one
/// at the next resolution, and reads none wrongly; more than two in one document are our fault.
fn scan_pdf(pdf: &Path) -> Vec<Vec<String>> {
    let mut pages: Vec<Vec<String>> = Vec::new();
    let mut at_first = None;
    for dpi in ["150", "200", "300"] {
        let dir = tempfile::tempdir().unwrap();
        tool(
            "pdftoppm",
            &["-r", dpi, "-gray", "-png", pdf.to_str().unwrap(), dir.path().join("page").to_str().unwrap()],
        );
        let mut pictures: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        pictures.sort();
        pages.resize(pictures.len(), Vec::new());
        for (page, picture) in pages.iter_mut().zip(&pictures) {
            // The same code may stand on a page more than once: what this look found beyond the others is added.
            let mut known = page.clone();
            page.extend(scan(picture).into_iter().filter(|code| {
                let place = known.iter().position(|other| other == code);
                place.map(|place| known.swap_remove(place)).is_none()
            }));
        }
        at_first.get_or_insert_with(|| pages.iter().map(Vec::len).sum::<usize>());
    }
    let missed = pages.iter().map(Vec::len).sum::<usize>() - at_first.unwrap_or(0);
    assert!(missed <= 2, "{missed} codes are not read at 150 dpi");
    pages.iter_mut().for_each(|page| page.sort());
    pages
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
