//! One card: the code, the event's name and dates, the guest's name.

use super::code::Code;
use super::fit::{Fitted, LEADING, NO_BREAK, Room, fit};
use super::fonts::Fonts;
use super::sheet::MM;

/// What stands on a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// What the code says.
    pub link: String,
    pub event: String,
    pub dates: String,
    /// Whose it is, where it is somebody's.
    pub guest: Option<String>,
}

/// White on each side of what is printed, in millimetres.
const PADDING: f32 = 4.0;

/// Shares of the height that the event's name and its dates have.
const NAME: f32 = 0.42;
const DATES: f32 = 0.22;

/// Where things stand on a card, in points from its upper left corner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    /// Corner and side of the code with its light frame.
    pub code: (f32, f32, f32),
    /// Left, top, width and height of the texts.
    texts: (f32, f32, f32, f32),
}

/// A line of text on a card: the middle of its baseline, in points.
pub(super) struct Placed<'l> {
    pub line: &'l super::fonts::Line,
    pub size: f32,
    pub x: f32,
    pub y: f32,
}

impl Layout {
    /// The code on the left of a wide card, on top of a tall one. `width` and `height` are in millimetres.
    pub fn of(width: f32, height: f32) -> Self {
        let (inner_width, inner_height) = (width - 2.0 * PADDING, height - 2.0 * PADDING);
        if width > height * 1.15 {
            let side = inner_height.min(inner_width * 0.52);
            let text_x = PADDING + side + 2.0;
            Self {
                code: (PADDING * MM, (height - side) / 2.0 * MM, side * MM),
                texts: (text_x * MM, PADDING * MM, (width - PADDING - text_x) * MM, inner_height * MM),
            }
        } else {
            let side = inner_width.min(inner_height * 0.66);
            let text_y = PADDING + side;
            Self {
                code: ((width - side) / 2.0 * MM, PADDING * MM, side * MM),
                texts: (PADDING * MM, text_y * MM, inner_width * MM, (height - PADDING - text_y) * MM),
            }
        }
    }

    /// Millimetres a module of `code` has on such a card.
    #[expect(clippy::cast_precision_loss, reason = "a code has at most 185 modules")]
    pub fn module(&self, code: &Code) -> f32 {
        self.code.2 / MM / code.full_side() as f32
    }
}

/// What stands on every card of an event, fitted.
pub(super) struct Event {
    name: Fitted,
    dates: Fitted,
}

/// The texts of a card, fitted.
pub(super) struct Texts<'e> {
    event: &'e Event,
    guest: Fitted,
}

/// A room for a text on a card: its share of the height, and the sizes it may have on a card of the usual width.
fn room(layout: &Layout, share: f32, largest: f32, smallest: f32) -> Room {
    /// Width of the texts on a card of two by four, in points.
    const USUAL: f32 = 102.0;
    let (_, _, width, height) = layout.texts;
    let lines = ((height * share / (smallest * LEADING)) as usize).clamp(1, 3);
    let largest = (largest * (width / USUAL).clamp(1.0, 3.0)).min(height * share / LEADING).max(smallest);
    Room { width, height: (height * share).max(smallest * LEADING), lines, largest, smallest }
}

impl Event {
    pub fn of(fonts: &Fonts<'_>, card: &Card, layout: &Layout) -> Self {
        let dates = dates(fonts, &card.dates, layout);
        // What the dates need beyond their share is taken from the name.
        let (_, _, _, height) = layout.texts;
        let more = (dates.height() / height - DATES).max(0.0);
        Self { name: fit(fonts, &card.event, room(layout, NAME - more, 15.0, 7.0)), dates }
    }
}

/// A name that is cut is still understood, dates are not. Where they do not fit, their lines end at any space, are set
/// smaller, and have twice the room.
fn dates(fonts: &Fonts<'_>, text: &str, layout: &Layout) -> Fitted {
    let usual = fit(fonts, text, room(layout, DATES, 8.5, 5.5));
    if !usual.cut && !usual.broken {
        return usual;
    }
    let narrow = Room { lines: 4, ..room(layout, 2.0 * DATES, 5.5, 4.5) };
    fit(fonts, &text.replace(NO_BREAK, " "), narrow)
}

impl<'e> Texts<'e> {
    pub fn of(fonts: &Fonts<'_>, event: &'e Event, card: &Card, layout: &Layout) -> Self {
        let guest = card.guest.as_deref().unwrap_or_default();
        Self { event, guest: fit(fonts, guest, room(layout, 0.36, 12.0, 6.5)) }
    }

    /// What had to be cut, in words.
    pub fn cut(&self) -> impl Iterator<Item = &'static str> {
        let texts = [
            (self.event.name.cut, "the event's name"),
            (self.event.dates.cut, "the event's dates"),
            (self.guest.cut, "a guest's name"),
        ];
        texts.into_iter().filter_map(|(is_cut, words)| is_cut.then_some(words))
    }

    /// Every line, stacked in the middle of its room.
    pub fn placed(&self, layout: &Layout) -> Vec<Placed<'_>> {
        /// White between two texts, in points.
        const GAP: f32 = 5.0;
        let (left, top, width, height) = layout.texts;
        let texts: Vec<&Fitted> = [&self.event.name, &self.event.dates, &self.guest]
            .into_iter()
            .filter(|text| !text.lines.is_empty())
            .collect();
        let all: f32 = texts.iter().map(|text| text.height()).sum();
        #[expect(clippy::cast_precision_loss, reason = "three texts")]
        let gaps = texts.len().saturating_sub(1) as f32;
        let gap = if gaps > 0.0 { GAP.min(((height - all) / gaps).max(0.0)) } else { 0.0 };
        // What is too high all the same stands below the code, never on it.
        let mut y = top + ((height - all - gap * gaps) / 2.0).max(0.0);
        let mut placed = Vec::new();
        for text in texts {
            for line in &text.lines {
                placed.push(Placed { line, size: text.size, x: left + width / 2.0, y: y + text.size });
                y += text.size * LEADING;
            }
            y += gap;
        }
        placed
    }
}
