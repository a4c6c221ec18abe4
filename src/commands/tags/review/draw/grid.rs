//! Many faces of one person, the doubtful ones first.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::Line;

use super::{Look, picture};
use crate::commands::tags::review::gallery::Gallery;
use crate::commands::tags::review::keys::Pages;
use crate::commands::tags::review::session::{Session, photo};
use crate::model::text::{printable, thousands};
use crate::workflows::tags::review::{Item, View};

/// Columns and rows of a face with its line below.
const CELL: (u16, u16) = (16, 8);

/// Columns of the selfie, where the window is wide enough for it.
const SELFIE: u16 = 28;

pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    session: &Session,
    pages: &mut Pages,
    gallery: &mut Gallery,
    look: Look,
) {
    let Some(grid) = &mut pages.grid else { return };
    let items: Vec<&Item> = session.person().collect();
    let Some(first) = items.first() else { return };
    let selfie = if area.width >= SELFIE + 3 * CELL.0 { SELFIE } else { CELL.0 };
    let words = Rect { height: 1, ..area };
    let title = format!(
        "{} chosen of {}   {}",
        thousands(grid.chosen.len() as u64),
        thousands(items.len() as u64),
        items.get(grid.cursor).map(|item| photo(item)).unwrap_or_default(),
    );
    let title = console::truncate_str(&title, usize::from(area.width), look.dots()).into_owned();
    frame.render_widget(Line::styled(title, look.bold()), words);
    let beside = Rect { y: area.y + 1, height: area.height - 1, width: selfie - 1, ..area };
    let name = format!("Selfie of {}", printable(&first.tag.user_name));
    let name = console::truncate_str(&name, usize::from(beside.width), look.dots()).into_owned();
    frame.render_widget(Line::raw(name), Rect { height: 1, ..beside });
    let below = Rect { y: beside.y + 1, height: (beside.height - 1).min(selfie), ..beside };
    picture(frame, below, first, View::Selfie, gallery, look);
    let cells = Rect { x: area.x + selfie, width: area.width - selfie, ..beside };
    let (columns, rows) = (usize::from(cells.width / CELL.0).max(1), usize::from(cells.height / CELL.1).max(1));
    grid.columns = columns;
    grid.shown = columns * rows;
    // The page that the cursor is on.
    let from = grid.cursor / grid.shown * grid.shown;
    for (place, item) in items.iter().enumerate().skip(from).take(grid.shown) {
        let (x, y) = ((place - from) % columns, (place - from) / columns);
        let at = |n: usize, size: u16| u16::try_from(n).unwrap_or(0) * size;
        let cell = Rect { x: cells.x + at(x, CELL.0), y: cells.y + at(y, CELL.1), width: CELL.0, height: CELL.1 };
        let chosen = grid.chosen.contains(&item.tag.id);
        face(frame, cell.intersection(cells), item, (chosen, place == grid.cursor), gallery, look);
    }
    // The next page too.
    for item in items.iter().skip(from + grid.shown).take(grid.shown) {
        let _asked_for = gallery.get(item, View::Face, CELL.0 - 1, CELL.1 - 1);
    }
}

fn face(
    frame: &mut Frame<'_>,
    cell: Rect,
    item: &Item,
    (chosen, here): (bool, bool),
    gallery: &mut Gallery,
    look: Look,
) {
    let inside = Rect { width: cell.width.saturating_sub(1), height: cell.height.saturating_sub(1), ..cell };
    if look.pictures {
        picture(frame, inside, item, View::Face, gallery, look);
    } else {
        // A link is longer than the cell: the name stands for it, and one face shows the link.
        let name = photo(item);
        let name = console::truncate_str(&name, usize::from(inside.width), look.dots()).into_owned();
        frame.render_widget(Line::raw(name), Rect { height: inside.height.min(1), ..inside });
    }
    let mark = if chosen { "[x]" } else { "[ ]" };
    let (open, close) = if here { (">", "<") } else { (" ", " ") };
    let style = if here { look.bold().add_modifier(Modifier::REVERSED) } else { look.bold() };
    let caption = format!("{open}{mark} {:.3}{close}", item.score());
    let line = Rect { y: cell.y + inside.height, height: cell.height.min(1), ..inside };
    frame.render_widget(Line::styled(caption, style), line);
}
