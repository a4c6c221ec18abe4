//! What checks share: the application, the job, and the database, opened once.

use std::time::Duration;

use tokio::sync::OnceCell;

use super::Job;
use crate::app::App;
use crate::db::{Db, server};
use crate::error::Error;

/// How long a doctor waits for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

pub(super) struct Context<'a> {
    pub app: &'a App,
    pub job: Option<Job>,
    database: OnceCell<Result<Opened, Error>>,
}

/// The open database and what its server says of itself.
pub(super) struct Opened {
    pub db: Db,
    pub facts: server::ServerFacts,
}

impl<'a> Context<'a> {
    pub(super) fn new(app: &'a App, job: Option<Job>) -> Self {
        Self { app, job, database: OnceCell::new() }
    }

    /// Whether the job, or any at all, is this one.
    pub(super) fn is_for(&self, job: Job) -> bool {
        self.job.is_none_or(|held| held == job)
    }

    /// The database, or why there is none. Nothing is created.
    pub(super) async fn database(&self) -> &Result<Opened, Error> {
        self.database
            .get_or_init(|| async {
                let db = self.app.connect(false).await?;
                let facts = {
                    let mut conn = db.conn().await?;
                    server::facts(&mut conn).await?
                };
                Ok(Opened { db, facts })
            })
            .await
    }
}
