//! The review on a screen of its own.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::MissedTickBehavior;

use super::draw::{self, Look};
use super::gallery::Gallery;
use super::keys::{self, Pages};
use super::session::Session;
use super::work::{Told, Work, hear};
use crate::app::App;
use crate::config::settings;
use crate::error::{Error, Kind, Result};
use crate::ui::stage::{Input, Pictures, Stage};
use crate::ui::{panics, signals};
use crate::workflows::tags::review::{Desk, Shelf};

/// Why the work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Quit,
    Interrupted,
}

struct Screen<'a> {
    app: &'a App,
    stage: Stage,
    session: Session,
    pages: Pages,
    gallery: Gallery,
    work: Work,
    look: Look,
}

/// Works until the reviewer ends it. The session tells what came of it.
///
/// # Errors
/// When there is no screen, or the terminal has gone away.
pub async fn run(app: &App, desk: Desk, shelf: Shelf) -> Result<(Session, End)> {
    let wanted: Pictures = app.config.parse(settings::PICTURES)?.unwrap_or_default();
    let (work, heard) = Work::begin(app, desk).await?;
    let told = work.told();
    let said = move |input| drop(told.send(Told::Input(input)));
    let stage = tokio::task::block_in_place(|| app.ui.stage(wanted, said))?;
    let gallery = Gallery::new(shelf, stage.painter().clone())?;
    let look = Look { colour: stage.has_colour(), unicode: app.ui.has_unicode(), pictures: stage.painter().shows() };
    let session = Session::new();
    let mut screen = Screen { app, stage, session, pages: Pages::default(), gallery, work, look };
    let end = screen.work(heard).await;
    let Screen { session, stage, work, .. } = screen;
    drop(stage);
    // Where that fails, the lease runs out.
    let _given_back = work.hold().release().await;
    end.map(|end| (session, end))
}

impl Screen<'_> {
    async fn work(&mut self, mut heard: UnboundedReceiver<Told>) -> Result<End> {
        let mut renewal = tokio::time::interval(self.work.hold().interval());
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        renewal.tick().await;
        let mut end = None;
        // Why nothing can be shown any more: then only what was decided is written yet.
        let mut blind = None;
        let mut hung_up = std::pin::pin!(signals::hung_up());
        loop {
            if self.work.begin_all(std::mem::take(&mut self.session.effects)) {
                end = Some(End::Quit);
            }
            // What was decided is written before the end.
            if let Some(end) = end.filter(|_| self.session.is_written()) {
                return blind.map_or(Ok(end), Err);
            }
            if blind.is_none()
                && let Err(error) = self.draw()
            {
                blind = Some(error);
                end = Some(End::Interrupted);
                continue;
            }
            tokio::select! {
                told = heard.recv() => {
                    let Some(told) = told else { return Ok(End::Quit) };
                    blind = blind.or(self.hear(told, &mut end));
                    // All that has come is shown together.
                    while let Ok(told) = heard.try_recv() {
                        blind = blind.or(self.hear(told, &mut end));
                    }
                }
                _ = renewal.tick() => {
                    self.work.renew(&self.session);
                    self.session.look_again();
                    self.gallery.forget_failures();
                }
                () = self.app.cancel.requested(), if end.is_none() => end = Some(End::Interrupted),
                () = &mut hung_up, if end.is_none() => end = Some(End::Interrupted),
            }
        }
    }

    /// What was heard. An error ends the work: nothing can be shown any more.
    fn hear(&mut self, told: Told, end: &mut Option<End>) -> Option<Error> {
        let is_key = matches!(told, Told::Input(_));
        let front = self.session.current().map(|item| item.tag.id);
        match hear(&mut self.session, told) {
            Some(Told::Picture(wanted, shown)) => self.gallery.put(wanted, shown),
            Some(Told::Input(Input::Key(key))) if is_interrupt(key) => drop(self.app.cancel.request()),
            Some(Told::Input(Input::Key(key))) if end.is_none() && !self.pages.is_unseen(key) => {
                keys::press(&mut self.session, &mut self.pages, key);
            }
            Some(Told::Input(Input::Gone)) => {
                *end = Some(End::Interrupted);
                return Some(Error::new(Kind::Interrupted, "the terminal has gone away"));
            }
            _ => {}
        }
        if !is_key && front.is_some() && front != self.session.current().map(|item| item.tag.id) {
            // What was typed is about the face that was there.
            self.pages.face_went();
        }
        None
    }

    fn draw(&mut self) -> Result<()> {
        let (session, pages, gallery, look) = (&self.session, &mut self.pages, &mut self.gallery, self.look);
        if !self.stage.draw(|frame| draw::draw(frame, session, pages, gallery, look))? {
            return Err(panics::defect("a part of it failed while tags were reviewed"));
        }
        self.pages.seen();
        let told = self.work.told();
        self.gallery.begin(&move |wanted, shown| drop(told.send(Told::Picture(wanted, shown))));
        Ok(())
    }
}

/// In raw mode Ctrl-C is a key.
fn is_interrupt(key: KeyEvent) -> bool {
    key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)
}
