//! `audit show`, `verify`, `export`: what was removed or written anew is found, also by those who have no database.

use std::path::Path;
use std::process::{Command, Stdio};

use super::House;
use crate::support::Photoctl;

fn with_five_users() -> House {
    let house = House::new();
    for n in 0..5 {
        house.user(&format!("G{n}"), &format!("g{n}@example.org"));
    }
    house
}

/// Another computer with the same database.
fn elsewhere(house: &House) -> Photoctl {
    let folder = house.machine.path().join("elsewhere");
    house.machine.clone().env("PHOTOCTL_HOME", folder)
}

/// The number of the last entry.
fn end(house: &House) -> i64 {
    house.psql("SELECT seq FROM photoctl.audit_head").parse().unwrap()
}

/// What somebody does who knows how the log works: the last entries go, and the end is set back.
fn cut_behind(house: &House, seq: u32) {
    house.psql(&format!(
        "DELETE FROM photoctl.audit WHERE seq > {seq};
         UPDATE photoctl.audit_head h SET seq = a.seq, hash = a.hash FROM photoctl.audit a WHERE a.seq = {seq}"
    ));
}

#[test]
fn an_entry_or_all_of_a_thing() {
    for house in House::both() {
        let ana = house.operator("Ana", "ana@example.org");
        let gala = house.project(&ana, "Gala");
        house.json(&["project", "update", "Gala", "--name", "Ball"]);
        let last = end(&house);
        let entry = house.json(&["audit", "show", &last.to_string()]);
        assert_eq!((entry["seq"].as_i64(), entry["action"].as_str()), (Some(last), Some("update")));
        assert_eq!(entry["fields"]["name"]["after"], "Ball");
        assert_eq!(entry["previous_hash"], house.json(&["audit", "show", &(last - 1).to_string()])["hash"]);
        for which in [&gala, &gala[..8]] {
            let entries = house.json(&["audit", "show", which]);
            let seqs = entries.as_array().unwrap().iter().map(|entry| entry["seq"].as_i64().unwrap());
            assert_eq!(seqs.collect::<Vec<_>>(), [last - 1, last]);
        }
        house
            .machine
            .args(["audit", "show", &last.to_string()])
            .ok()
            .stdout_has("Gala -> Ball")
            .stdout_has("tester on ");
        assert_eq!(house.error(1, &["audit", "show", "99"])["code"], "not_found");
        assert_eq!(house.error(1, &["audit", "show", "ffffffff"])["code"], "not_found");
        house.fails(1, &["audit", "show", "Gala"]).stderr_has("number of an entry");
    }
}

#[test]
fn entries_that_were_removed_at_the_end_are_missed() {
    let house = with_five_users();
    let away = elsewhere(&house);
    let noted = house.json(&["audit", "verify"])["head"].clone();
    let noted = format!("{}:{}", noted["seq"], noted["hash"].as_str().unwrap());
    cut_behind(&house, 3);
    // Who has seen nothing can not miss anything, but for what was written down.
    away.args(["audit", "verify"]).ok().stdout_has("3 entries");
    let missed = "does not hold from entry 4 on: it is missing, and so is all up to entry 5";
    house.fails(1, &["audit", "verify"]).stderr_has(missed).stderr_has("this machine saw on 20");
    house.fails(1, &["audit", "list", "--verify"]).stderr_has(missed);
    away.args(["audit", "verify", "--head", &noted]).run().code(1).stderr_has("noted elsewhere");
    assert_eq!(house.error(1, &["audit", "verify"])["code"], "integrity");
    // New entries in their place do not hide it, whoever writes them and however many.
    for n in 5..9 {
        house.user(&format!("G{n}"), &format!("g{n}@example.org"));
    }
    house.fails(1, &["audit", "verify"]).stderr_has("entry 5 on: it is not the one that this machine saw");
    away.args(["audit", "verify", "--head", &noted]).run().code(1).stderr_has("entry 5 on");
    house.machine.args(["audit", "verify", "--accept"]).ok();
    house.machine.args(["audit", "verify"]).ok().stdout_has("7 entries");
}

#[test]
fn what_stands_behind_the_end_is_found() {
    let house = with_five_users();
    house.psql(
        "INSERT INTO photoctl.audit
         SELECT 6, at, actor, host, command, entity, entity_id, project_id, action, fields, item_count, items_digest,
                previous_hash, hash FROM photoctl.audit WHERE seq = 5",
    );
    house.fails(1, &["audit", "verify"]).stderr_has("from entry 6 on: it lies behind the recorded end");
}

#[test]
fn two_machines_do_not_alarm_each_other() {
    let house = with_five_users();
    let away = elsewhere(&house);
    away.args(["audit", "verify"]).ok();
    house.user("H", "h@example.org");
    // What was seen elsewhere is older now, and lies in the log.
    let seen = away.args(["audit", "verify", "--json"]).ok().json();
    assert_eq!((seen["entries"].as_i64(), seen["seen"]["seq"].as_i64()), (Some(6), Some(5)));
    let seen = house.json(&["audit", "verify"]);
    assert_eq!((seen["entries"].as_i64(), seen["seen"]["seq"].as_i64()), (Some(6), Some(6)));
    // At the same time, again and again.
    let writers: Vec<_> = [house.machine.clone(), away.clone()]
        .into_iter()
        .enumerate()
        .map(|(at, machine)| {
            std::thread::spawn(move || {
                for n in 0..6 {
                    let email = format!("--email=w{at}-{n}@example.org");
                    machine.args(["user", "create", "--name", "W", &email, "--no-password"]).ok();
                    machine.args(["audit", "verify"]).ok();
                }
            })
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    house.machine.args(["audit", "verify"]).ok().stdout_has("18 entries");
}

#[test]
fn a_backup_that_was_restored_is_no_alarm() {
    let house = House::embedded();
    house.user("G", "g@example.org");
    house.machine.args(["db", "backup", "backup"]).ok();
    house.user("H", "h@example.org");
    let seen = house.json(&["audit", "verify"])["entries"].as_i64().unwrap();
    house.machine.args(["db", "restore", "backup", "--overwrite", "--yes"]).ok();
    house.machine.args(["audit", "verify"]).ok();
    let recovered = house.json(&["audit", "list", "--action", "recover"]);
    let noted = recovered[0]["fields"]["log_seen_to"]["before"].as_str().unwrap();
    assert!(noted.starts_with(&format!("{seen}:")), "{noted}");
}

/// The verifier that is handed out with photoctl; what it says, and whether it was content.
fn stranger(file: &Path) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/verify_audit.py");
    let output = Command::new("python3").arg(script).arg(file).stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn a_stranger_can_prove_an_export() {
    for house in House::both() {
        let ana = house.operator("Ana", "ana@example.org");
        house.project(&ana, "Gala \u{1f389} \"quoted\" \\ ü");
        let words = ["user", "create", "--name", "G", "--email", "g@example.org", "--no-password"];
        house.machine.args(words).args(["--actor", "=1+1"]).ok();
        let hash = house.json(&["audit", "verify"])["head"]["hash"].as_str().unwrap().to_owned();
        let last = end(&house);
        let report = house.json(&["audit", "export", "--to", "log.jsonl"]);
        assert_eq!((report["entries"].as_i64(), report["head"]["hash"].as_str()), (Some(last), Some(hash.as_str())));
        let file = house.machine.path().join("log.jsonl");
        assert_eq!(stranger(&file), (true, format!("{last} entries, from 1 to {last}:{hash}\n")));
        house.machine.args(["audit", "export", "--output", "csv", "--to", "log.csv"]).ok();
        let sheet = house.machine.path().join("log.csv");
        let csv = std::fs::read_to_string(&sheet).unwrap();
        assert!(csv.contains(",'=1+1,"), "{csv}");
        assert!(stranger(&sheet).0, "{}", stranger(&sheet).1);
        // Itself an entry, and before the data left.
        let entry = house.json(&["audit", "show", &(last + 1).to_string()]);
        assert_eq!((entry["action"].as_str(), entry["command"].as_str()), (Some("export"), Some("audit export")));
        assert_eq!(entry["fields"]["last"]["after"], last);
        // Changed by a letter, or a line less: found.
        let text = std::fs::read_to_string(&file).unwrap();
        let changed = house.machine.file("changed.jsonl", text.replacen("\"tester", "\"toaster", 1));
        assert_eq!(stranger(&changed), (false, "entry 1 was changed\n".to_owned()));
        let lines: Vec<&str> = text.lines().collect();
        let short = house.machine.file("short.jsonl", format!("{}\n{}\n", lines[0], lines[2]));
        assert_eq!(stranger(&short), (false, "entry 3 does not follow from entry 1\n".to_owned()));
        // To stdout, and going on where another ended.
        let rest = house.machine.args(["audit", "export", "--after", &last.to_string()]).ok();
        let seqs: Vec<i64> = rest.json_lines().iter().map(|line| line["seq"].as_i64().unwrap()).collect();
        assert_eq!(seqs, [last + 1, last + 2]);
        house.fails(2, &["audit", "export", "--after", "99"]).stderr_has("ends with entry");
        house.fails(2, &["audit", "export", "--json"]).stderr_has("--to FILE");
    }
}
