//! The commands on the database itself, through the binary.

use crate::support::Photoctl;
use crate::support::pg::TestDb;

#[test]
fn an_embedded_database_from_nothing() {
    let machine = Photoctl::new();
    let plan = machine.line("db migrate --dry-run --json").ok().json();
    assert_eq!((plan["created"].as_bool(), plan["dry_run"].as_bool()), (Some(true), Some(true)));
    assert!(!machine.data().exists(), "a dry run makes nothing");
    let report = machine.line("db migrate --json").ok().stderr_has("Target: database embedded in").json();
    assert_eq!(report["created"], true);
    assert_eq!(report["migrations"], plan["migrations"]);
    assert_eq!(report["to"], plan["to"]);
    let again = machine.line("db migrate --json").ok().json();
    assert_eq!((again["created"].as_bool(), again["migrations"].as_u64()), (Some(false), Some(0)));
    let status = machine.line("db status --json").ok().json();
    assert_eq!((status["embedded"].as_bool(), status["up_to_date"].as_bool()), (Some(true), Some(true)));
    assert_eq!(status["schema"], report["to"]);
    let check = machine.line("db check --exit-code --json").ok().json();
    assert_eq!((check["ok"].as_bool(), check["tables"].as_u64()), (Some(true), Some(15)));
    let log = machine.line("audit list --json").ok().json();
    assert_eq!(log[0]["action"], "migrate", "{log}");
}

#[test]
fn drift_is_named_and_has_its_exit_code() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    machine.args(["db", "shell", "--execute", "alter table photos drop column thumbnail_key"]).ok();
    machine.line("db check").ok().stdout_has("thumbnail_key is missing");
    let report = machine.line("db check --exit-code --json").run().code(6).json();
    assert_eq!((report["ok"].as_bool(), report["differences_found"].as_u64()), (Some(false), Some(1)), "{report}");
    assert_eq!(report["differences"][0]["kind"], "column_missing");
}

#[test]
fn sql_in_each_format() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let sql = "select 1 as a, null as b, 'x,y' as c";
    let run = |format: &str| machine.args(["db", "shell", "--execute", sql, "--output", format]).ok();
    assert_eq!(run("csv").stdout, "a,b,c\r\n1,,\"x,y\"\r\n");
    assert_eq!(run("json").json(), serde_json::json!([{"a": "1", "b": null, "c": "x,y"}]));
    assert_eq!(run("jsonl").json_lines().len(), 2);
    run("human").stdout_has("x,y");
    let piped = machine.line("db shell").stdin("select 41 + 1 as answer;").ok().stdout_has("42");
    for output in [piped, run("json")] {
        output.stderr_has("Target: database embedded in").stderr_has("not in the audit log");
    }
    let output = machine.args(["db", "shell", "--json", "--execute", "selec"]).run().code(1);
    assert!(output.error()["message"].as_str().unwrap().contains("syntax"), "{}", output.stderr);
}

#[test]
fn the_prompt() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let mut terminal = machine.line("db shell").on_terminal(100, 30);
    terminal.wait_for("photoctl=>");
    terminal.send("select 40 + 2\r");
    terminal.wait_for("photoctl->");
    terminal.send("as answer;\r");
    terminal.wait_for("42");
    terminal.send("nonsense;\r");
    terminal.wait_for("syntax error");
    terminal.send("\\q\r");
    assert_eq!(terminal.wait().0, 0);
}

#[test]
fn backup_and_restore() {
    let machine = Photoctl::new();
    machine.args(["operator", "create", "--name", "Ana", "--email", "ana@example.org", "--no-password"]).ok();
    machine.line("db backup a.photoctl --dry-run").ok();
    assert!(!machine.path().join("a.photoctl").exists());
    let report = machine.line("db backup a.photoctl --json").ok().json();
    assert!(report["file_bytes"].as_u64().unwrap() > 0);
    machine.line("db backup a.photoctl").run().code(1).stderr_has("--overwrite");
    machine.line("db backup a.photoctl --overwrite").ok();
    machine.args(["operator", "create", "--name", "Bea", "--email", "bea@example.org", "--no-password"]).ok();
    machine.line("db restore a.photoctl").run().code(1).stderr_has("--overwrite");
    machine.line("db restore a.photoctl --overwrite").run().code(2).stderr_has("--yes");
    machine.line("db restore a.photoctl --overwrite --dry-run").ok();
    assert_eq!(machine.line("operator list --json").ok().json().as_array().unwrap().len(), 2);
    machine.line("db restore a.photoctl --overwrite --yes").ok();
    let operators = machine.line("operator list --json").ok().json();
    assert_eq!(operators.as_array().unwrap().len(), 1);
    assert_eq!(operators[0]["email"], "ana@example.org");
    let log = machine.line("audit list --json --verify").ok().json();
    let actions: Vec<&str> = log.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(actions[..2], ["recover", "backup"], "{log}");
    let other = Photoctl::new();
    other.args(["db", "restore"]).arg(machine.path().join("a.photoctl")).ok();
    assert_eq!(other.line("operator list --json").ok().json()[0]["email"], "ana@example.org");
}

#[test]
fn a_damaged_database_names_its_last_backup() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let control = machine.data().join("postgres/tmp/pglite/base/global/pg_control");
    let whole = std::fs::read(&control).unwrap();
    std::fs::write(&control, b"short").unwrap();
    let output = machine.line("operator list").run().code(1).stderr_has("is damaged");
    let output = output.stderr_has("photoctl db restore FILE");
    assert!(!output.stderr.contains("last backup"), "{}", output.stderr);
    std::fs::write(&control, whole).unwrap();
    machine.line("db backup first.photoctl").ok();
    machine.line("db backup second.photoctl --dry-run").ok();
    std::fs::write(&control, b"short").unwrap();
    let file = machine.path().join("first.photoctl").display().to_string();
    let output = machine.line("operator list").run().code(1);
    let output = output.stderr_has("the last backup is of 2").stderr_has(&file).stderr_has("photoctl db restore FILE");
    assert!(!output.stderr.contains("not there now"), "{}", output.stderr);
    let moved = machine.path().join("moved");
    std::fs::rename(&file, &moved).unwrap();
    machine.line("operator list").run().code(1).stderr_has("(which is not there now)");
    machine.args(["db", "restore"]).arg(&moved).ok();
    machine.line("operator list").ok();
}

#[test]
fn a_wait_for_the_embedded_database_is_said() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let file = std::fs::File::options().write(true).open(machine.data().join("postgres.lock")).unwrap();
    file.lock().unwrap();
    let output = machine.line("operator list --wait 1s").run().code(11);
    assert_eq!(output.stderr.matches("; waiting for it.").count(), 1, "{}", output.transcript());
    let output = machine.line("operator list").run().code(11);
    assert!(!output.stderr.contains("waiting for it"), "{}", output.transcript());
    let output = machine.line("db backup x --wait 1s").run().code(11);
    assert!(output.stderr.matches("; waiting for it.").count() >= 1, "{}", output.transcript());
}

#[test]
fn the_store_is_remembered_and_changed_on_demand() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    for name in ["one", "two"] {
        std::fs::create_dir(machine.path().join(name)).unwrap();
    }
    let at = |name: &str| {
        machine.clone().env("PHOTOCTL_STORAGE_URL", format!("file://{}", machine.path().join(name).display()))
    };
    at("one").line("db store --set --dry-run").ok();
    assert_eq!(at("one").line("db store --json").ok().json()["remembered"], serde_json::Value::Null);
    at("one").line("db store --set").ok();
    let shown = at("two").line("db store --json").ok().json();
    assert_eq!((shown["same"].as_bool(), shown["changed"].as_bool()), (Some(false), Some(false)), "{shown}");
    at("two").line("doctor").run().code(1).stdout_has("belongs to the store");
    at("two").line("db store --set").run().code(2).stderr_has("--yes");
    at("two").line("db store --set --yes").ok();
    assert_eq!(at("two").line("db store --json").ok().json()["same"], true);
}

#[tokio::test]
async fn a_real_server() {
    let db = TestDb::empty().await;
    let machine = Photoctl::new().env("DATABASE_URL", db.url());
    machine.line("operator list").run().code(1).stderr_has("db migrate");
    let report = machine.line("db migrate --json").ok().json();
    assert_eq!(report["created"], false);
    assert!(db.psql("select count(*) from photos") == "0");
    let status = machine.line("db status --json").ok().json();
    assert_eq!((status["embedded"].as_bool(), status["up_to_date"].as_bool()), (Some(false), Some(true)));
    let sql = machine.line("db grants --for upload").ok().stdout;
    assert!(sql.contains("GRANT") && sql.contains(db.name()) && !sql.contains("password_hash"), "{sql}");
    machine.args(["db", "grants", "--for", "read", "--role", &"x".repeat(64)]).run().code(2);
    machine.line("db backup x").run().code(2).stderr_has("pg_dump");
    Photoctl::new().line("db grants --for read").run().code(2);
}
