//! Text for people. Everything that is written to a [`Page`] is escaped on the way in, so a row or a file name can
//! not move the cursor.

use console::Style;
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

/// A page being written.
#[derive(Debug)]
pub struct Page {
    text: String,
    colour: bool,
    width: Option<u16>,
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

    /// `Label       value`, aligned with its neighbours.
    pub fn field(&mut self, label: &str, value: impl AsRef<str>) {
        let gap = if label.chars().count() < 16 { "" } else { " " };
        let label = self.paint(&format!("{label:<16}{gap}"), Style::new().dim());
        self.text.push_str(&label);
        self.line(value.as_ref());
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
        let mut count = 0;
        for row in rows {
            table.add_row(row.iter().map(|cell| printable(cell)));
            count += 1;
        }
        if count == 0 {
            return;
        }
        for (column, header) in table.column_iter_mut().zip(headers) {
            column.set_padding((0, 2));
            // Half an id is none: it could not be copied.
            if header.eq_ignore_ascii_case("id") {
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
