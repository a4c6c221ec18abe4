//! `qr revoke`

use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::reference;
use crate::db::qr::{self, TokenFilter};
use crate::error::{Error, Result};
use crate::model::ids::{ProjectId, QrTokenId};
use crate::model::qr::TokenStatus;
use crate::model::target::Target;
use crate::model::text::count;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::qr::{self as workflow, retire};

#[derive(Debug, Args)]
pub struct RevokeArgs {
    /// Tokens, or their ids; - reads them from stdin, one a line
    #[arg(value_name = "TOKEN|ID", required_unless_present = "all", conflicts_with = "all")]
    pub tokens: Vec<String>,
    /// Every open token of the project, or of --user there
    #[arg(long)]
    pub all: bool,
    /// With --all: project: id, name or operator-email/name
    #[arg(long, requires = "all")]
    pub project: Option<String>,
    /// With --all: only those that were issued for this guest
    #[arg(long, requires = "all")]
    pub user: Option<String>,
    #[command(flatten)]
    pub change: crate::commands::args::ChangeArgs,
}

pub async fn run(app: &App, args: RevokeArgs) -> Finished {
    let (project, ids) = if args.all { all_open(app, &args).await? } else { named(app, &args.tokens).await? };
    let target = app.target(false);
    app.ui.target(&target);
    if args.all && !args.change.dry_run && !ids.is_empty() {
        // Cards that were named one by one are meant; all of them may be a slip.
        let _confirmed =
            app.ui.confirm(&format!("Revoke {}?", count(ids.len() as u64, "open token")), args.change.yes)?;
    }
    let done = retire::revoke(app.db().await?, &app.author(), project, &ids, args.change.dry_run).await?;
    app.ui.report(&RevokeReport {
        ok: true,
        dry_run: args.change.dry_run,
        target,
        revoked: done.len() as u64,
        unchanged: (ids.len() - done.len()) as u64,
        ids: done,
    });
    Ok(Done::OK)
}

async fn all_open(app: &App, args: &RevokeArgs) -> Result<(Option<ProjectId>, Vec<QrTokenId>)> {
    let mut conn = app.db().await?.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let user = match &args.user {
        Some(user) => Some(reference::user(app, &mut conn, Some(user)).await?.id),
        None => None,
    };
    // A closed one would let somebody join again when the guest is restored, or the project's end is moved.
    let status = &[TokenStatus::Open, TokenStatus::Closed];
    let filter = TokenFilter { project: Some(project.id), user, status, ..Default::default() };
    let tokens = qr::list(&mut conn, filter, i64::MAX).await?;
    Ok((Some(project.id), tokens.into_iter().map(|token| token.id).collect()))
}

async fn named(app: &App, words: &[String]) -> Result<(Option<ProjectId>, Vec<QrTokenId>)> {
    let mut words: Vec<String> = words.to_vec();
    if words == ["-"] {
        let text = std::io::read_to_string(std::io::stdin())
            .map_err(|error| Error::invalid("the tokens can not be read from stdin").with_source(error))?;
        words = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    }
    let mut conn = app.db().await?.conn().await?;
    let mut ids = std::collections::BTreeMap::new();
    for word in &words {
        let token = workflow::find(&mut conn, word).await?;
        ids.insert(token.id, token.project_id);
    }
    let mut projects: Vec<ProjectId> = ids.values().copied().collect();
    projects.dedup();
    let project = if let [only] = projects.as_slice() { Some(*only) } else { None };
    Ok((project, ids.into_keys().collect()))
}

#[derive(Debug, Serialize)]
struct RevokeReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// With a dry run: would be.
    revoked: u64,
    /// Used, expired or revoked before.
    unchanged: u64,
    ids: Vec<QrTokenId>,
}

impl Render for RevokeReport {
    fn render(&self, page: &mut Page) {
        let tokens = count(self.revoked, "token");
        match (self.revoked, self.dry_run) {
            (0, _) => page.line("Nothing was revoked."),
            (_, true) => page.line(format!("Would revoke {tokens}; nothing was changed.")),
            (_, false) => page.good(format!("Revoked {tokens}.")),
        }
        if self.unchanged > 0 {
            page.line(format!("{} not open any more.", count(self.unchanged, "token")));
        }
    }
}
