//! Packages: what is sold.

use clap::{Args, Subcommand};

use super::args::{CreateArgs, ListArgs, UpdateArgs};
use super::change;
use super::created::{CreatedReport, id_field, times_fields};
use super::reference;
use super::removal::{self, DeleteArgs, RestoreArgs};
use crate::app::App;
use crate::db;
use crate::db::packages::PackageFilter;
use crate::db::refs::{self, Noun};
use crate::error::Error;
use crate::model::project::Package;
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::Created;
use crate::workflows::setup::change as setup_change;
use crate::workflows::setup::create::{self as setup, New};
use crate::workflows::setup::package::{NewPackage, PackageEdit};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a package of an operator
    Create(PackageCreateArgs),
    /// Lists packages, the newest first
    List(PackageListArgs),
    /// Shows a package
    Show(PackageShowArgs),
    /// Changes a package
    Update(PackageUpdateArgs),
    /// Deletes packages: they are hidden and sold no more, and can be restored
    Delete(DeleteArgs),
    /// Brings back deleted packages
    Restore(RestoreArgs),
}

#[derive(Debug, Args)]
pub struct PackageCreateArgs {
    /// Operator whose package it is: id, name or email
    #[arg(long)]
    pub operator: Option<String>,
    /// Name
    #[arg(long)]
    pub name: Option<String>,
    /// Price in the operator's currency, such as 19.90
    #[arg(long, value_name = "AMOUNT")]
    pub price: Option<String>,
    /// How many photos a buyer may choose
    #[arg(long, value_name = "N", visible_alias = "photos")]
    pub photo_count: Option<u32>,
    #[command(flatten)]
    pub create: CreateArgs,
}

#[derive(Debug, Args)]
pub struct PackageListArgs {
    /// Only those of this operator
    #[arg(long)]
    pub operator: Option<String>,
    /// Only those sold at this project
    #[arg(long)]
    pub project: Option<String>,
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
pub struct PackageShowArgs {
    /// Id, its first 8 characters or more, name or operator-email/name
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
}

#[derive(Debug, Args)]
pub struct PackageUpdateArgs {
    /// Id, its first 8 characters or more, name or operator-email/name
    #[arg(value_name = "PACKAGE")]
    pub package: Option<String>,
    /// New name
    #[arg(long)]
    pub name: Option<String>,
    /// New price in the operator's currency, such as 19.90
    #[arg(long, value_name = "AMOUNT")]
    pub price: Option<String>,
    /// How many photos a buyer may choose
    #[arg(long, value_name = "N", visible_alias = "photos")]
    pub photo_count: Option<u32>,
    /// Take the name even if another one of the operator has it
    #[arg(long)]
    pub allow_duplicate: bool,
    #[command(flatten)]
    pub update: UpdateArgs,
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Update(args) => update(app, args).await,
        Command::Delete(args) => removal::delete(app, Noun::Package, args).await,
        Command::Restore(args) => removal::restore(app, Noun::Package, args).await,
        Command::Create(args) => create(app, args).await,
        Command::List(args) => list(app, args).await,
        Command::Show(args) => show(app, args).await,
    }
}

async fn create(app: &App, args: PackageCreateArgs) -> Finished {
    let mode = args.create.mode();
    let db = app.db().await?;
    let operator = reference::operator(app, &mut *db.conn().await?, args.operator.as_deref()).await?;
    let name = app.ui.text_or_ask(args.name, "Name", "--name")?;
    let price = app.ui.text_or_ask(args.price, &format!("Price in {}", operator.currency), "--price")?;
    let photo_count = match args.photo_count {
        Some(count) => count,
        None => {
            let text = app.ui.ask("Number of photos", "--photo-count")?;
            text.trim().parse().map_err(|_| Error::invalid("--photo-count must be a whole number"))?
        }
    };
    let new = NewPackage::new(&operator, &name, &price, photo_count)?;
    let target = app.target(false);
    app.ui.target(&target);
    let there = setup::existing(&mut *db.conn().await?, &new, None, mode).await?;
    let created = match there {
        Some(there) => Created::Existing(there),
        None if mode.dry_run => Created::Planned(new.planned()),
        None => {
            reference::note_namesake(app, Noun::Package, &name, operator.id).await?;
            setup::create(db, &app.author(), &new, "", mode).await?
        }
    };
    app.ui.show(&CreatedReport::new("package", created, mode.dry_run, target));
    Ok(Done::OK)
}

async fn update(app: &App, args: PackageUpdateArgs) -> Finished {
    let plan = {
        let conn = &mut app.db().await?.conn().await?;
        let package = reference::package(app, conn, args.package.as_deref(), None).await?;
        let edit =
            PackageEdit { name: args.name.as_deref(), price: args.price.as_deref(), photo_count: args.photo_count };
        change::require(&edit)?;
        setup_change::plan(conn, package.id.0, args.allow_duplicate, |before| edit.apply(before)).await?
    };
    change::update(app, plan, args.update).await
}

async fn list(app: &App, args: PackageListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let operator = reference::operator_if(app, &mut conn, args.operator.as_deref()).await?;
    let project = match &args.project {
        Some(project) => Some(reference::project(app, &mut conn, Some(project)).await?.id),
        None => None,
    };
    let filter = PackageFilter { operator: operator.map(|operator| operator.id), project, name: args.name.as_deref() };
    refs::known(&mut conn, Noun::Package, args.list.page.cut.after).await?;
    let mut rows = db::packages::list(&mut conn, filter, &args.list.page()).await?;
    let cut = args.list.cut(&mut rows, |row| row.id.0);
    app.ui.list(&rows, cut.as_deref());
    Ok(Done::OK)
}

async fn show(app: &App, args: PackageShowArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let package = reference::package(app, &mut conn, args.package.as_deref(), None).await?;
    app.ui.show(&package);
    Ok(Done::OK)
}

impl Render for Package {
    fn render(&self, page: &mut Page) {
        page.heading(&self.name);
        id_field(page, self.id.0);
        page.field("Price", self.price_for_people());
        page.field("Photos", self.photo_count.to_string());
        page.field("Operator", format!("{} ({})", self.operator, self.operator_id));
        times_fields(page, chrono_tz::Tz::UTC, self.created_at, self.deleted_at);
    }
}

impl Row for Package {
    const HEADERS: &'static [&'static str] = &["id", "name", "price", "photos", "operator"];

    fn cells(&self) -> Vec<String> {
        let name = if self.deleted_at.is_some() { format!("{} (deleted)", self.name) } else { self.name.clone() };
        vec![self.id.to_string(), name, self.price_for_people(), self.photo_count.to_string(), self.operator.clone()]
    }
}
