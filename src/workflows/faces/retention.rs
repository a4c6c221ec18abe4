//! How long faces of photos are kept: strangers are among them.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::config::{Config, settings};
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::ProjectId;
use crate::workflows::setup::settings as project_settings;

/// What the setting says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Faces are looked for, compared and forgotten.
    Never,
    /// After the event's end; where it has none, after the last upload.
    For(Duration),
}

impl Retention {
    /// # Errors
    /// When the setting is wrong.
    pub fn of(config: &Config) -> Result<Self> {
        let text = config.get(settings::RETAIN_PHOTO_FACES).unwrap_or("never").trim();
        if text.eq_ignore_ascii_case("never") {
            return Ok(Self::Never);
        }
        humantime::parse_duration(text).map(Self::For).map_err(|error| {
            Error::invalid(format!("{} is no length of time: {error}", settings::RETAIN_PHOTO_FACES.key))
                .hint("30d, 12h, or never")
        })
    }

    /// Until when faces are kept of an event that ended, or was last uploaded to, at `since`. `None`: for ever.
    #[must_use]
    pub fn until(self, since: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Never => Some(DateTime::<Utc>::MIN_UTC),
            Self::For(length) => since.checked_add_signed(chrono::Duration::from_std(length).ok()?),
        }
    }

    /// Whether faces may be kept now.
    #[must_use]
    pub fn keeps(self, since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        match (self, since) {
            (Self::Never, _) => false,
            (Self::For(_), None) => true,
            (Self::For(_), Some(since)) => self.until(since).is_none_or(|until| now < until),
        }
    }
}

/// Whether faces of a project's photos may be kept now.
///
/// # Errors
/// What the database says, or a wrong setting.
pub async fn keeps(conn: &mut PgConnection, config: &Config, project: ProjectId, now: DateTime<Utc>) -> Result<bool> {
    let since = db::faces::kept_since(conn, project).await?;
    Ok(Retention::of(config)?.keeps(since, now))
}

/// A project whose faces were, or would be, removed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Purged {
    pub project_id: ProjectId,
    pub project: String,
    pub faces: u64,
    /// Kept until then; `None`: they were not to be kept at all.
    pub until: Option<DateTime<Utc>>,
}

/// Removes the faces of projects whose time is over, of all or of this one.
///
/// # Errors
/// What the database says, or a wrong setting.
pub async fn purge(
    db: &Db,
    author: &Author,
    config: &Config,
    only: Option<ProjectId>,
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<Vec<Purged>> {
    let mut purged = Vec::new();
    let held = db::faces::expired(&mut *db.conn().await?, only).await?;
    for project in held {
        let mut tx = db.begin().await?;
        let retention = Retention::of(&project_settings::of_project(&mut tx, config, project.project).await?)?;
        if retention.keeps(project.since, now) {
            continue;
        }
        let faces = if dry_run { project.faces } else { db::faces::purge(&mut tx, project.project).await? };
        if !dry_run {
            let fields = Fields::new().number("faces", i64::try_from(faces).ok(), None);
            let entry = Entry::new(Entity::Project, Action::PurgeFaces).of(project.project.0).fields(fields);
            db::audit::append(&mut tx, author, &entry).await?;
            tx.commit().await?;
        }
        let until = project.since.and_then(|since| retention.until(since)).filter(|_| retention != Retention::Never);
        purged.push(Purged { project_id: project.project, project: project.name, faces, until });
    }
    Ok(purged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_kept_for_a_time_after_the_end() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let end = at("2026-06-01T12:00:00Z");
        let month = Retention::For(Duration::from_secs(30 * 86_400));
        assert!(month.keeps(Some(end), at("2026-07-01T11:59:59Z")));
        assert!(!month.keeps(Some(end), at("2026-07-01T12:00:00Z")));
        assert!(month.keeps(None, end) && !Retention::Never.keeps(None, end));
        assert!(Retention::For(Duration::MAX).keeps(Some(end), at("9999-01-01T00:00:00Z")));
    }
}
