//! The configuration file: its profile sections, and secrets that stand elsewhere (`NAME_command`, `NAME_file`).

use std::collections::BTreeMap;
use std::path::Path;

use super::layers::{Origin, Value};
use super::settings::{self, Setting};
use crate::error::{Error, Kind, Result};
use crate::model::text;

pub(super) fn read(path: &Path) -> Result<toml::Table> {
    let content = std::fs::read_to_string(path).map_err(|error| {
        let kind = Error::io("read the configuration file", path, error);
        Error::new(Kind::Config, kind.message()).with_source(kind).hint("photoctl config init writes a commented one")
    })?;
    content.parse::<toml::Table>().map_err(|error| {
        // The parser's own text quotes the line, which may hold a secret: say the place only.
        let place = error.span().map_or(String::new(), |span| {
            format!(" in line {}", content.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1))
        });
        Error::new(Kind::Config, format!("{} is not valid TOML{place}: {}", text::path(path), error.message()))
    })
}

pub(super) fn profile_section<'a>(
    table: &'a toml::Table,
    profile: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<&'a toml::Table>> {
    let Some(name) = profile else { return Ok(None) };
    let profiles = table.get("profile").and_then(toml::Value::as_table);
    if let Some(section) = profiles.and_then(|profiles| profiles.get(name)?.as_table()) {
        return Ok(Some(section));
    }
    let place = file.map_or_else(|| "there is no configuration file".to_owned(), text::path);
    let known = profiles
        .map(|profiles| profiles.keys().map(String::as_str).map(text::printable).collect::<Vec<_>>().join(", "));
    Err(Error::new(Kind::Config, format!("profile {} does not exist ({place})", text::quoted(name))).hint(match known
        .filter(|known| !known.is_empty())
    {
        Some(known) => format!("profiles there are: {known}"),
        None => "add a section [profile.NAME] to the configuration file".to_owned(),
    }))
}

pub(super) fn take_value(
    values: &mut BTreeMap<&'static str, Value>,
    unknown: &mut Vec<String>,
    key: &str,
    value: &toml::Value,
    path: &Path,
    profile: Option<&str>,
) -> Result<()> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => value.to_string(),
        _ if is_known(key) => {
            let place = text::path(path);
            return Err(Error::new(Kind::Config, format!("{key} in {place} is a {}", value.type_str()))
                .hint("a setting is a text, a number, true or false"));
        }
        _ => {
            unknown.push(text::printable(key));
            return Ok(());
        }
    };
    if let Some(setting) = settings::find(key) {
        let origin = Origin::File { path: path.to_owned(), profile: profile.map(str::to_owned) };
        values.insert(setting.key, Value { text, origin });
        return Ok(());
    }
    let Some((setting, command)) = indirect(key) else {
        unknown.push(text::printable(key));
        return Ok(());
    };
    let text = if command { secret_of_command(key, &text)? } else { secret_of_file(key, Path::new(&text))? };
    let origin = Origin::Indirect { path: path.to_owned(), key: key.to_owned() };
    values.insert(setting.key, Value { text, origin });
    Ok(())
}

/// `NAME_command` and `NAME_file` of a secret; whether it is a command.
fn indirect(key: &str) -> Option<(&'static Setting, bool)> {
    [("_command", true), ("_file", false)].into_iter().find_map(|(suffix, command)| {
        let setting = settings::find(key.strip_suffix(suffix)?)?;
        setting.secret.then_some((setting, command))
    })
}

fn is_known(key: &str) -> bool {
    settings::find(key).is_some() || indirect(key).is_some()
}

/// What a command prints, without the line's end: a secret that stands in no file.
///
/// # Errors
/// [`Kind::Config`] naming `key`, where the command fails or prints nothing.
pub fn secret_of_command(key: &str, command: &str) -> Result<String> {
    let failed = |why: String| Error::new(Kind::Config, format!("{key}: the command {why}"));
    let output = std::process::Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    let text =
        String::from_utf8(output.stdout).map_err(|_| failed("printed something that is not UTF-8".to_owned()))?;
    let text = text.trim_end_matches(['\n', '\r']).to_owned();
    if text.is_empty() { Err(failed("printed nothing".to_owned())) } else { Ok(text) }
}

fn secret_of_file(key: &str, path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Error::new(Kind::Config, format!("{key}: cannot read {}", text::path(path))).with_source(error)
    })?;
    Ok(text.trim_end_matches(['\n', '\r']).to_owned())
}
