//! The command line: global options, the list of nouns, one dispatch line each.

mod usage;

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::app::App;
use crate::commands::{
    audit, completions, config, consent, db, doctor, faces, help, man, operator, package, photographer, photos,
    project, qr, remember, tags, user,
};
use crate::config::{Config, Sources, settings};
use crate::error::{Error, Exit, Kind, Result};
use crate::ui::{self, Colour, Finished, Format, Ui};

/// Administers an event-photography platform: uploads, people, projects, its database and object store.
#[derive(Debug, Parser)]
#[command(name = "photoctl", version, disable_help_subcommand = true, max_term_width = 110)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Configuration file [default: photoctl/photoctl.toml in the XDG configuration folder]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Section of the configuration file to use
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// Form of the answer on stdout
    #[arg(long, short, global = true, value_enum, value_name = "FORMAT", default_value = "human")]
    pub output: Format,
    /// Short for --output json
    #[arg(long, global = true, conflicts_with = "output")]
    pub json: bool,
    /// Say nothing but data, warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Log more: -v what is done, -vv details, -vvv everything
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value = "auto")]
    pub color: Colour,
    /// Form of the log on stderr
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Who is written into the audit log [default: the system's user]
    #[arg(long, global = true, value_name = "WHO")]
    pub actor: Option<String>,
    /// Wait this long for what another run holds, such as 10m
    #[arg(long, global = true, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub wait: Option<std::time::Duration>,
}

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Operators: who runs events
    #[command(subcommand, visible_alias = "operators")]
    Operator(operator::Command),
    /// Photographers: who takes and uploads photos
    #[command(subcommand, visible_alias = "photographers")]
    Photographer(photographer::Command),
    /// Users: the guests
    #[command(subcommand, visible_alias = "users")]
    User(user::Command),
    /// Packages: what is sold
    #[command(subcommand, visible_alias = "packages")]
    Package(package::Command),
    /// Projects: one event each
    #[command(subcommand, visible_alias = "projects")]
    Project(project::Command),
    /// QR tokens: cards and posters by which guests join, and the slate for cameras
    #[command(subcommand)]
    Qr(qr::Command),
    /// Consents: who allows that their face is looked for
    #[command(subcommand, visible_alias = "consents")]
    Consent(consent::Command),
    /// Photos: upload, list, verify, download
    #[command(subcommand, visible_alias = "photo")]
    Photos(photos::Command),
    /// Faces of photos: look for them, keep them, let them go
    #[command(subcommand, visible_alias = "face")]
    Faces(faces::Command),
    /// Tags: who is in which photo, and what people decided about it
    #[command(subcommand, visible_alias = "tag")]
    Tags(tags::Command),
    /// The database: migrate, check, back up
    #[command(subcommand)]
    Db(db::Command),
    /// The configuration: show it, find it, begin one
    #[command(subcommand)]
    Config(config::Command),
    /// Checks all that photoctl needs, and says what to do
    Doctor(doctor::DoctorArgs),
    /// Who changed what
    #[command(subcommand)]
    Audit(audit::Command),
    /// Completion for the shell: names of commands, projects, people with the Tab key
    Completions(completions::CompletionsArgs),
    /// Writes the manual pages
    Man(man::ManArgs),
    /// All commands by task; or explains a topic or a command
    Help(help::HelpArgs),
}

impl Command {
    /// Whether the command works, as far as it can, with a configuration file that does not.
    fn explains(&self) -> bool {
        match self {
            Command::Doctor(_) | Command::Completions(_) | Command::Man(_) | Command::Help(_) => true,
            Command::Config(command) => matches!(command, config::Command::Init(_) | config::Command::Path),
            _ => false,
        }
    }

    async fn run(self, app: &App) -> Finished {
        match self {
            Command::Operator(command) => operator::run(app, command).await,
            Command::Photographer(command) => photographer::run(app, command).await,
            Command::User(command) => user::run(app, command).await,
            Command::Package(command) => package::run(app, command).await,
            Command::Project(command) => project::run(app, command).await,
            Command::Qr(command) => qr::run(app, command).await,
            Command::Consent(command) => consent::run(app, command).await,
            Command::Photos(command) => photos::run(app, command).await,
            Command::Faces(command) => faces::run(app, command).await,
            Command::Tags(command) => tags::run(app, command).await,
            Command::Db(command) => db::run(app, command).await,
            Command::Config(command) => config::run(app, command).await,
            Command::Doctor(args) => doctor::run(app, &args).await,
            Command::Audit(command) => audit::run(app, command).await,
            Command::Completions(args) => completions::run(app, &args),
            Command::Man(args) => man::run(app, &args),
            Command::Help(args) => help::run(app, &args),
        }
    }
}

/// The command line with examples, topics and live completions attached.
#[must_use]
pub fn command() -> clap::Command {
    completions::with_values(help::with_examples(with_negative_numbers(<Cli as CommandFactory>::command())))
}

/// Takes `-1` for a value, wherever one is expected: the command knows better than the parser what is wrong with it.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    command
        .mut_args(|arg| if arg.get_action().takes_values() { arg.allow_negative_numbers(true) } else { arg })
        .mut_subcommands(with_negative_numbers)
}

/// Reads the process's arguments and environment, runs the command, reports its error. Returns the exit code.
#[must_use]
pub fn main() -> Exit {
    let args: Vec<OsString> = std::env::args_os().collect();
    let mut sources = Sources::from_process();
    let early = usage::Early::scan(&args);
    let ui = Ui::new(&ui::Options {
        format: early.format,
        quiet: early.quiet,
        colour: early.colour,
        environment: &sources.environment,
    });
    ui::panics::watch(&ui);
    let exit = ui::panics::guard(|| {
        if completions::answer(&args, &sources) {
            return Ok(Exit::Ok);
        }
        run(args, &mut sources, &ui)
    });
    match exit.and_then(|exit| ui.written().map(|()| exit)) {
        Ok(exit) => exit,
        Err(error) => {
            ui.error(&error);
            error.kind().exit()
        }
    }
}

fn run(args: Vec<OsString>, sources: &mut Sources, ui: &Ui) -> Result<Exit> {
    let words = usage::words_of(&command(), &args);
    let matches = match command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(error) => return usage::refused(ui, &error, &words),
    };
    let cli = match <Cli as FromArgMatches>::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return usage::refused(ui, &error, &words),
    };
    sources.config_file.clone_from(&cli.global.config);
    sources.profile.clone_from(&cli.global.profile);
    if let Some(actor) = &cli.global.actor {
        sources.flags.push((settings::ACTOR, "actor", actor.clone()));
    }
    let ui = Ui::new(&ui::Options {
        format: if cli.global.json { Format::Json } else { cli.global.output },
        quiet: cli.global.quiet,
        colour: cli.global.color,
        environment: &sources.environment,
    });
    start(cli, sources, ui, command_words(&matches))
}

fn start(cli: Cli, sources: &Sources, ui: Ui, command: String) -> Result<Exit> {
    let config = if cli.command.explains() { Config::load_anyway(sources)? } else { Config::load(sources)? };
    ui::log::start(
        &ui,
        &ui::log::LogOptions {
            verbose: cli.global.verbose,
            filter: config
                .parse(settings::LOG)
                .or_else(|error| if cli.command.explains() { Ok(None) } else { Err(error) })?,
            json: cli.global.log_format == LogFormat::Json,
        },
    );
    for key in config.unknown_keys() {
        ui.warn(&format!("\"{key}\" in the configuration file is no setting; see photoctl help settings"));
    }
    with_program_cache(&config, sources)?;
    let began = std::time::Instant::now();
    tracing::info!(command.name = command, config.profile = config.profile(), "begin");
    let app = App::new(config, ui, command, cli.global.wait).attended(consent::attend::attend, consent::attend::EVERY);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(Kind::Internal, "cannot start the runtime").with_source(error))?;
    let done = runtime.block_on(async {
        crate::ui::signals::watch(app.cancel.clone(), app.ui.clone());
        let run = async {
            let done = match cli.command.run(&app).await {
                Err(error) => Err(app.explain(error).await),
                done => {
                    if done.is_ok() {
                        remember::remember(&app).await;
                    }
                    done
                }
            };
            app.close().await;
            done
        };
        tokio::select! {
            done = run => done,
            () = app.cancel.aborted() => {
                Err(Error::new(Kind::Interrupted, "aborted").hint("the next run completes what was begun"))
            }
        }
    });
    // Blocking work that was given up (an aborted decode) must not hold the process.
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    let exit = done.as_ref().map_or_else(|error| error.kind().exit(), |done| done.0);
    tracing::info!(
        command.exit = exit as u8,
        error.code = done.as_ref().err().map(|error| error.kind().code()),
        duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        "end"
    );
    done?;
    app.ui.written()?;
    Ok(exit)
}

/// `photos upload` from the matches: the subcommands' names.
fn command_words(matches: &clap::ArgMatches) -> String {
    let mut words = Vec::new();
    let mut matches = matches;
    while let Some((name, inner)) = matches.subcommand() {
        words.push(name);
        matches = inner;
    }
    words.join(" ")
}

/// The embedded database finds its cache folder by the environment alone. Where that one can not be written (a
/// service's or a cron job's home), this process starts itself again with one in the data folder.
fn with_program_cache(config: &Config, sources: &Sources) -> Result<()> {
    const TRIED: &str = "PHOTOCTL_CACHE_TRIED";
    let embedded = config.get(settings::DATABASE_URL).is_none();
    if !embedded || sources.environment.contains_key(TRIED) || crate::db::programs::cache_is_usable() {
        return Ok(());
    }
    let program = std::env::current_exe()
        .map_err(|error| Error::new(Kind::Internal, "cannot find this program's own file").with_source(error))?;
    let failed = std::process::Command::new(program)
        .args(std::env::args_os().skip(1))
        .env(crate::db::programs::CACHE_VARIABLE, config.home().join("cache"))
        .env(TRIED, "1")
        .exec();
    Err(Error::new(Kind::Internal, "cannot start again with another cache folder").with_source(failed))
}
