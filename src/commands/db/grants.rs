//! `db grants`

use std::path::PathBuf;

use crate::app::App;
use crate::db::Place;
use crate::db::grants::{self, Job};
use crate::error::{Error, Result};
use crate::model::text;
use crate::ui::{Done, Finished};

#[derive(Debug, clap::Args)]
pub struct GrantsArgs {
    /// The job that the role is for
    #[arg(long = "for", value_enum, value_name = "JOB")]
    pub job: Job,
    /// Name of the role, which the SQL creates where it is not there [default: photoctl_JOB]
    #[arg(long, value_name = "NAME", value_parser = role_name)]
    pub role: Option<String>,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Longest identifier of PostgreSQL, in bytes.
const LONGEST_NAME: usize = 63;

fn role_name(name: &str) -> Result<String, String> {
    match name.len() {
        0 => Err("a role has a name".to_owned()),
        length if length > LONGEST_NAME => Err(format!("a role's name has at most {LONGEST_NAME} bytes")),
        _ if name.contains('\0') => Err("a role's name has no zero byte".to_owned()),
        _ => Ok(name.to_owned()),
    }
}

/// Prints the SQL. Nothing is granted by this.
///
/// # Errors
/// On the embedded database, which has one user only.
pub async fn run(app: &App, args: &GrantsArgs) -> Finished {
    super::require_server(app)?;
    let db = app.connect(false).await?;
    let Place::Server { database, .. } = db.place() else {
        return Err(Error::usage("the embedded database has one user only"));
    };
    let schema = grants::shared_schema(&mut *db.conn().await?).await?;
    db.close().await;
    let role = args.role.clone().unwrap_or_else(|| format!("photoctl_{}", args.job.word()));
    let sql = grants::sql(args.job, &role, &database, &schema);
    match &args.to {
        None => app.ui.text("sql", &sql),
        Some(path) => {
            std::fs::write(path, &sql).map_err(|error| Error::io("write", path, error))?;
            app.ui.written_to(path, &format!("Written to {}", text::path(path)));
        }
    }
    Ok(Done::OK)
}
