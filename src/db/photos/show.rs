//! Everything that is known of one photo.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::digest::Sha256;
use crate::model::ids::{PhotoId, PhotographerId, ProjectId};

/// One photo with all its facts. Fields of the file are empty where nobody has looked at it yet.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhotoDetails {
    pub id: PhotoId,
    pub status: String,
    pub original_name: Option<String>,
    pub storage_key: String,
    pub thumbnail_key: Option<String>,
    pub watermarked_key: Option<String>,
    pub uploaded_at: DateTime<Utc>,
    pub captured_at: Option<DateTime<Utc>>,
    /// Minutes east of UTC, where the camera wrote it.
    pub captured_offset_minutes: Option<i16>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<Sha256>,
    pub format: Option<String>,
    pub orientation: Option<i16>,
    pub camera_make: Option<String>,
    pub camera_model: Option<String>,
    pub camera_serial: Option<String>,
    pub lens: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub clock_offset_seconds: Option<i32>,
    pub thumbnail_size_bytes: Option<i64>,
    pub watermarked_size_bytes: Option<i64>,
    /// What the derivatives were made by.
    pub recipe: Option<Sha256>,
    pub failed_reason: Option<String>,
    pub original_lost_at: Option<DateTime<Utc>>,
    pub recorded_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub project_id: ProjectId,
    pub project_name: String,
    /// IANA zone of the project, else of its operator.
    pub timezone: String,
    pub photographer_id: PhotographerId,
    pub photographer_name: String,
    /// Further names under which the same content was found.
    pub other_names: Vec<String>,
    pub companions: Vec<Companion>,
    pub tags: TagCounts,
}

/// The RAW beside a JPEG.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Companion {
    pub original_name: String,
    pub format: String,
    pub size_bytes: i64,
    pub sha256: Option<Sha256>,
    pub storage_key: String,
}

/// How many people are tagged in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TagCounts {
    pub confirmed: i64,
    pub pending: i64,
    pub rejected: i64,
}

/// One photo, also a deleted one.
///
/// # Errors
/// Those of the database.
pub async fn details(conn: &mut PgConnection, id: PhotoId) -> Result<Option<PhotoDetails>> {
    let row = sqlx::query_as!(
        DetailsRow,
        r#"
        SELECT p.id, p.status, p.storage_key, p.thumbnail_key, p.watermarked_key, p.uploaded_at,
               p.updated_at AS "updated_at?", p.deleted_at, p.project_id, pr.name AS project_name,
               coalesce(pr.timezone, o.timezone) AS "timezone!", p.photographer_id, ph.name AS photographer_name,
               f.original_name AS "original_name?", f.captured_at, f.captured_offset_minutes, f.width, f.height,
               f.size_bytes AS "size_bytes?", f.sha256 AS "sha256?", f.format AS "format?", f.orientation,
               f.camera_make, f.camera_model, f.camera_serial, f.lens, f.latitude, f.longitude,
               f.clock_offset_seconds AS "clock_offset_seconds?", f.thumbnail_size_bytes, f.watermarked_size_bytes,
               f.recipe, f.failed_reason, f.original_lost_at, f.recorded_at AS "recorded_at?"
          FROM photos p
          JOIN projects pr ON pr.id = p.project_id
          JOIN operators o ON o.id = pr.operator_id
          JOIN photographers ph ON ph.id = p.photographer_id
          LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id
         WHERE p.id = $1
        "#,
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let other_names =
        sqlx::query_scalar!("SELECT name FROM photoctl.photo_names WHERE photo_id = $1 ORDER BY name", id.0)
            .fetch_all(&mut *conn)
            .await?;
    let companions = companions(conn, id).await?;
    let tags = sqlx::query_as!(
        TagCounts,
        r#"
        SELECT count(*) FILTER (WHERE review_status = 'confirmed') AS "confirmed!",
               count(*) FILTER (WHERE review_status = 'pending') AS "pending!",
               count(*) FILTER (WHERE review_status = 'rejected') AS "rejected!"
          FROM photo_tags
         WHERE photo_id = $1
        "#,
        id.0
    )
    .fetch_one(conn)
    .await?;
    Ok(Some(row.into_details(other_names, companions, tags)))
}

async fn companions(conn: &mut PgConnection, id: PhotoId) -> Result<Vec<Companion>> {
    let rows = sqlx::query!(
        "
        SELECT original_name, format, size_bytes, sha256, storage_key
          FROM photoctl.photo_companions
         WHERE photo_id = $1
         ORDER BY storage_key
        ",
        id.0
    )
    .fetch_all(conn)
    .await?;
    let companions = rows.into_iter().map(|row| Companion {
        original_name: row.original_name,
        format: row.format,
        size_bytes: row.size_bytes,
        sha256: Sha256::from_slice(&row.sha256),
        storage_key: row.storage_key,
    });
    Ok(companions.collect())
}

struct DetailsRow {
    id: Uuid,
    status: String,
    storage_key: String,
    thumbnail_key: Option<String>,
    watermarked_key: Option<String>,
    uploaded_at: NaiveDateTime,
    updated_at: Option<NaiveDateTime>,
    deleted_at: Option<NaiveDateTime>,
    project_id: Uuid,
    project_name: String,
    timezone: String,
    photographer_id: Uuid,
    photographer_name: String,
    original_name: Option<String>,
    captured_at: Option<NaiveDateTime>,
    captured_offset_minutes: Option<i16>,
    width: Option<i32>,
    height: Option<i32>,
    size_bytes: Option<i64>,
    sha256: Option<Vec<u8>>,
    format: Option<String>,
    orientation: Option<i16>,
    camera_make: Option<String>,
    camera_model: Option<String>,
    camera_serial: Option<String>,
    lens: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    clock_offset_seconds: Option<i32>,
    thumbnail_size_bytes: Option<i64>,
    watermarked_size_bytes: Option<i64>,
    recipe: Option<Vec<u8>>,
    failed_reason: Option<String>,
    original_lost_at: Option<NaiveDateTime>,
    recorded_at: Option<NaiveDateTime>,
}

impl DetailsRow {
    fn into_details(self, other_names: Vec<String>, companions: Vec<Companion>, tags: TagCounts) -> PhotoDetails {
        let utc = |time: Option<NaiveDateTime>| time.map(|time| time.and_utc());
        PhotoDetails {
            id: self.id.into(),
            status: self.status,
            original_name: self.original_name,
            storage_key: self.storage_key,
            thumbnail_key: self.thumbnail_key,
            watermarked_key: self.watermarked_key,
            uploaded_at: self.uploaded_at.and_utc(),
            captured_at: utc(self.captured_at),
            captured_offset_minutes: self.captured_offset_minutes,
            width: self.width,
            height: self.height,
            size_bytes: self.size_bytes,
            sha256: self.sha256.as_deref().and_then(Sha256::from_slice),
            format: self.format,
            orientation: self.orientation,
            camera_make: self.camera_make,
            camera_model: self.camera_model,
            camera_serial: self.camera_serial,
            lens: self.lens,
            latitude: self.latitude,
            longitude: self.longitude,
            clock_offset_seconds: self.clock_offset_seconds,
            thumbnail_size_bytes: self.thumbnail_size_bytes,
            watermarked_size_bytes: self.watermarked_size_bytes,
            recipe: self.recipe.as_deref().and_then(Sha256::from_slice),
            failed_reason: self.failed_reason,
            original_lost_at: utc(self.original_lost_at),
            recorded_at: utc(self.recorded_at),
            updated_at: utc(self.updated_at),
            deleted_at: utc(self.deleted_at),
            project_id: self.project_id.into(),
            project_name: self.project_name,
            timezone: self.timezone,
            photographer_id: self.photographer_id.into(),
            photographer_name: self.photographer_name,
            other_names,
            companions,
            tags,
        }
    }
}
