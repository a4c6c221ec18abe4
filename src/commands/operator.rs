//! Operators: who runs events.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::args::{CreateArgs, ListArgs, UpdateArgs};
use super::change::{self, edit};
use super::created::{CreatedReport, id_field, times_fields};
use super::login::{self, PasswordArgs, SetPasswordArgs};
use super::reference;
use super::removal::{self, DeleteArgs, RestoreArgs};
use crate::app::App;
use crate::config::settings;
use crate::db::refs::{self, Noun};
use crate::db::{self, Db};
use crate::error::{Kind, Result};
use crate::model::people::Operator;
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::change as setup_change;
use crate::workflows::setup::create::{self as setup, New};
use crate::workflows::setup::currency::{self, Whereabouts};
use crate::workflows::setup::operator::{NewOperator, OperatorEdit, OperatorWords};
use crate::workflows::setup::{Created, password};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates an operator, and the embedded database where there is none yet
    Create(OperatorCreateArgs),
    /// Lists operators, the newest first
    List(OperatorListArgs),
    /// Shows an operator
    Show(OperatorShowArgs),
    /// Changes an operator
    Update(OperatorUpdateArgs),
    /// Deletes operators: they are hidden, and can be restored
    Delete(DeleteArgs),
    /// Brings back deleted operators
    Restore(RestoreArgs),
    /// Sets an operator's password
    SetPassword(SetPasswordArgs),
}

#[derive(Debug, Args)]
pub struct OperatorCreateArgs {
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// Email: unique among operators, whatever its case
    #[arg(long)]
    pub email: Option<String>,
    /// Currency of prices, ISO 4217 [default: that of the country of the address, the time zone or the locale; EUR]
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// Address whose country tells the currency: needs the setting geoip_database [default: this SSH session's]
    #[arg(long, value_name = "ADDRESS", conflicts_with = "currency")]
    pub ip: Option<IpAddr>,
    /// Language, BCP 47 [default: en]
    #[arg(long, value_name = "TAG")]
    pub locale: Option<String>,
    /// Time zone, IANA: holds for projects without one of their own [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Web address of a picture of them
    #[arg(long, value_name = "URL")]
    pub picture: Option<String>,
    #[command(flatten)]
    pub password: PasswordArgs,
    #[command(flatten)]
    pub create: CreateArgs,
}

#[derive(Debug, Args)]
pub struct OperatorListArgs {
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
pub struct OperatorShowArgs {
    /// Id, its first 8 characters or more, name or email [default: the operator that is set]
    #[arg(value_name = "OPERATOR")]
    pub operator: Option<String>,
}

#[derive(Debug, Args)]
pub struct OperatorUpdateArgs {
    /// Id, its first 8 characters or more, name or email [default: the operator that is set]
    #[arg(value_name = "OPERATOR")]
    pub operator: Option<String>,
    /// New name
    #[arg(long)]
    pub name: Option<String>,
    /// New email
    #[arg(long)]
    pub email: Option<String>,
    /// New currency: only as long as nothing has a price
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,
    /// New language, BCP 47
    #[arg(long, value_name = "TAG")]
    pub locale: Option<String>,
    /// New time zone, IANA
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// New web address of a picture of them
    #[arg(long, value_name = "URL")]
    pub picture: Option<String>,
    /// Have no picture
    #[arg(long, conflicts_with = "picture")]
    pub no_picture: bool,
    #[command(flatten)]
    pub update: UpdateArgs,
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Update(args) => update(app, args).await,
        Command::Delete(args) => removal::delete(app, Noun::Operator, args).await,
        Command::Restore(args) => removal::restore(app, Noun::Operator, args).await,
        Command::SetPassword(args) => login::set_password(app, Noun::Operator, args).await,
        Command::Create(args) => create(app, args).await,
        Command::List(args) => list(app, args).await,
        Command::Show(args) => show(app, args).await,
    }
}

async fn create(app: &App, args: OperatorCreateArgs) -> Finished {
    let mode = args.create.mode();
    let name = app.ui.text_or_ask(args.name, "Name", "--name")?;
    let email = app.ui.text_or_ask(args.email, "Email", "--email")?;
    let mut new = NewOperator::new(OperatorWords {
        name: &name,
        email: &email,
        currency: args.currency.as_deref(),
        locale: args.locale.as_deref(),
        timezone: args.timezone.as_deref(),
        picture: args.picture.as_deref(),
    })?;
    let decided = decide_currency(app, &mut new, args.ip)?;
    let cost = password::cost(&app.config)?;
    args.password.require(app, mode)?;
    let given = args.password.given()?;
    let target = app.target(false);
    app.ui.target(&target);
    let report = |created| CreatedReport::new("operator", created, mode.dry_run, target.clone());
    let Some(db) = database(app, mode.dry_run).await? else {
        app.ui.note("There is no database yet: it would be created in the data folder first.");
        decided.iter().for_each(|said| app.ui.note(said));
        app.ui.show(&report(Created::Planned(new.planned())));
        return Ok(Done::OK);
    };
    let there = setup::existing(&mut *db.conn().await?, &new, given.as_ref(), mode).await?;
    if there.is_none() {
        decided.iter().for_each(|said| app.ui.note(said));
    }
    let created = match there {
        Some(there) => Created::Existing(there),
        None if mode.dry_run => Created::Planned(new.planned()),
        None => {
            let login = args.password.login(app, given)?;
            let hash = password::hash(login, cost).await?;
            setup::create(&db, &app.author(), &new, &hash, mode).await?
        }
    };
    app.ui.show(&report(created));
    Ok(Done::OK)
}

/// Where no currency is given, takes that of the country, and says what it was decided from.
fn decide_currency(app: &App, new: &mut NewOperator, ip: Option<IpAddr>) -> Result<Option<String>> {
    if new.has_currency() {
        return Ok(None);
    }
    let whereabouts = Whereabouts {
        ip,
        ssh_connection: std::env::var("SSH_CONNECTION").ok(),
        geoip_database: app.config.get(settings::GEOIP_DATABASE).map(PathBuf::from),
    };
    let (timezone, locale) = new.place();
    let decided = currency::decide(&whereabouts, timezone, locale)?;
    new.set_currency(decided.currency);
    Ok(Some(format!("Currency {}: from {}. --currency sets another.", decided.currency, decided.from)))
}

async fn update(app: &App, args: OperatorUpdateArgs) -> Finished {
    let plan = {
        let conn = &mut app.db().await?.conn().await?;
        let operator = reference::operator(app, conn, args.operator.as_deref()).await?;
        let edit = OperatorEdit {
            name: args.name.as_deref(),
            email: args.email.as_deref(),
            currency: args.currency.as_deref(),
            locale: args.locale.as_deref(),
            timezone: args.timezone.as_deref(),
            picture: edit(args.picture.as_deref(), args.no_picture),
        };
        change::require(&edit)?;
        setup_change::plan(conn, operator.id.0, false, |before| edit.apply(before)).await?
    };
    change::update(app, plan, args.update).await
}

/// The database. The embedded one is made and brought up to date here, since an operator is the first thing that any
/// installation has; a real server never is. `None`: a dry run, and there is none.
async fn database(app: &App, dry_run: bool) -> Result<Option<Db>> {
    if dry_run {
        return match app.db().await {
            Ok(db) => Ok(Some(db.clone())),
            Err(error) if error.kind() == Kind::DatabaseNotConfigured => Ok(None),
            Err(error) => Err(error),
        };
    }
    let db = app.connect(true).await?;
    if db.is_embedded() {
        super::db::bring_up(app, &db).await?;
    } else {
        db.require_current().await?;
    }
    Ok(Some(db))
}

async fn list(app: &App, args: OperatorListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    refs::known(&mut conn, Noun::Operator, args.list.page.cut.after).await?;
    let mut rows = db::operators::list(&mut conn, args.name.as_deref(), &args.list.page()).await?;
    let cut = args.list.cut(&mut rows, |row| row.id.0);
    app.ui.list(&rows, cut.as_deref());
    Ok(Done::OK)
}

async fn show(app: &App, args: OperatorShowArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let operator = reference::operator(app, &mut conn, args.operator.as_deref()).await?;
    app.ui.show(&operator);
    Ok(Done::OK)
}

impl Render for Operator {
    fn render(&self, page: &mut Page) {
        page.heading(&self.name);
        id_field(page, self.id.0);
        page.field("Email", &self.email);
        page.field("Currency", &self.currency);
        page.field("Locale", &self.locale);
        page.field("Time zone", &self.timezone);
        page.field_if("Picture", self.profile_picture_url.as_deref());
        times_fields(page, self.timezone.parse().unwrap_or(chrono_tz::Tz::UTC), self.created_at, self.deleted_at);
    }
}

impl Row for Operator {
    const HEADERS: &'static [&'static str] = &["id", "name", "email", "currency", "locale", "time zone"];

    fn cells(&self) -> Vec<String> {
        let name = if self.deleted_at.is_some() { format!("{} (deleted)", self.name) } else { self.name.clone() };
        vec![
            self.id.to_string(),
            name,
            self.email.clone(),
            self.currency.clone(),
            self.locale.clone(),
            self.timezone.clone(),
        ]
    }
}
