//! `consent list`

use chrono::{DateTime, Utc};
use clap::Args;

use crate::app::App;
use crate::commands::args::CutArgs;
use crate::commands::reference;
use crate::db::consents::{self, ConsentFilter};
use crate::db::page::no_beginning;
use crate::db::refs::{self, Noun};
use crate::model::consent::{self, BIOMETRIC, Consent};
use crate::model::ids::ConsentId;
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
    #[command(flatten)]
    pub cut: CutArgs,
}

pub async fn run(app: &App, args: ConsentListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    // Consents are of users: the project that is set does not narrow them, one that is named does.
    let project = match args.project.as_deref() {
        Some(project) => Some(reference::project(app, &mut conn, Some(project)).await?.id),
        None => None,
    };
    let user = match args.user.as_deref() {
        Some(user) => Some(refs::find_even_deleted(&mut conn, Noun::User, user, None).await?.id.into()),
        None => None,
    };
    let after = args.cut.after.map(ConsentId);
    if let Some(id) = after
        && consents::list(&mut conn, ConsentFilter { id: after, ..Default::default() }, 1).await?.is_empty()
    {
        return Err(no_beginning("consent", id.0));
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
    let mut rows = consents::list(&mut conn, filter, args.cut.one_more()).await?;
    let cut = args.cut.cut(&mut rows, |row| row.id.0);
    app.ui.list(&rows, cut.as_deref());
    if rows.is_empty() {
        app.ui.note("No consents.");
    }
    Ok(Done::OK)
}

impl Row for Consent {
    const HEADERS: &'static [&'static str] = &["id", "user", "version", "given"];

    fn cells(&self) -> Vec<String> {
        let version = match self.kind.as_str() {
            BIOMETRIC => self.version.clone(),
            kind => format!("{kind} {}", self.version),
        };
        // The day is enough to find one; times and the proof are in the machine formats.
        let day = |time: DateTime<Utc>| time.format("%Y-%m-%d").to_string();
        let revoked = self.revoked_at.map(|at| format!(", revoked {}", day(at))).unwrap_or_default();
        vec![self.id.to_string(), self.email.clone(), version, format!("{}{revoked}", day(self.given_at))]
    }
}
