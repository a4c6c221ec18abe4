//! What the keys mean, on each page of the screen.

use std::collections::BTreeSet;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::session::{Effect, Session, found};
use crate::model::ids::TagId;
use crate::model::status::Verdict;
use crate::workflows::tags::review::View;

/// People that are offered at a time.
pub const OFFERED: usize = 8;

/// What the screen shows.
#[derive(Debug, Default)]
pub struct Pages {
    /// One face beside the selfie, or many of one person.
    pub grid: Option<Grid>,
    /// How near the face is shown.
    pub zoom: Zoom,
    /// What lies above it.
    pub over: Option<Over>,
    /// The face before the reviewer went without their doing, and they have not seen the next one yet.
    moved: bool,
    /// The window is too small to show anything.
    pub hidden: bool,
}

impl Pages {
    /// The face went that was before the reviewer.
    pub fn face_went(&mut self) {
        self.moved = true;
        if matches!(self.over, Some(Over::Search { .. } | Over::Above { .. })) {
            self.over = None;
        }
    }

    /// What is before the reviewer is on the screen now.
    pub fn seen(&mut self) {
        self.moved = false;
    }

    /// Whether a key would be about what the reviewer has not seen. To leave is always meant.
    #[must_use]
    pub fn is_unseen(&self, key: KeyEvent) -> bool {
        (self.moved || self.hidden) && !(key.code == KeyCode::Char('q') && self.over.is_none())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zoom {
    #[default]
    Usual,
    Close,
    Wide,
}

#[derive(Debug, Default)]
pub struct Grid {
    pub cursor: usize,
    pub chosen: BTreeSet<TagId>,
    /// Faces beside each other and on the screen, as it was drawn last.
    pub columns: usize,
    pub shown: usize,
}

#[derive(Debug)]
pub enum Over {
    /// All of the photo.
    Photo,
    Help,
    /// Who it is, in place of this one.
    Search {
        query: String,
        cursor: usize,
    },
    /// From which score on; of this person, or of all that is here.
    Above {
        text: String,
        everybody: bool,
    },
    /// All of this person?
    All {
        verdict: Verdict,
        tags: BTreeSet<TagId>,
    },
}

impl Zoom {
    #[must_use]
    pub fn view(self) -> View {
        match self {
            Zoom::Usual => View::Face,
            Zoom::Close => View::Close,
            Zoom::Wide => View::Wide,
        }
    }

    fn next(self) -> Self {
        match self {
            Zoom::Usual => Zoom::Close,
            Zoom::Close => Zoom::Wide,
            Zoom::Wide => Zoom::Usual,
        }
    }
}

/// Does what the key means.
pub fn press(session: &mut Session, pages: &mut Pages, key: KeyEvent) {
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return;
    }
    match pages.over.take() {
        Some(Over::Search { query, cursor }) => search(session, pages, key.code, query, cursor),
        Some(Over::Above { text, everybody }) => above(session, pages, key.code, text, everybody),
        Some(Over::All { verdict, tags }) => {
            if matches!(key.code, KeyCode::Char('y' | 'Y')) {
                session.decide(&tags, verdict);
            }
        }
        Some(Over::Help) => {}
        Some(Over::Photo) if matches!(key.code, KeyCode::Char('p' | ' ') | KeyCode::Esc | KeyCode::Enter) => {}
        Some(Over::Photo) | None => {
            let before = session.current().map(|item| item.tag.id);
            if !choose(session, pages, key.code) {
                common(session, pages, key.code);
            }
            if session.current().map(|item| item.tag.id) != before {
                pages.zoom = Zoom::Usual;
            }
        }
    }
    if let Some(grid) = &mut pages.grid {
        let here: BTreeSet<TagId> = session.person().map(|item| item.tag.id).collect();
        grid.chosen.retain(|tag| here.contains(tag));
        grid.cursor = grid.cursor.min(here.len().saturating_sub(1));
    }
}

/// The keys of many faces. Whether it was one of them.
fn choose(session: &mut Session, pages: &mut Pages, key: KeyCode) -> bool {
    let Some(grid) = &mut pages.grid else { return false };
    let tags: Vec<TagId> = session.person().map(|item| item.tag.id).collect();
    let last = tags.len().saturating_sub(1);
    let row = grid.columns.max(1);
    match key {
        KeyCode::Left => grid.cursor = grid.cursor.saturating_sub(1),
        KeyCode::Right => grid.cursor = (grid.cursor + 1).min(last),
        KeyCode::Up => grid.cursor = grid.cursor.saturating_sub(row),
        KeyCode::Down => grid.cursor = (grid.cursor + row).min(last),
        KeyCode::PageUp => grid.cursor = grid.cursor.saturating_sub(grid.shown.max(1)),
        KeyCode::PageDown => grid.cursor = (grid.cursor + grid.shown.max(1)).min(last),
        KeyCode::Home => grid.cursor = 0,
        KeyCode::End => grid.cursor = last,
        KeyCode::Char(' ') => {
            if let Some(tag) = tags.get(grid.cursor)
                && !grid.chosen.remove(tag)
            {
                grid.chosen.insert(*tag);
            }
            grid.cursor = (grid.cursor + 1).min(last);
        }
        KeyCode::Char('e') if grid.chosen.len() == tags.len() => grid.chosen.clear(),
        KeyCode::Char('e') => grid.chosen = tags.into_iter().collect(),
        KeyCode::Char(letter @ ('c' | 'r')) => {
            let chosen = std::mem::take(&mut grid.chosen);
            let one = || tags.get(grid.cursor).copied().into_iter().collect();
            let which = if chosen.is_empty() { one() } else { chosen };
            session.decide(&which, if letter == 'c' { Verdict::Confirmed } else { Verdict::Rejected });
        }
        KeyCode::Char('g') | KeyCode::Esc => pages.grid = None,
        // These are about the one that is shown large.
        KeyCode::Char('s' | 'o' | 'z' | 'p') => {}
        _ => return false,
    }
    true
}

/// The keys of one face, and those that mean the same everywhere.
fn common(session: &mut Session, pages: &mut Pages, key: KeyCode) {
    let one = |session: &Session| session.current().map(|item| item.tag.id).into_iter().collect();
    match key {
        KeyCode::Char('c') => session.decide(&one(session), Verdict::Confirmed),
        KeyCode::Char('r') => session.decide(&one(session), Verdict::Rejected),
        KeyCode::Char('s' | ' ') => session.skip(),
        KeyCode::Char('u') | KeyCode::Backspace => session.undo(),
        KeyCode::Char('q') => session.effects.push(Effect::Quit),
        KeyCode::Char('h' | '?') => pages.over = Some(Over::Help),
        _ if session.current().is_none() => {}
        KeyCode::Char('z') => pages.zoom = pages.zoom.next(),
        KeyCode::Char('p') => pages.over = Some(Over::Photo),
        KeyCode::Char('g') => pages.grid = Some(Grid::default()),
        KeyCode::Char('o') => {
            session.want_members();
            pages.over = Some(Over::Search { query: String::new(), cursor: 0 });
        }
        KeyCode::Char('t') => {
            let text = session.current().map(|item| format!("{:.3}", item.score())).unwrap_or_default();
            pages.over = Some(Over::Above { text, everybody: false });
        }
        KeyCode::Char(letter @ ('a' | 'x')) => {
            let tags = session.person().map(|item| item.tag.id).collect();
            let verdict = if letter == 'a' { Verdict::Confirmed } else { Verdict::Rejected };
            pages.over = Some(Over::All { verdict, tags });
        }
        _ => {}
    }
}

fn search(session: &mut Session, pages: &mut Pages, key: KeyCode, mut query: String, mut cursor: usize) {
    let Some((project, but)) = session.current().map(Session::place) else { return };
    match key {
        KeyCode::Esc => return,
        KeyCode::Enter => {
            let members = session.members(project).unwrap_or_default();
            let chosen = found(members, &query, but, OFFERED).get(cursor).map(|who| (*who).clone());
            if let Some(who) = chosen {
                return session.someone_else(&who);
            }
        }
        KeyCode::Up => cursor = cursor.saturating_sub(1),
        KeyCode::Down => {
            let hits = found(session.members(project).unwrap_or_default(), &query, but, OFFERED).len();
            cursor = (cursor + 1).min(hits.saturating_sub(1));
        }
        KeyCode::Backspace => {
            query.pop();
            cursor = 0;
        }
        KeyCode::Char(letter) if query.chars().count() < 60 => {
            query.push(letter);
            cursor = 0;
        }
        _ => {}
    }
    pages.over = Some(Over::Search { query, cursor });
}

fn above(session: &mut Session, pages: &mut Pages, key: KeyCode, mut text: String, mut everybody: bool) {
    match key {
        KeyCode::Esc => return,
        KeyCode::Enter => {
            let tags = above_of(session, &text, everybody);
            if !tags.is_empty() {
                return session.decide(&tags, Verdict::Confirmed);
            }
        }
        KeyCode::Tab => everybody = !everybody,
        KeyCode::Backspace => drop(text.pop()),
        KeyCode::Char(letter @ ('0'..='9' | '.')) if text.len() < 6 => text.push(letter),
        _ => {}
    }
    pages.over = Some(Over::Above { text, everybody });
}

/// The tags with such a score or a better one, as it is shown: of this person, or of everybody who is here.
#[must_use]
pub fn above_of(session: &Session, text: &str, everybody: bool) -> BTreeSet<TagId> {
    let Ok(least) = text.parse::<f32>() else { return BTreeSet::new() };
    let group = session.current().map(|item| item.group());
    let meant = session.upcoming().filter(|item| everybody || Some(item.group()) == group);
    // The score is shown with three digits, and what is shown counts.
    meant.filter(|item| (item.score() * 1000.0).round() / 1000.0 >= least - 1e-6).map(|item| item.tag.id).collect()
}
