//! `selfie check`

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::show;
use crate::app::App;
use crate::error::Exit;
use crate::model::status::SelfieStatus;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::selfies::check::{Checked, check};
use crate::workflows::selfies::engine::Engine;

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Pictures to look at
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// Needs no consent: the file is that of whoever runs it, belongs to no user, and is compared with nobody.
pub fn run(app: &App, args: &CheckArgs) -> Finished {
    let engine = Engine::load(&app.config)?;
    let mut checked = Vec::with_capacity(args.files.len());
    for file in &args.files {
        app.cancel.check()?;
        checked.push(check(&engine, file)?);
    }
    let good = checked.iter().filter(|one| one.status == SelfieStatus::Approved).count();
    let refused = checked.len().saturating_sub(good) as u64;
    let ok = refused == 0;
    app.ui.report(&CheckReport { ok, good: good as u64, refused, items: checked });
    if ok { Ok(Done::OK) } else { Ok(Done(Exit::SomeFailed)) }
}

#[derive(Debug, Serialize)]
struct CheckReport {
    ok: bool,
    good: u64,
    refused: u64,
    items: Vec<Checked>,
}

impl Render for CheckReport {
    fn render(&self, page: &mut Page) {
        for one in &self.items {
            page.heading(&one.file);
            match &one.reason {
                None => page.good("A good selfie."),
                Some(reason) => page.bad(reason),
            }
            page.field_if("Pixels", one.width.zip(one.height).map(|(width, height)| format!("{width} x {height}")));
            page.field("Faces", one.faces.len().to_string());
            if let Some(face) = one.faces.first() {
                show::quality(page, &face.quality);
            }
            page.gap();
        }
    }
}
