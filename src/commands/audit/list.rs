//! `audit list`

use chrono_tz::Tz;
use clap::Args;
use uuid::Uuid;

use super::verify;
use crate::app::App;
use crate::commands::reference;
use crate::config::{Origin, settings};
use crate::db;
use crate::db::audit::AuditFilter;
use crate::db::refs;
use crate::model::audit::{Action, Entity, Record};
use crate::model::time::{self, Edge, for_people};
use crate::ui::{Done, Finished, Row};

#[derive(Debug, Args)]
pub struct AuditListArgs {
    /// Only those about this kind of thing
    #[arg(long, value_enum)]
    pub entity: Option<Entity>,
    /// Only those that did this
    #[arg(long, value_enum)]
    pub action: Option<Action>,
    /// Only those about the thing of this id, or of an id that begins so (8 characters or more)
    #[arg(long, value_name = "ID", value_parser = ids)]
    pub id: Option<(Uuid, Uuid)>,
    /// Only those in this project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Only those of this actor; --actor means the same here
    #[arg(long, value_name = "WHO")]
    pub by: Option<String>,
    /// Only those since then: a time in the project's zone, else the operator's, or 3d
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only those until then; a bare date includes its day
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Most entries to show
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    /// Begin behind the entry of this number: where an earlier list was cut
    #[arg(long, value_name = "SEQ")]
    pub after: Option<i64>,
    /// Check the whole chain first: that no entry was changed, dropped or inserted
    #[arg(long)]
    pub verify: bool,
}

pub(super) async fn list(app: &App, args: AuditListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let project = match &args.project {
        Some(text) => Some(reference::project(app, &mut conn, Some(text)).await?),
        None => None,
    };
    let zone = match &project {
        Some(project) => project.zone(),
        None => super::zone(app, &mut conn).await?,
    };
    let now = chrono::Utc::now();
    let read = |text: &Option<String>, edge| text.as_deref().map(|text| time::parse(text, zone, edge, now)).transpose();
    let filter = AuditFilter {
        entity: args.entity.map(|entity| entity.as_str().to_owned()),
        action: args.action.map(|action| action.as_str().to_owned()),
        entity_ids: args.id,
        project: project.map(|project| project.id),
        actor: args.by.or_else(|| flag_actor(app)),
        since: read(&args.since, Edge::Start)?,
        until: read(&args.until, Edge::End)?,
        before_seq: args.after,
        seq: None,
    };
    if args.verify {
        let whole = verify::whole(app, &mut conn, &[], false).await?;
        app.ui.note(&verify::sentence(&whole));
    }
    let limit = args.limit as usize;
    let mut rows = db::audit::list(&mut conn, &filter, i64::from(args.limit) + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let cut = rows.last().filter(|_| more);
    let cut = cut.map(|row| format!("There are more: go on with --after {}, or raise --limit.", row.seq));
    let rows: Vec<AuditLine> = rows.into_iter().map(|record| AuditLine { record, zone }).collect();
    app.ui.list(&rows, cut.as_deref());
    Ok(Done::OK)
}

/// The first and the last id that begin with `text`.
pub(super) fn ids(text: &str) -> Result<(Uuid, Uuid), String> {
    refs::id_range(text.trim()).ok_or_else(|| "expected an id, or its first 8 characters or more".to_owned())
}

/// `--actor`, where it was given as a flag: reading the log writes nothing, so that it can only be meant as a filter.
fn flag_actor(app: &App) -> Option<String> {
    let value = app.config.value(settings::ACTOR)?;
    matches!(value.origin, Origin::Flag(_)).then(|| value.text.clone())
}

/// An entry and the zone that its time is shown in.
#[derive(Debug, serde::Serialize)]
struct AuditLine {
    #[serde(flatten)]
    record: Record,
    #[serde(skip)]
    zone: Tz,
}

impl Row for AuditLine {
    const HEADERS: &'static [&'static str] = &["seq", "at", "actor", "command", "what", "id", "fields"];

    fn cells(&self) -> Vec<String> {
        let Record { seq, at, actor, host, command, entity, entity_id, action, fields, item_count, .. } = &self.record;
        let count = item_count.map(|count| format!(" ({count})")).unwrap_or_default();
        let mut names: Vec<&str> = Vec::new();
        if let Some(fields) = fields.as_object() {
            names.extend(fields.keys().map(String::as_str));
        }
        vec![
            seq.to_string(),
            for_people(*at, self.zone),
            format!("{actor} on {host}"),
            command.clone(),
            format!("{action} {entity}{count}"),
            entity_id.map(|id| id.to_string()).unwrap_or_default(),
            names.join(", "),
        ]
    }
}
