//! What a check found, and the report of all.

use console::measure_text_width;
use serde::Serialize;

use crate::error::{Error, Exit, Kind};
use crate::model::target::Target;
use crate::ui::{Page, Render};

/// How a checked thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    Ok,
    /// It works, but not as it should.
    Warning,
    Failed,
    /// It could not be looked at, or there is nothing to look at.
    Skipped,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Failed => "failed",
            Status::Skipped => "skipped",
        }
    }
}

/// One checked thing.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    /// `database`, `clock`: what was looked at.
    pub name: &'static str,
    pub status: Status,
    /// How it is.
    pub message: String,
    /// What to do about it.
    pub hints: Vec<String>,
    /// The code of the error, for failures.
    pub code: Option<&'static str>,
    #[serde(skip)]
    kind: Option<Kind>,
}

impl Finding {
    pub(super) fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self { name, status: Status::Ok, message: message.into(), hints: Vec::new(), code: None, kind: None }
    }

    pub(super) fn warning(name: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: Status::Warning, hints: vec![hint.into()], ..Self::ok(name, message) }
    }

    pub(super) fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self { status: Status::Skipped, ..Self::ok(name, why) }
    }

    pub(super) fn failed(name: &'static str, error: &Error) -> Self {
        let causes: Vec<String> =
            error.causes().into_iter().filter(|cause| !error.message().contains(cause.as_str())).collect();
        let message = [vec![error.message().to_owned()], causes].concat().join(": ");
        Self {
            name,
            status: Status::Failed,
            message,
            hints: error.hints().to_vec(),
            code: Some(error.kind().code()),
            kind: Some(error.kind()),
        }
    }
}

/// All findings.
#[derive(Debug, Serialize)]
pub(super) struct DoctorReport {
    ok: bool,
    target: Target,
    passed: usize,
    warnings: usize,
    failed: usize,
    skipped: usize,
    checks: Vec<Finding>,
}

impl DoctorReport {
    pub(super) fn new(target: Target, checks: Vec<Finding>) -> Self {
        let count = |status| checks.iter().filter(|check| check.status == status).count();
        Self {
            ok: count(Status::Failed) == 0,
            target,
            passed: count(Status::Ok),
            warnings: count(Status::Warning),
            failed: count(Status::Failed),
            skipped: count(Status::Skipped),
            checks,
        }
    }

    pub(super) fn checks(&self) -> &[Finding] {
        &self.checks
    }

    /// 0, or by the failures: 4 where credentials or rights are the trouble, 5 where a service is, 11 where another
    /// run holds the database, else 1.
    pub(super) fn exit(&self) -> Exit {
        self.checks.iter().filter_map(|check| check.kind).fold(Exit::Ok, |exit, kind| {
            exit.and(match kind.exit() {
                exit @ (Exit::Denied | Exit::Unavailable | Exit::Locked) => exit,
                _ => Exit::Failed,
            })
        })
    }
}

impl Render for DoctorReport {
    fn render(&self, page: &mut Page) {
        let widest = self.checks.iter().map(|check| measure_text_width(check.name)).max().unwrap_or(0);
        for check in &self.checks {
            let label = format!("{:<7}", check.status.word());
            let text = format!("{:<widest$}  {}", check.name, check.message);
            match check.status {
                Status::Ok => page.marked(&label, console::Style::new().green(), &text),
                Status::Warning => page.marked(&label, console::Style::new().yellow(), &text),
                Status::Failed => page.marked(&label, console::Style::new().red().bold(), &text),
                Status::Skipped => page.marked(&label, console::Style::new().dim(), &text),
            }
            for hint in &check.hints {
                page.marked(&" ".repeat(7), console::Style::new(), &format!("{:<widest$}  -> {hint}", ""));
            }
        }
        page.gap();
        match (self.failed, self.warnings) {
            (0, 0) => page.good("All is well."),
            (0, 1) => page.good("All works; one thing to look at."),
            (0, warnings) => page.good(format!("All works; {warnings} things to look at.")),
            (1, _) => page.bad("One check failed."),
            (failed, _) => page.bad(format!("{failed} checks failed.")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_by_the_kind_of_failure() {
        let report = |kinds: &[Kind]| {
            let findings = kinds.iter().map(|kind| Finding::failed("x", &Error::new(*kind, "no"))).collect();
            DoctorReport::new(Target { database: String::new(), store: None, profile: None }, findings).exit()
        };
        assert_eq!(report(&[]), Exit::Ok);
        assert_eq!(report(&[Kind::Config, Kind::DiskFull]), Exit::Failed);
        assert_eq!(report(&[Kind::Config, Kind::NetworkDown]), Exit::Unavailable);
        assert_eq!(report(&[Kind::Timeout, Kind::Credentials]), Exit::Denied);
    }
}
