//! `tags review --sheet`

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::ReviewArgs;
use crate::app::App;
use crate::error::{Error, Result};
use crate::model::ids::ProjectId;
use crate::model::text::{self, count};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::tags::review::sheet::{self, BEGINS, Wanted};
use crate::workflows::tags::review::{Desk, Shelf};
use crate::workflows::whole::WholeFile;

/// How long nobody else gets what the file is being made of.
const LEASE: Duration = Duration::from_secs(600);

#[derive(Debug, Serialize)]
struct SheetReport {
    file: String,
    tags: u64,
    people: u64,
    /// Tags whose face can not be shown.
    without_picture: u64,
    without_consent: u64,
}

impl Render for SheetReport {
    fn render(&self, page: &mut Page) {
        let people = count(self.people, "person").replace("persons", "people");
        page.good(format!("{} of {people} in {}.", count(self.tags, "tag"), self.file));
        page.line("Open it in a browser; photoctl tags decide takes the decisions that it saves.");
        page.line("It shows faces: delete it when the decisions are made.");
        page.field_if("Without a picture", (self.without_picture > 0).then(|| self.without_picture.to_string()));
        page.field_if("Without consent", (self.without_consent > 0).then(|| self.without_consent.to_string()));
    }
}

/// Writes the file.
///
/// # Errors
/// When something else has that name, or what the database or the file system says.
pub async fn run(app: &App, args: &ReviewArgs, path: &Path, project: Option<ProjectId>, shelf: Shelf) -> Finished {
    require_replaceable(path)?;
    let db = app.db().await?.clone();
    let desk = Desk::new(db.clone(), app.config.clone(), LEASE, project);
    let hold = desk.hold();
    let wanted = Wanted { most: args.limit as usize, names: args.names };
    let made = tokio::select! {
        made = sheet::make(desk, &shelf, wanted) => made,
        () = app.cancel.requested() => Err(Error::new(crate::error::Kind::Interrupted, "interrupted: no file was written")),
    };
    hold.release().await?;
    let made = made?;
    // Before: whatever ends the run, what left the house is in the log.
    sheet::note(&db, &app.author(), &made).await?;
    let mut file = WholeFile::private(path)?;
    file.write(made.html.as_bytes())?;
    file.finish(true)?;
    if made.more {
        app.ui.warn(&format!("there are more: the file holds {}; raise --limit, or decide these first", args.limit));
    }
    app.ui.show(&SheetReport {
        file: text::path(path),
        tags: made.tags.len() as u64,
        people: made.people as u64,
        without_picture: made.without_picture,
        without_consent: made.without_consent,
    });
    Ok(Done::OK)
}

/// Refuses to write over what is no such file: a slip of the hand.
fn require_replaceable(path: &Path) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let mut begins = Vec::new();
    if path.is_file() {
        let read = File::open(path).and_then(|file| file.take(BEGINS.len() as u64).read_to_end(&mut begins));
        read.map_err(|error| Error::io("read", path, error))?;
        if begins.is_empty() || begins == BEGINS.as_bytes() {
            return Ok(());
        }
    }
    let shown = text::path(path);
    Err(Error::invalid(format!("{shown} is there, and is no file of faces to review: it is not overwritten"))
        .hint("name another file, or move that one away"))
}
