//! Photographers: who takes and uploads photos.

use clap::{Args, Subcommand};

use super::args::{CreateArgs, ListArgs, UpdateArgs};
use super::change::{self, edit};
use super::created::{CreatedReport, id_field, times_fields};
use super::login::{self, PasswordArgs, SetPasswordArgs};
use super::reference;
use super::removal::{self, DeleteArgs, RestoreArgs};
use crate::app::App;
use crate::db;
use crate::db::photographers::PhotographerFilter;
use crate::db::refs::{self, Noun};
use crate::model::people::Photographer;
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::change as setup_change;
use crate::workflows::setup::create::{self as setup, New};
use crate::workflows::setup::photographer::{NewPhotographer, PhotographerEdit};
use crate::workflows::setup::{Created, password};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a photographer of an operator
    Create(PhotographerCreateArgs),
    /// Lists photographers, the newest first
    List(PhotographerListArgs),
    /// Shows a photographer
    Show(PhotographerShowArgs),
    /// Changes a photographer
    Update(PhotographerUpdateArgs),
    /// Deletes photographers: they are hidden, and can be restored
    Delete(DeleteArgs),
    /// Brings back deleted photographers
    Restore(RestoreArgs),
    /// Sets a photographer's password
    SetPassword(SetPasswordArgs),
}

#[derive(Debug, Args)]
pub struct PhotographerCreateArgs {
    /// Operator that they work for: id, name or email
    #[arg(long)]
    pub operator: Option<String>,
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// Email: unique among photographers, whatever its case
    #[arg(long)]
    pub email: Option<String>,
    /// Postal address
    #[arg(long, value_name = "TEXT")]
    pub address: Option<String>,
    #[command(flatten)]
    pub password: PasswordArgs,
    #[command(flatten)]
    pub create: CreateArgs,
}

#[derive(Debug, Args)]
pub struct PhotographerListArgs {
    /// Only those of this operator
    #[arg(long)]
    pub operator: Option<String>,
    /// Only those assigned to this project
    #[arg(long)]
    pub project: Option<String>,
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
pub struct PhotographerShowArgs {
    /// Id, its first 8 characters or more, name, email or operator-email/name [default: the photographer that is set]
    #[arg(value_name = "PHOTOGRAPHER")]
    pub photographer: Option<String>,
}

#[derive(Debug, Args)]
pub struct PhotographerUpdateArgs {
    /// Id, its first 8 characters or more, name, email or operator-email/name [default: the photographer that is set]
    #[arg(value_name = "PHOTOGRAPHER")]
    pub photographer: Option<String>,
    /// New name
    #[arg(long)]
    pub name: Option<String>,
    /// New email
    #[arg(long)]
    pub email: Option<String>,
    /// New postal address
    #[arg(long, value_name = "TEXT")]
    pub address: Option<String>,
    /// Have no postal address
    #[arg(long, conflicts_with = "address")]
    pub no_address: bool,
    /// Take the name even if another one of the operator has it
    #[arg(long)]
    pub allow_duplicate: bool,
    #[command(flatten)]
    pub update: UpdateArgs,
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Update(args) => update(app, args).await,
        Command::Delete(args) => removal::delete(app, Noun::Photographer, args).await,
        Command::Restore(args) => removal::restore(app, Noun::Photographer, args).await,
        Command::SetPassword(args) => login::set_password(app, Noun::Photographer, args).await,
        Command::Create(args) => create(app, args).await,
        Command::List(args) => list(app, args).await,
        Command::Show(args) => show(app, args).await,
    }
}

async fn create(app: &App, args: PhotographerCreateArgs) -> Finished {
    let mode = args.create.mode();
    let cost = password::cost(&app.config)?;
    args.password.require(app, mode)?;
    let given = args.password.given()?;
    let db = app.db().await?;
    let operator = reference::operator(app, &mut *db.conn().await?, args.operator.as_deref()).await?;
    let name = app.ui.text_or_ask(args.name, "Name", "--name")?;
    let email = app.ui.text_or_ask(args.email, "Email", "--email")?;
    let new = NewPhotographer::new(&operator, &name, &email, args.address.as_deref())?;
    let target = app.target(false);
    app.ui.target(&target);
    let there = setup::existing(&mut *db.conn().await?, &new, given.as_ref(), mode).await?;
    let created = match there {
        Some(there) => Created::Existing(there),
        None if mode.dry_run => Created::Planned(new.planned()),
        None => {
            let login = args.password.login(app, given)?;
            let hash = password::hash(login, cost).await?;
            setup::create(db, &app.author(), &new, &hash, mode).await?
        }
    };
    app.ui.show(&CreatedReport::new("photographer", created, mode.dry_run, target));
    Ok(Done::OK)
}

async fn update(app: &App, args: PhotographerUpdateArgs) -> Finished {
    let plan = {
        let conn = &mut app.db().await?.conn().await?;
        let photographer = reference::photographer(app, conn, args.photographer.as_deref(), None).await?;
        let edit = PhotographerEdit {
            name: args.name.as_deref(),
            email: args.email.as_deref(),
            address: edit(args.address.as_deref(), args.no_address),
        };
        change::require(&edit)?;
        setup_change::plan(conn, photographer.id.0, args.allow_duplicate, |before| edit.apply(before)).await?
    };
    change::update(app, plan, args.update).await
}

async fn list(app: &App, args: PhotographerListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let operator = reference::operator_if(app, &mut conn, args.operator.as_deref()).await?;
    let project = match &args.project {
        Some(project) => Some(reference::project(app, &mut conn, Some(project)).await?.id),
        None => None,
    };
    let filter =
        PhotographerFilter { operator: operator.map(|operator| operator.id), project, name: args.name.as_deref() };
    refs::known(&mut conn, Noun::Photographer, args.list.page.cut.after).await?;
    let mut rows = db::photographers::list(&mut conn, filter, &args.list.page()).await?;
    let cut = args.list.cut(&mut rows, |row| row.id.0);
    app.ui.list(&rows, cut.as_deref());
    Ok(Done::OK)
}

async fn show(app: &App, args: PhotographerShowArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let photographer = reference::photographer(app, &mut conn, args.photographer.as_deref(), None).await?;
    app.ui.show(&photographer);
    Ok(Done::OK)
}

impl Render for Photographer {
    fn render(&self, page: &mut Page) {
        page.heading(&self.name);
        id_field(page, self.id.0);
        page.field("Email", &self.email);
        page.field_if("Address", self.address.as_deref());
        page.field("Operator", format!("{} ({})", self.operator, self.operator_id));
        times_fields(page, chrono_tz::Tz::UTC, self.created_at, self.deleted_at);
    }
}

impl Row for Photographer {
    const HEADERS: &'static [&'static str] = &["id", "name", "email", "operator"];
    const LEFT_OUT: &'static [&'static str] = &["address"];

    fn cells(&self) -> Vec<String> {
        let name = if self.deleted_at.is_some() { format!("{} (deleted)", self.name) } else { self.name.clone() };
        vec![self.id.to_string(), name, self.email.clone(), self.operator.clone()]
    }
}
