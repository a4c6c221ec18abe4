//! 10,000 photos recorded as an upload does it, beside one INSERT a photo in a loop, on the server of
//! `BENCH_DATABASE_URL`. It has to be one that keeps what it confirms: with `fsync` off a commit costs nothing, and the
//! loop loses its price. Prints `{"batched_seconds", "loop_seconds"}`.
//!
//! Both leave the same rows: the photo, and the facts of its file in a second table. The upload writes each of them
//! twice, since a photo is `processing` first and `ready` at the end; the loop writes each once.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::time::Instant;

use photoctl::db::photos::record::{self, BegunPhoto, Derivatives, FileFacts, ReadyPhoto, StoredDerivative};
use photoctl::db::{Db, DbConfig, ServerConfig};
use photoctl::error::Result;
use photoctl::model::digest::Sha256;
use photoctl::model::ids::{PhotoId, PhotographerId, ProjectId};
use uuid::Uuid;

const PHOTOS: u32 = 10_000;
/// As many as the upload writes together.
const BATCH: usize = 256;

#[tokio::main]
async fn main() -> Result<()> {
    let url = std::env::var("BENCH_DATABASE_URL").expect("BENCH_DATABASE_URL names a migrated database");
    let db = Db::connect(&DbConfig::Url(ServerConfig::new(url))).await?;
    let (project, photographer) = seed(&db).await?;
    let batched = Instant::now();
    batches(&db, project, photographer).await?;
    let batched = batched.elapsed();
    let single = Instant::now();
    one_by_one(&db, project, photographer).await?;
    let single = single.elapsed();
    let (rows, ready) = counted(&db).await?;
    assert_eq!((rows, ready), (i64::from(PHOTOS) * 2, i64::from(PHOTOS) * 2), "both wrote all");
    println!("{}", serde_json::json!({"batched_seconds": batched.as_secs_f64(), "loop_seconds": single.as_secs_f64()}));
    Ok(())
}

async fn seed(db: &Db) -> Result<(ProjectId, PhotographerId)> {
    let (operator, project, photographer) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let mut conn = db.conn().await?;
    sqlx::query(
        "INSERT INTO operators (id, name, email, password_hash, currency, locale, timezone)
         VALUES ($1, 'Ana', $1::text, 'x', 'EUR', 'de', 'UTC')",
    )
    .bind(operator)
    .execute(&mut *conn)
    .await?;
    sqlx::query("INSERT INTO projects (id, operator_id, name) VALUES ($1, $2, 'Fair')")
        .bind(project)
        .bind(operator)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "INSERT INTO photographers (id, operator_id, name, email, password_hash) VALUES ($1, $2, 'Bo', $1::text, 'x')",
    )
    .bind(photographer)
    .bind(operator)
    .execute(&mut *conn)
    .await?;
    Ok((ProjectId(project), PhotographerId(photographer)))
}

async fn batches(db: &Db, project: ProjectId, photographer: PhotographerId) -> Result<()> {
    let photos: Vec<BegunPhoto> = (0..PHOTOS).map(|number| begun(project, number)).collect();
    for batch in photos.chunks(BATCH) {
        let mut tx = db.begin().await?;
        record::begin(&mut tx, project, photographer, batch).await?;
        tx.commit().await?;
        let ready: Vec<ReadyPhoto> = batch.iter().map(ready).collect();
        let mut tx = db.begin().await?;
        record::ready(&mut tx, &ready).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// One INSERT a photo that leaves the same two rows, committed each for itself.
async fn one_by_one(db: &Db, project: ProjectId, photographer: PhotographerId) -> Result<()> {
    let photos: Vec<BegunPhoto> = (PHOTOS..PHOTOS * 2).map(|number| begun(project, number)).collect();
    let mut conn = db.conn().await?;
    for photo in &photos {
        let made = ready(photo).derivatives.expect("has derivatives");
        let facts = &photo.facts;
        sqlx::query(
            "WITH photo AS (
                 INSERT INTO photos (id, project_id, photographer_id, storage_key, thumbnail_key, watermarked_key, status)
                 VALUES ($1, $2, $3, $4, $5, $6, 'ready') RETURNING id)
             INSERT INTO photoctl.photo_files
                    (photo_id, sha256, size_bytes, original_name, format, width, height, orientation, camera_make,
                     camera_model, camera_serial, lens, thumbnail_sha256, thumbnail_size_bytes, watermarked_sha256,
                     watermarked_size_bytes, recipe)
             SELECT id, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22 FROM photo",
        )
        .bind(photo.id.0)
        .bind(project.0)
        .bind(photographer.0)
        .bind(&photo.storage_key)
        .bind(&made.thumbnail.key)
        .bind(&made.watermarked.key)
        .bind(&facts.sha256.as_bytes()[..])
        .bind(8_000_000_i64)
        .bind(&facts.original_name)
        .bind(facts.format)
        .bind(6000)
        .bind(4000)
        .bind(1_i16)
        .bind(&facts.camera_make)
        .bind(&facts.camera_model)
        .bind(&facts.camera_serial)
        .bind(&facts.lens)
        .bind(&made.thumbnail.sha256.as_bytes()[..])
        .bind(30_000_i64)
        .bind(&made.watermarked.sha256.as_bytes()[..])
        .bind(30_000_i64)
        .bind(&made.recipe.as_bytes()[..])
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

async fn counted(db: &Db) -> Result<(i64, i64)> {
    let mut conn = db.conn().await?;
    let counts = sqlx::query_as("SELECT count(*), count(*) FILTER (WHERE status = 'ready') FROM photos");
    Ok(counts.fetch_one(&mut *conn).await?)
}

fn begun(project: ProjectId, number: u32) -> BegunPhoto {
    let sha256 = Sha256::of(&number.to_be_bytes());
    let id = PhotoId::of_content(project, &sha256);
    BegunPhoto {
        id,
        storage_key: format!("projects/{project}/photos/{id}/original.jpg"),
        facts: FileFacts {
            sha256,
            size_bytes: 8_000_000,
            original_name: format!("DSC_{number:05}.JPG"),
            original_name_raw: None,
            format: "jpeg",
            width: Some(6000),
            height: Some(4000),
            orientation: Some(1),
            captured_at: None,
            captured_offset_minutes: None,
            camera_make: Some("Maker".to_owned()),
            camera_model: Some("Model".to_owned()),
            camera_serial: Some("1234567".to_owned()),
            lens: Some("24-70mm f/2.8".to_owned()),
            place: None,
        },
    }
}

fn ready(photo: &BegunPhoto) -> ReadyPhoto {
    let derivative = |name: &str| StoredDerivative {
        key: photo.storage_key.replace("original", name),
        sha256: photo.facts.sha256,
        size_bytes: 30_000,
    };
    let derivatives = Derivatives {
        thumbnail: derivative("thumbnail"),
        watermarked: derivative("watermarked"),
        recipe: photo.facts.sha256,
    };
    ReadyPhoto { id: photo.id, derivatives: Some(derivatives), restore: false }
}
