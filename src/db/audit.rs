//! The audit log: its one writer, its reader, and the check of its chain.
//!
//! Each entry's hash covers the hash before it, so that nobody can change, drop or insert an entry without every
//! later hash being wrong. The hash is SHA-256 over these bytes ([`canonical`]):
//!
//! - the 16 ASCII bytes `photoctl audit 1`;
//! - the 32 bytes of the previous hash (all zero before the first entry);
//! - `seq`, then `at` as microseconds since 1970 UTC, each 8 bytes, big-endian, two's complement;
//! - then these parts, in this order: actor, host, command, entity, entity_id, project_id, action, fields,
//!   item_count, items_digest. Each is one byte 0 where it is absent; otherwise one byte 1, its length in bytes as 8
//!   bytes big-endian, and its bytes. Ids are their 16 bytes, `item_count` 8 bytes big-endian, the digest 32 bytes,
//!   texts UTF-8, `fields` JSON without white space whose objects have their keys in the order of their bytes.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::{Error, Kind, Result};
use crate::model::audit::{Author, Entry, Head, Record};
use crate::model::digest::Sha256;
use crate::model::ids::ProjectId;

/// How many entries the check reads at a time.
const PAGE: i64 = 2_000;

/// Appends an entry. Waits for whoever else appends until their transaction ends, and makes them wait until this one
/// does: it is the last statement before the commit of the change it tells of.
///
/// # Errors
/// What the database says; [`Kind::Damaged`] when the chain has no end.
pub async fn append(conn: &mut PgConnection, author: &Author, entry: &Entry) -> Result<()> {
    let head = sqlx::query!(
        r#"
        SELECT h.seq, h.hash, i.audit_salt, (clock_timestamp() AT TIME ZONE 'UTC') AS "at!"
          FROM photoctl.audit_head h, photoctl.installation i
           FOR UPDATE OF h
        "#
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or_else(headless)?;
    let row = AuditRow {
        seq: head.seq.checked_add(1).ok_or_else(headless)?,
        at: head.at,
        actor: author.actor.clone(),
        host: author.host.clone(),
        command: author.command.clone(),
        entity: entry.entity.as_str().to_owned(),
        entity_id: entry.entity_id,
        project_id: entry.project_id.map(|id| id.0),
        action: entry.action.as_str().to_owned(),
        fields: entry.fields.to_json(&head.audit_salt),
        item_count: entry.items.map(|items| i64::try_from(items.count).unwrap_or(i64::MAX)),
        items_digest: entry.items.map(|items| items.digest.as_bytes().to_vec()),
        previous_hash: head.hash,
        hash: Vec::new(),
    };
    let hash = Sha256::of(&canonical(&row));
    sqlx::query!(
        "
        INSERT INTO photoctl.audit
               (seq, at, actor, host, command, entity, entity_id, project_id, action, fields,
                item_count, items_digest, previous_hash, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ",
        row.seq,
        row.at,
        row.actor,
        row.host,
        row.command,
        row.entity,
        row.entity_id,
        row.project_id,
        row.action,
        row.fields,
        row.item_count,
        row.items_digest.as_deref(),
        row.previous_hash,
        hash.as_bytes(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!("UPDATE photoctl.audit_head SET seq = $1, hash = $2", row.seq, hash.as_bytes()).execute(conn).await?;
    Ok(())
}

/// Which entries to read. All that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    pub entity: Option<String>,
    pub action: Option<String>,
    /// The first and the last id of a range: an id given by its beginning.
    pub entity_ids: Option<(Uuid, Uuid)>,
    pub project: Option<ProjectId>,
    pub actor: Option<String>,
    pub since: Option<DateTime<Utc>>,
    /// Exclusive.
    pub until: Option<DateTime<Utc>>,
    /// Only entries before this one: where an earlier list was cut.
    pub before_seq: Option<i64>,
    /// Only this one.
    pub seq: Option<i64>,
}

/// Entries, the newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: &AuditFilter, limit: i64) -> Result<Vec<Record>> {
    let rows = sqlx::query_as!(
        AuditRow,
        "
        SELECT seq, at, actor, host, command, entity, entity_id, project_id, action, fields,
               item_count, items_digest, previous_hash, hash
          FROM photoctl.audit
         WHERE ($1::text IS NULL OR entity = $1)
           AND ($2::text IS NULL OR action = $2)
           AND ($3::uuid IS NULL OR entity_id BETWEEN $3 AND $4)
           AND ($5::uuid IS NULL OR project_id = $5)
           AND ($6::text IS NULL OR actor = $6)
           AND ($7::timestamp IS NULL OR at >= $7)
           AND ($8::timestamp IS NULL OR at < $8)
           AND ($9::bigint IS NULL OR seq < $9)
           AND ($10::bigint IS NULL OR seq = $10)
         ORDER BY seq DESC
         LIMIT $11
        ",
        filter.entity.as_deref(),
        filter.action.as_deref(),
        filter.entity_ids.map(|ids| ids.0),
        filter.entity_ids.map(|ids| ids.1),
        filter.project.map(|id| id.0),
        filter.actor.as_deref(),
        filter.since.map(|time| time.naive_utc()),
        filter.until.map(|time| time.naive_utc()),
        filter.before_seq,
        filter.seq,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Record::from).collect())
}

/// What the check of the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// Entries that follow from each other, from the first one on.
    pub sound: i64,
    /// The hash of the last sound one.
    pub hash: Sha256,
    pub broken: Option<Break>,
}

/// Where and why the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    pub seq: i64,
    pub reason: String,
}

impl Chain {
    /// The last sound entry.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { seq: self.sound, hash: self.hash }
    }

    fn broken_at(mut self, seq: i64, reason: &str) -> Self {
        self.broken = Some(Break { seq, reason: reason.to_owned() });
        self
    }
}

/// Walks the whole chain up to its recorded end.
///
/// # Errors
/// What the database says; [`Kind::Damaged`] when the chain has no end.
pub async fn verify(conn: &mut PgConnection) -> Result<Chain> {
    // First the end, in one statement: entries appended meanwhile lie behind it.
    let end = sqlx::query!("SELECT seq, hash, (SELECT max(seq) FROM photoctl.audit) AS last FROM photoctl.audit_head")
        .fetch_optional(&mut *conn)
        .await?
        .ok_or_else(headless)?;
    let mut chain = Chain { sound: 0, hash: Sha256::from_bytes([0; 32]), broken: None };
    while chain.sound < end.seq {
        let rows = rows(conn, chain.sound, end.seq).await?;
        if rows.is_empty() {
            let missing = chain.sound + 1;
            return Ok(chain.broken_at(missing, "it is missing"));
        }
        for row in rows {
            if let Some(reason) = fault(&row, &chain) {
                let seq = row.seq.min(chain.sound + 1);
                return Ok(chain.broken_at(seq, reason));
            }
            chain.sound = row.seq;
            chain.hash = Sha256::of(&canonical(&row));
        }
    }
    if chain.hash.as_bytes().as_slice() != end.hash {
        return Ok(chain.broken_at(end.seq, "the recorded end of the chain is another"));
    }
    if end.last.is_some_and(|last| last > end.seq) {
        return Ok(chain.broken_at(end.seq + 1, "it lies behind the recorded end of the chain"));
    }
    Ok(chain)
}

/// The entries behind `after` up to `until`, in order, a page of them.
///
/// # Errors
/// What the database says.
pub async fn page(conn: &mut PgConnection, after: i64, until: i64) -> Result<Vec<Record>> {
    Ok(rows(conn, after, until).await?.into_iter().map(Record::from).collect())
}

async fn rows(conn: &mut PgConnection, after: i64, until: i64) -> Result<Vec<AuditRow>> {
    let rows = sqlx::query_as!(
        AuditRow,
        "
        SELECT seq, at, actor, host, command, entity, entity_id, project_id, action, fields,
               item_count, items_digest, previous_hash, hash
          FROM photoctl.audit
         WHERE seq > $1 AND seq <= $2
         ORDER BY seq
         LIMIT $3
        ",
        after,
        until,
        PAGE,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// The chain's recorded end, and the id of the database that it is the log of.
///
/// # Errors
/// What the database says; [`Kind::Damaged`] when the chain has no end.
pub async fn head(conn: &mut PgConnection) -> Result<(Uuid, Head)> {
    let found = sqlx::query!("SELECT i.id, h.seq, h.hash FROM photoctl.installation i, photoctl.audit_head h")
        .fetch_optional(conn)
        .await?
        .ok_or_else(headless)?;
    let hash = Sha256::from_slice(&found.hash).ok_or_else(headless)?;
    Ok((found.id, Head { seq: found.seq, hash }))
}

/// Whether the chain goes through an end that was seen once. It says nothing of what lies before.
///
/// # Errors
/// What the database says.
pub async fn goes_through(conn: &mut PgConnection, head: &Head) -> Result<bool> {
    if head.seq == 0 {
        return Ok(true);
    }
    let hash = sqlx::query_scalar!("SELECT hash FROM photoctl.audit WHERE seq = $1", head.seq);
    Ok(hash.fetch_optional(conn).await?.is_some_and(|hash| hash == head.hash.as_bytes()))
}

/// Why `row` does not follow from what is sound so far.
fn fault(row: &AuditRow, chain: &Chain) -> Option<&'static str> {
    if row.seq != chain.sound + 1 {
        return Some("it is missing");
    }
    if row.previous_hash != chain.hash.as_bytes() {
        return Some("it does not follow from the entry before it");
    }
    (Sha256::of(&canonical(row)).as_bytes().as_slice() != row.hash).then_some("its content was changed")
}

/// The bytes that an entry's hash covers: see the head of this file.
fn canonical(row: &AuditRow) -> Vec<u8> {
    let mut bytes = b"photoctl audit 1".to_vec();
    bytes.extend_from_slice(&row.previous_hash);
    bytes.extend_from_slice(&row.seq.to_be_bytes());
    bytes.extend_from_slice(&row.at.and_utc().timestamp_micros().to_be_bytes());
    let mut part = |value: Option<&[u8]>| match value {
        None => bytes.push(0),
        Some(value) => {
            bytes.push(1);
            bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
            bytes.extend_from_slice(value);
        }
    };
    part(Some(row.actor.as_bytes()));
    part(Some(row.host.as_bytes()));
    part(Some(row.command.as_bytes()));
    part(Some(row.entity.as_bytes()));
    part(row.entity_id.as_ref().map(|id| id.as_bytes().as_slice()));
    part(row.project_id.as_ref().map(|id| id.as_bytes().as_slice()));
    part(Some(row.action.as_bytes()));
    part(Some(sorted(&row.fields).to_string().as_bytes()));
    part(row.item_count.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice));
    part(row.items_digest.as_deref());
    bytes
}

/// A record's fields as the text that its hash covers.
#[must_use]
pub fn canonical_fields(record: &Record) -> String {
    sorted(&record.fields).to_string()
}

/// The same value with the keys of every object in the order of their bytes.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            fields.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

fn headless() -> Error {
    Error::new(Kind::Damaged, "the audit log has lost its end (photoctl.audit_head)")
        .hint("restore a backup of the database, or see who changed schema photoctl by hand")
}

/// A hash as it stands; one of another length was not written by us, and is shown as none.
fn whole(hash: &[u8]) -> Sha256 {
    Sha256::from_slice(hash).unwrap_or_else(|| Sha256::from_bytes([0; 32]))
}

struct AuditRow {
    seq: i64,
    at: NaiveDateTime,
    actor: String,
    host: String,
    command: String,
    entity: String,
    entity_id: Option<Uuid>,
    project_id: Option<Uuid>,
    action: String,
    fields: Value,
    item_count: Option<i64>,
    items_digest: Option<Vec<u8>>,
    previous_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl From<AuditRow> for Record {
    fn from(row: AuditRow) -> Self {
        Self {
            seq: row.seq,
            at: row.at.and_utc(),
            actor: row.actor,
            host: row.host,
            command: row.command,
            entity: row.entity,
            entity_id: row.entity_id,
            project_id: row.project_id.map(ProjectId),
            action: row.action,
            fields: row.fields,
            item_count: row.item_count,
            items_digest: row.items_digest.as_deref().and_then(Sha256::from_slice),
            previous_hash: whole(&row.previous_hash),
            hash: whole(&row.hash),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_canonical_form_does_not_depend_on_the_order_of_keys() {
        let a = json!({"b": {"after": 1, "before": null}, "a": [{"z": 1, "y": 2}]});
        let b = json!({"a": [{"y": 2, "z": 1}], "b": {"before": null, "after": 1}});
        assert_eq!(sorted(&a).to_string(), sorted(&b).to_string());
    }

    #[test]
    fn parts_cannot_be_moved_from_one_column_to_the_next() {
        let row = |actor: &str, host: &str| AuditRow {
            seq: 1,
            at: NaiveDateTime::default(),
            actor: actor.to_owned(),
            host: host.to_owned(),
            command: String::new(),
            entity: String::new(),
            entity_id: None,
            project_id: None,
            action: String::new(),
            fields: json!({}),
            item_count: None,
            items_digest: None,
            previous_hash: vec![0; 32],
            hash: Vec::new(),
        };
        assert_ne!(canonical(&row("ab", "c")), canonical(&row("a", "bc")));
    }
}
