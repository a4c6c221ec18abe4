//! Options that say which photos are meant, and what they come to.

use std::io::BufRead;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::app::App;
use crate::config::settings;
use crate::db::photos::filter::{NamePattern, PhotoFilter, Presence, Span};
use crate::db::photos::select;
use crate::db::{DbConn, projects, refs};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{PhotoId, ProjectId};
use crate::model::status::PhotoStatus;
use crate::model::text::{printable, quoted};
use crate::model::time::{self, Edge};

/// Longest line of ids on stdin, in bytes: an id has 36.
const LONGEST_LINE: usize = 4096;

/// Ids that one statement looks up.
const CHUNK: usize = 5_000;

/// Filters: all that are given must hold.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Which photos")]
pub struct PhotoFilterArgs {
    /// Of this project: id, beginning of an id, name, or operator-email/name
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// Of all projects, whatever project is set as the default
    #[arg(long, conflicts_with = "project")]
    pub all_projects: bool,
    /// By this photographer: id, beginning of an id, name or email
    #[arg(long, value_name = "PHOTOGRAPHER")]
    pub photographer: Option<String>,
    /// With a confirmed tag of this user: id, beginning of an id, or email
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// In one of these states
    #[arg(long, value_enum, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<PhotoStatus>,
    /// Taken at this time or later: 2026-06-01, "2026-06-01 14:00" (the project's time), 3d
    #[arg(long, value_name = "TIME")]
    pub captured_since: Option<String>,
    /// Taken before this time; a date includes its day
    #[arg(long, value_name = "TIME")]
    pub captured_until: Option<String>,
    /// Uploaded at this time or later
    #[arg(long, value_name = "TIME")]
    pub uploaded_since: Option<String>,
    /// Uploaded before this time; a date includes its day
    #[arg(long, value_name = "TIME")]
    pub uploaded_until: Option<String>,
    /// With this in the file's name, in any case; or a glob such as "DSC_*.jpg"
    #[arg(long, value_name = "PATTERN")]
    pub name: Option<String>,
}

/// Filters and ids.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct PhotoSelectArgs {
    /// Photos: ids or beginnings of ids (8 characters or more); - reads them from stdin, one a line
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub filter: PhotoFilterArgs,
}

/// What the options come to.
#[derive(Debug)]
pub struct Selection {
    pub filter: PhotoFilter,
    /// What was named and is not there, with why.
    pub missing: Vec<(String, Error)>,
    /// Ids were named: the filter holds only these.
    pub by_id: bool,
}

impl PhotoFilterArgs {
    /// Whether nothing but the default project limits it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            project,
            all_projects,
            photographer,
            user,
            status,
            captured_since,
            captured_until,
            uploaded_since,
            uploaded_until,
            name,
        } = self;
        let times = [captured_since, captured_until, uploaded_since, uploaded_until];
        !all_projects
            && status.is_empty()
            && [project, photographer, user, name].into_iter().chain(times).all(Option::is_none)
    }

    /// Whether the only condition is a project, or there is none at all.
    #[must_use]
    pub fn is_whole_projects(&self) -> bool {
        Self { project: None, all_projects: false, ..self.clone() }.is_empty()
    }

    async fn resolve(&self, app: &App, conn: &mut DbConn, with_default: bool) -> Result<PhotoFilter> {
        let operator = match app.config.get(settings::OPERATOR) {
            Some(operator) => Some(refs::operator(conn, operator).await?),
            None => None,
        };
        let default = app.config.get(settings::PROJECT).filter(|_| with_default && !self.all_projects);
        let project = match self.project.as_deref().or(default) {
            Some(project) => Some(refs::project(conn, project, operator).await?),
            None => None,
        };
        let photographer = match &self.photographer {
            Some(photographer) => Some(refs::photographer(conn, photographer, operator).await?),
            None => None,
        };
        let user = match &self.user {
            Some(user) => Some(refs::user(conn, user).await?),
            None => None,
        };
        let (captured, uploaded) = self.spans(app, conn, project).await?;
        Ok(PhotoFilter {
            ids: Vec::new(),
            project,
            photographer,
            user,
            statuses: self.status.clone(),
            captured,
            uploaded,
            name: self.name.as_deref().map(NamePattern::parse).transpose()?,
            presence: Presence::Live,
        })
    }

    async fn spans(&self, app: &App, conn: &mut DbConn, project: Option<ProjectId>) -> Result<(Span, Span)> {
        let texts = [&self.captured_since, &self.captured_until, &self.uploaded_since, &self.uploaded_until];
        if texts.into_iter().all(Option::is_none) {
            return Ok(Default::default());
        }
        let zone = zone(app, conn, project).await?;
        let now = DateTime::<Utc>::from(std::time::SystemTime::now());
        let read =
            |text: &Option<String>, edge| text.as_deref().map(|text| time::parse(text, zone, edge, now)).transpose();
        let span = |name: &str, since, until| {
            let span = Span { since: read(since, Edge::Start)?, until: read(until, Edge::End)? };
            match (span.since, span.until) {
                (Some(since), Some(until)) if since >= until => Err(Error::invalid(format!(
                    "--{name}-since is not before --{name}-until: {} and {}",
                    time::for_people(since, zone),
                    time::for_people(until, zone)
                ))),
                _ => Ok(span),
            }
        };
        Ok((
            span("captured", &self.captured_since, &self.captured_until)?,
            span("uploaded", &self.uploaded_since, &self.uploaded_until)?,
        ))
    }
}

/// The zone that typed times are in: the project's, else the operator's, never this machine's.
async fn zone(app: &App, conn: &mut DbConn, project: Option<ProjectId>) -> Result<Tz> {
    if let Some(project) = project
        && let Some(project) = projects::get(conn, project).await?
    {
        return Ok(project.zone());
    }
    let operators = refs::choices(conn, refs::Noun::Operator, None, 2).await?;
    let only = match (app.config.get(settings::OPERATOR), operators.as_slice()) {
        (Some(operator), _) => Some(refs::operator(conn, operator).await?),
        (None, [only]) => Some(crate::model::ids::OperatorId(only.id)),
        (None, _) => None,
    };
    if let Some(operator) = only
        && let Some(name) = select::operator_zone(conn, operator).await?
    {
        return Ok(name.parse().unwrap_or(Tz::UTC));
    }
    app.ui.note("No project is named: times without an offset are read as UTC.");
    Ok(Tz::UTC)
}

impl PhotoSelectArgs {
    /// Whether nothing but the default project limits it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty() && self.filter.is_empty()
    }

    /// Looks the options up. With ids, the default project does not count.
    ///
    /// # Errors
    /// When a reference fits nothing or several things, or a value can not be read. Ids of which there is no photo
    /// are no error here: see [`Selection::missing`].
    pub async fn resolve(&self, app: &App) -> Result<Selection> {
        let words = self.words()?;
        let conn = &mut app.db().await?.conn().await?;
        let mut filter = self.filter.resolve(app, conn, self.ids.is_empty()).await?;
        let mut missing = Vec::new();
        let mut whole = Vec::new();
        for word in words {
            match word.parse::<PhotoId>() {
                Ok(id) => whole.push(id),
                Err(_) => match by_prefix(conn, &word).await {
                    Ok(id) => filter.ids.push(id),
                    Err(error) if error.kind() == Kind::NotFound => missing.push((word, error)),
                    Err(error) => return Err(error),
                },
            }
        }
        whole.sort_unstable();
        whole.dedup();
        for chunk in whole.chunks(CHUNK) {
            let there = select::existing(conn, chunk).await?;
            let gone = chunk.iter().filter(|id| there.binary_search(id).is_err());
            missing.extend(gone.map(|id| (id.to_string(), no_photo(&id.to_string()))));
            filter.ids.extend(there);
        }
        filter.ids.sort_unstable();
        filter.ids.dedup();
        Ok(Selection { filter, missing, by_id: !self.ids.is_empty() })
    }

    /// The ids as they were typed, those of stdin included.
    fn words(&self) -> Result<Vec<String>> {
        let mut words: Vec<String> = self.ids.iter().filter(|word| *word != "-").cloned().collect();
        if self.ids.iter().any(|word| word == "-") {
            for line in std::io::stdin().lock().lines() {
                let line = line.map_err(|error| Error::io("read ids from", std::path::Path::new("stdin"), error))?;
                if line.len() > LONGEST_LINE {
                    return Err(Error::invalid("stdin has a line that is no id").hint("give one id a line"));
                }
                let word = line.trim();
                if !word.is_empty() {
                    words.push(word.to_owned());
                }
            }
        }
        Ok(words)
    }
}

impl Selection {
    /// Whether ids were named of which none is there: nothing must be done then, rather than all.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.by_id && self.filter.ids.is_empty()
    }

    /// The photos, ascending by id.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn ids(&self, app: &App, want: select::Want) -> Result<Vec<PhotoId>> {
        if self.is_nothing() {
            return Ok(Vec::new());
        }
        select::ids(&mut *app.db().await?.conn().await?, &self.filter, want).await
    }

    /// As [`Selection::ids`] for jobs on photos that are not deleted: those that were named and are deleted become
    /// [`Selection::missing`].
    ///
    /// # Errors
    /// Those of the database.
    pub async fn live_ids(&mut self, app: &App, want: select::Want) -> Result<Vec<PhotoId>> {
        let ids = self.ids(app, want).await?;
        let left_out: Vec<PhotoId> =
            self.filter.ids.iter().filter(|id| ids.binary_search(id).is_err()).copied().collect();
        for chunk in left_out.chunks(CHUNK) {
            for photo in select::records(&mut *app.db().await?.conn().await?, chunk).await? {
                if photo.deleted {
                    let error = Error::new(Kind::NotFound, format!("photo {} was deleted", photo.id))
                        .hint(format!("photoctl photos restore {} brings it back", photo.id));
                    self.missing.push((photo.id.to_string(), error));
                }
            }
        }
        Ok(ids)
    }
}

/// The one photo, deleted or not, that a typed id or the beginning of one means.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Ambiguous`] with the candidates, [`Kind::Usage`] when it is no id.
pub async fn one(conn: &mut DbConn, word: &str) -> Result<PhotoId> {
    let word = word.trim();
    match word.parse::<PhotoId>() {
        Ok(id) => match select::existing(conn, &[id]).await?.first() {
            Some(id) => Ok(*id),
            None => Err(no_photo(word)),
        },
        Err(_) => by_prefix(conn, word).await,
    }
}

async fn by_prefix(conn: &mut DbConn, word: &str) -> Result<PhotoId> {
    let Some((from, to)) = refs::id_range(word) else {
        return Err(Error::usage(format!("{} is not the id of a photo", quoted(word)))
            .hint("give an id, or the first 8 characters of it; photoctl photos list --name finds photos by name"));
    };
    let found = select::between(conn, from.into(), to.into(), 6).await?;
    match found.as_slice() {
        [] => Err(no_photo(word)),
        [only] => Ok(*only),
        several => {
            let error = Error::new(Kind::Ambiguous, format!("{word} is the beginning of several photos' ids"));
            Err(several.iter().fold(error, |error, id| error.hint(id.to_string())))
        }
    }
}

fn no_photo(word: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no photo {}", printable(word)))
        .hint("photoctl photos list shows what there is")
}
