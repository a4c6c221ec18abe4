//! `selfie re-embed`

use std::time::Instant;

use clap::Args;

use super::report::{self, Run};
use super::select::{self, WhoseArgs};
use crate::app::App;
use crate::db::selfies;
use crate::error::{Error, Result};
use crate::ui::Finished;
use crate::workflows::selfies::reembed;

#[derive(Debug, Args)]
pub struct ReEmbedArgs {
    #[command(flatten)]
    whose: WhoseArgs,
    /// Those of all users
    #[arg(long, conflicts_with_all = ["user", "project"])]
    pub all: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: ReEmbedArgs) -> Finished {
    let begun = Instant::now();
    args.require_selection()?;
    let db = app.db().await?;
    let whose = args.whose.resolve(app, &mut *db.conn().await?).await?;
    app.ui.target(&app.target(true));
    let desk = select::desk(app, whose.project, args.dry_run).await?;
    let filter = reembed::outdated(whose.filter(), desk.engine.model());
    let outdated = selfies::list(&mut *db.conn().await?, filter, select::ALL).await?;
    let scope = select::scope(app, db, "making vectors")?;
    let ended = reembed::run(desk, &scope, outdated).await?;
    scope.progress.finish();
    let verb = if args.dry_run { "would get a new vector" } else { "got a new vector" };
    report::finish(app, args.dry_run, begun, Run { ended, matched: Vec::new(), verb })
}

impl ReEmbedArgs {
    fn require_selection(&self) -> Result<()> {
        if !self.all && self.whose.user.is_none() && self.whose.project.is_none() {
            return Err(Error::usage("it is not said whose selfies").hint("give --user, --project, or --all"));
        }
        Ok(())
    }
}
