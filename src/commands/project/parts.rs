//! `project photographers|members|packages add|remove|list`

use clap::{Args, Subcommand};

use super::remove::{Removal, remove};
use crate::app::App;
use crate::commands::args::{AddArgs, PageArgs, RemoveArgs};
use crate::commands::created::CreatedReport;
use crate::commands::reference;
use crate::db;
use crate::db::packages::PackageFilter;
use crate::db::refs::{self, Noun};
use crate::model::people::Photographer;
use crate::model::project::{Assigned, Member, Project};
use crate::model::time::{self, Edge, for_people, rfc3339};
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::part;

#[derive(Debug, Subcommand)]
pub enum PhotographersCommand {
    /// Assigns a photographer to a project
    Add(AddPhotographerArgs),
    /// Takes a photographer off a project; their photos stay
    Remove(RemovePhotographerArgs),
    /// Lists a project's photographers by name
    List(PartListArgs),
}

#[derive(Debug, Subcommand)]
pub enum MembersCommand {
    /// Lets a user join a project
    Add(AddMemberArgs),
    /// Takes a user out of a project; their tags and sales stay
    Remove(RemoveMemberArgs),
    /// Lists a project's members, who joined last first
    List(PartListArgs),
}

#[derive(Debug, Subcommand)]
pub enum PackagesCommand {
    /// Sells a package at a project
    Add(AddPackageArgs),
    /// Sells a package at a project no more; sales stay
    Remove(RemovePackageArgs),
    /// Lists what is sold at a project
    List(PartListArgs),
}

#[derive(Debug, Args)]
pub struct AddPhotographerArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Photographer of the project's operator: id, name or email
    #[arg(long)]
    pub photographer: Option<String>,
    #[command(flatten)]
    pub add: AddArgs,
}

#[derive(Debug, Args)]
pub struct AddMemberArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// User: id, name or email
    #[arg(long)]
    pub user: Option<String>,
    /// When they accepted the project's terms, in its time zone
    #[arg(long, value_name = "TIME")]
    pub terms_accepted: Option<String>,
    #[command(flatten)]
    pub add: AddArgs,
}

#[derive(Debug, Args)]
pub struct AddPackageArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Package of the project's operator: id or name
    #[arg(long)]
    pub package: Option<String>,
    #[command(flatten)]
    pub add: AddArgs,
}

#[derive(Debug, Args)]
pub struct RemovePhotographerArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Photographer: id, name or email
    #[arg(long)]
    pub photographer: Option<String>,
    #[command(flatten)]
    pub remove: RemoveArgs,
}

#[derive(Debug, Args)]
pub struct RemoveMemberArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// User: id, name or email
    #[arg(long)]
    pub user: Option<String>,
    #[command(flatten)]
    pub remove: RemoveArgs,
}

#[derive(Debug, Args)]
pub struct RemovePackageArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Package: id or name
    #[arg(long)]
    pub package: Option<String>,
    #[command(flatten)]
    pub remove: RemoveArgs,
}

#[derive(Debug, Args)]
pub struct PartListArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    #[command(flatten)]
    pub list: PageArgs,
}

pub async fn photographers(app: &App, command: PhotographersCommand) -> Finished {
    match command {
        PhotographersCommand::Add(args) => add_photographer(app, args).await,
        PhotographersCommand::Remove(args) => remove_photographer(app, args).await,
        PhotographersCommand::List(args) => {
            let mut conn = app.db().await?.conn().await?;
            let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
            refs::known(&mut conn, Noun::Photographer, args.list.cut.after).await?;
            let mut rows = db::members::photographers(&mut conn, project.id, &args.list.page()).await?;
            let cut = args.list.cut(&mut rows, |row| row.id.0);
            app.ui.list(&rows, cut.as_deref());
            Ok(Done::OK)
        }
    }
}

pub async fn members(app: &App, command: MembersCommand) -> Finished {
    match command {
        MembersCommand::Add(args) => add_member(app, args).await,
        MembersCommand::Remove(args) => remove_member(app, args).await,
        MembersCommand::List(args) => {
            let mut conn = app.db().await?.conn().await?;
            let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
            refs::known(&mut conn, Noun::User, args.list.cut.after).await?;
            let mut rows = db::members::members(&mut conn, project.id, &args.list.page()).await?;
            let cut = args.list.cut(&mut rows, |row| row.id.0);
            let zone = project.zone();
            let rows: Vec<MemberLine> = rows.into_iter().map(|member| MemberLine { member, zone }).collect();
            app.ui.list(&rows, cut.as_deref());
            Ok(Done::OK)
        }
    }
}

pub async fn packages(app: &App, command: PackagesCommand) -> Finished {
    match command {
        PackagesCommand::Add(args) => add_package(app, args).await,
        PackagesCommand::Remove(args) => remove_package(app, args).await,
        PackagesCommand::List(args) => {
            let mut conn = app.db().await?.conn().await?;
            let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
            let filter = PackageFilter { project: Some(project.id), ..Default::default() };
            refs::known(&mut conn, Noun::Package, args.list.cut.after).await?;
            let mut rows = db::packages::list(&mut conn, filter, &args.list.page()).await?;
            let cut = args.list.cut(&mut rows, |row| row.id.0);
            app.ui.list(&rows, cut.as_deref());
            Ok(Done::OK)
        }
    }
}

async fn add_photographer(app: &App, args: AddPhotographerArgs) -> Finished {
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let given = args.photographer.as_deref();
    let photographer = reference::photographer(app, &mut conn, given, Some(project.operator_id)).await?;
    drop(conn);
    let target = app.target(false);
    app.ui.target(&target);
    let outcome = part::add_photographer(db, &app.author(), &project, &photographer, args.add.mode()).await?;
    let thing = assigned(&project, &photographer);
    let dry_run = args.add.dry_run;
    app.ui.show(&CreatedReport::added("photographer of the project", Part(thing), outcome, dry_run, target));
    Ok(Done::OK)
}

async fn add_member(app: &App, args: AddMemberArgs) -> Finished {
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let user = reference::user(app, &mut conn, args.user.as_deref()).await?;
    drop(conn);
    let now = chrono::Utc::now();
    let accepted = args.terms_accepted.as_deref();
    let accepted = accepted.map(|text| time::parse(text, project.zone(), Edge::Start, now)).transpose()?;
    let target = app.target(false);
    app.ui.target(&target);
    let outcome = part::add_member(db, &app.author(), &project, &user, accepted, args.add.mode()).await?;
    let there = db::members::member(&mut *db.conn().await?, project.id, user.id).await?;
    let thing = there.unwrap_or(Member {
        id: user.id,
        name: user.name,
        email: user.email,
        project_id: project.id,
        joined_at: now,
        terms_accepted_at: accepted,
        deleted_at: None,
    });
    let dry_run = args.add.dry_run;
    app.ui.show(&CreatedReport::added("member of the project", Part(thing), outcome, dry_run, target));
    Ok(Done::OK)
}

async fn add_package(app: &App, args: AddPackageArgs) -> Finished {
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let package = reference::package(app, &mut conn, args.package.as_deref(), Some(project.operator_id)).await?;
    drop(conn);
    let target = app.target(false);
    app.ui.target(&target);
    let outcome = part::add_package(db, &app.author(), &project, &package, args.add.mode()).await?;
    let dry_run = args.add.dry_run;
    app.ui.show(&CreatedReport::added("package of the project", package, outcome, dry_run, target));
    Ok(Done::OK)
}

async fn remove_photographer(app: &App, args: RemovePhotographerArgs) -> Finished {
    let db = app.db().await?;
    let (project, photographer, there, photos) = {
        let conn = &mut db.conn().await?;
        let project = reference::project(app, conn, args.project.as_deref()).await?;
        let given = args.photographer.as_deref();
        let id = reference::even_deleted(app, conn, Noun::Photographer, given, Some(project.operator_id)).await?;
        let photographer = db::photographers::get(conn, id.into()).await?.ok_or_else(reference::gone)?;
        let there = db::members::has_photographer(conn, project.id, photographer.id).await?;
        let photos = db::members::photos_of(conn, project.id, photographer.id).await?;
        (project, photographer, there, photos)
    };
    let left = [("photo", photos)];
    let removal = Removal { noun: "photographer", name: &photographer.name, project: &project.name, left: &left };
    let thing = there.then(|| Part(assigned(&project, &photographer)));
    let author = app.author();
    let work = part::remove_photographer(db, &author, &project, &photographer);
    remove(app, args.remove, removal, thing, work).await
}

async fn remove_member(app: &App, args: RemoveMemberArgs) -> Finished {
    let db = app.db().await?;
    let (project, user, member, (tags, sales)) = {
        let conn = &mut db.conn().await?;
        let project = reference::project(app, conn, args.project.as_deref()).await?;
        let id = reference::even_deleted(app, conn, Noun::User, args.user.as_deref(), None).await?;
        let user = db::users::get(conn, id.into()).await?.ok_or_else(reference::gone)?;
        let member = db::members::member(conn, project.id, user.id).await?;
        let left = db::members::tags_and_sales_of(conn, project.id, user.id).await?;
        (project, user, member, left)
    };
    let left = [("tag", tags), ("sale", sales)];
    let removal = Removal { noun: "member", name: &user.name, project: &project.name, left: &left };
    let author = app.author();
    let work = part::remove_member(db, &author, &project, &user);
    remove(app, args.remove, removal, member.map(Part), work).await
}

async fn remove_package(app: &App, args: RemovePackageArgs) -> Finished {
    let db = app.db().await?;
    let (project, package, there, sales) = {
        let conn = &mut db.conn().await?;
        let project = reference::project(app, conn, args.project.as_deref()).await?;
        let given = args.package.as_deref();
        let id = reference::even_deleted(app, conn, Noun::Package, given, Some(project.operator_id)).await?;
        let package = db::packages::get(conn, id.into()).await?.ok_or_else(reference::gone)?;
        let there = db::members::has_package(conn, project.id, package.id).await?;
        let sales = db::members::sales_of(conn, project.id, package.id).await?;
        (project, package, there, sales)
    };
    let left = [("sale", sales)];
    let removal = Removal { noun: "package", name: &package.name, project: &project.name, left: &left };
    let author = app.author();
    let work = part::remove_package(db, &author, &project, &package);
    remove(app, args.remove, removal, there.then(|| package.clone()), work).await
}

fn assigned(project: &Project, photographer: &Photographer) -> Assigned {
    Assigned {
        id: photographer.id,
        name: photographer.name.clone(),
        email: photographer.email.clone(),
        project_id: project.id,
        assigned_at: None,
        deleted_at: None,
    }
}

/// A person in a project, as a page.
#[derive(Debug, serde::Serialize)]
#[serde(transparent)]
struct Part<T>(T);

impl Render for Part<Assigned> {
    fn render(&self, page: &mut Page) {
        let Self(part) = self;
        page.heading(&part.name);
        page.field("Photographer", part.id.to_string());
        page.field("Email", &part.email);
        page.field("Project", part.project_id.to_string());
    }
}

impl Render for Part<Member> {
    fn render(&self, page: &mut Page) {
        let Self(part) = self;
        page.heading(&part.name);
        page.field("User", part.id.to_string());
        page.field("Email", &part.email);
        page.field("Project", part.project_id.to_string());
        page.field_if("Terms accepted", part.terms_accepted_at.map(rfc3339));
    }
}

impl Row for Assigned {
    const HEADERS: &'static [&'static str] = &["id", "name", "email"];

    fn cells(&self) -> Vec<String> {
        let deleted = if self.deleted_at.is_some() { " (deleted)" } else { "" };
        vec![self.id.to_string(), format!("{}{deleted}", self.name), self.email.clone()]
    }
}

/// A member and the zone that times are shown in.
#[derive(Debug, serde::Serialize)]
struct MemberLine {
    #[serde(flatten)]
    member: Member,
    #[serde(skip)]
    zone: chrono_tz::Tz,
}

impl Row for MemberLine {
    const HEADERS: &'static [&'static str] = &["id", "name", "email", "joined", "terms accepted"];

    fn cells(&self) -> Vec<String> {
        let Self { member, zone } = self;
        let deleted = if member.deleted_at.is_some() { " (deleted)" } else { "" };
        let shown = |time| for_people(time, *zone);
        vec![
            member.id.to_string(),
            format!("{}{deleted}", member.name),
            member.email.clone(),
            shown(member.joined_at),
            member.terms_accepted_at.map(shown).unwrap_or_default(),
        ]
    }
}
