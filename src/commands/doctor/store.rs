//! The object store: opened, belonging to the database, written, read and deleted, in time.

use std::time::Duration;

use chrono::TimeDelta;

use super::Job;
use super::context::{Context, PATIENCE};
use super::database::compare;
use super::finding::Finding;
use crate::config::settings;
use crate::db::installation;
use crate::error::{Error, Kind, Result};
use crate::objects::{ProbeDepth, ProbeReport, Store};

const NAME: &str = "object store";

pub(super) async fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    match probe(context).await {
        Ok(Looked::NotMade(folder)) => {
            findings.push(Finding::ok(NAME, format!("{folder}, made by the first upload")));
        }
        Ok(Looked::Probed(url, depth, report)) => {
            let took = report.elapsed.as_millis();
            let what = if depth == ProbeDepth::Write { "written, read, deleted" } else { "listed" };
            findings.push(Finding::ok(NAME, format!("{url}: {what} in {took} ms")));
            if report.conditional_writes == Some(false) {
                findings.push(Finding::warning(
                    NAME,
                    "it ignores If-None-Match: two uploads at once may send the same bytes twice",
                    "nothing is lost by it; a newer server or R2 saves the traffic",
                ));
            }
            if let Some(seconds) = report.clock_offset_seconds {
                findings.push(compare("the object store", TimeDelta::seconds(seconds)));
            }
        }
        Err(error) => findings.push(Finding::failed(NAME, &error)),
    }
    if let Err(error) = belongs(context).await {
        findings.push(Finding::failed(NAME, &error));
    }
    findings
}

enum Looked {
    /// The default folder, before anything was put into it.
    NotMade(String),
    Probed(String, ProbeDepth, ProbeReport),
}

async fn probe(context: &Context<'_>) -> Result<Looked> {
    let mut config = context.app.store_config()?;
    let folder = context.app.config.home().join("objects");
    if context.app.config.get(settings::STORAGE_URL).is_none() && !folder.exists() {
        return Ok(Looked::NotMade(config.url.to_string()));
    }
    // A doctor says what is, it does not wait for better times.
    config.max_attempts = 2;
    config.max_connect_attempts = 1;
    config.connect_timeout = config.connect_timeout.min(Duration::from_secs(10));
    config.first_byte_timeout = config.first_byte_timeout.min(PATIENCE);
    let url = config.url.to_string();
    let depth = if context.is_for(Job::Upload) { ProbeDepth::Write } else { ProbeDepth::Read };
    let store = Store::open(config).await?;
    let report = tokio::time::timeout(PATIENCE * 2, store.probe(depth))
        .await
        .map_err(|_| Error::new(Kind::Timeout, format!("{url} did not answer in {} s", (PATIENCE * 2).as_secs())))??;
    Ok(Looked::Probed(url, depth, report))
}

/// Whether it is the store that the database remembers.
async fn belongs(context: &Context<'_>) -> Result<()> {
    let (Ok(opened), Ok(config)) = (context.database().await, context.app.store_config()) else { return Ok(()) };
    let mut conn = opened.db.conn().await?;
    if crate::db::migrate::require_current(&mut conn).await.is_err() {
        return Ok(());
    }
    let remembered = installation::store_url(&mut conn).await?;
    crate::app::same_store(remembered.as_deref(), &context.app.store_identity(&config.url))
}
