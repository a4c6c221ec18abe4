//! `project coaches add|remove|rename|list`

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::App;
use crate::commands::args::{AddArgs, RemoveArgs, UpdateArgs};
use crate::commands::created::{CreatedReport, id_field};
use crate::commands::project::remove::{self, Removal};
use crate::commands::reference;
use crate::db::{self, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::project::{Coach, Project};
use crate::model::target::Target;
use crate::model::text::quoted;
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::coach;

#[derive(Debug, Subcommand)]
pub enum CoachesCommand {
    /// Adds a coach to a project
    Add(AddCoachArgs),
    /// Takes a coach out of a project
    Remove(RemoveCoachArgs),
    /// Gives a coach another name
    Rename(RenameCoachArgs),
    /// Lists a project's coaches by name
    List(ListCoachesArgs),
}

#[derive(Debug, Args)]
pub struct AddCoachArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub add: AddArgs,
}

#[derive(Debug, Args)]
pub struct RemoveCoachArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Coach: id or name
    #[arg(long)]
    pub coach: Option<String>,
    #[command(flatten)]
    pub remove: RemoveArgs,
}

#[derive(Debug, Args)]
pub struct RenameCoachArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Coach: id or name
    #[arg(long)]
    pub coach: Option<String>,
    /// New name
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub update: UpdateArgs,
}

#[derive(Debug, Args)]
pub struct ListCoachesArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
}

pub async fn run(app: &App, command: CoachesCommand) -> Finished {
    match command {
        CoachesCommand::Add(args) => add(app, args).await,
        CoachesCommand::Remove(args) => remove(app, args).await,
        CoachesCommand::Rename(args) => rename(app, args).await,
        CoachesCommand::List(args) => {
            let mut conn = app.db().await?.conn().await?;
            let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
            app.ui.list(&db::coaches::list(&mut conn, project.id).await?, None);
            Ok(Done::OK)
        }
    }
}

async fn add(app: &App, args: AddCoachArgs) -> Finished {
    let db = app.db().await?;
    let project = reference::project(app, &mut *db.conn().await?, args.project.as_deref()).await?;
    let name = app.ui.text_or_ask(args.name, "Name", "--name")?;
    let target = app.target(false);
    app.ui.target(&target);
    let (coach, outcome) = coach::add(db, &app.author(), &project, &name, args.add.mode()).await?;
    app.ui.show(&CreatedReport::added("coach of the project", coach, outcome, args.add.dry_run, target));
    Ok(Done::OK)
}

/// What `--coach` says; on a terminal, the id of the one chosen.
async fn named_or_chosen(
    app: &App,
    conn: &mut PgConnection,
    project: &Project,
    given: Option<String>,
) -> Result<String> {
    if let Some(given) = given {
        return Ok(given);
    }
    let there = db::coaches::list(conn, project.id).await?;
    if there.is_empty() && app.ui.can_ask() {
        return Err(Error::new(Kind::NotFound, format!("{} has no coaches", quoted(&project.name))));
    }
    let names: Vec<String> = there.iter().map(|coach| coach.name.clone()).collect();
    let chosen = app.ui.choose("Which coach?", &names, "--coach")?;
    there.get(chosen).map(|coach| coach.id.to_string()).ok_or_else(reference::gone)
}

async fn remove(app: &App, args: RemoveCoachArgs) -> Finished {
    let db = app.db().await?;
    let (project, given, found) = {
        let conn = &mut db.conn().await?;
        let project = reference::project(app, conn, args.project.as_deref()).await?;
        let given = named_or_chosen(app, conn, &project, args.coach).await?;
        let found = coach::if_any(coach::find(conn, &project, &given).await)?;
        (project, given, found)
    };
    let name = found.as_ref().map_or_else(|| given.clone(), |coach| coach.name.clone());
    let removal = Removal { noun: "coach", name: &name, project: &project.name, left: &[] };
    let author = app.author();
    let thing = found.clone();
    let work = async {
        match &found {
            Some(coach) => coach::remove(db, &author, &project, coach).await,
            None => Ok(false),
        }
    };
    remove::remove(app, args.remove, removal, thing, work).await
}

async fn rename(app: &App, args: RenameCoachArgs) -> Finished {
    let db = app.db().await?;
    let (project, before) = {
        let conn = &mut db.conn().await?;
        let project = reference::project(app, conn, args.project.as_deref()).await?;
        let text = named_or_chosen(app, conn, &project, args.coach).await?;
        let before = coach::find(conn, &project, &text).await?;
        (project, before)
    };
    let name = app.ui.text_or_ask(args.name, "New name", "--name")?;
    let target = app.target(false);
    app.ui.target(&target);
    let coach = coach::rename(db, &app.author(), &project, &before, &name, args.update.dry_run).await?;
    let changed = coach.name != before.name;
    app.ui.show(&Renamed { coach, before: before.name, changed, dry_run: args.update.dry_run, target });
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct Renamed {
    #[serde(flatten)]
    coach: Coach,
    before: String,
    changed: bool,
    dry_run: bool,
    target: Target,
}

impl Render for Renamed {
    fn render(&self, page: &mut Page) {
        let (before, after) = (&self.before, &self.coach.name);
        match (self.changed, self.dry_run) {
            (false, _) => page.line(format!("The coach is called {after} already.")),
            (true, true) => page.line(format!("Would rename the coach {before} to {after}; nothing was changed.")),
            (true, false) => page.good(format!("The coach {before} is called {after} now.")),
        }
    }
}

impl Render for Coach {
    fn render(&self, page: &mut Page) {
        page.heading(&self.name);
        id_field(page, self.id);
        page.field("Project", self.project_id.to_string());
    }
}

impl Row for Coach {
    const HEADERS: &'static [&'static str] = &["id", "name"];

    fn cells(&self) -> Vec<String> {
        vec![self.id.to_string(), self.name.clone()]
    }
}
