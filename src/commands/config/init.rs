//! `config init`

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use serde::Serialize;

use crate::app::App;
use crate::config::{Setting, settings};
use crate::error::{Error, Kind, Result};
use crate::model::text;
use crate::ui::{Done, Finished, Page, Render};

#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// Only print what would be written
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Written {
    path: String,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<String>,
}

impl Render for Written {
    fn render(&self, page: &mut Page) {
        match &self.content {
            Some(content) => content.lines().for_each(|line| page.line(line)),
            None => page.good(format!("Written: {}", self.path)),
        }
    }
}

/// Writes a file in which everything is commented out, readable by its owner only.
///
/// # Errors
/// [`Kind::AlreadyExists`] when there is one; nothing is ever overwritten.
pub fn run(app: &App, args: &InitArgs) -> Finished {
    let path = place(app)?;
    let content = content();
    if path.exists() {
        return Err(taken(&path));
    }
    if !args.dry_run {
        write(&path, &content)?;
    }
    app.ui.show(&Written { path: text::path(&path), dry_run: args.dry_run, content: args.dry_run.then_some(content) });
    Ok(Done::OK)
}

fn place(app: &App) -> Result<PathBuf> {
    app.config.named_file().or(app.config.default_file()).map(PathBuf::from).ok_or_else(|| {
        Error::new(Kind::Config, "there is no HOME to put the file into")
            .hint("name it: photoctl config init --config /etc/photoctl.toml")
    })
}

fn write(path: &PathBuf, content: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("create the folder", folder, error))?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|error| {
        if error.kind() == std::io::ErrorKind::AlreadyExists { taken(path) } else { Error::io("create", path, error) }
    })?;
    file.write_all(content.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| Error::io("write", path, error))
}

fn taken(path: &std::path::Path) -> Error {
    Error::new(Kind::AlreadyExists, format!("{} exists already", text::path(path)))
        .hint("photoctl config init --dry-run --config NEWFILE prints what a new one would hold")
}

fn content() -> String {
    let mut out = String::from(
        "# Settings of photoctl. Everything is commented out: a value in effect without its line is the default.\n\
         # The environment wins over this file, flags win over both; photoctl config show tells which value holds.\n\
         # Secrets: better NAME_command = \"pass show photos/db\" or NAME_file = \"/run/secrets/db\" than the value itself.\n\
         \n\
         # default_profile = \"production\"\n",
    );
    for setting in settings::ALL {
        out.push_str(&format!("\n# {}\n", setting.about));
        out.push_str(&line(setting));
    }
    out.push_str(
        "\n# Sections for several platforms, chosen by --profile NAME or PHOTOCTL_PROFILE. What a section does not say\n\
         # is taken from above.\n\
         # [profile.production]\n\
         # database_url_command = \"pass show photos/db\"\n\
         # storage_url = \"r2://ACCOUNT_ID/photos\"\n",
    );
    out
}

fn line(setting: &Setting) -> String {
    match setting.default {
        _ if setting.secret => format!("# {}_command = \"\"\n", setting.key),
        Some(value) if is_literal(value) => format!("# {} = {value}\n", setting.key),
        value => format!("# {} = {}\n", setting.key, toml::Value::from(value.unwrap_or_default())),
    }
}

fn is_literal(value: &str) -> bool {
    matches!(value, "true" | "false") || value.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_uncommented_is_a_setting() {
        let mut seen = 0;
        for line in content().lines().filter(|line| line.starts_with("# ") && line.contains(" = ")) {
            let Ok(table) = line.trim_start_matches("# ").parse::<toml::Table>() else { continue };
            let Some(key) = table.keys().next() else { continue };
            let known = settings::find(key.trim_end_matches("_command")).is_some() || key == "default_profile";
            assert!(known, "{line}");
            seen += 1;
        }
        assert!(seen >= settings::ALL.len(), "{seen} settings in the file");
    }
}
