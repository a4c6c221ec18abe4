//! `consent revoke`

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::spooled;
use crate::app::App;
use crate::commands::args::ChangeArgs;
use crate::commands::reference;
use crate::config::settings;
use crate::db::{self, refs::Noun};
use crate::error::Kind;
use crate::model::consent::{self, BIOMETRIC};
use crate::model::ids::UserId;
use crate::model::target::Target;
use crate::model::text::{count, printable};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::consent::{self as workflow, Revocation};

#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Whose: id, name or email
    #[arg(long)]
    pub user: Option<String>,
    /// Which consents
    #[arg(long = "type", value_name = "TYPE", default_value = BIOMETRIC, value_parser = consent::kind)]
    pub kind: String,
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// While another command holds the embedded database, the revocation is left for that one; a dry run waits as others.
pub async fn run(app: &App, args: RevokeArgs) -> Finished {
    let embedded = app.config.get(settings::DATABASE_URL).is_none();
    let db = match (embedded && !args.change.dry_run).then_some(Duration::ZERO) {
        None => app.db().await?,
        Some(at_once) => match app.db_within(at_once).await {
            Err(error) if error.kind() == Kind::Locked => return spooled::leave(app, args, &error).await,
            opened => opened?,
        },
    };
    let user = {
        let conn = &mut db.conn().await?;
        let id = reference::even_deleted(app, conn, Noun::User, args.user.as_deref(), None).await?;
        db::users::get(conn, id.into()).await?.ok_or_else(reference::gone)?
    };
    let target = app.target(false);
    app.ui.target(&target);
    if !args.change.dry_run {
        let _confirmed = app.ui.confirm(&question(&user.email, &args.kind), args.change.yes)?;
    }
    let done = workflow::revoke(db, &app.author(), &user, &args.kind, args.change.dry_run).await?;
    let dry_run = args.change.dry_run;
    app.ui.report(&RevokeReport { ok: true, dry_run, target, spooled: false, user_id: user.id, kind: args.kind, done });
    Ok(Done::OK)
}

pub(super) fn question(user: &str, kind: &str) -> String {
    format!("Revoke all consents of {} to {kind}?", printable(user))
}

#[derive(Debug, Serialize)]
struct RevokeReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// Whether it was left for another command to carry out: not here.
    spooled: bool,
    user_id: UserId,
    #[serde(rename = "type")]
    kind: String,
    #[serde(flatten)]
    done: Revocation,
}

impl Render for RevokeReport {
    fn render(&self, page: &mut Page) {
        let Revocation { revoked, withdrawn, .. } = &self.done;
        let consents = count(*revoked, "consent");
        match (*revoked, self.dry_run) {
            (0, _) => page.line(format!("User {} has no active consent to {}.", self.user_id, self.kind)),
            (_, true) => page.line(format!("Would revoke {consents}; nothing was changed.")),
            (_, false) => page.good(format!("Revoked {consents}.")),
        }
        if self.kind != BIOMETRIC {
            return;
        }
        let removed = format!(
            "the vectors of {} and {} in photos, {} nobody had decided",
            count(withdrawn.selfies_withdrawn, "selfie"),
            count(withdrawn.photo_faces_withdrawn, "face"),
            count(withdrawn.pending_tags_removed, "tag"),
        );
        page.field(if self.dry_run { "Would remove" } else { "Removed" }, removed);
        let kept = format!(
            "{} that were decided, the pictures of {}",
            count(withdrawn.tags_kept, "tag"),
            count(withdrawn.selfies_kept, "selfie"),
        );
        page.field("What stays", kept);
    }
}
