//! Which photos a job works on: ids first, all at once, so that what was confirmed is what is done; then the rows
//! piece by piece.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::filter::PhotoFilter;
use crate::error::Result;
use crate::model::digest::Sha256;
use crate::model::ids::{OperatorId, PhotoId, PhotographerId, ProjectId};
use crate::model::status::PhotoObject;

/// Which of the filtered photos a job is interested in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Want {
    #[default]
    All,
    /// Without file facts, or without one of the derivatives.
    Incomplete,
}

/// The ids of the photos, ascending: 16 bytes each.
///
/// # Errors
/// Those of the database.
pub async fn ids(conn: &mut PgConnection, filter: &PhotoFilter, want: Want) -> Result<Vec<PhotoId>> {
    let mut sql = QueryBuilder::<Postgres>::new("SELECT p.id FROM photos p");
    if filter.needs_files() || want == Want::Incomplete {
        sql.push(" LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id");
    }
    filter.push(&mut sql);
    if want == Want::Incomplete {
        sql.push(
            " AND (f.photo_id IS NULL OR p.thumbnail_key IS NULL OR p.watermarked_key IS NULL OR p.status <> 'ready')",
        );
    }
    sql.push(" ORDER BY p.id");
    let ids: Vec<Uuid> = sql.build_query_scalar().fetch_all(conn).await?;
    Ok(ids.into_iter().map(PhotoId).collect())
}

/// What photos are there with ids between two, both included; at most `limit`. Deleted ones too.
///
/// # Errors
/// Those of the database.
pub async fn between(conn: &mut PgConnection, from: PhotoId, to: PhotoId, limit: u32) -> Result<Vec<PhotoId>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM photos WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT $3",
        from.0,
        to.0,
        i64::from(limit)
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PhotoId).collect())
}

/// Those of `ids` that there are, deleted ones too, ascending.
///
/// # Errors
/// Those of the database.
pub async fn existing(conn: &mut PgConnection, ids: &[PhotoId]) -> Result<Vec<PhotoId>> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let there = sqlx::query_scalar!("SELECT id FROM photos WHERE id = ANY($1) ORDER BY id", &wanted).fetch_all(conn);
    Ok(there.await?.into_iter().map(PhotoId).collect())
}

/// What a job needs to know of one photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhotoRecord {
    pub id: PhotoId,
    pub project: ProjectId,
    pub photographer: PhotographerId,
    pub status: String,
    pub storage_key: String,
    pub thumbnail_key: Option<String>,
    pub watermarked_key: Option<String>,
    pub uploaded_at: DateTime<Utc>,
    pub deleted: bool,
    /// `None` for rows that others wrote and nobody adopted.
    pub file: Option<FileRecord>,
}

/// What `photoctl` knows of the file behind a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    pub sha256: Sha256,
    pub size_bytes: u64,
    pub original_name: String,
    pub format: String,
    pub thumbnail_sha256: Option<Sha256>,
    pub thumbnail_size_bytes: Option<u64>,
    pub watermarked_sha256: Option<Sha256>,
    pub watermarked_size_bytes: Option<u64>,
    pub recipe: Option<Sha256>,
    pub failed_reason: Option<String>,
    pub original_lost_at: Option<DateTime<Utc>>,
}

impl PhotoRecord {
    /// The key of one of its objects; `None` for a derivative that was not made yet, and for RAWs, which have rows of
    /// their own.
    #[must_use]
    pub fn key(&self, object: PhotoObject) -> Option<&str> {
        match object {
            PhotoObject::Original => Some(&self.storage_key),
            PhotoObject::Raw => None,
            PhotoObject::Watermarked => self.watermarked_key.as_deref(),
            PhotoObject::Thumbnail => self.thumbnail_key.as_deref(),
        }
    }

    /// What people know it by: the name on the card, else the storage key.
    #[must_use]
    pub fn name(&self) -> &str {
        self.file.as_ref().map_or(&self.storage_key, |file| &file.original_name)
    }
}

/// The rows of `ids`, ascending. Those that are gone are left out.
///
/// # Errors
/// Those of the database.
pub async fn records(conn: &mut PgConnection, ids: &[PhotoId]) -> Result<Vec<PhotoRecord>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        RecordRow,
        r#"
        SELECT p.id, p.project_id, p.photographer_id, p.status, p.storage_key, p.thumbnail_key, p.watermarked_key,
               p.uploaded_at, p.deleted_at,
               f.sha256 AS "sha256?", f.size_bytes AS "size_bytes?", f.original_name AS "original_name?",
               f.format AS "format?", f.thumbnail_sha256, f.thumbnail_size_bytes, f.watermarked_sha256,
               f.watermarked_size_bytes, f.recipe, f.failed_reason, f.original_lost_at
          FROM photos p
          LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id
         WHERE p.id = ANY($1)
         ORDER BY p.id
        "#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(PhotoRecord::from).collect())
}

/// A project's rows behind `after`, ascending by id, deleted ones too.
///
/// # Errors
/// Those of the database.
pub async fn of_project(
    conn: &mut PgConnection,
    project: ProjectId,
    after: PhotoId,
    limit: u32,
) -> Result<Vec<PhotoRecord>> {
    let rows = sqlx::query_as!(
        RecordRow,
        r#"
        SELECT p.id, p.project_id, p.photographer_id, p.status, p.storage_key, p.thumbnail_key, p.watermarked_key,
               p.uploaded_at, p.deleted_at,
               f.sha256 AS "sha256?", f.size_bytes AS "size_bytes?", f.original_name AS "original_name?",
               f.format AS "format?", f.thumbnail_sha256, f.thumbnail_size_bytes, f.watermarked_sha256,
               f.watermarked_size_bytes, f.recipe, f.failed_reason, f.original_lost_at
          FROM photos p
          LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id
         WHERE p.project_id = $1 AND p.id > $2
         ORDER BY p.id
         LIMIT $3
        "#,
        project.0,
        after.0,
        i64::from(limit)
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(PhotoRecord::from).collect())
}

struct RecordRow {
    id: Uuid,
    project_id: Uuid,
    photographer_id: Uuid,
    status: String,
    storage_key: String,
    thumbnail_key: Option<String>,
    watermarked_key: Option<String>,
    uploaded_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
    sha256: Option<Vec<u8>>,
    size_bytes: Option<i64>,
    original_name: Option<String>,
    format: Option<String>,
    thumbnail_sha256: Option<Vec<u8>>,
    thumbnail_size_bytes: Option<i64>,
    watermarked_sha256: Option<Vec<u8>>,
    watermarked_size_bytes: Option<i64>,
    recipe: Option<Vec<u8>>,
    failed_reason: Option<String>,
    original_lost_at: Option<NaiveDateTime>,
}

impl From<RecordRow> for PhotoRecord {
    fn from(row: RecordRow) -> Self {
        let digest = |bytes: Option<Vec<u8>>| bytes.as_deref().and_then(Sha256::from_slice);
        let size = |bytes: Option<i64>| bytes.and_then(|bytes| u64::try_from(bytes).ok());
        let file = match (digest(row.sha256), size(row.size_bytes), row.original_name, row.format) {
            (Some(sha256), Some(size_bytes), Some(original_name), Some(format)) => Some(FileRecord {
                sha256,
                size_bytes,
                original_name,
                format,
                thumbnail_sha256: digest(row.thumbnail_sha256),
                thumbnail_size_bytes: size(row.thumbnail_size_bytes),
                watermarked_sha256: digest(row.watermarked_sha256),
                watermarked_size_bytes: size(row.watermarked_size_bytes),
                recipe: digest(row.recipe),
                failed_reason: row.failed_reason,
                original_lost_at: row.original_lost_at.map(|time| time.and_utc()),
            }),
            _ => None,
        };
        Self {
            id: row.id.into(),
            project: row.project_id.into(),
            photographer: row.photographer_id.into(),
            status: row.status,
            storage_key: row.storage_key,
            thumbnail_key: row.thumbnail_key,
            watermarked_key: row.watermarked_key,
            uploaded_at: row.uploaded_at.and_utc(),
            deleted: row.deleted_at.is_some(),
            file,
        }
    }
}

/// The IANA zone of an operator's row.
///
/// # Errors
/// Those of the database.
pub async fn operator_zone(conn: &mut PgConnection, operator: OperatorId) -> Result<Option<String>> {
    let zone = sqlx::query_scalar!("SELECT timezone FROM operators WHERE id = $1", operator.0).fetch_optional(conn);
    Ok(zone.await?)
}
