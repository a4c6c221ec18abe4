//! Pending tags as one file for a browser: faces and selfies inside, nothing from any network, and a button that saves
//! decisions.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::StreamExt as _;
use serde::Serialize;

use super::{Batch, Desk, Item, Name, Shelf, View};
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::imaging;
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::digest::Sha256;
use crate::model::ids::{ProjectId, TagId, UserId};
use crate::model::status::ReviewStatus;

/// How each such file begins.
pub const BEGINS: &str = "<!DOCTYPE html>\n<!-- photoctl: faces to review -->\n";

const STYLE: &str = include_str!("sheet.css");
const SCRIPT: &str = include_str!("sheet.js");

/// Longest side of a face, in pixels, and its quality as libjpeg's.
const FACE_PX: u32 = 240;
const QUALITY: u8 = 80;

/// Faces that are fetched at the same time.
const AT_ONCE: usize = 4;

/// What the file is to hold.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// So many tags at most.
    pub most: usize,
    /// People by name, not by number.
    pub names: bool,
}

/// The file, and what is in it.
#[derive(Debug)]
pub struct Made {
    pub html: String,
    pub tags: Vec<TagId>,
    /// Where all are of one.
    pub project: Option<ProjectId>,
    pub people: usize,
    pub without_picture: u64,
    pub without_consent: u64,
    /// There were more than wanted.
    pub more: bool,
}

/// A tag as the file's script knows it.
#[derive(Serialize)]
struct Row {
    tag: String,
    photo: String,
    user: String,
    seen: &'static str,
    project: String,
    person: String,
    picture: String,
    score: f32,
    other: Option<(String, f32)>,
    face: Option<String>,
    selfie: Option<usize>,
}

/// Makes the file of what lies on the desk.
///
/// # Errors
/// What the database says. A picture that can not be had is left out.
pub async fn make(mut desk: Desk, shelf: &Shelf, wanted: Wanted) -> Result<Made> {
    let (items, without_consent, more) = take(&mut desk, wanted.most).await?;
    let mut people = People { names: wanted.names, numbers: BTreeMap::new() };
    let (selfies, places) = selfies(shelf, &items).await;
    let faces = futures::stream::iter(items.iter().map(|item| picture(shelf, item, View::Face)));
    let faces: Vec<Option<String>> = faces.buffered(AT_ONCE).collect().await;
    let place = |item: &Item| View::Selfie.of(item).and_then(|name| places.get(&name).copied());
    let rows: Vec<Row> =
        items.iter().zip(faces).map(|(item, face)| row(item, face, place(item), &mut people)).collect();
    let projects: Vec<ProjectId> = items.iter().map(|item| item.tag.project).collect();
    let project = projects.first().copied().filter(|first| projects.iter().all(|other| other == first));
    let mut groups: Vec<UserId> = items.iter().map(|item| item.tag.pair.user).collect();
    groups.sort_unstable();
    groups.dedup();
    Ok(Made {
        html: html(&rows, &selfies)?,
        tags: items.iter().map(|item| item.tag.id).collect(),
        project,
        people: groups.len(),
        without_picture: rows.iter().filter(|row| row.face.is_none()).count() as u64,
        without_consent,
        more,
    })
}

async fn take(desk: &mut Desk, most: usize) -> Result<(Vec<Item>, u64, bool)> {
    let (mut items, mut without_consent) = (Vec::new(), 0);
    loop {
        let Batch { items: some, without_consent: others } = desk.next().await?;
        if some.is_empty() && others == 0 {
            return Ok((items, without_consent, false));
        }
        items.extend(some);
        without_consent += others;
        if items.len() > most {
            items.truncate(most);
            return Ok((items, without_consent, true));
        }
    }
}

/// Each selfie once, and where it is.
async fn selfies(shelf: &Shelf, items: &[Item]) -> (Vec<String>, BTreeMap<Name, usize>) {
    let mut of: BTreeMap<Name, &Item> = BTreeMap::new();
    for item in items {
        if let Some(name) = View::Selfie.of(item) {
            of.entry(name).or_insert(item);
        }
    }
    let (mut selfies, mut places) = (Vec::new(), BTreeMap::new());
    for (name, item) in of {
        if let Some(selfie) = picture(shelf, item, View::Selfie).await {
            places.insert(name, selfies.len());
            selfies.push(selfie);
        }
    }
    (selfies, places)
}

/// A picture as a link that holds it.
async fn picture(shelf: &Shelf, item: &Item, view: View) -> Option<String> {
    let pixels = shelf.picture(item, view).await.ok()?;
    let work = tokio::task::spawn_blocking(move || imaging::jpeg(&imaging::fit(&pixels, FACE_PX)?, QUALITY));
    let bytes = work.await.ok()?.ok()?;
    Some(format!("data:image/jpeg;base64,{}", STANDARD.encode(bytes)))
}

/// What people are called in the file.
struct People {
    names: bool,
    numbers: BTreeMap<UserId, usize>,
}

impl People {
    fn called(&mut self, user: UserId, name: Option<&str>) -> String {
        if self.names {
            return name.unwrap_or("somebody else").to_owned();
        }
        let next = self.numbers.len() + 1;
        format!("Guest {}", self.numbers.entry(user).or_insert(next))
    }
}

fn row(item: &Item, face: Option<String>, selfie: Option<usize>, people: &mut People) -> Row {
    let tag = &item.tag;
    let photo = tag.pair.photo.to_string();
    // A file's name can be a person's.
    let short = photo.get(..8).unwrap_or(&photo).to_owned();
    let picture = if people.names { tag.photo_name.clone().unwrap_or(short) } else { short };
    Row {
        person: people.called(tag.pair.user, Some(&tag.user_name)),
        other: tag.runner_up.as_ref().map(|other| (people.called(other.user, other.name.as_deref()), other.score)),
        tag: tag.id.to_string(),
        photo,
        user: tag.pair.user.to_string(),
        seen: ReviewStatus::Pending.as_str(),
        project: item.project_name.clone(),
        picture,
        score: item.score(),
        face,
        selfie,
    }
}

/// The whole file. Its script and its style are the only ones that may run, by their hashes; nothing may be fetched.
fn html(rows: &[Row], selfies: &[String]) -> Result<String> {
    let data = serde_json::to_string(&serde_json::json!({ "rows": rows, "selfies": selfies }))
        .map_err(|error| Error::new(Kind::Internal, "the file's data cannot be written").with_source(error))?;
    // Within a script element only these could end it or begin a comment.
    let data = data.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let hash = |text: &str| STANDARD.encode(Sha256::of(text.as_bytes()).as_bytes());
    let policy = format!(
        "default-src 'none'; img-src data:; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    Ok(format!(
        "{BEGINS}<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>Faces to review</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{BODY}\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    ))
}

const BODY: &str = include_str!("body.html");

/// Notes that faces leave the house: before they do.
///
/// # Errors
/// What the database says.
pub async fn note(db: &Db, author: &Author, made: &Made) -> Result<()> {
    let mut entry = Entry::new(Entity::PhotoTag, Action::Export).items(made.tags.iter().map(|tag| tag.0));
    if let Some(project) = made.project {
        entry = entry.in_project(project);
    }
    let fields =
        Fields::new().plain("form", None, Some("html")).number("tags", None, i64::try_from(made.tags.len()).ok());
    let mut tx = db.begin().await?;
    db::audit::append(&mut tx, author, &entry.fields(fields)).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_can_leave_its_place() {
        let row = Row {
            tag: String::new(),
            photo: String::new(),
            user: String::new(),
            seen: "pending",
            project: "</script><script>alert(1)</script>".to_owned(),
            person: "<!-- & \u{2028}".to_owned(),
            picture: String::new(),
            score: 0.5,
            other: None,
            face: None,
            selfie: None,
        };
        let html = html(&[row], &[]).expect("a file");
        assert!(html.starts_with(BEGINS));
        assert_eq!((html.matches("</script").count(), html.matches("<!--").count()), (2, 1));
        assert!(!html.contains("alert(1)</script>") && html.contains("default-src 'none'"));
        for external in ["http://", "https://", "src=", "href="] {
            assert!(!html.contains(external), "{external}");
        }
    }
}
