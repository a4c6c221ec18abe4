//! Which contents are photos already, in this project or another.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::digest::Sha256;
use crate::model::ids::{PhotoId, ProjectId};

/// A photo whose content was asked for, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPhoto {
    pub photo: PhotoId,
    /// The hash that was asked for; `None` where the row was found by its id alone.
    pub sha256: Option<Sha256>,
    pub project: ProjectId,
    pub project_name: String,
    pub status: String,
    /// Of the content that was asked for: the photo's original, or the RAW beside it.
    pub storage_key: String,
    pub has_derivatives: bool,
    pub deleted: bool,
    /// `verify` found that content gone, or other bytes in its place.
    pub original_lost: bool,
    pub original_name: Option<String>,
    /// The content is that of the RAW beside the photo.
    pub is_companion: bool,
}

/// All photos of any project that have one of these contents, and those of these ids.
///
/// # Errors
/// What the database says.
pub async fn by_content(conn: &mut PgConnection, contents: &[Sha256], ids: &[PhotoId]) -> Result<Vec<KnownPhoto>> {
    let hashes: Vec<Vec<u8>> = contents.iter().map(|sha256| sha256.as_bytes().to_vec()).collect();
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        KnownRow,
        r#"
        SELECT p.id AS "id!", f.sha256, p.project_id AS "project_id!", r.name AS "project_name!",
               p.status AS "status!", p.storage_key AS "storage_key!",
               (p.thumbnail_key IS NOT NULL AND p.watermarked_key IS NOT NULL) AS "has_derivatives!",
               (p.deleted_at IS NOT NULL) AS "deleted!",
               (f.original_lost_at IS NOT NULL) AS "original_lost!",
               f.original_name, false AS "is_companion!"
          FROM photoctl.photo_files f
          JOIN photos p ON p.id = f.photo_id
          JOIN projects r ON r.id = p.project_id
         WHERE f.sha256 = ANY($1)
        UNION ALL
        SELECT p.id, c.sha256, p.project_id, r.name, p.status, c.storage_key,
               p.thumbnail_key IS NOT NULL AND p.watermarked_key IS NOT NULL,
               p.deleted_at IS NOT NULL, c.lost_at IS NOT NULL, c.original_name, true
          FROM photoctl.photo_companions c
          JOIN photos p ON p.id = c.photo_id
          JOIN projects r ON r.id = p.project_id
         WHERE c.sha256 = ANY($1)
        UNION ALL
        SELECT p.id, NULL, p.project_id, r.name, p.status, p.storage_key,
               p.thumbnail_key IS NOT NULL AND p.watermarked_key IS NOT NULL,
               p.deleted_at IS NOT NULL, false, NULL, false
          FROM photos p
          JOIN projects r ON r.id = p.project_id
         WHERE p.id = ANY($2)
           AND NOT EXISTS (SELECT FROM photoctl.photo_files f WHERE f.photo_id = p.id)
        "#,
        &hashes,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(KnownPhoto::from).collect())
}

/// A photo that nobody has recorded a content of: the web application's own uploader made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub photo: PhotoId,
    pub storage_key: String,
    pub deleted: bool,
}

/// The photos of a project whose content is not known. Deleted ones too: their files must not come back as others.
///
/// # Errors
/// What the database says.
pub async fn strangers(conn: &mut PgConnection, project: ProjectId) -> Result<Vec<Stranger>> {
    let rows = sqlx::query!(
        r#"
        SELECT p.id, p.storage_key, (p.deleted_at IS NOT NULL) AS "deleted!"
          FROM photos p
         WHERE p.project_id = $1
           AND NOT EXISTS (SELECT FROM photoctl.photo_files f WHERE f.photo_id = p.id)
         ORDER BY p.id
        "#,
        project.0,
    )
    .fetch_all(conn)
    .await?;
    let stranger = |id: Uuid, storage_key, deleted| Stranger { photo: id.into(), storage_key, deleted };
    Ok(rows.into_iter().map(|row| stranger(row.id, row.storage_key, row.deleted)).collect())
}

/// Whether a RAW was ever stored beside its JPEG in a project.
///
/// # Errors
/// What the database says.
pub async fn has_companions(conn: &mut PgConnection, project: ProjectId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM photoctl.photo_companions c
                         JOIN photos p ON p.id = c.photo_id
                        WHERE p.project_id = $1) AS "found!"
        "#,
        project.0,
    );
    Ok(found.fetch_one(conn).await?)
}

struct KnownRow {
    id: Uuid,
    sha256: Option<Vec<u8>>,
    project_id: Uuid,
    project_name: String,
    status: String,
    storage_key: String,
    has_derivatives: bool,
    deleted: bool,
    original_lost: bool,
    original_name: Option<String>,
    is_companion: bool,
}

impl From<KnownRow> for KnownPhoto {
    fn from(row: KnownRow) -> Self {
        Self {
            photo: row.id.into(),
            sha256: row.sha256.as_deref().and_then(Sha256::from_slice),
            project: row.project_id.into(),
            project_name: row.project_name,
            status: row.status,
            storage_key: row.storage_key,
            has_derivatives: row.has_derivatives,
            deleted: row.deleted,
            original_lost: row.original_lost,
            original_name: row.original_name,
            is_companion: row.is_companion,
        }
    }
}
