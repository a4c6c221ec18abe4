//! Migrations: of an empty database, by two at once, and schemas older and newer than this photoctl.

use std::time::Duration;

use photoctl::db::migrate::{self, MigrateOptions};
use photoctl::db::{Db, shell};
use photoctl::error::Kind;
use sqlx::Connection;

use crate::support::pg::{TestDb, TestFolder};

async fn plan(db: &Db) -> migrate::MigrationPlan {
    migrate::plan(&mut db.conn().await.expect("conn")).await.expect("plan")
}

#[tokio::test]
async fn an_empty_database_gets_everything_once() {
    let test = TestDb::empty().await;
    let db = test.connect().await;
    let error = db.require_current().await.expect_err("nothing there");
    assert_eq!(error.kind(), Kind::SchemaOutdated);
    assert!(error.hints().iter().any(|hint| hint.contains("photoctl db migrate")), "{:?}", error.hints());
    let planned = plan(&db).await;
    assert_eq!((planned.from, planned.to, planned.steps.len() as i64), (0, migrate::newest(), migrate::newest()));
    assert_eq!(
        test.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 'photoctl'"),
        "0",
        "a plan changes nothing"
    );

    let report = migrate::run(&db, &MigrateOptions::default()).await.expect("migrate");
    assert_eq!(report.steps, planned.steps);
    db.require_current().await.expect("up to date");
    assert!(plan(&db).await.is_empty());
    assert_eq!(
        test.psql("SELECT count(*) FROM photoctl._sqlx_migrations WHERE success"),
        migrate::newest().to_string()
    );
    assert_eq!(test.psql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"), "15");
    assert_eq!(test.psql("SELECT count(*) FROM photoctl.adopted"), "0");
    db.close().await;
}

#[tokio::test]
async fn two_migrators_at_once_do_the_work_once() {
    let test = TestDb::empty().await;
    let (one, two) = tokio::join!(test.connect(), test.connect());
    let options = MigrateOptions::default();
    let (first, second) = tokio::join!(migrate::run(&one, &options), migrate::run(&two, &options));
    let mut done = [first.expect("one").steps.len() as i64, second.expect("two").steps.len() as i64];
    done.sort_unstable();
    assert_eq!(done, [0, migrate::newest()]);
    one.close().await;
    two.close().await;
}

#[tokio::test]
async fn a_migrator_that_does_not_end_is_not_waited_for_for_ever() {
    let test = TestDb::empty().await;
    let mut other = test.outsider().await;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(migrate::LOCK_KEY).execute(&mut other).await.expect("lock");
    let db = test.connect().await;
    let options = MigrateOptions { wait: Duration::from_millis(500), ..MigrateOptions::default() };
    let error = migrate::run(&db, &options).await.expect_err("locked");
    assert_eq!(error.kind(), Kind::Locked);
    other.close().await.expect("close");
    migrate::run(&db, &options).await.expect("free now");
    db.close().await;
}

#[tokio::test]
async fn a_newer_schema_works_until_it_says_otherwise() {
    let test = TestDb::migrated().await;
    test.psql(
        "INSERT INTO photoctl._sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'only adds', true, 'x', 0);
         CREATE TABLE photoctl.of_the_future (id int); ALTER TABLE photoctl.photo_files ADD COLUMN of_the_future int",
    );
    let db = test.connect().await;
    db.require_current().await.expect("it only adds");
    assert!(plan(&db).await.is_empty());
    test.psql("UPDATE photoctl.installation SET min_version = '99.1.0'");
    for error in [
        db.require_current().await.expect_err("newer"),
        migrate::run(&db, &MigrateOptions::default()).await.expect_err("newer"),
    ] {
        assert_eq!(error.kind(), Kind::SchemaNewer);
        assert!(error.message().contains("needs photoctl 99.1.0 or newer"), "{error}");
    }
    db.close().await;
}

#[tokio::test]
async fn an_older_schema_is_named_and_a_changed_one_refused() {
    let test = TestDb::migrated().await;
    let newest = migrate::newest();
    test.psql(&format!("DELETE FROM photoctl._sqlx_migrations WHERE version = {newest}"));
    let db = test.connect().await;
    let error = db.require_current().await.expect_err("older");
    assert!(error.message().contains("lacks 1 migration"), "{error}");
    let status = migrate::status(&mut db.conn().await.expect("conn")).await.expect("status");
    assert_eq!((status.schema, status.known, status.pending.len(), status.adopted), (newest - 1, newest, 1, false));
    test.psql("UPDATE photoctl._sqlx_migrations SET checksum = 'another'");
    let error = migrate::plan(&mut db.conn().await.expect("conn")).await.expect_err("changed");
    assert!(error.message().contains("another form"), "{error}");
    db.close().await;
}

#[tokio::test]
async fn uuid_generate_v4_elsewhere_is_no_obstacle() {
    let test = TestDb::empty().await;
    test.psql("CREATE SCHEMA extensions; CREATE FUNCTION extensions.uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'");
    let db = test.connect().await;
    migrate::run(&db, &MigrateOptions::default()).await.expect("migrate");
    let id = test.psql("INSERT INTO users (name, email, password_hash) VALUES ('n', 'e', 'h') RETURNING id");
    assert_eq!(id.len(), 36);
    db.close().await;
}

#[tokio::test]
async fn a_server_without_pgvector_is_told_what_to_install() {
    let folder = TestFolder::empty();
    // The embedded engine lets us take the extension away.
    let config = photoctl::db::EmbeddedConfig { create: true, ..photoctl::db::EmbeddedConfig::new(folder.path()) };
    let db = Db::connect(&photoctl::db::DbConfig::Embedded(config)).await.expect("make");
    shell::execute(&mut db.conn().await.expect("conn"), "DROP EXTENSION vector").await.expect("drop");
    std::fs::remove_file(folder.path().join("postgres/tmp/pglite/share/postgresql/extension/vector.control"))
        .expect("take away");
    let error = migrate::run(&db, &MigrateOptions::default()).await.expect_err("no pgvector");
    assert_eq!(error.kind(), Kind::Config, "{error}");
    assert!(error.message().contains("no pgvector"), "{error}");
    db.close().await;
}

#[tokio::test]
async fn the_shell_answers_each_statement() {
    let folder = TestFolder::migrated();
    let db = folder.connect().await;
    let mut conn = db.conn().await.expect("conn");
    let sets = shell::execute(
        &mut conn,
        "CREATE TEMP TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, NULL); SELECT a, b, ARRAY[a] AS c FROM t ORDER BY a; SELECT 1 WHERE false",
    )
    .await
    .expect("SQL");
    assert_eq!(sets.iter().map(|set| set.count).collect::<Vec<_>>(), [0, 2, 2, 0]);
    assert_eq!(sets[2].columns, ["a", "b", "c"]);
    let text = |value: &str| Some(value.to_owned());
    assert_eq!(sets[2].rows, [vec![text("1"), text("x"), text("{1}")], vec![text("2"), None, text("{2}")]]);
    let error = shell::execute(&mut conn, "SELECT nothing FROM nowhere").await.expect_err("no table");
    assert!(error.message().contains("nowhere"), "{error}");
    drop(conn);
    db.close().await;
}
