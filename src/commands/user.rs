//! Users: the guests.

use clap::{Args, Subcommand};

use super::args::{CreateArgs, ListArgs};
use super::created::{CreatedReport, id_field, times_fields};
use super::login::PasswordArgs;
use super::reference;
use crate::app::App;
use crate::db;
use crate::db::refs::{self, Noun};
use crate::model::people::User;
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::user::NewUser;
use crate::workflows::setup::{Created, password, user as setup};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a user
    Create(UserCreateArgs),
    /// Lists users, the newest first
    List(UserListArgs),
    /// Shows a user
    Show(UserShowArgs),
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

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
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
            setup::create(db, &app.author(), &new, login, cost, mode).await?
        }
    };
    app.ui.show(&CreatedReport::new("user", created, mode.dry_run, target));
    Ok(Done::OK)
}

async fn list(app: &App, args: UserListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let project = match &args.project {
        Some(project) => Some(reference::project(app, &mut conn, Some(project)).await?.id),
        None => None,
    };
    refs::known(&mut conn, Noun::User, args.list.after).await?;
    let mut rows = db::users::list(&mut conn, project, args.name.as_deref(), args.list.page()).await?;
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
        times_fields(page, chrono_tz::Tz::UTC, self.created_at, self.deleted_at);
    }
}

impl Row for User {
    const HEADERS: &'static [&'static str] = &["id", "name", "email"];

    fn cells(&self) -> Vec<String> {
        let name = if self.deleted_at.is_some() { format!("{} (deleted)", self.name) } else { self.name.clone() };
        vec![self.id.to_string(), name, self.email.clone()]
    }
}
