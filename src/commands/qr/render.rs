//! `qr render`

use std::path::PathBuf;

use clap::Args;

use super::output;
use crate::app::App;
use crate::error::{Error, Result};
use crate::model::audit::Action;
use crate::print::{self, Code};
use crate::ui::{Done, Finished};
use crate::workflows::qr::{self as workflow, Links, sheet};

/// Forms of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CodeFormat {
    /// Scales to any size without loss: for print.
    Svg,
    /// For screens and mails.
    Png,
    /// Half blocks, black on white.
    Terminal,
}

impl CodeFormat {
    fn word(self) -> &'static str {
        match self {
            CodeFormat::Svg => "svg",
            CodeFormat::Png => "png",
            CodeFormat::Terminal => "terminal",
        }
    }
}

#[derive(Debug, Args)]
pub struct RenderArgs {
    /// The token, its id, or the first 8 characters or more of the id
    #[arg(value_name = "TOKEN|ID")]
    pub token: String,
    /// Form of the code [default: what the name of --to ends in, else terminal]
    #[arg(long, value_enum, value_name = "FORM")]
    pub format: Option<CodeFormat>,
    /// Pixels for each module of a PNG
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub scale: u16,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

pub async fn run(app: &App, args: RenderArgs) -> Finished {
    let format = args.form();
    if format == CodeFormat::Png {
        output::require_place(app, args.to.as_deref())?;
    }
    output::require_replaceable(args.to.as_deref())?;
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let token = workflow::find(&mut conn, &args.token).await?;
    let project = workflow::project_of(&mut conn, &token).await?;
    workflow::require_open(&token, &project)?;
    let link = Links::of(&mut conn, &app.config, &project).await?.link(&token.token)?;
    drop(conn);
    let code = Code::of(&link)?;
    let bytes = match format {
        CodeFormat::Svg => print::svg(&code).into_bytes(),
        CodeFormat::Png => print::png(&code, args.scale.into())?,
        CodeFormat::Terminal => lines(app, &code, args.to.is_some())?.into_bytes(),
    };
    sheet::note(db, &app.author(), Action::Link, std::slice::from_ref(&token), format.word(), 1).await?;
    match &args.to {
        Some(to) => {
            output::write(app, Some(to), &bytes)?;
            app.ui.written_to(to, &format!("Written to {}.", output::shown(Some(to))));
        }
        None if format == CodeFormat::Png => app.ui.bytes(&bytes),
        None => app.ui.text(format.word(), &String::from_utf8_lossy(&bytes)),
    }
    Ok(Done::OK)
}

impl RenderArgs {
    fn form(&self) -> CodeFormat {
        let ending = self.to.as_ref().and_then(|to| to.extension()).map(std::ffi::OsStr::to_ascii_lowercase);
        self.format.unwrap_or(match ending.as_ref().and_then(|ending| ending.to_str()) {
            Some("svg") => CodeFormat::Svg,
            Some("png") => CodeFormat::Png,
            _ => CodeFormat::Terminal,
        })
    }
}

/// The code for a terminal. One that would be folded at its edge is none.
fn lines(app: &App, code: &Code, to_file: bool) -> Result<String> {
    let columns = print::columns_of(code, 1);
    if !to_file && app.ui.stdout_is_terminal() && app.ui.width_out().is_some_and(|width| width < columns) {
        return Err(Error::invalid(format!("the code needs {columns} columns; the terminal has fewer"))
            .hint("make the window wider, or give --format svg --to FILE"));
    }
    Ok(print::blocks(code, 1).iter().map(|line| format!("{line}\n")).collect())
}
