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
use crate::model::project::{Assigned, Coach, Package, Project, ProjectCounts};
use crate::model::text::{count, thousands};
use crate::model::time::{self, Edge, for_people};
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
    /// Only those not over before this
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Only those begun by then; a bare date includes its day
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub until: Option<String>,
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
    let operator = reference::operator_if(app, &mut conn, args.operator.as_deref()).await?;
    // Times are read in the operator's zone: each project may have its own.
    let zone = operator.as_ref().and_then(|operator| operator.timezone.parse().ok()).unwrap_or(chrono_tz::Tz::UTC);
    let now = chrono::Utc::now();
    let read = |text: Option<&str>, edge| text.map(|text| time::parse(text, zone, edge, now)).transpose();
    let (since, until) = (read(args.since.as_deref(), Edge::Start)?, read(args.until.as_deref(), Edge::End)?);
    let operator = operator.map(|operator| operator.id);
    let photographer = match &args.photographer {
        Some(text) => Some(reference::photographer(app, &mut conn, Some(text), operator).await?.id),
        None => None,
    };
    let filter = ProjectFilter { operator, photographer, name: args.name.as_deref(), since, until };
    refs::known(&mut conn, Noun::Project, args.list.page.cut.after).await?;
    let mut rows = db::projects::list(&mut conn, filter, &args.list.page()).await?;
    let cut = args.list.cut(&mut rows, |row| row.id.0);
    app.ui.list(&rows, cut.as_deref());
    Ok(Done::OK)
}

pub async fn show(app: &App, args: ProjectShowArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let given = args.reference.or(args.project);
    let project = reference::project(app, &mut conn, given.as_deref()).await?;
    let all = &DbPage::first(PARTS_MOST);
    let filter = PackageFilter { project: Some(project.id), ..Default::default() };
    let shown = ProjectPage {
        counts: db::projects::counts(&mut conn, project.id).await?,
        photographers: db::members::photographers(&mut conn, project.id, all).await?,
        packages: db::packages::list(&mut conn, filter, all).await?,
        coaches: db::coaches::list(&mut conn, project.id).await?,
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
    coaches: Vec<Coach>,
    /// Only what the project itself says.
    settings: std::collections::BTreeMap<String, String>,
}

impl Render for ProjectPage {
    fn render(&self, page: &mut Page) {
        self.project.render(page);
        let counts = &self.counts;
        let members = counted(counts.members, &[]);
        let terms = (counts.members > 0 && self.project.terms.is_some())
            .then(|| format!("{members} ({} accepted the terms)", counts.members_with_terms));
        page.field("Members", terms.unwrap_or(members));
        let photos = [
            ("ready", counts.photos_ready),
            ("processing", counts.photos_processing),
            ("failed", counts.photos_failed),
        ];
        page.field("Photos", counted(counts.photos, &photos));
        let tags = [
            ("confirmed", counts.tags_confirmed),
            ("waiting for review", counts.tags_pending),
            ("rejected", counts.tags_rejected),
        ];
        page.field("Tags", counted(tags.iter().map(|(_, n)| n).sum(), &tags));
        let sales = [("paid", counts.sales_paid), ("pending", counts.sales_pending), ("failed", counts.sales_failed)];
        page.field("Sales", counted(sales.iter().map(|(_, n)| n).sum(), &sales));
        page.field("Open QR tokens", counted(counts.open_tokens, &[]));
        for (key, value) in &self.settings {
            page.field("Setting", format!("{key} = {value}"));
        }
        if !self.coaches.is_empty() {
            let names: Vec<&str> = self.coaches.iter().map(|coach| coach.name.as_str()).collect();
            page.field("Coaches", names.join(", "));
        }
        if self.photographers.is_empty() {
            page.field("Photographers", "none: add one with photoctl project photographers add");
        } else {
            page.gap();
            page.heading(self.cut("photographer", self.photographers.len(), counts.photographers));
            page.rows(&self.photographers);
        }
        if !self.packages.is_empty() {
            page.gap();
            page.heading(self.cut("package", self.packages.len(), counts.packages));
            page.rows(&self.packages);
        }
    }
}

impl ProjectPage {
    /// `3 photographers`, or that only some of them are shown.
    fn cut(&self, what: &str, shown: usize, all: i64) -> String {
        let all = count(all.unsigned_abs(), what);
        match shown as i64 {
            PARTS_MOST => format!("{all}, the first {PARTS_MOST} of them"),
            _ => all,
        }
    }
}

/// `2,114 (2,100 ready, 14 failed)`, `none`.
fn counted(all: i64, kinds: &[(&str, i64)]) -> String {
    let number = |n: i64| thousands(n.unsigned_abs());
    let kinds: Vec<_> =
        kinds.iter().filter(|(_, n)| *n > 0).map(|(kind, n)| format!("{} {kind}", number(*n))).collect();
    match (all, kinds.is_empty()) {
        (0, _) => "none".to_owned(),
        (_, true) => number(all),
        (_, false) => format!("{} ({})", number(all), kinds.join(", ")),
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

impl Row for Project {
    const HEADERS: &'static [&'static str] = &["id", "name", "start", "location", "operator"];
    /// They may be pages long.
    const LEFT_OUT: &'static [&'static str] = &["terms"];

    fn cells(&self) -> Vec<String> {
        let project = self;
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
