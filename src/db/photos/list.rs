//! Photos as a list: sorted, cut by key, not by counting.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::filter::PhotoFilter;
use crate::error::{Error, Result};
use crate::model::digest::Sha256;
use crate::model::ids::{PhotoId, PhotographerId, ProjectId};

/// What a list is sorted by. Photos without that value come last, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    Uploaded,
    Captured,
    Name,
    Size,
}

/// An order. Ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl SortKey {
    fn column(self) -> &'static str {
        match self {
            SortKey::Uploaded => "p.uploaded_at",
            SortKey::Captured => "f.captured_at",
            SortKey::Name => "f.original_name",
            SortKey::Size => "f.size_bytes",
        }
    }

    /// Whether every photo has the value: `photos` holds it itself.
    fn is_always_there(self) -> bool {
        self == SortKey::Uploaded
    }
}

/// Where a list goes on: behind one photo in one order. Its text is opaque and fits a command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    sort: Sort,
    value: Option<Value>,
    id: PhotoId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Value {
    Time(NaiveDateTime),
    Text(String),
    Number(i64),
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl FromStr for Cursor {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| {
            Error::invalid("--after does not hold a place in a list").hint("copy it from the end of the list before")
        })
    }
}

impl Cursor {
    /// The order of the list that it is a place in.
    #[must_use]
    pub fn sort(&self) -> Sort {
        self.sort
    }
}

/// One photo of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedPhoto {
    pub id: PhotoId,
    /// Usually one of `processing`, `ready`, `failed`; others may write anything.
    pub status: String,
    pub original_name: Option<String>,
    pub storage_key: String,
    pub thumbnail_key: Option<String>,
    pub watermarked_key: Option<String>,
    pub uploaded_at: DateTime<Utc>,
    pub captured_at: Option<DateTime<Utc>>,
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub size_bytes: Option<i64>,
    pub format: Option<String>,
    pub sha256: Option<Sha256>,
    pub failed_reason: Option<String>,
    pub original_lost_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
    pub project_id: ProjectId,
    pub project_name: String,
    pub photographer_id: PhotographerId,
    /// IANA zone of the project, else of its operator.
    pub timezone: String,
}

/// A piece of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    pub photos: Vec<ListedPhoto>,
    /// There is more behind this place.
    pub next: Option<Cursor>,
}

/// The first `limit` photos in an order, behind `after` where it is given.
///
/// # Errors
/// Those of the database; [`crate::error::Kind::InvalidInput`] for a cursor of another order.
pub async fn page(
    conn: &mut PgConnection,
    filter: &PhotoFilter,
    sort: Sort,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<ListPage> {
    if after.is_some_and(|after| after.sort != sort) {
        return Err(Error::invalid("--after is a place in a list of another order").hint("give the same --sort again"));
    }
    // One more than is wanted tells whether the list goes on.
    let wanted = limit.saturating_add(1);
    let mut photos = Vec::new();
    if sort.key.is_always_there() || after.is_none_or(|after| after.value.is_some()) {
        photos = fetch(conn, filter, sort, Part::WithValue, after, wanted).await?;
    }
    if !sort.key.is_always_there() && photos.len() < wanted {
        let after = after.filter(|after| after.value.is_none());
        photos.extend(fetch(conn, filter, sort, Part::WithoutValue, after, wanted - photos.len()).await?);
    }
    let next = (photos.len() > limit).then(|| photos.truncate(limit)).and_then(|()| {
        let last = photos.last()?;
        Some(Cursor { sort, value: last.value(sort.key), id: last.id })
    });
    Ok(ListPage { photos, next })
}

/// A list is asked for in two parts, so that an index can serve each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    WithValue,
    WithoutValue,
}

async fn fetch(
    conn: &mut PgConnection,
    filter: &PhotoFilter,
    sort: Sort,
    part: Part,
    after: Option<&Cursor>,
    limit: usize,
) -> Result<Vec<ListedPhoto>> {
    let column = sort.key.column();
    let (direction, beyond) = if sort.descending { ("DESC", "<") } else { ("ASC", ">") };
    // The ids are found first, without what only the answer needs.
    let mut sql = QueryBuilder::<Postgres>::new(format!(
        "{COLUMNS} FROM (SELECT p.id, row_number() OVER () AS place FROM (SELECT p.id FROM photos p"
    ));
    match part {
        Part::WithValue if sort.key.is_always_there() && !filter.needs_files() => {}
        Part::WithValue if !sort.key.is_always_there() => {
            sql.push(" JOIN photoctl.photo_files f ON f.photo_id = p.id");
        }
        _ => {
            sql.push(" LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id");
        }
    }
    filter.push(&mut sql);
    // The index on a fact ends in the facts' own id.
    let id = if part == Part::WithValue && !sort.key.is_always_there() { "f.photo_id" } else { "p.id" };
    match part {
        Part::WithValue => {
            if !sort.key.is_always_there() {
                sql.push(format_args!(" AND {column} IS NOT NULL"));
            }
            if let Some(Cursor { value: Some(value), id: last, .. }) = after {
                sql.push(format_args!(" AND ({column}, {id}) {beyond} ("));
                value.push(&mut sql);
                sql.push(", ").push_bind(last.0).push(")");
            }
            sql.push(format_args!(" ORDER BY {column} {direction}, {id} {direction}"));
        }
        Part::WithoutValue => {
            sql.push(format_args!(" AND {column} IS NULL"));
            if let Some(after) = after {
                sql.push(format_args!(" AND p.id {beyond} ")).push_bind(after.id.0);
            }
            sql.push(format_args!(" ORDER BY p.id {direction}"));
        }
    }
    sql.push(" LIMIT ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
    sql.push(format_args!(") p) chosen {JOINS} ORDER BY chosen.place"));
    let rows: Vec<PhotoRow> = sql.build_query_as().fetch_all(conn).await?;
    Ok(rows.into_iter().map(ListedPhoto::from).collect())
}

const COLUMNS: &str = "SELECT p.id, p.project_id, pr.name AS project_name, p.photographer_id, p.status, p.storage_key, \
     p.thumbnail_key, p.watermarked_key, p.uploaded_at, p.deleted_at, f.original_name, f.captured_at, f.width, \
     f.height, f.size_bytes, f.format, f.sha256, f.failed_reason, f.original_lost_at, \
     coalesce(pr.timezone, o.timezone) AS timezone";

const JOINS: &str = "JOIN photos p ON p.id = chosen.id \
     JOIN projects pr ON pr.id = p.project_id \
     JOIN operators o ON o.id = pr.operator_id \
     LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id";

impl Value {
    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Value::Time(time) => sql.push_bind(*time),
            Value::Text(text) => sql.push_bind(text.clone()),
            Value::Number(number) => sql.push_bind(*number),
        };
    }
}

impl ListedPhoto {
    fn value(&self, key: SortKey) -> Option<Value> {
        match key {
            SortKey::Uploaded => Some(Value::Time(self.uploaded_at.naive_utc())),
            SortKey::Captured => self.captured_at.map(|time| Value::Time(time.naive_utc())),
            SortKey::Name => self.original_name.clone().map(Value::Text),
            SortKey::Size => self.size_bytes.map(Value::Number),
        }
    }
}

#[derive(sqlx::FromRow)]
struct PhotoRow {
    id: Uuid,
    project_id: Uuid,
    project_name: String,
    photographer_id: Uuid,
    status: String,
    storage_key: String,
    thumbnail_key: Option<String>,
    watermarked_key: Option<String>,
    uploaded_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
    original_name: Option<String>,
    captured_at: Option<NaiveDateTime>,
    width: Option<i32>,
    height: Option<i32>,
    size_bytes: Option<i64>,
    format: Option<String>,
    sha256: Option<Vec<u8>>,
    failed_reason: Option<String>,
    original_lost_at: Option<NaiveDateTime>,
    timezone: String,
}

impl From<PhotoRow> for ListedPhoto {
    fn from(row: PhotoRow) -> Self {
        Self {
            id: row.id.into(),
            project_id: row.project_id.into(),
            project_name: row.project_name,
            photographer_id: row.photographer_id.into(),
            status: row.status,
            original_name: row.original_name,
            storage_key: row.storage_key,
            thumbnail_key: row.thumbnail_key,
            watermarked_key: row.watermarked_key,
            uploaded_at: row.uploaded_at.and_utc(),
            captured_at: row.captured_at.map(|time| time.and_utc()),
            width: row.width,
            height: row.height,
            size_bytes: row.size_bytes,
            format: row.format,
            sha256: row.sha256.as_deref().and_then(Sha256::from_slice),
            failed_reason: row.failed_reason,
            original_lost_at: row.original_lost_at.map(|time| time.and_utc()),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
            timezone: row.timezone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back_and_nonsense_does_not() {
        let sort = Sort { key: SortKey::Name, descending: true };
        let cursor = Cursor { sort, value: Some(Value::Text("DSC 1\n".to_owned())), id: PhotoId(Uuid::from_u128(7)) };
        let text = cursor.to_string();
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{text}");
        assert_eq!(text.parse::<Cursor>().expect("reads back"), cursor);
        for bad in ["", "x", "bm90aGluZw"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
