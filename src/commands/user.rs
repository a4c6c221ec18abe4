//! Users: the guests.

use clap::{Args, Subcommand};

use super::args::{CreateArgs, ListArgs, UpdateArgs};
use super::change::{self, edit};
use super::created::{CreatedReport, id_field, times_fields};
use super::login::{self, PasswordArgs, SetPasswordArgs};
use super::removal::{self, DeleteArgs, RestoreArgs};
use super::{reference, roster};
use crate::app::App;
use crate::db;
use crate::db::refs::{self, Noun};
use crate::model::people::User;
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::change as setup_change;
use crate::workflows::setup::create::{self as setup, New};
use crate::workflows::setup::user::{NewUser, UserEdit};
use crate::workflows::setup::{Created, password};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a user
    Create(UserCreateArgs),
    /// Lists users, the newest first
    List(UserListArgs),
    /// Shows a user
    Show(UserShowArgs),
    /// Changes a user
    Update(UserUpdateArgs),
    /// Deletes users: they are hidden, and can be restored
    Delete(DeleteArgs),
    /// Brings back deleted users
    Restore(RestoreArgs),
    /// Sets a user's password
    SetPassword(SetPasswordArgs),
    Import(roster::ImportArgs),
    Export(roster::ExportArgs),
}

#[derive(Debug, Args)]
pub struct UserCreateArgs {
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// Email: unique among users, whatever its case
    #[arg(long)]
    pub email: Option<String>,
    /// Postal address
    #[arg(long, value_name = "TEXT")]
    pub address: Option<String>,
    /// Address on bills
    #[arg(long, value_name = "TEXT")]
    pub billing_address: Option<String>,
    #[command(flatten)]
    pub password: PasswordArgs,
    #[command(flatten)]
    pub create: CreateArgs,
}

#[derive(Debug, Args)]
pub struct UserListArgs {
    /// Only members of this project
    #[arg(long)]
    pub project: Option<String>,
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
pub struct UserShowArgs {
    /// Id, its first 8 characters or more, name or email
    #[arg(value_name = "USER")]
    pub user: Option<String>,
}

#[derive(Debug, Args)]
pub struct UserUpdateArgs {
    /// Id, its first 8 characters or more, name or email
    #[arg(value_name = "USER")]
    pub user: Option<String>,
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
    /// New address on bills
    #[arg(long, value_name = "TEXT")]
    pub billing_address: Option<String>,
    /// Have no address on bills
    #[arg(long, conflicts_with = "billing_address")]
    pub no_billing_address: bool,
    #[command(flatten)]
    pub update: UpdateArgs,
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Update(args) => update(app, args).await,
        Command::Delete(args) => removal::delete(app, Noun::User, args).await,
        Command::Restore(args) => removal::restore(app, Noun::User, args).await,
        Command::SetPassword(args) => login::set_password(app, Noun::User, args).await,
        Command::Import(args) => roster::import(app, args).await,
        Command::Export(args) => roster::export(app, args).await,
        Command::Create(args) => create(app, args).await,
        Command::List(args) => list(app, args).await,
        Command::Show(args) => show(app, args).await,
    }
}

async fn create(app: &App, args: UserCreateArgs) -> Finished {
    let mode = args.create.mode();
    let cost = password::cost(&app.config)?;
    args.password.require(app, mode)?;
    let given = args.password.given()?;
    let name = app.ui.text_or_ask(args.name, "Name", "--name")?;
    let email = app.ui.text_or_ask(args.email, "Email", "--email")?;
    let new = NewUser::new(&name, &email, args.address.as_deref(), args.billing_address.as_deref())?;
    let db = app.db().await?;
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
    app.ui.show(&CreatedReport::new("user", created, mode.dry_run, target));
    Ok(Done::OK)
}

async fn update(app: &App, args: UserUpdateArgs) -> Finished {
    let plan = {
        let conn = &mut app.db().await?.conn().await?;
        let user = reference::user(app, conn, args.user.as_deref()).await?;
        let edit = UserEdit {
            name: args.name.as_deref(),
            email: args.email.as_deref(),
            address: edit(args.address.as_deref(), args.no_address),
            billing_address: edit(args.billing_address.as_deref(), args.no_billing_address),
        };
        change::require(&edit)?;
        setup_change::plan(conn, user.id.0, false, |before| edit.apply(before)).await?
    };
    change::update(app, plan, args.update).await
}

async fn list(app: &App, args: UserListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let project = match &args.project {
        Some(project) => Some(reference::project(app, &mut conn, Some(project)).await?.id),
        None => None,
    };
    refs::known(&mut conn, Noun::User, args.list.page.cut.after).await?;
    let mut rows = db::users::list(&mut conn, project, args.name.as_deref(), &args.list.page()).await?;
    let cut = args.list.cut(&mut rows, |row| row.id.0);
    app.ui.list(&rows, cut.as_deref());
    Ok(Done::OK)
}

async fn show(app: &App, args: UserShowArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let user = reference::user(app, &mut conn, args.user.as_deref()).await?;
    app.ui.show(&user);
    Ok(Done::OK)
}

impl Render for User {
    fn render(&self, page: &mut Page) {
        page.heading(&self.name);
        id_field(page, self.id.0);
        page.field("Email", &self.email);
        page.field_if("Address", self.address.as_deref());
        page.field_if("Bills to", self.billing_address.as_deref());
        times_fields(page, chrono_tz::Tz::UTC, self.created_at, self.deleted_at);
    }
}

impl Row for User {
    const HEADERS: &'static [&'static str] = &["id", "name", "email"];
    const LEFT_OUT: &'static [&'static str] = &["address", "billing_address"];

    fn cells(&self) -> Vec<String> {
        let name = if self.deleted_at.is_some() { format!("{} (deleted)", self.name) } else { self.name.clone() };
        vec![self.id.to_string(), name, self.email.clone()]
    }
}
