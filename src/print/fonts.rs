//! Fonts, and lines of text set in them: scripts that run from right to left, joined letters, and letters that no font
//! has.

use std::ops::Range;

use rustybuzz::{Direction, Face, UnicodeBuffer};
use unicode_bidi::BidiInfo;

use crate::error::{Error, Kind, Result};

/// DejaVu Sans Bold: Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew, Arabic, and many symbols.
const SHIPPED: &[u8] = include_bytes!("../imaging/assets/DejaVuSans-Bold.ttf");

/// The fonts of a sheet: those that were given, in their order, then the one that photoctl brings.
pub struct Fonts<'a> {
    faces: Vec<Face<'a>>,
    files: Vec<&'a [u8]>,
}

/// One glyph, in shares of the font's size, from the line's beginning.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Glyph {
    pub font: usize,
    pub id: u16,
    pub x: f32,
    pub y: f32,
    /// What it stands for, where it is the first of its letters.
    pub text: String,
}

/// A line as it is set, in shares of the font's size.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Line {
    pub glyphs: Vec<Glyph>,
    pub width: f32,
}

impl<'a> Fonts<'a> {
    /// # Errors
    /// [`Kind::BadFile`] when one of `given` is no font that can be set and embedded: TTF or OTF.
    pub fn new(given: &'a [Vec<u8>]) -> Result<Self> {
        let mut files: Vec<&[u8]> = given.iter().map(Vec::as_slice).collect();
        files.push(SHIPPED);
        let face = |file: &&'a [u8]| {
            let face = Face::from_slice(file, 0).filter(|face| {
                let tables = face.tables();
                face.units_per_em() > 0 && (tables.glyf.is_some() || tables.cff.is_some())
            });
            face.ok_or_else(|| {
                Error::new(Kind::BadFile, "a font given is not one that can be embedded")
                    .hint("give a TTF or OTF file, such as NotoSansCJKjp-Bold.otf")
            })
        };
        let faces = files.iter().map(face).collect::<Result<_>>()?;
        Ok(Self { faces, files })
    }

    pub(super) fn face(&self, font: usize) -> &Face<'a> {
        &self.faces[font]
    }

    pub(super) fn file(&self, font: usize) -> &'a [u8] {
        self.files[font]
    }

    pub(super) fn count(&self) -> usize {
        self.faces.len()
    }

    /// The letters of `text` that no font has. They are printed as boxes.
    #[must_use]
    pub fn missing(&self, text: &str) -> Vec<char> {
        let known = |c: char| self.faces.iter().any(|face| face.glyph_index(c).is_some());
        printable(text).chars().filter(|&c| !c.is_whitespace() && !known(c) && !joins(c)).collect()
    }

    /// Sets `text` as one line, in the order in which it is seen.
    pub(super) fn line(&self, text: &str) -> Line {
        let text = printable(text);
        let mut line = Line::default();
        let bidi = BidiInfo::new(&text, None);
        for paragraph in &bidi.paragraphs {
            let (levels, runs) = bidi.visual_runs(paragraph, paragraph.range.clone());
            for run in runs {
                let backwards = levels[run.start].is_rtl();
                let mut parts = self.by_font(&text, run);
                if backwards {
                    parts.reverse();
                }
                for (font, part) in parts {
                    self.set(&mut line, font, &text[part], backwards);
                }
            }
        }
        line
    }

    /// Cuts a run into parts that one font has.
    fn by_font(&self, text: &str, run: Range<usize>) -> Vec<(usize, Range<usize>)> {
        let mut parts: Vec<(usize, Range<usize>)> = Vec::new();
        for (at, c) in text[run.clone()].char_indices() {
            let here = run.start + at..run.start + at + c.len_utf8();
            let has = |font: usize| self.faces[font].glyph_index(c).is_some();
            let last = parts.last().map(|(font, _)| *font);
            // What joins stays with what it joins to; a space does not change the font.
            let stays = last.filter(|&font| joins(c) || (c.is_whitespace() && has(font)));
            let font = stays.or_else(|| (0..self.faces.len()).find(|&font| has(font))).or(last).unwrap_or_default();
            match parts.last_mut() {
                Some((held, range)) if *held == font => range.end = here.end,
                _ => parts.push((font, here)),
            }
        }
        parts
    }

    fn set(&self, line: &mut Line, font: usize, text: &str, backwards: bool) {
        let face = &self.faces[font];
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(if backwards { Direction::RightToLeft } else { Direction::LeftToRight });
        let set = rustybuzz::shape(face, &[], buffer);
        #[expect(clippy::cast_precision_loss, reason = "font units are small")]
        let share = |units: i32| units as f32 / face.units_per_em() as f32;
        let mut starts: Vec<usize> = set.glyph_infos().iter().map(|info| info.cluster as usize).collect();
        starts.push(text.len());
        starts.sort_unstable();
        starts.dedup();
        let mut told = None;
        for (info, position) in set.glyph_infos().iter().zip(set.glyph_positions()) {
            let from = info.cluster as usize;
            let to = starts.iter().copied().find(|start| *start > from).unwrap_or(text.len());
            let stands_for = if told == Some(from) { String::new() } else { text[from..to].to_owned() };
            told = Some(from);
            line.glyphs.push(Glyph {
                font,
                id: u16::try_from(info.glyph_id).unwrap_or(0),
                x: line.width + share(position.x_offset),
                y: share(position.y_offset),
                text: stands_for,
            });
            line.width += share(position.x_advance);
        }
    }
}

/// `text` without what could turn a line round or move it: controls, and marks of direction.
pub(super) fn printable(text: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_control() => Some(' '),
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        c => Some(c),
    };
    text.chars().filter_map(plain).collect()
}

/// Whether a character belongs to the one before it: marks, joiners, variation selectors, tones of skin.
fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0100}'..='\u{e01ef}')
        || unicode_segmentation::UnicodeSegmentation::graphemes(format!("a{c}").as_str(), true).count() == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Fonts<'static> {
        Fonts::new(&[]).expect("the shipped font")
    }

    #[test]
    fn letters_that_the_font_lacks_are_named_and_take_room() {
        let fonts = shipped();
        assert!(fonts.missing("Zoë Ångström Ελένη Иван محمد שרה").is_empty());
        assert_eq!(fonts.missing("山田 Ana"), ['山', '田']);
        assert!(fonts.line("山田").width > 0.5, "boxes");
        assert!(fonts.missing("a\u{200d}b\u{fe0f}\u{301}").is_empty());
    }

    #[test]
    fn arabic_is_joined_and_runs_from_right_to_left() {
        let fonts = shipped();
        let apart: Vec<u16> = "محمد".chars().filter_map(|c| fonts.face(0).glyph_index(c)).map(|id| id.0).collect();
        let line = fonts.line("محمد");
        let joined: Vec<u16> = line.glyphs.iter().rev().map(|glyph| glyph.id).collect();
        assert_ne!(joined, apart, "each letter has the form of its place");
        let order: String = fonts.line("ab שרה").glyphs.iter().map(|glyph| glyph.text.clone()).collect();
        assert_eq!(order, "ab הרש");
    }

    #[test]
    fn what_turns_lines_round_is_left_out() {
        assert_eq!(printable("a\u{202e}b\u{1b}[31m\0\nc"), "ab [31m  c");
    }
}
