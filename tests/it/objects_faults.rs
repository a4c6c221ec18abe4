//! Each way in which an S3 server or the line to it fails, and what must come of it.

use std::time::{Duration, Instant};

use hyper::Method;
use photoctl::error::{Error, Kind};
use photoctl::objects::fault::{Call, Fault as StoreFault, Faults, When};
use photoctl::objects::{
    CredentialsProblem, Problem, PutOptions, PutOutcome, PutReport, Secret, Source, Store, StoreConfig, StoreError,
};

use crate::objects::{config, file, key, noise, open};
use crate::support::s3::{Fault, S3Server, Trouble};

const LARGE: usize = 11 * 1024 * 1024;

async fn put(store: &Store, source: &Source) -> Result<PutReport, StoreError> {
    store.put(&key("a/original.jpg"), source, &PutOptions::default()).await
}

/// Short limits, and no allowance for slow lines.
fn impatient(server: &S3Server) -> StoreConfig {
    let mut config = config(server, "");
    config.first_byte_timeout = Duration::from_millis(400);
    config.stall_timeout = Duration::from_millis(400);
    config.connect_timeout = Duration::from_millis(400);
    config.slow_line_bytes_per_second = u64::MAX / 4096;
    config.max_attempts = 3;
    config
}

#[tokio::test]
async fn bursts_of_trouble_are_waited_out() {
    for (status, code) in [
        (500, "InternalError"),
        (502, "BadGateway"),
        (503, "SlowDown"),
        (503, "ServiceUnavailable"),
        (504, "X"),
        (429, "TooManyRequests"),
        (409, "ConditionalRequestConflict"),
        (400, "RequestTimeout"),
    ] {
        let server = S3Server::start();
        let store = open(&server).await;
        let content = noise(200_000, 1);
        server.fail(Fault::answer(status, code).on_put().times(4));
        let report = put(&store, &Source::bytes(content.clone())).await.expect(code);
        assert_eq!((report.outcome, report.attempts), (PutOutcome::Created, 5), "{code}");
        assert_eq!(server.object("a/original.jpg").expect("there"), content);
    }
}

#[tokio::test]
async fn trouble_without_end_is_reported_for_what_it_is() {
    let cases = [
        (500, "InternalError", Kind::ServiceUnavailable),
        (503, "SlowDown", Kind::Throttled),
        (429, "", Kind::Throttled),
        (409, "OperationAborted", Kind::Conflict),
    ];
    for (status, code, kind) in cases {
        let server = S3Server::start();
        let store = open(&server).await;
        server.fail(Fault::answer(status, code).on_put().always());
        let error = put(&store, &Source::bytes(noise(1000, 2))).await.expect_err(code);
        assert_eq!((error.kind(), error.attempts()), (kind, 8), "{error}");
        assert!(error.is_retryable() && !error.is_connection_class());
        assert_eq!(server.keys(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let server = S3Server::start();
    let store = open(&server).await;
    server.fail(Fault::answer(429, "SlowDown").with_header("retry-after", "1").on_put());
    let started = Instant::now();
    put(&store, &Source::bytes(noise(1000, 3))).await.expect("stored");
    assert!(started.elapsed() >= Duration::from_secs(1));
    server.fail(Fault::answer(503, "SlowDown").with_header("retry-after", "600").on_put());
    let error = put(&store, &Source::bytes(noise(1000, 4))).await.expect_err("not in ten minutes");
    assert_eq!((error.retry_after(), error.attempts()), (Some(Duration::from_secs(600)), 1));
}

#[tokio::test]
async fn a_connection_cut_in_the_body_is_taken_up_again() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    let content = noise(3_000_000, 5);
    server.fail(Fault::new(Trouble::CutAfter(700_000)).on_put().times(2));
    let report = put(&store, &file(&dir, "a", &content)).await.expect("stored");
    assert_eq!((report.outcome, report.attempts), (PutOutcome::Created, 3));
    assert_eq!(server.object("a/original.jpg").expect("there"), content);
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_hide_what_was_done() {
    let server = S3Server::start();
    let store = open(&server).await;
    let content = noise(300_000, 6);
    server.fail(Fault::new(Trouble::CutAnswer).on_put());
    let report = put(&store, &Source::bytes(content.clone())).await.expect("stored");
    assert_eq!(report.outcome, PutOutcome::Created, "it was us who stored it");
    assert_eq!(server.object("a/original.jpg").expect("there"), content);

    let large = noise(LARGE, 7);
    server.fail(Fault::new(Trouble::CutAnswer).on(Method::POST).query("uploadId"));
    let report = store.put(&key("b"), &Source::bytes(large.clone()), &PutOptions::default()).await.expect("stored");
    assert_eq!(report.outcome, PutOutcome::Created);
    assert_eq!(server.object("b").expect("there"), large);
}

#[tokio::test]
async fn an_early_refusal_is_understood_with_the_body_unsent() {
    let server = S3Server::start();
    let store = open(&server).await;
    let content = noise(4_000_000, 8);
    server.fail(Fault::new(Trouble::AnswerEarly { status: 503, code: "SlowDown" }).on_put().times(2));
    put(&store, &Source::bytes(content.clone())).await.expect("stored");
    assert_eq!(server.object("a/original.jpg").expect("there"), content);
}

#[tokio::test]
async fn a_stall_is_noticed_and_tried_again() {
    let server = S3Server::start();
    let store = Store::open(StoreConfig { part_size_bytes: 64 << 20, ..impatient(&server) }).await.expect("open");
    // Larger than what the system's buffers hold.
    let content = noise(24 << 20, 9);
    server.fail(Fault::new(Trouble::StallAfter(100_000)).on_put());
    let report = put(&store, &Source::bytes(content.clone())).await.expect("stored");
    assert_eq!(report.attempts, 2);
    server.fail(Fault::new(Trouble::StallAfter(100_000)).on_put().always());
    let error = store.put(&key("b"), &Source::bytes(content), &PutOptions::default()).await.expect_err("stalled");
    assert!(matches!(error.problem(), Problem::Stalled { .. }), "{error}");
    assert_eq!(error.kind(), Kind::Timeout);
}

#[tokio::test]
async fn an_answer_that_never_comes_is_not_waited_for() {
    let server = S3Server::start();
    let store = Store::open(impatient(&server)).await.expect("open");
    let content = noise(100_000, 10);
    server.fail(Fault::new(Trouble::StallAnswer).on_put());
    let report = put(&store, &Source::bytes(content)).await.expect("stored");
    assert_eq!((report.outcome, report.attempts), (PutOutcome::Created, 2));
    server.fail(Fault::new(Trouble::StallAnswer).on(Method::HEAD).always());
    let error = store.head(&key("a/original.jpg")).await.expect_err("no answer");
    assert_eq!(*error.problem(), Problem::Timeout);
}

#[tokio::test]
async fn a_slow_line_is_no_stall() {
    let server = S3Server::start();
    let mut config = impatient(&server);
    config.part_size_bytes = 64 << 20;
    config.slow_line_bytes_per_second = 1 << 20;
    let store = Store::open(config).await.expect("open");
    // Many times the limits, but something moves all the time.
    let content = noise(16 << 20, 11);
    server.fail(Fault::new(Trouble::Slow { bytes_per_second: 6 << 20 }).on_put());
    let started = Instant::now();
    let report = put(&store, &Source::bytes(content.clone())).await.expect("stored");
    assert!(started.elapsed() > Duration::from_secs(2));
    assert_eq!(report.attempts, 1);
    assert_eq!(server.object("a/original.jpg").expect("there"), content);
}

#[tokio::test]
async fn bytes_changed_on_the_way_are_refused_by_the_server() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    let content = noise(900_000, 12);
    let source = file(&dir, "a", &content);
    server.fail(Fault::new(Trouble::Corrupt { at: 123_456 }).on_put().times(2));
    put(&store, &source).await.expect("stored");
    assert_eq!(server.object("a/original.jpg").expect("there"), content);
    // Always: nothing is ever taken for stored.
    server.fail(Fault::new(Trouble::Corrupt { at: 5 }).on_put().always());
    store.put(&key("b"), &source, &PutOptions::default()).await.expect_err("never right");
    assert_eq!(server.object("b"), None);
    let large = Source::bytes(noise(LARGE, 13));
    store.put(&key("c"), &large, &PutOptions::default()).await.expect_err("never right");
    assert_eq!(server.object("c"), None);
    server.heal();
    store.put(&key("b"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!(server.object("b").expect("there"), content);
}

#[tokio::test]
async fn a_checksum_that_the_server_refuses_is_said() {
    let server = S3Server::start();
    let store = open(&server).await;
    for code in ["BadDigest", "XAmzContentSHA256Mismatch"] {
        server.heal();
        server.fail(Fault::answer(400, code).on_put().always());
        let error = put(&store, &Source::bytes(noise(1000, 14))).await.expect_err(code);
        assert_eq!((error.kind(), error.attempts()), (Kind::Integrity, 3), "{error}");
    }
}

#[tokio::test]
async fn a_full_disk_at_the_server_is_said_at_once() {
    let server = S3Server::start();
    let store = open(&server).await;
    let full = [
        Fault::answer(507, "InsufficientStorage"),
        Fault::answer(500, "InternalError").with_message("write: No space left on device (os error 28)"),
    ];
    for fault in full {
        server.heal();
        server.fail(fault.on_put().always());
        let error = put(&store, &Source::bytes(noise(1000, 15))).await.expect_err("full");
        assert_eq!((error.kind(), error.attempts(), error.is_retryable()), (Kind::DiskFull, 1, false), "{error}");
    }
}

#[tokio::test]
async fn keys_that_are_not_accepted_are_told_apart() {
    let server = S3Server::start();
    let good = config(&server, "");
    let source = Source::bytes(noise(1000, 16));
    let unknown = StoreConfig { access_key_id: Some(Secret::new("UNKNOWN")), ..good.clone() };
    let wrong = StoreConfig { secret_access_key: Some(Secret::new("planted-wrong-secret")), ..good.clone() };
    for (config, expected) in [(unknown, None), (wrong, Some(CredentialsProblem::WrongSecret))] {
        let store = Store::open(config).await.expect("open");
        for error in [
            put(&store, &source).await.expect_err("refused"),
            // HEAD has no body to say why: it is found out.
            store.head(&key("a")).await.expect_err("refused"),
        ] {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("planted"), "{shown}");
            assert!(matches!(error.kind(), Kind::Credentials | Kind::Permission), "{shown}");
            assert_eq!(error.attempts(), 1);
            if let Some(expected) = expected {
                assert_eq!(*error.problem(), Problem::Credentials(expected), "{shown}");
            }
        }
    }
    let store = Store::open(good).await.expect("open");
    for (status, code, expected) in [
        (403, "InvalidAccessKeyId", CredentialsProblem::UnknownKey),
        (400, "ExpiredToken", CredentialsProblem::Expired),
        (401, "", CredentialsProblem::UnknownKey),
    ] {
        server.heal();
        server.fail(Fault::answer(status, code).always());
        let error = put(&store, &source).await.expect_err(code);
        assert_eq!(*error.problem(), Problem::Credentials(expected), "{error}");
        assert_eq!(Error::from(error).kind().exit(), photoctl::error::Exit::Denied);
    }
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let server = S3Server::start();
    let store = open(&server).await;
    server.fail(Fault::answer(403, "AccessDenied").always());
    let error = put(&store, &Source::bytes(noise(10, 17))).await.expect_err("denied");
    assert_eq!(*error.problem(), Problem::Permission { right: "s3:PutObject".to_owned() });
    let error = Error::from(error);
    assert_eq!(error.kind(), Kind::Permission);
    assert!(error.message().contains("s3:PutObject") && error.hints()[0].contains("s3:PutObject"), "{error:?}");
    let error = store.delete(&key("a")).await.expect_err("denied");
    assert_eq!(*error.problem(), Problem::Permission { right: "s3:DeleteObject".to_owned() });
    let error = store.head(&key("a")).await.expect_err("denied");
    assert_eq!(*error.problem(), Problem::Permission { right: "s3:GetObject".to_owned() });
}

#[tokio::test]
async fn a_missing_bucket_is_not_a_missing_object() {
    let server = S3Server::start();
    let config = StoreConfig { url: "s3://nowhere".parse().expect("a storage URL"), ..config(&server, "") };
    let store = Store::open(config).await.expect("open");
    let expected = Problem::NoSuchBucket { bucket: "nowhere".to_owned() };
    assert_eq!(*store.head(&key("a")).await.expect_err("no bucket").problem(), expected);
    use futures::TryStreamExt;
    let listed = store.list("").try_collect::<Vec<_>>().await.expect_err("no bucket");
    assert_eq!(*listed.problem(), expected);
    // This server makes buckets as it is asked to fill them; others do not.
    server.fail(Fault::answer(404, "NoSuchBucket").on_put());
    let error = put(&store, &Source::bytes(noise(10, 18))).await.expect_err("no bucket");
    assert_eq!(*error.problem(), expected);
    assert_eq!(Error::from(error).kind(), Kind::Config);
}

#[tokio::test]
async fn the_wrong_region_names_the_right_one() {
    let server = S3Server::start();
    let store = open(&server).await;
    let cases = [
        Fault::answer(301, "PermanentRedirect").with_header("x-amz-bucket-region", "eu-central-1"),
        Fault::answer(400, "AuthorizationHeaderMalformed")
            .with_message("the region 'us-east-1' is wrong; expecting 'eu-central-1'"),
    ];
    for fault in cases {
        server.heal();
        server.fail(fault.always());
        let error = Error::from(put(&store, &Source::bytes(noise(10, 19))).await.expect_err("elsewhere"));
        assert_eq!(error.kind(), Kind::Config);
        assert_eq!(error.hints(), ["set AWS_REGION=eu-central-1"]);
    }
    // HEAD alone has only the header.
    server.heal();
    server.fail(Fault::answer(301, "").with_header("x-amz-bucket-region", "eu-central-1").always());
    let error = store.head(&key("a")).await.expect_err("elsewhere");
    assert_eq!(*error.problem(), Problem::WrongRegion { right_one: Some("eu-central-1".to_owned()) });
}

#[tokio::test]
async fn a_wrong_clock_is_said() {
    let server = S3Server::start();
    let store = open(&server).await;
    server.fail(Fault::answer(403, "RequestTimeTooSkewed").always());
    let error = Error::from(put(&store, &Source::bytes(noise(10, 20))).await.expect_err("skewed"));
    assert!(error.message().contains("clock"), "{error}");
}

#[tokio::test]
async fn a_server_that_ignores_conditions_does_no_harm() {
    let server = S3Server::start();
    let store = open(&server).await;
    let content = noise(100_000, 21);
    let source = Source::bytes(content.clone());
    server.fail(Fault::new(Trouble::IgnoreConditions).on_put().always());
    put(&store, &source).await.expect("stored");
    put(&store, &source).await.expect("stored again");
    assert_eq!(server.object("a/original.jpg").expect("there"), content);
    assert_eq!(server.keys().len(), 1);
    // One that refuses them: looked at, then written without.
    server.heal();
    server.fail(Fault::answer(501, "NotImplemented").on_put());
    let report = put(&store, &source).await.expect("looked");
    assert_eq!(report.outcome, PutOutcome::AlreadyThere);
    server.fail(Fault::answer(501, "NotImplemented").on_put());
    let report = store.put(&key("b"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!(report.outcome, PutOutcome::Created);
    assert_eq!(server.object("b").expect("there"), content);
}

#[tokio::test]
async fn a_network_that_is_gone_is_said_at_once_and_comes_back() {
    let server = S3Server::start();
    let store = open(&server).await;
    let source = Source::bytes(noise(100_000, 22));
    put(&store, &source).await.expect("stored");
    server.go_away();
    let started = Instant::now();
    let error = store.put(&key("b"), &source, &PutOptions::default()).await.expect_err("gone");
    assert!(error.is_connection_class(), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(store.head(&key("b")).await.expect_err("gone").is_connection_class());
    server.come_back();
    store.put(&key("b"), &source, &PutOptions::default()).await.expect("stored");
    assert_eq!(server.keys(), ["a/original.jpg", "b"]);
}

#[tokio::test]
async fn names_certificates_and_login_pages_count_as_no_network() {
    let server = S3Server::start();
    let source = Source::bytes(noise(1000, 23));
    for endpoint in ["http://no-such-host.invalid".to_owned(), server.endpoint().replace("http:", "https:")] {
        let store =
            Store::open(StoreConfig { endpoint: Some(endpoint.clone()), ..impatient(&server) }).await.expect("open");
        let error = put(&store, &source).await.expect_err("unreachable");
        assert!(error.is_connection_class(), "{endpoint}: {error:?}");
    }
    let store = open(&server).await;
    for status in [200, 302, 511] {
        server.heal();
        server.fail(Fault::new(Trouble::Page { status }).always());
        let error = put(&store, &source).await.expect_err("a login page");
        assert!(error.is_connection_class(), "{status}: {error:?}");
    }
    assert_eq!(server.keys(), Vec::<String>::new());
}

#[tokio::test]
async fn a_file_that_changes_is_not_stored() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    for len in [2_000_000, LARGE] {
        let content = noise(len, 24);
        let source = file(&dir, "a", &content);
        let path = dir.path().join("a");
        let mut changed = content.clone();
        changed[len - 1] ^= 1;
        let mut longer = content.clone();
        longer.push(0);
        for now in [&changed[..], &longer[..], &content[..len / 2]] {
            std::fs::write(&path, now).expect("written");
            let error = put(&store, &source).await.expect_err("changed");
            assert_eq!(*error.problem(), Problem::SourceChanged { path: path.clone() }, "{error:?}");
        }
        std::fs::remove_file(&path).expect("removed");
        let error = put(&store, &source).await.expect_err("gone");
        assert_eq!(*error.problem(), Problem::SourceUnreadable { path }, "{error:?}");
    }
    settled(&server).await;
    assert_eq!(server.keys(), Vec::<String>::new());
    assert_eq!(server.unfinished_parts(), 0);
}

/// Aborts of unfinished uploads run beside the test.
async fn settled(server: &S3Server) {
    for _ in 0..100 {
        if server.unfinished_parts() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn parts_survive_trouble_and_leave_nothing_behind() {
    let server = S3Server::start();
    let store = open(&server).await;
    let dir = tempfile::tempdir().expect("a folder");
    let content = noise(LARGE, 25);
    let source = file(&dir, "a", &content);
    server.fail(Fault::new(Trouble::CutAfter(1_000_000)).on_put().query("partNumber=2").times(2));
    server.fail(Fault::answer(503, "SlowDown").on(Method::POST).times(2));
    put(&store, &source).await.expect("stored");
    assert_eq!(server.object("a/original.jpg").expect("there"), content);
    server.heal();
    server.fail(Fault::answer(403, "AccessDenied").on_put().query("partNumber=3").always());
    store.put(&key("b"), &source, &PutOptions::default()).await.expect_err("denied");
    // Somebody gives up waiting.
    server.fail(Fault::new(Trouble::Delay(Duration::from_secs(5))).on_put().query("partNumber=2").always());
    let key_c = key("c");
    let options = PutOptions::default();
    let waiting = store.put(&key_c, &source, &options);
    tokio::time::timeout(Duration::from_secs(1), waiting).await.expect_err("given up");
    settled(&server).await;
    assert_eq!(server.unfinished_parts(), 0);
    assert_eq!(server.keys(), ["a/original.jpg"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_uploaders_store_one_object() {
    let server = S3Server::start();
    let store = open(&server).await;
    for (name, len) in [("small", 300_000), ("large", LARGE)] {
        let content = noise(len, 26);
        let source = Source::bytes(content.clone());
        let racers = (0..6).map(|_| {
            let (store, source, key) = (store.clone(), source.clone(), key(name));
            tokio::spawn(async move { store.put(&key, &source, &PutOptions::default()).await })
        });
        for racer in racers.collect::<Vec<_>>() {
            let report = racer.await.expect("no panic").expect("stored");
            assert_ne!(report.outcome, PutOutcome::Replaced);
        }
        assert_eq!(server.object(name).expect("there"), content);
    }
    settled(&server).await;
    assert_eq!(server.unfinished_parts(), 0);
}

#[tokio::test]
async fn a_store_fails_on_demand() {
    let dir = tempfile::tempdir().expect("a folder");
    let url = photoctl::objects::StorageUrl::folder(dir.path()).expect("a folder");
    let faults = Faults::new();
    let store = Store::open(StoreConfig::new(url)).await.expect("open").with_faults(faults.clone());
    let source = Source::bytes(noise(10, 27));
    faults.add(StoreFault { skip: 1, ..StoreFault::new(Call::Put, 1, Problem::NetworkDown) });
    faults.add(StoreFault { when: When::After, ..StoreFault::new(Call::Delete, 1, Problem::Cut) });
    put(&store, &source).await.expect("the first goes through");
    assert!(put(&store, &source).await.expect_err("the second fails").is_connection_class());
    put(&store, &source).await.expect("the third goes through");
    assert_eq!(*store.delete(&key("a/original.jpg")).await.expect_err("told so").problem(), Problem::Cut);
    assert_eq!(store.head(&key("a/original.jpg")).await.expect("a look"), None);
    assert_eq!(faults.calls().len(), 5);
}

#[tokio::test]
async fn no_keys_at_all_are_said_to_be_missing() {
    let server = S3Server::start();
    let config = StoreConfig { access_key_id: None, secret_access_key: None, ..config(&server, "") };
    let store = Store::open(config).await.expect("open");
    let error = put(&store, &Source::bytes(noise(10, 28))).await.expect_err("no keys");
    assert_eq!(error.kind(), Kind::Credentials, "{error:?}");
    assert_eq!(server.keys(), Vec::<String>::new());
}
