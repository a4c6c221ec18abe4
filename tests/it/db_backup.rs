//! Backup and restore of the embedded database.

use std::fs;
use std::path::Path;

use photoctl::db::backup::{BackupOptions, backup, restore};
use photoctl::error::Kind;

use crate::support::pg::TestFolder;

const DO: BackupOptions = BackupOptions { overwrite: false, dry_run: false };
const OVER: BackupOptions = BackupOptions { overwrite: true, dry_run: false };

async fn add_user(folder: &TestFolder, email: &str) {
    let db = folder.connect().await;
    let mut conn = db.conn().await.expect("conn");
    sqlx::query("INSERT INTO users (name, email, password_hash) VALUES ('n', $1, 'h')")
        .bind(email)
        .execute(&mut *conn)
        .await
        .expect("insert");
    drop(conn);
    db.close().await;
}

async fn emails(folder: &TestFolder) -> Vec<String> {
    let db = folder.connect().await;
    let mut conn = db.conn().await.expect("conn");
    let emails =
        sqlx::query_scalar("SELECT email FROM users ORDER BY email").fetch_all(&mut *conn).await.expect("read");
    drop(conn);
    db.close().await;
    emails
}

#[tokio::test]
async fn what_was_backed_up_comes_back() {
    let folder = TestFolder::migrated();
    add_user(&folder, "a@example.org").await;
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("event.backup");
    let wrote = backup(folder.path(), &file, DO).await.expect("backup");
    assert_eq!(wrote.file_bytes, fs::metadata(&file).expect("the file").len());
    assert_eq!(backup(folder.path(), &file, DO).await.expect_err("is there").kind(), Kind::AlreadyExists);
    assert_eq!(fs::read_dir(place.path()).expect("read").count(), 1, "nothing else is left");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).expect("metadata").permissions().mode() & 0o077, 0);
    }
    add_user(&folder, "b@example.org").await;

    let elsewhere = TestFolder::empty();
    let report = restore(&file, elsewhere.path(), DO).await.expect("restore");
    assert_eq!((report.files, report.schema, report.replaced), (wrote.files, wrote.schema, false));
    assert_eq!(emails(&elsewhere).await, ["a@example.org"]);

    assert_eq!(restore(&file, folder.path(), DO).await.expect_err("not unasked").kind(), Kind::AlreadyExists);
    assert_eq!(emails(&folder).await.len(), 2);
    let dry = BackupOptions { dry_run: true, ..OVER };
    assert!(restore(&file, folder.path(), dry).await.expect("dry run").replaced);
    assert_eq!(emails(&folder).await.len(), 2);
    restore(&file, folder.path(), OVER).await.expect("asked for");
    assert_eq!(emails(&folder).await, ["a@example.org"]);
    assert_eq!(left(folder.path()), ["postgres", "postgres.backup.json", "postgres.lock"]);
}

fn left(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .expect("read")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_damaged_database_is_replaced_and_kept_aside() {
    let folder = TestFolder::migrated();
    add_user(&folder, "a@example.org").await;
    let file = folder.path().join("event.backup");
    backup(folder.path(), &file, DO).await.expect("backup");
    let control = folder.path().join("postgres/tmp/pglite/base/global/pg_control");
    fs::write(&control, b"short").expect("damage");
    assert_eq!(backup(folder.path(), &file, OVER).await.expect_err("damaged").kind(), Kind::Damaged);
    let report = restore(&file, folder.path(), DO).await.expect("restore");
    let kept = report.kept_aside.expect("kept");
    assert_eq!(fs::read(kept.join("tmp/pglite/base/global/pg_control")).expect("the damaged file"), b"short");
    assert_eq!(emails(&folder).await, ["a@example.org"]);
}

#[tokio::test]
async fn a_bad_backup_changes_nothing() {
    let folder = TestFolder::migrated();
    add_user(&folder, "a@example.org").await;
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("event.backup");
    backup(folder.path(), &file, DO).await.expect("backup");
    let good = fs::read(&file).expect("read");
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x20;
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("cut off", good[..good.len() - 40].to_vec()),
        ("cut in half", good[..middle].to_vec()),
        ("one bit", flipped),
        ("empty", Vec::new()),
        ("another file", b"hello".repeat(1000)),
        ("a changed table", with_changed_file(&good)),
        ("a path outside", with_path_outside(&good)),
    ];
    for (name, bytes) in cases {
        let bad = place.path().join("bad");
        fs::write(&bad, bytes).expect("write");
        let error = restore(&bad, folder.path(), OVER).await.expect_err(name);
        assert_eq!(error.kind(), Kind::Integrity, "{name}: {error}");
        assert_eq!(left(folder.path()), ["postgres", "postgres.backup.json", "postgres.lock"], "{name}");
    }
    assert_eq!(emails(&folder).await, ["a@example.org"]);
    assert!(!place.path().parent().expect("parent").join("outside").exists());
}

/// The same archive with one byte of one file changed, as a whole and valid tar.
fn with_changed_file(good: &[u8]) -> Vec<u8> {
    rewrite(good, |_, bytes| {
        if bytes.len() == 8192 {
            bytes[8000] ^= 1;
        }
    })
}

fn with_path_outside(good: &[u8]) -> Vec<u8> {
    let mut tar = zstd::decode_all(good).expect("decode");
    // The first file of the data directory gets a name that climbs out; its header's checksum is made anew.
    let name = b"data/PG_VERSION";
    let at = tar.windows(name.len()).position(|window| window == name).expect("the entry");
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(&tar[at..at + 512]);
    header.as_mut_bytes()[..100].fill(0);
    header.as_mut_bytes()[..18].copy_from_slice(b"data/../../outside");
    header.set_cksum();
    tar[at..at + 512].copy_from_slice(header.as_bytes());
    zstd::encode_all(&tar[..], 1).expect("encode")
}

fn rewrite(good: &[u8], change: impl Fn(&Path, &mut Vec<u8>)) -> Vec<u8> {
    use std::io::Read;
    let tar = zstd::decode_all(good).expect("decode");
    let mut out = tar::Builder::new(Vec::new());
    for entry in tar::Archive::new(&tar[..]).entries().expect("entries") {
        let mut entry = entry.expect("entry");
        let path = entry.path().expect("path").into_owned();
        let mut header = entry.header().clone();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("read");
        change(&path, &mut bytes);
        out.append_data(&mut header, path, &bytes[..]).expect("append");
    }
    zstd::encode_all(&out.into_inner().expect("tar")[..], 1).expect("encode")
}

#[tokio::test]
async fn a_restore_that_was_cut_off_leaves_the_old_database() {
    let folder = TestFolder::migrated();
    add_user(&folder, "a@example.org").await;
    fs::rename(folder.path().join("postgres"), folder.path().join("postgres.before-restore"))
        .expect("the first rename");
    assert_eq!(emails(&folder).await, ["a@example.org"]);
}

#[tokio::test]
async fn neither_works_while_the_database_is_in_use() {
    let folder = TestFolder::migrated();
    let file = folder.path().join("event.backup");
    backup(folder.path(), &file, DO).await.expect("backup");
    let db = folder.connect().await;
    assert_eq!(backup(folder.path(), &file, OVER).await.expect_err("in use").kind(), Kind::Locked);
    assert_eq!(restore(&file, folder.path(), OVER).await.expect_err("in use").kind(), Kind::Locked);
    db.close().await;
}
