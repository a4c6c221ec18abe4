//! Writes photos and the facts of their files, many at a time.
//!
//! Every function here may be run again with the same rows. Rows are taken in the order of their ids, so that two
//! uploaders of the same card wait for each other instead of deadlocking.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::faces;
use crate::error::Result;
use crate::model::digest::Sha256;
use crate::model::ids::{PhotoId, PhotographerId, ProjectId};

/// What is known of a file. Texts are printable.
#[derive(Debug, Clone, PartialEq)]
pub struct FileFacts {
    pub sha256: Sha256,
    pub size_bytes: u64,
    pub original_name: String,
    /// Only where the name is not UTF-8.
    pub original_name_raw: Option<Vec<u8>>,
    pub format: &'static str,
    /// Upright, in pixels.
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// As in EXIF, 1 to 8.
    pub orientation: Option<u8>,
    pub captured_at: Option<DateTime<Utc>>,
    /// Minutes east of UTC, where the camera wrote them.
    pub captured_offset_minutes: Option<i16>,
    pub camera_make: Option<String>,
    pub camera_model: Option<String>,
    pub camera_serial: Option<String>,
    pub lens: Option<String>,
    /// Degrees, north and east positive.
    pub place: Option<(f64, f64)>,
}

/// A photo that is about to be stored.
#[derive(Debug, Clone)]
pub struct BegunPhoto {
    pub id: PhotoId,
    pub storage_key: String,
    pub facts: FileFacts,
}

/// An object that was made of a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDerivative {
    pub key: String,
    pub sha256: Sha256,
    pub size_bytes: u64,
}

/// A photo whose objects are stored.
#[derive(Debug, Clone)]
pub struct ReadyPhoto {
    pub id: PhotoId,
    /// `None` where none were to be made: what the row has stays.
    pub derivatives: Option<Derivatives>,
    /// Bring a deleted one back.
    pub restore: bool,
}

/// Thumbnail and preview with watermark, and what they were made by.
#[derive(Debug, Clone)]
pub struct Derivatives {
    pub thumbnail: StoredDerivative,
    pub watermarked: StoredDerivative,
    pub recipe: Sha256,
}

/// The RAW beside a JPEG, stored.
#[derive(Debug, Clone)]
pub struct StoredCompanion {
    pub photo: PhotoId,
    pub sha256: Sha256,
    pub storage_key: String,
    pub size_bytes: u64,
    pub original_name: String,
    pub format: &'static str,
}

/// Rows in status `processing` with their facts. A row that is there keeps its key and, if it is `ready`, its status. One
/// that failed begins anew, its time too: by that time it is told whether an upload is stuck.
///
/// # Errors
/// What the database says.
pub async fn begin(
    conn: &mut PgConnection,
    project: ProjectId,
    photographer: PhotographerId,
    photos: &[BegunPhoto],
) -> Result<()> {
    let photos = in_order(photos, |photo| photo.id);
    let ids: Vec<Uuid> = photos.iter().map(|photo| photo.id.0).collect();
    let keys: Vec<String> = photos.iter().map(|photo| photo.storage_key.clone()).collect();
    sqlx::query!(
        "
        INSERT INTO photos (id, project_id, photographer_id, storage_key, status)
        SELECT new.id, $3, $4, new.storage_key, 'processing'
          FROM UNNEST($1::uuid[], $2::text[]) AS new (id, storage_key)
        ON CONFLICT (id) DO UPDATE SET status = 'processing', uploaded_at = now(), updated_at = now()
         WHERE photos.status = 'failed'
        ",
        &ids,
        &keys,
        project.0,
        photographer.0,
    )
    .execute(&mut *conn)
    .await?;
    let facts: Vec<(PhotoId, &FileFacts)> = photos.iter().map(|photo| (photo.id, &photo.facts)).collect();
    facts_of(conn, &facts).await
}

/// The facts of files behind rows that are there.
///
/// # Errors
/// What the database says.
pub async fn facts_of(conn: &mut PgConnection, facts: &[(PhotoId, &FileFacts)]) -> Result<()> {
    let facts = in_order(facts, |(id, _)| *id);
    let column = Columns::of(&facts);
    sqlx::query!(
        "
        INSERT INTO photoctl.photo_files
               (photo_id, sha256, size_bytes, original_name, original_name_raw, format, width, height, orientation,
                captured_at, captured_offset_minutes, camera_make, camera_model, camera_serial, lens,
                latitude, longitude)
        SELECT * FROM UNNEST($1::uuid[], $2::bytea[], $3::bigint[], $4::text[], $5::bytea[], $6::text[], $7::integer[],
                             $8::integer[], $9::smallint[], $10::timestamp[], $11::smallint[], $12::text[],
                             $13::text[], $14::text[], $15::text[], $16::double precision[], $17::double precision[])
        ON CONFLICT (photo_id) DO UPDATE SET failed_reason = NULL
         WHERE photo_files.failed_reason IS NOT NULL
        ",
        &column.id,
        &column.sha256,
        &column.size_bytes,
        &column.original_name,
        &column.original_name_raw as &[Option<Vec<u8>>],
        &column.format,
        &column.width as &[Option<i32>],
        &column.height as &[Option<i32>],
        &column.orientation as &[Option<i16>],
        &column.captured_at as &[Option<NaiveDateTime>],
        &column.captured_offset_minutes as &[Option<i16>],
        &column.camera_make as &[Option<String>],
        &column.camera_model as &[Option<String>],
        &column.camera_serial as &[Option<String>],
        &column.lens as &[Option<String>],
        &column.latitude as &[Option<f64>],
        &column.longitude as &[Option<f64>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One vector a column, as `UNNEST` wants them.
#[derive(Default)]
struct Columns {
    id: Vec<Uuid>,
    sha256: Vec<Vec<u8>>,
    size_bytes: Vec<i64>,
    original_name: Vec<String>,
    original_name_raw: Vec<Option<Vec<u8>>>,
    format: Vec<String>,
    width: Vec<Option<i32>>,
    height: Vec<Option<i32>>,
    orientation: Vec<Option<i16>>,
    captured_at: Vec<Option<NaiveDateTime>>,
    captured_offset_minutes: Vec<Option<i16>>,
    camera_make: Vec<Option<String>>,
    camera_model: Vec<Option<String>>,
    camera_serial: Vec<Option<String>>,
    lens: Vec<Option<String>>,
    latitude: Vec<Option<f64>>,
    longitude: Vec<Option<f64>>,
}

impl Columns {
    fn of(facts: &[&(PhotoId, &FileFacts)]) -> Self {
        let mut columns = Self::default();
        for (id, facts) in facts {
            columns.id.push(id.0);
            columns.sha256.push(facts.sha256.as_bytes().to_vec());
            columns.size_bytes.push(bigint(facts.size_bytes));
            columns.original_name.push(facts.original_name.clone());
            columns.original_name_raw.push(facts.original_name_raw.clone());
            columns.format.push(facts.format.to_owned());
            columns.width.push(facts.width.and_then(|pixels| i32::try_from(pixels).ok()));
            columns.height.push(facts.height.and_then(|pixels| i32::try_from(pixels).ok()));
            columns.orientation.push(facts.orientation.map(i16::from));
            columns.captured_at.push(facts.captured_at.map(|time| time.naive_utc()));
            columns.captured_offset_minutes.push(facts.captured_offset_minutes);
            columns.camera_make.push(facts.camera_make.clone());
            columns.camera_model.push(facts.camera_model.clone());
            columns.camera_serial.push(facts.camera_serial.clone());
            columns.lens.push(facts.lens.clone());
            columns.latitude.push(facts.place.map(|(latitude, _)| latitude));
            columns.longitude.push(facts.place.map(|(_, longitude)| longitude));
        }
        columns
    }
}

/// Rows in status `ready`, with the keys of what was made. Answers which of them are there: one that the web
/// application deleted meanwhile is not.
///
/// # Errors
/// What the database says.
pub async fn ready(conn: &mut PgConnection, photos: &[ReadyPhoto]) -> Result<Vec<PhotoId>> {
    let photos = in_order(photos, |photo| photo.id);
    let made = |photo: &&ReadyPhoto| photo.derivatives.clone();
    let ids: Vec<Uuid> = photos.iter().map(|photo| photo.id.0).collect();
    let restore: Vec<bool> = photos.iter().map(|photo| photo.restore).collect();
    let key = |of: fn(&Derivatives) -> &StoredDerivative| -> Vec<Option<String>> {
        photos.iter().map(|photo| made(photo).map(|made| of(&made).key.clone())).collect()
    };
    let sha256 = |of: fn(&Derivatives) -> &StoredDerivative| -> Vec<Option<Vec<u8>>> {
        photos.iter().map(|photo| made(photo).map(|made| of(&made).sha256.as_bytes().to_vec())).collect()
    };
    let size = |of: fn(&Derivatives) -> &StoredDerivative| -> Vec<Option<i64>> {
        photos.iter().map(|photo| made(photo).map(|made| bigint(of(&made).size_bytes))).collect()
    };
    let recipes: Vec<Option<Vec<u8>>> =
        photos.iter().map(|photo| made(photo).map(|made| made.recipe.as_bytes().to_vec())).collect();
    let rows = sqlx::query_scalar!(
        "
        WITH held AS (SELECT id FROM photos WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE)
        UPDATE photos p
           SET status = 'ready',
               thumbnail_key = coalesce(new.thumbnail_key, p.thumbnail_key),
               watermarked_key = coalesce(new.watermarked_key, p.watermarked_key),
               uploaded_at = CASE WHEN p.status = 'ready' THEN p.uploaded_at ELSE now() END,
               deleted_at = CASE WHEN new.restore THEN NULL ELSE p.deleted_at END,
               updated_at = now()
          FROM held
          JOIN UNNEST($1::uuid[], $2::text[], $3::text[], $4::boolean[])
               AS new (id, thumbnail_key, watermarked_key, restore) ON new.id = held.id
         WHERE p.id = held.id
        RETURNING p.id
        ",
        &ids,
        &key(|made| &made.thumbnail) as &[Option<String>],
        &key(|made| &made.watermarked) as &[Option<String>],
        &restore,
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!(
        "
        UPDATE photoctl.photo_files f
           SET thumbnail_sha256 = coalesce(new.thumbnail_sha256, f.thumbnail_sha256),
               thumbnail_size_bytes = coalesce(new.thumbnail_size_bytes, f.thumbnail_size_bytes),
               watermarked_sha256 = coalesce(new.watermarked_sha256, f.watermarked_sha256),
               watermarked_size_bytes = coalesce(new.watermarked_size_bytes, f.watermarked_size_bytes),
               recipe = coalesce(new.recipe, f.recipe),
               failed_reason = NULL,
               original_lost_at = NULL
          FROM UNNEST($1::uuid[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bigint[], $6::bytea[])
               AS new (photo_id, thumbnail_sha256, thumbnail_size_bytes, watermarked_sha256, watermarked_size_bytes,
                       recipe)
         WHERE f.photo_id = new.photo_id
        ",
        &ids,
        &sha256(|made| &made.thumbnail) as &[Option<Vec<u8>>],
        &size(|made| &made.thumbnail) as &[Option<i64>],
        &sha256(|made| &made.watermarked) as &[Option<Vec<u8>>],
        &size(|made| &made.watermarked) as &[Option<i64>],
        &recipes as &[Option<Vec<u8>>],
    )
    .execute(&mut *conn)
    .await?;
    let restored: Vec<PhotoId> = photos.iter().filter(|photo| photo.restore).map(|photo| photo.id).collect();
    if !restored.is_empty() {
        faces::match_again(conn, &restored).await?;
    }
    Ok(rows.into_iter().map(PhotoId).collect())
}

/// Rows in status `failed` with the reason; a row that is `ready` stays so.
///
/// # Errors
/// What the database says.
pub async fn failed(conn: &mut PgConnection, photos: &[(PhotoId, String)]) -> Result<()> {
    let photos = in_order(photos, |(id, _)| *id);
    let ids: Vec<Uuid> = photos.iter().map(|(id, _)| id.0).collect();
    let reasons: Vec<String> = photos.iter().map(|(_, reason)| reason.clone()).collect();
    sqlx::query!(
        "
        WITH held AS (SELECT id FROM photos WHERE id = ANY($1::uuid[]) AND status <> 'ready' ORDER BY id FOR UPDATE)
        UPDATE photos p SET status = 'failed', updated_at = now() FROM held WHERE p.id = held.id
        ",
        &ids,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "
        UPDATE photoctl.photo_files f
           SET failed_reason = new.reason
          FROM UNNEST($1::uuid[], $2::text[]) AS new (photo_id, reason)
         WHERE f.photo_id = new.photo_id
        ",
        &ids,
        &reasons,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Further names of photos. A name that a photo has already is left as it is.
///
/// # Errors
/// What the database says.
pub async fn names(conn: &mut PgConnection, names: &[(PhotoId, String)]) -> Result<()> {
    let mut names: Vec<&(PhotoId, String)> = names.iter().collect();
    names.sort_unstable();
    names.dedup();
    let ids: Vec<Uuid> = names.iter().map(|(id, _)| id.0).collect();
    let texts: Vec<String> = names.iter().map(|(_, name)| name.clone()).collect();
    sqlx::query!(
        "
        INSERT INTO photoctl.photo_names (photo_id, name)
        SELECT p.id, new.name
          FROM UNNEST($1::uuid[], $2::text[]) AS new (photo_id, name)
          JOIN photos p ON p.id = new.photo_id
        ON CONFLICT DO NOTHING
        ",
        &ids,
        &texts,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The RAWs beside JPEGs. One that is there already is no longer lost.
///
/// # Errors
/// What the database says.
pub async fn companions(conn: &mut PgConnection, companions: &[StoredCompanion]) -> Result<()> {
    let mut companions: Vec<&StoredCompanion> = companions.iter().collect();
    companions.sort_unstable_by_key(|companion| (companion.photo, companion.sha256));
    companions.dedup_by_key(|companion| (companion.photo, companion.sha256));
    let ids: Vec<Uuid> = companions.iter().map(|companion| companion.photo.0).collect();
    let hashes: Vec<Vec<u8>> = companions.iter().map(|companion| companion.sha256.as_bytes().to_vec()).collect();
    let keys: Vec<String> = companions.iter().map(|companion| companion.storage_key.clone()).collect();
    let sizes: Vec<i64> = companions.iter().map(|companion| bigint(companion.size_bytes)).collect();
    let names: Vec<String> = companions.iter().map(|companion| companion.original_name.clone()).collect();
    let formats: Vec<String> = companions.iter().map(|companion| companion.format.to_owned()).collect();
    sqlx::query!(
        "
        INSERT INTO photoctl.photo_companions (photo_id, sha256, storage_key, size_bytes, original_name, format)
        SELECT * FROM UNNEST($1::uuid[], $2::bytea[], $3::text[], $4::bigint[], $5::text[], $6::text[])
        ON CONFLICT (photo_id, sha256) DO UPDATE SET storage_key = excluded.storage_key, lost_at = NULL
         WHERE photo_companions.lost_at IS NOT NULL
        ",
        &ids,
        &hashes,
        &keys,
        &sizes,
        &names,
        &formats,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// References in the order of their ids, each id once: the last one given.
fn in_order<T>(rows: &[T], id: impl Fn(&T) -> PhotoId) -> Vec<&T> {
    let mut ordered = std::collections::BTreeMap::new();
    for row in rows {
        ordered.insert(id(row), row);
    }
    ordered.into_values().collect()
}

fn bigint(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
