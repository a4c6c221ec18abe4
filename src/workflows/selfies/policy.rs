//! What holds for the selfies of a user: they have no project of their own, so that of the project that is named, else
//! of those that the user takes part in.

use crate::config::{Config, settings};
use crate::db::{PgConnection, selfies};
use crate::error::{Error, Kind, Result};
use crate::model::consent::Versions;
use crate::model::ids::{ProjectId, UserId};
use crate::model::matching::Thresholds;
use crate::workflows::matching::run as matching;
use crate::workflows::setup::settings as project_settings;

#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// One of them is enough.
    pub enough: Vec<Versions>,
    /// The file as it was given is kept too: only where every project says so.
    pub keep_originals: bool,
    /// Of several projects, those that leave most to a person.
    pub thresholds: Thresholds,
}

/// The live projects of a user by the versions of the consent that are enough there.
///
/// # Errors
/// When a setting has an unusable value; what the database says.
pub async fn by_versions(
    conn: &mut PgConnection,
    config: &Config,
    user: UserId,
) -> Result<Vec<(Versions, Vec<ProjectId>)>> {
    let mut found: Vec<(Versions, Vec<ProjectId>)> = Vec::new();
    for project in selfies::projects_of(conn, user).await? {
        let enough = matching::enough(&project_settings::of_project(conn, config, project).await?);
        match found.iter_mut().find(|(versions, _)| *versions == enough) {
            Some((_, projects)) => projects.push(project),
            None => found.push((enough, vec![project])),
        }
    }
    Ok(found)
}

impl Policy {
    /// # Errors
    /// When a setting has an unusable value; what the database says.
    pub async fn of(
        conn: &mut PgConnection,
        config: &Config,
        user: UserId,
        project: Option<ProjectId>,
    ) -> Result<Self> {
        let projects = match project {
            Some(project) => vec![project],
            None => selfies::projects_of(conn, user).await?,
        };
        let mut configs = Vec::with_capacity(projects.len());
        for project in projects {
            configs.push(project_settings::of_project(conn, config, project).await?);
        }
        if configs.is_empty() {
            configs.push(config.clone());
        }
        Self::joined(&configs)
    }

    fn joined(configs: &[Config]) -> Result<Self> {
        let mut joined: Option<Self> = None;
        for config in configs {
            let enough = matching::enough(config);
            let (keep, own) = (config.flag(settings::KEEP_SELFIE_ORIGINALS)?, matching::thresholds(config)?);
            joined = Some(match joined {
                None => Self { enough: vec![enough], keep_originals: keep, thresholds: own },
                Some(mut all) => {
                    all.enough.push(enough);
                    let confirm = all.thresholds.confirm.min(own.confirm);
                    let review = all.thresholds.review.max(own.review).min(confirm);
                    let margin = all.thresholds.margin.max(own.margin);
                    Self {
                        enough: all.enough,
                        keep_originals: all.keep_originals && keep,
                        thresholds: Thresholds::new(confirm, review, margin)?,
                    }
                }
            });
        }
        joined.ok_or_else(|| Error::new(Kind::Internal, "there are no settings"))
    }
}
