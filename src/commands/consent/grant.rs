//! `consent grant`

use std::path::PathBuf;

use chrono_tz::Tz;
use clap::Args;

use crate::app::App;
use crate::commands::args::AddArgs;
use crate::commands::created::{CreatedReport, id_field};
use crate::commands::reference;
use crate::error::{Error, Result};
use crate::model::consent::{self, BIOMETRIC, Consent, Evidence};
use crate::model::time::{self, Edge, for_people};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::consent::{self as workflow, ConsentWords};

#[derive(Debug, Args)]
pub struct GrantArgs {
    /// Who gave it: id, name or email
    #[arg(long)]
    pub user: Option<String>,
    /// What it allows
    #[arg(long = "type", value_name = "TYPE", default_value = BIOMETRIC, value_parser = consent::kind)]
    pub kind: String,
    /// The version of the words that they agreed to, such as 2026-05
    #[arg(long, value_name = "VERSION")]
    pub consent_version: Option<String>,
    /// What proves it, in words: where and how it was given
    #[arg(long, value_name = "TEXT", conflicts_with = "evidence_file")]
    pub evidence: Option<String>,
    /// What proves it, as a file: a scanned form, a recording
    #[arg(long, value_name = "FILE")]
    pub evidence_file: Option<PathBuf>,
    /// When it was given, in UTC where no offset stands: '2026-06-01 14:00' [default: now]
    #[arg(long, value_name = "TIME")]
    pub given_at: Option<String>,
    #[command(flatten)]
    pub add: AddArgs,
}

pub async fn run(app: &App, args: GrantArgs) -> Finished {
    let now = chrono::Utc::now();
    let given_at = match &args.given_at {
        Some(text) => time::parse(text, Tz::UTC, Edge::Start, now).map_err(|error| error.context("--given-at"))?,
        None => now,
    };
    let version = app.ui.text_or_ask(args.consent_version, "Version of the consent", "--consent-version")?;
    let version = consent::version(&version)?;
    let evidence = evidence(app, args.evidence.as_deref(), args.evidence_file)?;
    let words = ConsentWords { kind: args.kind, version, given_at, evidence };
    let db = app.db().await?;
    let user = reference::user(app, &mut *db.conn().await?, args.user.as_deref()).await?;
    let target = app.target(false);
    app.ui.target(&target);
    let (consent, outcome) = workflow::grant(db, &app.author(), &user, &words, now, args.add.mode()).await?;
    app.ui.show(&CreatedReport::granted(consent, outcome, args.add.dry_run, target));
    Ok(Done::OK)
}

fn evidence(app: &App, words: Option<&str>, file: Option<PathBuf>) -> Result<Evidence> {
    match (words, file) {
        (None, Some(path)) => workflow::evidence_of_file(&path),
        (Some(words), _) => workflow::evidence_of_words(words),
        (None, None) if app.ui.can_ask() => {
            let words = app.ui.text_or_ask(None, "What proves it, in words", "--evidence")?;
            workflow::evidence_of_words(&words)
        }
        (None, None) => Err(Error::usage("it is not said what proves the consent")
            .hint("give --evidence with words, or --evidence-file with a file")),
    }
}

impl Render for Consent {
    fn render(&self, page: &mut Page) {
        page.heading(&self.user);
        id_field(page, self.id.0);
        page.field("Email", &self.email);
        page.field("Type", &self.kind);
        page.field("Version", &self.version);
        page.field("Given", for_people(self.given_at, Tz::UTC));
        page.field_if("Revoked", self.revoked_at.map(|at| for_people(at, Tz::UTC)));
        page.field("Evidence", self.evidence_for_people());
    }
}

impl Consent {
    /// `words`, or the name of the file, and how its digest begins.
    fn evidence_for_people(&self) -> String {
        match &self.evidence {
            None => "none here".to_owned(),
            Some(note) => {
                let digest: String = note.sha256.to_string().chars().take(12).collect();
                format!("{} (SHA-256 {digest}…)", note.file_name.as_deref().unwrap_or("words"))
            }
        }
    }
}
