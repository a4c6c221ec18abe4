use serde_json::{Value, json};

use super::House;

fn setting(list: &Value, key: &str) -> Value {
    let found = list.as_array().unwrap().iter().find(|row| row["id"] == key);
    found.unwrap_or_else(|| panic!("no {key} in {list}")).clone()
}

#[test]
fn a_projects_policy_is_kept_with_it() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    let set = |key: &str, value: &str| {
        house.machine.args(["project", "settings", "set", "--project", "Gala", key, value, "--json"]).run()
    };
    let changed = set("watermark", "{project} {year}").code(0).json();
    assert_eq!((&changed["before"], &changed["after"]), (&json!(null), &json!("{project} {year}")));
    set("keep-gps", "Yes").code(0);
    assert_eq!(set("keep_gps", "true").code(0).json()["changed"], false);
    let rows = house.psql("SELECT project_id, key, value FROM photoctl.project_settings ORDER BY key");
    assert_eq!(rows, format!("{gala}|keep_gps|true\n{gala}|watermark|{{project}} {{year}}"));

    set("watermark_opacity", "2").code(2).stderr_has("from 0 to 1");
    set("preview_size", "0").code(2).stderr_has("a whole number from 64");
    set("watermark_opacity", "-1").code(2).stderr_has("from 0 to 1");
    let between = ["project", "settings", "set", "watermark", "--project", "Gala", "{project} {year}", "--json"];
    assert_eq!(house.machine.args(between).ok().json()["changed"], false);
    set("database_url", "postgres://x").code(2).stderr_has("not a project's setting");
    set("colour", "red").code(2).stderr_has("watermark_position");

    let list = || house.json(&["project", "settings", "list", "--project", "Gala"]);
    assert_eq!(setting(&list(), "watermark")["origin"], "project settings");
    assert_eq!(setting(&list(), "thumbnail_size")["value"], "400");
    let unset = house.json(&["project", "settings", "unset", "--project", "Gala", "watermark"]);
    assert_eq!(unset["after"], json!(null));
    assert_eq!(setting(&list(), "watermark")["project_value"], json!(null));
    assert_eq!(house.json(&["project", "settings", "unset", "--project", "Gala", "watermark"])["changed"], false);
    let actions = house.psql("SELECT action FROM photoctl.audit WHERE entity = 'project_setting' ORDER BY seq");
    assert_eq!(actions, "set\nset\nunset");
}

#[test]
fn the_project_wins_over_the_environment_but_privacy_can_be_tightened() {
    let (house, ana) = House::with_operator();
    house.project(&ana, "Gala");
    let list = |variable: &str, value: &str| {
        let run = house.machine.args(["project", "settings", "list", "--project", "Gala", "--json"]);
        run.env(variable, value).ok().json()
    };
    assert_eq!(setting(&list("PHOTOCTL_PREVIEW_SIZE", "1000"), "preview_size")["value"], "1000");
    assert_eq!(setting(&list("PHOTOCTL_KEEP_GPS", "true"), "keep_gps")["value"], "false", "no loosening");
    house.json(&["project", "settings", "set", "--project", "Gala", "preview_size", "1600"]);
    house.json(&["project", "settings", "set", "--project", "Gala", "keep_gps", "true"]);
    assert_eq!(setting(&list("PHOTOCTL_PREVIEW_SIZE", "1000"), "preview_size")["value"], "1600");
    assert_eq!(setting(&list("PHOTOCTL_KEEP_GPS", "no"), "keep_gps")["value"], "no", "tightened");
    assert_eq!(setting(&list("PHOTOCTL_KEEP_GPS", "true"), "keep_gps")["value"], "true");
}
