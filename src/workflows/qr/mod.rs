//! QR tokens: issuing them, putting them on cards, and joining by one.
//!
//! A token is a key: it is never written to a log, and the audit log names it by its id.

pub mod issue;
pub mod redeem;
pub mod retire;
pub mod sheet;

use chrono::{DateTime, Utc};

use crate::config::{Config, settings};
use crate::db::qr::{self, TokenFilter};
use crate::db::{self, PgConnection, refs};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ProjectId, QrTokenId};
use crate::model::project::Project;
use crate::model::qr::{QrToken, Token, TokenStatus, link};
use crate::model::text::{printable, quoted};
use crate::model::time;
use crate::workflows::setup::settings::of_project;

/// Most ids that an error names.
const NAMED_MOST: usize = 8;

/// The token that `text` means: the token itself, its id, or the first 8 characters or more of the id.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Ambiguous`] with the ids, or what the database says.
pub async fn find(conn: &mut PgConnection, text: &str) -> Result<QrToken> {
    let text = text.trim();
    let nothing = || {
        let shown =
            if refs::id_range(text).is_some() { printable(text) } else { Token::stored(text.to_owned()).masked() };
        Error::new(Kind::NotFound, format!("there is no token {shown}")).hint("photoctl qr list shows what there is")
    };
    if text.is_empty() || text.contains('\0') {
        return Err(nothing());
    }
    let (from, to) = refs::id_range(text).unwrap_or_default();
    let filter = TokenFilter { named: Some((text, from, to)), deleted: true, ..Default::default() };
    let found = qr::list(conn, filter, 100).await?;
    if let Some(exact) = found.iter().find(|token| token.token.as_str() == text) {
        return Ok(exact.clone());
    }
    match found.as_slice() {
        [] => Err(nothing()),
        [only] => Ok(only.clone()),
        several => {
            let error = Error::new(Kind::Ambiguous, format!("{} fits {} tokens", quoted(text), several.len()));
            Err(several.iter().take(NAMED_MOST).fold(error, |error, token| error.hint(token.id.to_string())))
        }
    }
}

/// Refuses a token that lets nobody join.
///
/// # Errors
/// A sentence with the kind of [`TokenStatus`].
pub fn require_open(token: &QrToken, project: &Project) -> Result<()> {
    let (kind, what, at) = match token.status {
        TokenStatus::Open => return Ok(()),
        TokenStatus::Closed => {
            let gone = token.user.as_ref().filter(|user| user.deleted);
            return Err(gone.map_or_else(|| closed(project), |user| redeem::user_deleted(user.id)));
        }
        TokenStatus::Used => (Kind::TokenUsed, "was used", token.used_at),
        TokenStatus::Revoked => (Kind::TokenRevoked, "was revoked", token.revoked_at),
        TokenStatus::Expired => (Kind::TokenExpired, "expired", Some(token.expires_at)),
    };
    let at = at.map(|at| time::for_people(at, project.zone())).unwrap_or_default();
    Err(Error::new(kind, format!("token {} {what} at {at}: nobody can join by it", token.id))
        .hint("photoctl qr issue makes a new one"))
}

/// Refuses a project that is over: none of its cards lets anybody join.
///
/// # Errors
/// [`Kind::ProjectOver`].
pub fn require_not_over(project: &Project, now: DateTime<Utc>) -> Result<()> {
    if project.end_at.is_some_and(|end| end <= now) { Err(closed(project)) } else { Ok(()) }
}

/// Why a project lets nobody join.
fn closed(project: &Project) -> Error {
    match project.deleted_at {
        Some(_) => redeem::project_deleted(&project.name),
        None => redeem::project_over(&project.name, project.end_at, project.zone()),
    }
}

/// Makes the links of a project's tokens.
#[derive(Debug)]
pub struct Links {
    template: Option<String>,
    project_link: Option<String>,
}

impl Links {
    /// # Errors
    /// What the database says.
    pub async fn of(conn: &mut PgConnection, config: &Config, project: &Project) -> Result<Self> {
        let config = of_project(conn, config, project.id).await?;
        let template = config.get(settings::QR_URL_TEMPLATE).map(str::to_owned);
        Ok(Self { template, project_link: project.link.clone() })
    }

    /// The link for a token.
    ///
    /// # Errors
    /// [`Kind::Config`] when neither a template nor a link of the project can be used.
    pub fn link(&self, token: &Token) -> Result<String> {
        link(self.template.as_deref(), self.project_link.as_deref(), token)
    }
}

/// The project of a token, unless it was deleted.
///
/// # Errors
/// [`Kind::ProjectDeleted`], or what the database says.
pub async fn project_of(conn: &mut PgConnection, token: &QrToken) -> Result<Project> {
    live_project(conn, token.project_id, &token.project).await
}

async fn live_project(conn: &mut PgConnection, id: ProjectId, name: &str) -> Result<Project> {
    let project = db::projects::get(conn, id).await?.filter(|project| project.deleted_at.is_none());
    project.ok_or_else(|| redeem::project_deleted(name))
}

/// The ids of tokens, for the audit log.
fn bare(ids: &[QrTokenId]) -> impl Iterator<Item = uuid::Uuid> {
    ids.iter().map(|id| id.0)
}
