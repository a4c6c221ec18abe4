//! A new edition of an event: what one project has, for another.

use uuid::Uuid;

use super::change::Thing;
use super::create::New;
use super::project::NewProject;
use super::{Differences, Mode, part};
use crate::db::packages::PackageFilter;
use crate::db::page::Page;
use crate::db::{self, PgConnection};
use crate::error::Result;
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::ids::ProjectId;
use crate::model::project::{Coach, Project};

/// More parts than any project has.
const PARTS_MOST: i64 = 100_000;

/// What a new edition takes over from the project before it. Never members, photos, tokens, dates or the link.
#[derive(Debug, Clone, Default)]
pub struct Inherited {
    pub coaches: Vec<Coach>,
    /// The project's own settings.
    pub settings: Vec<(String, String)>,
}

/// A project that takes over what another one has.
#[derive(Debug, Clone)]
pub struct NewEdition {
    pub project: NewProject,
    pub inherited: Inherited,
}

impl NewEdition {
    /// `project` with the live photographers and packages, the coaches and the settings of `source`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of(conn: &mut PgConnection, project: NewProject, source: ProjectId) -> Result<Self> {
        let all = Page::first(PARTS_MOST);
        let mut photographers = Vec::new();
        for assigned in db::members::photographers(conn, source, &all).await? {
            photographers.extend(db::photographers::get(conn, assigned.id).await?);
        }
        let filter = PackageFilter { project: Some(source), ..Default::default() };
        let packages = db::packages::list(conn, filter, &all).await?;
        let inherited = Inherited {
            coaches: db::coaches::list(conn, source).await?,
            settings: db::settings::list(conn, source).await?,
        };
        let project = project.with_photographers(photographers)?.with_packages(packages)?;
        Ok(Self { project, inherited })
    }
}

impl New for NewEdition {
    type Thing = Project;

    fn planned(&self) -> Project {
        self.project.planned()
    }

    fn given(&self) -> &[&'static str] {
        self.project.given()
    }

    async fn same(&self, conn: &mut PgConnection, mode: Mode) -> Result<Option<Project>> {
        self.project.same(conn, mode).await
    }

    async fn differ(&self, conn: &mut PgConnection, there: &Project, differences: &mut Differences) -> Result<()> {
        self.project.differ(conn, there, differences).await
    }

    async fn insert(&self, conn: &mut PgConnection, password_hash: &str) -> Result<Uuid> {
        self.project.insert(conn, password_hash).await
    }

    async fn insert_parts(&self, conn: &mut PgConnection, project: &Project) -> Result<Vec<Entry>> {
        let mut entries = self.project.insert_parts(conn, project).await?;
        for coach in &self.inherited.coaches {
            let id = db::coaches::add(conn, project.id, &coach.name).await?;
            let fields = Fields::new().private("name", None, Some(&coach.name));
            entries.push(part::added(Entity::ProjectCoach, project.id, id).fields(fields));
        }
        for (key, value) in &self.inherited.settings {
            db::settings::set(conn, project.id, key, value).await?;
            let fields = Fields::new().plain(key, None, Some(value));
            let entry = Entry::new(Entity::ProjectSetting, Action::Set).of(project.id());
            entries.push(entry.in_project(project.id).fields(fields));
        }
        Ok(entries)
    }
}
