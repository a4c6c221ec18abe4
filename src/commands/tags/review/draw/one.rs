//! One face beside the selfie, or all of its photo.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Color;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{Look, picture, score};
use crate::commands::tags::review::gallery::Gallery;
use crate::commands::tags::review::session::{Session, photo as photo_name};
use crate::model::text::printable;
use crate::workflows::tags::review::{Item, View};

/// Items whose pictures are made ready: a person who decides twice a second is not to outrun a slow store.
const AHEAD: usize = 12;

/// Lines of words below the pictures.
const WORDS: u16 = 2;

pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    session: &Session,
    view: View,
    gallery: &mut Gallery,
    look: Look,
) {
    let Some(item) = session.current() else { return };
    let (left, right) = halves(Rect { height: area.height - WORDS, ..area }, look);
    let title = match view {
        View::Close => "close",
        View::Wide => "wide",
        _ => "face",
    };
    let known = if item.tag.area.is_some() { title } else { "whole photo, no face is known" };
    panel(frame, left, &format!("In {} ({known})", photo_name(item)), item, view, gallery, look);
    let selfie = format!("Selfie of {}", printable(&item.tag.user_name));
    panel(frame, right, &selfie, item, View::Selfie, gallery, look);
    let below = Rect { y: area.y + area.height - WORDS, height: WORDS, ..area };
    frame.render_widget(Paragraph::new(vec![scores(item, look), runner_up(item, look)]), below);
    // After what is shown now: that comes first.
    let ahead: Vec<&Item> = session.upcoming().skip(1).take(AHEAD).collect();
    for next in ahead {
        for (view, panel) in [(View::Face, left), (View::Selfie, right)] {
            let room = inner(panel);
            let _asked_for = gallery.get(next, view, room.width, room.height);
        }
    }
}

/// Beside each other; links, which have to stay in one line, below each other.
fn halves(area: Rect, look: Look) -> (Rect, Rect) {
    if look.pictures {
        let half = area.width / 2;
        let left = Rect { width: half.saturating_sub(1), ..area };
        return (left, Rect { x: area.x + half, width: area.width - half, ..area });
    }
    let half = area.height / 2;
    (Rect { height: half, ..area }, Rect { y: area.y + half, height: area.height - half, ..area })
}

/// A title, and the picture below it.
fn panel(frame: &mut Frame<'_>, area: Rect, title: &str, item: &Item, view: View, gallery: &mut Gallery, look: Look) {
    let title = console::truncate_str(title, usize::from(area.width), look.dots()).into_owned();
    frame.render_widget(Line::styled(title, look.bold()), Rect { height: 1, ..area });
    picture(frame, inner(area), item, view, gallery, look);
}

fn inner(panel: Rect) -> Rect {
    Rect { y: panel.y + 1, height: panel.height.saturating_sub(1), ..panel }
}

fn scores(item: &Item, look: Look) -> Line<'static> {
    let colour = match item.confirm_at {
        Some(confirm) if item.score() >= confirm => Color::Green,
        _ => Color::Yellow,
    };
    let mut spans = vec![Span::raw("Score "), score(item.score()).style(look.coloured(colour).patch(look.bold()))];
    if let (Some(review), Some(confirm)) = (item.review_at, item.confirm_at) {
        spans.push(Span::styled(format!("   asked from {review:.3}, sure from {confirm:.3}"), look.faint()));
    }
    Line::from(spans)
}

fn runner_up(item: &Item, look: Look) -> Line<'static> {
    let Some(other) = &item.tag.runner_up else {
        return Line::styled("Nobody else resembles the face.", look.faint());
    };
    let name = other.name.as_deref().map_or_else(|| "somebody else".to_owned(), printable);
    let distance = item.score() - other.score;
    let near = item.margin.is_some_and(|margin| distance < margin);
    let style = if near { look.coloured(Color::Red) } else { look.faint() };
    let close = if near { ": too near to tell by itself" } else { "" };
    Line::styled(format!("Then {name} {:.3}, {distance:.3} less{close}", other.score), style)
}

/// All of the photo with a box around the face.
pub(super) fn photo(frame: &mut Frame<'_>, area: Rect, item: &Item, gallery: &mut Gallery, look: Look) {
    let title = format!("{}: the box is who may be {}", photo_name(item), printable(&item.tag.user_name));
    panel(frame, area, &title, item, View::Whole, gallery, look);
}
