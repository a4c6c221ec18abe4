//! Taking something out of a project, the same for photographers, members, packages and coaches.

use serde::Serialize;

use crate::app::App;
use crate::commands::args::RemoveArgs;
use crate::error::{Error, Kind, Result};
use crate::model::target::Target;
use crate::model::text::{count, quoted};
use crate::ui::{Confirmed, Done, Finished, Page, Render};

/// What is taken out, in words.
pub(super) struct Removal<'a> {
    /// `photographer`
    pub noun: &'static str,
    pub name: &'a str,
    pub project: &'a str,
    /// What of theirs stays there.
    pub left: &'a [(&'static str, i64)],
}

/// Asks, does `work`, and answers. `thing` is what is there, if it is. Whether it still was is what `work` says.
pub(super) async fn remove<T: Render>(
    app: &App,
    args: RemoveArgs,
    removal: Removal<'_>,
    thing: Option<T>,
    work: impl Future<Output = Result<bool>>,
) -> Finished {
    let (noun, dry_run) = (removal.noun, args.change.dry_run);
    let target = app.target(false);
    app.ui.target(&target);
    let Some(thing) = thing else {
        if !args.if_exists {
            let (name, project) = (quoted(removal.name), quoted(removal.project));
            return Err(Error::new(Kind::NotFound, format!("{name} is no {noun} of {project}"))
                .hint("--if-exists is content with that"));
        }
        app.ui.show(&Removed { thing: Nothing {}, removed: false, dry_run, target, noun });
        return Ok(Done::OK);
    };
    let mut removed = false;
    if !dry_run {
        let sure = app.ui.confirm(&removal.question(), args.change.yes)?;
        removed = confirmed(sure, work).await?;
    }
    app.ui.show(&Removed { thing, removed, dry_run, target, noun });
    Ok(Done::OK)
}

/// Does what was confirmed.
async fn confirmed<T>(_confirmed: Confirmed, work: impl Future<Output = T>) -> T {
    work.await
}

impl Removal<'_> {
    /// `Remove the photographer "Finn" from "Gala"? What stays: 12 photos.`
    fn question(&self) -> String {
        let left = self.left.iter().filter(|(_, n)| *n > 0);
        let left: Vec<_> = left.map(|(what, n)| count(n.unsigned_abs(), what)).collect();
        let stays = if left.is_empty() { String::new() } else { format!(" What stays: {}.", left.join(", ")) };
        format!("Remove the {} {} from {}?{stays}", self.noun, quoted(self.name), quoted(self.project))
    }
}

/// The answer where there was nothing to remove, and that is fine.
#[derive(Debug, Serialize)]
struct Nothing {}

impl Render for Nothing {
    fn render(&self, _page: &mut Page) {}
}

/// What was taken out of a project, or would be.
#[derive(Debug, Serialize)]
struct Removed<T> {
    #[serde(flatten)]
    thing: T,
    removed: bool,
    dry_run: bool,
    target: Target,
    #[serde(skip)]
    noun: &'static str,
}

impl<T: Render> Render for Removed<T> {
    fn render(&self, page: &mut Page) {
        let noun = self.noun;
        match (self.removed, self.dry_run) {
            (true, _) => page.good(format!("Removed {noun} from the project.")),
            (false, true) => page.line(format!("Would remove {noun} from the project; nothing was changed.")),
            (false, false) => page.line(format!("There is no such {noun} at the project; nothing was changed.")),
        }
        self.thing.render(page);
    }
}
