//! `project settings list|set|unset`

use clap::{Args, Subcommand};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::app::App;
use crate::commands::reference;
use crate::config::Setting;
use crate::model::ids::ProjectId;
use crate::model::target::Target;
use crate::ui::{Done, Finished, Page, Render, Row};
use crate::workflows::setup::settings::{self as setup, Change, Effective};

#[derive(Debug, Subcommand)]
pub enum SettingsCommand {
    /// Lists what holds in a project, and why
    List(SettingsListArgs),
    /// Sets one for a project
    Set(SettingsSetArgs),
    /// Lets a project say nothing about one: file, environment or default hold again
    Unset(SettingsUnsetArgs),
}

#[derive(Debug, Args)]
pub struct SettingsListArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
}

#[derive(Debug, Args)]
pub struct SettingsSetArgs {
    /// Name of the setting
    #[arg(value_name = "SETTING")]
    pub key: String,
    /// Its value
    pub value: String,
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct SettingsUnsetArgs {
    /// Name of the setting
    #[arg(value_name = "SETTING")]
    pub key: String,
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, command: SettingsCommand) -> Finished {
    match command {
        SettingsCommand::List(args) => list(app, args).await,
        SettingsCommand::Set(args) => {
            let setting = setup::setting(&args.key)?;
            change(app, args.project.as_deref(), setting, Some(&args.value), args.dry_run).await
        }
        SettingsCommand::Unset(args) => {
            let setting = setup::setting(&args.key)?;
            change(app, args.project.as_deref(), setting, None, args.dry_run).await
        }
    }
}

async fn list(app: &App, args: SettingsListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let rows = setup::list(&mut conn, &app.config, project.id).await?;
    let rows: Vec<SettingRow> = rows.into_iter().map(SettingRow).collect();
    app.ui.list(&rows, None);
    Ok(Done::OK)
}

async fn change(
    app: &App,
    project: Option<&str>,
    setting: &'static Setting,
    value: Option<&str>,
    dry_run: bool,
) -> Finished {
    let db = app.db().await?;
    let project = reference::project(app, &mut *db.conn().await?, project).await?;
    let target = app.target(false);
    app.ui.target(&target);
    let change = setup::change(db, &app.author(), &project, setting, value, dry_run).await?;
    if matches!(setting.project, Some(crate::config::settings::Policy::Privacy { .. }))
        && change.changes_something()
        && let Some(value) = app.config.value(setting)
        && value.origin != crate::config::Origin::Default
        && change.after.as_ref() != Some(&value.text)
    {
        app.ui.note(&format!("Here, {} from {} may still be stricter.", setting.key, value.origin));
    }
    app.ui.show(&ChangeReport { project: project.id, change, dry_run, target });
    Ok(Done::OK)
}

#[derive(Debug)]
struct SettingRow(Effective);

impl Serialize for SettingRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(row) = self;
        json!({
            "id": row.setting,
            "value": row.value,
            "origin": row.origin,
            "project_value": row.own,
            "privacy": row.privacy,
            "about": row.about,
        })
        .serialize(serializer)
    }
}

impl Row for SettingRow {
    const HEADERS: &'static [&'static str] = &["setting", "value", "from", "project says", "about"];

    fn cells(&self) -> Vec<String> {
        let Self(row) = self;
        vec![
            row.setting.to_owned(),
            row.value.clone().unwrap_or_else(|| "(unset)".to_owned()),
            row.origin.clone(),
            row.own.clone().unwrap_or_default(),
            row.about.to_owned(),
        ]
    }
}

#[derive(Debug)]
struct ChangeReport {
    project: ProjectId,
    change: Change,
    dry_run: bool,
    target: Target,
}

impl Serialize for ChangeReport {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        json!({
            "id": self.change.setting,
            "project_id": self.project,
            "before": self.change.before,
            "after": self.change.after,
            "changed": self.change.changes_something() && !self.dry_run,
            "dry_run": self.dry_run,
            "target": self.target,
        })
        .serialize(serializer)
    }
}

impl Render for ChangeReport {
    fn render(&self, page: &mut Page) {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "(unset)".to_owned());
        let (before, after) = (shown(&self.change.before), shown(&self.change.after));
        let setting = self.change.setting;
        match (self.change.changes_something(), self.dry_run) {
            (false, _) => page.line(format!("{setting} is {after} already; nothing was changed.")),
            (true, true) => page.line(format!("Would change {setting} from {before} to {after}.")),
            (true, false) => page.good(format!("Changed {setting} from {before} to {after}.")),
        }
    }
}
