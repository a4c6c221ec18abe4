//! Adoption of a database that the web application's own tool made and filled.

use std::time::{Duration, Instant};

use photoctl::db::adopt::AdoptionKind;
use photoctl::db::check;
use photoctl::db::migrate::{self, Action, MigrateOptions};
use photoctl::error::Kind;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::Photoctl;
use crate::support::pg::TestDb;

const SCHEMA: &str = include_str!("support/web_schema.sql");
const GENERAL: &str = include_str!("support/web_general.sql");
const ROWS: &str = include_str!("support/web_rows.sql");
const WORKS: &str = include_str!("support/web_works.sql");

async fn run_sql(conn: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(conn).await.unwrap_or_else(|error| panic!("{error}\n{sql}"));
}

/// A database of the web application.
async fn web(general: bool) -> TestDb {
    let db = TestDb::empty().await;
    let mut conn = db.outsider().await;
    run_sql(&mut conn, SCHEMA).await;
    if general {
        run_sql(&mut conn, GENERAL).await;
    }
    run_sql(&mut conn, ROWS).await;
    conn.close().await.expect("close");
    db
}

/// A hash of every row of every shared table, over the columns that the tables had to begin with: read by psql.
fn fingerprint(db: &TestDb, columns: &str) -> String {
    let queries: Vec<String> = columns
        .lines()
        .map(|line| {
            let (table, columns) = line.split_once('|').expect("table|columns");
            format!("SELECT '{table}', md5(string_agg(t::text, chr(10) ORDER BY t::text)), count(*) FROM (SELECT {columns} FROM {table}) t")
        })
        .collect();
    db.psql(&queries.join(" UNION ALL "))
}

fn columns(db: &TestDb) -> String {
    db.psql(
        "SELECT table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
         FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1 ORDER BY 1",
    )
}

#[tokio::test]
async fn every_row_stays_and_no_difference_remains() {
    for general in [false, true] {
        let test = web(general).await;
        let columns = columns(&test);
        assert_eq!(columns.lines().count(), 15);
        let before = fingerprint(&test, &columns);
        assert!(before.lines().all(|line| !line.ends_with("|0")), "rows in every table: {before}");

        let db = test.connect().await;
        let plan = migrate::plan(&mut db.conn().await.expect("conn")).await.expect("plan");
        assert_eq!(plan.steps[0].action, Action::Record);
        assert_eq!(fingerprint(&test, &columns), before, "a plan changes nothing");
        let report = migrate::run(&db, &MigrateOptions::default()).await.expect("migrate");
        assert_eq!(report.steps, plan.steps);
        assert_eq!(report.adopted, plan.adoption.expect("adoption").steps, "the plan is what runs");
        assert!(report.differences.is_empty(), "{:?}", report.differences);
        assert!(report.adopted.iter().any(|step| step.kind == AdoptionKind::Index && step.object == "package_id"));
        assert!(report.adopted.iter().any(|step| step.kind == AdoptionKind::Nullability && step.table == "selfies"));

        let found = check::check(&mut db.conn().await.expect("conn")).await.expect("check");
        assert!(found.differences.is_empty(), "{:?}", found.differences);
        assert_eq!(fingerprint(&test, &columns), before, "byte for byte");
        db.require_current().await.expect("up to date");
        let again = migrate::run(&db, &MigrateOptions::default()).await.expect("again");
        assert!(again.steps.is_empty() && again.adopted.is_empty(), "{again:?}");

        let noted: i64 = test.psql("SELECT count(*) FROM photoctl.adopted").parse().expect("a number");
        assert_eq!(noted, i64::try_from(report.adopted.len()).expect("few"));
        assert_eq!(
            test.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
            "15",
            "history is elsewhere"
        );

        let mut app = test.outsider().await;
        run_sql(&mut app, WORKS).await;
        app.close().await.expect("close");
        // Its day ends where it began, but for the consents that it revoked.
        let kept = |text: &str| {
            text.lines().filter(|line| !line.starts_with("user_consents")).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(kept(&fingerprint(&test, &columns)), kept(&before));
        db.close().await;
    }
}

#[tokio::test]
async fn what_adoption_may_not_touch_is_reported() {
    let test = web(false).await;
    test.psql(
        "ALTER TABLE users DROP CONSTRAINT users_email_unique; ALTER TABLE photos DROP CONSTRAINT fk_photo_project;
         ALTER TABLE photos ALTER COLUMN status TYPE varchar(30); DROP TABLE qr_tokens;
         ALTER TABLE operators DROP COLUMN locale",
    );
    let db = test.connect().await;
    let report = migrate::run(&db, &MigrateOptions::default()).await.expect("migrate");
    let mut left: Vec<String> = report.differences.iter().map(check::Difference::sentence).collect();
    left.sort();
    assert_eq!(
        left,
        [
            "column photos.project_id lacks its foreign key: references projects (id)",
            "column photos.status has another type: character varying(30) instead of varchar(20)",
            "table users lacks the unique on (email)",
        ]
    );
    assert_eq!(test.psql("SELECT to_regclass('qr_tokens') IS NOT NULL"), "t", "a missing table is made");
    let found = check::check(&mut db.conn().await.expect("conn")).await.expect("check");
    let locale =
        found.differences.iter().find(|difference| difference.object == "locale").expect("nullable for old rows");
    assert_eq!(locale.kind, check::DifferenceKind::ColumnNullability);
    db.close().await;
}

#[tokio::test]
async fn another_applications_tables_are_refused() {
    let test = TestDb::empty().await;
    test.psql("CREATE TABLE users (id bigserial PRIMARY KEY, email text)");
    let db = test.connect().await;
    let error = migrate::run(&db, &MigrateOptions::default()).await.expect_err("not ours");
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(error.message().contains("table users belongs to another application"), "{error}");
    assert_eq!(test.psql("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'photoctl')"), "1");
    db.close().await;
}

#[tokio::test]
async fn a_long_transaction_of_the_web_application_makes_no_hang() {
    let test = web(false).await;
    // Older, and in nobody's way.
    test.psql("CREATE TABLE of_somebody_else (n int)");
    let mut innocent = test.outsider().await;
    run_sql(&mut innocent, "SET application_name = 'innocent'; BEGIN; SELECT * FROM of_somebody_else").await;
    let mut app = test.outsider().await;
    run_sql(&mut app, "SET application_name = 'web app'; BEGIN; UPDATE photos SET status = status").await;
    let db = test.connect().await;
    let options = MigrateOptions {
        lock_timeout: Duration::from_millis(300),
        patience: Duration::from_secs(1),
        ..MigrateOptions::default()
    };
    let since = Instant::now();
    let error = migrate::run(&db, &options).await.expect_err("held open");
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    assert_eq!(error.kind(), Kind::Locked);
    assert!(error.message().contains("table photos is held open"), "{error}");
    assert!(error.message().contains("(web app)") && !error.message().contains("innocent"), "{error}");
    run_sql(&mut innocent, "COMMIT").await;
    // Others are not kept waiting behind the migration: the web application goes on, then the next run completes.
    run_sql(&mut app, "COMMIT").await;
    let report = migrate::run(&db, &options).await.expect("migrate");
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    db.require_current().await.expect("up to date");
    db.close().await;
}

#[tokio::test]
async fn a_transaction_that_ends_in_time_is_waited_for() {
    let test = web(false).await;
    let mut app = test.outsider().await;
    run_sql(&mut app, "BEGIN; UPDATE photos SET status = status").await;
    let options = MigrateOptions { lock_timeout: Duration::from_millis(200), ..MigrateOptions::default() };
    let db = test.connect().await;
    let (report, ()) = tokio::join!(migrate::run(&db, &options), async {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        run_sql(&mut app, "COMMIT").await;
    });
    assert!(report.expect("migrate").differences.is_empty());
    db.close().await;
}

#[tokio::test]
async fn an_adoption_that_was_cut_off_is_completed() {
    let test = web(false).await;
    let db = test.connect().await;
    migrate::run(&db, &MigrateOptions::default()).await.expect("migrate");
    // As a run leaves it that was killed while it built an index, before the columns of another table.
    test.psql(
        "DROP INDEX photoctl_purchases_package_id_idx; CREATE INDEX photoctl_purchases_package_id_idx ON purchases (package_id);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'photoctl_purchases_package_id_idx'::regclass;
         ALTER TABLE photos DROP COLUMN deleted_at",
    );
    let report = migrate::run(&db, &MigrateOptions::default()).await.expect("again");
    assert_eq!(report.adopted.len(), 2, "{:?}", report.adopted);
    assert!(check::check(&mut db.conn().await.expect("conn")).await.expect("check").differences.is_empty());
    db.close().await;
}

#[tokio::test]
async fn wait_is_for_tables_too_and_the_report_is_for_people() {
    let test = web(false).await;
    let machine = Photoctl::new().env("DATABASE_URL", test.url()).env("PHOTOCTL_DATABASE_LOCK_TIMEOUT", "300ms");
    machine
        .line("db migrate --dry-run")
        .ok()
        .stdout_has(" changes would be made to the tables of the web application.");
    let mut app = test.outsider().await;
    run_sql(&mut app, "SET application_name = 'web app'; BEGIN; UPDATE photos SET status = status").await;
    let since = Instant::now();
    let output = machine.line("db migrate --wait 1s").run().code(11);
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
    let output = output.stderr_has("table photos is held open by a transaction of pid");
    assert_eq!(output.stderr.matches("; waiting for it.").count(), 1, "{}", output.transcript());
    // What was done before it stays done; the rest follows when the web application lets go.
    let running = machine.line("db migrate --wait 60s").spawn();
    tokio::time::sleep(Duration::from_secs(3)).await;
    run_sql(&mut app, "COMMIT").await;
    let output = running.wait().code(0).stdout_has(" changes were made to the tables of the web application.");
    assert!(!output.stdout.contains("wasmade") && !output.stdout.contains("  made"), "{}", output.stdout);
    app.close().await.expect("close");
    test.psql("ALTER TABLE photos DROP COLUMN deleted_at");
    machine.line("db migrate").ok().stdout_has("1 change was made to the tables of the web application.");
}

#[tokio::test]
async fn a_wait_for_another_migrator_is_said() {
    let test = web(false).await;
    let mut other = test.outsider().await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(migrate::LOCK_KEY).execute(&mut other).await.expect("lock");
    let machine = Photoctl::new().env("DATABASE_URL", test.url());
    let output = machine.line("db migrate --wait 1s").run().code(11);
    let said = output.stderr.matches("Another migration of this database is running; waiting for it.").count();
    assert_eq!(said, 1, "{}", output.transcript());
}
