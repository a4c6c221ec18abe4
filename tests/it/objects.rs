//! The S3 store against a real server, with the server's folder as the independent reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use hyper::Method;
use photoctl::model::digest::Sha256;
use photoctl::objects::{
    Limiter, ObjectEntry, ProbeDepth, Problem, PutOptions, PutOutcome, Secret, Source, StorageKey, Store, StoreConfig,
};

use crate::support::s3::{Fault, S3Server, Trouble};

/// A configuration that finds the server, with pauses short enough for tests.
pub fn config(server: &S3Server, prefix: &str) -> StoreConfig {
    let mut config = StoreConfig::new(server.storage_url(prefix).parse().expect("a storage URL"));
    config.access_key_id = Some(Secret::new(S3Server::ACCESS_KEY));
    config.secret_access_key = Some(Secret::new(S3Server::SECRET_KEY));
    config.endpoint = Some(server.endpoint());
    config.part_size_bytes = 5 * 1024 * 1024;
    config.retry_pause = Duration::from_millis(5);
    config.retry_pause_max = Duration::from_millis(40);
    config
}

pub async fn open(server: &S3Server) -> Store {
    Store::open(config(server, "")).await.expect("the store opens")
}

pub fn key(text: &str) -> StorageKey {
    StorageKey::foreign(text).expect("a key")
}

/// Bytes that differ from one `seed` to the next, and do not repeat.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// A file with its source.
pub fn file(dir: &tempfile::TempDir, name: &str, content: &[u8]) -> Source {
    let path = dir.path().join(name);
    std::fs::write(&path, content).expect("the file is written");
    Source::file(path, content.len() as u64, Sha256::of(content))
}

#[tokio::test]
async fn a_file_is_stored_with_checks_by_the_server() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    let content = noise(1_300_000, 1);
    let source = file(&dir, "DSC_0001.JPG", &content);
    let report = store.put(&key("a/original.jpg"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!((report.outcome, report.attempts), (PutOutcome::Created, 1));
    assert_eq!(server.object("a/original.jpg").expect("there"), content);

    let put = server.requests().into_iter().find(|seen| seen.method == Method::PUT).expect("a PUT");
    assert_eq!(put.header("x-amz-content-sha256"), Some(source.sha256().to_string().as_str()));
    assert_eq!(put.header("x-amz-meta-sha256"), Some(source.sha256().to_string().as_str()));
    assert_eq!(put.header("if-none-match"), Some("*"));
    assert_eq!(put.header("content-type"), Some("image/jpeg"));
    assert_eq!(put.header("content-length"), Some("1300000"));
    assert_eq!(put.header("content-md5"), None, "one check by the server is enough for files");
    // R2 refuses more than one checksum, and knows no ACLs.
    assert!(put.headers.keys().all(|name| !name.as_str().starts_with("x-amz-checksum")), "{:?}", put.headers);
    assert!(put.header("x-amz-acl").is_none() && put.header("x-amz-trailer").is_none());

    let facts = store.head(&key("a/original.jpg")).await.expect("a look").expect("there");
    assert_eq!((facts.size_bytes, facts.sha256), (1_300_000, Some(*source.sha256())));
    assert_eq!(facts.content_type.as_deref(), Some("image/jpeg"));
    assert!(facts.last_modified.is_some());
}

#[tokio::test]
async fn empty_and_small_bytes_are_stored() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    for (name, source) in [
        ("empty", Source::bytes(Vec::new())),
        ("small", Source::bytes(&b"thumbnail"[..])),
        ("empty-file", file(&dir, "empty", b"")),
    ] {
        store.put(&key(name), &source, &PutOptions::overwrite()).await.expect("stored");
        assert_eq!(server.object(name).expect("there").len() as u64, source.size_bytes());
        assert_eq!(store.hash(&key(name)).await.expect("read").1, *source.sha256());
    }
}

#[tokio::test]
async fn what_is_there_is_left_alone() {
    let server = S3Server::start();
    let store = open(&server).await;
    let source = Source::bytes(noise(50_000, 2));
    let options = PutOptions::default();
    store.put(&key("a"), &source, &options).await.expect("stored");
    let written = std::fs::metadata(server.bucket_dir().join("a")).and_then(|found| found.modified()).expect("there");
    let again = store.put(&key("a"), &source, &options).await.expect("stored");
    assert_eq!((again.outcome, again.attempts), (PutOutcome::AlreadyThere, 1));
    let puts = server.count(&Method::PUT);
    let looked = PutOptions { look_first: true, ..PutOptions::default() };
    let looked = store.put(&key("a"), &source, &looked).await.expect("stored");
    assert_eq!((looked.outcome, looked.attempts), (PutOutcome::AlreadyThere, 0));
    assert_eq!(server.count(&Method::PUT), puts, "nothing was sent");
    let now = std::fs::metadata(server.bucket_dir().join("a")).and_then(|found| found.modified()).expect("there");
    assert_eq!(written, now);
}

#[tokio::test]
async fn other_bytes_under_the_key_are_replaced_and_reported() {
    let server = S3Server::start();
    let store = open(&server).await;
    let content = noise(50_000, 3);
    let source = Source::bytes(content.clone());
    // By somebody else's hand: without metadata, once of the same size, once of another.
    for (name, there) in [("same-size", noise(50_000, 4)), ("shorter", noise(10, 5))] {
        std::fs::write(server.bucket_dir().join(name), there).expect("written");
        let report = store.put(&key(name), &source, &PutOptions::default()).await.expect("stored");
        assert_eq!(report.outcome, PutOutcome::Replaced, "{name}");
        assert_eq!(server.object(name).expect("there"), content, "{name}");
        let conditional = server.requests().into_iter().rfind(|seen| seen.method == Method::PUT);
        assert!(conditional.expect("a PUT").header("if-match").is_some(), "under a condition");
    }
    // With metadata that says so.
    store.put(&key("told"), &Source::bytes(noise(50_000, 6)), &PutOptions::default()).await.expect("stored");
    let report = store.put(&key("told"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!(report.outcome, PutOutcome::Replaced);
    assert_eq!(server.object("told").expect("there"), content);
    // The same bytes without metadata are the same bytes.
    std::fs::write(server.bucket_dir().join("theirs"), &content).expect("written");
    let report = store.put(&key("theirs"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!(report.outcome, PutOutcome::AlreadyThere);
}

#[tokio::test]
async fn large_files_go_in_equal_parts() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    let content = noise(12 * 1024 * 1024 + 17, 7);
    let source = file(&dir, "a.cr3", &content);
    let report = store.put(&key("a.cr3"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!(report.outcome, PutOutcome::Created);
    assert_eq!(server.object("a.cr3").expect("there"), content);
    let sizes: Vec<_> = server
        .requests()
        .iter()
        .filter(|seen| seen.query.contains("partNumber"))
        .map(|seen| seen.header("content-length").expect("a length").to_owned())
        .collect();
    assert_eq!(sizes.iter().filter(|size| *size == "5242880").count(), 2, "{sizes:?}");
    assert_eq!(sizes.len(), 3);
    let facts = store.head(&key("a.cr3")).await.expect("a look").expect("there");
    assert_eq!(facts.sha256, Some(*source.sha256()));

    let requests = server.requests().len();
    let again = store.put(&key("a.cr3"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!((again.outcome, again.attempts), (PutOutcome::AlreadyThere, 0));
    assert_eq!(server.requests().len(), requests + 1, "one look");
    std::fs::write(server.bucket_dir().join("a.cr3"), b"other").expect("written");
    let replaced = store.put(&key("a.cr3"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!(replaced.outcome, PutOutcome::Replaced);
    assert_eq!(server.object("a.cr3").expect("there"), content);
    assert_eq!(server.unfinished_parts(), 0);
}

#[tokio::test]
async fn progress_and_limit_are_of_the_bytes_on_the_wire() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    let counted = Arc::new(AtomicU64::new(0));
    let counter = counted.clone();
    let limiter = Limiter::new(2_000_000);
    let options = PutOptions {
        progress: Some(Arc::new(move |bytes| {
            counter.fetch_add(bytes, Ordering::Relaxed);
        })),
        limiter: Some(limiter.clone()),
        ..PutOptions::default()
    };
    let (a, b) = (file(&dir, "a", &noise(1_000_000, 8)), Source::bytes(noise(1_000_000, 9)));
    let (key_a, key_b) = (key("a"), key("b"));
    let started = Instant::now();
    let (first, second) = tokio::join!(store.put(&key_a, &a, &options), store.put(&key_b, &b, &options));
    first.and(second).expect("stored");
    let took = started.elapsed();
    assert_eq!(counted.load(Ordering::Relaxed), 2_000_000);
    assert!(took > Duration::from_millis(600), "two transfers share the limit: {took:?}");
    assert_eq!(server.object("a").expect("there").len(), 1_000_000);
}

#[tokio::test]
async fn content_is_read_back_whole_and_checked() {
    let server = S3Server::start();
    let store = open(&server).await;
    let content = noise(3_000_000, 10);
    let source = Source::bytes(content.clone());
    store.put(&key("a"), &source, &PutOptions::default()).await.expect("stored");

    // The line breaks twice on the way: the rest is fetched, not all of it.
    server.fail(Fault::new(Trouble::CutAnswerBodyAfter(900_000)).on(Method::GET).times(2));
    let dir = tempfile::tempdir().expect("a folder");
    let target = dir.path().join("back.jpg");
    let report = store.download(&key("a"), &target, Some(source.sha256())).await.expect("downloaded");
    assert_eq!(report.sha256, *source.sha256());
    assert_eq!(std::fs::read(&target).expect("there"), content);
    let ranges = server.requests().iter().filter(|seen| seen.header("range").is_some()).count();
    assert_eq!(ranges, 2);

    assert_eq!(store.get_bytes(&key("a"), 3_000_000).await.expect("read"), content);
    let too_large = store.get_bytes(&key("a"), 2_999_999).await.expect_err("too large");
    assert_eq!(*too_large.problem(), Problem::TooLarge { limit_bytes: 2_999_999 });
    assert!(store.get_bytes(&key("nothing"), 10).await.expect_err("absent").is_not_found());

    // Bytes that rot in the store are found, and no file is left behind.
    let mut rotten = content;
    rotten[1000] ^= 1;
    std::fs::write(server.bucket_dir().join("a"), &rotten).expect("written");
    let other = dir.path().join("other.jpg");
    let error = store.download(&key("a"), &other, None).await.expect_err("rotten");
    assert_eq!(*error.problem(), Problem::Integrity);
    assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1);
    assert_eq!(store.hash(&key("a")).await.expect("read"), (3_000_000, Sha256::of(&rotten)));
}

#[tokio::test]
async fn deleting_twice_is_fine() {
    let server = S3Server::start();
    let store = open(&server).await;
    store.put(&key("a/b"), &Source::bytes(&b"x"[..]), &PutOptions::default()).await.expect("stored");
    store.delete(&key("a/b")).await.expect("deleted");
    assert_eq!(server.object("a/b"), None);
    store.delete(&key("a/b")).await.expect("deleted again");
    assert_eq!(store.head(&key("a/b")).await.expect("a look"), None);
}

#[tokio::test]
async fn listings_are_paged_sorted_and_below_the_prefix() {
    let server = S3Server::start();
    let dir = server.bucket_dir().join("event");
    std::fs::create_dir_all(dir.join("photos")).expect("a folder");
    for i in 0..1203 {
        std::fs::write(dir.join(format!("photos/{i:05}.jpg")), vec![0; i % 7]).expect("written");
    }
    std::fs::write(dir.join("photos.txt"), b"x").expect("written");
    std::fs::write(server.bucket_dir().join("elsewhere"), b"x").expect("written");
    let store = Store::open(config(&server, "event")).await.expect("the store opens");
    let all: Vec<ObjectEntry> = store.list("photos/").try_collect().await.expect("listed");
    assert_eq!(all.len(), 1203);
    assert_eq!((all[8].key.as_str(), all[8].size_bytes), ("photos/00008.jpg", 1));
    assert!(all.windows(2).all(|pair| pair[0].key < pair[1].key));
    let everything: Vec<ObjectEntry> = store.list("").try_collect().await.expect("listed");
    assert_eq!(everything.len(), 1204);
    // Nobody who stops early pays for the rest.
    let before = server.requests().len();
    let first: Vec<_> = store.list("").take(3).collect().await;
    assert_eq!((first.len(), server.requests().len() - before), (3, 1));
}

#[tokio::test]
async fn a_link_works_without_keys_until_it_expires() {
    let server = S3Server::start();
    let store = Store::open(config(&server, "event")).await.expect("the store opens");
    store.put(&key("a b.jpg"), &Source::bytes(&b"picture"[..]), &PutOptions::default()).await.expect("stored");
    let link = store.presign_get(&key("a b.jpg"), Duration::from_secs(60), Some("Grüße.jpg")).await.expect("a link");
    assert!(!link.contains(S3Server::SECRET_KEY));
    let (status, body) = fetch(&server, &link).await;
    assert_eq!((status, body.as_slice()), (200, &b"picture"[..]));
    let (status, _) = fetch(&server, &link.replace("a%20b.jpg", "other.jpg")).await;
    assert_eq!(status, 403);
    for wrong in [Duration::ZERO, Duration::from_secs(7 * 24 * 3600 + 1)] {
        let error = store.presign_get(&key("a b.jpg"), wrong, None).await.expect_err("refused");
        assert!(matches!(error.problem(), Problem::Config { .. }));
    }
}

/// A GET by hand: no client of ours.
async fn fetch(server: &S3Server, link: &str) -> (u16, Vec<u8>) {
    use http_body_util::BodyExt;
    let socket = tokio::net::TcpStream::connect(server.address()).await.expect("connected");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(socket)).await.expect("a connection");
    tokio::spawn(connection);
    let path = link.strip_prefix(&server.endpoint()).expect("a link to the server");
    let request = hyper::Request::get(path)
        .header("host", server.address().to_string())
        .body(http_body_util::Empty::<bytes::Bytes>::new())
        .expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.into_body().collect().await.expect("a body").to_bytes().to_vec())
}

#[tokio::test]
async fn a_probe_tries_everything_and_leaves_nothing() {
    let server = S3Server::start();
    let store = open(&server).await;
    let report = store.probe(ProbeDepth::Write).await.expect("all works");
    assert_eq!(report.conditional_writes, Some(true));
    assert!(report.clock_offset_seconds.expect("a clock").abs() < 5);
    assert_eq!(server.keys(), Vec::<String>::new());
    server.fail(Fault::new(Trouble::IgnoreConditions).on_put().always());
    let report = store.probe(ProbeDepth::Write).await.expect("all works");
    assert_eq!(report.conditional_writes, Some(false));
    let puts = server.count(&Method::PUT);
    store.probe(ProbeDepth::Read).await.expect("readable");
    assert_eq!(server.count(&Method::PUT), puts);
}

#[tokio::test]
async fn r2_has_its_own_region_and_keys() {
    let server = S3Server::start();
    let url = format!("r2://0123456789abcdef0123456789abcdef/{}/event", S3Server::BUCKET);
    let mut config = StoreConfig { url: url.parse().expect("a storage URL"), ..config(&server, "") };
    // What is meant for AWS is not for R2.
    config.endpoint = Some("http://127.0.0.1:9".to_owned());
    config.region = Some("eu-central-1".to_owned());
    config.r2_endpoint = Some(server.endpoint());
    let store = Store::open(config.clone()).await.expect("the store opens");
    store.put(&key("a"), &Source::bytes(&b"x"[..]), &PutOptions::default()).await.expect("stored");
    assert_eq!(server.object("event/a").expect("there"), b"x");
    let seen = server.requests().pop().expect("a request");
    assert!(seen.header("authorization").expect("signed").contains("/auto/s3/"), "{seen:?}");
    let dir = tempfile::tempdir().expect("a folder");
    for (name, len) in [("b.jpg", 1_000_000), ("c.cr3", 6 << 20)] {
        let content = noise(len, 11);
        store.put(&key(name), &file(&dir, name, &content), &PutOptions::default()).await.expect("stored");
        assert_eq!(server.object(&format!("event/{name}")).expect("there"), content);
    }
    let bodies = server.requests().into_iter().filter(|seen| seen.method == Method::PUT);
    assert!(bodies.into_iter().all(|seen| seen.header("content-md5").is_some()));

    config.access_key_id = None;
    config.secret_access_key = None;
    let error = Store::open(config).await.expect_err("no keys");
    assert_eq!(photoctl::error::Error::from(error).kind(), photoctl::error::Kind::Credentials);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let server = S3Server::start();
    let good = config(&server, "");
    let wrong = [
        StoreConfig { endpoint: Some("localhost:9000".to_owned()), ..good.clone() },
        StoreConfig { endpoint: Some("ftp://localhost".to_owned()), ..good.clone() },
        StoreConfig { endpoint: Some("http://key:planted@localhost".to_owned()), ..good.clone() },
        StoreConfig { part_size_bytes: 1024 * 1024, ..good.clone() },
        StoreConfig { secret_access_key: None, ..good.clone() },
        StoreConfig { access_key_id: None, ..good },
    ];
    for config in wrong {
        let error = photoctl::error::Error::from(Store::open(config).await.expect_err("refused"));
        assert_eq!(error.kind(), photoctl::error::Kind::Config);
        assert!(!error.hints().is_empty());
        assert!(!format!("{error:?}").contains("planted"));
    }
}
