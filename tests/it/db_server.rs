//! A real server: sessions, log-in, failures, and the poolers that are refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use photoctl::db::{Db, DbConfig, ServerConfig, error};
use photoctl::error::{Kind, Result};
use sqlx::AssertSqlSafe;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::bouncer::Bouncer;
use crate::support::pg::{TestDb, admin, connect, psql, try_connect};

async fn statement(db: &Db, sql: &str) -> Result<()> {
    let mut conn = db.conn().await?;
    sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut *conn).await?;
    Ok(())
}

async fn text(db: &Db, sql: &str) -> String {
    let mut conn = db.conn().await.expect("conn");
    sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut *conn).await.expect(sql)
}

const USER: &str = "INSERT INTO users (name, email, password_hash) VALUES ('n', 'a@example.org', 'h')";

#[tokio::test]
async fn each_session_is_in_utc_and_has_a_name_and_a_time_limit() {
    let test = TestDb::migrated().await;
    test.psql(&format!("ALTER DATABASE {} SET timezone = 'Asia/Tokyo'", test.name()));
    let mut config = ServerConfig::new(test.url());
    config.statement_timeout = Some(Duration::from_millis(300));
    config.max_connections = 3;
    let db = Db::connect(&DbConfig::Url(config)).await.expect("connect");
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut conn = db.conn().await.expect("conn");
        let row: (String, String) =
            sqlx::query_as("SELECT current_setting('TimeZone'), current_setting('application_name')")
                .fetch_one(&mut *conn)
                .await
                .expect("settings");
        assert_eq!(row, ("UTC".to_owned(), "photoctl".to_owned()));
        held.push(conn);
    }
    drop(held);
    let error = statement(&db, "SELECT pg_sleep(5)").await.expect_err("stopped");
    assert_eq!(error.kind(), Kind::Timeout, "{error}");
    assert_eq!(text(&db, "SHOW statement_timeout").await, "300ms");
    db.close().await;
}

#[tokio::test]
async fn each_failure_to_connect_has_its_kind() {
    let test = TestDb::migrated().await;
    let url = url::Url::parse(test.url()).expect("a URL");
    let with = |change: &dyn Fn(&mut url::Url)| {
        let mut url = url.clone();
        change(&mut url);
        String::from(url)
    };
    let cases = [
        ("no such user", with(&|u| u.set_username("nobody_here").expect("user")), Kind::Credentials),
        ("no such database", with(&|u| u.set_path("nothing_here")), Kind::Config),
        ("nothing listens", with(&|u| u.set_port(Some(1)).expect("port")), Kind::ServiceUnavailable),
        ("no such host", with(&|u| u.set_host(Some("no-such-host.invalid")).expect("host")), Kind::NetworkDown),
        ("no TLS there", format!("{url}?sslmode=require"), Kind::NetworkDown),
        ("no URL", "localhost/db".to_owned(), Kind::Config),
    ];
    for (name, url, kind) in cases {
        let since = Instant::now();
        let error = try_connect(&url).await.expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error} {:?}", error.causes());
        assert!(since.elapsed() < Duration::from_secs(10), "{name}: {:?}", since.elapsed());
    }
}

#[tokio::test]
async fn a_host_that_says_nothing_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let mut config = ServerConfig::new(format!("postgres://u@{}/d", silent.local_addr().expect("address")));
    config.connect_timeout = Duration::from_millis(300);
    let error = Db::connect(&DbConfig::Url(config)).await.expect_err("silence");
    assert_eq!(error.kind(), Kind::NetworkDown);
    assert!(error.message().contains("127.0.0.1"), "{error}");
}

#[tokio::test]
async fn too_many_connections_are_said_and_one_is_enough() {
    let test = TestDb::migrated().await;
    let role = format!("{}_few", test.name());
    test.psql(&format!("CREATE ROLE {role} LOGIN CONNECTION LIMIT 1; GRANT SELECT ON photos TO {role}"));
    let first = connect(&test.url_of(&role)).await;
    let error = try_connect(&test.url_of(&role)).await.expect_err("one is taken");
    assert_eq!(error.kind(), Kind::ServiceUnavailable, "{error}");
    assert!(error::retryable(&error));
    first.close().await;
    drop(test);
    admin(&format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn a_read_only_server_is_said() {
    let test = TestDb::migrated().await;
    test.psql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", test.name()));
    let db = test.connect().await;
    let error = statement(&db, USER).await.expect_err("read-only");
    assert_eq!(error.kind(), Kind::ServiceUnavailable);
    assert!(error.message().contains("read-only"), "{error}");
    db.close().await;
}

#[tokio::test]
async fn conflicts_name_their_columns_whatever_the_constraint_is_called() {
    let test = TestDb::migrated().await;
    test.psql("ALTER TABLE users RENAME CONSTRAINT users_email_key TO uq17");
    let db = test.connect().await;
    statement(&db, USER).await.expect("first");
    let again = statement(&db, USER).await.expect_err("second");
    assert_eq!(again.kind(), Kind::AlreadyExists);
    assert_eq!(error::violated_unique(&again), Some(&["email".to_owned()][..]));
    let all = format!("{again} {:?} {:?}", again.causes(), again.hints());
    assert!(!all.contains("a@example.org"), "no personal data: {all}");
    let orphan = statement(
        &db,
        "INSERT INTO project_members (project_id, user_id) VALUES (gen_random_uuid(), gen_random_uuid())",
    )
    .await;
    assert!(error::violated_foreign_key(&orphan.expect_err("no such project")));
    let column = statement(&db, "SELECT nothing FROM users").await.expect_err("no such column");
    assert_eq!(column.kind(), Kind::SchemaOutdated);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolled_back_transaction_gives_its_locks_back_at_once() {
    let test = TestDb::migrated().await;
    test.psql(USER);
    let db = test.connect().await;
    let mut tx = db.begin().await.expect("begin");
    sqlx::query("UPDATE users SET name = 'x'").execute(&mut *tx).await.expect("update");
    drop(tx);
    let since = Instant::now();
    test.psql("SET lock_timeout = '5s'; UPDATE users SET name = 'y'");
    assert!(since.elapsed() < Duration::from_secs(4));
    db.close().await;
}

#[tokio::test]
async fn sessions_that_the_server_ended_are_replaced() {
    let test = TestDb::migrated().await;
    let db = test.connect().await;
    let (name, tries) = (test.name().to_owned(), Arc::new(AtomicUsize::new(0)));
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND application_name = 'photoctl'"
    );
    let url = test.url().to_owned();
    let done = db
        .retry(Duration::from_secs(20), |db| {
            let (tries, kill, url) = (Arc::clone(&tries), kill.clone(), url.clone());
            async move {
                let mut conn = db.conn().await?;
                if tries.fetch_add(1, Ordering::SeqCst) < 3 {
                    psql(&url, &kill);
                }
                sqlx::query(USER).execute(&mut *conn).await?;
                Ok(())
            }
        })
        .await;
    done.expect("the fourth try");
    assert_eq!(tries.load(Ordering::SeqCst), 4);
    db.close().await;
}

/// A way to the server that is cut after so many bytes from it, once for each number.
async fn cutting_proxy(target: String, cuts: Vec<usize>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("listen");
    let port = listener.local_addr().expect("address").port();
    let cuts = Arc::new(std::sync::Mutex::new(cuts.into_iter()));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&target).await.expect("the server");
            let limit = cuts.lock().expect("cuts").next().unwrap_or(usize::MAX);
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let up = async { tokio::io::copy(&mut from_client, &mut to_server).await.ok() };
                let down = async {
                    let mut left = limit;
                    let mut buffer = [0; 1024];
                    while let Ok(read @ 1..) = from_server.read(&mut buffer).await {
                        let pass = read.min(left);
                        if to_client.write_all(&buffer[..pass]).await.is_err() || pass < read {
                            break;
                        }
                        left -= pass;
                    }
                };
                tokio::select! { _ = up => {}, () = down => {} }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_connection_cut_at_any_byte_is_made_again() {
    let test = TestDb::migrated().await;
    let url = url::Url::parse(test.url()).expect("a URL");
    let target = format!("{}:{}", url.host_str().expect("host"), url.port().unwrap_or(5432));
    // The first two get through the log-in (about 450 bytes); then some are cut in it, most of them ever later after it.
    let mut cuts = vec![700, 700];
    cuts.extend((0..80).map(|n| if n % 8 == 0 { n * 6 } else { 650 + n * 7 }));
    let mut through = url.clone();
    through.set_port(Some(cutting_proxy(target, cuts).await)).expect("port");
    let mut config = ServerConfig::new(through.as_str());
    config.max_connections = 1;
    let db = Db::connect(&DbConfig::Url(config)).await.expect("connect");
    for n in 0..60 {
        let done = db
            .retry(Duration::from_secs(30), move |db| async move {
                let mut tx = db.begin().await?;
                sqlx::query("INSERT INTO users (id, name, email, password_hash) VALUES ($1, 'n', $2, 'h') ON CONFLICT DO NOTHING")
                    .bind(uuid::Uuid::from_u128(n))
                    .bind(format!("u{n}@example.org"))
                    .execute(&mut *tx)
                    .await?;
                tx.commit().await
            })
            .await;
        done.unwrap_or_else(|error| panic!("{n}: {error} {:?}", error.causes()));
    }
    assert_eq!(test.psql("SELECT count(*) FROM users"), "60");
    db.close().await;
}

#[tokio::test]
async fn a_transaction_pooler_is_refused_and_a_session_pooler_is_not() {
    let test = TestDb::migrated().await;
    let bouncer = Bouncer::start(&test, "transaction");
    let error = try_connect(&bouncer.url(&test)).await.expect_err("transaction mode");
    assert_eq!(error.kind(), Kind::Config, "{error} {:?}", error.causes());
    assert!(
        error.message().contains("pooler") && error.hints().iter().any(|hint| hint.contains("direct URL")),
        "{error}"
    );
    drop(bouncer);
    let bouncer = Bouncer::start(&test, "session");
    let db = try_connect(&bouncer.url(&test)).await.expect("session mode");
    assert_eq!(text(&db, "SHOW TimeZone").await, "UTC");
    statement(&db, USER).await.expect("a named statement");
    db.close().await;
}
