//! Projects: one event each.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::change::{Edit, Thing, edited};
use super::create::New;
use super::{Differences, Mode, check, name_held, name_taken, part};
use crate::db::projects::ProjectValues;
use crate::db::refs::Noun;
use crate::db::{self, PgConnection};
use crate::error::{Error, Result};
use crate::model::audit::{Entity, Entry};
use crate::model::fields::{Field, Value};
use crate::model::ids::{OperatorId, ProjectId};
use crate::model::people::{Operator, Photographer};
use crate::model::project::{Package, Project};
use crate::model::text::{printable, quoted};
use crate::model::time::{self, Edge};

/// A project as it was typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProjectWords<'a> {
    pub name: &'a str,
    pub location: Option<&'a str>,
    pub start: Option<&'a str>,
    pub end: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub link: Option<&'a str>,
    pub terms: Option<&'a str>,
}

/// A project to be created, checked.
#[derive(Debug, Clone)]
pub struct NewProject {
    planned: Project,
    given: Vec<&'static str>,
    photographers: Vec<Photographer>,
    packages: Vec<Package>,
}

impl NewProject {
    /// Times are read in the project's zone, else the operator's; a bare end date includes its day.
    ///
    /// # Errors
    /// A sentence for the first value that cannot be stored: an end before the start, or a time that a clock change
    /// skips or doubles, too.
    pub fn new(operator: &Operator, words: ProjectWords<'_>, now: DateTime<Utc>) -> Result<Self> {
        let mut given = vec!["name"];
        let options = [
            ("location", words.location),
            ("start_at", words.start),
            ("end_at", words.end),
            ("link", words.link),
            ("terms", words.terms),
            ("timezone", words.timezone),
        ];
        given.extend(options.iter().filter_map(|(name, word)| word.map(|_| *name)));
        let bare = Project {
            id: ProjectId(Uuid::nil()),
            name: String::new(),
            operator_id: operator.id,
            operator: operator.name.clone(),
            location: None,
            start_at: None,
            end_at: None,
            link: None,
            terms: None,
            timezone: None,
            operator_timezone: operator.timezone.clone(),
            created_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        };
        let edit = ProjectEdit {
            name: Some(words.name),
            location: words.location.map(Some),
            start: words.start.map(Some),
            end: words.end.map(Some),
            timezone: words.timezone.map(Some),
            link: words.link.map(Some),
            terms: words.terms.map(Some),
        };
        let planned = edit.apply(&bare, now)?;
        Ok(Self { planned, given, photographers: Vec::new(), packages: Vec::new() })
    }

    /// Assigns photographers from the start.
    ///
    /// # Errors
    /// When one works for another operator.
    pub fn with_photographers(mut self, photographers: Vec<Photographer>) -> Result<Self> {
        for one in photographers {
            part::same_operator("photographer", &one.name, one.operator_id, self.planned.operator_id)?;
            if !self.photographers.iter().any(|known| known.id == one.id) {
                self.photographers.push(one);
            }
        }
        Ok(self)
    }

    /// Sells packages from the start.
    ///
    /// # Errors
    /// When one is another operator's.
    pub fn with_packages(mut self, packages: Vec<Package>) -> Result<Self> {
        for one in packages {
            part::same_operator("package", &one.name, one.operator_id, self.planned.operator_id)?;
            if !self.packages.iter().any(|known| known.id == one.id) {
                self.packages.push(one);
            }
        }
        Ok(self)
    }

    /// Who is assigned from the start.
    #[must_use]
    pub fn photographers(&self) -> &[Photographer] {
        &self.photographers
    }

    /// What is sold from the start.
    #[must_use]
    pub fn packages(&self) -> &[Package] {
        &self.packages
    }
}

impl New for NewProject {
    type Thing = Project;

    fn planned(&self) -> Project {
        self.planned.clone()
    }

    fn given(&self) -> &[&'static str] {
        &self.given
    }

    async fn same(&self, conn: &mut PgConnection, mode: Mode) -> Result<Option<Project>> {
        if mode.allow_duplicate {
            return Ok(None);
        }
        let there = db::projects::by_name(conn, self.planned.operator_id, &self.planned.name).await?;
        match there.into_iter().next() {
            Some(there) if !mode.if_not_exists => Err(name_taken(&there.label(), there.id.0)),
            there => Ok(there),
        }
    }

    async fn differ(&self, conn: &mut PgConnection, there: &Project, differences: &mut Differences) -> Result<()> {
        for photographer in &self.photographers {
            if !db::members::has_photographer(conn, there.id, photographer.id).await? {
                differences.said(format!("photographer {} is not assigned", printable(&photographer.email)));
            }
        }
        for package in &self.packages {
            if !db::members::has_package(conn, there.id, package.id).await? {
                differences.said(format!("package {} is not sold there", quoted(&package.name)));
            }
        }
        Ok(())
    }

    async fn insert(&self, conn: &mut PgConnection, _password_hash: &str) -> Result<Uuid> {
        Ok(db::projects::insert(conn, self.planned.operator_id, &values(&self.planned)).await?.0)
    }

    async fn insert_parts(&self, conn: &mut PgConnection, project: &Project) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for photographer in &self.photographers {
            db::members::add_photographer(conn, project.id, photographer.id).await?;
            entries.push(part::added(Entity::ProjectPhotographer, project.id, photographer.id.0));
        }
        for package in &self.packages {
            db::members::add_package(conn, project.id, package.id).await?;
            entries.push(part::added(Entity::ProjectPackage, project.id, package.id.0));
        }
        Ok(entries)
    }
}

/// What is to become of a project. `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProjectEdit<'a> {
    pub name: Option<&'a str>,
    pub location: Edit<'a>,
    pub start: Edit<'a>,
    pub end: Edit<'a>,
    pub timezone: Edit<'a>,
    pub link: Edit<'a>,
    pub terms: Edit<'a>,
}

impl ProjectEdit<'_> {
    /// The project as it is to be. Times are read in its new zone.
    ///
    /// # Errors
    /// As [`NewProject::new`].
    pub fn apply(&self, before: &Project, now: DateTime<Utc>) -> Result<Project> {
        let mut after = before.clone();
        if let Some(name) = self.name {
            after.name = check::name(name, "the project's name")?;
        }
        after.timezone = edited(self.timezone, before.timezone.as_ref(), check::zone_name)?;
        after.location = edited(self.location, before.location.as_ref(), |text| check::name(text, "the location"))?;
        after.link = edited(self.link, before.link.as_ref(), check::link)?;
        after.terms = edited(self.terms, before.terms.as_ref(), |text| check::text(text, "the terms"))?;
        let times = [
            ("--start", self.start, &mut after.start_at, Edge::Start),
            ("--end", self.end, &mut after.end_at, Edge::End),
        ];
        let zones = (after.timezone.as_deref(), before.operator_timezone.as_str());
        for (option, edit, moment, edge) in times {
            match edit {
                None => {}
                Some(None) => *moment = None,
                Some(Some(text)) => {
                    let read = time::parse(text, zone_of(zones.0, zones.1)?, edge, now);
                    *moment = Some(read.map_err(|error| error.context(option))?);
                }
            }
        }
        if let (Some(start), Some(end)) = (after.start_at, after.end_at)
            && end < start
        {
            let zone = after.zone();
            let (start, end) = (time::for_people(start, zone), time::for_people(end, zone));
            return Err(Error::invalid(format!("the project would end ({end}) before it starts ({start})")));
        }
        Ok(after)
    }
}

/// What somebody should know who gives a project another zone and leaves its times.
#[must_use]
pub fn moved(before: &Project, after: &Project) -> Option<String> {
    let same = after.start_at == before.start_at && after.end_at == before.end_at;
    let dated = after.start_at.or(after.end_at).is_some();
    (after.zone() != before.zone() && same && dated).then(|| {
        format!(
            "start and end stay the same moments, which are other times of day in {}: give start and end too where \
             the times of day are meant",
            after.zone()
        )
    })
}

/// The zone that times are read in.
///
/// # Errors
/// Where what the row holds is no zone.
pub(crate) fn zone_of(own: Option<&str>, operators: &str) -> Result<Tz> {
    let name = own.unwrap_or(operators);
    name.parse().map_err(|_| {
        let whose = if own.is_some() { "project" } else { "operator" };
        Error::invalid(format!("the {whose}'s time zone {} is no IANA zone: times need one", quoted(name)))
            .hint("give --timezone, or times with an offset and --timezone UTC")
    })
}

impl Thing for Project {
    const NOUN: Noun = Noun::Project;
    const ENTITY: Entity = Entity::Project;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn label(&self) -> String {
        format!("project {} of {}", quoted(&self.name), printable(&self.operator))
    }

    fn fields(&self) -> Vec<Field> {
        let zone = self.zone();
        let moment = |time: Option<DateTime<Utc>>| time.map(|time| Value::Time(time, zone));
        vec![
            Field::text("operator_id", Some(&self.operator_id.to_string())),
            Field::text("name", Some(&self.name)),
            Field::text("location", self.location.as_deref()),
            Field::of("start_at", moment(self.start_at)),
            Field::of("end_at", moment(self.end_at)),
            Field::text("link", self.link.as_deref()),
            Field::of("terms", self.terms.clone().map(Value::Long)),
            Field::text("timezone", self.timezone.as_deref()),
        ]
    }

    fn project(&self) -> Option<ProjectId> {
        Some(self.id)
    }

    fn owner(&self) -> Option<OperatorId> {
        Some(self.operator_id)
    }

    fn locks(&self) -> Vec<String> {
        vec![format!("project of {}: {}", self.operator_id, self.name)]
    }

    async fn read(conn: &mut PgConnection, id: Uuid) -> Result<Option<Self>> {
        db::projects::get(conn, ProjectId(id)).await
    }

    async fn judge(&self, conn: &mut PgConnection, before: &Self, allow_duplicate: bool) -> Result<Vec<String>> {
        if self.name != before.name && !allow_duplicate {
            let there = db::projects::by_name(conn, self.operator_id, &self.name).await?;
            if let Some(there) = there.iter().find(|there| there.id != self.id) {
                return Err(name_held(&there.label(), there.id.0));
            }
        }
        Ok(moved(before, self).into_iter().collect())
    }

    async fn write(&self, conn: &mut PgConnection) -> Result<()> {
        db::projects::update(conn, self.id, &values(self)).await
    }
}

pub(crate) fn values(project: &Project) -> ProjectValues<'_> {
    ProjectValues {
        name: &project.name,
        location: project.location.as_deref(),
        start_at: project.start_at,
        end_at: project.end_at,
        link: project.link.as_deref(),
        terms: project.terms.as_deref(),
        timezone: project.timezone.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operator() -> Operator {
        Operator {
            id: OperatorId(Uuid::from_u128(1)),
            name: "Ana".to_owned(),
            email: "ana@example.org".to_owned(),
            currency: "EUR".to_owned(),
            locale: "de".to_owned(),
            timezone: "Europe/Berlin".to_owned(),
            profile_picture_url: None,
            created_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        }
    }

    fn project(start: &str, end: &str, zone: Option<&str>) -> Result<(String, String)> {
        let words =
            ProjectWords { name: "x", start: Some(start), end: Some(end), timezone: zone, ..Default::default() };
        let planned = NewProject::new(&operator(), words, DateTime::UNIX_EPOCH)?.planned();
        let shown = |time: Option<DateTime<Utc>>| time.map(time::rfc3339).unwrap_or_default();
        Ok((shown(planned.start_at), shown(planned.end_at)))
    }

    #[test]
    fn times_are_read_in_the_projects_zone_else_the_operators() {
        let (start, end) = project("2026-06-01 14:00", "2026-06-01", None).expect("times");
        assert_eq!((start.as_str(), end.as_str()), ("2026-06-01T12:00:00Z", "2026-06-01T22:00:00Z"));
        let (start, _) = project("2026-06-01 14:00", "2026-06-02", Some("America/New_York")).expect("times");
        assert_eq!(start, "2026-06-01T18:00:00Z");
    }

    #[test]
    fn an_end_before_the_start_and_lost_hours_are_refused() {
        let error = project("2026-06-02 14:00", "2026-06-01 14:00", None).expect_err("end first");
        assert!(error.message().contains("before it starts"), "{error}");
        let error = project("2026-03-29 02:30", "2026-03-30", None).expect_err("skipped");
        assert!(error.message().starts_with("--start: "), "{error}");
        assert!(project("2026-10-25 02:30", "2026-10-26", None).is_err(), "doubled");
    }
}
