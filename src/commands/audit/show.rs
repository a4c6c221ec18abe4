//! `audit show`

use chrono_tz::Tz;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::list::ids;
use crate::app::App;
use crate::db::PgConnection;
use crate::db::audit::{self, AuditFilter};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Record;
use crate::model::text::quoted;
use crate::model::time::for_people;
use crate::ui::{Done, Finished, Page, Render};

/// Most entries of one thing that are shown, the newest ones.
const MOST: i64 = 10_000;

#[derive(Debug, Args)]
pub struct AuditShowArgs {
    /// Number of an entry; or the id of a thing, or its first 8 characters or more, for all its entries, oldest first
    #[arg(value_name = "SEQ|ID")]
    pub which: String,
}

pub(super) async fn show(app: &App, args: AuditShowArgs) -> Finished {
    let conn = &mut app.db().await?.conn().await?;
    let zone = super::zone(app, conn).await?;
    let which = args.which.trim();
    if let Ok(seq) = which.parse::<i64>() {
        let filter = AuditFilter { seq: Some(seq), ..AuditFilter::default() };
        if let Some(record) = audit::list(conn, &filter, 1).await?.pop() {
            app.ui.show(&Entries { records: One::Only(Box::new(record)), zone });
            return Ok(Done::OK);
        }
    }
    let records = history(conn, which).await?;
    app.ui.report(&Entries { records: One::Many(records), zone });
    Ok(Done::OK)
}

/// All that was done to the thing that `which` means, the oldest first.
async fn history(conn: &mut PgConnection, which: &str) -> Result<Vec<Record>> {
    let none = || Error::new(Kind::NotFound, format!("the audit log has no entry {}", quoted(which)));
    let range = ids(which).map_err(|_| {
        none().hint("name the number of an entry, or the id of a thing by its first 8 characters or more")
    })?;
    let filter = AuditFilter { entity_ids: Some(range), ..AuditFilter::default() };
    let mut records = audit::list(conn, &filter, MOST).await?;
    let first = records.first().and_then(|record| record.entity_id).ok_or_else(none)?;
    if let Some(other) = records.iter().filter_map(|record| record.entity_id).find(|id| *id != first) {
        return Err(Error::new(Kind::Ambiguous, format!("{} begins several ids", quoted(which)))
            .hint(format!("two of them: {first} and {other}")));
    }
    records.reverse();
    Ok(records)
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum One {
    Only(Box<Record>),
    Many(Vec<Record>),
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Entries {
    records: One,
    #[serde(skip)]
    zone: Tz,
}

impl Render for Entries {
    fn render(&self, page: &mut Page) {
        let records: Vec<&Record> = match &self.records {
            One::Only(record) => vec![record],
            One::Many(records) => records.iter().collect(),
        };
        for (at, record) in records.into_iter().enumerate() {
            if at > 0 {
                page.gap();
            }
            entry(page, record, self.zone);
        }
    }
}

fn entry(page: &mut Page, record: &Record, zone: Tz) {
    page.heading(format!("Entry {}: {} {}", record.seq, record.action, record.entity));
    page.field("At", for_people(record.at, zone));
    page.field("By", format!("{} on {}", record.actor, record.host));
    page.field("Command", &record.command);
    page.field_if("Id", record.entity_id.map(|id| id.to_string()));
    page.field_if("Project", record.project_id.map(|id| id.to_string()));
    page.field_if("Items", record.item_count.map(|count| count.to_string()));
    page.field_if("Items digest", record.items_digest.map(|digest| digest.to_string()));
    for (name, sides) in record.fields.as_object().into_iter().flatten() {
        let side = |name: &str| sides.get(name).map_or_else(|| "(none)".to_owned(), value);
        page.field(name, format!("{} -> {}", side("before"), side("after")));
    }
    page.field("Hash", record.hash.to_string());
    page.field("Hash before", record.previous_hash.to_string());
}

fn value(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
