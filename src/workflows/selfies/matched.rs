//! The way on from a selfie to the photos.

use std::collections::BTreeSet;

use chrono::Utc;
use serde::Serialize;

use super::desk::Desk;
use super::run::Scope;
use crate::db::selfies;
use crate::error::Result;
use crate::model::ids::{ProjectId, UserId};
use crate::workflows::faces::retention;
use crate::workflows::matching::report::MatchReport;
use crate::workflows::matching::run::{Matching, State, context, enough, thresholds};
use crate::workflows::setup::settings as project_settings;

/// What came of looking for users in the photos of one project.
#[derive(Debug, Serialize)]
pub struct Matched {
    pub project_id: ProjectId,
    #[serde(flatten)]
    pub report: MatchReport,
}

/// Matches users whose selfies were just approved against the faces of earlier photos: of the project that was named,
/// else of every project they take part in.
///
/// # Errors
/// Those of matching.
pub async fn match_now(desk: &Desk, scope: &Scope, users: &[UserId]) -> Result<Vec<Matched>> {
    let only: BTreeSet<UserId> = users.iter().copied().collect();
    let mut projects = BTreeSet::from_iter(desk.project);
    if projects.is_empty() {
        let conn = &mut *desk.db.conn().await?;
        for user in &only {
            projects.extend(selfies::projects_of(conn, *user).await?);
        }
    }
    let mut matched = Vec::with_capacity(projects.len());
    for project_id in projects {
        scope.cancel.check()?;
        let config = project_settings::of_project(&mut *desk.db.conn().await?, &desk.config, project_id).await?;
        let matching = Matching {
            db: desk.db.clone(),
            author: desk.author.clone(),
            project: project_id,
            model: desk.engine.model(),
            thresholds: thresholds(&config)?,
            enough: enough(&config),
            context: context(&config)?,
            kept: retention::keeps(&mut *desk.db.conn().await?, &config, project_id, Utc::now()).await?,
            dry_run: desk.dry_run,
            cancel: scope.cancel.clone(),
            progress: scope.progress.clone(),
        };
        matched.push(Matched { project_id, report: matching.run(State::default(), false, Some(&only)).await? });
    }
    Ok(matched)
}
