use super::{House, id};

#[test]
fn a_thing_is_meant_by_id_prefix_name_email_or_operator() {
    let (house, ana) = House::with_operator();
    let bo = house.operator("Bo", "bo@example.org");
    let gala = house.project(&ana, "Gala");
    let other = house.project(&bo, "Gala");
    let ball = house.project(&bo, "Winterball");
    let shown = |reference: &str| id(&house.json(&["project", "show", reference]));
    assert_eq!(shown(&gala), gala);
    assert_eq!(shown(&gala.to_uppercase()), gala);
    assert_eq!(shown(&gala.replace('-', "")), gala);
    assert_eq!(shown(&gala[..8]), gala);
    assert_eq!(shown(&gala[..13]), gala);
    assert_eq!(shown("Winterball"), ball);
    assert_eq!(shown("winterBALL"), ball);
    assert_eq!(shown("ana@example.org/Gala"), gala);
    assert_eq!(shown("BO@example.org/gala"), other);
    assert_eq!(id(&house.json(&["operator", "show", "Bo"])), bo);

    let error = house.error(2, &["project", "show", "Gala"]);
    assert_eq!(error["code"], "ambiguous");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains(&gala) && hint.contains(&other) && hint.contains("bo@example.org"), "{hint}");

    // Seven characters are no prefix.
    assert_eq!(house.error(1, &["project", "show", &gala[..7]])["code"], "not_found");
    let error = house.error(1, &["project", "show", "Winterbal"]);
    assert!(error["hint"].as_str().unwrap().contains("Winterball"), "{error}");
}

#[test]
fn an_ambiguous_prefix_names_both() {
    let house = House::new();
    for (id, email) in [("aaaaaaaa-0000-4000-8000-000000000001", "a"), ("aaaaaaaa-0000-4000-8000-000000000002", "b")] {
        house.psql(&format!(
            "INSERT INTO users (id, name, email, password_hash) VALUES ('{id}', '{email}', '{email}@x.org', 'x')"
        ));
    }
    assert_eq!(house.error(2, &["user", "show", "aaaaaaaa"])["code"], "ambiguous");
    assert_eq!(house.json(&["user", "show", "aaaaaaaa-0000-4000-8000-000000000002"])["name"], "b");
}

#[test]
fn deleted_things_are_said_to_be() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    house.psql("UPDATE projects SET deleted_at = now()");
    for reference in ["Gala", gala.as_str(), &gala[..8]] {
        let error = house.error(1, &["project", "show", reference]);
        assert_eq!(error["code"], "not_found");
        assert!(error["message"].as_str().unwrap().contains("was deleted"), "{error}");
    }
    // A live one of the same name is meant.
    let again = house.project(&ana, "Gala");
    assert_eq!(id(&house.json(&["project", "show", "Gala"])), again);
}

#[test]
fn defaults_come_from_environment_and_profile() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    let ball = house.project(&ana, "Ball");
    house.fails(2, &["project", "show"]).stderr_has("--project").stderr_has("PHOTOCTL_PROJECT");
    house.fails(2, &["project", "create", "--name", "X"]).stderr_has("--operator").stderr_has("PHOTOCTL_OPERATOR");
    let shown = house.machine.args(["project", "show", "--json"]).env("PHOTOCTL_PROJECT", "Gala").ok().json();
    assert_eq!(id(&shown), gala);
    let file = house.machine.file("photoctl.toml", "[profile.winter]\nproject = \"Ball\"\n");
    let run = house.machine.args(["project", "show", "--json", "--profile", "winter", "--config"]).arg(&file);
    assert_eq!(id(&run.ok().json()), ball);
    // What is named wins.
    let shown = house.machine.args(["project", "show", "Ball", "--json"]).env("PHOTOCTL_PROJECT", "Gala").ok().json();
    assert_eq!(id(&shown), ball);
    let wrong = house.machine.args(["project", "show"]).env("PHOTOCTL_PROJECT", "Gone").run().code(1);
    wrong.stderr_has("PHOTOCTL_PROJECT");
}

#[test]
fn a_person_at_a_terminal_chooses() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    let mut terminal = house.machine.args(["project", "show"]).on_terminal(100, 30);
    terminal.wait_for("Which project?");
    terminal.send("\r");
    let (code, screen) = terminal.wait();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains(&gala), "{screen}");
}

#[test]
fn a_person_at_a_terminal_chooses_a_coach() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    for name in ["Ida", "Jon"] {
        house.json(&["project", "coaches", "add", "--project", &gala, "--name", name]);
    }
    let words = ["project", "coaches", "remove", "--project", "Gala", "--yes"];
    house.fails(2, &words).stderr_has("--coach is missing");
    let mut terminal = house.machine.args(words).on_terminal(100, 30);
    terminal.wait_for("Which coach?");
    terminal.send("\u{1b}[B\r");
    let (code, screen) = terminal.wait();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(house.psql("SELECT name FROM project_coaches"), "Ida");
}
