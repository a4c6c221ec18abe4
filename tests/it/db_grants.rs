//! Least rights: each job can do its work as its own user, and nothing else.

use photoctl::db::grants::{self, Job};
use photoctl::error::Kind;
use sqlx::AssertSqlSafe;

use crate::support::pg::{TestDb, admin, connect};

/// A role for a job on a database; dropped with the database's server.
async fn role(test: &TestDb, job: Job) -> String {
    let role = format!("{}_{}", test.name(), job.word());
    let db = test.connect().await;
    let schema = grants::shared_schema(&mut db.conn().await.expect("conn")).await.expect("schema");
    db.close().await;
    test.psql(&grants::sql(job, &role, test.name(), &schema));
    role
}

async fn drop_role(test: TestDb, role: &str) {
    drop(test);
    admin(&format!("DROP ROLE {role}")).await;
}

#[tokio::test]
async fn each_job_has_what_it_needs_and_no_secret() {
    for job in Job::ALL {
        let test = TestDb::migrated().await;
        let role = role(&test, job).await;
        let db = connect(&test.url_of(&role)).await;
        db.require_current().await.expect("the history is readable");
        let mut conn = db.conn().await.expect("conn");
        assert!(grants::missing(&mut conn, job).await.expect("look").is_empty());
        grants::require(&mut conn, job).await.expect("all rights");
        drop(conn);
        for forbidden in [
            "SELECT password_hash FROM users",
            "SELECT * FROM operators",
            "UPDATE photographers SET password_hash = 'x'",
            "DELETE FROM photos",
            "DELETE FROM photoctl.audit",
            "UPDATE photoctl.audit SET actor = 'x'",
            "CREATE TABLE mine (id int)",
            "INSERT INTO operators (name, email, password_hash, currency, locale, timezone) VALUES ('a', 'b', 'c', 'EUR', 'de', 'UTC')",
        ] {
            let error = statement(&db, forbidden).await.expect_err(forbidden);
            assert_eq!(error.kind(), Kind::Permission, "{}: {forbidden}: {error}", job.word());
        }
        db.close().await;
        drop_role(test, &role).await;
    }
}

async fn statement(db: &photoctl::db::Db, sql: &str) -> photoctl::error::Result<()> {
    let mut conn = db.conn().await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *conn).await?;
    Ok(())
}

const ROWS: &str = include_str!("support/web_rows.sql");

#[tokio::test]
async fn the_work_of_each_job_goes_through() {
    let works: [(Job, &[&str]); 4] = [
        (
            Job::Upload,
            &[
                "SELECT id, name, email FROM operators",
                "INSERT INTO photos (id, project_id, photographer_id, storage_key, status)
                 SELECT gen_random_uuid(), project_id, photographer_id, 'k2', 'processing' FROM photos",
                "UPDATE photos SET status = 'ready', thumbnail_key = 't', updated_at = now() WHERE storage_key = 'k2'",
                "INSERT INTO photoctl.photo_files (photo_id, sha256, size_bytes, original_name, format)
                 SELECT id, sha256('x'), 1, 'n', 'jpeg' FROM photos WHERE storage_key = 'k2'",
                "INSERT INTO photoctl.photo_names (photo_id, name) SELECT id, 'n' FROM photos ON CONFLICT DO NOTHING",
                "UPDATE photoctl.photo_files SET failed_reason = NULL",
                "UPDATE photoctl.installation SET store_url = 'file:///x'",
                "SELECT seq, hash FROM photoctl.audit_head FOR UPDATE",
            ],
        ),
        (
            Job::Review,
            &[
                "UPDATE photo_tags SET review_status = 'rejected', updated_at = now()",
                "SELECT u.name FROM photo_tags t JOIN users u ON u.id = t.user_id FOR UPDATE OF t",
            ],
        ),
        (
            Job::Match,
            &[
                "SELECT id FROM user_consents FOR SHARE",
                "SELECT embedding FROM selfies",
                "INSERT INTO photoctl.selfie_facts (selfie_id, user_id, sha256, engine, model)
                 SELECT id, user_id, sha256('x'), 'local', 'm' FROM selfies LIMIT 1",
                "UPDATE photoctl.selfie_facts SET allowed = '{}'",
                "DELETE FROM photoctl.selfie_matches",
                "UPDATE selfies SET embedding = NULL, status = 'pending'",
                "INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status) SELECT photo_id, user_id, 1, 'auto', 'pending' FROM photo_tags",
            ],
        ),
        (Job::Reconcile, &["UPDATE purchases SET status = 'paid', updated_at = now()", "SELECT price FROM packages"]),
    ];
    for (job, statements) in works {
        let test = TestDb::migrated().await;
        test.psql(ROWS);
        let role = role(&test, job).await;
        let db = connect(&test.url_of(&role)).await;
        for sql in statements {
            statement(&db, sql).await.unwrap_or_else(|error| panic!("{}: {sql}: {error}", job.word()));
        }
        let error = statement(&db, "UPDATE users SET name = 'x'").await.expect_err("not its work");
        assert_eq!(error.kind(), Kind::Permission);
        db.close().await;
        drop_role(test, &role).await;
    }
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let test = TestDb::migrated().await;
    let role = role(&test, Job::Upload).await;
    test.psql(&format!("REVOKE INSERT ON photos FROM {role}; REVOKE UPDATE (status) ON photos FROM {role}"));
    let db = connect(&test.url_of(&role)).await;
    let error = grants::require(&mut db.conn().await.expect("conn"), Job::Upload).await.expect_err("lacks two");
    assert_eq!(error.kind(), Kind::Permission);
    assert!(error.message().contains("INSERT on photos; UPDATE (status) on photos"), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("db grants --for upload")), "{:?}", error.hints());

    let insert = "INSERT INTO photos (project_id, photographer_id, storage_key, status) VALUES (gen_random_uuid(), gen_random_uuid(), 'k', 'ready')";
    let error = db.explain(statement(&db, insert).await.expect_err("no right")).await;
    assert_eq!(error.kind(), Kind::Permission);
    assert!(
        error.message().contains(&role)
            && error.message().contains("lacks a right: INSERT on photos; UPDATE (status) on photos"),
        "{error}"
    );
    db.close().await;
    drop_role(test, &role).await;
}

#[tokio::test]
async fn a_right_that_no_job_has_is_named_alone() {
    let test = TestDb::migrated().await;
    let role = role(&test, Job::Upload).await;
    let machine = crate::support::Photoctl::new().env("PHOTOCTL_BCRYPT_COST", "10");
    let words = ["operator", "create", "--name", "Ana", "--email", "ana@example.org", "--no-password", "--json"];
    let error = machine.args(words).env("DATABASE_URL", test.url_of(&role)).run().code(4).error();
    let said = error["message"].as_str().expect("a message");
    assert!(said.ends_with(&format!("{role} lacks a right: INSERT on operators")), "{error}");
    drop_role(test, &role).await;
}
