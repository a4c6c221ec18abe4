//! Projects: one event each.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use uuid::Uuid;

use super::{Created, Differences, Mode, check, name_taken, part};
use crate::db::projects::NewProjectRow;
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::digest::Sha256;
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

/// A project to be created, checked. What is `None` was not given.
#[derive(Debug, Clone)]
pub struct NewProject {
    operator_id: OperatorId,
    operator: String,
    operator_timezone: String,
    name: String,
    location: Option<String>,
    start_at: Option<DateTime<Utc>>,
    end_at: Option<DateTime<Utc>>,
    timezone: Option<Tz>,
    link: Option<String>,
    terms: Option<String>,
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
        let timezone = words.timezone.map(check::zone).transpose()?;
        let zone = match timezone {
            Some(zone) => zone,
            None if words.start.is_none() && words.end.is_none() => Tz::UTC,
            None => operator.timezone.parse().map_err(|_| {
                let shown = quoted(&operator.timezone);
                Error::invalid(format!("the operator's time zone {shown} is no IANA zone: times need one"))
                    .hint("give --timezone, or times with an offset and --timezone UTC")
            })?,
        };
        let read = |option: &str, text: Option<&str>, edge| {
            text.map(|text| time::parse(text, zone, edge, now)).transpose().map_err(|error| error.context(option))
        };
        let start_at = read("--start", words.start, Edge::Start)?;
        let end_at = read("--end", words.end, Edge::End)?;
        if let (Some(start), Some(end)) = (start_at, end_at)
            && end < start
        {
            let (start, end) = (time::for_people(start, zone), time::for_people(end, zone));
            return Err(Error::invalid(format!("the project would end ({end}) before it starts ({start})")));
        }
        Ok(Self {
            operator_id: operator.id,
            operator: operator.name.clone(),
            operator_timezone: operator.timezone.clone(),
            name: check::name(words.name, "the project's name")?,
            location: words.location.map(|text| check::name(text, "the location")).transpose()?,
            start_at,
            end_at,
            timezone,
            link: words.link.map(check::link).transpose()?,
            terms: words.terms.map(|text| check::text(text, "the terms")).transpose()?,
            photographers: Vec::new(),
            packages: Vec::new(),
        })
    }

    /// Assigns photographers from the start.
    ///
    /// # Errors
    /// When one works for another operator.
    pub fn with_photographers(mut self, photographers: Vec<Photographer>) -> Result<Self> {
        for photographer in photographers {
            part::same_operator("photographer", &photographer.name, photographer.operator_id, self.operator_id)?;
            if !self.photographers.iter().any(|known| known.id == photographer.id) {
                self.photographers.push(photographer);
            }
        }
        Ok(self)
    }

    /// Sells packages from the start.
    ///
    /// # Errors
    /// When one is another operator's.
    pub fn with_packages(mut self, packages: Vec<Package>) -> Result<Self> {
        for package in packages {
            part::same_operator("package", &package.name, package.operator_id, self.operator_id)?;
            if !self.packages.iter().any(|known| known.id == package.id) {
                self.packages.push(package);
            }
        }
        Ok(self)
    }

    /// The project as it would be; its id is nil.
    #[must_use]
    pub fn planned(&self) -> Project {
        Project {
            id: ProjectId(Uuid::nil()),
            name: self.name.clone(),
            operator_id: self.operator_id,
            operator: self.operator.clone(),
            location: self.location.clone(),
            start_at: self.start_at,
            end_at: self.end_at,
            link: self.link.clone(),
            terms: self.terms.clone(),
            timezone: self.timezone.map(|zone| zone.name().to_owned()),
            operator_timezone: self.operator_timezone.clone(),
            created_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        }
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

/// The project that is there already, where `mode` is content with it.
///
/// # Errors
/// `AlreadyExists` where the name is taken, or the one that is there differs from what is given.
pub async fn existing(conn: &mut PgConnection, new: &NewProject, mode: Mode) -> Result<Option<Project>> {
    if mode.allow_duplicate {
        return Ok(None);
    }
    let Some(there) = db::projects::by_name(conn, new.operator_id, &new.name).await?.into_iter().next() else {
        return Ok(None);
    };
    let what = format!("project {} of {}", quoted(&there.name), printable(&there.operator));
    if !mode.if_not_exists {
        return Err(name_taken(&what, there.id.0));
    }
    let mut differences = compare(&there, new);
    for photographer in &new.photographers {
        if !db::members::has_photographer(conn, there.id, photographer.id).await? {
            differences.said(format!("photographer {} is not assigned", printable(&photographer.email)));
        }
    }
    for package in &new.packages {
        if !db::members::has_package(conn, there.id, package.id).await? {
            differences.said(format!("package {} is not sold there", quoted(&package.name)));
        }
    }
    differences.none_or_refuse(&what, there.id.0)?;
    Ok(Some(there))
}

fn compare(there: &Project, new: &NewProject) -> Differences {
    let mut differences = Differences::default();
    let zone = there.zone();
    let moment = |time: Option<DateTime<Utc>>| time.map(|time| time::for_people(time, zone));
    differences.field("location", there.location.as_deref(), new.location.as_deref());
    // Spans back from now (`3d`) move with every run: what is read is compared to the minute.
    let minute = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp().div_euclid(60));
    for (name, is, given) in [("start", there.start_at, new.start_at), ("end", there.end_at, new.end_at)] {
        if minute(is) != minute(given) {
            differences.field(name, moment(is).as_deref(), moment(given).as_deref());
        }
    }
    differences.field("timezone", there.timezone.as_deref(), new.timezone.map(Tz::name));
    differences.field("link", there.link.as_deref(), new.link.as_deref());
    if new.terms.is_some() && new.terms != there.terms {
        differences.said("the terms are others");
    }
    differences
}

/// Creates a project, and assigns its photographers and packages, all or nothing.
///
/// # Errors
/// As [`existing`], or what the database says.
pub async fn create(db: &Db, author: &Author, new: &NewProject, mode: Mode) -> Result<Created<Project>> {
    let mut tx = db.begin().await?;
    db::guard::lock(&mut tx, &format!("project of {}: {}", new.operator_id, new.name)).await?;
    if let Some(there) = existing(&mut tx, new, mode).await? {
        tx.rollback().await?;
        return Ok(Created::Existing(there));
    }
    let row = NewProjectRow {
        operator: new.operator_id,
        name: &new.name,
        location: new.location.as_deref(),
        start_at: new.start_at,
        end_at: new.end_at,
        link: new.link.as_deref(),
        terms: new.terms.as_deref(),
        timezone: new.timezone.map(Tz::name),
    };
    let project = db::projects::insert(&mut tx, &row).await?;
    let mut entries = vec![
        Entry::new(Entity::Project, Action::Create).of(project.id.0).in_project(project.id).fields(told(&project)),
    ];
    for photographer in &new.photographers {
        db::members::add_photographer(&mut tx, project.id, photographer.id).await?;
        entries.push(part::entry(Entity::ProjectPhotographer, project.id, photographer.id.0));
    }
    for package in &new.packages {
        db::members::add_package(&mut tx, project.id, package.id).await?;
        entries.push(part::entry(Entity::ProjectPackage, project.id, package.id.0));
    }
    for entry in &entries {
        db::audit::append(&mut tx, author, entry).await?;
    }
    tx.commit().await?;
    Ok(Created::New(project))
}

/// What the audit log says of a new project. Of the terms it holds a digest: they may be long.
fn told(project: &Project) -> Fields {
    let operator = project.operator_id.to_string();
    let (start, end) = (project.start_at.map(time::rfc3339), project.end_at.map(time::rfc3339));
    let terms = project.terms.as_ref().map(|terms| format!("sha256:{}", Sha256::of(terms.as_bytes())));
    Fields::new()
        .plain("operator_id", None, Some(&operator))
        .plain("name", None, Some(&project.name))
        .plain("location_name", None, project.location.as_deref())
        .plain("start_at", None, start.as_deref())
        .plain("end_at", None, end.as_deref())
        .plain("project_link", None, project.link.as_deref())
        .plain("terms_and_conditions", None, terms.as_deref())
        .plain("timezone", None, project.timezone.as_deref())
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
