//! What happens beside it: other imports, the web application, a kill.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::{counts, everything, import, run};
use crate::photos_world::{PROJECT, World};

fn roster(numbers: impl Iterator<Item = u32>, name: &str) -> String {
    let rows = numbers.map(|n| format!("guest{n}@example.org,{name} {n},Weg {n}\n"));
    "email,name,address\n".to_owned() + &rows.collect::<String>()
}

async fn execute(conn: &mut PgConnection, sql: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(conn).await.unwrap();
}

#[test]
fn imports_side_by_side_make_each_guest_once() {
    for world in World::both() {
        let files = [
            roster(0..800, "Guest"),
            roster((0..800).rev(), "Guest"),
            roster(400..1200, "Guest").to_uppercase().replace("GUEST ", "Guest ").replace("WEG", "Weg"),
        ];
        let wait: &[&str] = if world.is_embedded() { &["--wait", "2m"] } else { &[] };
        let running: Vec<_> = files
            .iter()
            .enumerate()
            .map(|(number, file)| run(&world, &format!("{number}.csv"), file, wait).spawn())
            .collect();
        let reports: Vec<_> = running.into_iter().map(|one| counts(&one.wait().code(0).json())).collect();
        assert_eq!(reports.iter().map(|report| report[1]).sum::<u64>(), 1200, "{reports:?}");
        assert_eq!(reports.iter().map(|report| report[2]).sum::<u64>(), 1200, "{reports:?}");
        assert!(reports.iter().all(|report| report[5] == 0), "{reports:?}");
        let stored = "SELECT concat(count(*), ' ', count(DISTINCT lower(email))) FROM users WHERE email ILIKE 'guest%'";
        assert_eq!(world.sql(stored), "1200 1200");
        world.machine().line("audit list --verify --limit 1").ok().stderr_has("sound");
    }
}

/// Who waits for another import is told so, and goes on when that one is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_waits_for_another_says_so() {
    let world = World::real();
    let db = world.database().unwrap();
    let mut web = db.outsider().await;
    execute(
        &mut web,
        "BEGIN; INSERT INTO users (name, email, password_hash) VALUES ('W', 'guest0@example.org', 'web')",
    )
    .await;
    let first = run(&world, "first.csv", roster(0..3, "Guest"), &[]).spawn();
    db.until_blocked(1);
    let second = run(&world, "second.csv", roster(0..3, "Guest"), &[]).spawn();
    db.until_blocked(2);
    std::thread::sleep(Duration::from_secs(2));
    execute(&mut web, "ROLLBACK").await;
    web.close().await.unwrap();
    let first = first.wait().code(0);
    assert!(!first.stderr.contains("waiting"), "{}", first.transcript());
    let second = second.wait().code(0).stderr_has("brings in users; waiting for it");
    assert_eq!(counts(&second.json()), [3, 0, 0, 0, 3, 0]);
}

/// One user who is created at the moment, and the same in a roster in another case: the table's unique would take both.
#[test]
fn a_user_who_is_created_meanwhile_is_found() {
    let world = World::real();
    let words = ["user", "create", "--name", "Guest 7", "--no-password", "--if-not-exists", "--email"];
    let file = roster(0..3000, "Guest").replace(",Weg", ",");
    let importing = run(&world, "guests.csv", &file, &[]).spawn();
    let creating: Vec<_> =
        (0..4).map(|n| world.machine().args(words).arg(format!("GUEST{}@example.org", n * 700 + 7)).spawn()).collect();
    importing.wait().code(0);
    for one in creating {
        // With another name than the roster's it is refused; either way there is one.
        assert!([0, 1].contains(&one.wait().code));
    }
    assert_eq!(
        world.sql("SELECT count(*), count(DISTINCT lower(email)) FROM users WHERE email ILIKE 'guest%'"),
        "3000|3000"
    );
}

/// The web application signs guests up and changes them while a roster goes in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_web_application_is_not_overwritten_unseen() {
    let world = World::real();
    let db = world.database().unwrap();
    import(&world, roster(0..2, "Old"), &[], 0);
    let mut web = db.outsider().await;
    execute(
        &mut web,
        "BEGIN;
         UPDATE users SET address = 'from the web' WHERE email = 'guest0@example.org';
         INSERT INTO users (name, email, password_hash) VALUES ('Signed up', 'guest5@example.org', 'web')",
    )
    .await;
    let file =
        "email,name,address\nguest0@example.org,New 0,\nguest1@example.org,New 1,\nguest5@example.org,New 5,Weg 5\n";
    let running = run(&world, "guests.csv", file, &[]).spawn();
    db.until_blocked(1);
    execute(&mut web, "COMMIT").await;
    let report = running.wait().code(0).json();
    assert_eq!(counts(&report), [3, 0, 1, 3, 0, 0], "{report}");
    let stored =
        world.sql("SELECT name, address, password_hash = 'web' FROM users WHERE email LIKE 'guest%' ORDER BY email");
    assert_eq!(stored, "New 0|from the web|f\nNew 1|Weg 1|f\nNew 5|Weg 5|t");
    web.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_changes_nothing_and_the_next_run_completes() {
    let world = World::real();
    let db = world.database().unwrap();
    let before = everything(&world);
    let mut web = db.outsider().await;
    execute(
        &mut web,
        "BEGIN; INSERT INTO users (name, email, password_hash) VALUES ('W', 'guest5500@example.org', 'web')",
    )
    .await;
    let file = roster(0..6000, "Guest");
    let running = run(&world, "guests.csv", &file, &["--rejects", "r.csv"]).spawn();
    // The first batch is written, the second waits for the web application.
    db.until_blocked(1);
    running.signal(Signal::KILL);
    running.wait().code(137);
    execute(&mut web, "ROLLBACK").await;
    web.close().await.unwrap();
    let since = Instant::now();
    while everything(&world) != before {
        assert!(since.elapsed() < Duration::from_secs(30), "half a roster is left");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(counts(&run(&world, "guests.csv", &file, &[]).run().code(0).json()), [6000, 6000, 6000, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interruption_changes_nothing() {
    let world = World::real();
    let db = world.database().unwrap();
    let before = everything(&world);
    let mut web = db.outsider().await;
    execute(
        &mut web,
        "BEGIN; INSERT INTO users (name, email, password_hash) VALUES ('W', 'guest0@example.org', 'web')",
    )
    .await;
    let running = run(&world, "guests.csv", roster(0..6000, "Guest"), &[]).spawn();
    db.until_blocked(1);
    running.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    execute(&mut web, "ROLLBACK").await;
    web.close().await.unwrap();
    running.wait().code(130).stderr_has("nothing was changed");
    assert_eq!(everything(&world), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_that_is_deleted_meanwhile_takes_nobody() {
    let world = World::real();
    let db = world.database().unwrap();
    let mut web = db.outsider().await;
    execute(&mut web, format!("BEGIN; UPDATE projects SET deleted_at = now() WHERE id = '{PROJECT}'")).await;
    let running = run(&world, "guests.csv", roster(0..10, "Guest"), &[]).spawn();
    db.until_blocked(1);
    execute(&mut web, "COMMIT").await;
    web.close().await.unwrap();
    running.wait().code(1).stderr_has("deleted meanwhile");
    assert_eq!(world.sql("SELECT count(*) FROM users WHERE email LIKE 'guest%'"), "0");
    import(&world, roster(0..10, "Guest"), &[], 1).stderr_has("was deleted");
}
