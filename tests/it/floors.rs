//! The floors of the house, read from the sources: who may import whom, and where what may stand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The top-level modules and what each may import. A module may always import itself.
const FLOORS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    // `db` for the folder of the embedded server's program files, which has to be known before anything runs.
    ("cli", &["app", "commands", "config", "db", "error", "model", "ui"]),
    // What every command works with. It opens services, and knows no command and no workflow.
    ("app", &["batch", "config", "db", "error", "model", "objects", "ui"]),
    // `cli` for the command line itself: help, completions and manual pages are made from it.
    (
        "commands",
        &["app", "batch", "cli", "config", "db", "error", "imaging", "model", "objects", "print", "ui", "workflows"],
    ),
    // `config` for the list of settings: it stands on the floor of `model`.
    ("workflows", &["batch", "config", "db", "error", "faces", "geo", "imaging", "model", "objects", "print"]),
    ("ui", &["batch", "error", "model"]),
    ("batch", &["error", "model"]),
    ("db", &["error", "model"]),
    ("imaging", &["error", "model"]),
    ("faces", &["error", "model"]),
    ("objects", &["error", "model"]),
    ("print", &["error", "model"]),
    ("geo", &["error", "model"]),
    ("config", &["error", "model"]),
    ("model", &["error"]),
    // Escapes text for messages; nothing else.
    ("error", &["model"]),
    ("lib", &[]),
];

/// Words in the source, and the only folders or files that may hold them.
const PLACES: &[(&str, &[&str])] = &[
    ("sqlx::", &["src/db/"]),
    ("aws_", &["src/objects/s3/", "src/objects/s3.rs"]),
    ("println!", &["src/ui/"]),
    ("eprintln!", &["src/ui/"]),
    ("print!", &["src/ui/"]),
    ("eprint!", &["src/ui/"]),
    ("dbg!", &[]),
    ("todo!", &[]),
    ("unimplemented!", &[]),
    ("process::exit", &["src/ui/"]),
    ("pglite_oxide::", &["src/db/embedded/"]),
    ("dialoguer::", &["src/ui/"]),
    ("indicatif::", &["src/ui/"]),
    ("comfy_table::", &["src/ui/"]),
    // What they hand to C code has passed the header checks there.
    ("turbojpeg::", &["src/imaging/decode.rs", "src/imaging/ycc.rs"]),
    ("viuer::", &["src/ui/"]),
    ("rten::", &["src/faces/"]),
    ("prost::", &["src/faces/"]),
    ("qrcode::", &["src/print/"]),
    ("pdf_writer::", &["src/print/"]),
    ("rustybuzz::", &["src/print/"]),
    ("maxminddb::", &["src/geo.rs"]),
];

struct Source {
    path: String,
    /// Without comments and literals: only code.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files: Vec<PathBuf> = walkdir::WalkDir::new(root.join("src"))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    assert!(files.len() > 20, "the sources are not where the test looks");
    files
        .into_iter()
        .map(|path| Source {
            code: strip(&std::fs::read_to_string(&path).unwrap()),
            path: path.strip_prefix(root).unwrap().display().to_string(),
        })
        .collect()
}

/// `src/db/photos/list.rs` is of the module `db`.
fn module_of(path: &str) -> &str {
    let inner = path.strip_prefix("src/").unwrap_or(path);
    inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
}

#[test]
fn imports_point_down_only() {
    let floors: BTreeMap<&str, &[&str]> = FLOORS.iter().copied().collect();
    let mut wrong = Vec::new();
    for source in sources() {
        let module = module_of(&source.path);
        let Some(allowed) = floors.get(module) else {
            wrong.push(format!("{}: the module {module} has no floor: add it to FLOORS", source.path));
            continue;
        };
        for (line, target) in imports(&source.code) {
            if target != module && !allowed.contains(&target.as_str()) {
                wrong.push(format!("{}:{line}: {module} must not import {target}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_library_is_used_by_main_only_through_cli() {
    for source in sources() {
        let uses_library = source.code.contains("photoctl::");
        assert!(!uses_library || source.path == "src/main.rs", "{}: write crate::", source.path);
        if source.path == "src/main.rs" {
            let uses: Vec<&str> = source.code.split("photoctl::").skip(1).collect();
            assert!(uses.iter().all(|rest| rest.starts_with("cli::")), "main.rs uses more than cli");
        }
    }
}

#[test]
fn everything_stands_in_its_place() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (word, places) in PLACES {
            if places.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            for line in occurrences(&source.code, word) {
                wrong.push(format!("{}:{line}: {word} belongs to {places:?}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn imports_name_what_they_import() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (number, line) in source.code.lines().enumerate() {
            if line.trim_end_matches([' ', ',', ';', '}']).ends_with("::*") {
                wrong.push(format!("{}:{}: {}", source.path, number + 1, line.trim()));
            }
        }
    }
    // A test module may take all of the module it stands in.
    wrong.retain(|line| !line.ends_with("use super::*;"));
    assert!(wrong.is_empty(), "glob imports:\n{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .iter()
        .map(|source| (source.code.lines().count(), &source.path))
        .filter(|(lines, _)| *lines > 600)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "split by meaning:\n{}", long.join("\n"));
}

/// Line numbers and first segments of all `crate::` paths, braces included: `use crate::{app, db::Db}`.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate::` is a path too; `my_crate::` is not.
        if code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let line = code[..at].matches('\n').count() + 1;
        let rest = &code[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(inner) => first_segments(inner),
            None => vec![word(rest)],
        };
        found.extend(names.into_iter().filter(|name| !name.is_empty()).map(|name| (line, name)));
    }
    found
}

/// The first segment of each path at the outermost level of a braced list.
fn first_segments(inner: &str) -> Vec<String> {
    let (mut depth, mut names, mut start) = (0_u32, Vec::new(), 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(word(inner[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(word(inner[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn word(text: &str) -> String {
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    // `crate::Thing` is something of the root, which has nothing to import.
    if name.starts_with(char::is_uppercase) { String::new() } else { name }
}

fn occurrences(code: &str, word: &str) -> Vec<usize> {
    code.match_indices(word)
        .filter(|(at, _)| !code[..*at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_'))
        .map(|(at, _)| code[..at].matches('\n').count() + 1)
        .collect()
}

/// The code with comments, texts and characters blanked out; lines stay where they are.
fn strip(source: &str) -> String {
    let bytes: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let end = match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => find(rest, 2, &['*', '/']),
            ['r', '"', ..] if !joined(&bytes, at) => find(rest, 2, &['"']),
            ['r', '#', '"', ..] if !joined(&bytes, at) => find(rest, 3, &['"', '#']),
            ['"', ..] => text_end(rest),
            ['\'', '\\', _, ..] => find(rest, 3, &['\'']),
            ['\'', _, '\'', ..] => 3,
            _ => 0,
        };
        if end == 0 {
            out.push(bytes[at]);
            at += 1;
        } else {
            out.extend(rest[..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at += end;
        }
    }
    out
}

/// Whether the character at `at` goes on with a word: the r of `for"`.
fn joined(bytes: &[char], at: usize) -> bool {
    at > 0 && (bytes[at - 1].is_alphanumeric() || bytes[at - 1] == '_')
}

fn find(rest: &[char], from: usize, end: &[char]) -> usize {
    (from..rest.len()).find(|at| rest[*at..].starts_with(end)).map_or(rest.len(), |at| at + end.len())
}

fn text_end(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// The reader itself must see what it is to find.
#[test]
fn the_reader_sees_imports_and_skips_texts() {
    let code = strip(concat!(
        "use crate::db::Db; // crate::ui\n",
        "use crate::{app::App, model::{ids, text}, error};\n",
        "fn f() -> crate::objects::Store { \"crate::faces\"; r#\"crate::payments\"#; '\"' }\n",
    ));
    let found: Vec<(usize, String)> = imports(&code);
    let expected = [(1, "db"), (2, "app"), (2, "model"), (2, "error"), (3, "objects")];
    assert_eq!(found, expected.map(|(line, name)| (line, name.to_owned())));
    assert_eq!(occurrences("my_sqlx::x sqlx::y", "sqlx::"), [1]);
}
