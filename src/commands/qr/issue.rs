//! `qr issue`

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::reference;
use crate::model::ids::{ProjectId, QrTokenId, UserId};
use crate::model::project::Project;
use crate::model::target::Target;
use crate::model::text::count;
use crate::model::time::for_people;
use crate::ui::{Done, Finished, Format, Page, Render, Row};
use crate::workflows::qr::Links;
use crate::workflows::qr::issue::{self, Batch, Expiry, Issued, Whom};

/// Tokens that people are shown; the machine formats have all of them.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub struct IssueArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// So many, each for whoever uses it first [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub count: Option<u32>,
    /// One for this guest: id, name or email
    #[arg(long, conflicts_with_all = ["count", "members", "reusable"])]
    pub user: Option<String>,
    /// One for each member who has no open one of their own
    #[arg(long, conflicts_with_all = ["count", "reusable"])]
    pub members: bool,
    /// For a poster: lets everybody join who scans it, until it expires
    #[arg(long)]
    pub reusable: bool,
    /// When they expire: a time in the project's zone, or a span such as 30d [default: the project's end]
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// If the guest has an open one already, answer that one
    #[arg(long, requires = "user", conflicts_with = "allow_duplicate")]
    pub if_not_exists: bool,
    /// Make a second one for the guest
    #[arg(long, requires = "user")]
    pub allow_duplicate: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: IssueArgs) -> Finished {
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let number = args.count.unwrap_or(1) as usize;
    let whom = match &args.user {
        Some(user) => Whom::Guest {
            user: reference::user(app, &mut conn, Some(user)).await?,
            if_not_exists: args.if_not_exists,
            allow_duplicate: args.allow_duplicate,
        },
        None if args.members => Whom::Members,
        None if args.reusable => Whom::Everybody(number),
        None => Whom::Anybody(number),
    };
    let links = Links::of(&mut conn, &app.config, &project).await?;
    drop(conn);
    let expiry = Expiry::of(&project, args.expires.as_deref(), Utc::now())?;
    let target = app.target(false);
    app.ui.target(&target);
    for warning in &expiry.warnings {
        app.ui.warn(warning);
    }
    let batch = issue::issue(db, &app.author(), &project, &whom, &expiry, args.dry_run).await?;
    let report = IssueReport::of(&project, &links, args.reusable, args.dry_run, expiry.at, batch, target);
    if report.tokens.iter().any(|token| token.url.is_none()) {
        app.ui.note(
            "It is not set which web page the codes open: set qr_url_template or the project's link before printing.",
        );
    }
    if app.ui.format() == Format::Csv {
        app.ui.list(&report.tokens, None);
    } else {
        app.ui.report(&report);
    }
    Ok(Done::OK)
}

/// A token in the hand of who issued it.
#[derive(Debug, Clone, Serialize)]
struct TokenLine {
    id: QrTokenId,
    token: String,
    /// Absent where it is not known which page it opens.
    url: Option<String>,
    user_id: Option<UserId>,
    user_name: Option<String>,
    user_email: Option<String>,
    reusable: bool,
    expires_at: DateTime<Utc>,
}

impl Row for TokenLine {
    const HEADERS: &'static [&'static str] = &["id", "guest", "link or token"];

    fn cells(&self) -> Vec<String> {
        let link = self.url.clone().unwrap_or_else(|| self.token.clone());
        vec![self.id.to_string(), self.user_name.clone().unwrap_or_default(), link]
    }
}

#[derive(Debug, Serialize)]
struct IssueReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    project_id: ProjectId,
    /// With a dry run: would be.
    issued: u64,
    /// Guests who had an open one.
    already_open: u64,
    /// Where there is exactly one, its fields stand here too.
    #[serde(flatten)]
    only: Option<TokenLine>,
    expires_at: DateTime<Utc>,
    tokens: Vec<TokenLine>,
    #[serde(skip)]
    zone: chrono_tz::Tz,
}

impl IssueReport {
    fn of(
        project: &Project,
        links: &Links,
        reusable: bool,
        dry_run: bool,
        expires_at: DateTime<Utc>,
        batch: Batch,
        target: Target,
    ) -> Self {
        let line = |issued: Issued| TokenLine {
            id: issued.id,
            url: links.link(&issued.token).ok(),
            token: issued.token.as_str().to_owned(),
            user_id: issued.user.as_ref().map(|user| user.id),
            user_name: issued.user.as_ref().map(|user| user.name.clone()),
            user_email: issued.user.map(|user| user.email),
            reusable,
            expires_at: issued.expires_at,
        };
        let tokens: Vec<TokenLine> = batch.there.into_iter().chain(batch.made).map(line).collect();
        let only = if let [only] = tokens.as_slice() { Some(only.clone()) } else { None };
        let expires_at = only.as_ref().map_or(expires_at, |only| only.expires_at);
        Self {
            ok: true,
            dry_run,
            target,
            project_id: project.id,
            issued: batch.count,
            already_open: batch.already_open,
            only,
            expires_at,
            tokens,
            zone: project.zone(),
        }
    }
}

impl Render for IssueReport {
    fn render(&self, page: &mut Page) {
        let tokens = count(self.issued, "token");
        let until = for_people(self.expires_at, self.zone);
        match (self.issued, self.dry_run) {
            (0, _) => page.line("There are open ones already; nothing was issued."),
            (_, true) => page.line(format!("Would issue {tokens}, open until {until}; nothing was changed.")),
            (_, false) => page.good(format!("Issued {tokens}, open until {until}.")),
        }
        if self.already_open > 0 {
            page.line(format!("{} had an open one already.", count(self.already_open, "guest")));
        }
        page.rows(&self.tokens[..self.tokens.len().min(SHOWN)]);
        if self.tokens.len() > SHOWN {
            page.line(format!(
                "and {}: --output csv shows all of them",
                count((self.tokens.len() - SHOWN) as u64, "more token")
            ));
        }
    }
}
