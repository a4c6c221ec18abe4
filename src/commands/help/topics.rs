//! The topics: lists that scripts and people look things up in.

use serde::Serialize;

use crate::app::App;
use crate::config::settings::{self, Policy};
use crate::error::{Exit, Kind};
use crate::ui::{Page, Render, Row};

#[derive(Serialize)]
pub(super) struct ExitCode {
    exit: u8,
    meaning: &'static str,
}

impl Row for ExitCode {
    const HEADERS: &'static [&'static str] = &["exit", "meaning"];

    fn cells(&self) -> Vec<String> {
        vec![self.exit.to_string(), self.meaning.to_owned()]
    }
}

pub(super) fn exit_codes() -> Vec<ExitCode> {
    const LIST: &[(Exit, &str)] = &[
        (Exit::Ok, "all is well"),
        (Exit::Failed, "it failed"),
        (Exit::Usage, "the command line, a value or a setting is wrong"),
        (Exit::SomeFailed, "some items failed, the others are done"),
        (Exit::Denied, "credentials are wrong or lack a right"),
        (Exit::Unavailable, "a service is unavailable: try again later"),
        (Exit::Differences, "differences were found (with --exit-code)"),
        (Exit::Blocked, "blocked by consent or policy"),
        (Exit::Limit, "a budget or time limit is reached"),
        (Exit::Locked, "locked by another run (--wait 10m waits for it)"),
        (Exit::Interrupted, "interrupted: Ctrl-C, SIGTERM or a declined question"),
    ];
    LIST.iter().map(|(exit, meaning)| ExitCode { exit: *exit as u8, meaning }).collect()
}

#[derive(Serialize)]
pub(super) struct ErrorCode {
    code: &'static str,
    exit: u8,
    retryable: bool,
    meaning: &'static str,
}

impl Row for ErrorCode {
    const HEADERS: &'static [&'static str] = &["code", "exit", "retryable", "meaning"];

    fn cells(&self) -> Vec<String> {
        let retryable = if self.retryable { "yes" } else { "" };
        vec![self.code.to_owned(), self.exit.to_string(), retryable.to_owned(), self.meaning.to_owned()]
    }
}

pub(super) fn error_codes() -> Vec<ErrorCode> {
    Kind::ALL
        .iter()
        .map(|&kind| ErrorCode {
            code: kind.code(),
            exit: kind.exit() as u8,
            retryable: kind.retryable(),
            meaning: meaning(kind),
        })
        .collect()
}

fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Failed => "it failed, and no other code says it better",
        Kind::Internal => "a defect of photoctl: please report it",
        Kind::Usage => "the command line is wrong",
        Kind::InvalidInput => "a given value is not acceptable",
        Kind::NotFound => "the thing named does not exist",
        Kind::Ambiguous => "the reference fits several things",
        Kind::AlreadyExists => "a thing of that name or email exists already",
        Kind::Conflict => "somebody else changed the same thing meanwhile",
        Kind::ConfirmationRequired => "a confirmation is needed and nobody can be asked: give --yes",
        Kind::Config => "a setting is missing or wrong",
        Kind::DatabaseNotConfigured => "there is no database yet",
        Kind::SchemaOutdated => "the database needs photoctl db migrate",
        Kind::SchemaNewer => "the database needs a newer photoctl",
        Kind::Damaged => "the embedded database or a file of photoctl is damaged",
        Kind::StoreMismatch => "the object store is not the one that the database belongs to",
        Kind::BadFile => "a picture or file can not be used",
        Kind::Integrity => "bytes are not what their hash says",
        Kind::Io => "reading or writing a local file failed",
        Kind::DiskFull => "no space left, here or at a service",
        Kind::SomeFailed => "some items of a bulk operation failed",
        Kind::Credentials => "credentials are missing, wrong or expired",
        Kind::Permission => "the credentials lack a right",
        Kind::ServiceUnavailable => "a service answers, but not usefully right now",
        Kind::NetworkDown => "a service can not be reached at all",
        Kind::Throttled => "a service asks to slow down",
        Kind::Timeout => "a service did not answer in time",
        Kind::Differences => "differences were found",
        Kind::ConsentRequired => "a consent is missing",
        Kind::Policy => "a policy forbids it",
        Kind::TokenUnknown => "there is no such QR token",
        Kind::TokenExpired => "the QR token's time is over",
        Kind::TokenRevoked => "the QR token was revoked",
        Kind::TokenUsed => "somebody joined by this QR token already",
        Kind::TokenOfAnother => "the QR token is another guest's own",
        Kind::ProjectDeleted => "the project that it is about was deleted",
        Kind::ProjectOver => "the project has ended: nobody joins it any more",
        Kind::UserDeleted => "the user was deleted",
        Kind::AlreadyMember => "the user has joined already",
        Kind::TermsRequired => "the project has terms, and --accept-terms was not given",
        Kind::Limit => "a budget or time limit is reached",
        Kind::Locked => "another run holds what is needed",
        Kind::Interrupted => "interrupted",
    }
}

#[derive(Serialize)]
struct SettingHelp {
    name: &'static str,
    environment: &'static [&'static str],
    default: Option<&'static str>,
    secret: bool,
    /// Kept with the project too: `project settings`.
    project: bool,
    about: &'static str,
}

#[derive(Serialize)]
#[serde(transparent)]
struct SettingsPage {
    settings: Vec<SettingHelp>,
}

impl Render for SettingsPage {
    fn render(&self, page: &mut Page) {
        page.line("Settings go into photoctl.toml by their name, or into the environment. A flag wins over the");
        page.line("environment, the environment over the file; a project's own settings (photoctl project settings)");
        page.line("win over both. A secret is never a flag: besides its name and variable it may be given as");
        page.line("NAME_file = \"/path\" or NAME_command = \"command that prints it\".");
        for setting in &self.settings {
            page.gap();
            page.heading(setting.name);
            page.line(format!("  {}", setting.about));
            if let Some(default) = setting.default {
                page.line(format!("  default      {default}"));
            }
            page.line(format!("  environment  {}", setting.environment.join(", ")));
            if setting.project {
                page.line("  also a setting of each project");
            }
            if setting.secret {
                page.line(format!("  secret: also {0}_file or {0}_command in the file", setting.name));
            }
        }
    }
}

pub(super) fn settings(app: &App) {
    let settings: Vec<SettingHelp> = settings::ALL
        .iter()
        .map(|setting| SettingHelp {
            name: setting.key,
            environment: setting.env,
            default: setting.default,
            secret: setting.secret,
            project: matches!(setting.project, Some(Policy::Plain | Policy::Privacy { .. })),
            about: setting.about,
        })
        .collect();
    app.ui.show(&SettingsPage { settings });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_of_an_error_is_explained() {
        let known: Vec<u8> = exit_codes().iter().map(|code| code.exit).collect();
        for kind in Kind::ALL {
            assert!(known.contains(&(kind.exit() as u8)), "{kind:?}");
        }
    }
}
