//! `selfie enroll`

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::report::{self, Run};
use super::select;
use crate::app::App;
use crate::commands::reference;
use crate::db::{PgConnection, members, selfies};
use crate::error::{Error, Kind, Result};
use crate::model::ids::{ProjectId, UserId};
use crate::model::selfie::Reason;
use crate::model::text::printable;
use crate::ui::Finished;
use crate::workflows::selfies::enroll::Enroller;
use crate::workflows::selfies::run::{Item, ItemStatus};
use crate::workflows::selfies::{match_now, source, web};

#[derive(Debug, Args)]
pub struct EnrollArgs {
    /// Selfies of one user
    #[arg(value_name = "FILE", conflicts_with_all = ["dir", "manifest", "pending"])]
    pub files: Vec<PathBuf>,
    /// Whose: id, name or email
    #[arg(long, conflicts_with_all = ["dir", "manifest"])]
    pub user: Option<String>,
    /// Project whose rules hold, and whose members are meant: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// A folder with files named by their guest: EMAIL.jpg, EMAIL__2.jpg, or a folder EMAIL for each; an id works too
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["manifest", "pending"])]
    pub dir: Option<PathBuf>,
    /// A CSV file with the columns user (email or id) and file
    #[arg(long, value_name = "FILE", conflicts_with = "pending")]
    pub manifest: Option<PathBuf>,
    /// Selfies that the web application took and that nobody has judged yet
    #[arg(long)]
    pub pending: bool,
    /// Let this fault or doubt pass; the audit log keeps it
    #[arg(long, value_enum, value_name = "REASON", ignore_case = true)]
    pub allow: Vec<Reason>,
    /// Look for those who are approved in the photos at once, where the faces of photos are kept
    #[arg(long = "match")]
    pub matching: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: EnrollArgs) -> Finished {
    let begun = Instant::now();
    args.check()?;
    let db = app.db().await?;
    let work = args.resolve(app).await?;
    app.ui.target(&app.target(true));
    let desk = select::desk(app, work.project, args.dry_run).await?;
    if let Some(user) = work.user.filter(|_| !args.pending) {
        desk.require_consent(user).await?;
    }
    let scope = select::scope(app, db, "enrolling")?;
    let enroller = Enroller { desk: desk.clone(), allow: args.allow.clone(), restore: !args.files.is_empty() };
    let mut ended = match work.files {
        Some(files) => enroller.run(&scope, files).await?,
        None => {
            let filter = select::Whose { user: work.user, project: work.project }.filter();
            let mut waiting = selfies::list(&mut *db.conn().await?, web::waiting(filter), select::ALL).await?;
            // The one that was sent first is judged first: the others beside it.
            waiting.reverse();
            enroller.run_waiting(&scope, waiting).await?
        }
    };
    ended.add_first(work.unowned);
    let approved = ended.users(ItemStatus::Approved);
    let goes_on = !args.dry_run && !scope.cancel.is_requested();
    let matched = if args.matching && goes_on && !approved.is_empty() {
        match_now(&desk, &scope, &approved).await?
    } else {
        Vec::new()
    };
    scope.progress.finish();
    let verb = if args.dry_run { "would be approved" } else { "approved" };
    report::finish(app, args.dry_run, begun, Run { ended, matched, verb })
}

/// What is to be enrolled.
#[derive(Default)]
struct Work {
    project: Option<ProjectId>,
    user: Option<UserId>,
    /// `None`: those of the web application.
    files: Option<Vec<(UserId, PathBuf)>>,
    /// Files whose guest is not known.
    unowned: Vec<Item>,
}

impl EnrollArgs {
    fn check(&self) -> Result<()> {
        if self.files.is_empty() && self.dir.is_none() && self.manifest.is_none() && !self.pending {
            return Err(Error::usage("it is not said which selfies to enroll")
                .hint("give files with --user, a folder with --dir, a list with --manifest, or --pending"));
        }
        Ok(())
    }

    async fn resolve(&self, app: &App) -> Result<Work> {
        let conn = &mut *app.db().await?.conn().await?;
        if self.pending {
            let whose = select::WhoseArgs { user: self.user.clone(), project: self.project.clone() };
            let whose = whose.resolve(app, conn).await?;
            return Ok(Work { project: whose.project, user: whose.user, ..Work::default() });
        }
        let named = match (&self.dir, &self.manifest) {
            (Some(dir), _) => source::folder(dir)?,
            (None, Some(list)) => source::manifest(list)?,
            (None, None) => return self.of_user(app, conn).await,
        };
        let project = reference::project_if(app, conn, self.project.as_deref()).await?.map(|project| project.id);
        let (files, unowned) = source::owners(conn, project, named).await?;
        Ok(Work { project, user: None, files: Some(files), unowned })
    }

    async fn of_user(&self, app: &App, conn: &mut PgConnection) -> Result<Work> {
        let user = reference::user(app, conn, self.user.as_deref()).await?;
        // A user has selfies for all their events: the project that is set is not meant, one that is named is.
        let project = match self.project.as_deref() {
            Some(project) => Some(reference::project(app, conn, Some(project)).await?),
            None => None,
        };
        if let Some(project) = &project
            && members::member(conn, project.id, user.id).await?.is_none()
        {
            let (who, what) = (printable(&user.email), printable(&project.name));
            return Err(Error::new(Kind::NotFound, format!("{who} is no member of {what}"))
                .hint("photoctl project members add lets them join"));
        }
        let files = self.files.iter().map(|file| (user.id, file.clone())).collect();
        let project = project.map(|project| project.id);
        Ok(Work { project, user: Some(user.id), files: Some(files), unowned: Vec::new() })
    }
}
