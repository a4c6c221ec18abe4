//! Joining by a token.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::db::qr::{self, Attempt, Verdict};
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::UserId;
use crate::model::qr::Token;
use crate::model::text::quoted;
use crate::model::time;

/// Lets a user join by a token, as the web application would when they scan it. `accepts` says that they accept the
/// terms; where the project has some, nobody joins without. A dry run does the same and takes it back.
///
/// # Errors
/// A kind and a sentence for each reason why the token does not let them join, or what the database says.
pub async fn redeem(
    db: &Db,
    author: &Author,
    token: &Token,
    user: UserId,
    accepts: bool,
    dry_run: bool,
) -> Result<Attempt> {
    let mut tx = db.begin().await?;
    let Some(attempt) = qr::redeem(&mut tx, token.as_str(), user, accepts).await? else {
        tx.rollback().await?;
        return Err(token.unknown());
    };
    if attempt.verdict != Verdict::Joins {
        let zone = db::projects::get(&mut tx, attempt.project_id).await?.map(|project| project.zone());
        tx.rollback().await?;
        return Err(refusal(&attempt, token, user, zone.unwrap_or(Tz::UTC)));
    }
    if dry_run {
        tx.rollback().await?;
        return Ok(attempt);
    }
    let accepted = attempt.terms_accepted_at.map(time::rfc3339);
    if attempt.joined {
        let fields = Fields::new().plain("terms_accepted_at", None, accepted.as_deref());
        let entry = Entry::new(Entity::ProjectMember, Action::Create).of(user.0).in_project(attempt.project_id);
        db::audit::append(&mut tx, author, &entry.fields(fields)).await?;
    }
    let fields = Fields::new().plain("user_id", None, Some(&user.to_string()));
    let entry = Entry::new(Entity::QrToken, Action::Redeem).of(attempt.token.0).in_project(attempt.project_id);
    db::audit::append(&mut tx, author, &entry.fields(fields)).await?;
    tx.commit().await?;
    Ok(attempt)
}

fn refusal(attempt: &Attempt, token: &Token, user: UserId, zone: Tz) -> Error {
    let token = token.masked();
    let project = format!("project {}", quoted(&attempt.project));
    let at = |time: Option<_>| time.map(|time| time::for_people(time, zone)).unwrap_or_default();
    match attempt.verdict {
        Verdict::Joins => Error::new(Kind::Internal, "a token that lets somebody join was refused"),
        Verdict::ProjectDeleted => project_deleted(&attempt.project),
        Verdict::Used => Error::new(
            Kind::TokenUsed,
            format!("token {token} was used at {}: each lets one join", at(attempt.used_at)),
        )
        .hint("photoctl qr issue makes a new one; --reusable makes one for all"),
        Verdict::Revoked => {
            Error::new(Kind::TokenRevoked, format!("token {token} was revoked at {}", at(attempt.revoked_at)))
                .hint("photoctl qr issue makes a new one")
        }
        Verdict::ProjectOver => project_over(&attempt.project, attempt.end_at, zone),
        Verdict::Expired => {
            Error::new(Kind::TokenExpired, format!("token {token} expired at {}", at(Some(attempt.expires_at))))
                .hint("photoctl qr issue makes a new one")
        }
        Verdict::UserDeleted => user_deleted(user),
        Verdict::OfAnother => Error::new(Kind::TokenOfAnother, format!("token {token} was issued for another guest"))
            .hint("photoctl qr issue --user makes one for this guest"),
        Verdict::AlreadyMember => Error::new(
            Kind::AlreadyMember,
            format!("user {user} is a member of {project} already; the token stays as it is"),
        ),
        Verdict::TermsRequired => Error::new(
            Kind::TermsRequired,
            format!("{project} has terms, and it is not said that the guest accepts them"),
        )
        .hint("--accept-terms says that they do"),
    }
}

/// Nobody joins a deleted project.
#[must_use]
pub fn project_deleted(name: &str) -> Error {
    Error::new(Kind::ProjectDeleted, format!("project {} was deleted: nobody can join it", quoted(name)))
}

/// Nobody joins a project after its end.
#[must_use]
pub fn project_over(name: &str, end: Option<DateTime<Utc>>, zone: Tz) -> Error {
    let at = end.map(|end| format!(" at {}", time::for_people(end, zone))).unwrap_or_default();
    Error::new(Kind::ProjectOver, format!("project {} ended{at}: nobody joins it any more", quoted(name)))
        .hint("photoctl project members add lets an operator add somebody")
}

/// Deleted users join nothing.
#[must_use]
pub fn user_deleted(user: UserId) -> Error {
    Error::new(Kind::UserDeleted, format!("user {user} was deleted"))
}
