use serde_json::json;

use photoctl::db::grants::{self, Job};
use photoctl::db::{photographers, projects, refs};
use photoctl::model::audit::Author;
use photoctl::workflows::setup::part::{self, AddMode};

use super::{House, id};
use crate::support::pg::TestDb;

#[test]
fn photographers_members_and_packages_are_added_and_listed() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    let gus = house.user("Gus", "gus@example.org");
    let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "19.90", "--photo-count", "10"];
    let ten = id(&house.json(&words));
    let terms = ["--terms-accepted", "2026-06-01 09:30"];
    let cases: [(&str, &[&str], &str); 3] = [
        ("photographers", &["--photographer", "Finn"], &finn),
        ("members", &[&["--user", "gus@example.org"][..], &terms].concat(), &gus),
        ("packages", &["--package", "Ten"], &ten),
    ];
    for (noun, named, of) in cases {
        let words = [&["project", noun, "add", "--project", "Gala"][..], named].concat();
        let added = house.json(&words);
        assert_eq!((added["id"].as_str(), &added["created"]), (Some(of), &json!(true)), "{added}");
        assert_eq!(house.error(1, &words)["code"], "already_exists");
        assert_eq!(house.json(&[&words[..], &["--if-not-exists"]].concat())["created"], false);
        let list = house.json(&["project", noun, "list", "--project", &gala]);
        assert_eq!(list.as_array().unwrap().len(), 1);
        assert_eq!(list[0]["id"], of);
    }
    assert_eq!(house.psql("SELECT project_id, photographer_id FROM project_photographers"), format!("{gala}|{finn}"));
    assert_eq!(house.psql("SELECT project_id, package_id FROM project_packages"), format!("{gala}|{ten}"));
    let member = house.psql("SELECT project_id, user_id, terms_accepted_at FROM project_members");
    assert_eq!(member, format!("{gala}|{gus}|2026-06-01 07:30:00"));
    let list = house.machine.args(["project", "members", "list", "--project", "Gala"]).ok().stdout;
    assert!(list.contains("2026-06-01 09:30 CEST"), "{list}");

    let words = ["project", "members", "add", "--project", "Gala", "--user", "Gus", "--if-not-exists"];
    house.fails(1, &[&words[..], &["--terms-accepted", "2026-06-02"]].concat()).stderr_has("not what is given");
    assert_eq!(house.psql("SELECT count(*) FROM photoctl.audit WHERE entity LIKE 'project\\_%'"), "3");
}

#[test]
fn what_was_deleted_is_taken_out_by_its_name_too() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    let gus = house.user("Gus", "gus@example.org");
    let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "1", "--photo-count", "1"];
    let ten = id(&house.json(&words));
    for (parts, noun, name, id) in [
        ("photographers", "photographer", "Finn", &finn),
        ("members", "user", "gus@example.org", &gus),
        ("packages", "package", "Ten", &ten),
    ] {
        let option = format!("--{noun}");
        let words = |verb| ["project", parts, verb, "--project", &gala, &option, name];
        house.json(&words("add"));
        house.json(&[noun, "delete", id, "--yes"]);
        house.fails(1, &words("add")).stderr_has("was deleted");
        let removed = house.json(&[&words("remove")[..], &["--yes"]].concat());
        assert_eq!((&removed["removed"], removed["id"].as_str()), (&json!(true), Some(id.as_str())));
        assert_eq!(house.psql(&format!("SELECT count(*) FROM project_{parts}")), "0");
        house
            .fails(1, &[&words("remove")[..], &["--yes"]].concat())
            .stderr_has(&format!("is no {}", &parts[..parts.len() - 1]));
    }
}

#[test]
fn what_belongs_to_another_operator_stays_there() {
    let (house, ana) = House::with_operator();
    let bo = house.operator("Bo", "bo@example.org");
    let gala = house.project(&ana, "Gala");
    let finn = house.photographer(&bo, "Finn", "finn@example.org");
    let words = ["package", "create", "--operator", &bo, "--name", "Ten", "--price", "1", "--photo-count", "1"];
    let ten = id(&house.json(&words));
    let words = ["project", "photographers", "add", "--project", &gala, "--photographer"];
    house.fails(2, &[&words[..], &[&finn]].concat()).stderr_has("belongs to operator");
    // By name, only the operator's own are looked at.
    house.fails(1, &[&words[..], &["Finn"]].concat());
    house.fails(2, &["project", "packages", "add", "--project", &gala, "--package", &ten]);
    house.fails(2, &["project", "create", "--operator", &ana, "--name", "Ball", "--photographer", &finn]);
    assert_eq!(house.psql("SELECT count(*) FROM project_photographers"), "0");
    // The same name at both: the project's operator decides.
    let own = house.photographer(&ana, "Finn", "finn2@example.org");
    assert_eq!(id(&house.json(&[&words[..], &["Finn"]].concat())), own);
}

/// The table has no unique on the pair: only our lock keeps two from assigning the same photographer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn assigning_at_once_assigns_once() {
    let database = TestDb::migrated().await;
    database.psql(
        "INSERT INTO operators (name, email, password_hash, currency, locale, timezone)
         VALUES ('Ana', 'ana@example.org', 'x', 'EUR', 'de', 'UTC');
         INSERT INTO photographers (operator_id, name, email, password_hash) SELECT id, 'F', 'f@x.org', 'x' FROM operators",
    );
    database
        .psql("INSERT INTO projects (operator_id, name) SELECT id, 'P' || n FROM operators, generate_series(1, 5) n");
    let db = database.connect().await;
    let author = Author { actor: "test".into(), host: "here".into(), command: "test".into() };
    for name in ["P1", "P2", "P3", "P4", "P5"] {
        let mut conn = db.conn().await.unwrap();
        let project = refs::project(&mut conn, name, None).await.unwrap();
        let project = projects::get(&mut conn, project).await.unwrap().unwrap();
        let photographer = refs::photographer(&mut conn, "F", None).await.unwrap();
        let photographer = photographers::get(&mut conn, photographer).await.unwrap().unwrap();
        drop(conn);
        let all = (0..6).map(|_| part::add_photographer(&db, &author, &project, &photographer, AddMode::default()));
        let done = futures::future::join_all(all).await;
        assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1, "{done:?}");
    }
    assert_eq!(database.psql("SELECT count(*), count(DISTINCT project_id) FROM project_photographers"), "5|5");
}

#[test]
fn the_role_for_uploads_may_assign_and_no_more() {
    let (house, ana) = House::with_operator();
    house.project(&ana, "Gala");
    house.photographer(&ana, "Finn", "finn@example.org");
    let role = format!("uploader_{}", &house.real().name()[5..17]);
    house.psql(&grants::sql(Job::Upload, &role, house.real().name(), "public"));
    house.psql(&format!("ALTER ROLE {role} PASSWORD 'test'"));
    let machine = house.machine.clone().env("DATABASE_URL", house.real().url_of(&role));
    let words = ["project", "photographers", "add", "--project", "Gala", "--photographer", "Finn"];
    let assigned = machine.args(words).run();
    let refused = machine.args(["user", "create", "--name", "G", "--email", "g@x.org", "--no-password"]).run();
    let listed = machine.args(["photographer", "list"]).run();
    house.psql(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assigned.code(0);
    refused.code(4).stderr_has("users");
    listed.code(0).stdout_has("finn@example.org");
    assert_eq!(house.psql("SELECT count(*) FROM project_photographers"), "1");
}
