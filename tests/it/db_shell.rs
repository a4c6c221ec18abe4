//! `db shell` on a real server: what `psql` is given, and that it gets there.

use std::os::unix::fs::PermissionsExt;

use crate::support::Photoctl;
use crate::support::pg::TestDb;

/// A machine whose `psql` writes down what it was given.
fn with_false_psql() -> Photoctl {
    let machine = Photoctl::new();
    let psql = machine.file("bin/psql", "#!/bin/sh\nfor word; do echo \"$word\"; done >argv\nenv >env\n");
    std::fs::set_permissions(&psql, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", machine.path().join("bin").display());
    machine.env("PATH", path)
}

fn read(machine: &Photoctl, name: &str) -> String {
    std::fs::read_to_string(machine.path().join(name)).unwrap()
}

#[test]
fn psql_gets_the_password_where_nobody_sees_it() {
    let machine = with_false_psql();
    let url = "postgres://ana:s%40cr%3Aet@db.example.org:5433/event?ssl-mode=verify-full&ssl-root-cert=/ca.pem\
               &statement-cache-capacity=10&connect_timeout=5";
    let output = machine.line("db shell").env("DATABASE_URL", url).ok();
    let output = output.stderr_has("Target: database db.example.org:5433/event").stderr_has("not in the audit log");
    let argv = read(&machine, "argv");
    assert_eq!(
        argv.lines().collect::<Vec<_>>(),
        [
            "--dbname",
            "postgres://ana@db.example.org:5433/event?sslmode=verify-full&sslrootcert=%2Fca.pem&connect_timeout=5",
        ]
    );
    let env = read(&machine, "env");
    assert!(env.lines().any(|line| line == "PGPASSWORD=s@cr:et"), "{env}");
    assert!(!env.lines().any(|line| line.starts_with("DATABASE_URL=")), "{env}");
    assert!(!format!("{}{}", output.stdout, output.stderr).contains("cr:et"), "{}", output.transcript());

    let url = "postgres://ana@db.example.org/event?password=s%40cret&application_name=x";
    machine.line("db shell").env("DATABASE_URL", url).ok();
    let argv = read(&machine, "argv");
    assert!(argv.ends_with("postgres://ana@db.example.org/event?application_name=x\n"), "{argv}");
    assert!(read(&machine, "env").lines().any(|line| line == "PGPASSWORD=s@cret"));

    machine.line("db shell").env("DATABASE_URL", "postgres://ana@db.example.org/event").ok();
    assert!(!read(&machine, "env").contains("PGPASSWORD"));
}

#[test]
fn without_psql_another_way_is_named() {
    let machine = Photoctl::new().env("PATH", "/nowhere");
    let run = machine.line("db shell").env("DATABASE_URL", "postgres://ana@db.example.org/event").run();
    run.code(1).stderr_has("postgresql-client").stderr_has("--execute");
}

#[tokio::test]
async fn psql_reaches_the_server() {
    let test = TestDb::migrated().await;
    let machine = Photoctl::new().env("DATABASE_URL", test.url());
    let psql = std::env::var("PHOTOCTL_TEST_PSQL").unwrap_or_else(|_| "/usr/bin/psql".to_owned());
    let script = machine.file("bin/psql", format!("#!/bin/sh\nexec '{psql}' -X -A -t \"$@\"\n"));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", machine.path().join("bin").display());
    let sql = "select current_database(); insert into users (name, email, password_hash) values ('n', 'a@b.c', 'h');";
    let output = machine.line("db shell").env("PATH", path).stdin(sql).ok();
    assert_eq!(output.stdout.lines().next(), Some(test.name()), "{}", output.transcript());
    assert_eq!(test.psql("SELECT email FROM users"), "a@b.c");
    let output = machine.args(["db", "shell", "--json", "--execute", "select email from users"]).ok();
    assert_eq!(output.json(), serde_json::json!([{"email": "a@b.c"}]));
}
