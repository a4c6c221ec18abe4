//! `project clone`

use std::path::PathBuf;

use clap::Args;

use super::create::read_terms;
use crate::app::App;
use crate::commands::args::CreateArgs;
use crate::commands::created::CreatedReport;
use crate::commands::reference;
use crate::db;
use crate::error::{Error, Kind};
use crate::model::text::count;
use crate::ui::{Done, Finished};
use crate::workflows::setup::Created;
use crate::workflows::setup::create::{self as setup, New};
use crate::workflows::setup::edition::NewEdition;
use crate::workflows::setup::project::{NewProject, ProjectWords};

#[derive(Debug, Args)]
pub struct ProjectCloneArgs {
    /// Which: id, its first 8 characters or more, name or operator-email/name [default: the project that is set]
    #[arg(value_name = "PROJECT")]
    pub reference: Option<String>,
    /// The same as an option
    #[arg(long, conflicts_with = "reference")]
    pub project: Option<String>,
    /// Name of the new edition
    #[arg(long)]
    pub name: Option<String>,
    /// Start, in the project's time zone: '2027-06-01 14:00'; none is taken over
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// End, in the project's time zone; a bare date includes its day
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Name of the place [default: the same]
    #[arg(long, value_name = "TEXT")]
    pub location: Option<String>,
    /// Time zone, IANA [default: the same]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The event's web page; none is taken over
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
    /// Terms and conditions: a text file, - for stdin [default: the same]
    #[arg(long, value_name = "FILE")]
    pub terms_file: Option<PathBuf>,
    #[command(flatten)]
    pub create: CreateArgs,
}

pub async fn run(app: &App, args: ProjectCloneArgs) -> Finished {
    let mode = args.create.mode();
    let terms = args.terms_file.as_deref().map(read_terms).transpose()?;
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let given = args.reference.as_deref().or(args.project.as_deref());
    let source = reference::project(app, &mut conn, given).await?;
    let operator = db::operators::get(&mut conn, source.operator_id).await?;
    let operator = operator.ok_or_else(|| Error::new(Kind::Conflict, "its operator was removed meanwhile"))?;
    let name = app.ui.text_or_ask(args.name, "Name of the new edition", "--name")?;
    let words = ProjectWords {
        name: &name,
        location: args.location.as_deref().or(source.location.as_deref()),
        start: args.start.as_deref(),
        end: args.end.as_deref(),
        timezone: args.timezone.as_deref().or(source.timezone.as_deref()),
        link: args.link.as_deref(),
        terms: terms.as_deref().or(source.terms.as_deref()),
    };
    let project = NewProject::new(&operator, words, chrono::Utc::now())?;
    let edition = NewEdition::of(&mut conn, project, source.id).await?;
    let target = app.target(false);
    app.ui.target(&target);
    let there = setup::existing(&mut conn, &edition, None, mode).await?;
    drop(conn);
    let created = match there {
        Some(there) => Created::Existing(there),
        None if mode.dry_run => Created::Planned(edition.planned()),
        None => setup::create(db, &app.author(), &edition, "", mode).await?,
    };
    if !matches!(created, Created::Existing(_)) {
        app.ui.note(&format!(
            "From {}: {}, {}, {}, {}; no members.",
            source.name,
            count(edition.project.photographers().len() as u64, "photographer"),
            count(edition.project.packages().len() as u64, "package"),
            count(edition.inherited.coaches.len() as u64, "coach"),
            count(edition.inherited.settings.len() as u64, "setting"),
        ));
    }
    app.ui.show(&CreatedReport::new("project", created, mode.dry_run, target));
    Ok(Done::OK)
}
