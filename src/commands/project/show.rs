//! `project list` and `project show`

use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::args::ListArgs;
use crate::commands::created::{id_field, times_fields};
use crate::commands::reference;
use crate::db;
use crate::db::packages::PackageFilter;
use crate::db::page::Page as DbPage;
use crate::db::projects::ProjectFilter;
use crate::db::refs::{self, Noun};
use crate::model::project::{Assigned, Package, Project, ProjectCounts};
use crate::model::text::count;
use crate::model::time::for_people;
use crate::ui::{Done, Finished, Page, Render, Row};

/// Most photographers and packages that the page of a project names.
const PARTS_MOST: i64 = 200;

#[derive(Debug, Args)]
pub struct ProjectListArgs {
    /// Only those of this operator
    #[arg(long)]
    pub operator: Option<String>,
    /// Only those that this photographer is assigned to
    #[arg(long)]
    pub photographer: Option<String>,
    /// Only those whose name holds this
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    #[command(flatten)]
    pub list: ListArgs,
}

#[derive(Debug, Args)]
pub struct ProjectShowArgs {
    /// Id, its first 8 characters or more, name or operator-email/name [default: the project that is set]
    #[arg(value_name = "PROJECT")]
    pub reference: Option<String>,
    /// The same as an option
    #[arg(long, conflicts_with = "reference")]
    pub project: Option<String>,
}

pub async fn list(app: &App, args: ProjectListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let operator = reference::operator_if(app, &mut conn, args.operator.as_deref()).await?.map(|one| one.id);
    let photographer = match &args.photographer {
        Some(text) => Some(reference::photographer(app, &mut conn, Some(text), operator).await?.id),
        None => None,
    };
    let filter = ProjectFilter { operator, photographer, name: args.name.as_deref() };
    refs::known(&mut conn, Noun::Project, args.list.after).await?;
    let mut rows = db::projects::list(&mut conn, filter, args.list.page()).await?;
    let cut = args.list.cut(&mut rows, |row| row.id.0);
    let rows: Vec<ProjectRow> = rows.into_iter().map(ProjectRow).collect();
    app.ui.list(&rows, cut.as_deref());
    Ok(Done::OK)
}

pub async fn show(app: &App, args: ProjectShowArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let given = args.reference.or(args.project);
    let project = reference::project(app, &mut conn, given.as_deref()).await?;
    let all = DbPage { deleted: false, after: None, limit: PARTS_MOST };
    let filter = PackageFilter { project: Some(project.id), ..Default::default() };
    let shown = ProjectPage {
        counts: db::projects::counts(&mut conn, project.id).await?,
        photographers: db::members::photographers(&mut conn, project.id, all).await?,
        packages: db::packages::list(&mut conn, filter, all).await?,
        settings: db::settings::list(&mut conn, project.id).await?.into_iter().collect(),
        project,
    };
    app.ui.show(&shown);
    Ok(Done::OK)
}

/// All that there is to say about a project.
#[derive(Debug, Serialize)]
struct ProjectPage {
    #[serde(flatten)]
    project: Project,
    counts: ProjectCounts,
    photographers: Vec<Assigned>,
    packages: Vec<Package>,
    /// Only what the project itself says.
    settings: std::collections::BTreeMap<String, String>,
}

impl Render for ProjectPage {
    fn render(&self, page: &mut Page) {
        self.project.render(page);
        let ProjectCounts { members, photos, photos_ready, photos_processing, photos_failed, .. } = self.counts;
        let mut said = vec![format!("{photos_ready} ready")];
        said.extend((photos_processing > 0).then(|| format!("{photos_processing} processing")));
        said.extend((photos_failed > 0).then(|| format!("{photos_failed} failed")));
        page.field("Photos", if photos == 0 { "none".to_owned() } else { format!("{photos} ({})", said.join(", ")) });
        page.field("Members", members.to_string());
        for (key, value) in &self.settings {
            page.field("Setting", format!("{key} = {value}"));
        }
        if self.photographers.is_empty() {
            page.field("Photographers", "none: add one with photoctl project photographers add");
        } else {
            page.gap();
            page.heading(count(self.photographers.len() as u64, "photographer"));
            page.rows(&self.photographers);
        }
        if !self.packages.is_empty() {
            page.gap();
            page.heading(count(self.packages.len() as u64, "package"));
            page.rows(&self.packages);
        }
    }
}

impl Render for Project {
    fn render(&self, page: &mut Page) {
        let zone = self.zone();
        page.heading(&self.name);
        id_field(page, self.id.0);
        page.field("Operator", format!("{} ({})", self.operator, self.operator_id));
        page.field_if("Location", self.location.as_deref());
        page.field_if("Start", self.start_at.map(|time| for_people(time, zone)));
        page.field_if("End", self.end_at.map(|time| for_people(time, zone)));
        let whose = if self.timezone.is_some() { "" } else { " (the operator's)" };
        page.field("Time zone", format!("{zone}{whose}"));
        page.field_if("Link", self.link.as_deref());
        page.field_if("Terms", self.terms.as_ref().map(|text| count(text.chars().count() as u64, "character")));
        times_fields(page, zone, self.created_at, self.deleted_at);
    }
}

/// A project in a list: without its terms, which may be pages long.
#[derive(Debug)]
struct ProjectRow(Project);

impl Serialize for ProjectRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut value = serde_json::to_value(&self.0).map_err(serde::ser::Error::custom)?;
        if let Some(object) = value.as_object_mut() {
            object.shift_remove("terms");
        }
        value.serialize(serializer)
    }
}

impl Row for ProjectRow {
    const HEADERS: &'static [&'static str] = &["id", "name", "start", "location", "operator"];

    fn cells(&self) -> Vec<String> {
        let Self(project) = self;
        let deleted = if project.deleted_at.is_some() { " (deleted)" } else { "" };
        vec![
            project.id.to_string(),
            format!("{}{deleted}", project.name),
            project.start_at.map(|time| for_people(time, project.zone())).unwrap_or_default(),
            project.location.clone().unwrap_or_default(),
            project.operator.clone(),
        ]
    }
}
