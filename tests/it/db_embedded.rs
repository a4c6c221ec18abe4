//! The embedded database: made only when asked, used by one process, and safe against kills, damage and full disks.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use photoctl::db::migrate::{self, MigrateOptions};
use photoctl::db::{Db, DbConfig, EmbeddedConfig};
use photoctl::error::{Error, Kind};
use sqlx::PgConnection;

use crate::support::mount::Mounted;
use crate::support::pg::{TestFolder, copy};

async fn insert_user(conn: &mut PgConnection, n: i32) {
    sqlx::query("INSERT INTO users (name, email, password_hash) VALUES ('u', $1, 'x')")
        .bind(format!("u{n}@example.org"))
        .execute(conn)
        .await
        .expect("insert a user");
}

async fn count_users(db: &Db) -> i64 {
    let mut conn = db.conn().await.expect("a connection");
    sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&mut *conn).await.expect("count")
}

#[tokio::test]
async fn nothing_is_made_unasked() {
    let folder = TestFolder::empty();
    let error = folder.try_connect().await.expect_err("no database");
    assert_eq!(error.kind(), Kind::DatabaseNotConfigured);
    assert!(error.hints().iter().any(|hint| hint.contains("photoctl db migrate")), "{:?}", error.hints());
    assert_eq!(fs::read_dir(folder.path()).expect("read").count(), 0);
}

#[tokio::test]
async fn made_migrated_and_found_again() {
    let folder = TestFolder::empty();
    let config = DbConfig::Embedded(EmbeddedConfig { create: true, ..EmbeddedConfig::new(folder.path()) });
    let db = Db::connect(&config).await.expect("make it");
    assert!(db.created());
    assert_eq!(db.require_current().await.expect_err("no tables yet").kind(), Kind::SchemaOutdated);
    migrate::run(&db, &MigrateOptions::default()).await.expect("migrate");
    insert_user(&mut db.conn().await.expect("a connection"), 1).await;
    db.close().await;

    let db = Db::connect(&config).await.expect("open it again");
    assert!(!db.created());
    db.require_current().await.expect("up to date");
    assert_eq!(count_users(&db).await, 1);
    let zone: String =
        sqlx::query_scalar("SHOW TimeZone").fetch_one(&mut *db.conn().await.expect("conn")).await.expect("zone");
    assert_eq!(zone, "UTC");
    db.close().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("postgres")).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o077, 0, "others must not read people's data");
    }
}

#[tokio::test]
async fn a_dropped_transaction_or_query_leaves_the_connection_usable() {
    let folder = TestFolder::migrated();
    let db = folder.connect().await;
    let mut tx = db.begin().await.expect("begin");
    insert_user(&mut tx, 1).await;
    drop(tx);
    assert_eq!(count_users(&db).await, 0, "rolled back");
    let mut conn = db.conn().await.expect("conn");
    let slow = sqlx::query("SELECT count(*) FROM generate_series(1, 2000000)").execute(&mut *conn);
    assert!(tokio::time::timeout(Duration::from_millis(1), slow).await.is_err());
    drop(conn);
    assert_eq!(count_users(&db).await, 0);
    let mut tx = db.begin().await.expect("begin");
    insert_user(&mut tx, 2).await;
    tx.commit().await.expect("commit");
    assert_eq!(count_users(&db).await, 1);
    db.close().await;
}

#[tokio::test]
async fn a_failed_commit_leaves_the_connection_usable() {
    let folder = TestFolder::migrated();
    let db = folder.connect().await;
    let mut tx = db.begin().await.expect("begin");
    sqlx::raw_sql(
        "CREATE TABLE deferred (n int, UNIQUE (n) DEFERRABLE INITIALLY DEFERRED); INSERT INTO deferred VALUES (1), (1)",
    )
    .execute(&mut *tx)
    .await
    .expect("insert");
    assert_eq!(tx.commit().await.expect_err("a duplicate").kind(), Kind::AlreadyExists);
    let mut tx = db.begin().await.expect("begin again");
    insert_user(&mut tx, 1).await;
    tx.commit().await.expect("commit");
    assert_eq!(count_users(&db).await, 1);
    db.close().await;
}

/// Runs the test of that name of this binary as another process on a data folder.
fn child(test: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env("PHOTOCTL_TEST_FOLDER", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start a child")
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().expect("stdout")).lines().map_while(Result::ok)
}

fn folder_of_child() -> PathBuf {
    PathBuf::from(std::env::var_os("PHOTOCTL_TEST_FOLDER").expect("started by a test"))
}

#[tokio::test]
#[ignore = "a child process of another test"]
async fn child_holds_the_database() {
    let db = Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(folder_of_child()))).await.expect("open");
    println!("\nheld");
    tokio::time::sleep(Duration::from_secs(4)).await;
    db.close().await;
}

#[tokio::test]
#[ignore = "a child process of another test"]
async fn child_inserts_until_it_is_killed() {
    let db = Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(folder_of_child()))).await.expect("open");
    let start = i32::try_from(count_users(&db).await).expect("few");
    for n in start.. {
        insert_user(&mut db.conn().await.expect("conn"), n).await;
        println!("\ncommitted {}", n + 1);
    }
}

#[tokio::test]
async fn in_use_is_said_with_the_pid_and_waited_for_when_asked() {
    let folder = TestFolder::migrated();
    let mut holder = child("db_embedded::child_holds_the_database", folder.path());
    let mut said = lines(&mut holder);
    assert!(said.any(|line| line == "held"));
    let since = Instant::now();
    let error = folder.try_connect().await.expect_err("in use");
    assert!(since.elapsed() < Duration::from_secs(3), "no hang");
    assert_eq!(error.kind(), Kind::Locked);
    assert!(error.message().contains(&format!("pid {}", holder.id())), "{error}");
    let config = EmbeddedConfig { wait: Duration::from_secs(30), ..EmbeddedConfig::new(folder.path()) };
    let db = Db::connect(&DbConfig::Embedded(config)).await.expect("after the other has ended");
    db.close().await;
    assert!(holder.wait().expect("wait").success());
}

#[tokio::test]
async fn killed_at_any_moment_it_keeps_what_was_committed() {
    let folder = TestFolder::migrated();
    let mut promised = 0;
    for round in 0..4_u64 {
        let mut writer = child("db_embedded::child_inserts_until_it_is_killed", folder.path());
        let mut last = promised;
        let mut until = None;
        for line in lines(&mut writer) {
            if let Some(n) = line.strip_prefix("committed ") {
                last = n.parse().expect("a number");
                let until = *until.get_or_insert_with(|| Instant::now() + Duration::from_millis(30 + 97 * round));
                if Instant::now() > until {
                    break;
                }
            }
        }
        writer.kill().expect("kill -9");
        writer.wait().expect("wait");
        assert!(last > promised, "the child wrote");
        let db = folder.connect().await;
        let there = count_users(&db).await;
        assert!(there >= last, "{there} rows of {last} that were committed");
        promised = there;
        db.close().await;
    }
}

#[tokio::test]
async fn what_the_engine_notes_at_each_start_may_be_half_written() {
    let folder = TestFolder::migrated();
    let engine = folder.path().join("postgres/tmp/pglite");
    let notes = [
        ".pglite-oxide-runtime-layout.json",
        ".pglite-oxide-mountfs-runtime",
        "password",
        "base/postmaster.pid",
        "base/postmaster.opts",
    ];
    for note in notes {
        for cut in ["", "{"] {
            fs::write(engine.join(note), cut).expect("write");
            let db = folder.connect().await;
            assert_eq!(count_users(&db).await, 0, "with {note} cut to {cut:?}");
            db.close().await;
        }
    }
}

fn pgdata(folder: &TestFolder) -> PathBuf {
    folder.path().join("postgres/tmp/pglite/base")
}

#[tokio::test]
async fn damage_is_said_and_never_replaced() {
    type Damage = fn(&TestFolder);
    let damages: &[(&str, Damage)] = &[
        ("manifest gone", |f| fs::remove_file(f.path().join("postgres/photoctl.json")).expect("remove")),
        ("version gone", |f| fs::remove_file(pgdata(f).join("PG_VERSION")).expect("remove")),
        ("control file cut off", |f| fs::write(pgdata(f).join("global/pg_control"), b"short").expect("write")),
        ("control file zeroed", |f| fs::write(pgdata(f).join("global/pg_control"), [0; 8192]).expect("write")),
        ("tables gone", |f| fs::remove_dir_all(pgdata(f).join("base")).expect("remove")),
        ("write-ahead log emptied", |f| {
            fs::remove_dir_all(pgdata(f).join("pg_wal")).expect("remove");
            fs::create_dir(pgdata(f).join("pg_wal")).expect("make");
        }),
        ("catalog overwritten", |f| {
            for entry in walkdir::WalkDir::new(pgdata(f).join("base")) {
                let entry = entry.expect("walk");
                if entry.file_type().is_file() {
                    fs::write(entry.path(), vec![0xab; 8192]).expect("write");
                }
            }
        }),
    ];
    for (name, damage) in damages {
        let folder = TestFolder::migrated();
        damage(&folder);
        let config = EmbeddedConfig { create: true, ..EmbeddedConfig::new(folder.path()) };
        for _ in 0..2 {
            let opened = Db::connect(&DbConfig::Embedded(config.clone())).await;
            let error = opened.err().unwrap_or_else(|| panic!("{name}: it opened"));
            assert_eq!(error.kind(), Kind::Damaged, "{name}: {error}");
            assert!(
                error.hints().iter().any(|hint| hint.contains("photoctl db restore")),
                "{name}: {:?}",
                error.hints()
            );
        }
    }
}

async fn open(dir: &Path) -> Result<Db, Error> {
    Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(dir))).await
}

#[tokio::test]
async fn a_read_only_folder_is_said() {
    let place = tempfile::tempdir().expect("a folder");
    let mounted = Mounted::tmpfs(place.path(), 200);
    copy(&TestFolder::migrated().path().join("postgres"), &mounted.path().join("postgres"));
    mounted.set("ro");
    let error = open(mounted.path()).await.expect_err("read-only");
    assert_eq!(error.kind(), Kind::Io, "{error}");
    assert!(error.message().contains("cannot write in the data folder"), "{error}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_costs_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let mounted = Mounted::tmpfs(place.path(), 150);
    let dir = mounted.path();
    copy(&TestFolder::migrated().path().join("postgres"), &dir.join("postgres"));
    let db = open(dir).await.expect("open with room");
    insert_user(&mut db.conn().await.expect("conn"), 1).await;
    let ballast = dir.join("ballast");
    fill(&ballast);
    let patience = Duration::from_secs(5);
    let wrote = db
        .retry(patience, |db| async move {
            let mut conn = db.conn().await?;
            for _ in 0..50 {
                sqlx::query("INSERT INTO users (name, email, password_hash) SELECT 'n', gen_random_uuid()::text, repeat('x', 2000) FROM generate_series(1, 1000)")
                    .execute(&mut *conn)
                    .await?;
            }
            Ok(())
        })
        .await;
    let error = wrote.expect_err("no room");
    assert_eq!(error.kind(), Kind::DiskFull, "{error} {:?}", error.causes());
    db.close().await;
    assert_eq!(open(dir).await.expect_err("still no room").kind(), Kind::DiskFull);

    fs::remove_file(&ballast).expect("make room");
    let db = open(dir).await.expect("open again");
    let mut conn = db.conn().await.expect("conn");
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM users WHERE email = 'u1@example.org'")
        .fetch_one(&mut *conn)
        .await
        .expect("count");
    assert_eq!(kept, 1);
    drop(conn);
    db.close().await;
}

/// Fills the file system.
fn fill(file: &Path) {
    use std::io::Write;
    let mut file = fs::File::create(file).expect("create");
    for size in [1 << 20, 4096] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}
