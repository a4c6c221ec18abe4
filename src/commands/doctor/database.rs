//! The database: reachable, migrated, with pgvector, in time.

use chrono::{TimeDelta, Utc};

use super::Job;
use super::context::Context;
use super::finding::Finding;
use crate::db::{grants, migrate};
use crate::error::{Error, Kind};
use crate::model::text;

/// Two clocks further apart than this are worth a word.
pub(super) const CLOCK_WARNING: TimeDelta = TimeDelta::seconds(30);

pub(super) async fn connection(context: &Context<'_>) -> Vec<Finding> {
    const NAME: &str = "database";
    let opened = match context.database().await {
        Ok(opened) => opened,
        Err(error) if error.kind() == Kind::DatabaseNotConfigured && context.job == Some(Job::Migrate) => {
            return vec![Finding::ok(NAME, "none yet: photoctl db migrate makes the embedded one")];
        }
        Err(error) => return vec![Finding::failed(NAME, error)],
    };
    let facts = &opened.facts;
    let place = format!("{}, PostgreSQL {}, {}", opened.db.place(), facts.version, size(facts.size_bytes));
    if facts.read_only && context.job != Some(Job::Read) {
        let error = Error::new(Kind::ServiceUnavailable, format!("{place}: it takes no changes"))
            .hint("connect to the primary server, or wait until it is writable again");
        return vec![Finding::failed(NAME, &error)];
    }
    let encrypted = if facts.encrypted { ", encrypted" } else { "" };
    vec![Finding::ok(NAME, format!("{place}{encrypted}"))]
}

pub(super) async fn schema(context: &Context<'_>) -> Vec<Finding> {
    const NAME: &str = "schema";
    let Ok(opened) = context.database().await else { return vec![unreachable(NAME)] };
    let mut conn = match opened.db.conn().await {
        Ok(conn) => conn,
        Err(error) => return vec![Finding::failed(NAME, &error)],
    };
    let status = match migrate::status(&mut conn).await {
        Ok(status) => status,
        Err(error) => return vec![Finding::failed(NAME, &error)],
    };
    match migrate::require_current(&mut conn).await {
        Ok(()) => vec![Finding::ok(NAME, format!("version {}", status.schema))],
        Err(error) if error.kind() == Kind::SchemaOutdated && context.job == Some(Job::Migrate) => {
            let pending = text::count(status.pending.len() as u64, "migration");
            vec![Finding::ok(NAME, format!("version {}, {pending} to run", status.schema))]
        }
        Err(error) => vec![Finding::failed(NAME, &error)],
    }
}

pub(super) async fn pgvector(context: &Context<'_>) -> Vec<Finding> {
    const NAME: &str = "pgvector";
    let Ok(opened) = context.database().await else { return vec![unreachable(NAME)] };
    match (&opened.facts.pgvector, opened.facts.pgvector_available) {
        (Some(version), _) => vec![Finding::ok(NAME, format!("version {version}"))],
        (None, true) => vec![Finding::warning(
            NAME,
            "can be had, but is not in this database",
            "photoctl db migrate creates it; it needs a user who may create extensions",
        )],
        (None, false) => {
            let error = Error::new(Kind::Failed, "the server does not have it").hint(
                "install the package of your server's version (Debian: postgresql-16-pgvector), or switch it on \
                 at your provider",
            );
            vec![Finding::failed(NAME, &error)]
        }
    }
}

pub(super) async fn rights(context: &Context<'_>) -> Vec<Finding> {
    const NAME: &str = "rights";
    let job = match context.job {
        Some(Job::Upload) => grants::Job::Upload,
        Some(Job::Read) => grants::Job::Read,
        Some(Job::Review) => grants::Job::Review,
        // Without a job there is no saying which rights it takes; who migrates owns the tables.
        Some(Job::Migrate) | None => return Vec::new(),
    };
    let Ok(opened) = context.database().await else { return vec![unreachable(NAME)] };
    if opened.db.is_embedded() {
        return Vec::new();
    }
    let mut conn = match opened.db.conn().await {
        Ok(conn) => conn,
        Err(error) => return vec![Finding::failed(NAME, &error)],
    };
    if migrate::require_current(&mut conn).await.is_err() {
        return vec![Finding::skipped(NAME, "without the tables there is nothing to look at")];
    }
    match grants::require(&mut conn, job).await {
        Ok(()) => vec![Finding::ok(NAME, format!("all that {} takes", job.word()))],
        Err(error) => vec![Finding::failed(NAME, &error)],
    }
}

pub(super) async fn clock(context: &Context<'_>) -> Vec<Finding> {
    const NAME: &str = "clock";
    let Ok(opened) = context.database().await else { return vec![unreachable(NAME)] };
    if opened.db.is_embedded() {
        return Vec::new();
    }
    let mut conn = match opened.db.conn().await {
        Ok(conn) => conn,
        Err(error) => return vec![Finding::failed(NAME, &error)],
    };
    let asked = Utc::now();
    match crate::db::server::facts(&mut conn).await {
        // The answer is somewhere between question and now: count from the middle.
        Ok(facts) => vec![compare("the database", facts.now - (asked + (Utc::now() - asked) / 2))],
        Err(error) => vec![Finding::failed(NAME, &error)],
    }
}

/// `offset`: their clock minus ours.
pub(super) fn compare(whose: &str, offset: TimeDelta) -> Finding {
    const NAME: &str = "clock";
    // Amazon and R2 refuse requests that are a quarter of an hour off.
    const REFUSED: TimeDelta = TimeDelta::minutes(15);
    let size = offset.abs();
    let seconds = text::count(size.num_seconds().unsigned_abs(), "second");
    let direction = if offset < TimeDelta::zero() { "ahead of" } else { "behind" };
    let fix = "set this computer's clock: timedatectl set-ntp true";
    if size < CLOCK_WARNING {
        let shown = if size < TimeDelta::seconds(2) { "the same".to_owned() } else { format!("{seconds} off") };
        return Finding::ok(NAME, format!("{shown} as that of {whose}").replace("off as", "off"));
    }
    let message = format!("this computer is {seconds} {direction} {whose}");
    if size < REFUSED {
        Finding::warning(NAME, message, fix)
    } else {
        Finding::failed(NAME, &Error::new(Kind::Failed, message).hint(fix))
    }
}

fn unreachable(name: &'static str) -> Finding {
    Finding::skipped(name, "without a database there is nothing to look at")
}

fn size(bytes: i64) -> String {
    text::size(u64::try_from(bytes).unwrap_or(0))
}
