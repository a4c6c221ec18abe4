//! `db shell`

use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::app::App;
use crate::config::settings;
use crate::db::Db;
use crate::db::shell::{self, ResultSet};
use crate::error::{Error, Kind, Result};
use crate::model::text::count;
use crate::ui::{Done, Finished};

#[derive(Debug, clap::Args)]
pub struct ShellArgs {
    /// Run this instead of asking; in json and csv its last rows are the answer
    #[arg(long, short, value_name = "SQL")]
    pub execute: Option<String>,
}

/// Runs SQL.
///
/// # Errors
/// What the database says; where there is no `psql` for a server, how to go on without.
pub async fn run(app: &App, args: &ShellArgs) -> Finished {
    app.ui.target(&app.target(false));
    unaudited(app);
    if let Some(sql) = &args.execute {
        let db = app.connect(false).await?;
        let sets = run_sql(&db, sql).await?;
        db.close().await;
        show(app, &sets);
        return Ok(Done::OK);
    }
    match app.config.get(settings::DATABASE_URL) {
        Some(url) => psql(url),
        None => prompt(app).await,
    }
}

async fn run_sql(db: &Db, sql: &str) -> Result<Vec<ResultSet>> {
    let result = shell::execute(&mut *db.conn().await?, sql).await;
    match result {
        Ok(sets) => Ok(sets),
        Err(error) => Err(db.explain(error).await),
    }
}

/// All answers for people, the last one with rows for machines.
fn show(app: &App, sets: &[ResultSet]) {
    if app.ui.format() != crate::ui::Format::Human {
        let last = sets.iter().rev().find(|set| !set.columns.is_empty()).cloned().unwrap_or_default();
        app.ui.records(&last.columns, &last.rows);
        return;
    }
    for set in sets {
        if set.columns.is_empty() {
            app.ui.note(&count(set.count, "row"));
        } else {
            app.ui.records(&set.columns, &set.rows);
            app.ui.note(&count(set.rows.len() as u64, "row"));
        }
    }
}

/// Becomes `psql`. The password goes by the environment: a command line is seen by everybody on the machine.
fn psql(url: &str) -> Finished {
    let unreadable = || Error::new(Kind::Config, "DATABASE_URL cannot be read");
    let mut url = url::Url::parse(url).map_err(|_| unreadable())?;
    let mut command = Command::new("psql");
    let mut password = url.password().map(decoded);
    let pairs: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    // A URL without a host can have no password either, and refuses even that none is set.
    if password.is_some() {
        url.set_password(None).map_err(|()| unreadable())?;
    }
    url.set_query(None);
    for (name, value) in pairs {
        match name.as_str() {
            "password" => password = Some(value),
            // What sqlx calls so and libpq does not know.
            "statement-cache-capacity" => {}
            "ssl-mode" => drop(url.query_pairs_mut().append_pair("sslmode", &value)),
            "ssl-root-cert" => drop(url.query_pairs_mut().append_pair("sslrootcert", &value)),
            "ssl-cert" => drop(url.query_pairs_mut().append_pair("sslcert", &value)),
            "ssl-key" => drop(url.query_pairs_mut().append_pair("sslkey", &value)),
            _ => drop(url.query_pairs_mut().append_pair(&name, &value)),
        }
    }
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    command.env_remove(settings::DATABASE_URL.env[0]).args(["--dbname", url.as_str()]);
    let error = command.exec();
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    let error = Error::new(Kind::Failed, "psql does not start").with_source(error);
    Err(if missing {
        error
            .hint("install PostgreSQL's client (Debian: apt install postgresql-client)")
            .hint("or give the statement: photoctl db shell --execute \"select ...\"")
    } else {
        error
    })
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn unaudited(app: &App) {
    app.ui.note("What is changed here is not in the audit log.");
}

/// A plain prompt on the embedded database; off a terminal, the whole of stdin is run.
async fn prompt(app: &App) -> Finished {
    let db = app.connect(false).await?;
    if !app.ui.can_ask() {
        let sql = std::io::read_to_string(std::io::stdin())
            .map_err(|error| Error::new(Kind::Io, "cannot read SQL from stdin").with_source(error))?;
        let sets = run_sql(&db, &sql).await?;
        db.close().await;
        show(app, &sets);
        return Ok(Done::OK);
    }
    app.ui.note("End a statement with ; and leave with \\q or Ctrl-D.");
    let mut statement = String::new();
    loop {
        let prompt = if statement.is_empty() { "photoctl=> " } else { "photoctl-> " };
        let Some(line) = app.ui.read_line(prompt)? else { break };
        if statement.is_empty() && matches!(line.trim(), "\\q" | "exit" | "quit") {
            break;
        }
        statement.push_str(&line);
        statement.push('\n');
        if statement.trim().is_empty() {
            statement.clear();
        } else if statement.trim_end().ends_with(';') {
            match run_sql(&db, &std::mem::take(&mut statement)).await {
                Ok(sets) => show(app, &sets),
                Err(error) => app.ui.error(&error),
            }
        }
    }
    db.close().await;
    Ok(Done::OK)
}
