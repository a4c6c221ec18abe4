//! `qr list`

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::args::CutArgs;
use crate::commands::reference;
use crate::db::page::no_beginning;
use crate::db::projects;
use crate::db::qr::{self, TokenFilter};
use crate::error::Result;
use crate::model::audit::Action;
use crate::model::ids::{ProjectId, QrTokenId};
use crate::model::qr::{QrToken, TokenStatus, TokenUser};
use crate::model::time::for_people;
use crate::ui::{Done, Finished, Row};
use crate::workflows::qr::{Links, sheet};

#[derive(Debug, Args)]
pub struct QrListArgs {
    /// Only those of this project
    #[arg(long)]
    pub project: Option<String>,
    /// Only those that were issued for this guest
    #[arg(long)]
    pub user: Option<String>,
    /// Only those that stand so
    #[arg(long, value_enum, value_name = "STATUS")]
    pub status: Option<TokenStatus>,
    /// Only those for a poster
    #[arg(long)]
    pub reusable: bool,
    /// Show the tokens and their links: whoever sees them may join. The audit log notes it
    #[arg(long)]
    pub show_tokens: bool,
    #[command(flatten)]
    pub cut: CutArgs,
}

pub async fn run(app: &App, args: QrListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let project = reference::project_if(app, &mut conn, args.project.as_deref()).await?;
    let user = match &args.user {
        Some(user) => Some(reference::user(app, &mut conn, Some(user)).await?.id),
        None => None,
    };
    let after = args.cut.after.map(QrTokenId);
    if let Some(after) = after {
        let named = Some(("", after.0, after.0));
        if qr::list(&mut conn, TokenFilter { named, deleted: true, ..Default::default() }, 1).await?.is_empty() {
            return Err(no_beginning("token", after.0));
        }
    }
    let filter = TokenFilter {
        project: project.as_ref().map(|project| project.id),
        user,
        status: args.status.as_slice(),
        reusable: args.reusable.then_some(true),
        after,
        ..Default::default()
    };
    let mut tokens = qr::list(&mut conn, filter, args.cut.one_more()).await?;
    let cut = args.cut.cut(&mut tokens, |token| token.id.0);
    let rows = rows(app, &mut conn, &tokens, args.show_tokens).await?;
    drop(conn);
    if args.show_tokens && !tokens.is_empty() {
        sheet::note(app.db().await?, &app.author(), Action::Export, &tokens, "list", 1).await?;
        let rows: Vec<Keyed> = rows.into_iter().map(Keyed).collect();
        app.ui.list(&rows, cut.as_deref());
    } else {
        app.ui.list(&rows, cut.as_deref());
    }
    if tokens.is_empty() {
        app.ui.note("No tokens.");
    }
    Ok(Done::OK)
}

async fn rows(app: &App, conn: &mut crate::db::PgConnection, tokens: &[QrToken], show: bool) -> Result<Vec<ListRow>> {
    // Zones and links are the project's: each is read once.
    let mut known = BTreeMap::new();
    let mut rows = Vec::with_capacity(tokens.len());
    for token in tokens {
        if let Entry::Vacant(place) = known.entry(token.project_id) {
            let project = projects::get(conn, token.project_id).await?;
            let links = match project.as_ref().filter(|_| show) {
                Some(project) => Some(Links::of(conn, &app.config, project).await?),
                None => None,
            };
            let zone = project.map_or(chrono_tz::Tz::UTC, |project| project.zone());
            place.insert((zone, links));
        }
        let Some((zone, links)) = known.get(&token.project_id) else { continue };
        let key = links.as_ref().map(|links| (token.token.as_str().to_owned(), links.link(&token.token).ok()));
        let (key, url) = key.unzip();
        rows.push(ListRow {
            id: token.id,
            project_id: token.project_id,
            project: token.project.clone(),
            status: token.status,
            begins: token.token.masked(),
            token: key,
            url: url.flatten(),
            user: token.user.clone(),
            reusable: token.reusable,
            uses: token.uses,
            expires_at: token.expires_at,
            used_at: token.used_at,
            revoked_at: token.revoked_at,
            created_at: token.created_at,
            zone: *zone,
        });
    }
    Ok(rows)
}

#[derive(Debug, Serialize)]
struct ListRow {
    id: QrTokenId,
    project_id: ProjectId,
    project: String,
    status: TokenStatus,
    /// How the token begins: enough to tell two cards apart.
    begins: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    user: Option<TokenUser>,
    reusable: bool,
    uses: i64,
    expires_at: DateTime<Utc>,
    used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    #[serde(skip)]
    zone: chrono_tz::Tz,
}

impl ListRow {
    fn state(&self) -> String {
        match (self.status, self.reusable) {
            (TokenStatus::Used, _) => {
                format!("used {}", self.used_at.map(|at| for_people(at, self.zone)).unwrap_or_default())
            }
            (status, true) => format!("{}, used {} times", status.as_str(), self.uses),
            (status, false) => status.as_str().to_owned(),
        }
    }
}

impl Row for ListRow {
    const HEADERS: &'static [&'static str] = &["id", "begins", "project", "guest", "status", "expires"];

    fn cells(&self) -> Vec<String> {
        let guest = match &self.user {
            Some(user) if user.deleted => format!("{} (deleted)", user.name),
            Some(user) => user.name.clone(),
            None if self.reusable => "everybody".to_owned(),
            None => String::new(),
        };
        let expires = for_people(self.expires_at, self.zone);
        vec![self.id.to_string(), self.begins.clone(), self.project.clone(), guest, self.state(), expires]
    }
}

/// As [`ListRow`], with what lets somebody in.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Keyed(ListRow);

impl Row for Keyed {
    const HEADERS: &'static [&'static str] = &["id", "guest", "status", "link or token"];

    fn cells(&self) -> Vec<String> {
        let Self(row) = self;
        let guest = row.user.as_ref().map(|user| user.name.clone()).unwrap_or_default();
        let link = row.url.clone().or_else(|| row.token.clone()).unwrap_or_default();
        vec![row.id.to_string(), guest, row.state(), link]
    }
}
