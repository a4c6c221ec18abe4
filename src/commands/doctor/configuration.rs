//! The configuration file and the values of settings.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::context::Context;
use super::finding::Finding;
use crate::config::{Config, Origin, Setting, settings};
use crate::db::ServerConfig;
use crate::error::Error;
use crate::model::text;

const NAME: &str = "configuration";

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let config = &context.app.config;
    let mut findings = Vec::new();
    if let Some(problem) = config.problem() {
        findings.push(Finding::failed(NAME, problem));
    }
    for key in config.unknown_keys() {
        findings.push(Finding::warning(
            NAME,
            format!("{} is no setting", text::quoted(key)),
            "photoctl help settings lists them",
        ));
    }
    if let Some(file) = config.file() {
        findings.extend(exposed(config, file));
    }
    findings.extend(values(config));
    findings.extend(encryption(config));
    if findings.is_empty() {
        let message = match (config.file(), config.profile()) {
            (Some(file), Some(profile)) => format!("{} [profile.{profile}]", text::path(file)),
            (Some(file), None) => text::path(file),
            (None, _) => "no file: defaults and environment".to_owned(),
        };
        findings.push(Finding::ok(NAME, message));
    }
    findings
}

/// A file with secrets that others can read, or one with commands that others can change.
fn exposed(config: &Config, file: &Path) -> Option<Finding> {
    let mode = std::fs::metadata(file).ok()?.mode();
    let secrets = settings::ALL
        .iter()
        .filter(|setting| setting.secret)
        .any(|setting| matches!(config.value(setting).map(|value| &value.origin), Some(Origin::File { .. })));
    let fix = format!("chmod 600 {}", text::path(file));
    if mode & 0o022 != 0 {
        return Some(Finding::warning(NAME, format!("{} can be changed by others", text::path(file)), fix));
    }
    (secrets && mode & 0o044 != 0)
        .then(|| Finding::warning(NAME, format!("{} holds secrets and can be read by others", text::path(file)), fix))
}

/// Reads each setting that has a form.
fn values(config: &Config) -> Vec<Finding> {
    const NUMBERS: &[&Setting] = &[
        settings::DATABASE_CONNECTIONS,
        settings::STORAGE_ATTEMPTS,
        settings::TRANSFERS,
        settings::DECODERS,
        settings::PREVIEW_SIZE,
        settings::THUMBNAIL_SIZE,
        settings::PREVIEW_QUALITY,
        settings::BCRYPT_COST,
    ];
    const TIMES: &[&Setting] = &[
        settings::DATABASE_STATEMENT_TIMEOUT,
        settings::DATABASE_LOCK_TIMEOUT,
        settings::STORAGE_CONNECT_TIMEOUT,
        settings::STORAGE_STALL_TIMEOUT,
        settings::OFFLINE_PROBE,
        settings::GIVE_UP_AFTER,
    ];
    const SIZES: &[&Setting] = &[settings::STORAGE_PART_SIZE, settings::BWLIMIT];
    let mut errors: Vec<Error> = Vec::new();
    errors.extend(NUMBERS.iter().filter_map(|setting| config.parse::<u32>(setting).err()));
    errors.extend(TIMES.iter().filter_map(|setting| config.duration(setting).err()));
    errors.extend(SIZES.iter().filter_map(|setting| config.bytes(setting).err()));
    errors.extend(config.parse::<f64>(settings::WATERMARK_OPACITY).err());
    errors.extend(config.flag(settings::KEEP_GPS).err());
    errors.extend(config.parse::<tracing_subscriber::filter::Targets>(settings::LOG).err());
    errors.iter().map(|error| Finding::failed(NAME, error)).collect()
}

/// A server elsewhere without the word that its connection must be encrypted.
fn encryption(config: &Config) -> Option<Finding> {
    let server = ServerConfig::new(config.get(settings::DATABASE_URL)?);
    server.may_be_overheard().ok().filter(|open| *open).map(|_| {
        Finding::warning(
            NAME,
            "the URL of the database does not ask for encryption",
            "add ?sslmode=verify-full, or ?sslmode=require where the server's certificate can not be checked",
        )
    })
}
