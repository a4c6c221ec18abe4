//! `audit export`

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::audit::Head;
use crate::model::target::Target;
use crate::model::text::{self, count};
use crate::ui::{Done, Finished, Format, Page, Render};
use crate::workflows::audit::{self, ExportFormat};

#[derive(Debug, Args)]
pub struct AuditExportArgs {
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Form of the export [default: csv with --output csv, else jsonl]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<ExportFormat>,
    /// Only what came behind the entry of this number: where an earlier export ended
    #[arg(long, value_name = "SEQ", default_value_t = 0, value_parser = clap::value_parser!(i64).range(0..))]
    pub after: i64,
}

pub(super) async fn export(app: &App, args: AuditExportArgs) -> Finished {
    let form = app.ui.format();
    if args.to.is_none() && form == Format::Json {
        return Err(Error::usage("an export is lines, not one document")
            .hint("leave --json out for a json object a line, or give --to FILE for a report of it"));
    }
    let format = args.format.unwrap_or(if form == Format::Csv { ExportFormat::Csv } else { ExportFormat::Jsonl });
    let db = app.db().await?;
    let mut file = args.to.as_deref().map(private).transpose()?;
    // What leaves the house is noted before it does.
    let (_, head) = audit::announce(db, &app.author(), args.after).await?;
    let entries = audit::export(db, format, args.after, head.seq, |bytes| match &mut file {
        None => {
            app.ui.bytes(bytes);
            app.ui.written()
        }
        Some((path, file)) => file.write_all(bytes).map_err(|error| Error::io("write", path, error)),
    })
    .await?;
    match &args.to {
        None => app.ui.note(&format!("{} exported; the log ends with {head}.", count(entries, "entry"))),
        Some(path) => {
            app.ui.report(&Exported { ok: true, target: app.target(false), entries, head, file: text::path(path) })
        }
    }
    Ok(Done::OK)
}

/// A file for this user only: the log tells who did what.
fn private(path: &Path) -> Result<(&Path, File)> {
    let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path);
    Ok((path, file.map_err(|error| Error::io("write", path, error))?))
}

#[derive(Debug, Serialize)]
struct Exported {
    ok: bool,
    target: Target,
    entries: u64,
    /// The last entry that is in it.
    head: Head,
    file: String,
}

impl Render for Exported {
    fn render(&self, page: &mut Page) {
        page.good(format!("{} written to {}.", count(self.entries, "entry"), self.file));
        page.line(format!("To prove the log against it later: photoctl audit verify --head {}", self.head));
    }
}
