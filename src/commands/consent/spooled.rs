//! `consent revoke` while another command holds the embedded database.

use std::time::{Duration, Instant};

use serde::Serialize;

use super::revoke::{RevokeArgs, question};
use crate::app::App;
use crate::error::{Error, Kind};
use crate::model::target::Target;
use crate::model::text::{path, printable};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::consent::spool::{self, Fate, Left, Spool};

/// How long it is watched whether the other command takes it, where `--wait` does not say longer: it looks several
/// times a second, unless it is busy with one long transaction.
const PATIENCE: Duration = Duration::from_secs(3);

const PAUSE: Duration = Duration::from_millis(50);

/// Leaves the revocation for whoever holds the database, and says what came of it until now. `held` is the error that
/// names that one.
pub(super) async fn leave(app: &App, args: RevokeArgs, held: &Error) -> Finished {
    let user = args.user.as_deref().ok_or_else(|| Error::usage("--user is missing"));
    let user = user.and_then(spool::user_without_database).map_err(|error| error.context(held.message()))?;
    let target = app.target(false);
    app.ui.target(&target);
    let _confirmed = app.ui.confirm(&question(&user, &args.kind), args.change.yes)?;
    let spool = Spool::of(app.config.home());
    let left = Left::new(user.clone(), args.kind.clone(), chrono::Utc::now(), app.author());
    let file = spool.leave(&left).map_err(|error| {
        error.context("nothing was revoked").hint(format!("{}: run this again when that run has ended", held.message()))
    })?;
    let fate = watch(app, &spool, &file).await;
    if let Fate::Failed(why) = fate {
        let error = Error::new(Kind::Failed, format!("the revocation could not be carried out: {}", printable(&why)));
        return Err(error.hint(format!("it lies in {}", path(&spool.failed_folder().join(file)))));
    }
    let applied = fate == Fate::Done;
    app.ui.report(&SpooledReport {
        ok: true,
        dry_run: false,
        target,
        spooled: true,
        applied,
        user,
        kind: args.kind,
        file: (!applied).then(|| spool.folder().join(file).display().to_string()),
        held: held.message().to_owned(),
    });
    Ok(Done::OK)
}

/// Waits for the end of a revocation that was left. Should the other command end meanwhile, this one carries it out:
/// opening the database does.
async fn watch(app: &App, spool: &Spool, file: &str) -> Fate {
    let until = Instant::now() + PATIENCE.max(app.wait.unwrap_or_default());
    loop {
        let fate = spool.fate(file);
        if fate != Fate::Waiting || Instant::now() >= until || app.cancel.is_requested() {
            return fate;
        }
        match app.db_within(Duration::ZERO).await {
            Err(error) if error.kind() == Kind::Locked => tokio::time::sleep(PAUSE).await,
            Err(error) => {
                app.ui.warn(&format!("the database could not be opened to carry it out: {error}"));
                return spool.fate(file);
            }
            Ok(_) => return spool.fate(file),
        }
    }
}

#[derive(Debug, Serialize)]
struct SpooledReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    spooled: bool,
    /// Whether it was carried out before this was written; else it will be.
    applied: bool,
    /// As it was given.
    user: String,
    #[serde(rename = "type")]
    kind: String,
    /// Where it waits.
    file: Option<String>,
    #[serde(skip)]
    held: String,
}

impl Render for SpooledReport {
    fn render(&self, page: &mut Page) {
        let (user, kind) = (printable(&self.user), &self.kind);
        let Some(file) = &self.file else {
            page.good(format!("Revoked the consents of {user} to {kind}."));
            page.line(format!("It was left for another command, and is carried out: {}.", self.held));
            return;
        };
        page.line(format!("Left the revocation of the consents of {user} to {kind}: {}.", self.held));
        page.line("That command carries it out before its next item, or else the next one that opens the database.");
        page.field("Left in", printable(file));
    }
}
