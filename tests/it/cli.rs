//! The command line contract: streams, exit codes, errors, formats, help.

use std::path::Path;
use std::process::Stdio;

use crate::support::Photoctl;

#[test]
fn version_goes_to_stdout() {
    let output = Photoctl::new().args(["--version"]).ok();
    assert_eq!(output.stdout, format!("photoctl {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(output.stderr, "");
}

#[test]
fn nothing_given_shows_help_and_fails() {
    let output = Photoctl::new().args([""; 0]).run().code(2).stderr_has("Usage: photoctl");
    assert_eq!(output.stdout, "");
    let output = Photoctl::new().args(["--json"]).run().code(2);
    assert_eq!(output.error()["code"], "usage");
}

#[test]
fn usage_errors_have_one_form() {
    crate::assert_transcript!(Photoctl::new().line("db migrate --dry-rnu").run().code(2));
}

#[test]
fn usage_errors_are_json_where_json_is_asked_for() {
    let machine = Photoctl::new();
    for line in [
        "db migrate --nonsense --json",
        "--output json db nonsense",
        "--output=json db check extra",
        "-o json db check extra",
        "-qojson config show nosuchsetting",
        "photos list --json --status neither",
    ] {
        let output = machine.line(line).run().code(2);
        let error = output.error();
        assert_eq!(error["code"], "usage", "{}", output.transcript());
        assert_eq!(error["retryable"], false);
        assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{}", output.transcript());
        assert_eq!(output.stdout, "");
    }
}

#[test]
fn jsonl_of_a_failure_ends_in_a_summary() {
    let output = Photoctl::new().line("db status --output jsonl").run().code(1);
    let lines = output.json_lines();
    assert_eq!(lines[0]["type"], "error");
    assert_eq!(lines[0]["error"]["code"], "database_not_configured");
    assert_eq!(lines[1]["type"], "summary");
    assert_eq!(lines[1]["ok"], false);
    assert_eq!(output.error()["code"], "database_not_configured");
}

#[test]
fn errors_tell_what_to_do() {
    crate::assert_transcript!(Photoctl::new().line("db status").run().code(1));
}

#[test]
fn a_value_is_escaped_once() {
    let machine = Photoctl::new();
    let said = machine.args(["help", "a\x1b[31m\\b"]).run().code(2);
    said.stderr_has(r#""a\x1b[31m\b" is neither a topic nor a command"#);
}

#[test]
fn topics_in_every_format() {
    let machine = Photoctl::new();
    let codes = machine.line("help exit-codes --json").ok().json();
    let listed: Vec<i64> = codes.as_array().unwrap().iter().map(|code| code["exit"].as_i64().unwrap()).collect();
    assert_eq!(listed, [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 130], "the contract's exit codes");
    let csv = machine.line("help error-codes --output csv").ok();
    assert!(csv.stdout.starts_with("code,exit,retryable,meaning\r\n"), "{}", csv.stdout);
    let settings = machine.line("help settings --json").ok().json();
    assert!(settings.as_array().unwrap().iter().any(|setting| setting["name"] == "database_url"));
    machine.line("help photos upload").ok().stdout_has("Usage: photoctl photos upload");
    machine.line("help nonsense").run().code(2).stderr_has("exit-codes");
}

/// All help texts as one file: a change of the command line shows in review.
/// `INSTA_UPDATE=always cargo test --test it cli::reference` writes it anew.
#[test]
fn reference() {
    let mut text = String::new();
    let mut root = photoctl::cli::command().term_width(100);
    root.build();
    walk(&mut root, &mut |path, command| {
        text.push_str(&format!("\n################ {}\n\n", if path.is_empty() { "photoctl" } else { path }));
        let help = command.clone().term_width(100).render_long_help().to_string();
        text.push_str(&without_globals(path, &help));
    });
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text.trim_start()) });
}

/// The global options are the same everywhere: once is enough.
fn without_globals(path: &str, help: &str) -> String {
    let Some((before, after)) = help.split_once("Global options:\n").filter(|_| !path.is_empty()) else {
        return help.to_owned();
    };
    let rest = after.find("\nExamples:").map_or("", |at| &after[at..]);
    format!("{before}Global options: as photoctl\n{rest}")
}

fn walk(command: &mut clap::Command, visit: &mut impl FnMut(&str, &clap::Command)) {
    fn inner(path: &str, command: &clap::Command, visit: &mut impl FnMut(&str, &clap::Command)) {
        visit(path, command);
        for sub in command.get_subcommands() {
            let name = if path.is_empty() { sub.get_name().to_owned() } else { format!("{path} {}", sub.get_name()) };
            inner(&name, sub, visit);
        }
    }
    inner("", command, visit);
}

#[test]
fn every_command_has_examples() {
    let mut wrong = Vec::new();
    let mut paths = Vec::new();
    let mut root = photoctl::cli::command();
    walk(&mut root, &mut |path, command| {
        paths.push(path.to_owned());
        let Some(examples) = photoctl::commands::help::examples::of(path) else {
            wrong.push(format!("{path}: no examples in src/commands/help/examples/"));
            return;
        };
        if !(2..=5).contains(&examples.len()) {
            wrong.push(format!("{path}: {} examples", examples.len()));
        }
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        if !help.contains("Examples:") {
            wrong.push(format!("{path}: its help does not show them"));
        }
        for (_, line) in examples {
            if !line.starts_with(&format!("photoctl {path}")) {
                wrong.push(format!("{path}: {line} is no example of it"));
            }
        }
    });
    for (path, _) in photoctl::commands::help::examples::all() {
        if !paths.iter().any(|known| known == path) {
            wrong.push(format!("{path}: examples of a command that is not there"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn help_has_every_command_under_one_task() {
    let mut there = Vec::new();
    let mut root = photoctl::cli::command();
    walk(&mut root, &mut |path, command| {
        if command.get_subcommands().next().is_none() {
            there.push(path.to_owned());
        }
    });
    let mut listed: Vec<String> = photoctl::commands::help::tasks::TASKS
        .iter()
        .flat_map(|(_, lines)| photoctl::commands::help::tasks::commands(lines))
        .collect();
    there.sort();
    listed.sort();
    assert_eq!(listed, there, "put a new command into src/commands/help/tasks.rs");
    let machine = Photoctl::new();
    machine.args(["help"]).ok().stdout_has("Set an event up").stdout_has("  photos                 upload, list");
    let tasks = machine.args(["help", "--json"]).ok().json();
    assert_eq!(tasks["tasks"][0]["commands"][0], "operator create");
}

#[test]
fn manual_pages() {
    let machine = Photoctl::new();
    machine.args(["man"]).ok().stdout_has(".TH photoctl 1");
    machine.args(["man", "--to", "pages"]).ok();
    // One for each command, and man itself can read them.
    let mut root = photoctl::cli::command();
    walk(&mut root, &mut |path, _| {
        let name = format!("photoctl {path}").trim_end().replace(' ', "-");
        let page = machine.path().join(format!("pages/{name}.1"));
        assert!(page.exists(), "no page {name}");
    });
    let page = std::fs::read_to_string(machine.path().join("pages/photoctl-photos-upload.1")).unwrap();
    assert!(page.contains(".TH photoctl-photos-upload 1"), "{page}");
    assert!(page.contains("Examples:"), "{page}");
}

#[test]
fn colour_is_asked_for_or_not_there() {
    let machine = Photoctl::new();
    let plain = |output: &str| !output.contains('\u{1b}');
    assert!(plain(&machine.line("--help").ok().stdout));
    assert!(plain(&machine.line("db status").run().stderr));
    assert!(!plain(&machine.line("db status --color always").run().stderr));
    assert!(!plain(&machine.line("--help --color=always").ok().stdout));
    // Data for machines never is.
    assert!(plain(&machine.line("help exit-codes --json --color always").ok().stdout));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Photoctl::new()
        .line("help settings")
        .command()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}

#[test]
fn closed_streams_are_survived() {
    let machine = Photoctl::new();
    let binary = crate::support::binary().display().to_string();
    for (script, code) in [
        (format!("{binary} help exit-codes >&-"), 0),
        (format!("{binary} help exit-codes 2>&- | grep -q interrupted"), 0),
        (format!("{binary} db status 2>&-"), 1),
        (format!("{binary} db status <&- >&- 2>&-"), 1),
    ] {
        let command = machine.args([""; 0]).command();
        let mut shell = std::process::Command::new("/bin/sh");
        shell.env_clear().args(["-c", &script]);
        for (name, value) in command.get_envs() {
            shell.env(name, value.unwrap());
        }
        assert_eq!(shell.status().unwrap().code(), Some(code), "{script}");
    }
}

#[test]
fn an_answer_that_can_not_be_written_is_a_failure() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let Ok(full) = full else { return };
    let output = Photoctl::new()
        .line("help settings --json")
        .command()
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("\"disk_full\""), "{said}");
}

#[test]
fn off_a_terminal_nothing_is_asked() {
    let machine = Photoctl::new();
    let output = machine.args(["operator", "create", "--name", "Ana", "--email", "ana@example.org"]).run().code(2);
    output.stderr_has("--no-password");
}

#[test]
fn logs_go_to_stderr_in_both_forms() {
    let machine = Photoctl::new();
    let output = machine.line("help exit-codes -v").ok().stderr_has("command.name=\"help\"");
    assert!(output.stdout.starts_with("EXIT"), "{}", output.transcript());
    let output = machine.line("help exit-codes -v --log-format json").ok();
    let lines: Vec<serde_json::Value> = output.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["command.name"], "help");
    assert_eq!(lines.last().unwrap()["command.exit"], 0);
    assert_eq!(machine.line("help exit-codes").ok().stderr, "");
}

#[test]
fn the_second_signal_aborts() {
    use rustix::process::Signal;
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    let run = machine.args(["db", "shell", "--execute", "select pg_sleep(60)", "-v"]).spawn();
    // The statement is under way once the embedded server has its process lock.
    let began = std::time::Instant::now();
    while !std::fs::read_to_string(machine.data().join("postgres.lock"))
        .is_ok_and(|pid| pid.trim() == run.pid().to_string())
    {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "the lock never came");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    run.signal(Signal::TERM);
    std::thread::sleep(std::time::Duration::from_millis(500));
    run.signal(Signal::INT);
    let began = std::time::Instant::now();
    let output = run.wait().code(130).stderr_has("finishing what is in flight");
    assert!(began.elapsed() < std::time::Duration::from_secs(30), "{:?}\n{}", began.elapsed(), output.transcript());
}

#[test]
fn machines_get_a_document_whatever_is_asked() {
    let machine = Photoctl::new();
    for line in ["help", "help photos upload", "--help", "photos --help", "--version", "completions bash", "man"] {
        let document = machine.line(&format!("{line} --json")).ok().json();
        assert!(document["text"].as_str().is_some_and(|text| text.contains("photoctl")), "{line}: {document}");
        let lines = machine.line(&format!("{line} --output jsonl")).ok().json_lines();
        assert_eq!((lines.len(), lines[1]["type"].as_str()), (2, Some("summary")), "{line}");
    }
    let document = machine.line("completions bash --to c.bash --json").ok().json();
    assert_eq!(document["file"], "c.bash");
}

#[test]
fn the_hint_names_the_command_that_was_meant() {
    let machine = Photoctl::new();
    for (line, command) in [
        ("db grants --for nope", "photoctl db grants"),
        ("operators list --limit 0", "photoctl operator list"),
        ("--profile db --output json operator list --limit 0", "photoctl operator list"),
        ("-o json photos upload --nonsense", "photoctl photos upload"),
        ("db nonsense", "photoctl db"),
    ] {
        machine.line(line).run().code(2).stderr_has(&format!("{command} --help explains it"));
    }
}

#[test]
fn a_negative_number_is_a_value_and_wrong_as_such() {
    let output = Photoctl::new().line("operator list --limit -1").run().code(2);
    assert!(output.stderr.contains("invalid value '-1'"), "{}", output.stderr);
}

/// The table of the README behind a heading or mark, each row as its cells.
fn readme_table(from: &str) -> Vec<Vec<String>> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let behind = readme.split_once(from).unwrap_or_else(|| panic!("no {from} in the README")).1;
    let rows = behind.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    rows.skip(2).map(cells).collect()
}

#[test]
fn the_readme_says_what_help_says() {
    let machine = Photoctl::new();
    let code = |text: &serde_json::Value| format!("`{}`", text.as_str().unwrap());
    let help = machine.line("help settings --json").ok().json();
    let settings: Vec<Vec<String>> = help
        .as_array()
        .unwrap()
        .iter()
        .map(|setting| {
            let names: Vec<String> = setting["environment"].as_array().unwrap().iter().map(code).collect();
            let default = if setting["default"].is_null() { String::new() } else { code(&setting["default"]) };
            let mark = match (setting["secret"] == true, setting["project"] == true) {
                (true, _) => " (*secret*)",
                (_, true) => " (*project*)",
                _ => "",
            };
            let about = format!("{}{mark}", setting["about"].as_str().unwrap());
            vec![code(&setting["name"]), names.join(", "), default, about]
        })
        .collect();
    assert_eq!(readme_table("<!-- settings -->"), settings);
    let help = machine.line("help exit-codes --json").ok().json();
    let codes = help.as_array().unwrap().iter();
    let codes: Vec<Vec<String>> =
        codes.map(|code| vec![code["exit"].to_string(), code["meaning"].as_str().unwrap().to_owned()]).collect();
    assert_eq!(readme_table("## Exit codes"), codes);
}
