//! Making tokens.

use chrono::{DateTime, Utc};
use rand::TryRngCore;
use rand::rngs::OsRng;

use super::bare;
use crate::db::qr::{self, NewTokens, TokenFilter};
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::QrTokenId;
use crate::model::people::User;
use crate::model::project::Project;
use crate::model::qr::{LETTERS_IN_TOKEN, Token, TokenStatus, TokenUser};
use crate::model::text::{printable, quoted};
use crate::model::time::{self, for_people};

/// For whom tokens are made.
#[derive(Debug, Clone)]
pub enum Whom {
    /// So many, each for whoever uses it first.
    Anybody(usize),
    /// So many, each for all who scan it.
    Everybody(usize),
    /// One guest. A second open one only where it is asked for.
    Guest { user: User, if_not_exists: bool, allow_duplicate: bool },
    /// Each member who has no open one.
    Members,
}

/// When tokens end, and what a person should know about that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    pub at: DateTime<Utc>,
    pub warnings: Vec<String>,
}

impl Expiry {
    /// The given time, read in the project's zone, else the project's end.
    ///
    /// # Errors
    /// A sentence when there is neither, when it is no time, or when it is over.
    pub fn of(project: &Project, given: Option<&str>, now: DateTime<Utc>) -> Result<Self> {
        let zone = project.zone();
        let at = match (given, project.end_at) {
            (Some(text), _) => time::parse_ahead(text, zone, now).map_err(|error| error.context("--expires"))?,
            (None, Some(end)) => end,
            (None, None) => {
                return Err(Error::usage(format!(
                    "project {} has no end: when do the tokens expire?",
                    quoted(&project.name)
                ))
                .hint("give --expires, such as --expires 30d or --expires '2026-06-01 20:00'"));
            }
        };
        if at <= now {
            let what = if given.is_some() { "--expires" } else { "the project's end" };
            return Err(Error::invalid(format!(
                "{what} ({}) is over: such tokens let nobody join",
                for_people(at, zone)
            ))
            .hint("give a later --expires; a project that is over can not be joined"));
        }
        let mut warnings = Vec::new();
        if let Some(start) = project.start_at.filter(|start| at < *start) {
            warnings.push(format!(
                "the tokens expire ({}) before the project starts ({})",
                for_people(at, zone),
                for_people(start, zone)
            ));
        }
        if let Some(end) = project.end_at.filter(|end| at > *end) {
            warnings.push(format!(
                "the project ends ({}) before the tokens expire: nobody joins after its end",
                for_people(end, zone)
            ));
        }
        Ok(Self { at, warnings })
    }
}

/// A token that was made, or was there.
#[derive(Debug, Clone)]
pub struct Issued {
    pub id: QrTokenId,
    pub token: Token,
    pub user: Option<TokenUser>,
    pub expires_at: DateTime<Utc>,
}

/// What came of issuing.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Empty in a dry run.
    pub made: Vec<Issued>,
    /// Answered in place of a new one.
    pub there: Option<Issued>,
    /// How many were made, or would be.
    pub count: u64,
    /// Members who have an open one already.
    pub already_open: u64,
}

/// Makes tokens, all or none.
///
/// # Errors
/// `AlreadyExists` where a guest has an open one; what the database or the system's random source says.
pub async fn issue(
    db: &Db,
    author: &Author,
    project: &Project,
    whom: &Whom,
    expiry: &Expiry,
    dry_run: bool,
) -> Result<Batch> {
    let mut tx = db.begin().await?;
    // Two that issue for the members at once would give each of them two. A dry run looks, and waits for nobody.
    if !dry_run {
        db::guard::lock(&mut tx, &format!("qr tokens of {}", project.id)).await?;
    }
    let (guests, mut batch) = guests(&mut tx, project, whom).await?;
    batch.count = guests.len() as u64;
    if dry_run || guests.is_empty() {
        tx.rollback().await?;
        return Ok(batch);
    }
    let tokens: Vec<(Token, Option<TokenUser>)> =
        guests.into_iter().map(|guest| Ok((random()?, guest))).collect::<Result<_>>()?;
    let rows: Vec<_> =
        tokens.iter().map(|(token, guest)| (token.clone(), guest.as_ref().map(|guest| guest.id))).collect();
    let reusable = matches!(whom, Whom::Everybody(_));
    let new = NewTokens { project: project.id, tokens: &rows, expires_at: expiry.at, reusable };
    let ids = qr::insert(&mut tx, new).await?;
    db::audit::append(&mut tx, author, &entry(project, &ids, &rows, expiry.at, reusable)).await?;
    tx.commit().await?;
    batch.made = ids
        .into_iter()
        .zip(tokens)
        .map(|(id, (token, user))| Issued { id, token, user, expires_at: expiry.at })
        .collect();
    Ok(batch)
}

/// One item for each token to be made, and what is there already.
async fn guests(conn: &mut PgConnection, project: &Project, whom: &Whom) -> Result<(Vec<Option<TokenUser>>, Batch)> {
    let mut batch = Batch::default();
    let guests = match whom {
        Whom::Anybody(count) | Whom::Everybody(count) => vec![None; *count],
        Whom::Members => {
            let without = qr::members_without(conn, project.id).await?;
            let all = u64::try_from(qr::live_members(conn, project.id).await?).unwrap_or_default();
            batch.already_open = all.saturating_sub(without.len() as u64);
            without.into_iter().map(Some).collect()
        }
        Whom::Guest { user, if_not_exists, allow_duplicate } => {
            let filter = TokenFilter {
                project: Some(project.id),
                user: Some(user.id),
                // One that is closed is open again when the project's end is moved.
                status: &[TokenStatus::Open, TokenStatus::Closed],
                ..Default::default()
            };
            let there = if *allow_duplicate { None } else { qr::list(conn, filter, 1).await?.pop() };
            match there {
                Some(there) if *if_not_exists => {
                    batch.already_open = 1;
                    let (id, token, user, expires_at) = (there.id, there.token, there.user, there.expires_at);
                    batch.there = Some(Issued { id, token, user, expires_at });
                    Vec::new()
                }
                Some(there) => {
                    let error = format!("user {} has an open token already (id {})", printable(&user.email), there.id);
                    return Err(Error::new(Kind::AlreadyExists, error)
                        .hint("--if-not-exists answers that one, --allow-duplicate makes a second")
                        .hint(format!("if the card is lost: photoctl qr revoke {}", there.id)));
                }
                None => vec![Some(TokenUser {
                    id: user.id,
                    name: user.name.clone(),
                    email: user.email.clone(),
                    deleted: false,
                })],
            }
        }
    };
    Ok((guests, batch))
}

fn entry(
    project: &Project,
    ids: &[QrTokenId],
    rows: &[(Token, Option<crate::model::ids::UserId>)],
    expires_at: DateTime<Utc>,
    reusable: bool,
) -> Entry {
    let expires = time::rfc3339(expires_at);
    let mut fields = Fields::new().plain("expires_at", None, Some(&expires));
    if reusable {
        fields = fields.plain("reusable", None, Some("true"));
    }
    let entry = Entry::new(Entity::QrToken, Action::Issue).in_project(project.id).items(bare(ids));
    match (ids, rows) {
        ([only], [(_, guest)]) => {
            let guest = guest.map(|id| id.to_string());
            entry.of(only.0).fields(fields.plain("user_id", None, guest.as_deref()))
        }
        _ => entry.fields(fields),
    }
}

/// 130 random bits of the system's.
fn random() -> Result<Token> {
    let mut bytes = [0; LETTERS_IN_TOKEN];
    OsRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| Error::new(Kind::Failed, "the system has no random numbers to give").with_source(error))?;
    Ok(Token::of_random(bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tokens_are_all_different_and_use_every_letter_everywhere() {
        let tokens: BTreeSet<String> = (0..2_000).map(|_| random().expect("a token").as_str().to_owned()).collect();
        assert_eq!(tokens.len(), 2_000);
        for position in 0..LETTERS_IN_TOKEN {
            let letters: BTreeSet<u8> = tokens.iter().map(|token| token.as_bytes()[position]).collect();
            assert_eq!(letters.len(), 32, "position {position}");
        }
    }
}
