use photoctl::db;
use photoctl::model::audit::{Action, Author, Entity, Entry, Fields};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{House, id};
use crate::support::pg;

/// The chain computed anew from what psql says, written from the description at the head of the writer's file.
fn recompute(house: &House) -> Vec<String> {
    let rows = house.psql(
        "SELECT json_build_object(
                'seq', seq, 'at', (extract(epoch FROM at) * 1000000)::bigint, 'actor', actor, 'host', host,
                'command', command, 'entity', entity, 'entity_id', entity_id, 'project_id', project_id,
                'action', action, 'fields', fields, 'count', item_count, 'digest', encode(items_digest, 'hex'))
           FROM photoctl.audit ORDER BY seq",
    );
    let mut previous = vec![0; 32];
    rows.lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut bytes = b"photoctl audit 1".to_vec();
            bytes.extend(&previous);
            bytes.extend(row["seq"].as_i64().unwrap().to_be_bytes());
            bytes.extend(row["at"].as_i64().unwrap().to_be_bytes());
            let text = |name: &str| row[name].as_str().map(|text| text.as_bytes().to_vec());
            let uuid = |name: &str| row[name].as_str().map(|text| Uuid::parse_str(text).unwrap().as_bytes().to_vec());
            let fields = serde_json::to_string(&sorted(&row["fields"])).unwrap().into_bytes();
            for part in [
                text("actor"),
                text("host"),
                text("command"),
                text("entity"),
                uuid("entity_id"),
                uuid("project_id"),
                text("action"),
                Some(fields),
                row["count"].as_i64().map(|count| count.to_be_bytes().to_vec()),
                row["digest"].as_str().map(|digest| hex::decode(digest).unwrap()),
            ] {
                bytes.push(u8::from(part.is_some()));
                if let Some(part) = part {
                    bytes.extend((part.len() as u64).to_be_bytes());
                    bytes.extend(part);
                }
            }
            previous = Sha256::digest(&bytes).to_vec();
            hex::encode(&previous)
        })
        .collect()
}

fn sorted(value: &serde_json::Value) -> std::collections::BTreeMap<String, serde_json::Value> {
    let each = value.as_object().unwrap().iter().map(|(key, value)| {
        let value = if value.is_object() { serde_json::to_value(sorted(value)).unwrap() } else { value.clone() };
        (key.clone(), value)
    });
    each.collect()
}

#[test]
fn every_change_is_an_entry_of_one_chain() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    house.photographer(&ana, "Finn", "finn@example.org");
    house.json(&["project", "photographers", "add", "--project", "Gala", "--photographer", "Finn"]);
    house.json(&["project", "settings", "set", "--project", "Gala", "watermark", "none"]);
    let entries = house.psql("SELECT seq, command, action, entity FROM photoctl.audit ORDER BY seq");
    assert_eq!(
        entries,
        "1|operator create|create|operator\n\
         2|project create|create|project\n\
         3|photographer create|create|photographer\n\
         4|project photographers add|create|project_photographer\n\
         5|project settings set|set|project_setting"
    );
    let stored = house.psql("SELECT encode(hash, 'hex') FROM photoctl.audit ORDER BY seq");
    assert_eq!(recompute(&house), stored.lines().collect::<Vec<_>>());
    let head = house.psql("SELECT seq, encode(hash, 'hex') FROM photoctl.audit_head");
    assert_eq!(head, format!("5|{}", stored.lines().last().unwrap()));

    let list = house.json(&["audit", "list", "--project", "Gala"]);
    let seqs: Vec<_> = list.as_array().unwrap().iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, [5, 4, 2]);
    assert_eq!(list[0]["fields"]["watermark"]["after"], "none");
    assert_eq!(house.json(&["audit", "list", "--id", &gala[..8], "--entity", "project"]).as_array().unwrap().len(), 1);
    assert_eq!(house.json(&["audit", "list", "--until", "3d"]).as_array().unwrap().len(), 0);
    assert_eq!(house.json(&["audit", "list", "--since", "1h", "--action", "set"]).as_array().unwrap().len(), 1);
    let cut = house.machine.args(["audit", "list", "--limit", "2", "--json"]).ok().stderr_has("--after 4").json();
    assert_eq!(cut[1]["seq"], 4);
    assert_eq!(house.json(&["audit", "list", "--after", "2"])[0]["seq"], 1);
}

#[test]
fn the_actor_is_who_says_so_else_the_systems_user() {
    let house = House::new();
    let words = |n: u32| ["user".into(), "create".into(), "--name".into(), "G".into(), format!("--email=g{n}@x.org")];
    house.machine.args(words(1)).arg("--no-password").ok();
    house.machine.args(words(2)).arg("--no-password").env("PHOTOCTL_ACTOR", "cron").ok();
    house.machine.args(words(3)).args(["--no-password", "--actor", "ana"]).env("PHOTOCTL_ACTOR", "cron").ok();
    assert_eq!(house.psql("SELECT actor FROM photoctl.audit ORDER BY seq"), "tester\ncron\nana");
    assert_eq!(house.psql("SELECT count(*) FROM photoctl.audit WHERE host <> ''"), "3");
    for filter in [["--by", "cron"], ["--actor", "cron"]] {
        let list = house.machine.args(["audit", "list", "--json"]).args(filter).ok().json();
        assert_eq!(list.as_array().unwrap().len(), 1);
    }
}

#[test]
fn secrets_and_personal_data_are_not_in_it() {
    let house = House::new();
    let words = ["operator", "create", "--name", "Planted Name", "--email", "planted@example.org", "--password-stdin"];
    house.machine.args(words).stdin("planted-password").ok();
    let words = ["user", "create", "--name", "Planted Guest", "--email", "guest-planted@example.org"];
    let more = ["--address", "Planted Street 1", "--billing-address", "Planted Office 2", "--password-stdin"];
    house.machine.args(words).args(more).stdin("planted-password").ok();
    let words = ["photographer", "create", "--operator", "planted@example.org", "--name", "Planted Photographer"];
    let more = ["--email", "p-planted@example.org", "--address", "Planted Lane 3", "--password-stdin"];
    house.machine.args(words).args(more).stdin("planted-password").ok();
    let log = house.psql("SELECT a::text FROM photoctl.audit a");
    assert_eq!(log.lines().count(), 3);
    assert!(!log.to_lowercase().contains("planted"), "{log}");
    assert!(!log.contains("$2b$") && !log.contains("password"), "{log}");
    // The hashes are salted, and tell whether two values are the same.
    let hash = |table: &str| {
        let sql = format!("SELECT fields->'email'->>'after' FROM photoctl.audit WHERE entity = '{table}'");
        house.psql(&sql)
    };
    assert_ne!(hash("operator"), hash("user"));
    let plain = hex::encode(Sha256::digest(b"planted@example.org"));
    assert!(!hash("operator").contains(&plain[..32]));
    let salted = house.psql(
        "SELECT 'sha256:' || left(encode(sha256(audit_salt || 'planted@example.org'::bytea), 'hex'), 32)
           FROM photoctl.installation",
    );
    assert_eq!(hash("operator"), salted);
}

#[test]
fn what_was_changed_by_hand_is_found() {
    let tampered: [(&str, &str); 6] = [
        ("UPDATE photoctl.audit SET actor = 'nobody' WHERE seq = 3", "entry 3"),
        ("UPDATE photoctl.audit SET fields = '{}' WHERE seq = 2", "entry 2"),
        ("UPDATE photoctl.audit SET at = at + interval '1 microsecond' WHERE seq = 4", "entry 4"),
        ("DELETE FROM photoctl.audit WHERE seq = 3", "entry 3"),
        ("DELETE FROM photoctl.audit WHERE seq = 5", "entry 5"),
        ("UPDATE photoctl.audit_head SET hash = sha256('x')", "entry 5"),
    ];
    let house = House::new();
    for n in 0..5 {
        house.user(&format!("G{n}"), &format!("g{n}@example.org"));
    }
    house.psql("CREATE TABLE kept AS TABLE photoctl.audit; CREATE TABLE kept_head AS TABLE photoctl.audit_head");
    house.machine.args(["audit", "list", "--verify"]).ok().stderr_has("5 entries");
    for (sql, said) in tampered {
        house.psql(sql);
        house.fails(1, &["audit", "list", "--verify"]).stderr_has(said);
        house.psql(
            "TRUNCATE photoctl.audit, photoctl.audit_head;
             INSERT INTO photoctl.audit TABLE kept; INSERT INTO photoctl.audit_head TABLE kept_head",
        );
    }
    house.machine.args(["audit", "list", "--verify"]).ok();
}

#[test]
fn many_writers_keep_one_chain() {
    const WRITERS: u32 = 6;
    const EACH: u32 = 20;
    let house = House::new();
    let url = house.real().url().to_owned();
    let threads: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let url = url.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let db = pg::connect(&url).await;
                    let author = Author {
                        actor: format!("writer {writer}"),
                        host: "here".to_owned(),
                        command: "test".to_owned(),
                    };
                    for n in 0..EACH {
                        let entry = Entry::new(Entity::Photo, Action::Upload)
                            .items((0..n).map(|id| Uuid::from_u128(id.into())))
                            .fields(Fields::new().number("n", None, Some(n.into())));
                        let mut tx = db.begin().await.unwrap();
                        db::audit::append(&mut tx, &author, &entry).await.unwrap();
                        // Every fifth changes its mind: its number is given to the next one.
                        if n % 5 == 4 {
                            tx.rollback().await.unwrap();
                        } else {
                            tx.commit().await.unwrap();
                        }
                    }
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let count = WRITERS * EACH * 4 / 5;
    let numbers = house.psql("SELECT count(*), min(seq), max(seq), count(DISTINCT previous_hash) FROM photoctl.audit");
    assert_eq!(numbers, format!("{count}|1|{count}|{count}"));
    let stored = house.psql("SELECT encode(hash, 'hex') FROM photoctl.audit ORDER BY seq");
    assert_eq!(recompute(&house), stored.lines().collect::<Vec<_>>());
    assert_eq!(
        house.psql(
            "SELECT count(*) FROM (SELECT at < lag(at) OVER (ORDER BY seq) AS back FROM photoctl.audit) t WHERE back"
        ),
        "0"
    );
    house.machine.args(["audit", "list", "--verify"]).ok().stderr_has(&format!("{count} entries"));
}

#[test]
fn a_change_without_its_entry_is_no_change() {
    let (house, ana) = House::with_operator();
    house.psql("REVOKE ALL ON photoctl.audit FROM PUBLIC; ALTER TABLE photoctl.audit RENAME TO audit_away");
    let failed = house.fails(1, &["project", "create", "--operator", &ana, "--name", "Gala"]);
    assert!(!failed.stderr.is_empty());
    house.psql("ALTER TABLE photoctl.audit_away RENAME TO audit");
    assert_eq!(house.psql("SELECT count(*) FROM projects"), "0");
    assert_eq!(id(&house.json(&["operator", "show", &ana])), ana);
}
