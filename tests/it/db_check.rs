//! `check` names every kind of drift.

use photoctl::db::check;

use crate::support::Photoctl;
use crate::support::pg::{TestDb, TestFolder};

#[tokio::test]
async fn each_kind_of_drift_is_named() {
    let drifts = [
        ("ALTER TABLE users DROP COLUMN address", "column users.address is missing: text"),
        ("ALTER TABLE photos ADD COLUMN stars integer", "column photos.stars is extra: integer"),
        (
            "ALTER TABLE packages ALTER COLUMN price TYPE bigint",
            "column packages.price has another type: bigint instead of integer",
        ),
        (
            "ALTER TABLE photos ALTER COLUMN storage_key TYPE varchar(255)",
            "column photos.storage_key has another type: character varying(255) instead of varchar(512)",
        ),
        (
            "ALTER TABLE selfies ALTER COLUMN embedding TYPE vector(64)",
            "column selfies.embedding has another type: vector(64) instead of vector(128)",
        ),
        (
            "ALTER TABLE photos ALTER COLUMN uploaded_at TYPE timestamptz",
            "column photos.uploaded_at has another type: timestamp with time zone instead of timestamp",
        ),
        (
            "ALTER TABLE projects ALTER COLUMN name DROP NOT NULL",
            "column projects.name is nullable instead of not null",
        ),
        (
            "ALTER TABLE projects ALTER COLUMN timezone SET NOT NULL",
            "column projects.timezone is not null instead of nullable",
        ),
        ("ALTER TABLE users ALTER COLUMN id DROP DEFAULT", "column users.id has no default: uuid_generate_v4()"),
        ("ALTER TABLE users DROP CONSTRAINT users_email_key", "table users lacks the unique on (email)"),
        (
            "ALTER TABLE users DROP CONSTRAINT users_email_key; CREATE UNIQUE INDEX ON users (email) WHERE deleted_at IS NULL",
            "table users lacks the unique on (email)",
        ),
        (
            "ALTER TABLE photo_tags DROP CONSTRAINT photo_tags_pkey CASCADE",
            "table photo_tags lacks its primary key (id)",
        ),
        (
            "ALTER TABLE photos DROP CONSTRAINT photos_project_id_fkey",
            "column photos.project_id lacks its foreign key: references projects (id)",
        ),
        ("DROP INDEX photo_tags_user_id_idx", "column photo_tags.user_id leads no index"),
        ("DROP TABLE qr_tokens CASCADE", "table qr_tokens is missing"),
    ];
    let test = TestDb::migrated().await;
    let db = test.connect().await;
    for (sql, sentence) in drifts {
        let mut tx = db.begin().await.expect("begin");
        sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let report = check::check(&mut tx).await.expect("check");
        let sentences: Vec<String> = report.differences.iter().map(check::Difference::sentence).collect();
        assert_eq!(sentences, [sentence], "{sql}");
        tx.rollback().await.expect("rollback");
    }
    let report = check::check(&mut db.conn().await.expect("conn")).await.expect("check");
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    db.close().await;
}

#[tokio::test]
async fn in_jsonl_each_difference_has_a_line() {
    let test = TestDb::migrated().await;
    let machine = Photoctl::new().env("DATABASE_URL", test.url());
    let lines = machine.line("db check --output jsonl").ok().json_lines();
    assert_eq!((lines.len(), &lines[0]["type"], &lines[0]["differences_found"]), (1, &"summary".into(), &0.into()));
    test.psql("DROP TABLE qr_tokens CASCADE; ALTER TABLE photos ADD COLUMN stars integer");
    let lines = machine.line("db check --output jsonl --exit-code").run().code(6).json_lines();
    let told: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {}", line["type"], line["kind"], line["table"]).replace('"', ""))
        .collect();
    assert_eq!(told, ["item column_extra photos", "item table_missing qr_tokens", "summary null null"]);
    assert_eq!(lines[2]["differences_found"], 2);
}

#[tokio::test]
async fn other_names_and_wider_indexes_are_no_drift() {
    let test = TestDb::migrated().await;
    test.psql(
        "ALTER TABLE users RENAME CONSTRAINT users_email_key TO whatever; DROP INDEX photos_project_id_idx;
         CREATE INDEX ON photos (project_id, status); ALTER TABLE users ALTER COLUMN id SET DEFAULT gen_random_uuid()",
    );
    let db = test.connect().await;
    let report = check::check(&mut db.conn().await.expect("conn")).await.expect("check");
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    db.close().await;
}

#[tokio::test]
async fn the_embedded_database_has_no_differences() {
    let folder = TestFolder::migrated();
    let db = folder.connect().await;
    let report = check::check(&mut db.conn().await.expect("conn")).await.expect("check");
    assert_eq!(report.tables, 15);
    assert!(report.differences.is_empty(), "{:?}", report.differences);
    db.close().await;
}
