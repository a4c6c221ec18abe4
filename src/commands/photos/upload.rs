//! `photos upload`

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::batch::{HaltReason, OutageRules};
use crate::commands::reference;
use crate::config::{Config, settings};
use crate::db::DbConn;
use crate::error::{Error, Exit, Kind, Result};
use crate::imaging::Limits;
use crate::model::people::Photographer;
use crate::model::project::Project;
use crate::model::text::{self, printable, quoted};
use crate::model::time::{self, Edge};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::faces::{look, retention};
use crate::workflows::ingest::pair::RawMode;
use crate::workflows::ingest::plan::{IngestPlan, Order, Services};
use crate::workflows::ingest::reason::FailReason;
use crate::workflows::ingest::report::IngestReport;
use crate::workflows::ingest::scan::{Root, ScanRules};
use crate::workflows::ingest::{self, Ingested};
use crate::workflows::photos::recipe;
use crate::workflows::setup;
use crate::workflows::setup::part::{self, AddMode};

/// How long a database that cuts connections is tried again before the run begins.
const PATIENCE: Duration = Duration::from_secs(10);
/// Failures that people are shown; json and --report have all of them.
const FAILURES_SHOWN: usize = 20;
/// How long a run without anybody at the terminal waits for the network.
const GIVE_UP_UNATTENDED: Duration = Duration::from_secs(30 * 60);

/// Uploads the photos of one or more cards or folders into a project: originals, previews with watermark, thumbnails.
///
/// Run it again at any time: what is stored already is found by its content and not sent again, whatever its name and
/// whoever sent it. An upload that was cut off is completed.
#[derive(Debug, clap::Args)]
pub struct UploadArgs {
    /// Project: id, beginning of an id, name, or operator-email/name
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// Photographer who took the photos: id, beginning of an id, name or email
    #[arg(long, value_name = "PHOTOGRAPHER")]
    pub photographer: Option<String>,
    /// Folder with the files, such as a card; may be given several times
    #[arg(long = "dir", value_name = "DIR", required = true, num_args = 1..)]
    pub dirs: Vec<PathBuf>,
    /// Assign the photographer to the project first, if they are not yet
    #[arg(long)]
    pub assign: bool,
    /// Show what would be uploaded, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Bring back photos that were deleted, and take photos of other projects into this one too
    #[arg(long)]
    pub restore: bool,
    #[command(flatten)]
    pub files: FileArgs,
    #[command(flatten)]
    pub flow: FlowArgs,
    /// Write a JSON line for each file: path, sha256, photo_id, outcome, reason, attempts
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
}

/// Which files.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which files")]
pub struct FileArgs {
    /// Only files that match this glob: a name ("*.jpg") or a path below the folder ("DCIM/100*/**")
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// No files and folders that match this glob
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Taken at this time or later: 2026-06-01, "2026-06-01 14:00" (the project's time), 3d
    #[arg(long, value_name = "TIME")]
    pub captured_since: Option<String>,
    /// Taken before this time; a date includes its day
    #[arg(long, value_name = "TIME")]
    pub captured_until: Option<String>,
    /// RAW files: auto leaves one beside its JPEG on the card, and makes a photo of one alone
    #[arg(long, value_enum, value_name = "MODE", default_value = "auto")]
    pub raw: RawMode,
    /// Which files come first
    #[arg(long, value_enum, value_name = "ORDER", default_value = "name")]
    pub order_by: Order,
    /// Take files and folders whose name begins with a dot
    #[arg(long)]
    pub hidden: bool,
    /// Follow symbolic links
    #[arg(long)]
    pub follow_symlinks: bool,
    /// Read every file anew, whatever is remembered of it
    #[arg(long)]
    pub rehash: bool,
    /// Store originals only; `photos reprocess` makes previews and thumbnails later
    #[arg(long)]
    pub no_derivatives: bool,
}

/// How fast.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Flow")]
pub struct FlowArgs {
    /// Uploads at once [default: starts at 4 and follows the throughput]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub transfers: Option<u16>,
    /// Pictures decoded at once [default: the number of cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub decoders: Option<u16>,
    /// Most bytes a second to the store, such as 2MiB
    #[arg(long, value_name = "BYTES", value_parser = crate::config::parse_bytes)]
    pub bwlimit: Option<u64>,
    /// After this time begin no new file, finish those in flight, and end with exit code 8
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub max_duration: Option<Duration>,
    /// How long to wait for a network that is gone [default: 30min off a terminal, for ever on one]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub give_up_after: Option<Duration>,
}

pub async fn run(app: &App, args: UploadArgs) -> Finished {
    let args = &args;
    let roots = args.dirs.iter().map(|dir| Root::open(dir)).collect::<Result<Vec<_>>>()?;
    let db = app.db().await?;
    let named = db.retry(PATIENCE, |db| async move {
        let mut conn = db.conn().await?;
        let (project, photographer) = people(app, &mut conn, args).await?;
        let config = setup::settings::of_project(&mut conn, &app.config, project.id).await?;
        Ok((project, photographer, config))
    });
    let (project, photographer, config) = named.await?;
    let mut plan = plan(app, args, roots, &config, project, &photographer)?;
    plan.faces = faces(&config, &plan).await?;
    let dry_run = args.dry_run;
    let store = db.retry(PATIENCE, |_db| async move { app.store_for(dry_run).await.cloned() }).await?;
    let target = app.target(true);
    app.ui.target(&target);
    assign(app, args, &plan.project, &photographer).await?;
    let services = Services {
        db: db.clone(),
        store,
        progress: app.ui.progress("file"),
        cancel: app.cancel.clone(),
        author: app.author(),
        target,
    };
    let Ingested { report, stopped } = ingest::upload(plan, services).await?;
    app.ui.report(&report);
    finish(&report, stopped)
}

/// The engine, where the project wants faces to be looked for at once, and they may be kept.
async fn faces(config: &Config, plan: &IngestPlan) -> Result<Option<std::sync::Arc<look::Engine>>> {
    if plan.dry_run || plan.recipe.is_none() || !config.flag(settings::INDEX_ON_UPLOAD)? {
        return Ok(None);
    }
    // Without an end the last upload counts, and that is this one.
    let keeps = retention::Retention::of(config)?.keeps(plan.project.end_at, Utc::now());
    if keeps { look::engine(config).await.map(Some) } else { Ok(None) }
}

async fn people(app: &App, conn: &mut DbConn, args: &UploadArgs) -> Result<(Project, Photographer)> {
    let project = reference::project(app, conn, args.project.as_deref()).await?;
    if project.deleted_at.is_some() {
        return Err(Error::new(Kind::NotFound, format!("the project {} was deleted", quoted(&project.name))));
    }
    let operator = Some(project.operator_id);
    let photographer = reference::photographer(app, conn, args.photographer.as_deref(), operator).await?;
    if photographer.deleted_at.is_some() {
        let name = quoted(&photographer.name);
        return Err(Error::new(Kind::NotFound, format!("the photographer {name} was deleted")));
    }
    Ok((project, photographer))
}

/// The photographer has to be assigned to the project; `--assign` does it.
async fn assign(app: &App, args: &UploadArgs, project: &Project, photographer: &Photographer) -> Result<()> {
    let db = app.db().await?;
    let asked = db.retry(PATIENCE, |db| async move {
        crate::db::members::has_photographer(&mut *db.conn().await?, project.id, photographer.id).await
    });
    if asked.await? {
        return Ok(());
    }
    let (who, what) = (printable(&photographer.email), quoted(&project.name));
    if !args.assign {
        let error = format!("the photographer {who} is not assigned to the project {what}");
        return Err(Error::new(Kind::Policy, error).hint("add --assign to assign them now").hint(format!(
            "or: photoctl project photographers add --project {} --photographer {}",
            project.id, photographer.id
        )));
    }
    let mode = AddMode { if_not_exists: true, dry_run: args.dry_run };
    let author = &app.author();
    db.retry(PATIENCE, |db| async move { part::add_photographer(&db, author, project, photographer, mode).await })
        .await?;
    app.ui.note(&format!("{} {who} to the project {what}.", if args.dry_run { "Would assign" } else { "Assigned" }));
    Ok(())
}

fn plan(
    app: &App,
    args: &UploadArgs,
    roots: Vec<std::sync::Arc<Root>>,
    config: &Config,
    project: Project,
    photographer: &Photographer,
) -> Result<IngestPlan> {
    let recipe = match args.files.no_derivatives {
        true => None,
        false => Some(recipe::of(config, &project, &photographer.name)?),
    };
    let now = DateTime::<Utc>::from(std::time::SystemTime::now());
    let read = |text: &Option<String>, edge| {
        text.as_deref().map(|text| time::parse(text, project.zone(), edge, now)).transpose()
    };
    let captured_since = read(&args.files.captured_since, Edge::Start)?;
    let captured_until = read(&args.files.captured_until, Edge::End)?;
    if let (Some(since), Some(until)) = (captured_since, captured_until)
        && since >= until
    {
        return Err(Error::invalid("--captured-since is not before --captured-until"));
    }
    let mut scan = ScanRules::new(&args.files.include, &args.files.exclude)?;
    scan.follow_symlinks = args.files.follow_symlinks;
    scan.hidden = args.files.hidden;
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let decoders = match args.flow.decoders {
        Some(decoders) => usize::from(decoders),
        None => config.parse(settings::DECODERS)?.unwrap_or(cores),
    };
    let transfers = match args.flow.transfers {
        Some(transfers) => Some(usize::from(transfers)),
        None => config.parse(settings::TRANSFERS)?,
    };
    let give_up_after = match args.flow.give_up_after {
        Some(time) => Some(time),
        None => config.duration(settings::GIVE_UP_AFTER)?,
    };
    let unattended = (!app.ui.can_ask()).then_some(GIVE_UP_UNATTENDED);
    Ok(IngestPlan {
        photographer: photographer.id,
        roots,
        scan,
        raw: args.files.raw,
        captured_since,
        captured_until,
        order: args.files.order_by,
        restore: args.restore,
        dry_run: args.dry_run,
        rehash: args.files.rehash,
        recipe,
        faces: None,
        limits: Limits::default(),
        keep_gps: config.flag(settings::KEEP_GPS)?,
        report: args.report.clone(),
        cache_file: Some(app.config.home().join("cache").join("fingerprints.sqlite")),
        decoders: decoders.max(1),
        transfers,
        bytes_per_second: match args.flow.bwlimit {
            Some(bytes) => Some(bytes),
            None => config.bytes(settings::BWLIMIT)?,
        },
        max_duration: args.flow.max_duration,
        outage: OutageRules {
            probe_every: config.duration(settings::OFFLINE_PROBE)?.unwrap_or(Duration::from_secs(5)),
            give_up_after: give_up_after.or(unattended),
            zone: project.zone(),
        },
        project,
    })
}

fn finish(report: &IngestReport, stopped: Option<HaltReason>) -> Finished {
    let failed = if report.failed > 0 { Exit::SomeFailed } else { Exit::Ok };
    match stopped {
        None => Ok(Done(failed)),
        Some(HaltReason::Interrupted) => Ok(Done(Exit::Interrupted.and(failed))),
        Some(HaltReason::TimeLimit) => Ok(Done(Exit::Limit.and(failed))),
        Some(HaltReason::Fatal(error)) => Err(error),
    }
}

impl Render for IngestReport {
    fn render(&self, page: &mut Page) {
        page.table(&["what", "files", "why"], rows(self));
        // Of a card that was pulled out the table says enough: all that is missing has the one reason.
        let failed = self.items_failed.iter().filter(|item| item.reason != FailReason::CARD_GONE.0);
        some(page, "Failed", failed.map(|item| format!("{}: {}", item.reference, item.message)));
        let noted = self.items_noted.iter().map(|item| format!("{}: {}", item.reference, item.notes.join("; ")));
        some(page, "Stored, but", noted);
        page.gap();
        let elapsed = time::span(Duration::from_millis(self.elapsed_ms));
        let sent = text::size(self.bytes_uploaded);
        match (self.dry_run, self.stopped.as_deref()) {
            (true, _) => page.line(format!("Nothing was changed. {sent} would be uploaded ({elapsed}).")),
            (false, None) => page.line(format!("{sent} uploaded in {elapsed}.")),
            (false, Some(_)) => page.line(format!(
                "{sent} uploaded in {elapsed}, then stopped: run the same command again to go on where it ended."
            )),
        }
        if self.all_stored {
            page.good(&self.conclusion);
        } else {
            page.bad(&self.conclusion);
        }
    }
}

/// The first lines of a list, and how many more there are.
fn some(page: &mut Page, heading: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return;
    }
    page.gap();
    page.heading(heading);
    for line in lines.iter().take(FAILURES_SHOWN) {
        page.line(format!("  {line}"));
    }
    let more = lines.len().saturating_sub(FAILURES_SHOWN);
    if more > 0 {
        let more = text::thousands(more as u64);
        page.line(format!("  and {more} more: --report FILE or --json names all"));
    }
}

fn rows(report: &IngestReport) -> Vec<Vec<String>> {
    let row = |what: &str, n: u64, why: String| vec![what.to_owned(), text::thousands(n), why];
    let mut rows = vec![row("found", report.found, String::new())];
    let uploaded = if report.dry_run { "to upload" } else { "uploaded" };
    rows.push(row(uploaded, report.uploaded, String::new()));
    if report.already_present > 0 {
        rows.push(row("already there", report.already_present, String::new()));
    }
    rows.extend(report.skip_reasons.iter().map(|(reason, n)| row("skipped", *n, reason.for_people())));
    rows.extend(report.fail_reasons.iter().map(|(reason, n)| row("failed", *n, reason.for_people().to_owned())));
    if report.not_reached > 0 {
        rows.push(row("not reached", report.not_reached, "the run ended before".to_owned()));
    }
    rows
}
