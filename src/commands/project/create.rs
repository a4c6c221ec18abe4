//! `project create`

use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::App;
use crate::commands::args::CreateArgs;
use crate::commands::created::CreatedReport;
use crate::commands::reference;
use crate::db::refs::Noun;
use crate::error::Result;
use crate::ui::{Done, Finished};
use crate::workflows::setup::create::{self as setup, New};
use crate::workflows::setup::project::{NewProject, ProjectWords};
use crate::workflows::setup::{Created, check};

#[derive(Debug, Args)]
pub struct ProjectCreateArgs {
    /// Operator whose project it is: id, name or email
    #[arg(long)]
    pub operator: Option<String>,
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// Name of the place
    #[arg(long, value_name = "TEXT")]
    pub location: Option<String>,
    /// Start, in the project's time zone: '2026-06-01 14:00'
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// End, in the project's time zone; a bare date includes its day
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Time zone, IANA [default: the operator's]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Photographers to assign: id, name or email; one or more, and again
    #[arg(long, num_args = 1..)]
    pub photographer: Vec<String>,
    /// Packages to sell: id or name; one or more, and again
    #[arg(long, num_args = 1..)]
    pub package: Vec<String>,
    /// The event's web page
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
    /// Terms and conditions: a text file, - for stdin
    #[arg(long, value_name = "FILE")]
    pub terms_file: Option<PathBuf>,
    #[command(flatten)]
    pub create: CreateArgs,
}

pub async fn run(app: &App, args: ProjectCreateArgs) -> Finished {
    let mode = args.create.mode();
    let terms = args.terms_file.as_deref().map(read_terms).transpose()?;
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let operator = reference::operator(app, &mut conn, args.operator.as_deref()).await?;
    let name = app.ui.text_or_ask(args.name, "Name", "--name")?;
    let words = ProjectWords {
        name: &name,
        location: args.location.as_deref(),
        start: args.start.as_deref(),
        end: args.end.as_deref(),
        timezone: args.timezone.as_deref(),
        link: args.link.as_deref(),
        terms: terms.as_deref(),
    };
    let new = NewProject::new(&operator, words, chrono::Utc::now())?;
    let mut photographers = Vec::new();
    for text in &args.photographer {
        photographers.push(reference::photographer(app, &mut conn, Some(text), Some(operator.id)).await?);
    }
    let mut packages = Vec::new();
    for text in &args.package {
        packages.push(reference::package(app, &mut conn, Some(text), Some(operator.id)).await?);
    }
    let new = new.with_photographers(photographers)?.with_packages(packages)?;
    let target = app.target(false);
    app.ui.target(&target);
    let there = setup::existing(&mut conn, &new, None, mode).await?;
    drop(conn);
    let created = match there {
        Some(there) => Created::Existing(there),
        None if mode.dry_run => Created::Planned(new.planned()),
        None => {
            reference::note_namesake(app, Noun::Project, &name, operator.id).await?;
            setup::create(db, &app.author(), &new, "", mode).await?
        }
    };
    app.ui.show(&CreatedReport::new("project", created, mode.dry_run, target));
    Ok(Done::OK)
}

pub(super) fn read_terms(path: &Path) -> Result<String> {
    if path == Path::new("-") { check::terms_from(std::io::stdin().lock(), path) } else { check::terms_file(path) }
}
