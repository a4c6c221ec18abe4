//! `consent list`

use chrono_tz::Tz;
use clap::Args;

use crate::app::App;
use crate::commands::reference;
use crate::db::consents::{self, ConsentFilter};
use crate::error::{Error, Kind};
use crate::model::consent::{self, Consent};
use crate::model::ids::ConsentId;
use crate::model::time::for_people;
use crate::ui::{Done, Finished, Row};

#[derive(Debug, Args)]
pub struct ConsentListArgs {
    /// Only those of this user
    #[arg(long)]
    pub user: Option<String>,
    /// Only those of members of this project
    #[arg(long)]
    pub project: Option<String>,
    /// Only those of this type
    #[arg(long = "type", value_name = "TYPE", value_parser = consent::kind)]
    pub kind: Option<String>,
    /// Only those of this version
    #[arg(long, value_name = "VERSION")]
    pub consent_version: Option<String>,
    /// Only those that were not revoked
    #[arg(long)]
    pub active: bool,
    /// Most rows to show
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    /// Begin behind the row of this id: where an earlier list was cut
    #[arg(long, value_name = "ID")]
    pub after: Option<uuid::Uuid>,
}

pub async fn run(app: &App, args: ConsentListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    // Consents are of users: the project that is set does not narrow them, one that is named does.
    let project = match args.project.as_deref() {
        Some(project) => Some(reference::project(app, &mut conn, Some(project)).await?.id),
        None => None,
    };
    let user = match args.user.as_deref() {
        Some(user) => Some(reference::user(app, &mut conn, Some(user)).await?.id),
        None => None,
    };
    let after = args.after.map(ConsentId);
    if after.is_some()
        && consents::list(&mut conn, ConsentFilter { id: after, ..Default::default() }, 1).await?.is_empty()
    {
        return Err(Error::new(Kind::NotFound, "there is no consent of that id to begin behind")
            .hint("give --after the id that the list before ended with"));
    }
    let filter = ConsentFilter {
        user,
        project,
        kind: args.kind.as_deref(),
        version: args.consent_version.as_deref(),
        active: args.active,
        after,
        ..Default::default()
    };
    let mut rows = consents::list(&mut conn, filter, i64::from(args.limit) + 1).await?;
    let limit = args.limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let cut = rows.last().filter(|_| more).map(|last| last.id);
    let cut = cut.map(|last| format!("There are more: go on with --after {last}, or raise --limit."));
    app.ui.list(&rows, cut.as_deref());
    if rows.is_empty() {
        app.ui.note("No consents.");
    }
    Ok(Done::OK)
}

impl Row for Consent {
    const HEADERS: &'static [&'static str] = &["id", "user", "type", "version", "given", "revoked", "evidence"];

    fn cells(&self) -> Vec<String> {
        let revoked = self.revoked_at.map(|at| for_people(at, Tz::UTC)).unwrap_or_default();
        let given = for_people(self.given_at, Tz::UTC);
        let (kind, version) = (self.kind.clone(), self.version.clone());
        vec![self.id.to_string(), self.email.clone(), kind, version, given, revoked, self.evidence_for_people()]
    }
}
