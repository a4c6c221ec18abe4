//! `project update`

use std::path::PathBuf;

use clap::Args;

use super::create::read_terms;
use crate::app::App;
use crate::commands::args::UpdateArgs;
use crate::commands::change::{self, edit};
use crate::commands::reference;
use crate::ui::Finished;
use crate::workflows::setup::change as setup;
use crate::workflows::setup::project::ProjectEdit;

#[derive(Debug, Args)]
pub struct ProjectUpdateArgs {
    /// Id, its first 8 characters or more, name or operator-email/name [default: the project that is set]
    #[arg(value_name = "PROJECT")]
    pub reference: Option<String>,
    /// The same as an option
    #[arg(long, conflicts_with = "reference")]
    pub project: Option<String>,
    /// New name
    #[arg(long)]
    pub name: Option<String>,
    /// New name of the place
    #[arg(long, value_name = "TEXT")]
    pub location: Option<String>,
    /// New start, in the project's time zone: '2026-06-01 14:00'
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// New end, in the project's time zone; a bare date includes its day
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// New time zone, IANA
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// New web page of the event
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
    /// New terms and conditions: a text file, - for stdin
    #[arg(long, value_name = "FILE")]
    pub terms_file: Option<PathBuf>,
    /// Have no place
    #[arg(long, conflicts_with = "location")]
    pub no_location: bool,
    /// Have no start
    #[arg(long, conflicts_with = "start")]
    pub no_start: bool,
    /// Have no end
    #[arg(long, conflicts_with = "end")]
    pub no_end: bool,
    /// Have the operator's time zone
    #[arg(long, conflicts_with = "timezone")]
    pub no_timezone: bool,
    /// Have no web page
    #[arg(long, conflicts_with = "link")]
    pub no_link: bool,
    /// Have no terms and conditions
    #[arg(long, conflicts_with = "terms_file")]
    pub no_terms: bool,
    /// Take the name even if another project of the operator has it
    #[arg(long)]
    pub allow_duplicate: bool,
    #[command(flatten)]
    pub update: UpdateArgs,
}

pub async fn run(app: &App, args: ProjectUpdateArgs) -> Finished {
    let terms = args.terms_file.as_deref().map(read_terms).transpose()?;
    let plan = {
        let conn = &mut app.db().await?.conn().await?;
        let given = args.reference.as_deref().or(args.project.as_deref());
        let project = reference::project(app, conn, given).await?;
        let edit = ProjectEdit {
            name: args.name.as_deref(),
            location: edit(args.location.as_deref(), args.no_location),
            start: edit(args.start.as_deref(), args.no_start),
            end: edit(args.end.as_deref(), args.no_end),
            timezone: edit(args.timezone.as_deref(), args.no_timezone),
            link: edit(args.link.as_deref(), args.no_link),
            terms: edit(terms.as_deref(), args.no_terms),
        };
        change::require(&edit)?;
        let now = chrono::Utc::now();
        setup::plan(conn, project.id.0, args.allow_duplicate, |before| edit.apply(before, now)).await?
    };
    change::update(app, plan, args.update).await
}
