//! No secret is ever printed: each is planted in each way it can be given, and looked for in all that is said.

use photoctl::config::settings;

use crate::support::{Output, Photoctl};

/// How a secret can be given.
#[derive(Debug, Clone, Copy)]
enum Way {
    Environment,
    File,
    FileOfIts,
    Command,
}

/// Commands that succeed, fail, explain, and reach for each service.
const COMMANDS: &[&str] = &[
    "config show",
    "config show --json",
    "config show --output jsonl",
    "config show --set --output csv",
    "config path --json",
    "config init --dry-run",
    "help settings --json",
    "doctor",
    "doctor --json --for upload",
    "db status",
    "db status --json",
    "db migrate --dry-run",
    "db check",
    "db grants --for read",
    "db store",
    "db shell --execute select",
    "db backup nowhere/file",
    "operator list",
    "project show nothing --json",
    "photos list --project nothing",
    "photos upload --project nothing --photographer nobody --dir .",
    "--nonsense --json",
];

/// Nobody listens on port 1: each service is reached for and not found.
fn value(key: &str, planted: &str) -> String {
    if key == "database_url" {
        format!("postgres://user:{planted}@127.0.0.1:1/photos?password={planted}&sslmode=disable")
    } else {
        planted.to_owned()
    }
}

fn planted_machine(way: Way) -> (Photoctl, Vec<String>) {
    let mut machine = Photoctl::new()
        .env("PHOTOCTL_STORAGE_URL", "s3://planted-bucket")
        .env("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
        .env("AWS_REGION", "auto");
    let (mut planted, mut file) = (Vec::new(), String::new());
    for (number, setting) in settings::ALL.iter().filter(|setting| setting.secret).enumerate() {
        let secret = format!("Pl4nted{number}Secret{}", setting.key.replace('_', ""));
        let text = value(setting.key, &secret);
        match way {
            Way::Environment => machine = machine.env(setting.env[0], &text),
            Way::File => file.push_str(&format!("{} = {text:?}\n", setting.key)),
            Way::FileOfIts => {
                let path = machine.file(&format!("secrets/{}", setting.key), format!("{text}\n"));
                file.push_str(&format!("{}_file = {:?}\n", setting.key, path));
            }
            Way::Command => {
                let path = machine.file(&format!("secrets/{}", setting.key), format!("{text}\n"));
                file.push_str(&format!("{}_command = \"cat {}\"\n", setting.key, path.display()));
            }
        }
        planted.push(secret);
    }
    assert!(planted.len() >= 4, "the settings know no secrets");
    machine.file("home/.config/photoctl/photoctl.toml", file);
    (machine, planted)
}

fn assert_silent(output: &Output, planted: &[String], way: Way) {
    for secret in planted {
        for (stream, text) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            assert!(!text.contains(secret.as_str()), "{way:?}: {secret} on {stream} of\n{}", output.transcript());
        }
    }
}

#[test]
fn planted_secrets_are_never_said() {
    for way in [Way::Environment, Way::File, Way::FileOfIts, Way::Command] {
        let (machine, planted) = planted_machine(way);
        for command in COMMANDS {
            for more in [&[][..], &["-vvv"], &["-vvv", "--log-format", "json"]] {
                // A full log of each is worth it in one way only; the others differ in reading the value.
                if !more.is_empty() && !matches!(way, Way::Environment) && *command != "doctor" {
                    continue;
                }
                let output = machine.line(command).args(more).env("PHOTOCTL_LOG", "trace").run();
                assert_silent(&output, &planted, way);
            }
        }
    }
}

#[test]
fn they_were_really_read() {
    for way in [Way::Environment, Way::File, Way::FileOfIts, Way::Command] {
        let (machine, _) = planted_machine(way);
        let rows = machine.line("config show --json").ok().json();
        let secrets: Vec<_> = rows.as_array().unwrap().iter().filter(|row| row["secret"] == true).collect();
        for row in secrets {
            let shown = row["value"].as_str().unwrap_or_else(|| panic!("{way:?}: not read: {row}"));
            let url = row["name"] == "database_url";
            assert!(if url { shown.contains("user:hidden@127.0.0.1:1") } else { shown == "set (hidden)" }, "{row}");
        }
    }
}

#[test]
fn a_command_that_fails_says_its_name_only() {
    let machine = Photoctl::new();
    let path = machine.file("c.toml", "database_url_command = \"echo Pl4ntedSecret; exit 3\"\n");
    let output = machine.args(["config", "show", "--config"]).arg(&path).run().code(2);
    assert!(output.stderr.contains("database_url_command") && !output.stderr.contains("Pl4nted"), "{}", output.stderr);
}

#[test]
fn no_secret_is_a_flag() {
    let help = Photoctl::new().line("--help").ok().stdout;
    for setting in settings::ALL.iter().filter(|setting| setting.secret) {
        let flag = format!("--{}", setting.key.replace('_', "-"));
        assert!(!help.contains(&flag), "{flag}");
        let output = Photoctl::new().args(["db", "status", &flag, "Pl4nted", "--json"]).run().code(2);
        assert!(!output.stderr.contains("Pl4nted"), "{}", output.stderr);
    }
}

#[test]
fn keys_in_addresses_are_left_out() {
    let machine = Photoctl::new();
    machine.line("db migrate").ok();
    for (url, endpoint, r2) in [
        ("s3://photos", "http://user:Pl4nted@127.0.0.1:1", "https://user:Pl4nted@127.0.0.1:1"),
        ("s3://photos", "http://127.0.0.1:1/?key=Pl4nted", "https://127.0.0.1:1/?key=Pl4nted"),
        ("s3://AK:Pl4nted@photos", "http://127.0.0.1:1", "https://127.0.0.1:1"),
        ("s3://AK:Pl4nted/Pl4nted@photos", "http://127.0.0.1:1", "https://127.0.0.1:1"),
    ] {
        let machine = machine.clone().env("PHOTOCTL_STORAGE_URL", url).env("AWS_ENDPOINT_URL_S3", endpoint);
        let machine = machine.env("PHOTOCTL_R2_ENDPOINT", r2).env("AWS_REGION", "auto");
        for line in [
            "config show",
            "config show --json",
            "db store",
            "db store --json",
            "db store --set --yes",
            "doctor --json",
            "doctor",
            "photos verify --json -vvv",
        ] {
            let output = machine.line(line).run();
            assert_silent(&output, &["Pl4nted".to_owned()], Way::Environment);
        }
        assert!(machine.line("config show --json storage_endpoint").ok().stdout.contains("127.0.0.1:1"));
    }
}
