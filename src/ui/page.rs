//! Text for people. Everything that is written to a [`Page`] is escaped on the way in, so a row or a file name can
//! not move the cursor.

use console::{Style, measure_text_width};
use serde::Serialize;

use crate::model::text::printable;

/// Something a person can read as a page; the machine formats come from its `Serialize`.
pub trait Render: Serialize + Sized {
    fn render(&self, page: &mut Page);
}

/// Something that is a line of a table; the machine formats come from its `Serialize`.
pub trait Row: Serialize + Sized {
    /// Headers for people, in order.
    const HEADERS: &'static [&'static str];
    /// Keys that the machine formats leave out of a list: what is long, or not for everybody.
    const LEFT_OUT: &'static [&'static str] = &[];
    /// As many cells as there are headers.
    fn cells(&self) -> Vec<String>;
}

/// Columns of a field's label.
const LABEL: usize = 16;

/// Fewest columns in which a value is worth folding.
const NARROWEST: usize = 20;

/// Columns of a cell that is better not folded: a date with its time and zone.
const DATE: usize = 22;

/// A page being written.
#[derive(Debug)]
pub struct Page {
    text: String,
    colour: bool,
    width: Option<u16>,
}

/// Which columns are not folded: ids, half of which could not be copied, and as many short ones as leave the others
/// some room.
fn stay_whole(headers: &[&str], widths: &[usize], room: usize) -> Vec<bool> {
    let mut whole: Vec<bool> = headers.iter().map(|header| header.eq_ignore_ascii_case("id")).collect();
    let needed = |whole: &[bool]| -> usize {
        widths
            .iter()
            .zip(whole)
            .map(|(width, whole)| 2 + if *whole { *width } else { (*width).min(NARROWEST / 2) })
            .sum()
    };
    for (column, width) in widths.iter().enumerate().rev() {
        if *width <= DATE && !whole[column] {
            whole[column] = true;
            whole[column] = needed(&whole) <= room;
        }
    }
    whole
}

impl Page {
    #[must_use]
    pub fn new(colour: bool) -> Self {
        Self { text: String::new(), colour, width: None }
    }

    /// Tables are made to fit so many columns; ids stay whole.
    #[must_use]
    pub fn with_width(mut self, columns: u16) -> Self {
        self.width = Some(columns);
        self
    }

    /// A line.
    pub fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(&printable(text.as_ref()));
        self.text.push('\n');
    }

    /// An empty line, unless the page is empty or already ends in one.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A line in bold.
    pub fn heading(&mut self, text: impl AsRef<str>) {
        self.styled(text.as_ref(), Style::new().bold());
    }

    /// A line that says that all is well.
    pub fn good(&mut self, text: impl AsRef<str>) {
        self.styled(text.as_ref(), Style::new().green());
    }

    /// A line that says that something is not as it should be.
    pub fn bad(&mut self, text: impl AsRef<str>) {
        self.styled(text.as_ref(), Style::new().red().bold());
    }

    /// A line with a styled label in front.
    pub fn marked(&mut self, label: &str, style: Style, text: &str) {
        let label = self.paint(&printable(label), style);
        self.text.push_str(&label);
        self.text.push_str("  ");
        self.line(text);
    }

    /// `Label       value`, aligned with its neighbours. A value that is longer than its room goes on below itself.
    pub fn field(&mut self, label: &str, value: impl AsRef<str>) {
        let gap = if label.chars().count() < LABEL { "" } else { " " };
        let label = format!("{label:<LABEL$}{gap}");
        let below = " ".repeat(label.chars().count());
        let value = printable(value.as_ref());
        let painted = self.paint(&label, Style::new().dim());
        self.text.push_str(&painted);
        match self.width.map(usize::from) {
            Some(width) if width >= below.len() + NARROWEST => {
                // A word that is longer, such as a link, stays whole: half of it could not be copied.
                let options = textwrap::Options::new(width - below.len())
                    .break_words(false)
                    .word_separator(textwrap::WordSeparator::AsciiSpace)
                    .word_splitter(textwrap::WordSplitter::NoHyphenation)
                    .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
                self.text.push_str(&textwrap::wrap(&value, options).join(&format!("\n{below}")));
            }
            _ => self.text.push_str(&value),
        }
        self.text.push('\n');
    }

    /// As [`Page::field`], left out when there is no value.
    pub fn field_if(&mut self, label: &str, value: Option<impl AsRef<str>>) {
        if let Some(value) = value {
            self.field(label, value);
        }
    }

    /// A table with one line a row.
    pub fn rows<T: Row>(&mut self, rows: &[T]) {
        self.table(T::HEADERS, rows.iter().map(Row::cells));
    }

    /// A table from cells. Nothing at all when there are no rows.
    pub fn table(&mut self, headers: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        match self.width {
            Some(columns) => table.set_width(columns).set_content_arrangement(comfy_table::ContentArrangement::Dynamic),
            None => table.set_content_arrangement(comfy_table::ContentArrangement::Disabled),
        };
        if self.colour {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        table.set_header(
            headers
                .iter()
                .map(|header| comfy_table::Cell::new(header.to_uppercase()).add_attribute(comfy_table::Attribute::Dim)),
        );
        let mut widths: Vec<usize> = headers.iter().map(|header| measure_text_width(header)).collect();
        let mut count = 0;
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| printable(cell)).collect();
            for (width, cell) in widths.iter_mut().zip(&cells) {
                *width = measure_text_width(cell).max(*width);
            }
            table.add_row(cells);
            count += 1;
        }
        if count == 0 {
            return;
        }
        let whole = stay_whole(headers, &widths, self.width.map_or(usize::MAX, usize::from));
        for (column, whole) in table.column_iter_mut().zip(whole) {
            column.set_padding((0, 2));
            if whole {
                column.set_constraint(comfy_table::ColumnConstraint::ContentWidth);
            }
        }
        for line in table.lines() {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }

    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    fn styled(&mut self, text: &str, style: Style) {
        let painted = self.paint(&printable(text), style);
        self.text.push_str(&painted);
        self.text.push('\n');
    }

    fn paint(&self, text: &str, style: Style) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_value_goes_on_below_itself() {
        let mut page = Page::new(false).with_width(40);
        page.field("Terms", "Be kind, be early, and let others take pictures too");
        page.field("Link", format!("see https://example.org/{}", "x".repeat(30)));
        let expected = format!(
            "Terms           Be kind, be early, and\n{0}let others take pictures\n{0}too\n\
             Link            see\n{0}https://example.org/{1}\n",
            " ".repeat(16),
            "x".repeat(30)
        );
        assert_eq!(page.into_text(), expected);
    }

    #[test]
    fn short_columns_are_not_folded_where_there_is_room() {
        let headers = ["id", "name", "start", "end"];
        assert_eq!(stay_whole(&headers, &[36, 60, 21, 21], 120), [true, false, true, true]);
        assert_eq!(stay_whole(&headers, &[36, 60, 21, 21], 80), [true, false, false, false]);
        assert_eq!(stay_whole(&headers, &[8, 60, 21, 21], 68), [true, false, true, true]);
    }
}
