//! `project plan|apply|export|schema`: an event from one file.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use console::Style;
use serde::Serialize;

use crate::app::App;
use crate::commands::change;
use crate::commands::reference;
use crate::db::refs::Noun;
use crate::error::{Error, Exit, Kind, Result};
use crate::model::digest::Sha256;
use crate::model::target::Target;
use crate::model::text::{self, count, quoted};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::plan::apply::{self, EventFile, Hashes, PLAN_FORMAT, SavedPlan};
use crate::workflows::plan::compare::{Action, PartAction, PartChange, PartKind, Plan, Step};
use crate::workflows::plan::{self, export, variables};
use crate::workflows::setup::{check, password};
use crate::workflows::whole::WholeFile;

/// Longest event file, in bytes.
const FILE_MOST: u64 = 20_000_000;

/// Which file, and how it is read.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// The event file, TOML or JSON; - for stdin
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The value of a variable of the file; and again for another
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// Remove what earlier files described and this one does not, unless it has photos or sales
    #[arg(long)]
    pub prune: bool,
}

#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub file: FileArgs,
    /// Keep the plan in a file, for project apply --plan
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Exit with 6 where there is anything to do
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    pub file: FileArgs,
    /// Carry out this plan, and refuse where the database has changed since
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "set", "prune"])]
    pub plan: Option<PathBuf>,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on without being asked
    #[arg(long, short)]
    pub yes: bool,
}

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Which: id, its first 8 characters or more, name or operator-email/name; one or more [default: the one that is set]
    #[arg(value_name = "PROJECT")]
    pub projects: Vec<String>,
    /// Write it into a file
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// The form of the file
    #[arg(long, value_enum, default_value = "toml")]
    pub format: FileFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum FileFormat {
    Toml,
    Json,
}

pub async fn plan(app: &App, args: PlanArgs) -> Finished {
    let began = Instant::now();
    let file = read(&args.file)?;
    let wanted = file.wanted()?;
    let plan = file.plan(app.db().await?, &wanted).await?;
    let differs = !plan.is_empty();
    if let Some(path) = &args.to {
        save(path, &file, plan.fingerprint)?;
        app.ui.note(&format!("The plan is in {}: photoctl project apply --plan carries it out.", text::path(path)));
    }
    app.ui.report(&Report::new(app, plan, true, began));
    Ok(Done(if differs && args.exit_code { Exit::Differences } else { Exit::Ok }))
}

pub async fn apply(app: &App, args: ApplyArgs) -> Finished {
    let began = Instant::now();
    let (file, expected) = match &args.plan {
        Some(path) => {
            let (file, fingerprint) = saved(path)?;
            (file, Some(fingerprint))
        }
        None => (read(&args.file)?, None),
    };
    let wanted = file.wanted()?;
    let cost = password::cost(&app.config)?;
    let db = app.db().await?;
    let plan = file.plan(db, &wanted).await?;
    app.ui.target(&app.target(false));
    if expected.is_some_and(|expected| expected != plan.fingerprint) {
        return Err(apply::has_moved());
    }
    if args.dry_run || plan.steps.iter().all(|step| !step.changes_something() && !step.adopt) {
        app.ui.report(&Report::new(app, plan, args.dry_run, began));
        return Ok(Done::OK);
    }
    if let Some(question) = question(&plan) {
        let _sure = app.ui.confirm(&question, args.yes)?;
    }
    let hashes = Hashes::of(&plan, cost).await?;
    let done = apply::apply(db, &app.author(), &file, &wanted, plan.fingerprint, &hashes).await?;
    app.ui.report(&Report::new(app, done, false, began));
    Ok(Done::OK)
}

/// What is removed is asked about.
fn question(plan: &Plan) -> Option<String> {
    let parts = plan.steps.iter().flat_map(|step| &step.parts);
    let parts = parts.filter(|part| part.action == PartAction::Remove).count() as u64;
    let mut removed: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| step.action == Action::Remove)
        .map(|step| format!("{} {}", step.noun.word(), quoted(&step.name)))
        .collect();
    let renamed = plan.steps.iter().filter(|step| step.noun == Noun::Operator && step.id.is_some());
    let renamed: Vec<String> =
        renamed.filter(|step| step.changes.touch("email")).map(|step| quoted(&step.name)).collect();
    if removed.is_empty() && parts == 0 {
        let whom = renamed.join(", ");
        return (!renamed.is_empty()).then(|| format!("Change the email that {whom} logs in with?"));
    }
    if removed.len() > 10 {
        removed = vec![count(removed.len() as u64, "thing")];
    }
    removed.extend((parts > 0).then(|| format!("{} of projects", count(parts, "part"))));
    Some(format!("Remove {}?", removed.join(", ")))
}

pub async fn export(app: &App, args: ExportArgs) -> Finished {
    let db = app.db().await?;
    let mut projects = Vec::new();
    let text = {
        let conn = &mut db.conn().await?;
        if args.projects.is_empty() {
            projects.push(reference::project(app, conn, None).await?);
        }
        for word in &args.projects {
            let project = reference::project(app, conn, Some(word)).await?;
            if !projects.iter().any(|known: &crate::model::project::Project| known.id == project.id) {
                projects.push(project);
            }
        }
        let (exported, left_out) = export::export(conn, &projects).await?;
        for note in left_out {
            app.ui.warn(&note);
        }
        match args.format {
            FileFormat::Toml => exported.toml()?,
            FileFormat::Json => exported.json()?,
        }
    };
    // What leaves the house is noted before it does.
    export::note(db, &app.author(), &projects, &text).await?;
    match &args.to {
        None => app.ui.text("text", &text),
        Some(path) => {
            write_private(path, &text)?;
            app.ui.written_to(path, &format!("Written to {}.", text::path(path)));
        }
    }
    Ok(Done::OK)
}

pub fn schema(app: &App) -> Finished {
    app.ui.data(&plan::schema()?);
    Ok(Done::OK)
}

fn read(args: &FileArgs) -> Result<EventFile> {
    let path = args.file.as_deref().ok_or_else(|| {
        Error::usage("it is not said which event file").hint("name it: photoctl project plan event.toml")
    })?;
    let (text, name, folder) = if path == Path::new("-") {
        let text = check::utf8(std::io::stdin().lock(), path, FILE_MOST)?;
        (text, "stdin".to_owned(), PathBuf::from("."))
    } else {
        let file = std::fs::File::open(path).map_err(|error| Error::io("read the event file", path, error))?;
        let text = check::utf8(file, path, FILE_MOST)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        (text, text::path(path), folder.to_owned())
    };
    let folder = std::path::absolute(&folder).map_err(|error| Error::io("find", &folder, error))?;
    let set = args.set.iter().map(|word| variables::parse(word)).collect::<Result<variables::Set>>()?;
    Ok(EventFile { name, text, folder, set, prune: args.prune, now: chrono::Utc::now() })
}

fn save(path: &Path, file: &EventFile, fingerprint: Sha256) -> Result<()> {
    let saved = SavedPlan { format: PLAN_FORMAT, fingerprint: fingerprint.to_string(), file: file.clone() };
    let text = serde_json::to_string_pretty(&saved)
        .map_err(|error| Error::new(Kind::Internal, "the plan cannot be written").with_source(error))?;
    write_private(path, &format!("{text}\n"))
}

fn saved(path: &Path) -> Result<(EventFile, Sha256)> {
    let file = std::fs::File::open(path).map_err(|error| Error::io("read the plan", path, error))?;
    let text = check::utf8(file, path, FILE_MOST * 2)?;
    let wrong =
        || Error::invalid(format!("{} is no plan that photoctl project plan --to has written", text::path(path)));
    let saved: SavedPlan = serde_json::from_str(&text).map_err(|_| wrong())?;
    if saved.format != PLAN_FORMAT {
        return Err(wrong().hint("another version of photoctl has written it: make the plan again"));
    }
    let fingerprint = saved.fingerprint.parse().map_err(|_| wrong())?;
    Ok((saved.file, fingerprint))
}

/// Writes a file that holds people's names, for this user only.
fn write_private(path: &Path, text: &str) -> Result<()> {
    let mut file = WholeFile::private(path)?;
    file.write(text.as_bytes())?;
    file.finish(true)
}

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    dry_run: bool,
    target: Target,
    #[serde(flatten)]
    plan: Plan,
    items_failed: Vec<()>,
    elapsed_ms: u64,
}

impl Report {
    fn new(app: &App, plan: Plan, dry_run: bool, began: Instant) -> Self {
        Self {
            ok: true,
            dry_run,
            target: app.target(false),
            plan,
            items_failed: Vec::new(),
            elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Render for Report {
    fn render(&self, page: &mut Page) {
        for step in self.plan.steps.iter().filter(|step| step.changes_something() || !step.warnings.is_empty()) {
            step_lines(page, step);
        }
        for kept in &self.plan.kept {
            let (noun, name) = (kept.noun.word(), quoted(&kept.name));
            page.marked("=", Style::new().dim(), &format!("{noun} {} {name}: {}", kept.key, kept.why));
        }
        let adopted = self.plan.steps.iter().filter(|step| step.adopt && step.id.is_some()).count() as u64;
        if adopted > 0 {
            page.line(format!("{} known by a key of the file from now on.", count(adopted, "thing")));
        }
        let Plan { creates, changes, restores, removes, unchanged, .. } = self.plan;
        let numbers =
            [("to create", creates), ("to change", changes), ("to restore", restores), ("to remove", removes)];
        let mut said: Vec<String> =
            numbers.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{} {what}", text::thousands(*n))).collect();
        if said.is_empty() {
            let nothing = if adopted > 0 { "Nothing else to do" } else { "Nothing to do" };
            page.good(format!("{nothing}: {} as the file wants.", count(unchanged, "thing")));
            return;
        }
        said.push(format!("{} unchanged", text::thousands(unchanged)));
        let sentence = said.join(", ");
        page.gap();
        if self.dry_run {
            page.heading(format!("{sentence}."));
            page.line(format!("Fingerprint {}", self.plan.fingerprint));
        } else {
            page.good(format!(
                "Done: {}.",
                sentence
                    .replace("to create", "created")
                    .replace("to change", "changed")
                    .replace("to restore", "restored")
                    .replace("to remove", "removed")
            ));
        }
    }
}

fn step_lines(page: &mut Page, step: &Step) {
    let (sign, style, verb) = match step.action {
        Action::Create => ("+", Style::new().green(), "create"),
        Action::Change => ("~", Style::new().yellow(), "change"),
        Action::Restore => ("+", Style::new().green(), "restore"),
        Action::Remove => ("-", Style::new().red(), "remove"),
        Action::Keep => ("=", Style::new().dim(), "keep"),
    };
    page.marked(sign, style, &format!("{verb} {} {} {}", step.noun.word(), step.key, quoted(&step.name)));
    if step.action == Action::Create {
        for change in step.changes.iter().filter(|change| !matches!(change.name, "operator_id" | "name")) {
            let name = change.name.trim_end_matches("_at").replace('_', " ");
            page.field(
                &format!("     {name}"),
                change.after.as_ref().map(crate::model::fields::Value::for_people).unwrap_or_default(),
            );
        }
    } else {
        change::changes(page, &step.changes);
    }
    for part in &step.parts {
        part_line(page, part);
    }
    for warning in &step.warnings {
        page.line(format!("   note: {warning}"));
    }
}

fn part_line(page: &mut Page, part: &PartChange) {
    let kind = match part.kind {
        PartKind::Photographer => "photographer",
        PartKind::Package => "package",
        PartKind::Coach => "coach",
        PartKind::Setting => "setting",
    };
    let (sign, style) = match part.action {
        PartAction::Add => ("  +", Style::new().green()),
        PartAction::Remove => ("  -", Style::new().red()),
        PartAction::Change => ("  ~", Style::new().yellow()),
    };
    let value = match (&part.before, &part.after) {
        (Some(before), Some(after)) => format!(": {before} -> {after}"),
        (None, Some(after)) => format!(": {after}"),
        _ => String::new(),
    };
    page.marked(sign, style, &format!("{kind} {}{value}", part.name));
}
