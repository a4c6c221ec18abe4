//! What a person may have meant by a word: an id, the beginning of one, a name, an email, `operator-email/name`.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::no_beginning;
use crate::error::{Error, Kind, Result};
use crate::model::ids::{OperatorId, PackageId, PhotographerId, ProjectId, UserId};
use crate::model::text::{near, printable, quoted};
use crate::model::time;

/// Fewest characters of an id that stand for it.
const PREFIX_LEAST: usize = 8;

/// Most candidates that an error names.
const NAMED_MOST: usize = 8;

/// What can be referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Noun {
    Operator,
    Photographer,
    User,
    Package,
    Project,
}

impl Noun {
    /// `project`: also the option's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Noun::Operator => "operator",
            Noun::Photographer => "photographer",
            Noun::User => "user",
            Noun::Package => "package",
            Noun::Project => "project",
        }
    }

    /// The table of its rows.
    #[must_use]
    pub fn table(self) -> &'static str {
        match self {
            Noun::Operator => "operators",
            Noun::Photographer => "photographers",
            Noun::User => "users",
            Noun::Package => "packages",
            Noun::Project => "projects",
        }
    }
}

/// A thing that a reference may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    /// The email of the operator that it belongs to.
    pub operator: Option<String>,
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Candidate {
    /// `1b2c3d4e-…  Summer (operator ana@example.org)`
    #[must_use]
    pub fn for_people(&self) -> String {
        let mut text = format!("{}  {}", self.id, printable(&self.name));
        if let Some(email) = &self.email {
            text.push_str(&format!(" <{}>", printable(email)));
        }
        if let Some(operator) = &self.operator {
            text.push_str(&format!(" (operator {})", printable(operator)));
        }
        text
    }
}

/// The operator that `text` means.
///
/// # Errors
/// [`Kind::NotFound`] with near names as hints, [`Kind::Ambiguous`] with the candidates, or what the database says.
pub async fn operator(conn: &mut PgConnection, text: &str) -> Result<OperatorId> {
    find(conn, Noun::Operator, text, None).await.map(|found| OperatorId(found.id))
}

/// The photographer that `text` means; names and emails are looked for within `operator`, where one is given.
///
/// # Errors
/// As [`operator`].
pub async fn photographer(conn: &mut PgConnection, text: &str, operator: Option<OperatorId>) -> Result<PhotographerId> {
    find(conn, Noun::Photographer, text, operator).await.map(|found| PhotographerId(found.id))
}

/// The user that `text` means.
///
/// # Errors
/// As [`operator`].
pub async fn user(conn: &mut PgConnection, text: &str) -> Result<UserId> {
    find(conn, Noun::User, text, None).await.map(|found| UserId(found.id))
}

/// The package that `text` means; its name is looked for within `operator`, where one is given.
///
/// # Errors
/// As [`operator`].
pub async fn package(conn: &mut PgConnection, text: &str, operator: Option<OperatorId>) -> Result<PackageId> {
    find(conn, Noun::Package, text, operator).await.map(|found| PackageId(found.id))
}

/// The project that `text` means; its name is looked for within `operator`, where one is given.
///
/// # Errors
/// As [`operator`].
pub async fn project(conn: &mut PgConnection, text: &str, operator: Option<OperatorId>) -> Result<ProjectId> {
    find(conn, Noun::Project, text, operator).await.map(|found| ProjectId(found.id))
}

/// The one live thing that `text` means.
///
/// # Errors
/// As [`operator`].
pub async fn find(conn: &mut PgConnection, noun: Noun, text: &str, operator: Option<OperatorId>) -> Result<Candidate> {
    let text = text.trim();
    let range = id_range(text);
    let (from, to) = range.unwrap_or((Uuid::nil(), Uuid::nil()));
    let found = candidates(conn, noun, text, from, to, operator).await?;
    match pick(noun, text, range.is_some_and(|(from, to)| from == to), found) {
        Err(error) if error.kind() == Kind::NotFound && error.hints().is_empty() => {
            let near = near_names(noun, text, &names(conn, noun, operator).await?);
            let error = near.iter().fold(error, |error, name| error.hint(format!("did you mean {}?", quoted(name))));
            Err(error.hint(format!("photoctl {} list shows what there is", noun.word())))
        }
        picked => picked,
    }
}

/// The one deleted thing that `text` means.
///
/// # Errors
/// [`Kind::NotFound`], a sentence for one that is not deleted, [`Kind::Ambiguous`] with the candidates, or what the
/// database says.
pub async fn find_deleted(
    conn: &mut PgConnection,
    noun: Noun,
    text: &str,
    operator: Option<OperatorId>,
) -> Result<Candidate> {
    let text = text.trim();
    let (from, to) = id_range(text).unwrap_or((Uuid::nil(), Uuid::nil()));
    let found = candidates(conn, noun, text, from, to, operator).await?;
    let (live, mut deleted): (Vec<_>, Vec<_>) = found.into_iter().partition(|one| one.deleted_at.is_none());
    if deleted.is_empty()
        && let [only, ..] = live.as_slice()
    {
        return Err(Error::new(Kind::Conflict, format!("the {} {} is not deleted", noun.word(), only.for_people())));
    }
    // As `pick` does, among the deleted ones.
    for one in &mut deleted {
        one.deleted_at = None;
    }
    pick(noun, text, id_range(text).is_some_and(|(from, to)| from == to), deleted)
}

/// The one thing that `text` means: a live one, else a deleted one.
///
/// # Errors
/// As [`operator`].
pub async fn find_even_deleted(
    conn: &mut PgConnection,
    noun: Noun,
    text: &str,
    operator: Option<OperatorId>,
) -> Result<Candidate> {
    match find(conn, noun, text, operator).await {
        Err(error) if error.kind() == Kind::NotFound => match find_deleted(conn, noun, text, operator).await {
            Err(other) if other.kind() == Kind::NotFound => Err(error),
            found => found,
        },
        found => found,
    }
}

/// The newest deleted thing of exactly that name under an operator: somebody may mean that one.
///
/// # Errors
/// What the database says.
pub async fn deleted_namesake(
    conn: &mut PgConnection,
    noun: Noun,
    name: &str,
    operator: OperatorId,
) -> Result<Option<Uuid>> {
    let found = candidates(conn, noun, name, Uuid::nil(), Uuid::nil(), Some(operator)).await?;
    Ok(found.into_iter().rfind(|one| one.deleted_at.is_some() && one.name == name).map(|one| one.id))
}

/// Refuses an id, deleted or not, of which there is no such thing: a list that began behind it would be empty.
///
/// # Errors
/// [`Kind::NotFound`], or what the database says.
pub async fn known(conn: &mut PgConnection, noun: Noun, id: Option<Uuid>) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    if candidates(conn, noun, &id.to_string(), id, id, None).await?.is_empty() {
        return Err(no_beginning(noun.word(), id));
    }
    Ok(())
}

/// Of all things that fit in any way, the one that is meant.
fn pick(noun: Noun, text: &str, whole_id: bool, found: Vec<Candidate>) -> Result<Candidate> {
    let shown = format!("{} \"{}\"", noun.word(), printable(text));
    let (live, deleted): (Vec<_>, Vec<_>) = found.into_iter().partition(|candidate| candidate.deleted_at.is_none());
    if whole_id && let Some(position) = live.iter().position(|candidate| is_id(candidate, text)) {
        return Ok(live.into_iter().nth(position).unwrap_or_else(|| unreachable!("a position is within")));
    }
    // A name as it is written wins over one that differs in case.
    let exact: Vec<_> = live.iter().filter(|candidate| fits_exactly(candidate, text)).cloned().collect();
    let mut fitting = if exact.is_empty() { live } else { exact };
    match fitting.len() {
        1 => Ok(fitting.remove(0)),
        0 => Err(not_found(noun, &shown, &deleted)),
        count => {
            let mut error = Error::new(Kind::Ambiguous, format!("{shown} fits {count} {}s", noun.word()));
            for candidate in fitting.iter().take(NAMED_MOST) {
                error = error.hint(candidate.for_people());
            }
            if count > NAMED_MOST {
                error = error.hint(format!("and {} more", count - NAMED_MOST));
            }
            Err(error.hint("name it by its id, or the first 8 characters of it"))
        }
    }
}

fn not_found(noun: Noun, shown: &str, deleted: &[Candidate]) -> Error {
    match deleted {
        [] => Error::new(Kind::NotFound, format!("there is no {shown}")),
        [first, ..] => {
            let when = first.deleted_at.map(time::rfc3339).unwrap_or_default();
            Error::new(Kind::NotFound, format!("{shown} was deleted at {when} (id {})", first.id))
                .hint(format!("photoctl {} list --deleted shows deleted ones too", noun.word()))
        }
    }
}

fn fits_exactly(candidate: &Candidate, text: &str) -> bool {
    let qualified = candidate.operator.as_ref().is_some_and(|operator| {
        text.split_once('/')
            .is_some_and(|(email, name)| name == candidate.name && email.to_lowercase() == operator.to_lowercase())
    });
    let same_email = candidate.email.as_ref().is_some_and(|email| email.to_lowercase() == text.to_lowercase());
    qualified || same_email || candidate.name == text || is_id(candidate, text)
}

fn is_id(candidate: &Candidate, text: &str) -> bool {
    id_range(text).is_some_and(|(from, to)| (from..=to).contains(&candidate.id))
}

/// The ids that begin with `text`: the first and the last that there could be. `None` when it is no beginning of an
/// id, or a too short one.
#[must_use]
pub fn id_range(text: &str) -> Option<(Uuid, Uuid)> {
    if text.len() < PREFIX_LEAST || text.len() > 36 {
        return None;
    }
    let dashed = text.contains('-');
    let mut digits = String::with_capacity(32);
    for (position, c) in text.char_indices() {
        match c {
            '-' if dashed && matches!(position, 8 | 13 | 18 | 23) => {}
            // With dashes, they stand where an id has them.
            c if c.is_ascii_hexdigit() && !(dashed && matches!(position, 8 | 13 | 18 | 23)) => digits.push(c),
            _ => return None,
        }
    }
    if digits.len() > 32 {
        return None;
    }
    Some((format!("{digits:0<32}").parse().ok()?, format!("{digits:f<32}").parse().ok()?))
}

/// Names like `text`, the nearest first, at most three.
fn near_names(noun: Noun, text: &str, names: &[String]) -> Vec<String> {
    // Guests are not to be guessed at: a name in an error would be somebody else's.
    if noun == Noun::User {
        return Vec::new();
    }
    let wanted = text.rsplit('/').next().unwrap_or(text);
    near(wanted, names.iter().map(String::as_str)).into_iter().map(printable).collect()
}

async fn candidates(
    conn: &mut PgConnection,
    noun: Noun,
    text: &str,
    from: Uuid,
    to: Uuid,
    operator: Option<OperatorId>,
) -> Result<Vec<Candidate>> {
    let scope = operator.map(|id| id.0);
    let rows = match noun {
        Noun::Operator => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT id, name, email AS "email?", NULL::text AS operator, deleted_at
                  FROM operators
                 WHERE id BETWEEN $1 AND $2 OR lower(name) = lower($3) OR lower(email) = lower($3)
                 ORDER BY created_at, id
                "#,
                from,
                to,
                text,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::User => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT id, name, email AS "email?", NULL::text AS operator, deleted_at
                  FROM users
                 WHERE id BETWEEN $1 AND $2 OR lower(name) = lower($3) OR lower(email) = lower($3)
                 ORDER BY created_at, id
                "#,
                from,
                to,
                text,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::Photographer => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT p.id, p.name, p.email AS "email?", o.email AS "operator?", p.deleted_at
                  FROM photographers p
                  JOIN operators o ON o.id = p.operator_id
                 WHERE p.id BETWEEN $1 AND $2
                    OR (   lower(p.name) = lower($3)
                        OR lower(p.email) = lower($3)
                        OR lower(o.email || '/' || p.name) = lower($3))
                   AND ($4::uuid IS NULL OR p.operator_id = $4)
                 ORDER BY p.created_at, p.id
                "#,
                from,
                to,
                text,
                scope,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::Package => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT p.id, p.name, NULL::text AS email, o.email AS "operator?", p.deleted_at
                  FROM packages p
                  JOIN operators o ON o.id = p.operator_id
                 WHERE p.id BETWEEN $1 AND $2
                    OR (lower(p.name) = lower($3) OR lower(o.email || '/' || p.name) = lower($3))
                   AND ($4::uuid IS NULL OR p.operator_id = $4)
                 ORDER BY p.created_at, p.id
                "#,
                from,
                to,
                text,
                scope,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::Project => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT p.id, p.name, NULL::text AS email, o.email AS "operator?", p.deleted_at
                  FROM projects p
                  JOIN operators o ON o.id = p.operator_id
                 WHERE p.id BETWEEN $1 AND $2
                    OR (lower(p.name) = lower($3) OR lower(o.email || '/' || p.name) = lower($3))
                   AND ($4::uuid IS NULL OR p.operator_id = $4)
                 ORDER BY p.created_at, p.id
                "#,
                from,
                to,
                text,
                scope,
            )
            .fetch_all(conn)
            .await?
        }
    };
    Ok(rows.into_iter().map(Candidate::from).collect())
}

/// The names of live things, the newest first, at most a thousand: what a misspelt one is compared with, and what
/// there is to choose from.
async fn names(conn: &mut PgConnection, noun: Noun, operator: Option<OperatorId>) -> Result<Vec<String>> {
    Ok(choices(conn, noun, operator, 1_000).await?.into_iter().map(|candidate| candidate.name).collect())
}

/// Live things, the newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn choices(
    conn: &mut PgConnection,
    noun: Noun,
    operator: Option<OperatorId>,
    limit: i64,
) -> Result<Vec<Candidate>> {
    let scope = operator.map(|id| id.0);
    let rows = match noun {
        Noun::Operator => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT id, name, email AS "email?", NULL::text AS operator, deleted_at
                  FROM operators WHERE deleted_at IS NULL ORDER BY created_at DESC, id LIMIT $1
                "#,
                limit,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::User => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT id, name, email AS "email?", NULL::text AS operator, deleted_at
                  FROM users WHERE deleted_at IS NULL ORDER BY created_at DESC, id LIMIT $1
                "#,
                limit,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::Photographer => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT p.id, p.name, p.email AS "email?", o.email AS "operator?", p.deleted_at
                  FROM photographers p
                  JOIN operators o ON o.id = p.operator_id
                 WHERE p.deleted_at IS NULL AND ($1::uuid IS NULL OR p.operator_id = $1)
                 ORDER BY p.created_at DESC, p.id
                 LIMIT $2
                "#,
                scope,
                limit,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::Package => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT p.id, p.name, NULL::text AS email, o.email AS "operator?", p.deleted_at
                  FROM packages p
                  JOIN operators o ON o.id = p.operator_id
                 WHERE p.deleted_at IS NULL AND ($1::uuid IS NULL OR p.operator_id = $1)
                 ORDER BY p.created_at DESC, p.id
                 LIMIT $2
                "#,
                scope,
                limit,
            )
            .fetch_all(conn)
            .await?
        }
        Noun::Project => {
            sqlx::query_as!(
                CandidateRow,
                r#"
                SELECT p.id, p.name, NULL::text AS email, o.email AS "operator?", p.deleted_at
                  FROM projects p
                  JOIN operators o ON o.id = p.operator_id
                 WHERE p.deleted_at IS NULL AND ($1::uuid IS NULL OR p.operator_id = $1)
                 ORDER BY p.created_at DESC, p.id
                 LIMIT $2
                "#,
                scope,
                limit,
            )
            .fetch_all(conn)
            .await?
        }
    };
    Ok(rows.into_iter().map(Candidate::from).collect())
}

struct CandidateRow {
    id: Uuid,
    name: String,
    email: Option<String>,
    operator: Option<String>,
    deleted_at: Option<NaiveDateTime>,
}

impl From<CandidateRow> for Candidate {
    fn from(row: CandidateRow) -> Self {
        let CandidateRow { id, name, email, operator, deleted_at } = row;
        Self { id, name, email, operator, deleted_at: deleted_at.map(|time| time.and_utc()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(id: u128, name: &str, operator: &str) -> Candidate {
        Candidate {
            id: Uuid::from_u128(id),
            name: name.to_owned(),
            email: None,
            operator: Some(operator.to_owned()),
            deleted_at: None,
        }
    }

    #[test]
    fn the_beginning_of_an_id_stands_for_it() {
        let (from, to) = id_range("0a1b2c3d").expect("a prefix");
        assert_eq!(from.to_string(), "0a1b2c3d-0000-0000-0000-000000000000");
        assert_eq!(to.to_string(), "0a1b2c3d-ffff-ffff-ffff-ffffffffffff");
        assert!(id_range("0A1B2C3D-4").is_some());
        assert!(id_range("0a1b2c3d4e5f60718293a4b5c6d7e8f9").is_some_and(|(from, to)| from == to));
        for no in ["0a1b2c3", "0a1b2c3g", "0a1b2c3-d", "0a1b-2c3d4", "0a1b2c3d4-e5f6", "Sommerfest"] {
            assert!(id_range(no).is_none(), "{no}");
        }
    }

    #[test]
    fn one_is_picked_or_all_are_named() {
        let both = vec![project(1, "Gala", "a@x.org"), project(2, "gala", "b@x.org")];
        assert_eq!(pick(Noun::Project, "gala", false, both.clone()).expect("exact").id, Uuid::from_u128(2));
        let error = pick(Noun::Project, "GALA", false, both.clone()).expect_err("ambiguous");
        assert_eq!(error.kind(), Kind::Ambiguous);
        assert!(error.hints().iter().any(|hint| hint.contains("b@x.org")), "{:?}", error.hints());
        let found = pick(Noun::Project, "A@x.org/Gala", false, both);
        assert_eq!(found.expect("qualified").id, Uuid::from_u128(1));
    }

    #[test]
    fn a_deleted_thing_is_said_to_be_deleted() {
        let mut gone = project(1, "Gala", "a@x.org");
        gone.deleted_at = Some(DateTime::UNIX_EPOCH);
        let error = pick(Noun::Project, "Gala", false, vec![gone]).expect_err("deleted");
        assert_eq!(error.kind(), Kind::NotFound);
        assert!(error.message().contains("was deleted"), "{error}");
    }

    #[test]
    fn misspelt_names_find_their_neighbours() {
        let names = ["Sommerfest", "Winterball", "Sommerfest 2026"].map(str::to_owned).to_vec();
        assert_eq!(near_names(Noun::Project, "somerfest", &names)[0], "Sommerfest");
    }
}
