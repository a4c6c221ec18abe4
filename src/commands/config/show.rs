//! `config show`, `config path`

use serde::Serialize;

use crate::app::App;
use crate::config::{Config, Origin, Setting, settings};
use crate::db::{refs, settings as project_settings};
use crate::error::{Error, Result};
use crate::model::{address, text};
use crate::ui::{Done, Finished, Page, Render, Row};

/// What stands for a secret.
const HIDDEN: &str = "set (hidden)";

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Only settings that have a value other than their default
    #[arg(long)]
    pub set: bool,
    /// As commands on this project see it, its own settings included
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// Only these settings
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    value: Option<String>,
    /// `default`, `file`, `environment`, `project`, `flag`, or `unset`.
    origin: &'static str,
    /// The origin for people: which file, which variable.
    #[serde(rename = "from")]
    place: String,
    secret: bool,
}

impl Row for Line {
    const HEADERS: &'static [&'static str] = &["setting", "value", "from"];

    fn cells(&self) -> Vec<String> {
        vec![self.name.to_owned(), self.value.clone().unwrap_or_else(|| "-".to_owned()), self.place.clone()]
    }
}

/// Shows the settings.
///
/// # Errors
/// When a named setting or project does not exist.
pub async fn run(app: &App, args: &ShowArgs) -> Finished {
    let wanted: Vec<&'static Setting> = match args.names.as_slice() {
        [] => settings::ALL.to_vec(),
        names => names.iter().map(|name| named(name)).collect::<Result<_>>()?,
    };
    let config = match &args.project {
        None => app.config.clone(),
        Some(project) => with_project(app, project).await?,
    };
    let lines: Vec<Line> = wanted
        .into_iter()
        .map(|setting| line(&config, setting))
        .filter(|line| !args.set || !matches!(line.origin, "default" | "unset"))
        .collect();
    app.ui.list(&lines, None);
    Ok(Done::OK)
}

fn named(name: &str) -> Result<&'static Setting> {
    settings::find(name).ok_or_else(|| {
        Error::usage(format!("{} is no setting", text::quoted(name))).hint("photoctl help settings lists them")
    })
}

async fn with_project(app: &App, project: &str) -> Result<Config> {
    let mut conn = app.db().await?.conn().await?;
    let project = refs::project(&mut conn, project, None).await?;
    let rows = project_settings::list(&mut conn, project).await?;
    Ok(app.config.for_project(rows.iter().map(|(key, value)| (key.as_str(), value.as_str()))))
}

fn line(config: &Config, setting: &'static Setting) -> Line {
    let value = config.value(setting);
    let origin = match value.map(|value| &value.origin) {
        None => "unset",
        Some(Origin::Default) => "default",
        Some(Origin::File { .. } | Origin::Indirect { .. }) => "file",
        Some(Origin::Environment(_)) => "environment",
        Some(Origin::Project) => "project",
        Some(Origin::Flag(_)) => "flag",
    };
    let shown = value.map(|value| shown(setting, &value.text));
    // The data folder always is somewhere, also when nobody says so.
    let shown = if setting.key == settings::HOME.key { Some(text::path(config.home())) } else { shown };
    Line {
        name: setting.key,
        value: shown,
        origin,
        place: value.map_or_else(|| "-".to_owned(), |value| value.origin.to_string()),
        secret: setting.secret,
    }
}

/// Keys in these are refused where they are used, but somebody may have put them there.
const ADDRESSES: &[&Setting] = &[settings::STORAGE_URL, settings::STORAGE_ENDPOINT, settings::R2_ENDPOINT];

/// A database URL is worth seeing, less its password; no other secret is.
fn shown(setting: &Setting, value: &str) -> String {
    if setting.key == settings::DATABASE_URL.key {
        without_secrets(value)
    } else if setting.secret {
        HIDDEN.to_owned()
    } else if ADDRESSES.iter().any(|address| address.key == setting.key) {
        address::without_secrets(value)
    } else {
        value.to_owned()
    }
}

fn without_secrets(url: &str) -> String {
    let Ok(mut url) = url::Url::parse(url) else { return HIDDEN.to_owned() };
    if !matches!(url.scheme(), "postgres" | "postgresql") || url.cannot_be_a_base() {
        return HIDDEN.to_owned();
    }
    let had_password = url.password().is_some();
    if had_password && url.set_password(Some("hidden")).is_err() {
        return HIDDEN.to_owned();
    }
    // Parameters may carry a password or the path of a key: only what says how the connection is made is shown.
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| matches!(name.as_ref(), "sslmode" | "host" | "port" | "application_name" | "options"))
        .filter(|(name, value)| name != "options" || !value.contains("password"))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    url.set_fragment(None);
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    url.to_string()
}

#[derive(Debug, Serialize)]
pub(super) struct Paths {
    /// The file that was read.
    config_file: Option<String>,
    /// Where a file is looked for without `--config`.
    default_config_file: Option<String>,
    profile: Option<String>,
    data_folder: String,
    /// Why the configuration file can not be used.
    problem: Option<String>,
}

impl Paths {
    pub(super) fn of(app: &App) -> Self {
        Self {
            config_file: app.config.file().or(app.config.named_file()).map(text::path),
            default_config_file: app.config.default_file().map(text::path),
            profile: app.config.profile().map(str::to_owned),
            data_folder: text::path(app.config.home()),
            problem: app.config.problem().map(ToString::to_string),
        }
    }
}

impl Render for Paths {
    fn render(&self, page: &mut Page) {
        match (&self.config_file, &self.default_config_file) {
            (Some(file), _) => page.field("Configuration", file),
            (None, Some(default)) => page.field("Configuration", format!("none; it would be read from {default}")),
            (None, None) => {
                page.field("Configuration", "none; without HOME only --config and PHOTOCTL_CONFIG name one")
            }
        }
        page.field_if("Profile", self.profile.as_deref());
        page.field("Data folder", &self.data_folder);
        if let Some(problem) = &self.problem {
            page.bad(format!("Not used: {problem}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_lose_their_secrets() {
        let cases = [
            (
                "postgres://anna:s3cret@db.example.org:5433/photos?sslmode=require",
                "postgres://anna:hidden@db.example.org:5433/photos?sslmode=require",
            ),
            (
                "postgres://db.example.org/photos?password=s3cret&sslmode=require",
                "postgres://db.example.org/photos?sslmode=require",
            ),
            ("postgres://anna@h/photos?options=-c%20password%3Ds3cret", "postgres://anna@h/photos"),
            ("s3cret", HIDDEN),
            ("anna:s3cret", HIDDEN),
            ("postgres:s3cret", HIDDEN),
        ];
        for (url, shown) in cases {
            assert_eq!(without_secrets(url), shown);
        }
    }
}
