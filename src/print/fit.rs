//! A text made to fit a box: wrapped, then set smaller, then cut with an ellipsis.

use unicode_segmentation::UnicodeSegmentation;

use super::fonts::{Fonts, Line, printable};

/// Distance of two lines, in shares of the font's size.
pub(super) const LEADING: f32 = 1.25;

/// A space at which no line ends.
pub(super) const NO_BREAK: char = '\u{a0}';

/// How much of its size a text may lose to stay on one line.
const ONE_LINE: f32 = 0.75;

/// Steps by which a text is made smaller, in points.
const STEP: f32 = 0.5;

/// A box for a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// In points.
    pub width: f32,
    /// In points: all lines together.
    pub height: f32,
    pub lines: usize,
    /// Sizes in points: the one wanted, and the smallest that can be read.
    pub largest: f32,
    pub smallest: f32,
}

/// A text as it fits.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fitted {
    pub lines: Vec<Line>,
    /// In points.
    pub size: f32,
    /// Whether an ellipsis stands for the rest.
    pub cut: bool,
    /// Whether a word goes on in the next line.
    pub broken: bool,
}

impl Fitted {
    /// Height in points.
    #[expect(clippy::cast_precision_loss, reason = "a few lines")]
    pub fn height(&self) -> f32 {
        self.lines.len() as f32 * self.size * LEADING
    }
}

/// Fits `text` into `room`. An empty text has no lines.
pub(super) fn fit(fonts: &Fonts<'_>, text: &str, room: Room) -> Fitted {
    let text = printable(text);
    let words = words(fonts, &text);
    if words.is_empty() {
        return Fitted::default();
    }
    // One line is read best, unless that makes it much smaller.
    let most = room.largest * ONE_LINE;
    let line = wrap(&words, f32::INFINITY);
    let set: Vec<Line> = line.iter().map(|line| fonts.line(line)).collect();
    let widest = set.iter().map(|line| line.width).fold(0.0, f32::max);
    if widest > 0.0 && room.width / widest >= most.max(room.smallest) {
        return Fitted { lines: set, size: room.largest.min(room.width / widest), ..Fitted::default() };
    }
    let mut size = room.largest;
    loop {
        let width = room.width / size;
        let lines = wrap(&words, width);
        #[expect(clippy::cast_precision_loss, reason = "a few lines")]
        let high = lines.len() as f32 * size * LEADING;
        let holds = lines.len() <= room.lines && high <= room.height && words.iter().all(|word| word.width <= width);
        if holds {
            let lines = lines.iter().map(|line| fonts.line(line)).collect();
            return Fitted { lines, size, ..Fitted::default() };
        }
        if size <= room.smallest {
            return cut(fonts, &words, width, Room { smallest: size, ..room });
        }
        size = (size - STEP).max(room.smallest);
    }
}

/// A piece of text that is not broken, and its width in shares of the size.
struct Word {
    text: String,
    width: f32,
    /// Whether a space stands before it.
    spaced: bool,
}

fn words(fonts: &Fonts<'_>, text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for spaced in text.split(|c: char| c.is_whitespace() && c != NO_BREAK).filter(|word| !word.trim().is_empty()) {
        let spaced = spaced.replace(NO_BREAK, " ");
        let mut piece = String::new();
        let mut first = true;
        let mut push = |piece: &mut String| {
            if !piece.is_empty() {
                let text = std::mem::take(piece);
                words.push(Word { width: fonts.line(&text).width, text, spaced: std::mem::take(&mut first) });
            }
        };
        for letter in spaced.graphemes(true) {
            // Scripts without spaces are broken at any letter.
            if letter.chars().next().is_some_and(stands_alone) {
                push(&mut piece);
                piece.push_str(letter);
                push(&mut piece);
            } else {
                piece.push_str(letter);
            }
        }
        push(&mut piece);
    }
    words
}

fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{20000}'..='\u{3ffff}')
}

/// Lines of words, each as wide as `width` at most, unless a word alone is wider.
fn wrap(words: &[Word], width: f32) -> Vec<String> {
    /// A little more than that of most fonts.
    const SPACE: f32 = 0.36;
    let mut lines: Vec<(String, f32)> = Vec::new();
    for word in words {
        let space = if word.spaced { SPACE } else { 0.0 };
        match lines.last_mut() {
            Some((line, held)) if *held + space + word.width <= width => {
                if word.spaced {
                    line.push(' ');
                }
                line.push_str(&word.text);
                *held += space + word.width;
            }
            _ => lines.push((word.text.clone(), word.width)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

/// What fits at the smallest size: words that are too long are broken, and the last line ends in an ellipsis.
fn cut(fonts: &Fonts<'_>, words: &[Word], width: f32, room: Room) -> Fitted {
    let mut pieces = Vec::new();
    for word in words {
        let mut spaced = word.spaced;
        let mut rest = word.text.as_str();
        while !rest.is_empty() {
            let taken = begin(fonts, rest, width, "");
            pieces.push(Word { width: fonts.line(taken).width, text: taken.to_owned(), spaced });
            spaced = false;
            rest = &rest[taken.len()..];
        }
    }
    let lines = wrap(&pieces, width);
    let is_cut = lines.len() > room.lines;
    let mut shown: Vec<String> = lines.iter().take(room.lines).cloned().collect();
    if is_cut && let Some(last) = shown.last_mut() {
        let rest = lines[room.lines - 1..].join(" ");
        let kept = begin(fonts, &rest, width, "…").trim_end();
        *last = format!("{kept}…");
    }
    let lines = shown.iter().map(|line| fonts.line(line)).collect();
    Fitted { lines, size: room.smallest, cut: is_cut, broken: pieces.len() > words.len() }
}

/// The longest beginning of `text` that fits with `end` behind it: one letter at least.
fn begin<'t>(fonts: &Fonts<'_>, text: &'t str, width: f32, end: &str) -> &'t str {
    let ends: Vec<usize> = text.grapheme_indices(true).map(|(at, letter)| at + letter.len()).collect();
    let fits = ends.partition_point(|&at| fonts.line(&format!("{}{end}", &text[..at])).width <= width);
    let at = ends.get(fits.saturating_sub(1)).copied().unwrap_or(text.len());
    &text[..at]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Room = Room { width: 120.0, height: 40.0, lines: 2, largest: 14.0, smallest: 7.0 };

    fn fitted(text: &str) -> Fitted {
        let fonts = Fonts::new(&[]).expect("the shipped font");
        let fitted = fit(&fonts, text, ROOM);
        assert!(fitted.lines.len() <= ROOM.lines);
        assert!(fitted.height() <= ROOM.height, "{} points high", fitted.height());
        for line in &fitted.lines {
            assert!(line.width * fitted.size <= ROOM.width + 0.01, "{} points", line.width * fitted.size);
        }
        fitted
    }

    #[test]
    fn lines_that_are_too_high_together_are_made_smaller() {
        let fonts = Fonts::new(&[]).expect("the shipped font");
        let room = Room { width: 120.0, height: 20.0, lines: 3, largest: 15.0, smallest: 5.0 };
        let fitted = fit(&fonts, "Summer Run of the town 2027", room);
        assert!(fitted.height() <= room.height && !fitted.cut, "{} lines of {}", fitted.lines.len(), fitted.size);
    }

    #[test]
    fn texts_are_wrapped_then_shrunk_then_cut() {
        assert!(fitted(" \u{202e}").lines.is_empty());
        let short = fitted("Summer Run");
        assert_eq!((short.lines.len(), short.size, short.cut), (1, 14.0, false));
        let two = fitted("Summer Run of the town");
        assert_eq!((two.lines.len(), two.size, two.cut), (2, 14.0, false));
        let small = fitted("The fortieth Summer Run of Hamburg");
        assert!(small.size < 14.0 && !small.cut);
        let long = fitted(&"The Summer Run ".repeat(17));
        assert!(long.cut && long.lines[1].glyphs.last().is_some_and(|glyph| glyph.text == "…"));
        assert!(fitted(&"x".repeat(255)).cut);
        assert!(fitted(&"山".repeat(255)).cut);
        assert!(fitted(&"محمد ".repeat(51)).cut);
    }
}
