//! `selfie approve`, and the report of what a person decided.

use clap::Args;
use serde::Serialize;

use super::select;
use crate::app::App;
use crate::error::{Error, Exit, Result};
use crate::model::ids::SelfieId;
use crate::model::target::Target;
use crate::model::text::count;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::photos::job::{Ended, ItemFailed};

#[derive(Debug, Args)]
pub struct ApproveArgs {
    /// The selfies: ids, or the first 8 characters of them or more
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: ApproveArgs) -> Finished {
    let selfies = select::named(&mut *app.db().await?.conn().await?, &args.ids).await?;
    app.ui.target(&app.target(true));
    let desk = select::desk(app, None, args.dry_run).await?;
    let mut decided = Decided::default();
    for selfie in &selfies {
        app.cancel.check()?;
        decided.add(selfie.id, desk.approve(selfie).await, selfies.len() == 1)?;
    }
    Ok(decided.finish(app, args.dry_run, "approved"))
}

/// What became of the selfies that a person decided about.
#[derive(Default)]
pub(super) struct Decided {
    changed: Vec<SelfieId>,
    unchanged: Vec<SelfieId>,
    failed: Option<Ended>,
}

impl Decided {
    /// Takes note of a decision. The trouble of a single one is the command's own.
    pub(super) fn add(&mut self, id: SelfieId, outcome: Result<bool>, single: bool) -> Result<()> {
        match outcome {
            Ok(true) => self.changed.push(id),
            Ok(false) => self.unchanged.push(id),
            Err(error) if single => return Err(error),
            Err(error) => self.fail(id, &error),
        }
        Ok(())
    }

    fn fail(&mut self, id: SelfieId, error: &Error) {
        self.failed.get_or_insert_with(Ended::nothing).fail(id.to_string(), error);
    }

    pub(super) fn finish(self, app: &App, dry_run: bool, verb: &'static str) -> Done {
        let (exit, items_failed) = self.failed.map_or((Exit::Ok, Vec::new()), |ended| (ended.exit, ended.failed));
        app.ui.report(&DecidedReport {
            ok: exit == Exit::Ok,
            dry_run,
            target: app.target(true),
            changed: self.changed.len() as u64,
            unchanged: self.unchanged.len() as u64,
            failed: items_failed.len() as u64,
            ids: self.changed,
            items_failed,
            verb,
        });
        Done(exit)
    }
}

#[derive(Debug, Serialize)]
struct DecidedReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// With a dry run: would be.
    changed: u64,
    /// Were like that already.
    unchanged: u64,
    failed: u64,
    ids: Vec<SelfieId>,
    items_failed: Vec<ItemFailed>,
    #[serde(skip)]
    verb: &'static str,
}

impl Render for DecidedReport {
    fn render(&self, page: &mut Page) {
        let would = if self.dry_run { "would be " } else { "" };
        page.heading(format!("{} {would}{}", count(self.changed, "selfie"), self.verb));
        for id in &self.ids {
            page.line(format!("  {id}"));
        }
        if self.unchanged > 0 {
            page.line(format!("{} {} already", count(self.unchanged, "selfie"), self.verb));
        }
        for item in &self.items_failed {
            page.bad(format!("failed  {}: {}", item.r#ref, item.message));
        }
    }
}
