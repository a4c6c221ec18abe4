//! The review in plain lines, for a terminal that can do no more: words, and links to files that only this user can
//! read, which are removed at the end.

use std::collections::BTreeSet;
use std::path::Path;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Interval, MissedTickBehavior};

use super::gallery::{private_folder, write};
use super::screen::End;
use super::session::{Session, Tone, person_and_photo};
use super::work::{Told, Work, hear};
use crate::app::App;
use crate::error::Result;
use crate::model::ids::TagId;
use crate::model::status::Verdict;
use crate::model::text::{self, printable, thousands};
use crate::ui::signals;
use crate::workflows::tags::review::{Desk, Item, Shelf, View};

const KEYS: &str = "c confirm, r reject, s skip, u undo, q quit; then Enter:";

struct Plain<'a> {
    app: &'a App,
    session: Session,
    work: Work,
    heard: UnboundedReceiver<Told>,
    renewal: Interval,
}

/// What was waited for.
enum Came {
    /// A line; `None` at the end of the input.
    Line(Option<String>),
    Something,
    Interrupted,
}

/// Works until the reviewer ends it.
///
/// # Errors
/// When no folder for the pictures can be made.
pub async fn run(app: &App, desk: Desk, shelf: Shelf) -> Result<(Session, End)> {
    let folder = private_folder()?;
    let (work, heard) = Work::begin(app, desk).await?;
    let mut renewal = tokio::time::interval(work.hold().interval());
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut plain = Plain { app, session: Session::new(), work, heard, renewal };
    let end = plain.work(&shelf, folder.path()).await;
    // What was decided is written before the end.
    while !plain.session.is_written() {
        if let Some(told) = plain.heard.recv().await {
            let _nobody_is_asked_any_more = hear(&mut plain.session, told);
        }
    }
    plain.tell();
    let _given_back = plain.work.hold().release().await;
    // Nothing came because it could not be had: that is not the end of the work.
    match plain.session.failed.take() {
        Some(error) if plain.session.current().is_none() && end == End::Quit => Err(error),
        _ => Ok((plain.session, end)),
    }
}

impl Plain<'_> {
    async fn work(&mut self, shelf: &Shelf, folder: &Path) -> End {
        let mut lines = lines();
        loop {
            self.work.begin_all(std::mem::take(&mut self.session.effects));
            self.tell();
            let Some(item) = self.session.current().cloned() else {
                if !self.session.is_loading() && self.session.is_written() {
                    if self.session.failed.is_some() {
                        return End::Quit;
                    }
                    self.app.ui.aside("Nothing is left that nobody else has before them.");
                    return End::Quit;
                }
                match self.wait(None).await {
                    Came::Interrupted => return End::Interrupted,
                    Came::Something | Came::Line(_) => continue,
                }
            };
            self.show(&item, shelf, folder).await;
            loop {
                match self.wait(Some(&mut lines)).await {
                    Came::Interrupted => return End::Interrupted,
                    Came::Line(None) => return End::Quit,
                    Came::Line(Some(line)) => match self.answer(line.trim(), item.tag.id) {
                        Some(true) => return End::Quit,
                        Some(false) => break,
                        None => self.app.ui.aside(KEYS),
                    },
                    // What is before the reviewer may have gone meanwhile.
                    Came::Something if self.session.current().map(|now| now.tag.id) != Some(item.tag.id) => break,
                    Came::Something => self.tell(),
                }
            }
        }
    }

    /// Whether that ends it. `None`: it means nothing.
    fn answer(&mut self, line: &str, tag: TagId) -> Option<bool> {
        match line {
            "c" => self.session.decide(&BTreeSet::from([tag]), Verdict::Confirmed),
            "r" => self.session.decide(&BTreeSet::from([tag]), Verdict::Rejected),
            "s" => self.session.skip(),
            "u" => self.session.undo(),
            "q" => return Some(true),
            _ => return None,
        }
        Some(false)
    }

    async fn wait(&mut self, lines: Option<&mut UnboundedReceiver<String>>) -> Came {
        let line = async {
            match lines {
                Some(lines) => lines.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            told = self.heard.recv() => {
                if let Some(told) = told {
                    let _no_keys_and_no_pictures_here = hear(&mut self.session, told);
                }
                Came::Something
            }
            line = line => Came::Line(line),
            _ = self.renewal.tick() => {
                self.work.renew(&self.session);
                Came::Something
            }
            () = self.app.cancel.requested() => Came::Interrupted,
            () = signals::hung_up() => Came::Interrupted,
        }
    }

    fn tell(&mut self) {
        match self.session.notice.take() {
            Some((Tone::Warning, text)) => self.app.ui.warn(&text),
            Some((Tone::Plain, text)) => self.app.ui.aside(&text),
            None => {}
        }
    }

    async fn show(&self, item: &Item, shelf: &Shelf, folder: &Path) {
        let person = thousands(self.session.person().count() as u64);
        let left = thousands(self.session.left());
        let mut lines = vec![
            String::new(),
            format!("{} ({person} of this person, {left} left)", person_and_photo(item)),
            scores(item),
        ];
        for (name, view) in [("Face:  ", View::Face), ("Selfie:", View::Selfie), ("Photo: ", View::Whole)] {
            lines.push(format!("{name} {}", link(item, view, shelf, folder).await));
        }
        lines.push(KEYS.to_owned());
        self.app.ui.aside(&lines.join("\n"));
    }
}

fn scores(item: &Item) -> String {
    let mut text = format!("Score {:.3}", item.score());
    if let (Some(review), Some(confirm)) = (item.review_at, item.confirm_at) {
        text = format!("{text}, asked from {review:.3}, sure from {confirm:.3}");
    }
    if let Some(other) = &item.tag.runner_up {
        let name = other.name.as_deref().map_or_else(|| "somebody else".to_owned(), printable);
        text = format!("{text}; then {name} {:.3}", other.score);
    }
    text
}

async fn link(item: &Item, view: View, shelf: &Shelf, folder: &Path) -> String {
    let Some(name) = view.of(item) else { return "there is none any more".to_owned() };
    let picture = shelf.picture(item, view).await;
    match picture.and_then(|picture| write(folder, &name, &picture)) {
        Ok(path) => format!("file://{}", text::path(&path)),
        Err(error) => format!("no picture: {}", printable(error.message())),
    }
}

/// The lines that are typed. A thread of its own reads them: nothing else can be told while it waits, and it ends with
/// the process.
fn lines() -> UnboundedReceiver<String> {
    let (typed, lines) = unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if typed.send(line).is_err() {
                return;
            }
        }
    });
    lines
}
