//! Least rights: what each job needs in a real database, as SQL, and which of it a user lacks.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;

use super::catalog;
use crate::error::{Error, Kind, Result};
use crate::model::text;

/// A kind of work that gets a database user of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Uploading, verifying, reprocessing and deleting photos.
    Upload,
    /// Deciding on face tags.
    Review,
    /// Enrolling selfies and matching faces.
    Match,
    /// Comparing purchases with Stripe.
    Reconcile,
    /// Lists and reports only.
    Read,
}

impl Job {
    pub const ALL: [Job; 5] = [Job::Upload, Job::Review, Job::Match, Job::Reconcile, Job::Read];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Job::Upload => "upload",
            Job::Review => "review",
            Job::Match => "match",
            Job::Reconcile => "reconcile",
            Job::Read => "read",
        }
    }
}

/// One right on one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Right {
    /// With its schema where that is photoctl's own.
    pub table: &'static str,
    /// `SELECT`, `INSERT`, `UPDATE` or `DELETE`.
    pub privilege: &'static str,
    /// The columns it is limited to; empty for all.
    pub columns: Vec<&'static str>,
}

impl Right {
    fn whole(table: &'static str, privilege: &'static str) -> Self {
        Self { table, privilege, columns: Vec::new() }
    }

    fn on(table: &'static str, privilege: &'static str, columns: &[&'static str]) -> Self {
        Self { table, privilege, columns: columns.to_vec() }
    }

    /// `UPDATE (status, updated_at) on photos`
    #[must_use]
    pub fn name(&self) -> String {
        if self.columns.is_empty() {
            format!("{} on {}", self.privilege, self.table)
        } else {
            format!("{} ({}) on {}", self.privilege, self.columns.join(", "), self.table)
        }
    }
}

/// Never granted to any job: who may read or write it may become anybody.
const SECRET: &str = "password_hash";

/// The salt of hashes that stand for personal data is for those who write the audit log.
const SALT: &str = "audit_salt";

const INSTALLATION: &str = "photoctl.installation";

/// What a job needs.
#[must_use]
pub fn rights(job: Job) -> Vec<Right> {
    let mut rights = reading(job);
    let update = |table, columns: &[&'static str]| Right::on(table, "UPDATE", columns);
    let insert = |table| Right::whole(table, "INSERT");
    match job {
        Job::Read => {}
        Job::Upload => rights.extend([
            insert("photos"),
            update(
                "photos",
                &[
                    "photographer_id",
                    "storage_key",
                    "thumbnail_key",
                    "watermarked_key",
                    "status",
                    "uploaded_at",
                    "updated_at",
                    "deleted_at",
                ],
            ),
            insert("project_photographers"),
            update(INSTALLATION, &["store_url"]),
            insert("photoctl.photo_files"),
            Right::whole("photoctl.photo_files", "UPDATE"),
            insert("photoctl.photo_names"),
            insert("photoctl.photo_companions"),
            Right::whole("photoctl.photo_companions", "UPDATE"),
            // Where the project wants faces to be looked for at once.
            insert("photoctl.face_scans"),
            Right::whole("photoctl.face_scans", "UPDATE"),
            insert(FACES),
        ]),
        Job::Review => {
            rights.extend(tagging());
            rights.extend([
                // Which model made a selfie's vector: `tags explain` compares.
                Right::whole("photoctl.selfie_facts", "SELECT"),
                insert("photoctl.review_claims"),
                Right::whole("photoctl.review_claims", "UPDATE"),
                Right::whole("photoctl.review_claims", "DELETE"),
            ]);
        }
        Job::Match => {
            rights.extend(tagging());
            rights.extend([
                insert("selfies"),
                update(
                    "selfies",
                    &[
                        "storage_key",
                        "embedding",
                        "quality_score",
                        "status",
                        "rejection_reason",
                        "updated_at",
                        "deleted_at",
                    ],
                ),
            ]);
            for table in SELFIE_TABLES {
                rights.push(Right::whole(table, "SELECT"));
            }
            for table in ["photoctl.face_scans", FACES].iter().chain(SELFIE_TABLES) {
                rights.extend(["INSERT", "UPDATE", "DELETE"].map(|privilege| Right::whole(table, privilege)));
            }
        }
        Job::Reconcile => rights.push(update("purchases", &["status", "updated_at"])),
    }
    if job != Job::Read {
        rights.extend([insert("photoctl.audit"), update("photoctl.audit_head", &["seq", "hash"])]);
    }
    rights
}

/// Writing tags, with what photoctl knows of them.
fn tagging() -> Vec<Right> {
    vec![
        Right::whole("photo_tags", "INSERT"),
        Right::on("photo_tags", "UPDATE", &["confidence", "source", "review_status", "updated_at"]),
        Right::whole("photo_tags", "DELETE"),
        Right::whole("photoctl.tag_marks", "INSERT"),
        Right::whole("photoctl.tag_marks", "UPDATE"),
        Right::whole("photoctl.tag_decisions", "INSERT"),
        // A lock is an update in PostgreSQL's eyes: on the photo whose tags are written, and on consents, which are
        // held while a face is processed.
        Right::on("photos", "UPDATE", &["updated_at"]),
        Right::on("user_consents", "UPDATE", &["revoked_at"]),
    ]
}

/// Every job resolves references and shows names, so it reads the shared tables, without their secrets; faces are
/// read by those only who work with them.
fn reading(job: Job) -> Vec<Right> {
    let mut rights = Vec::new();
    for table in catalog::spec() {
        let secrets: &[&str] = match (table.name, job) {
            ("selfies", Job::Upload | Job::Reconcile | Job::Read) => &[SECRET, "embedding"],
            _ => &[SECRET],
        };
        let columns: Vec<&'static str> =
            table.columns.iter().map(|column| column.name).filter(|name| !secrets.contains(name)).collect();
        if columns.len() == table.columns.len() {
            rights.push(Right::whole(table.name, "SELECT"));
        } else {
            rights.push(Right::on(table.name, "SELECT", &columns));
        }
    }
    let mut installation = vec!["only_row", "id", "store_url", "min_version", "created_at"];
    if job != Job::Read {
        installation.push(SALT);
    }
    rights.push(Right::on(INSTALLATION, "SELECT", &installation));
    rights.extend(OWN_TABLES.iter().map(|table| Right::whole(table, "SELECT")));
    let faces: &[&str] = match job {
        Job::Review | Job::Match => &[],
        // All but the vectors.
        Job::Upload | Job::Reconcile | Job::Read => FACE_FACTS,
    };
    rights.push(Right::on(FACES, "SELECT", faces));
    // That there is a proof, and which; what it says is for whoever owns the database.
    rights.push(Right::on(
        "photoctl.consent_evidence",
        "SELECT",
        &["consent_id", "file_name", "sha256", "recorded_at"],
    ));
    rights
}

/// photoctl's tables without secrets.
const OWN_TABLES: &[&str] = &[
    "photoctl._sqlx_migrations",
    "photoctl.adopted",
    "photoctl.photo_files",
    "photoctl.photo_names",
    "photoctl.photo_companions",
    "photoctl.project_settings",
    "photoctl.qr_tokens",
    "photoctl.qr_uses",
    "photoctl.audit",
    "photoctl.audit_head",
    "photoctl.face_scans",
    "photoctl.tag_marks",
    "photoctl.tag_decisions",
    "photoctl.review_claims",
];

const FACES: &str = "photoctl.faces";

/// The columns of [`FACES`] without the vector, which tells people apart.
const FACE_FACTS: &[&str] = &[
    "photo_id",
    "model",
    "ordinal",
    "face_left",
    "face_top",
    "face_width",
    "face_height",
    "landmarks",
    "score",
    "width_px",
    "sharpness",
    "luma",
    "yaw",
    "pitch",
    "roll",
    "withdrawn_for",
];

/// What photoctl knows of users' faces: for those who work with faces only.
const SELFIE_TABLES: &[&str] = &["photoctl.selfie_facts", "photoctl.selfie_matches"];

/// The SQL that makes a role able to do a job and nothing more; `schema` is that of the shared tables. It can be run
/// again after a migration. Whoever runs it must own the tables.
#[must_use]
pub fn sql(job: Job, role: &str, database: &str, schema: &str) -> String {
    let role_name = identifier(role);
    let schema = identifier(schema);
    let mut out = String::new();
    let _infallible = writeln!(
        out,
        "-- What photoctl needs for the job \"{job}\", for the role {role_name}. Run it as the owner of the tables, and\n\
         -- again after each migration; then give the role its password with \\password in psql.\n\
         DO $$ BEGIN CREATE ROLE {role_name} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n\
         GRANT CONNECT ON DATABASE {} TO {role_name};\n\
         GRANT USAGE ON SCHEMA {schema}, photoctl TO {role_name};",
        identifier(database),
        job = job.word(),
    );
    for right in rights(job) {
        let columns = match right.columns.as_slice() {
            [] => String::new(),
            columns => format!(" ({})", columns.join(", ")),
        };
        let table =
            if right.table.contains('.') { right.table.to_owned() } else { format!("{schema}.{}", right.table) };
        let _infallible = writeln!(out, "GRANT {}{columns} ON {table} TO {role_name};", right.privilege);
    }
    out
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The schema that holds the shared tables of this database.
///
/// # Errors
/// What the database says.
pub async fn shared_schema(conn: &mut PgConnection) -> Result<String> {
    let schema = sqlx::query_scalar!(
        r#"SELECT n.nspname::text AS "name!" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.oid = to_regclass('photos')"#
    )
    .fetch_optional(conn)
    .await?;
    Ok(schema.unwrap_or_else(|| "public".to_owned()))
}

/// Which rights of a job the connected user lacks.
///
/// # Errors
/// What the database says.
pub async fn missing(conn: &mut PgConnection, job: Job) -> Result<Vec<Right>> {
    missing_of(conn, &rights(job)).await
}

async fn missing_of(conn: &mut PgConnection, rights: &[Right]) -> Result<Vec<Right>> {
    let (mut numbers, mut tables, mut privileges, mut columns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (number, right) in (0_i32..).zip(rights) {
        let each: Vec<Option<String>> = match right.columns.as_slice() {
            [] => vec![None],
            columns => columns.iter().map(|column| Some((*column).to_owned())).collect(),
        };
        for column in each {
            numbers.push(number);
            tables.push(right.table.to_owned());
            privileges.push(right.privilege.to_owned());
            columns.push(column);
        }
    }
    let lacking = sqlx::query!(
        r#"SELECT number AS "number!", column_name
           FROM unnest($1::int4[], $2::text[], $3::text[], $4::text[]) AS r (number, table_name, privilege, column_name)
           WHERE CASE
               WHEN to_regclass(table_name) IS NULL THEN true
               WHEN column_name IS NULL THEN NOT has_table_privilege(to_regclass(table_name), privilege)
               ELSE NOT COALESCE(has_column_privilege(to_regclass(table_name), column_name, privilege), false)
           END
           ORDER BY number"#,
        &numbers,
        &tables,
        &privileges,
        &columns as &[Option<String>]
    )
    .fetch_all(conn)
    .await?;
    let mut missing: Vec<(i32, Right)> = Vec::new();
    for row in lacking {
        let Some(right) = usize::try_from(row.number).ok().and_then(|number| rights.get(number)) else { continue };
        if missing.last().is_none_or(|(number, _)| *number != row.number) {
            missing.push((row.number, Right { columns: Vec::new(), ..right.clone() }));
        }
        let column = right.columns.iter().find(|column| Some(**column) == row.column_name.as_deref());
        if let (Some(column), Some((_, last))) = (column, missing.last_mut()) {
            last.columns.push(column);
        }
    }
    Ok(missing.into_iter().map(|(_, right)| right).collect())
}

/// Refuses to begin a job whose rights are not there.
///
/// # Errors
/// [`Kind::Permission`] naming each missing right.
pub async fn require(conn: &mut PgConnection, job: Job) -> Result<()> {
    let missing = missing(conn, job).await?;
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = missing.iter().map(Right::name).collect();
    Err(Error::new(Kind::Permission, format!("the database's user lacks {}", names.join("; ")))
        .hint(format!("run what `photoctl db grants --for {}` prints", job.word())))
}

/// Adds to "permission denied for table photos" which rights on it are missing, of those that photoctl makes use of.
pub(super) async fn name_missing_right(conn: &mut PgConnection, error: Error) -> Error {
    let Some(table) = denied_table(&error) else { return error };
    let Ok(missing) = missing_of(conn, &used_on(table)).await else { return error };
    let user = sqlx::query_scalar("SELECT current_user::text").fetch_one(conn).await;
    let user: String = user.unwrap_or_else(|_| "?".to_owned());
    if missing.is_empty() {
        return error;
    }
    let names: Vec<String> = missing.iter().map(Right::name).collect();
    let said = format!("the database's user {} lacks a right: {}", text::printable(&user), names.join("; "));
    let mut named = Error::new(Kind::Permission, said);
    for hint in error.hints() {
        named = named.hint(hint.clone());
    }
    named.with_source(error)
}

/// What photoctl ever does with a table: the rights of all jobs, and those of setting up events, for which no job is
/// granted anything.
fn used_on(table: &'static str) -> Vec<Right> {
    const MADE: &[&str] = &[
        "operators",
        "photographers",
        "users",
        "packages",
        "projects",
        "project_members",
        "project_photographers",
        "project_packages",
        "photoctl.project_settings",
    ];
    let mut used: Vec<Right> = Vec::new();
    let mut add = |right: Right| {
        match used.iter_mut().find(|there| there.privilege == right.privilege) {
            // No columns are all of them.
            Some(there) if there.columns.is_empty() || right.columns.is_empty() => there.columns.clear(),
            Some(there) => {
                let more: Vec<_> = right.columns.iter().filter(|column| !there.columns.contains(column)).collect();
                there.columns.extend(more);
            }
            None => used.push(right),
        }
    };
    for job in Job::ALL {
        rights(job).into_iter().filter(|right| right.table == table).for_each(&mut add);
    }
    if MADE.contains(&table) {
        add(Right::whole(table, "INSERT"));
    }
    if table == "photoctl.project_settings" {
        add(Right::whole(table, "UPDATE"));
        add(Right::whole(table, "DELETE"));
    }
    used
}

/// The table that a refusal speaks of, in whatever language.
fn denied_table(error: &Error) -> Option<&'static str> {
    let said = &super::error::cause(error).filter(|cause| cause.sqlstate == "42501")?.message;
    let words: Vec<&str> = said.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
    let shared = catalog::spec().iter().map(|table| table.name);
    let own = OWN_TABLES.iter().chain(SELFIE_TABLES).copied().chain([INSTALLATION, FACES]);
    shared.chain(own).find(|table| words.contains(&table.trim_start_matches("photoctl.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_job_gets_a_password_hash() {
        for job in Job::ALL {
            for right in rights(job) {
                let secret = catalog::spec().iter().any(|t| t.name == right.table && t.column(SECRET).is_some());
                assert!(!right.columns.contains(&SECRET), "{}", right.name());
                assert!(!(secret && right.columns.is_empty()), "{}", right.name());
            }
        }
    }

    #[test]
    fn names_are_quoted() {
        let text = sql(Job::Read, "we\"ird", "d b", "public");
        assert!(text.contains("CREATE ROLE \"we\"\"ird\" LOGIN") && text.contains("ON DATABASE \"d b\""), "{text}");
    }
}
