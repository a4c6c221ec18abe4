//! What the reviewer sees, drawn anew for each key.

mod grid;
mod one;
mod over;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::gallery::{Gallery, Shown};
use super::keys::{Over, Pages};
use super::session::{Session, Tone};
use crate::model::text::{self, count, printable, thousands};
use crate::workflows::tags::review::{Item, View};

/// The smallest window that all of it fits into.
const LEAST: (u16, u16) = (44, 14);

/// How it is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    pub colour: bool,
    pub unicode: bool,
    /// Whether the terminal shows pictures.
    pub pictures: bool,
}

impl Look {
    fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    fn faint(self) -> Style {
        if self.colour { Style::new().fg(Color::DarkGray) } else { Style::new() }
    }

    fn bar(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    fn coloured(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    fn dot(self) -> &'static str {
        if self.unicode { " · " } else { " - " }
    }

    fn dots(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, session: &Session, pages: &mut Pages, gallery: &mut Gallery, look: Look) {
    let area = frame.area();
    pages.hidden = area.width < LEAST.0 || area.height < LEAST.1;
    if pages.hidden {
        let text = format!("The window is too small: {} x {} are needed. q ends.", LEAST.0, LEAST.1);
        frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
        return;
    }
    let rows = |y: u16, height: u16| Rect { y: area.y + y, height, ..area };
    header(frame, rows(0, 1), session, look);
    let keys = keys(pages);
    let lines = wrapped(&keys, area.width);
    let footer = u16::try_from(lines.len()).unwrap_or(2).min(3);
    let notice = area.height - footer - 1;
    say(frame, rows(notice, 1), session, look);
    let lines: Vec<Line<'_>> = lines.into_iter().map(|line| Line::styled(line, look.faint())).collect();
    frame.render_widget(Paragraph::new(lines), rows(area.height - footer, footer));
    let body = rows(1, notice - 1);
    let Some(item) = session.current() else {
        nothing(frame, body, session, look);
        if matches!(pages.over, Some(Over::Help)) {
            over::draw(frame, body, session, pages, look);
        }
        return;
    };
    match (&pages.over, pages.grid.is_some()) {
        (Some(Over::Photo), _) => one::photo(frame, body, item, gallery, look),
        (_, true) => grid::draw(frame, body, session, pages, gallery, look),
        (_, false) => one::draw(frame, body, session, pages.zoom.view(), gallery, look),
    }
    if !matches!(pages.over, None | Some(Over::Photo)) {
        over::draw(frame, body, session, pages, look);
    }
}

fn header(frame: &mut Frame<'_>, area: Rect, session: &Session, look: Look) {
    let dot = look.dot();
    let left = session.current().map_or_else(
        || " Review".to_owned(),
        |item| format!(" {}{dot}{}", printable(&item.project_name), printable(&item.tag.user_name)),
    );
    let person = session.person().count();
    let mut right = format!("{} of this person{dot}{} left", thousands(person as u64), thousands(session.left()));
    if session.all_decided() > 0 {
        right = format!("{right}{dot}{} decided, {:.0}/min", thousands(session.all_decided()), session.per_minute());
    }
    let right = format!("{right} ");
    let room = usize::from(area.width).saturating_sub(console::measure_text_width(&right) + 2);
    let left = console::truncate_str(&left, room, look.dots()).into_owned();
    let gap = usize::from(area.width)
        .saturating_sub(console::measure_text_width(&left) + console::measure_text_width(&right));
    frame.render_widget(Line::styled(format!("{left}{}{right}", " ".repeat(gap)), look.bar()), area);
}

fn say(frame: &mut Frame<'_>, area: Rect, session: &Session, look: Look) {
    let (style, text) = match &session.notice {
        Some((Tone::Warning, text)) => (look.coloured(Color::Yellow).add_modifier(Modifier::BOLD), text.as_str()),
        Some((Tone::Plain, text)) => (look.coloured(Color::Green), text.as_str()),
        None if !session.is_written() => (look.faint(), "Writing."),
        None => return,
    };
    let text = console::truncate_str(text, usize::from(area.width), look.dots()).into_owned();
    frame.render_widget(Line::styled(text, style), area);
}

fn keys(pages: &Pages) -> Vec<&'static str> {
    match (&pages.over, &pages.grid) {
        (Some(Over::Photo), _) => vec!["p back", "c confirm", "r reject", "u undo", "h help", "q quit"],
        (Some(Over::Help), _) => vec!["any key goes back"],
        (Some(Over::Search { .. }), _) => vec!["type a name", "up/down choose", "Enter this one", "Esc back"],
        (Some(Over::Above { .. }), _) => {
            vec!["type a score", "Tab this person or everybody here", "Enter confirm them", "Esc back"]
        }
        (Some(Over::All { .. }), _) => vec!["y yes", "any other key no"],
        (None, Some(_)) => vec![
            "arrows move",
            "Space choose",
            "e every one",
            "c confirm",
            "r reject",
            "u undo",
            "a/x all of the person",
            "t above a score",
            "g one face",
            "h help",
            "q quit",
        ],
        (None, None) => vec![
            "c confirm",
            "r reject",
            "s skip",
            "o someone else",
            "u undo",
            "a confirm all",
            "x reject all",
            "t above a score",
            "g grid",
            "z zoom",
            "p photo",
            "h help",
            "q quit",
        ],
    }
}

/// The keys in lines that fit.
fn wrapped(keys: &[&str], width: u16) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for key in keys {
        match lines.last_mut() {
            Some(line) if line.len() + key.len() + 3 <= usize::from(width) => {
                line.push_str("   ");
                line.push_str(key);
            }
            _ => lines.push((*key).to_owned()),
        }
    }
    lines
}

fn nothing(frame: &mut Frame<'_>, area: Rect, session: &Session, look: Look) {
    let mut lines = vec![Line::default()];
    if session.is_loading() {
        lines.push(Line::raw(format!("  Looking for tags that wait{}", look.dots())));
    } else {
        lines.push(Line::styled("  Nothing is left that nobody else has before them.", look.bold()));
        lines.push(Line::default());
        let decided = count(session.all_decided(), "tag");
        lines.push(Line::raw(format!("  {decided} decided, {} skipped.", thousands(session.skipped()))));
        lines.push(Line::raw("  u takes the last step back, q ends."));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// A picture within `area`, or what there is to say in its place. `small`: without words.
fn picture(frame: &mut Frame<'_>, area: Rect, item: &Item, view: View, gallery: &mut Gallery, look: Look) {
    let words = match gallery.get(item, view, area.width, area.height) {
        Some(Shown::Painted(painted)) => return painted.show(frame, area),
        Some(Shown::File(path)) => format!("file://{}", text::path(path)),
        Some(Shown::Failed(why)) => format!("No picture: {}", printable(why)),
        None if view == View::Selfie && item.selfie.is_none() => "There is no selfie any more.".to_owned(),
        None => format!("loading{}", look.dots()),
    };
    let words = Paragraph::new(Line::styled(words, look.faint())).wrap(Wrap { trim: false });
    frame.render_widget(words, area);
}

/// `0.412`
fn score(value: f32) -> Span<'static> {
    Span::raw(format!("{value:.3}"))
}
