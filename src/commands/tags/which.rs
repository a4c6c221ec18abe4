//! Which tags are meant: by their ids, or by a photo and a person as support has them on the phone.

use std::io::BufRead;

use clap::Args;

use crate::app::App;
use crate::commands::photos;
use crate::commands::reference;
use crate::db::refs::{self, Noun};
use crate::db::tags::{self, NamedPhoto, list};
use crate::db::{DbConn, projects};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{PhotoId, TagId};
use crate::model::tag::Pair;
use crate::model::text::{printable, quoted};
use crate::model::time;

/// Longest line of ids on stdin, in bytes: an id has 36.
const LONGEST_LINE: usize = 4096;

/// Photos of one name that an error shows.
const CHOICES_MOST: i64 = 8;

/// Whose tag in which photo.
#[derive(Debug, Clone, Default, Args)]
pub struct PairArgs {
    /// The photo: its id, the beginning of it, or the name of its file
    #[arg(long, value_name = "PHOTO", requires = "user")]
    pub photo: Option<String>,
    /// The person: id, name or email
    #[arg(long, value_name = "USER", requires = "photo")]
    pub user: Option<String>,
    /// Look for the photo's name in this project [default: the one that is set, else all]
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
}

/// One tag or several.
#[derive(Debug, Clone, Default, Args)]
pub struct WhichArgs {
    /// Tags: ids or beginnings of ids (8 characters or more); - reads them from stdin, one a line
    #[arg(value_name = "ID", conflicts_with_all = ["photo", "user", "project"])]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub pair: PairArgs,
}

impl WhichArgs {
    /// The pairs, each once, in the order in which they were named.
    ///
    /// # Errors
    /// When nothing is named, or one of them is not there or fits several.
    pub async fn resolve(&self, app: &App) -> Result<Vec<Pair>> {
        let conn = &mut app.db().await?.conn().await?;
        if let Some(pair) = self.pair.resolve(app, conn).await? {
            return Ok(vec![pair]);
        }
        let words = self.words()?;
        if words.is_empty() {
            return Err(nothing_named());
        }
        let mut pairs = Vec::new();
        for word in &words {
            let pair = by_id(conn, word).await?;
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        Ok(pairs)
    }

    fn words(&self) -> Result<Vec<String>> {
        let mut words: Vec<String> = self.ids.iter().filter(|word| *word != "-").cloned().collect();
        if self.ids.iter().any(|word| word == "-") {
            for line in std::io::stdin().lock().lines() {
                let line = line.map_err(|error| Error::io("read ids from", std::path::Path::new("stdin"), error))?;
                if line.len() > LONGEST_LINE {
                    return Err(Error::invalid("stdin has a line that is no id").hint("give one id a line"));
                }
                if !line.trim().is_empty() {
                    words.push(line.trim().to_owned());
                }
            }
        }
        Ok(words)
    }
}

impl PairArgs {
    /// `None`: neither is named.
    ///
    /// # Errors
    /// When one of them is not there, or fits several.
    pub async fn resolve(&self, app: &App, conn: &mut DbConn) -> Result<Option<Pair>> {
        let Some(word) = &self.photo else { return Ok(None) };
        let photo = photo(app, conn, word, self.project.as_deref()).await?;
        // Whoever was deleted can still stand in a photo.
        let user = reference::even_deleted(app, conn, Noun::User, self.user.as_deref(), None).await?;
        Ok(Some(Pair { photo, user: user.into() }))
    }
}

/// What to say where it is not said which tag.
pub fn nothing_named() -> Error {
    Error::usage("it is not said which tag")
        .hint("give --photo with an id or the name of a file, and --user with a name or an email; or a tag's id")
}

/// The photo that an id, the beginning of one or a file's name means. A name is looked for in the project that is
/// named or set, else in all.
///
/// # Errors
/// [`Kind::NotFound`], [`Kind::Ambiguous`] with the choices, or what the database says.
pub async fn photo(app: &App, conn: &mut DbConn, word: &str, project: Option<&str>) -> Result<PhotoId> {
    let word = word.trim();
    if refs::id_range(word).is_some() {
        match photos::select::one(conn, word).await {
            // Eight digits can be the name of a file, too.
            Err(error) if error.kind() == Kind::NotFound && word.parse::<PhotoId>().is_err() => {}
            found => return found,
        }
    }
    let project = reference::project_if(app, conn, project).await?;
    let found = tags::photos_named(conn, word, project.as_ref().map(|project| project.id), CHOICES_MOST + 1).await?;
    match found.as_slice() {
        [only] => Ok(only.id),
        [] => {
            let place = project.map(|project| format!(" in {}", quoted(&project.name))).unwrap_or_default();
            Err(Error::new(Kind::NotFound, format!("there is no photo {}{place}", printable(word)))
                .hint("photoctl photos list --name finds photos by a part of their name"))
        }
        several => ambiguous(conn, word, several).await,
    }
}

async fn ambiguous(conn: &mut DbConn, word: &str, several: &[NamedPhoto]) -> Result<PhotoId> {
    let mut error = Error::new(Kind::Ambiguous, format!("several photos are named {}", printable(word)));
    for photo in several.iter().take(usize::try_from(CHOICES_MOST).unwrap_or(usize::MAX)) {
        let zone = match tags::projects_of(conn, &[photo.id]).await?.get(&photo.id) {
            Some(project) => projects::get(conn, *project).await?.map(|project| project.zone()),
            None => None,
        };
        let zone = zone.unwrap_or(chrono_tz::Tz::UTC);
        let when = match photo.captured_at {
            Some(at) => format!("taken {}", time::for_people(at, zone)),
            None => format!("uploaded {}", time::for_people(photo.uploaded_at, zone)),
        };
        error = error.hint(format!("{}  {when}, {}", photo.id, printable(&photo.project)));
    }
    if several.len() as i64 > CHOICES_MOST {
        error = error.hint("and more: --project narrows it, photoctl photos list --name shows all");
    }
    Err(error)
}

/// Whose tag an id, or the beginning of one, is.
async fn by_id(conn: &mut DbConn, word: &str) -> Result<Pair> {
    let word = word.trim();
    let Some((from, to)) = refs::id_range(word) else {
        return Err(Error::usage(format!("{} is not the id of a tag", quoted(word)))
            .hint("give an id, or the first 8 characters of it; or --photo and --user"));
    };
    let found = list::between(conn, TagId(from), TagId(to), CHOICES_MOST).await?;
    match found.as_slice() {
        [(_, only)] => Ok(*only),
        [] => Err(Error::new(Kind::NotFound, format!("there is no tag {}", printable(word)))
            .hint("photoctl tags list shows what there is")),
        several => {
            let error = Error::new(Kind::Ambiguous, format!("{word} is the beginning of several tags' ids"));
            Err(several.iter().fold(error, |error, (id, _)| error.hint(id.to_string())))
        }
    }
}
