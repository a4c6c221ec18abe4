//! Guests from a spreadsheet and back, through the binary.

mod beside;
mod formats;
mod hostile;
mod rows;

use serde_json::Value;

use crate::photos_world::{PROJECT, World};
use crate::support::{Output, Run};

/// `photoctl user import` of this content into the project, as json.
fn run(world: &World, name: &str, content: impl AsRef<[u8]>, words: &[&str]) -> Run {
    let file = world.machine().file(name, content);
    world.machine().args(["user", "import", "--project", PROJECT, "--json"]).arg(file).args(words)
}

/// As [`run`], to its end; the exit code must be that one.
#[track_caller]
fn import(world: &World, content: impl AsRef<[u8]>, words: &[&str], code: i32) -> Output {
    run(world, "guests.csv", content, words).run().code(code)
}

/// rows, created, joined, updated, unchanged, rejected
#[track_caller]
fn counts(report: &Value) -> [u64; 6] {
    ["rows", "created", "joined", "updated", "unchanged", "rejected"]
        .map(|name| report[name].as_u64().unwrap_or_else(|| panic!("no integer {name} in {report}")))
}

/// Users but for the one who is there from the beginning, with their membership.
fn guests(world: &World) -> String {
    world.sql(
        "SELECT u.email, u.name, replace(u.address, chr(10), '/'), u.billing_address, (m.user_id IS NOT NULL)::text,
                m.terms_accepted_at::text
           FROM users u LEFT JOIN project_members m ON m.user_id = u.id
          WHERE u.email <> 'di@example.org' ORDER BY u.email",
    )
}

/// What no dry run and no refused run may change.
fn everything(world: &World) -> String {
    let of = |table: &str| world.sql(&format!("SELECT t::text FROM {table} t ORDER BY 1"));
    ["users", "project_members", "photoctl.audit", "photoctl.audit_head"].map(of).join("\n--\n")
}
