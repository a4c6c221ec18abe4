//! Reads the layers and answers which value holds, and why.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::settings::{self, Setting};
use super::{file, policy};
use crate::error::{Error, Kind, Result};
use crate::model::text;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File {
        path: PathBuf,
        profile: Option<String>,
    },
    /// The output of a command or the content of a file that the configuration file names.
    Indirect {
        path: PathBuf,
        key: String,
    },
    Environment(String),
    Project,
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File { path, profile: None } => write!(f, "{}", text::path(path)),
            Origin::File { path, profile: Some(profile) } => {
                write!(f, "{} [profile.{}]", text::path(path), text::printable(profile))
            }
            Origin::Indirect { path, key } => write!(f, "{key} in {}", text::path(path)),
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Project => f.write_str("project settings"),
            Origin::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// A value and its origin.
#[derive(Clone)]
pub struct Value {
    pub text: String,
    pub origin: Origin,
}

impl fmt::Debug for Value {
    /// Never shows the text: a `Value` may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Value").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// What the configuration is read from. The process fills it from its environment, a test from what it likes.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// `--config`
    pub config_file: Option<PathBuf>,
    /// `--profile` or `PHOTOCTL_PROFILE`
    pub profile: Option<String>,
    pub environment: BTreeMap<String, String>,
    /// Names of variables whose value is not UTF-8.
    pub unreadable: Vec<String>,
    /// Settings that flags of this command line gave.
    pub flags: Vec<(&'static Setting, &'static str, String)>,
}

impl Sources {
    /// From the process's own environment.
    #[must_use]
    pub fn from_process() -> Self {
        let mut sources = Self::default();
        for (name, value) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match value.into_string() {
                Ok(value) => drop(sources.environment.insert(name, value)),
                Err(_) => sources.unreadable.push(name),
            }
        }
        sources
    }

    /// A variable that says where to work must not be passed over because of its bytes.
    fn refuse_unreadable(&self) -> Result<()> {
        const OTHERS: &[&str] = &["DATABASE_URL", "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"];
        let counts = |name: &&String| {
            ["PHOTOCTL_", "AWS_", "PG"].iter().any(|own| name.starts_with(own)) || OTHERS.contains(&name.as_str())
        };
        match self.unreadable.iter().find(counts) {
            None => Ok(()),
            Some(name) => Err(Error::new(Kind::Config, format!("the variable {} is not UTF-8", text::printable(name)))
                .hint("set it to a text in UTF-8, or unset it")),
        }
    }

    fn named_file(&self) -> Option<PathBuf> {
        self.config_file.clone().or_else(|| self.variable("PHOTOCTL_CONFIG").map(PathBuf::from))
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The resolved configuration.
#[derive(Debug, Clone)]
pub struct Config {
    values: BTreeMap<&'static str, Value>,
    profile: Option<String>,
    file: Option<PathBuf>,
    /// Where the file is looked for when `--config` is not given; `None` without a home.
    default_file: Option<PathBuf>,
    unknown_keys: Vec<String>,
    home: PathBuf,
    /// The file that `--config` or `PHOTOCTL_CONFIG` names, whether or not it could be read.
    named_file: Option<PathBuf>,
    profiles: Vec<String>,
    problem: Option<Arc<Error>>,
}

impl Config {
    /// Reads all layers.
    ///
    /// # Errors
    /// When a named file or profile does not exist, the file is not TOML or holds a value of a wrong type, or
    /// a command that is to give a secret fails.
    pub fn load(sources: &Sources) -> Result<Self> {
        sources.refuse_unreadable()?;
        let default_file = default_file(sources);
        let named_file = sources.named_file();
        let file = named_file.clone().or_else(|| default_file.clone().filter(|path| path.exists()));
        let table = match &file {
            Some(path) => file::read(path)?,
            None => toml::Table::new(),
        };
        let profile = sources
            .profile
            .clone()
            .or_else(|| sources.variable("PHOTOCTL_PROFILE").map(str::to_owned))
            .or_else(|| table.get("default_profile").and_then(toml::Value::as_str).map(str::to_owned));
        let profiles = table
            .get("profile")
            .and_then(toml::Value::as_table)
            .map(|profiles| profiles.keys().cloned().collect())
            .unwrap_or_default();
        let section = file::profile_section(&table, profile.as_deref(), file.as_deref())?;

        let mut unknown_keys = Vec::new();
        let mut values = BTreeMap::new();
        for setting in settings::ALL {
            if let Some(text) = setting.default {
                values.insert(setting.key, Value { text: text.to_owned(), origin: Origin::Default });
            }
        }
        if let Some(path) = &file {
            let top = table.iter().filter(|(key, _)| *key != "profile" && *key != "default_profile");
            for (key, value) in top {
                file::take_value(&mut values, &mut unknown_keys, key, value, path, None)?;
            }
            for (key, value) in section.into_iter().flatten() {
                file::take_value(&mut values, &mut unknown_keys, key, value, path, profile.as_deref())?;
            }
        }
        for setting in settings::ALL {
            if let Some((name, text)) = setting.env.iter().find_map(|name| Some((*name, sources.variable(name)?))) {
                let origin = Origin::Environment(name.to_owned());
                values.insert(setting.key, Value { text: text.to_owned(), origin });
            }
        }
        for (setting, flag, text) in &sources.flags {
            values.insert(setting.key, Value { text: text.clone(), origin: Origin::Flag(flag) });
        }
        let home = home(&values, sources)?;
        Ok(Self { values, profile, file, default_file, unknown_keys, home, named_file, profiles, problem: None })
    }

    /// As [`Config::load`], but a file that can not be used is left out and remembered as the [`Config::problem`]: for
    /// the commands that explain and repair.
    ///
    /// # Errors
    /// When there is no way to go on even without the file.
    pub fn load_anyway(sources: &Sources) -> Result<Self> {
        Self::load(sources).or_else(|error| {
            let mut without = sources.clone();
            without.config_file = None;
            without.profile = None;
            without.unreadable.clear();
            if sources.variable("PHOTOCTL_HOME").is_some_and(|home| !home.starts_with('/')) {
                without.environment.remove("PHOTOCTL_HOME");
            }
            for name in ["PHOTOCTL_CONFIG", "PHOTOCTL_PROFILE", "HOME", "XDG_CONFIG_HOME"] {
                without.environment.remove(name);
            }
            let mut config = Self::load(&without)?;
            config.default_file = default_file(sources);
            config.named_file = sources.named_file();
            config.home = home(&config.values, sources)?;
            config.problem = Some(Arc::new(error));
            Ok(config)
        })
    }

    /// The value of a setting, if it has one.
    #[must_use]
    pub fn get(&self, setting: &Setting) -> Option<&str> {
        self.value(setting).map(|value| value.text.as_str())
    }

    /// The value with its origin.
    #[must_use]
    pub fn value(&self, setting: &Setting) -> Option<&Value> {
        self.values.get(setting.key)
    }

    /// The value as another type.
    ///
    /// # Errors
    /// A sentence that names the setting and where the bad value came from.
    pub fn parse<T>(&self, setting: &Setting) -> Result<Option<T>>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let Some(value) = self.value(setting) else { return Ok(None) };
        value.text.parse().map(Some).map_err(|error: T::Err| self.bad(setting, &error.to_string()))
    }

    /// A length of time such as `30s`, `5min`, `2h`.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn duration(&self, setting: &Setting) -> Result<Option<std::time::Duration>> {
        let Some(value) = self.value(setting) else { return Ok(None) };
        humantime::parse_duration(&value.text).map(Some).map_err(|error| self.bad(setting, &error.to_string()))
    }

    /// A number of bytes such as `2MiB`, `500kB`, `1048576`.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn bytes(&self, setting: &Setting) -> Result<Option<u64>> {
        let Some(value) = self.value(setting) else { return Ok(None) };
        parse_bytes(&value.text).map(Some).map_err(|message| self.bad(setting, &message))
    }

    /// Yes or no: `true`, `yes`, `on`, `1` and their opposites.
    ///
    /// # Errors
    /// As [`Config::parse`].
    pub fn flag(&self, setting: &Setting) -> Result<bool> {
        match self.get(setting).map(str::to_ascii_lowercase).as_deref() {
            None | Some("false" | "no" | "off" | "0") => Ok(false),
            Some("true" | "yes" | "on" | "1") => Ok(true),
            Some(_) => Err(self.bad(setting, "expected true or false")),
        }
    }

    /// The same configuration with a project's settings laid over it: they win over file and environment, a flag
    /// wins over them. A privacy setting stays at its strictest where either side says so.
    #[must_use]
    pub fn for_project<'a>(&self, rows: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut config = self.clone();
        for (key, text) in rows {
            let Some(setting) = settings::find(key) else { continue };
            let Some(policy) = setting.project else { continue };
            let held = config.values.get(setting.key);
            let keep = match (policy, held) {
                (settings::Policy::Privacy { strict }, Some(value)) => {
                    value.origin != Origin::Default && policy::is_stricter(setting, strict, &value.text, text)
                }
                (settings::Policy::Plain, Some(value)) => matches!(value.origin, Origin::Flag(_)),
                (_, None) => false,
            };
            if !keep {
                config.values.insert(setting.key, Value { text: text.to_owned(), origin: Origin::Project });
            }
        }
        // Without a project's word for it, a local value can not loosen a privacy default.
        for setting in settings::ALL {
            if let Some(settings::Policy::Privacy { strict }) = setting.project
                && let Some(value) = config.values.get(setting.key)
                && value.origin != Origin::Project
                && let Some(default) = setting.default
                && !policy::is_stricter(setting, strict, &value.text, default)
            {
                config.values.insert(setting.key, Value { text: default.to_owned(), origin: Origin::Default });
            }
        }
        config
    }

    /// The data folder. It need not exist yet.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.home
    }

    #[must_use]
    pub fn profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The configuration file that was read.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Where the configuration file would be without `--config`.
    #[must_use]
    pub fn default_file(&self) -> Option<&Path> {
        self.default_file.as_deref()
    }

    /// Names of the profiles in the file.
    #[must_use]
    pub fn profiles(&self) -> &[String] {
        &self.profiles
    }

    /// The file that `--config` or `PHOTOCTL_CONFIG` names; it need not exist.
    #[must_use]
    pub fn named_file(&self) -> Option<&Path> {
        self.named_file.as_deref()
    }

    /// Why the file was left out, after [`Config::load_anyway`].
    #[must_use]
    pub fn problem(&self) -> Option<&Error> {
        self.problem.as_deref()
    }

    /// Keys of the file that are no settings: worth a warning, since they are usually misspelt.
    #[must_use]
    pub fn unknown_keys(&self) -> &[String] {
        &self.unknown_keys
    }

    fn bad(&self, setting: &Setting, why: &str) -> Error {
        let Some(value) = self.value(setting) else {
            return Error::new(Kind::Config, format!("{} is not set", setting.key));
        };
        let shown = if setting.secret { "(hidden)".to_owned() } else { text::quoted(&value.text) };
        Error::new(Kind::Config, format!("{} = {shown} from {}: {why}", setting.key, value.origin))
            .hint(format!("{}: {}", setting.key, setting.about))
    }
}

/// A number of bytes with an optional unit: decimal (`kB`, `MB`, `GB`) or binary (`KiB`, `MiB`, `GiB`).
///
/// # Errors
/// A sentence when it is neither.
pub fn parse_bytes(input: &str) -> Result<u64, String> {
    let wrong = || format!("{} is not a number of bytes; write 2MiB, 500kB or 1048576", text::quoted(input));
    let input = input.trim();
    let split = input.find(|c: char| !c.is_ascii_digit()).unwrap_or(input.len());
    let (digits, unit) = input.split_at(split);
    let number: u64 = digits.parse().map_err(|_| wrong())?;
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "ki" | "kib" => 1 << 10,
        "mi" | "mib" => 1 << 20,
        "gi" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

fn default_file(sources: &Sources) -> Option<PathBuf> {
    if let Some(dir) = sources.variable("XDG_CONFIG_HOME").filter(|dir| dir.starts_with('/')) {
        return Some(Path::new(dir).join("photoctl/photoctl.toml"));
    }
    Some(Path::new(sources.variable("HOME")?).join(".config/photoctl/photoctl.toml"))
}

/// A folder that depends on where photoctl is called from would be another database each time: it is refused.
fn home(values: &BTreeMap<&'static str, Value>, sources: &Sources) -> Result<PathBuf> {
    match values.get(settings::HOME.key) {
        None => Ok(default_home(sources)),
        Some(value) if value.text.starts_with('/') => Ok(PathBuf::from(&value.text)),
        Some(Value { text, origin }) => Err(Error::new(
            Kind::Config,
            format!("home = \"{}\" from {origin} is no absolute path", text::printable(text)),
        )
        .hint("give the whole path, from the root of the file system; only a shell knows what ~ means")),
    }
}

fn default_home(sources: &Sources) -> PathBuf {
    if let Some(dir) = sources.variable("XDG_DATA_HOME").filter(|dir| dir.starts_with('/')) {
        return Path::new(dir).join("photoctl");
    }
    match sources.variable("HOME") {
        Some(home) => Path::new(home).join(".local/share/photoctl"),
        // Cron's bare environment: one place that is the same at every run.
        None => PathBuf::from("/var/lib/photoctl"),
    }
}
