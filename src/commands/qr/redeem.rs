//! `qr redeem`

use std::io::Read;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::reference;
use crate::db::qr;
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ProjectId, QrTokenId, UserId};
use crate::model::qr::Token;
use crate::model::target::Target;
use crate::model::time::rfc3339;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::qr::redeem::{self, user_deleted};

/// Bytes of stdin that may be a token.
const TOKEN_BYTES: u64 = 4_096;

#[derive(Debug, Args)]
pub struct RedeemArgs {
    /// The token; - reads it from stdin, where nobody else sees it
    pub token: String,
    /// Who joins: id, name or email
    #[arg(long)]
    pub user: Option<String>,
    /// The guest accepts the project's terms; without, nobody joins a project that has some
    #[arg(long)]
    pub accept_terms: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: RedeemArgs) -> Finished {
    let token = read(&args.token)?;
    let db = app.db().await?;
    let user = user(app, args.user.as_deref()).await?;
    let target = app.target(false);
    app.ui.target(&target);
    let attempt = redeem::redeem(db, &app.author(), &token, user, args.accept_terms, args.dry_run).await?;
    app.ui.show(&RedeemReport {
        id: attempt.token,
        project_id: attempt.project_id,
        project: attempt.project,
        user_id: user,
        joined: attempt.joined,
        joined_at: attempt.joined_at,
        terms_accepted_at: attempt.terms_accepted_at,
        reusable: attempt.reusable,
        dry_run: args.dry_run,
        target,
    });
    Ok(Done::OK)
}

fn read(word: &str) -> Result<Token> {
    if word != "-" {
        return Token::read(word);
    }
    let mut text = Vec::new();
    std::io::stdin()
        .take(TOKEN_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| Error::invalid("the token can not be read from stdin").with_source(error))?;
    Token::read(&String::from_utf8_lossy(&text))
}

/// The user named. One who was deleted is refused as such, and not as if there had never been one.
async fn user(app: &App, given: Option<&str>) -> Result<UserId> {
    let mut conn = app.db().await?.conn().await?;
    match reference::user(app, &mut conn, given).await {
        Ok(user) => Ok(user.id),
        Err(error) if error.kind() == Kind::NotFound => {
            let deleted = match given {
                Some(text) => qr::deleted_user(&mut conn, text.trim()).await?,
                None => None,
            };
            Err(deleted.map_or(error, user_deleted))
        }
        Err(error) => Err(error),
    }
}

#[derive(Debug, Serialize)]
struct RedeemReport {
    /// The token's.
    id: QrTokenId,
    project_id: ProjectId,
    project: String,
    user_id: UserId,
    /// Whether a new member was made: a member with a token of their own is one already.
    joined: bool,
    joined_at: Option<DateTime<Utc>>,
    terms_accepted_at: Option<DateTime<Utc>>,
    reusable: bool,
    dry_run: bool,
    target: Target,
}

impl Render for RedeemReport {
    fn render(&self, page: &mut Page) {
        let Self { user_id, project, .. } = self;
        match (self.joined, self.dry_run) {
            (true, true) => page.line(format!("User {user_id} would join {project}; nothing was changed.")),
            (true, false) => page.good(format!("User {user_id} joined {project}.")),
            (false, true) => page.line(format!("User {user_id} is a member of {project}; the token would be used.")),
            (false, false) => page.good(format!("User {user_id} is a member of {project}; the token is used now.")),
        }
        page.field_if("Terms accepted", self.terms_accepted_at.map(rfc3339));
    }
}
