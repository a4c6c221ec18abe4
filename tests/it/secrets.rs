//! No secret is ever printed: each is planted in each way it can be given, and looked for in all that is said.

use photoctl::config::settings;

use crate::imaging::builders::scene_jpeg;
use crate::photos_world::World;
use crate::support::s3::S3Server;
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

/// The same where everything works: statements are run, requests are signed and sent.
#[test]
fn working_services_are_told_secrets_and_logs_are_not() {
    let world = World::real();
    let token = "Pl4ntedSessionToken";
    let machine = world.machine().clone().env("PGPASSWORD", "Pl4ntedPgPassword").env("AWS_SESSION_TOKEN", token);
    let machine = machine.env("AWS_SECRET_ACCESS_KEY", "Pl4ntedAwsSecret").env("PHOTOCTL_BCRYPT_COST", "10");
    machine.file("card/Planted-Name.jpg", scene_jpeg(320, 240));
    let mut secrets = ["Pl4ntedPgPassword", "Pl4ntedAwsSecret", token, "Pl4ntedPassword", S3Server::SECRET_KEY]
        .map(str::to_owned)
        .to_vec();
    let url = world.database().unwrap().url();
    if let Some(password) = url.split_once('@').and_then(|(front, _)| front.rsplit_once(':')).map(|(_, word)| word)
        && !password.starts_with('/')
    {
        secrets.push(password.to_owned());
    }
    // In a log there are no people either, nor what they call their pictures.
    let people = ["Planted Person", "planted@example.org", "Planted-Name"].map(str::to_owned);
    let lines = [
        "operator create --name Planted+Person --email planted@example.org --password-stdin",
        "user create --name Planted+Person --email planted@example.org --password-stdin",
        "project create --operator planted@example.org --name Gala",
        "photographer create --operator planted@example.org --name Planted+Person --email planted@example.org \
         --no-password",
        "photos upload --project planted@example.org/Gala --photographer planted@example.org --assign --dir card",
        "photos url --project planted@example.org/Gala --kind original",
        "photos verify --project planted@example.org/Gala --deep",
    ];
    for (at, line) in lines.iter().enumerate() {
        let words = line.split_whitespace().map(|word| word.replace('+', " "));
        let form = if at % 2 == 0 { "json" } else { "text" };
        let run = machine.args(words).args(["-vvv", "--log-format", form, "--json"]).env("PHOTOCTL_LOG", "trace");
        let output = run.stdin("Pl4ntedPassword\n").current_dir(machine.path()).ok();
        assert_silent(&output, &secrets, Way::Environment);
        let log: Vec<&str> = output.stderr.lines().filter(|line| is_logged(line)).collect();
        assert!(log.iter().any(|line| line.contains("begin")), "nothing was logged: {}", output.transcript());
        for person in &people {
            assert!(!log.iter().any(|line| line.contains(person.as_str())), "{person} in the log of {line}: {log:#?}");
        }
    }
    assert_eq!(world.sql("SELECT count(*) FROM photos WHERE status = 'ready'"), "1");
}

/// Whether a line of stderr is one of the log: both forms begin with the time.
fn is_logged(line: &str) -> bool {
    let line = line.trim_start_matches("{\"timestamp\":\"");
    line.len() > 10 && line.as_bytes()[..4].iter().all(u8::is_ascii_digit) && line.as_bytes()[4] == b'-'
}
