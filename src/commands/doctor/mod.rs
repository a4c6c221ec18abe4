//! `doctor`: looks at everything that photoctl needs, and says of each failure what to do.
//!
//! A check is a function of one of the files here that takes the [`Context`] and answers [`Finding`]s; [`CHECKS`] is
//! the list. Whoever adds a service adds its check.

mod configuration;
mod context;
mod database;
mod disk;
mod finding;
mod revocations;
mod store;
mod terminal;

use std::future::Future;
use std::pin::Pin;

use crate::app::App;
use crate::ui::{Done, Finished};
use context::Context;
use finding::{DoctorReport, Finding};

#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Only what this job needs
    #[arg(long = "for", value_enum, value_name = "JOB")]
    pub job: Option<Job>,
}

/// What may be about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Job {
    /// Uploading, verifying, reprocessing photos
    Upload,
    /// Lists, reports, downloads
    Read,
    /// db migrate
    Migrate,
    /// Reviewing face tags
    Review,
}

type Answer<'a> = Pin<Box<dyn Future<Output = Vec<Finding>> + Send + 'a>>;

/// One thing to look at.
struct Check {
    /// The jobs that need it.
    jobs: &'static [Job],
    look: for<'a> fn(&'a Context<'a>) -> Answer<'a>,
}

const EVERY: &[Job] = &[Job::Upload, Job::Read, Job::Migrate, Job::Review];
const WITH_PICTURES: &[Job] = &[Job::Upload, Job::Read, Job::Review];

/// In the order in which they are shown: each may rest on those before it.
const CHECKS: &[Check] = &[
    Check { jobs: EVERY, look: |context| Box::pin(async { configuration::check(context) }) },
    Check { jobs: EVERY, look: |context| Box::pin(async { disk::data_folder(context) }) },
    Check { jobs: EVERY, look: |context| Box::pin(async { disk::space(context) }) },
    Check { jobs: EVERY, look: |context| Box::pin(database::connection(context)) },
    Check { jobs: EVERY, look: |context| Box::pin(database::schema(context)) },
    Check { jobs: EVERY, look: |context| Box::pin(database::pgvector(context)) },
    Check { jobs: EVERY, look: |context| Box::pin(database::rights(context)) },
    Check { jobs: EVERY, look: |context| Box::pin(database::clock(context)) },
    Check { jobs: EVERY, look: |context| Box::pin(async { revocations::check(context) }) },
    Check { jobs: WITH_PICTURES, look: |context| Box::pin(store::check(context)) },
    Check { jobs: EVERY, look: |context| Box::pin(async { terminal::check(context) }) },
];

/// Looks at everything, or at what a job needs.
///
/// # Errors
/// None: what fails is a finding.
pub async fn run(app: &App, args: &DoctorArgs) -> Finished {
    let context = Context::new(app, args.job);
    let mut findings = Vec::new();
    for check in CHECKS {
        if args.job.is_none_or(|job| check.jobs.contains(&job)) {
            findings.extend((check.look)(&context).await);
        }
    }
    let report = DoctorReport::new(app.target(true), findings);
    app.ui.report_of(report.checks(), &report);
    Ok(Done(report.exit()))
}
