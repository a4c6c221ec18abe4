//! Sheets of cards: paper, grid, cut marks, and the document that comes of them.

use std::collections::BTreeSet;

use super::card::{Card, Event, Layout, Texts};
use super::code::Code;
use super::document::Document;
use super::fonts::Fonts;
use super::pdf::Drawing;
use crate::error::{Error, Result};

/// Points in a millimetre.
pub(super) const MM: f32 = 72.0 / 25.4;

/// White at the edge of the paper that printers need, in millimetres, and that cut marks stand in.
const MARGIN: f32 = 10.0;
/// The least of it, where the size of the cards is given.
const MARGIN_LEAST: f32 = 5.0;

/// Smallest module, in millimetres: at 150 dpi it is three pixels wide.
const MODULE_LEAST: f32 = 0.5;

/// Smallest card, in millimetres.
const CARD_LEAST: f32 = 25.0;

/// A size of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Paper {
    /// 210 x 297 mm
    A4,
    /// 8.5 x 11 in
    Letter,
}

impl Paper {
    /// Width and height in millimetres.
    #[must_use]
    pub fn size(self) -> (f32, f32) {
        match self {
            Paper::A4 => (210.0, 297.0),
            Paper::Letter => (215.9, 279.4),
        }
    }
}

/// How cards stand on a page. Lengths in millimetres.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    pub paper: Paper,
    pub columns: usize,
    pub rows: usize,
    card: (f32, f32),
}

impl Grid {
    /// So many columns and rows, which share the page.
    ///
    /// # Errors
    /// When the cards would be too small.
    #[expect(clippy::cast_precision_loss, reason = "few columns and rows")]
    pub fn of(paper: Paper, columns: usize, rows: usize) -> Result<Self> {
        let (width, height) = paper.size();
        let card = ((width - 2.0 * MARGIN) / columns as f32, (height - 2.0 * MARGIN) / rows as f32);
        if columns == 0 || rows == 0 || card.0 < CARD_LEAST || card.1 < CARD_LEAST {
            return Err(Error::invalid(format!(
                "{columns} x {rows} cards do not fit on a page: each would be {:.0} x {:.0} mm",
                card.0, card.1
            ))
            .hint(format!("a card has {CARD_LEAST:.0} mm at least: give fewer --columns or --rows")));
        }
        Ok(Self { paper, columns, rows, card })
    }

    /// As many cards of that size as a page holds.
    ///
    /// # Errors
    /// When the page holds none, or the cards are too small.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small and positive")]
    pub fn of_cards(paper: Paper, width: f32, height: f32) -> Result<Self> {
        let (page_width, page_height) = paper.size();
        let fit = |page: f32, card: f32| ((page - 2.0 * MARGIN_LEAST) / card) as usize;
        if !(CARD_LEAST..=1000.0).contains(&width) || !(CARD_LEAST..=1000.0).contains(&height) {
            return Err(Error::invalid(format!("a card of {width} x {height} mm can not be printed"))
                .hint(format!("a card has {CARD_LEAST:.0} mm at least, such as 85x55")));
        }
        let (columns, rows) = (fit(page_width, width), fit(page_height, height));
        if columns == 0 || rows == 0 {
            return Err(Error::invalid(format!("a card of {width} x {height} mm does not fit on the page"))
                .hint(format!("the page has {page_width} x {page_height} mm, less {MARGIN_LEAST} mm on each side")));
        }
        Ok(Self { paper, columns, rows, card: (width, height) })
    }

    /// Cards on a page.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.columns * self.rows
    }

    /// Upper left corner of a place, counted along rows.
    #[expect(clippy::cast_precision_loss, reason = "few columns and rows")]
    fn corner(&self, place: usize) -> (f32, f32) {
        let (left, top) = self.origin();
        let (column, row) = (place % self.columns, place / self.columns);
        (left + column as f32 * self.card.0, top + row as f32 * self.card.1)
    }

    /// Upper left corner of the grid.
    #[expect(clippy::cast_precision_loss, reason = "few columns and rows")]
    fn origin(&self) -> (f32, f32) {
        let (width, height) = self.paper.size();
        ((width - self.columns as f32 * self.card.0) / 2.0, (height - self.rows as f32 * self.card.1) / 2.0)
    }

    /// Short lines that say where to cut: outside the grid, and crosses where four cards meet. From, to.
    #[expect(clippy::cast_precision_loss, reason = "few columns and rows")]
    fn cut_marks(&self) -> Vec<((f32, f32), (f32, f32))> {
        const ARM: f32 = 1.5;
        let (left, top) = self.origin();
        let xs: Vec<f32> = (0..=self.columns).map(|column| left + column as f32 * self.card.0).collect();
        let ys: Vec<f32> = (0..=self.rows).map(|row| top + row as f32 * self.card.1).collect();
        let (right, bottom) = (xs.last().copied().unwrap_or(left), ys.last().copied().unwrap_or(top));
        let long = |margin: f32| (margin - 2.0).clamp(1.0, 5.0);
        let mut marks = Vec::new();
        for &x in &xs {
            marks.push(((x, top - 1.0 - long(top)), (x, top - 1.0)));
            marks.push(((x, bottom + 1.0), (x, bottom + 1.0 + long(top))));
            for &y in &ys {
                marks.push(((x - ARM, y), (x + ARM, y)));
                marks.push(((x, y - ARM), (x, y + ARM)));
            }
        }
        for &y in &ys {
            marks.push(((left - 1.0 - long(left), y), (left - 1.0, y)));
            marks.push(((right + 1.0, y), (right + 1.0 + long(left), y)));
        }
        marks
    }
}

/// A document ready to be printed.
#[derive(Debug)]
pub struct Sheet {
    pub pdf: Vec<u8>,
    pub cards: usize,
    pub pages: usize,
    /// Cards on which something had to be cut.
    pub cut: usize,
    /// What that is, in words.
    pub cut_texts: BTreeSet<&'static str>,
    /// Letters that no font has, printed as boxes.
    pub missing: BTreeSet<char>,
}

/// Sets cards, one after the other, into pages.
///
/// # Errors
/// When a link is too long for a code of this size, or a font can not be embedded.
pub fn print(title: &str, cards: &[Card], grid: &Grid, fonts: &Fonts<'_>) -> Result<Sheet> {
    let layout = Layout::of(grid.card.0, grid.card.1);
    let mut document = Document::new(title, grid.paper, fonts);
    let (cut_texts, missing) = (BTreeSet::new(), BTreeSet::new());
    let mut sheet = Sheet { pdf: Vec::new(), cards: cards.len(), pages: 0, cut: 0, cut_texts, missing };
    let mut event: Option<(&Card, Event)> = None;
    for page in cards.chunks(grid.capacity()) {
        let mut drawing = Drawing::new(grid.paper);
        for (from, to) in grid.cut_marks() {
            drawing.mark(from, to);
        }
        for (place, card) in page.iter().enumerate() {
            let code = Code::of(&card.link)?;
            if layout.module(&code) < MODULE_LEAST {
                return Err(too_dense(&code, &layout));
            }
            // Fitted once for all cards of an event.
            if event.as_ref().is_none_or(|(of, _)| (&of.event, &of.dates) != (&card.event, &card.dates)) {
                event = Some((card, Event::of(fonts, card, &layout)));
                sheet.missing.extend(fonts.missing(&card.event));
            }
            let Some((_, event)) = &event else { continue };
            let texts = Texts::of(fonts, event, card, &layout);
            sheet.cut += usize::from(texts.cut().next().is_some());
            sheet.cut_texts.extend(texts.cut());
            sheet.missing.extend(card.guest.iter().flat_map(|guest| fonts.missing(guest)));
            let corner = grid.corner(place);
            drawing.code(&code, corner, layout.code);
            drawing.texts(&texts.placed(&layout), corner, &mut document);
        }
        document.page(drawing);
        sheet.pages += 1;
    }
    sheet.pdf = document.finish()?;
    Ok(sheet)
}

fn too_dense(code: &Code, layout: &Layout) -> Error {
    Error::invalid(format!(
        "the link needs a code of {0} x {0} modules; on cards of this size each would be {1:.2} mm wide, too small to \
         be read from paper",
        code.side(),
        layout.module(code)
    ))
    .hint("give fewer --columns and --rows, a larger --card, or a shorter link")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_share_the_page_or_fill_it_with_cards() {
        let grid = Grid::of(Paper::A4, 2, 4).expect("a grid");
        assert_eq!((grid.capacity(), grid.card), (8, (95.0, 69.25)));
        assert_eq!(grid.corner(3), (105.0, 79.25));
        let grid = Grid::of_cards(Paper::Letter, 85.0, 55.0).expect("a grid");
        assert_eq!((grid.columns, grid.rows), (2, 4));
        assert!((grid.origin().0 - 22.95).abs() < 0.01);
        assert!(Grid::of(Paper::A4, 9, 4).is_err() && Grid::of(Paper::A4, 0, 4).is_err());
        for (width, height) in [(10.0, 55.0), (f32::NAN, 55.0), (205.0, 55.0), (85.0, 1e9)] {
            assert!(Grid::of_cards(Paper::A4, width, height).is_err(), "{width} x {height}");
        }
    }
}
