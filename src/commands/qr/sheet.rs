//! `qr sheet`

use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;
use serde::Serialize;

use super::output;
use crate::app::App;
use crate::commands::reference;
use crate::error::{Error, Kind, Result};
use crate::model::audit::Action;
use crate::model::project::Project;
use crate::model::qr::QrToken;
use crate::model::text::{self, count};
use crate::print::sheet::{self as paper, Grid, Paper, Sheet};
use crate::print::{Card, Fonts};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::qr::sheet::{self, CARDS_MOST, Which};
use crate::workflows::qr::{self as workflow, Links};

/// Largest font file, in bytes: that of all of Chinese, Japanese and Korean has 20 MB.
const FONT_BYTES_MOST: u64 = 100_000_000;

/// Letters that are named where no font has them.
const LETTERS_NAMED: usize = 12;

#[derive(Debug, Args)]
pub struct SheetArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Only the card of this guest
    #[arg(long, conflicts_with_all = ["reusable", "token"])]
    pub user: Option<String>,
    /// Only this token, or its id; again for more
    #[arg(long, value_name = "TOKEN|ID")]
    pub token: Vec<String>,
    /// The project's token for everybody, the same on each card
    #[arg(long)]
    pub reusable: bool,
    /// With --reusable: so many cards [default: one page]
    #[arg(long, value_name = "N", requires = "reusable", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub cards: Option<u32>,
    /// Size of the paper
    #[arg(long, value_enum, value_name = "SIZE", default_value = "a4")]
    pub paper: Paper,
    /// Cards beside each other
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub columns: u8,
    /// Cards below each other
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub rows: u8,
    /// Size of a card in mm instead, as many as the page holds: 85x55
    #[arg(long, value_name = "WIDTHxHEIGHT", conflicts_with_all = ["columns", "rows"], value_parser = size)]
    pub card: Option<(f32, f32)>,
    /// A font (TTF or OTF) for letters that the built-in one lacks; again for more. The first that has a letter is taken
    #[arg(long, value_name = "FILE")]
    pub font: Vec<PathBuf>,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

pub async fn run(app: &App, args: SheetArgs) -> Finished {
    output::require_place(app, args.to.as_deref())?;
    output::require_replaceable(args.to.as_deref())?;
    let grid = match args.card {
        Some((width, height)) => Grid::of_cards(args.paper, width, height)?,
        None => Grid::of(args.paper, args.columns.into(), args.rows.into())?,
    };
    let files = args.font.iter().map(|path| font(path)).collect::<Result<Vec<_>>>()?;
    let fonts = Fonts::new(&files)?;
    let db = app.db().await?;
    let mut conn = db.conn().await?;
    let project = reference::project(app, &mut conn, args.project.as_deref()).await?;
    let tokens = tokens(app, &mut conn, &project, &args).await?;
    let links = Links::of(&mut conn, &app.config, &project).await?;
    drop(conn);
    let copies = if args.reusable { args.cards.map_or(grid.capacity(), |cards| cards as usize) } else { 1 };
    let cards: Vec<Card> = sheet::cards(&project, &links, &tokens, copies)?;
    let printed = paper::print(&project.name, &cards, &grid, &fonts)?;
    warn(app, &printed);
    // Before: whatever ends the run, what left the house is in the log.
    sheet::note(db, &app.author(), Action::Export, &tokens, "pdf", copies).await?;
    output::write(app, args.to.as_deref(), &printed.pdf)?;
    let report = SheetReport {
        file: args.to.as_deref().map(text::path),
        cards: printed.cards as u64,
        pages: printed.pages as u64,
        cut: printed.cut as u64,
        missing: printed.missing.iter().collect(),
    };
    if args.to.is_some() {
        app.ui.show(&report);
    } else {
        app.ui.note(&report.sentence());
    }
    Ok(Done::OK)
}

async fn tokens(
    app: &App,
    conn: &mut crate::db::PgConnection,
    project: &Project,
    args: &SheetArgs,
) -> Result<Vec<QrToken>> {
    if args.token.is_empty() {
        workflow::require_not_over(project, Utc::now())?;
        let which = match &args.user {
            _ if args.reusable => Which::Poster,
            Some(user) => Which::Each { user: Some(reference::user(app, conn, Some(user)).await?.id) },
            None => Which::Each { user: None },
        };
        return sheet::tokens(conn, project, which).await;
    }
    let mut tokens: Vec<QrToken> = Vec::new();
    for word in &args.token {
        let token = workflow::find(conn, word).await?;
        if token.project_id != project.id {
            let shown = text::quoted(&project.name);
            return Err(Error::invalid(format!("token {} is not one of project {shown}", token.id)));
        }
        workflow::require_open(&token, project)?;
        if token.reusable != args.reusable {
            let hint = if args.reusable { "leave --reusable out" } else { "give --reusable" };
            return Err(Error::invalid(format!("token {} is of the other kind", token.id)).hint(hint));
        }
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    if args.reusable && tokens.len() > 1 {
        return Err(Error::usage("--reusable prints one token for all cards; several are given"));
    }
    if tokens.len() > CARDS_MOST {
        return Err(Error::new(Kind::Limit, format!("a sheet has {CARDS_MOST} cards at most")));
    }
    Ok(tokens)
}

fn warn(app: &App, printed: &Sheet) {
    if printed.cut > 0 {
        let cards = count(printed.cut as u64, "card");
        let texts: Vec<&str> = printed.cut_texts.iter().copied().collect();
        app.ui.warn(&format!("too long and cut, with an ellipsis, on {cards}: {}", texts.join(", ")));
    }
    if !printed.missing.is_empty() {
        let named = printed.missing.iter().take(LETTERS_NAMED).map(|c| format!("{c} (U+{:04X})", u32::from(*c)));
        let named: Vec<String> = named.collect();
        let more = if printed.missing.len() > LETTERS_NAMED { " and others" } else { "" };
        app.ui.warn(&format!("no font has {}{more}: boxes are printed in their place", named.join(", ")));
        app.ui.note("--font FILE gives a font that has them, such as one of Noto.");
    }
}

fn font(path: &Path) -> Result<Vec<u8>> {
    let failed = |error| Error::io("read the font", path, error);
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > FONT_BYTES_MOST {
        return Err(Error::new(Kind::BadFile, format!("{} is too large for a font", text::path(path))));
    }
    std::fs::read(path).map_err(failed)
}

/// `85x55`, in millimetres.
fn size(text: &str) -> Result<(f32, f32), String> {
    let read = || {
        let (width, height) = text.trim().trim_end_matches("mm").split_once(['x', 'X', '×'])?;
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    };
    read().ok_or_else(|| "a width and a height in mm, such as 85x55".to_owned())
}

#[derive(Debug, Serialize)]
struct SheetReport {
    file: Option<String>,
    cards: u64,
    pages: u64,
    /// Cards on which a name, or the dates, had to be cut.
    cut: u64,
    /// Letters that no font has.
    missing: String,
}

impl SheetReport {
    fn sentence(&self) -> String {
        let file = self.file.as_ref().map(|file| format!(" in {file}")).unwrap_or_default();
        format!("{} on {}{file}.", count(self.cards, "card"), count(self.pages, "page"))
    }
}

impl Render for SheetReport {
    fn render(&self, page: &mut Page) {
        page.line(self.sentence());
    }
}
