//! What holds for each command that changes something: it can be tried first, and says what it would change.

use std::collections::BTreeSet;

use crate::imaging::builders::scene_jpeg;
use crate::photos_world::{PROJECT, Photo, World};
use crate::support::Run;

/// Commands that change neither rows nor objects nor settings. A link or a list of guests that leaves the house is noted
/// in the audit log; the shell runs what it is given; `man` writes what is asked for.
const READERS: &[&str] = &[
    "operator list",
    "operator show",
    "photographer list",
    "photographer show",
    "user list",
    "user show",
    "user export",
    "package list",
    "package show",
    "project list",
    "project show",
    "project photographers list",
    "project members list",
    "project packages list",
    "project coaches list",
    "project settings list",
    "project plan",
    "project export",
    "project schema",
    "qr list",
    "qr render",
    "qr sheet",
    "qr slate",
    "consent list",
    "consent status",
    "selfie list",
    "selfie show",
    "selfie check",
    "photos list",
    "photos show",
    "photos url",
    "faces status",
    "tags list",
    "tags explain",
    "tags stats",
    "db status",
    "db check",
    "db grants",
    "db shell",
    "config show",
    "config path",
    "doctor",
    "audit list",
    "audit show",
    "audit verify",
    "audit export",
    "man",
    "help",
];

/// Each command that changes something, as it is tried; `{}` is the project. `config init` and
/// `completions install` write a file of their own and touch no target.
const CHANGES: &[&str] = &[
    "operator create --name New --email new@example.org --no-password",
    "photographer create --operator ana@example.org --name New --email new@example.org --no-password",
    "user create --name New --email new@example.org --no-password",
    "user import --project {} guests.csv",
    "package create --operator ana@example.org --name Ten --price 19.90 --photo-count 10",
    "project create --operator ana@example.org --name New",
    "project photographers add --project {} --photographer cy@example.org",
    "project members add --project {} --user di@example.org",
    "project packages add --project {} --package Five",
    "operator update ana@example.org --name Neu",
    "operator delete ana@example.org",
    "operator restore old@example.org",
    "operator set-password ana@example.org --no-password",
    "photographer update bo@example.org --name Neu",
    "photographer delete bo@example.org",
    "photographer restore old@example.org",
    "photographer set-password bo@example.org --no-password",
    "user update di@example.org --name Neu",
    "user delete di@example.org",
    "user restore old@example.org",
    "user set-password di@example.org --no-password",
    "package update Five --price 6",
    "package delete Five",
    "package restore Old",
    "project update {} --name Neu",
    "project clone {} --name Neu",
    "project apply file.toml",
    "project delete {}",
    "project restore Old",
    "project photographers remove --project {} --photographer bo@example.org --if-exists",
    "project members remove --project {} --user di@example.org --if-exists",
    "project packages remove --project {} --package Five --if-exists",
    "project coaches add --project {} --name Ida",
    "project coaches remove --project {} --coach Uwe",
    "project coaches rename --project {} --coach Uwe --name Udo",
    "project settings set --project {} watermark_opacity 0.3",
    "project settings unset --project {} watermark_opacity",
    "qr issue --project {} --count 2 --expires 30d",
    "qr revoke --all --project {}",
    "qr prune --project {}",
    "qr redeem --user di@example.org opentoken",
    "consent grant --user di@example.org --consent-version 1 --evidence form",
    "consent import file.csv",
    "consent revoke --user di@example.org",
    "selfie enroll --pending",
    "selfie review",
    "selfie approve 00000000-0000-4000-8000-0000000000e1",
    "selfie reject 00000000-0000-4000-8000-0000000000e1 --reason dog",
    "selfie delete 00000000-0000-4000-8000-0000000000e1",
    "selfie re-embed --all",
    "photos upload --project {} --photographer bo@example.org --assign --dir card",
    "photos verify --project {} --repair",
    "photos adopt --project {}",
    "photos reprocess --project {}",
    "photos download --project {} --dir out",
    "photos delete --project {}",
    "photos restore --project {}",
    "faces index --project {}",
    "faces purge",
    "tags match --project {}",
    "tags confirm --photo DSC_0001.JPG --user mo@example.org",
    "tags reject --photo DSC_0001.JPG --user mo@example.org",
    "tags reopen --photo DSC_0001.JPG --user mo@example.org",
    "tags remove --photo DSC_0001.JPG --user mo@example.org",
    "tags add --photo DSC_0001.JPG --user mo@example.org",
    "tags review",
    "tags decide file2.csv",
    "tags retune --project {} --confirm 0.9",
    "db migrate",
    "db backup file --overwrite",
    "db restore file --overwrite",
    "db store --set",
    "config init",
    "completions install",
];

fn words_of(line: &str) -> String {
    let words = line
        .split(' ')
        .take_while(|word| !word.starts_with(['-', '0']) && !word.starts_with("file") && !is_reference(word));
    words.collect::<Vec<_>>().join(" ")
}

/// Whether the word names a thing, not a command: commands are in small letters.
fn is_reference(word: &str) -> bool {
    word.contains(['@', '{']) || word.starts_with(char::is_uppercase)
}

fn leaves(path: &str, command: &clap::Command, found: &mut Vec<(String, bool)>) {
    let subs: Vec<_> = command.get_subcommands().collect();
    if subs.is_empty() {
        let tries = command.get_arguments().any(|arg| arg.get_long() == Some("dry-run"));
        found.push((path.trim_start().to_owned(), tries));
    }
    for sub in subs {
        leaves(&format!("{path} {}", sub.get_name()), sub, found);
    }
}

/// A command that is new has to be put into one of the lists.
#[test]
fn each_change_can_be_tried_first() {
    let mut found = Vec::new();
    leaves("", &photoctl::cli::command(), &mut found);
    let there: BTreeSet<String> = found.iter().map(|(path, _)| path.clone()).collect();
    let changes: BTreeSet<String> = CHANGES.iter().map(|line| words_of(line)).collect();
    let listed: BTreeSet<String> = changes.iter().cloned().chain(READERS.iter().map(ToString::to_string)).collect();
    assert_eq!(there, listed);
    let wrong: Vec<_> = found.iter().filter(|(path, tries)| changes.contains(path) != *tries).collect();
    assert!(wrong.is_empty(), "--dry-run belongs to changes, to each and to nothing else: {wrong:?}");
}

fn prepared() -> World {
    let world = World::embedded();
    let machine = world.machine();
    let package = "[[packages]]\nkey = 'x'\noperator = 'ana@example.org'\nname = 'X'\nprice = '1 EUR'\nphotos = 1\n";
    machine.file("file.toml", package);
    machine.file("card/1.jpg", scene_jpeg(64, 48));
    let selfie = include_bytes!("../data/faces/person_a_1.jpg");
    let store = machine.data().join("objects/selfies");
    std::fs::create_dir_all(&store).unwrap();
    std::fs::write(store.join("1.jpg"), selfie).unwrap();
    machine.file("guests.csv", "email,name\nel@example.org,El\n");
    machine.file("file.csv", "email,consent_version,given_at,evidence\ndi@example.org,2,2026-06-01,form\n");
    machine.line(&format!("project settings set --project {PROJECT} watermark_opacity 0.4")).ok();
    machine.line("package create --operator ana@example.org --name Five --price 5 --photo-count 5").ok();
    let ana = "(SELECT id FROM operators WHERE email = 'ana@example.org')";
    world.sql(&format!(
        "INSERT INTO project_coaches (project_id, name) VALUES ('{PROJECT}', 'Uwe');
         INSERT INTO operators (name, email, password_hash, currency, locale, timezone, deleted_at)
         VALUES ('Old', 'old@example.org', 'x', 'EUR', 'de', 'UTC', now());
         INSERT INTO photographers (operator_id, name, email, password_hash, deleted_at)
         VALUES ({ana}, 'Old', 'old@example.org', 'x', now());
         INSERT INTO users (name, email, password_hash, deleted_at) VALUES ('Old', 'old@example.org', 'x', now());
         INSERT INTO packages (operator_id, name, price, photo_count, deleted_at) VALUES ({ana}, 'Old', 1, 1, now());
         INSERT INTO projects (operator_id, name, deleted_at) VALUES ({ana}, 'Old', now());
         INSERT INTO selfies (id, user_id, storage_key, status)
         SELECT '00000000-0000-4000-8000-0000000000e1', id, 'selfies/1.jpg', 'pending' FROM users WHERE email = 'di@example.org';
         INSERT INTO user_consents (user_id, consent_type, consent_version)
         SELECT id, 'biometric_processing', '9' FROM users WHERE email = 'di@example.org'"
    ));
    machine.line("db backup file").current_dir(machine.path()).ok();
    // Faces of photos are kept for a time only.
    let photo = world.photo(&Photo { uploaded: "now", ..Photo::default() });
    world.sql(&format!(
        "INSERT INTO users (name, email, password_hash) VALUES ('Mo', 'mo@example.org', 'x');
         INSERT INTO project_members (project_id, user_id) SELECT '{PROJECT}', id FROM users WHERE email = 'mo@example.org';
         INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
         SELECT id, 'biometric_processing', '1', now() FROM users WHERE email = 'mo@example.org';
         INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status)
         SELECT '{photo}', id, 40, 'auto', 'pending' FROM users WHERE email = 'mo@example.org'"
    ));
    let mo = world.sql("SELECT id FROM users WHERE email = 'mo@example.org'");
    machine.file("file2.csv", format!("photo_id,user_id,decision,seen\n{photo},{mo},reject,pending\n"));
    world.sql(&format!(
        "INSERT INTO qr_tokens (project_id, token, expires_at) VALUES ('{PROJECT}', 'opentoken', now() + interval '1 day'),
                                                                      ('{PROJECT}', 'expired', now() - interval '1 day')"
    ));
    world
}

fn state(world: &World) -> String {
    let tables = [
        "operators",
        "photographers",
        "users",
        "packages",
        "projects",
        "project_photographers",
        "project_members",
        "photos",
        "qr_tokens",
        "user_consents",
        "photo_tags",
        "photoctl.tag_marks",
        "photoctl.tag_decisions",
        "selfies",
        "photoctl.selfie_facts",
    ];
    let counts = tables.map(|table| format!("(SELECT count(*) FROM {table})")).join(", ");
    let rows = world.sql(&format!(
        "SELECT {counts}, (SELECT count(*) FROM photoctl.audit), (SELECT string_agg(value, ',') FROM
         photoctl.project_settings), (SELECT count(*) FROM photos WHERE deleted_at IS NOT NULL),
         (SELECT string_agg(concat(expires_at, used_at), ',' ORDER BY token) FROM qr_tokens),
         (SELECT string_agg(concat(status, deleted_at, embedding), ',') FROM selfies)"
    ));
    let mut files: Vec<String> = std::fs::read_dir(world.machine().path())
        .unwrap()
        .map(|entry| format!("{:?}", entry.unwrap().path()))
        .collect();
    files.sort();
    format!("{rows} {files:?}")
}

#[test]
fn each_dry_run_names_its_target_and_changes_nothing() {
    let world = prepared();
    let machine = world.machine();
    let before = state(&world);
    // Those that touch no target, and one that asks at a terminal.
    for line in CHANGES.iter().filter(|line| !["config init", "completions install", "selfie review"].contains(line)) {
        let run: Run = machine.line(&line.replace("{}", PROJECT)).arg("--dry-run").current_dir(machine.path());
        let output = run.run();
        assert!(output.stderr.contains("Target: database embedded in "), "{}", output.transcript());
        // Of photos whose objects are not there a dry run may say so.
        assert!([0, 3].contains(&output.code), "{}", output.transcript());
    }
    assert_eq!(state(&world), before);
}
