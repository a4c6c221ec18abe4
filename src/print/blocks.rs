//! A code in the cells of a terminal.

use super::code::Code;

/// What each line begins with: black on white whatever the terminal's own colours are, as numbers of the fixed part of
/// the 256 colours.
pub const INK: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// Columns that a code takes at `scale` columns a module.
#[must_use]
pub fn columns_of(code: &Code, scale: usize) -> usize {
    code.full_side() * scale
}

/// Rows that a code takes at that scale: two modules stand in one cell, one above the other.
#[must_use]
pub fn rows_of(code: &Code, scale: usize) -> usize {
    (code.full_side() * scale).div_ceil(2)
}

/// The code as lines of half blocks, black on white, with the light frame around it. Each line sets its colours and
/// gives them back.
#[must_use]
pub fn blocks(code: &Code, scale: usize) -> Vec<String> {
    let scale = scale.max(1);
    let columns = columns_of(code, scale);
    (0..rows_of(code, scale))
        .map(|row| {
            let mut line = String::with_capacity(INK.len() + columns * 3 + RESET.len());
            line.push_str(INK);
            for column in 0..columns {
                let dark = |y: usize| code.is_dark(column / scale, y / scale);
                line.push(match (dark(2 * row), dark(2 * row + 1)) {
                    (false, false) => ' ',
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                });
            }
            line.push_str(RESET);
            line
        })
        .collect()
}
