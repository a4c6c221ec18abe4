//! The examples under every `--help`, each run as it stands by a shell, in a copy of one prepared event.
//!
//! What a reader has to put his own thing for is put in: ids (`5f0c2a9b`), a token, the folder `/media`. Where an
//! example asks somebody, it must first refuse to go on without an answer, and then go on with one.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;

use photoctl::commands::help::examples;

use crate::imaging::builders::scene_jpeg;
use crate::nouns::id;
use crate::photos_world::wait;
use crate::support::pg::{self, TestDb, TestFolder};
use crate::support::{Photoctl, binary};

/// Copies that are worked on at the same time.
const HANDS: usize = 3;
const GUESTS: &str = "name,email\nGus Berg,gus@example.org\nHanna,hanna@example.org\n";
const CONSENTS: &str = "email,consent_version,given_at,evidence\ngus@example.org,2026-05,2026-05-30,form 17\n";
const TOKEN: &str = "k3f9x2m7c5t1w8b4n6p0q3r5va";

/// Commands that only the embedded database has.
const EMBEDDED: &[&str] = &["db backup", "db restore"];

/// What must be so before an example can work, by the beginning of its line.
const BEFORE: &[(&str, &str)] = &[
    ("operator create", "UPDATE operators SET name = 'Other', email = concat(id, '@example.org')"),
    ("photographer create", "UPDATE photographers SET name = 'Other', email = concat(id, '@example.org')"),
    ("user create", "UPDATE users SET name = 'Other', email = concat(id, '@example.org')"),
    ("package create", "UPDATE packages SET name = 'Other'"),
    ("project create", "UPDATE projects SET name = 'Other'"),
    ("operator restore", "UPDATE operators SET deleted_at = now()"),
    ("photographer restore", "UPDATE photographers SET deleted_at = now()"),
    ("user restore", "UPDATE users SET deleted_at = now()"),
    ("package restore", "UPDATE packages SET deleted_at = now()"),
    ("project restore", "UPDATE projects SET deleted_at = now()"),
    ("photos restore", "UPDATE photos SET deleted_at = now()"),
    ("project photographers add", "DELETE FROM project_photographers"),
    ("project members add", "DELETE FROM project_members"),
    ("project packages add", "DELETE FROM project_packages"),
    ("project coaches add", "DELETE FROM project_coaches"),
    ("qr redeem", "DELETE FROM project_members"),
    ("tags add", "DELETE FROM photo_tags; DELETE FROM photoctl.tag_marks"),
];

/// An event as the examples suppose it: on a server, its objects in a folder.
struct Event {
    machine: Photoctl,
    db: TestDb,
    ids: Vec<(&'static str, String)>,
    token: String,
}

impl Event {
    fn prepared() -> Self {
        let db = wait(TestDb::migrated());
        let machine = on(&Photoctl::new(), &db);
        files(&machine);
        let json = |line: &str| {
            let words = shlex::split(line).unwrap();
            machine.args(words).arg("--json").ok().json()
        };
        let operator = json(
            "operator create --name 'Example Events' --email events@example.org --currency EUR --no-password \
             --timezone Europe/Berlin",
        );
        json("photographer create --operator events@example.org --name Finn --email finn@example.org --no-password");
        json("user create --name Gus --email gus@example.org --no-password");
        json("package create --operator events@example.org --name 'Ten photos' --price 19.90 --photo-count 10");
        let soon = (chrono::Utc::now() + chrono::Duration::days(10)).format("%Y-%m-%d");
        let project = json(&format!(
            "project create --operator events@example.org --name 'Summer Run' --location Hamburg --end {soon} \
             --link https://example.org/summer --photographer finn@example.org"
        ));
        json("project members add --project 'Summer Run' --user gus@example.org");
        json("project packages add --project 'Summer Run' --package 'Ten photos'");
        json("project coaches add --project 'Summer Run' --name 'Ida Lund'");
        json("project settings set --project 'Summer Run' watermark '(c) {photographer}'");
        json("photos upload --project 'Summer Run' --photographer finn@example.org --dir first");
        json("qr issue --project 'Summer Run' --reusable");
        json("qr issue --project 'Summer Run'");
        json("user create --name Hal --email hal@example.org --no-password");
        for user in ["gus@example.org", "hal@example.org"] {
            json(&format!("consent grant --user {user} --consent-version 2026-01 --evidence desk"));
        }
        json("selfie enroll --user hal@example.org enrolled.jpg");
        machine.args(["project", "plan", "season.toml", "--to", "plan.json"]).ok();
        json("consent grant --user gus@example.org --consent-version 2026-04 --evidence desk");
        let tag = db.psql(
            "WITH pair AS (SELECT p.id AS photo, u.id AS guest FROM photos p, users u), marked AS (
                INSERT INTO photoctl.tag_marks (photo_id, user_id, status, engine, score, confirm_at, review_at, margin)
                SELECT photo, guest, 'pending', 'local', 0.42, 0.45, 0.363, 0.05 FROM pair)
             INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status)
             SELECT photo, guest, 42, 'auto', 'pending' FROM pair RETURNING id",
        );
        machine.file("decisions.csv", format!("tag_id,decision,seen\n{tag},confirm,pending\n"));
        let head = json("audit verify")["head"].clone();
        machine.file("audit-head.txt", format!("{}:{}\n", head["seq"], head["hash"].as_str().unwrap()));
        let ids = vec![
            ("operator", id(&operator)),
            ("project", id(&project)),
            ("photos", db.psql("SELECT id FROM photos LIMIT 1")),
            ("tags", tag),
            ("audit", id(&project)),
            ("selfie", db.psql("SELECT id FROM selfies")),
            ("qr", db.psql("SELECT id FROM qr_tokens ORDER BY created_at DESC LIMIT 1")),
        ];
        let token = db.psql("SELECT token FROM qr_tokens ORDER BY created_at DESC LIMIT 1");
        Self { machine, db, ids, token }
    }

    /// A machine and a database of its own for one example.
    fn copy(&self) -> (Photoctl, TestDb) {
        let db = wait(self.db.copy());
        let machine = on(&Photoctl::new(), &db);
        pg::copy(self.machine.path(), machine.path());
        let store = machine.path().join("store");
        db.psql(&format!("UPDATE photoctl.installation SET store_url = 'file://{}'", store.display()));
        (machine, db)
    }

    /// The line with the reader's own things in it.
    fn filled(&self, line: &str, machine: &Photoctl) -> String {
        let noun = line.split(' ').nth(1).unwrap_or_default();
        let own = self.ids.iter().find(|(known, _)| *known == noun);
        let line = line.replace("/media/", &format!("{}/media/", machine.path().display()));
        let line = own.map_or(line.clone(), |(_, id)| line.replace("5f0c2a9b", &id[..8]));
        line.replace(TOKEN, &self.token)
    }
}

fn on(machine: &Photoctl, db: &TestDb) -> Photoctl {
    let store = machine.path().join("store");
    std::fs::create_dir_all(&store).unwrap();
    machine
        .clone()
        .env("DATABASE_URL", db.url())
        .env("PHOTOCTL_STORAGE_URL", format!("file://{}", store.display()))
        .env("PHOTOCTL_BCRYPT_COST", "10")
        .env("SHELL", "/bin/bash")
        .env("PATH", format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap()))
}

/// What stands about in the folder of somebody who reads examples.
fn files(machine: &Photoctl) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    pg::copy(&shipped, &machine.path().join("examples"));
    pg::copy(&shipped.join("season"), machine.path());
    machine.file("guests.csv", GUESTS);
    machine.file("consents.csv", CONSENTS);
    let faces = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/faces");
    for (name, face) in [
        ("selfie.jpg", "impostor_1.jpg"),
        ("selfie2.jpg", "impostor_1.jpg"),
        ("selfies/gus@example.org.jpg", "impostor_1.jpg"),
        ("selfies/gus@example.org/1.jpg", "impostor_1.jpg"),
        ("enrolled.jpg", "person_b_1.jpg"),
    ] {
        machine.file(name, std::fs::read(faces.join(face)).unwrap());
    }
    machine.file("selfies.csv", "user,file\ngus@example.org,selfie.jpg\n");
    machine.file("form.pdf", b"%PDF-1.4 a signed form");
    machine.file("guests.xlsx", include_bytes!("../data/rosters/guests.xlsx"));
    machine.file("NotoSansJP-Bold.ttf", include_bytes!("../../src/imaging/assets/DejaVuSans-Bold.ttf"));
    machine.file("first/DSC_0001.JPG", scene_jpeg(96, 64));
    for (card, width) in [("card", 128), ("card1", 144), ("card2", 160)] {
        machine.file(&format!("media/{card}/DCIM/100EVENT/DSC_0002.JPG"), scene_jpeg(width, 96));
    }
    std::fs::create_dir_all(machine.path().join("media/backup")).unwrap();
}

/// What came of a line.
struct Ran {
    code: i32,
    said: String,
}

/// Runs a line by bash.
fn bash(machine: &Photoctl, line: &str, stdin: &str) -> Ran {
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", &format!("set -o pipefail; {line}")]).env_clear();
    for (name, value) in machine.line("").command().get_envs() {
        command.env(name, value.unwrap());
    }
    let input = machine.file("stdin", stdin);
    let output =
        command.current_dir(machine.path()).stdin(Stdio::from(std::fs::File::open(input).unwrap())).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ran { code: output.status.code().unwrap_or(-1), said }
}

/// Runs an example; where somebody is asked, once more with the answer. Says what is wrong.
fn tried(event: &Event, line: &str) -> Option<String> {
    let words = line.trim_start_matches("photoctl ");
    if words == "qr slate" {
        return slate();
    }
    if words.starts_with("tags review --project") && !words.contains("--sheet") {
        return review(event, line);
    }
    if words.starts_with("selfie review") {
        return review_of_selfies(event);
    }
    let (machine, db) = if EMBEDDED.iter().any(|embedded| words.starts_with(embedded)) {
        (embedded(words), None)
    } else {
        let (machine, db) = event.copy();
        (machine, Some(db))
    };
    if let (Some(db), Some((_, sql))) = (&db, BEFORE.iter().find(|(begin, _)| words.starts_with(begin))) {
        db.psql(sql);
    }
    // Links are a bucket's: made here, asked for by nobody.
    let machine = if words.starts_with("photos url") { with_bucket(&machine, db.as_ref()) } else { machine };
    if words.starts_with("user export") {
        std::fs::remove_file(machine.path().join("guests.csv")).unwrap();
    }
    if words.contains("--map") {
        machine.file("guests.csv", "Contact,Who comes\ngus@example.org,Gus Berg\n");
    }
    let line = event.filled(line, &machine);
    let stdin = if words.starts_with("user import") { GUESTS.to_owned() } else { format!("{}\n", event.token) };
    let mut ran = bash(&machine, &line, &stdin);
    if ran.code == 2 && ran.said.contains("--yes") {
        ran = bash(&machine, &format!("{line} --yes"), &stdin);
    } else if ran.code == 2 && ran.said.contains("--password-stdin") {
        ran = bash(&machine, &format!("{line} --password-stdin"), "a long secret\n");
    }
    // The spreadsheet has a row without an email, to be shown.
    let shows = [(6, "--exit-code"), (3, "guests.xlsx --dry-run")];
    let expected = ran.code == 0 || shows.iter().any(|(code, part)| ran.code == *code && words.contains(part));
    (!expected).then(|| format!("$ {line}\n{}exit code {}", ran.said, ran.code))
}

/// An embedded database with a backup of it; none any more where one is to be restored.
fn embedded(words: &str) -> Photoctl {
    let machine = Photoctl::new();
    let path = format!("{}:{}", binary().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let machine = machine.env("PATH", path);
    pg::copy(TestFolder::migrated().path(), &machine.data());
    std::fs::create_dir_all(machine.path().join("media/backup")).unwrap();
    if words.starts_with("db restore") {
        machine.args(["db", "backup", "media/backup/summer.photoctl"]).ok();
        if !words.contains("--overwrite") {
            std::fs::remove_dir_all(machine.data()).unwrap();
        }
    }
    machine
}

fn with_bucket(machine: &Photoctl, db: Option<&TestDb>) -> Photoctl {
    db.unwrap().psql("UPDATE photoctl.installation SET store_url = NULL");
    let names = ["PHOTOCTL_STORAGE_ACCESS_KEY_ID", "PHOTOCTL_STORAGE_SECRET_ACCESS_KEY", "AWS_REGION"];
    names
        .into_iter()
        .fold(machine.clone(), |machine, name| machine.env(name, "test"))
        .env("PHOTOCTL_STORAGE_URL", "s3://photos")
}

/// It fills a screen, and goes at a key.
fn slate() -> Option<String> {
    let mut terminal = Photoctl::new().args(["qr", "slate"]).on_terminal(100, 60);
    terminal.wait_until("a code", |screen| screen.contains('▀') || screen.contains('▄') || screen.contains('█'));
    terminal.send("q");
    let (code, _) = terminal.wait();
    (code != 0).then(|| format!("$ photoctl qr slate\nexit code {code}"))
}

/// People decide at a screen of its own; `q` ends it.
fn review(event: &Event, line: &str) -> Option<String> {
    let (machine, _db) = event.copy();
    let words = shlex::split(line.trim_start_matches("photoctl ")).unwrap();
    let mut terminal = machine.args(words).env("PHOTOCTL_PICTURES", "blocks").on_terminal(100, 40);
    terminal.wait_for("Score 0.420");
    terminal.send("q");
    let (code, said) = terminal.wait();
    (code != 0).then(|| format!("$ {line}\n{said}\nexit code {code}"))
}

/// It asks at a terminal; nothing waits here.
fn review_of_selfies(event: &Event) -> Option<String> {
    let (machine, _db) = event.copy();
    let terminal = machine.args(["selfie", "review", "--project", "Summer Run"]).on_terminal(100, 60);
    let (code, _) = terminal.wait();
    (code != 0).then(|| format!("$ photoctl selfie review\nexit code {code}"))
}

#[test]
fn each_example_works_as_it_stands() {
    let event = Event::prepared();
    let mut lines: Vec<&str> =
        examples::all().flat_map(|(_, examples)| examples.iter().map(|(_, line)| *line)).collect();
    lines.sort_unstable();
    lines.dedup();
    let queue = Mutex::new(lines.into_iter().collect::<VecDeque<_>>());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                loop {
                    let Some(line) = queue.lock().unwrap().pop_front() else { return };
                    if let Some(said) = tried(&event, line) {
                        wrong.lock().unwrap().push(said);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
