//! Completions: the scripts, the values behind a Tab, and how long a Tab takes. Asked as the scripts ask, and in the
//! shells themselves.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use crate::nouns::House;
use crate::support::terminal::Terminal;
use crate::support::{Output, Photoctl};

/// What the issue allows a Tab, for a release build; a debug one on a busy machine gets more.
const TAB: Duration = Duration::from_millis(300);
const SLOWNESS: u32 = 4;

const SCRIPTS: [(&str, &str); 5] = [
    ("bash", "photoctl.bash"),
    ("zsh", "_photoctl"),
    ("fish", "photoctl.fish"),
    ("powershell", "photoctl.ps1"),
    ("elvish", "photoctl.elv"),
];

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("completions")
}

/// `INSTA_UPDATE=always cargo test --test it completions::` writes them anew.
#[test]
fn committed_scripts_are_fresh() {
    for (shell, file) in SCRIPTS {
        let made = Photoctl::new().args(["completions", shell]).ok().stdout;
        let path = committed().join(file);
        if std::env::var("INSTA_UPDATE").is_ok_and(|update| update == "always") {
            std::fs::write(&path, &made).unwrap();
        }
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(held, made, "stale: photoctl completions {shell} > completions/{file}");
    }
}

fn asked(machine: &Photoctl, line: &str) -> Output {
    let output = machine
        .args(["--", &format!("photoctl {line}")])
        .env("PHOTOCTL_COMPLETE", "bash")
        .env("PHOTOCTL_WORDBREAKS", " \t\n\"'@><=;|&(:")
        .ok();
    assert_eq!(output.stderr, "", "a completion says nothing");
    output
}

/// What bash is answered when a person types Tab behind `line`.
fn complete(machine: &Photoctl, line: &str) -> Vec<String> {
    asked(machine, line).stdout.lines().map(str::to_owned).collect()
}

#[test]
fn commands_and_values_are_known() {
    let machine = Photoctl::new();
    assert_eq!(complete(&machine, "db mig"), ["migrate"]);
    assert_eq!(complete(&machine, "--output js"), ["json", "jsonl"]);
    machine.file("home/.config/photoctl/photoctl.toml", "[profile.production]\n[profile.stage]\n");
    assert_eq!(complete(&machine, "--profile "), ["production", "stage"]);
    // No database: nothing, and no complaint.
    assert_eq!(complete(&machine, "photos list --project "), [""; 0]);
    assert_eq!(complete(&machine.env("DATABASE_URL", "nonsense"), "photos list --project "), [""; 0]);
}

fn fill(house: &House) {
    let ana = house.operator("Ana Events", "ana@example.org");
    house.operator("Bea Events", "bea@example.org");
    house.photographer(&ana, "Finn", "finn@example.org");
    house.user("Gus", "gus@example.org");
    house.json(&[
        "package",
        "create",
        "--operator",
        &ana,
        "--name",
        "Ten photos",
        "--price",
        "19",
        "--photo-count",
        "10",
    ]);
    house.project(&ana, "Summer Run");
    house.project(&ana, "Summer's \"end\"");
    let gone = house.project(&ana, "Gone");
    house.json(&["project", "delete", &gone, "--yes"]);
}

#[test]
fn things_are_offered_by_the_noun_of_the_command() {
    for house in House::both() {
        fill(&house);
        // A server on a busy machine is not what is measured here.
        let machine = house.machine.clone().env("PHOTOCTL_COMPLETE_PATIENCE", "20s");
        // Beside the options that may stand there too.
        let offered = |line: &str| -> Vec<String> {
            complete(&machine, line).into_iter().filter(|value| !value.starts_with("--")).collect()
        };
        assert_eq!(offered("project show summer\\ "), ["Summer\\ Run"]);
        assert_eq!(offered("project show \"summer'"), ["Summer's \\\"end\\\""]);
        assert_eq!(offered("photos list --project=sum"), ["Summer\\'s\\ \\\"end\\\"", "Summer\\ Run"]);
        assert_eq!(offered("projects delete ana@example.org/summer\\ "), ["@example.org/Summer\\ Run"]);
        assert_eq!(offered("operator update "), ["bea@example.org", "ana@example.org"]);
        assert_eq!(offered("operator set-password a"), ["ana@example.org"]);
        assert_eq!(offered("operator update ana@e"), ["@example.org"]);
        assert_eq!(offered("user delete g"), ["gus@example.org"]);
        assert_eq!(offered("photographer show f"), ["finn@example.org"]);
        assert_eq!(offered("package delete T"), ["Ten\\ photos"]);
        assert_eq!(offered("project packages add --project Gala --package T"), ["Ten\\ photos"]);
        // Only what can be brought back, and what is deleted nowhere else.
        assert_eq!(offered("project restore "), ["Gone"]);
        assert_eq!(offered("project show G"), [""; 0]);
    }
}

#[test]
fn the_embedded_database_is_not_started_for_a_tab() {
    let house = House::embedded();
    fill(&house);
    let machine = &house.machine;
    // Another run has it: names come all the same, and at once.
    let mut shell = machine.line("db shell").on_terminal(80, 24);
    shell.wait_for("photoctl=>");
    let began = Instant::now();
    assert_eq!(complete(machine, "project show summer\\ "), ["Summer\\ Run"]);
    let took = began.elapsed();
    assert!(took < TAB * SLOWNESS, "{took:?} for a Tab");
    shell.send("UPDATE projects SET name = 'Winter Run' WHERE name = 'Summer Run';\r");
    shell.wait_for("1 row");
    shell.send("\\q\r");
    assert_eq!(shell.wait().0, 0);
    // What was done by hand is no entry of the audit log; the next command looks all the same.
    machine.args(["project", "list"]).ok();
    assert_eq!(complete(machine, "project show wi"), ["Winter\\ Run"]);
    let names = machine.data().join("names.json");
    assert_eq!(mode(&names), 0o600, "others can not read it");
    // Damaged, it is no more than not there; the next command makes it anew.
    std::fs::write(&names, "{").unwrap();
    assert_eq!(complete(machine, "project show wi"), [""; 0]);
    machine.args(["project", "list"]).ok();
    assert_eq!(complete(machine, "project show wi"), ["Winter\\ Run"]);
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_server_that_does_not_answer_costs_no_more_than_a_moment() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://ana@127.0.0.1:{}/photos", silent.local_addr().unwrap().port());
    let machine = Photoctl::new().env("DATABASE_URL", url);
    let began = Instant::now();
    assert_eq!(complete(&machine, "project show --project "), [""; 0]);
    let took = began.elapsed();
    assert!(took < TAB * SLOWNESS, "{took:?} for nothing");
}

/// A person's shell with the binary in its path.
fn shell(machine: &Photoctl, words: &[&str]) -> Terminal {
    let mut command = CommandBuilder::new(words[0]);
    command.args(&words[1..]);
    command.env_clear();
    for (name, value) in machine.line("").command().get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("PATH", path());
    command.env("TERM", "xterm");
    command.env("PS1", "ready> ");
    command.cwd(machine.path());
    let terminal = Terminal::spawn(command, 120, 30);
    terminal.wait_for("ready>");
    terminal
}

fn path() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_photoctl")).parent().unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

/// Presses Tab behind `typed` and waits until the line reads so; then runs it with json, for the name that it meant.
fn tab(terminal: &mut Terminal, typed: &str, line: &str, name: &str) {
    terminal.send(&format!("{typed}\t"));
    terminal.wait_for(&format!("ready> photoctl {line}"));
    terminal.send(" --output csv\r");
    terminal.wait_for(name);
    terminal.send("clear\r");
    terminal.wait_until("an empty screen", |screen| screen.trim() == "ready>");
}

fn named_house() -> House {
    let house = House::embedded();
    fill(&house);
    house
}

#[test]
fn in_bash() {
    let house = named_house();
    let mut bash = shell(&house.machine, &["bash", "--norc", "--noprofile", "-i"]);
    bash.send(&format!("source {}; clear\r", committed().join("photoctl.bash").display()));
    bash.wait_until("an empty screen", |screen| screen.trim() == "ready>");
    tab(&mut bash, "photoctl project show Summer\\ ", "project show Summer\\ Run", ",Summer Run,");
    tab(&mut bash, "photoctl project show \"Summer R", "project show \"Summer Run\"", ",Summer Run,");
    tab(&mut bash, "photoctl project show Summer\\'", "project show Summer\\'s\\ \\\"end\\\"", "Summer's");
    tab(&mut bash, "photoctl operator show ana@", "operator show ana@example.org", ",Ana Events,");
    tab(&mut bash, "photoctl proj", "project", "requires a subcommand");
    bash.send("exit\r");
}

#[test]
fn in_zsh() {
    let house = named_house();
    let mut zsh = shell(&house.machine, &["zsh", "-f", "-i"]);
    let folder = committed();
    // As a person does who puts the folder into fpath: found by its name, and loaded at the first Tab.
    zsh.send(&format!("fpath=({} $fpath); autoload -Uz compinit; compinit -u -D; clear\r", folder.display()));
    zsh.wait_until("an empty screen", |screen| screen.trim() == "ready>");
    tab(&mut zsh, "photoctl project show Summer\\ ", "project show Summer\\ Run", ",Summer Run,");
    tab(&mut zsh, "photoctl project show \"Summer R", "project show \"Summer Run\"", ",Summer Run,");
    tab(&mut zsh, "photoctl project show summer\\ r", "project show Summer\\ Run", ",Summer Run,");
    tab(&mut zsh, "photoctl operator show ana@", "operator show ana@example.org", ",Ana Events,");
    zsh.send("exit\r");
}

#[test]
fn in_fish() {
    let house = named_house();
    let offered = |line: &str| {
        let mut fish = Command::new("fish");
        fish.args(["--no-config", "-c", "source $argv[1]; complete -C $argv[2]"]);
        fish.arg(committed().join("photoctl.fish")).arg(line).env_clear();
        for (name, value) in house.machine.line("").command().get_envs() {
            fish.env(name, value.unwrap());
        }
        let output = fish.env("PATH", path()).current_dir(house.machine.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(offered("photoctl project show Summer\\ "), ["Summer Run\tana@example.org"]);
    assert_eq!(offered("photoctl project show \"Summer R"), ["Summer Run\tana@example.org"]);
    assert_eq!(offered("photoctl operator show a"), ["ana@example.org\tAna Events"]);
    assert!(offered("photoctl db mig")[0].starts_with("migrate\t"));
}

#[test]
fn install_puts_the_script_where_the_shell_looks() {
    let machine = Photoctl::new();
    let home = machine.path().join("home");
    let places = [
        ("bash", ".local/share/bash-completion/completions/photoctl", "~/.bashrc"),
        ("zsh", ".local/share/zsh/site-functions/_photoctl", "fpath=("),
        ("fish", ".config/fish/completions/photoctl.fish", ""),
        ("powershell", ".config/powershell/photoctl.ps1", "$PROFILE"),
        ("elvish", ".config/elvish/lib/photoctl.elv", "use photoctl"),
    ];
    for ((shell, place, add), (_, file)) in places.into_iter().zip(SCRIPTS) {
        let path = home.join(place);
        machine.args(["completions", "install", shell, "--dry-run"]).ok().stdout_has("Would write ").stdout_has(place);
        assert!(!path.exists(), "a dry run writes nothing");
        machine.args(["completions", "install", shell]).ok().stdout_has(place).stdout_has(add);
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, std::fs::read_to_string(committed().join(file)).unwrap());
        let again = machine.args(["completions", "install", shell, "--json"]).ok().json();
        assert_eq!((again["written"].as_bool(), again["shell"].as_str()), (Some(false), Some(shell)));
        // An older one of ours is replaced, somebody else's file is not.
        std::fs::write(&path, "# PHOTOCTL_COMPLETE of last year\n").unwrap();
        machine.args(["completions", "install", shell]).ok().stdout_has("Written");
        std::fs::write(&path, "# mine\n").unwrap();
        machine.args(["completions", "install", shell]).run().code(1).stderr_has("not ours");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# mine\n");
    }
}

#[test]
fn install_knows_the_shell_in_use() {
    let machine = Photoctl::new();
    // The test's own process is none, so that SHELL counts.
    machine.args(["completions", "install", "--dry-run"]).run().code(2).stderr_has("bash, zsh");
    let usual = machine.args(["completions", "install", "--dry-run", "--json"]).env("SHELL", "/usr/bin/fish").ok();
    assert_eq!(usual.json()["shell"], "fish");
    // Called from bash, whatever the log-in shell is; `;` keeps bash there until the end.
    let within = Command::new("bash")
        .args(["--norc", "-c", "photoctl completions install --dry-run --json; true"])
        .env_clear()
        .env("PATH", path())
        .env("HOME", machine.path())
        .env("SHELL", "/usr/bin/fish")
        .output()
        .unwrap();
    let within: serde_json::Value = serde_json::from_slice(&within.stdout).unwrap();
    assert_eq!(within["shell"], "bash");
}
