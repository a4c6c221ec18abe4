//! `db store`

use serde::Serialize;

use crate::app::{self, App};
use crate::db::{audit, installation};
use crate::error::{Error, Kind};
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::target::Target;
use crate::objects::{ProbeDepth, Store};
use crate::ui::{Done, Finished, Page, Render};

#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    /// Let the database remember the store that is configured now: all objects were moved there
    #[arg(long)]
    pub set: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long, requires = "set")]
    pub dry_run: bool,
    /// Go on without being asked
    #[arg(long, short, requires = "set")]
    pub yes: bool,
}

#[derive(Debug, Serialize)]
struct StorePage {
    /// What the database remembers; nothing before something was written.
    remembered: Option<String>,
    /// What is configured here.
    configured: Option<String>,
    /// Why what is configured can not be used.
    problem: Option<String>,
    same: bool,
    changed: bool,
    dry_run: bool,
    target: Target,
}

impl Render for StorePage {
    fn render(&self, page: &mut Page) {
        page.field("Remembered", self.remembered.as_deref().unwrap_or("none yet"));
        page.field("Configured", self.configured.as_deref().unwrap_or("none that can be used"));
        if let Some(problem) = &self.problem {
            page.bad(problem);
        }
        match (self.changed, self.dry_run, self.same) {
            (true, true, _) => page.line("It would be changed to the configured one."),
            (true, false, _) => page.good("Changed."),
            (false, _, true) if self.remembered.is_none() => {
                page.line("The first command that writes into it (an upload, for example) binds the database to it.")
            }
            (false, _, true) => page.good("They are the same."),
            (false, _, false) if self.problem.is_some() => {}
            (false, _, false) => page.bad("They differ: commands that touch objects refuse to run."),
        }
    }
}

/// Shows or changes the remembered store.
///
/// # Errors
/// When the configured store can not be used, or somebody else changed it meanwhile.
pub async fn run(app: &App, args: &StoreArgs) -> Finished {
    let db = app.db().await?;
    let remembered = installation::store_url(&mut *db.conn().await?).await?;
    let config = app.store_config();
    let configured = config.as_ref().ok().map(|config| app.store_identity(&config.url));
    let same = configured.as_deref().is_some_and(|url| app::same_store(remembered.as_deref(), url).is_ok());
    let mut page = StorePage {
        remembered: remembered.clone(),
        configured: configured.clone(),
        problem: config.as_ref().err().map(ToString::to_string),
        same,
        changed: false,
        dry_run: args.dry_run,
        target: app.target(true),
    };
    if !args.set {
        app.ui.show(&page);
        return Ok(Done::OK);
    }
    app.ui.target(&app.target(true));
    let (config, configured) = (config?, configured.unwrap_or_default());
    page.changed = remembered.as_deref() != Some(configured.as_str());
    if page.changed && !args.dry_run {
        Store::open(config).await?.probe(ProbeDepth::Write).await?;
        if let Some(before) = &remembered {
            let question = format!("Are all objects of {before} in {configured} now?");
            app.ui.confirm(&question, args.yes)?;
        }
        let mut tx = db.begin().await?;
        if !installation::replace_store(&mut tx, remembered.as_deref(), &configured).await? {
            return Err(Error::new(Kind::Conflict, "somebody else changed the remembered store meanwhile")
                .hint("look at it again: photoctl db store"));
        }
        let fields = Fields::new().plain("store", remembered.as_deref(), Some(&configured));
        audit::append(&mut tx, &app.author(), &Entry::new(Entity::Database, Action::Bind).fields(fields)).await?;
        tx.commit().await?;
        page.same = true;
    }
    app.ui.show(&page);
    Ok(Done::OK)
}
