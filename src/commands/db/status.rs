//! `db status`

use serde::Serialize;

use crate::app::App;
use crate::db::migrate::{self, Status};
use crate::db::{installation, server};
use crate::error::Result;
use crate::model::text::{count, size};
use crate::ui::{Done, Finished, Page, Render};

#[derive(Debug, Serialize)]
struct StatusPage {
    database: String,
    embedded: bool,
    server_version: String,
    encrypted: bool,
    read_only: bool,
    size_bytes: i64,
    pgvector: Option<String>,
    /// The store that the database remembers.
    store: Option<String>,
    #[serde(flatten)]
    schema: Status,
    up_to_date: bool,
}

impl Render for StatusPage {
    fn render(&self, page: &mut Page) {
        page.field("Database", &self.database);
        let mut server = format!("PostgreSQL {}", self.server_version);
        if self.encrypted {
            server.push_str(", encrypted");
        }
        if self.read_only {
            server.push_str(", read-only");
        }
        page.field("Server", server);
        page.field("Size", size(u64::try_from(self.size_bytes).unwrap_or(0)));
        page.field("pgvector", self.pgvector.as_deref().unwrap_or("not in this database"));
        page.field("Object store", self.store.as_deref().unwrap_or("none used yet"));
        let adopted = if self.schema.adopted { ", taken over from the web application" } else { "" };
        page.field("Schema", format!("version {}{adopted}", self.schema.schema));
        page.field_if("Needs at least", self.schema.min_version.as_ref().map(|version| format!("photoctl {version}")));
        match self.schema.pending.len() as u64 {
            0 if self.up_to_date => page.good("Up to date."),
            0 => page.bad("Made by a newer photoctl."),
            pending => page.bad(format!("{} to run: photoctl db migrate", count(pending, "migration"))),
        }
    }
}

/// Shows where the database stands. Changes nothing.
///
/// # Errors
/// When it can not be reached.
pub async fn run(app: &App) -> Finished {
    let db = app.connect(false).await?;
    let page = {
        let mut conn = db.conn().await?;
        let facts = server::facts(&mut conn).await?;
        let schema = migrate::status(&mut conn).await?;
        let up_to_date = is_current(migrate::require_current(&mut conn).await)?;
        // The store is noted in a table of ours, which an older schema may not have.
        let store = if up_to_date { installation::store_url(&mut conn).await? } else { None };
        StatusPage {
            database: db.place().to_string(),
            embedded: db.is_embedded(),
            server_version: facts.version,
            encrypted: facts.encrypted,
            read_only: facts.read_only,
            size_bytes: facts.size_bytes,
            pgvector: facts.pgvector,
            store,
            schema,
            up_to_date,
        }
    };
    app.ui.show(&page);
    db.close().await;
    Ok(Done::OK)
}

fn is_current(checked: Result<()>) -> Result<bool> {
    use crate::error::Kind;
    match checked {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), Kind::SchemaOutdated | Kind::SchemaNewer) => Ok(false),
        Err(error) => Err(error),
    }
}
