//! What stands on one page, in the words of PDF.

use pdf_writer::{Content, Name, Str};

use super::card::Placed;
use super::code::Code;
use super::document::Document;
use super::sheet::{MM, Paper};

/// A page being drawn. Points from the lower left corner, as PDF has it; what comes in counts from the upper left.
pub(super) struct Drawing {
    content: Content,
    height: f32,
}

impl Drawing {
    pub fn new(paper: Paper) -> Self {
        let mut content = Content::new();
        content.set_line_width(0.25).set_stroke_gray(0.45).set_fill_gray(0.0);
        Self { content, height: paper.size().1 * MM }
    }

    /// A cut mark, in millimetres.
    pub fn mark(&mut self, from: (f32, f32), to: (f32, f32)) {
        let y = |millimetres: f32| self.height - millimetres * MM;
        let (from_y, to_y) = (y(from.1), y(to.1));
        self.content.move_to(from.0 * MM, from_y).line_to(to.0 * MM, to_y).stroke();
    }

    /// A code. `card` is the card's corner in millimetres; `place` the code's on the card and its side, in points.
    #[expect(clippy::cast_precision_loss, reason = "a code has at most 185 modules")]
    pub fn code(&mut self, code: &Code, card: (f32, f32), place: (f32, f32, f32)) {
        let module = place.2 / code.full_side() as f32;
        let (left, top) = (card.0 * MM + place.0, self.height - card.1 * MM - place.1);
        for (x, y, length) in code.strips() {
            let (x, y, length) = (x as f32 * module, y as f32 * module, length as f32 * module);
            self.content.rect(left + x, top - y - module, length, module);
        }
        // One path for all, so that no hairline shows between its parts.
        self.content.fill_nonzero();
    }

    /// Lines of text, each around its middle.
    pub fn texts(&mut self, lines: &[Placed<'_>], card: (f32, f32), document: &mut Document<'_, '_>) {
        self.content.begin_text();
        let mut last = None;
        for placed in lines {
            let left = card.0 * MM + placed.x - placed.line.width * placed.size / 2.0;
            let baseline = self.height - card.1 * MM - placed.y;
            for glyph in &placed.line.glyphs {
                if last != Some((glyph.font, placed.size.to_bits())) {
                    last = Some((glyph.font, placed.size.to_bits()));
                    self.content.set_font(Name(Document::font_name(glyph.font).as_bytes()), placed.size);
                }
                let (x, y) = (left + glyph.x * placed.size, baseline + glyph.y * placed.size);
                let id = document.glyph(glyph);
                self.content.set_text_matrix([1.0, 0.0, 0.0, 1.0, x, y]).show(Str(&id.to_be_bytes()));
            }
        }
        self.content.end_text();
    }

    pub fn finish(self) -> Vec<u8> {
        self.content.finish().into_vec()
    }
}
