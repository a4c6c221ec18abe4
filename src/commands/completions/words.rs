//! A half-typed line of a shell taken apart, and a value written so that the shell reads it as one word.

/// The line up to the cursor.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// As the command will get them; the last one is under the cursor, and may be empty.
    pub(super) words: Vec<String>,
    /// The last word with, for each character, whether it stood there plain: neither quoted nor escaped.
    last: Vec<(char, bool)>,
    /// The quotation mark that is still open, and how many characters of the last word stand before it.
    open: Option<(char, usize)>,
}

impl Line {
    /// Reads a line as bash does, less its expansions.
    pub(super) fn read(line: &str) -> Self {
        let (mut words, mut last, mut open) = (Vec::new(), Vec::new(), None);
        let mut begun = false;
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, open) {
                (c, Some((quote, _))) if c == quote => open = None,
                ('\\', Some(('"', _))) if chars.peek().is_some_and(|next| "\"\\$`".contains(*next)) => {
                    last.extend(chars.next().map(|next| (next, false)));
                }
                (c, Some(_)) => last.push((c, false)),
                ('"' | '\'', None) => (open, begun) = (Some((c, last.len())), true),
                ('\\', None) => {
                    last.extend(chars.next().map(|next| (next, false)));
                    begun = true;
                }
                (c, None) if c.is_whitespace() => {
                    if begun || !last.is_empty() {
                        words.push(last.drain(..).map(|(c, _)| c).collect());
                    }
                    begun = false;
                }
                (c, None) => last.push((c, true)),
            }
        }
        words.push(last.iter().map(|(c, _)| *c).collect());
        Self { words, last, open }
    }

    /// What bash is to put in place of what it takes for the last word: it begins behind an open quotation mark, or
    /// behind the last of `breaks`.
    pub(super) fn answer(&self, value: &str, breaks: &str) -> String {
        let there = match self.open {
            Some((_, before)) => before,
            None => match self.last.iter().rposition(|(c, plain)| *plain && breaks.contains(*c)) {
                // Bash breaks a word there, and counts it to what comes behind.
                Some(at) if self.last[at].0 == '@' => at,
                Some(at) => at + 1,
                None => 0,
            },
        };
        let rest = value.chars().skip(there);
        match self.open {
            Some(('"', _)) => escaped(rest, |c| "\"\\$`".contains(c)),
            Some(_) => rest.map(|c| if c == '\'' { "'\\''".to_owned() } else { c.to_string() }).collect(),
            None => escaped(rest, |c| !(c.is_alphanumeric() || "_./:@%+=,^-".contains(c))),
        }
    }
}

fn escaped(chars: impl Iterator<Item = char>, special: impl Fn(char) -> bool) -> String {
    let mut out = String::new();
    for c in chars {
        if special(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A single word without its quotation marks and backslashes, an open mark included.
pub(super) fn plain(word: &str) -> String {
    if word.contains(['"', '\'', '\\']) { Line::read(word).words.join(" ") } else { word.to_owned() }
}

/// A value as one word of PowerShell.
pub(super) fn in_powershell(value: &str) -> String {
    let safe = |c: char| c.is_alphanumeric() || "_./:+-=\\".contains(c);
    if value.chars().all(safe) { value.to_owned() } else { format!("'{}'", value.replace('\'', "''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'@><=;|&(:";

    #[test]
    fn lines_are_read_as_a_shell_reads_them() {
        let words = |line: &str| Line::read(line).words;
        assert_eq!(words("photoctl project show "), ["photoctl", "project", "show", ""]);
        assert_eq!(words(r"photoctl show Summer\ R"), ["photoctl", "show", "Summer R"]);
        assert_eq!(words(r#"photoctl show "Summer R"#), ["photoctl", "show", "Summer R"]);
        assert_eq!(words(r#"photoctl show '' "a\"b" c"#), ["photoctl", "show", "", "a\"b", "c"]);
        assert_eq!(words("photoctl show 'it'\\''s"), ["photoctl", "show", "it's"]);
        assert_eq!(words(""), [""]);
    }

    #[test]
    fn a_value_stays_one_word() {
        let answer = |line: &str, value: &str| Line::read(line).answer(value, BREAKS);
        assert_eq!(answer("photoctl show su", "Summer Run"), r"Summer\ Run");
        assert_eq!(answer("photoctl show \"Su", "Summer \"$1\" Run"), r#"Summer \"\$1\" Run"#);
        assert_eq!(answer("photoctl show 'Su", "Su's"), r"Su'\''s");
        assert_eq!(answer("photoctl show --project=Su", "--project=Summer Run"), r"Summer\ Run");
        assert_eq!(answer("photoctl show --project=\"Su", "--project=Summer Run"), "Summer Run");
        assert_eq!(answer("photoctl show ana@ex", "ana@example.org"), "@example.org");
        assert_eq!(answer(r"photoctl show Summer\ R", "Summer Run"), r"Summer\ Run");
        assert_eq!(answer("photoctl show $(rm", "$(rm -rf ~); `x`"), r"rm\ -rf\ \~\)\;\ \`x\`");
        assert_eq!(plain("\"Summer R"), "Summer R");
        assert_eq!(in_powershell("Ana's Run"), "'Ana''s Run'");
    }
}
