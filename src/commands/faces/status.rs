//! `faces status`

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::reference;
use crate::db::{self, faces::Standing};
use crate::model::ids::ProjectId;
use crate::model::matching::{LOCAL, Thresholds};
use crate::model::text::thousands;
use crate::model::time;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::faces::look;
use crate::workflows::faces::retention::{self, Retention};
use crate::workflows::matching::run::thresholds;
use crate::workflows::setup::settings as project_settings;

#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
}

pub async fn run(app: &App, args: StatusArgs) -> Finished {
    let conn = &mut app.db().await?.conn().await?;
    let project = reference::project(app, conn, args.project.as_deref()).await?;
    let config = project_settings::of_project(conn, &app.config, project.id).await?;
    let model = look::MODEL;
    let retention = Retention::of(&config)?;
    let since = db::faces::kept_since(conn, project.id).await?;
    let report = FacesReport {
        project_id: project.id,
        project: project.name,
        engine: LOCAL,
        model,
        thresholds: thresholds(&config)?,
        keeps_faces: retention::keeps(conn, &config, project.id, Utc::now()).await?,
        kept_until: match retention {
            Retention::Never => None,
            Retention::For(_) => since.and_then(|since| retention.until(since)),
        },
        counts: db::faces::standing(conn, project.id, model).await?,
    };
    app.ui.show(&report);
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct FacesReport {
    project_id: ProjectId,
    project: String,
    engine: &'static str,
    model: &'static str,
    thresholds: Thresholds,
    /// Whether faces are kept now.
    keeps_faces: bool,
    /// None: never kept, or no end is known.
    kept_until: Option<DateTime<Utc>>,
    #[serde(flatten)]
    counts: Standing,
}

impl Render for FacesReport {
    fn render(&self, page: &mut Page) {
        page.heading(&self.project);
        let counts = &self.counts;
        page.field("Engine", format!("{} ({})", self.engine, self.model));
        page.field("Photos", thousands(counts.photos));
        page.field("Looked at", thousands(counts.looked_at));
        page.field("Faces kept", thousands(counts.faces_kept));
        page.field("Withdrawn", thousands(counts.faces_withdrawn));
        page.field("Of other models", thousands(counts.faces_of_other_models));
        page.field("To be matched", thousands(counts.photos_to_match));
        let until = match (self.keeps_faces, self.kept_until) {
            (_, Some(until)) => time::rfc3339(until),
            (true, None) => "no end is known".to_owned(),
            (false, None) => "never".to_owned(),
        };
        page.field("Kept until", until);
        let Thresholds { confirm, review, margin } = self.thresholds;
        page.field("Thresholds", format!("tagged from {confirm}, looked at from {review}, margin {margin}"));
    }
}
