//! Text from outside (file names, rows, services) made safe for a terminal.

use std::fmt::Write;
use std::path::Path;

/// `text` with every control character, escape, bidirectional override and line break written as a visible
/// escape (`\n`, `\x1b`, `\u{202e}`), so that a name can not move the cursor or hide what stands beside it.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push_printable(&mut out, c);
    }
    out
}

/// `text` for people as [`printable`] writes it, between quotation marks: a name or a value within a sentence.
/// Rust's own `{:?}` would escape the escapes once more.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", printable(text))
}

/// A path for people: like [`printable`], bytes that are not UTF-8 as `\xNN`.
#[must_use]
pub fn path(path: &Path) -> String {
    bytes(path.as_os_str().as_encoded_bytes())
}

/// Bytes for people: like [`printable`], what is not UTF-8 as `\xNN`.
#[must_use]
pub fn bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_printable(&mut out, c);
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

fn push_printable(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if c.is_control() => {
            let _ = write!(out, "\\x{:02x}", c as u32);
        }
        // Bidirectional controls, zero-width and line separators: invisible, but they change what is read.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        }
        c => out.push(c),
    }
}

/// `1 photo`, `2 photos`, `2,114 photos`: a count with its noun and thousands separators.
#[must_use]
pub fn count(n: u64, singular: &str) -> String {
    let plural = match singular.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if singular.ends_with("ch") => format!("{singular}es"),
        _ => format!("{singular}s"),
    };
    if n == 1 { format!("1 {singular}") } else { format!("{} {plural}", thousands(n)) }
}

/// `12,345,678`
#[must_use]
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `8.4 MB`: decimal units, as disks and cards are sold.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Of `names`, those that `text` may have been meant for, the nearest first, at most three.
pub fn near<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    /// How alike two names must be (Jaro-Winkler, 0 to 1) to be offered as what was meant.
    const NEAR: f64 = 0.8;
    let wanted = text.to_lowercase();
    let mut near: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted, &name.to_lowercase()), name))
        .filter(|(likeness, _)| *likeness >= NEAR)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    near.dedup_by(|a, b| a.1 == b.1);
    near.truncate(3);
    near.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_name_reaches_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n\u{202e}c"), "a\\x1b[31mb\\n\\u{202e}c");
        assert_eq!(bytes(b"caf\xe9.jpg"), "caf\\xe9.jpg");
        assert_eq!(printable("Grüße 家.jpg"), "Grüße 家.jpg");
        assert_eq!(quoted("a\u{1b}b\\c"), "\"a\\x1bb\\c\"");
        assert_eq!(printable(&quoted("a\nb")), quoted("a\nb"), "what is written twice is escaped once");
    }

    #[test]
    fn counts_and_sizes_read_well() {
        assert_eq!(count(1, "copy"), "1 copy");
        assert_eq!(count(2114, "photo"), "2,114 photos");
        assert_eq!(count(0, "copy"), "0 copies");
        assert_eq!(size(999), "999 B");
        assert_eq!(size(8_400_000), "8.4 MB");
        assert_eq!(size(999_999), "1.0 MB");
    }
}
