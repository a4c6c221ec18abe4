//! The store in a local folder: plain files, whole or not at all, and nothing outside of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use futures::{StreamExt, TryStreamExt};
use photoctl::error::{Error, Kind};
use photoctl::objects::{
    ObjectEntry, ProbeDepth, Problem, PutOptions, PutOutcome, Source, StorageKey, StorageUrl, Store, StoreConfig,
};

use crate::objects::{file, key, noise};

async fn open(dir: &Path) -> Store {
    Store::open(StoreConfig::new(StorageUrl::folder(dir).expect("a folder"))).await.expect("the store opens")
}

fn left_over(dir: &Path) -> usize {
    std::fs::read_dir(dir.join(".photoctl-tmp")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_object_is_a_plain_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let card = tempfile::tempdir().expect("a card");
    let store = open(dir.path()).await;
    let content = noise(1_700_000, 1);
    let source = file(&card, "a", &content);
    let put = async |source: &Source| store.put(&key("a/b/original.jpg"), source, &PutOptions::default()).await;
    assert_eq!(put(&source).await.expect("stored").outcome, PutOutcome::Created);
    assert_eq!(std::fs::read(dir.path().join("a/b/original.jpg")).expect("there"), content);
    assert_eq!(put(&source).await.expect("stored").outcome, PutOutcome::AlreadyThere);
    std::fs::write(dir.path().join("a/b/original.jpg"), noise(1_700_000, 2)).expect("written");
    assert_eq!(put(&source).await.expect("stored").outcome, PutOutcome::Replaced);
    assert_eq!(std::fs::read(dir.path().join("a/b/original.jpg")).expect("there"), content);
    assert_eq!(left_over(dir.path()), 0);

    let facts = store.head(&key("a/b/original.jpg")).await.expect("a look").expect("there");
    assert_eq!((facts.size_bytes, facts.content_type.as_deref()), (1_700_000, Some("image/jpeg")));
    assert_eq!(store.hash(&key("a/b/original.jpg")).await.expect("read"), (1_700_000, *source.sha256()));
    let link = store.presign_get(&key("a/b/original.jpg"), Duration::from_secs(60), None).await.expect("a link");
    assert!(link.starts_with("file:///") && link.ends_with("/a/b/original.jpg"), "{link}");

    store.delete(&key("a/b/original.jpg")).await.expect("deleted");
    store.delete(&key("a/b/original.jpg")).await.expect("deleted again");
    assert!(!dir.path().join("a").exists(), "empty folders go too");
    assert!(store.read(&key("a/b/original.jpg")).await.expect_err("absent").is_not_found());
    assert_eq!(store.probe(ProbeDepth::Write).await.expect("all works").conditional_writes, Some(true));
}

#[tokio::test]
async fn a_file_that_changes_leaves_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let card = tempfile::tempdir().expect("a card");
    let store = open(dir.path()).await;
    let source = file(&card, "a", &noise(1_000_000, 3));
    std::fs::write(card.path().join("a"), noise(1_000_000, 4)).expect("written");
    let error = store.put(&key("a"), &source, &PutOptions::default()).await.expect_err("changed");
    assert!(matches!(error.problem(), Problem::SourceChanged { .. }), "{error}");
    assert!(!dir.path().join("a").exists());
    assert_eq!(left_over(dir.path()), 0);
}

#[tokio::test]
async fn no_key_leads_out_of_the_folder() {
    let outside = tempfile::tempdir().expect("a folder");
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).await;
    std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).expect("linked");
    std::fs::write(outside.path().join("secret"), b"s").expect("written");
    std::os::unix::fs::symlink(outside.path().join("secret"), dir.path().join("file")).expect("linked");
    let source = Source::bytes(&b"x"[..]);
    for text in ["link/secret", "link/new", "file", "a//b", "a/", ".photoctl-tmp/x"] {
        let key = key(text);
        let error = store.put(&key, &source, &PutOptions::overwrite()).await.expect_err(text);
        assert!(matches!(error.problem(), Problem::BadKey { .. }), "{text}: {error}");
        assert!(store.read(&key).await.is_err(), "{text}");
        assert!(store.delete(&key).await.is_err(), "{text}");
    }
    assert_eq!(std::fs::read(outside.path().join("secret")).expect("there"), b"s");
    assert_eq!(std::fs::read_dir(outside.path()).expect("a folder").count(), 1);
    let listed: Vec<ObjectEntry> = store.list("").try_collect().await.expect("listed");
    assert_eq!(listed, []);
    // A name of 255 bytes fits, one of 256 is refused with a reason.
    store.put(&key(&"n".repeat(255)), &source, &PutOptions::default()).await.expect("stored");
    let error = store.put(&key(&"n".repeat(256)), &source, &PutOptions::default()).await.expect_err("too long");
    assert!(matches!(error.problem(), Problem::BadKey { .. }), "{error:?}");
}

#[tokio::test]
async fn listings_are_in_the_order_of_a_bucket() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).await;
    let source = Source::bytes(&b"x"[..]);
    let mut keys =
        vec!["a/1", "a/2/x", "a-b", "a.txt", "a0", "b/1", "é/ü", "photos/p1/original.jpg", "photos/p10/t.jpg"];
    for text in &keys {
        store.put(&key(text), &source, &PutOptions::default()).await.expect("stored");
    }
    keys.sort_unstable();
    let list = async |prefix: &str| {
        let listed: Vec<ObjectEntry> = store.list(prefix).try_collect().await.expect("listed");
        listed.into_iter().map(|entry| entry.key).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, keys);
    assert_eq!(list("a/").await, ["a/1", "a/2/x"]);
    assert_eq!(list("photos/p1").await, ["photos/p1/original.jpg", "photos/p10/t.jpg"]);
    assert_eq!(list("photos/p1/").await, ["photos/p1/original.jpg"]);
    assert_eq!(list("nothing/").await, Vec::<String>::new());
    assert_eq!(store.list("").take(2).collect::<Vec<_>>().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_writers_store_one_file() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).await;
    let source = Source::bytes(noise(400_000, 5));
    let racers: Vec<_> = (0..8)
        .map(|_| {
            let (store, source) = (store.clone(), source.clone());
            tokio::spawn(async move { store.put(&key("r/a"), &source, &PutOptions::default()).await })
        })
        .collect();
    let mut created = 0;
    for racer in racers {
        let report = racer.await.expect("no panic").expect("stored");
        assert_ne!(report.outcome, PutOutcome::Replaced);
        created += u32::from(report.outcome == PutOutcome::Created);
    }
    assert_eq!(created, 1);
    assert_eq!(left_over(dir.path()), 0);
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_not_made_by_accident() {
    let dir = tempfile::tempdir().expect("a folder");
    let missing = dir.path().join("disk");
    let mut config = StoreConfig::new(StorageUrl::folder(&missing).expect("a folder"));
    let error = Error::from(Store::open(config.clone()).await.expect_err("not there"));
    assert_eq!(error.kind(), Kind::Config);
    assert!(!missing.exists() && !error.hints().is_empty());
    config.create_folder = true;
    let store = Store::open(config).await.expect("made");
    let source = Source::bytes(&b"x"[..]);
    store.put(&key("a"), &source, &PutOptions::default()).await.expect("stored");
    // The disk is pulled: no object is said to be lost, and none is written elsewhere.
    std::fs::remove_dir_all(&missing).expect("pulled");
    let gone = |error: photoctl::objects::StoreError| matches!(error.problem(), Problem::NoSuchFolder { .. });
    assert!(gone(store.head(&key("a")).await.expect_err("gone")));
    assert!(gone(store.put(&key("a"), &source, &PutOptions::default()).await.expect_err("gone")));
    assert!(gone(store.list("").try_collect::<Vec<_>>().await.expect_err("gone")));
    assert!(gone(store.delete(&key("a")).await.expect_err("gone")));
    assert!(gone(store.read(&key("a")).await.expect_err("gone")));
    assert!(!missing.exists());
}

#[tokio::test]
async fn old_left_overs_are_cleared_and_young_ones_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let temporary = dir.path().join(".photoctl-tmp");
    std::fs::create_dir(&temporary).expect("a folder");
    for (name, age) in [("old", 48), ("young", 1)] {
        let file = std::fs::File::create(temporary.join(name)).expect("a file");
        file.set_modified(SystemTime::now() - Duration::from_secs(age * 3600)).expect("aged");
    }
    let store = open(dir.path()).await;
    assert!(!temporary.join("old").exists());
    assert!(temporary.join("young").exists());
    assert_eq!(store.list("").count().await, 0);
}

#[tokio::test]
async fn what_the_disk_refuses_is_said() {
    // On a device that is always full, a folder cannot be: the error alone is translated.
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    assert_eq!(Error::io("write", Path::new("x"), full).kind(), Kind::DiskFull);
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path()).await;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o555)).expect("closed");
    let result = store.put(&key("a"), &Source::bytes(&b"x"[..]), &PutOptions::default()).await;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("opened");
    // Root may write anywhere.
    if let Err(error) = result {
        assert_eq!(error.kind(), Kind::Permission);
    }
    let blocked = StorageKey::foreign("f/x").expect("a key");
    std::fs::write(dir.path().join("f"), b"a file").expect("written");
    let error = store.put(&blocked, &Source::bytes(&b"x"[..]), &PutOptions::default()).await.expect_err("a file");
    assert!(matches!(error.problem(), Problem::BadKey { .. }), "{error:?}");
}
