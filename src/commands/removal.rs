//! `delete` and `restore`, the same for every noun.

use clap::Args;
use serde::Serialize;
use uuid::Uuid;

use super::args::ChangeArgs;
use super::reference;
use crate::app::App;
use crate::db::PgConnection;
use crate::db::hangs::Hanging;
use crate::db::refs::{self, Candidate, Noun};
use crate::db::rows;
use crate::error::{Error, Kind, Result};
use crate::model::target::Target;
use crate::model::text::{count, quoted};
use crate::ui::{Confirmed, Done, Finished, Page, Render};
use crate::workflows::setup::removal::{self, Weighed};

#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// Which: id, its first 8 characters or more, name or email; one or more
    #[arg(value_name = "WHICH")]
    pub which: Vec<String>,
    #[command(flatten)]
    pub change: ChangeArgs,
}

#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// Which of the deleted ones: id, its first 8 characters or more, name or email; one or more
    #[arg(value_name = "WHICH", required = true)]
    pub which: Vec<String>,
    /// Bring it back even if another one has its name now
    #[arg(long)]
    pub allow_duplicate: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Deletes softly: names what hangs on each thing, asks, and marks.
pub async fn delete(app: &App, noun: Noun, args: DeleteArgs) -> Finished {
    let (weighed, ours_alone) = {
        let conn = &mut app.db().await?.conn().await?;
        let things = named(app, conn, noun, &args.which).await?;
        (removal::weigh(conn, noun, things).await?, rows::mark_is_ours_alone(conn, noun).await?)
    };
    let target = app.target(false);
    app.ui.target(&target);
    if ours_alone {
        app.ui.warn(&format!(
            "the web application made this database and does not know deleted_at: the {} stays visible there until \
             it does",
            noun.word()
        ));
    }
    let ids: Vec<Uuid> = weighed.iter().map(|one| one.thing.id).collect();
    let mut done = ids.clone();
    if !args.change.dry_run {
        let confirmed = app.ui.confirm(&question(noun, &weighed), args.change.yes)?;
        done = carry_out(app, noun, &ids, confirmed).await?;
    }
    app.ui.report(&Removed {
        ok: true,
        dry_run: args.change.dry_run,
        target,
        deleted: done.len() as u64,
        things: weighed.into_iter().map(Line::from).collect(),
        noun: noun.word(),
    });
    Ok(Done::OK)
}

async fn carry_out(app: &App, noun: Noun, ids: &[Uuid], _confirmed: Confirmed) -> Result<Vec<Uuid>> {
    removal::delete(app.db().await?, &app.author(), noun, ids).await
}

async fn named(app: &App, conn: &mut PgConnection, noun: Noun, which: &[String]) -> Result<Vec<Candidate>> {
    let mut things: Vec<Candidate> = Vec::new();
    let mut take = |thing: Candidate| {
        if !things.iter().any(|known| known.id == thing.id) {
            things.push(thing);
        }
    };
    if which.is_empty() {
        take(reference::choose(app, conn, noun).await?);
    }
    for text in which {
        take(refs::find(conn, noun, text, None).await?);
    }
    Ok(things)
}

fn question(noun: Noun, weighed: &[Weighed]) -> String {
    let word = noun.word();
    let hanging = |one: &Weighed| match Hanging::sentence(&one.hanging).as_str() {
        "nothing" => "nothing hangs on it".to_owned(),
        all => format!("what hangs on it stays as it is: {all}"),
    };
    match weighed {
        [one] => format!("Delete the {word} {} ({})?", quoted(&one.thing.name), hanging(one)),
        several => {
            let lines = several.iter().map(|one| format!("{} ({})", quoted(&one.thing.name), hanging(one)));
            format!("Delete {}: {}?", count(several.len() as u64, word), lines.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Brings back what was deleted.
pub async fn restore(app: &App, noun: Noun, args: RestoreArgs) -> Finished {
    let db = app.db().await?;
    let mut things: Vec<Candidate> = Vec::new();
    {
        let conn = &mut db.conn().await?;
        for text in &args.which {
            let thing = refs::find_deleted(conn, noun, text, None).await?;
            if things.iter().any(|known| known.id == thing.id) {
                continue;
            }
            removal::may_return(conn, noun, thing.id, args.allow_duplicate).await?;
            things.push(thing);
        }
    }
    let target = app.target(false);
    app.ui.target(&target);
    let ids: Vec<Uuid> = things.iter().map(|thing| thing.id).collect();
    let mut done = ids.clone();
    if !args.dry_run {
        done = removal::restore(db, &app.author(), noun, &ids, args.allow_duplicate).await?;
        if done.is_empty() {
            return Err(Error::new(
                Kind::Conflict,
                format!("somebody else has brought the {} back meanwhile", noun.word()),
            ));
        }
    }
    app.ui.report(&Restored {
        ok: true,
        dry_run: args.dry_run,
        target,
        restored: done.len() as u64,
        things: things.into_iter().map(|thing| Line { id: thing.id, name: thing.name, hanging: Vec::new() }).collect(),
        noun: noun.word(),
    });
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct Line {
    id: Uuid,
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hanging: Vec<Hanging>,
}

impl From<Weighed> for Line {
    fn from(weighed: Weighed) -> Self {
        Self { id: weighed.thing.id, name: weighed.thing.name, hanging: weighed.hanging }
    }
}

#[derive(Debug, Serialize)]
struct Removed {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// With a dry run: would be.
    deleted: u64,
    things: Vec<Line>,
    #[serde(skip)]
    noun: &'static str,
}

impl Render for Removed {
    fn render(&self, page: &mut Page) {
        let verb = if self.dry_run { "would be deleted" } else { "deleted" };
        page.heading(format!("{} {verb}", count(self.deleted, self.noun)));
        for thing in &self.things {
            page.line(format!("  {}  {}", thing.id, thing.name));
            page.line(format!("    stays as it is: {}", Hanging::sentence(&thing.hanging)));
        }
        if !self.dry_run {
            page.line(format!("photoctl {} restore brings back what was deleted.", self.noun));
        }
    }
}

#[derive(Debug, Serialize)]
struct Restored {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// With a dry run: would be.
    restored: u64,
    things: Vec<Line>,
    #[serde(skip)]
    noun: &'static str,
}

impl Render for Restored {
    fn render(&self, page: &mut Page) {
        let verb = if self.dry_run { "would be restored" } else { "restored" };
        page.heading(format!("{} {verb}", count(self.restored, self.noun)));
        for thing in &self.things {
            page.line(format!("  {}  {}", thing.id, thing.name));
        }
    }
}
