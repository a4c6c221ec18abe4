//! Configuration in layers, each value with its origin.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::Photoctl;

fn setting(machine: &Photoctl, name: &str, flags: &[&str]) -> Value {
    machine.args(["config", "show", "--json", name]).args(flags).ok().json()[0].clone()
}

#[test]
fn layers_win_in_order_and_say_so() {
    let machine = Photoctl::new();
    let bare = setting(&machine, "transfers", &[]);
    assert_eq!((bare["value"].clone(), bare["origin"].as_str()), (Value::Null, Some("unset")));
    assert_eq!(setting(&machine, "bcrypt_cost", &[])["origin"], "default");
    let file = machine.file(
        "home/.config/photoctl/photoctl.toml",
        "bcrypt_cost = 13\nactor = \"file\"\n[profile.stage]\nbcrypt_cost = 14\n",
    );
    let shown = setting(&machine, "bcrypt_cost", &[]);
    assert_eq!((shown["value"].as_str(), shown["origin"].as_str()), (Some("13"), Some("file")));
    assert_eq!(shown["from"].as_str(), file.to_str());
    let shown = setting(&machine, "bcrypt_cost", &["--profile", "stage"]);
    assert_eq!(shown["value"], "14");
    assert!(shown["from"].as_str().unwrap().contains("[profile.stage]"), "{shown}");
    let machine = machine.env("PHOTOCTL_BCRYPT_COST", "15");
    let shown = setting(&machine, "bcrypt_cost", &["--profile", "stage"]);
    assert_eq!(
        (shown["value"].as_str(), shown["from"].as_str()),
        (Some("15"), Some("environment PHOTOCTL_BCRYPT_COST"))
    );
    let shown = setting(&machine, "actor", &["--actor", "me"]);
    assert_eq!((shown["value"].as_str(), shown["from"].as_str()), (Some("me"), Some("flag --actor")));
}

#[test]
fn only_what_is_set() {
    let machine = Photoctl::new().env("PHOTOCTL_TRANSFERS", "7");
    let rows = machine.line("config show --set --json").ok().json();
    let names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["home", "transfers"]);
}

#[test]
fn a_project_has_its_word() {
    let machine = Photoctl::new();
    machine.args(["operator", "create", "--name", "Ana", "--email", "ana@example.org", "--no-password"]).ok();
    machine.args(["project", "create", "--operator", "ana@example.org", "--name", "Gala"]).ok();
    machine.args(["project", "settings", "set", "--project", "Gala", "watermark", "none"]).ok();
    let machine = machine.env("PHOTOCTL_WATERMARK", "mine");
    assert_eq!(setting(&machine, "watermark", &[])["value"], "mine");
    let shown = setting(&machine, "watermark", &["--project", "Gala"]);
    assert_eq!((shown["value"].as_str(), shown["origin"].as_str()), (Some("none"), Some("project")));
}

#[test]
fn init_writes_a_private_file_once() {
    let machine = Photoctl::new();
    let printed = machine.line("config init --dry-run").ok();
    let path = machine.path().join("home/.config/photoctl/photoctl.toml");
    assert!(!path.exists());
    machine.line("config init").ok();
    let content = std::fs::read_to_string(&path).unwrap();
    assert_eq!(content, printed.stdout, "the dry run shows exactly what is written");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    machine.line("config init").run().code(1).stderr_has("exists already");
    // What it wrote changes nothing.
    let rows = machine.line("config show --set --json").ok().json();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    let other = machine.path().join("deep/other.toml");
    machine.args(["config", "init", "--config"]).arg(&other).ok();
    assert!(other.exists());
}

#[test]
fn paths() {
    let machine = Photoctl::new();
    let paths = machine.line("config path --json").ok().json();
    assert_eq!(paths["config_file"], Value::Null);
    assert_eq!(paths["data_folder"].as_str(), machine.data().to_str());
    let machine = machine.env_remove("PHOTOCTL_HOME").env("XDG_DATA_HOME", "/somewhere");
    assert_eq!(machine.line("config path --json").ok().json()["data_folder"], "/somewhere/photoctl");
    let bare = machine.env_remove("XDG_DATA_HOME").env_remove("HOME");
    bare.line("config path").ok().stdout_has("/var/lib/photoctl");
}

#[test]
fn what_is_wrong_is_said_without_quoting_the_file() {
    let machine = Photoctl::new();
    let path = machine.file("bad.toml", "actor = \"a\"\ndatabase_url = \"postgres://u:planted@h/d\nx = 1\n");
    let output = machine.args(["config", "show", "--config"]).arg(&path).run().code(2);
    assert!(output.stderr.contains("line 2") && !output.stderr.contains("planted"), "{}", output.transcript());
    // What explains goes on.
    machine.args(["doctor", "--config"]).arg(&path).run().code(1).stdout_has("line 2");
    machine.args(["config", "path", "--config"]).arg(&path).ok().stdout_has("Not used");
    machine.args(["help", "settings", "--config"]).arg(&path).ok();
    let output = machine.line("config show --profile nowhere --json").run().code(2);
    assert_eq!(output.error()["code"], "config");
    let path = machine.file("typo.toml", "databse_url = \"x\"\n");
    machine.args(["config", "show", "--config"]).arg(&path).ok().stderr_has("databse_url");
    let machine = machine.env("PHOTOCTL_TRANSFERS", "many");
    machine.line("doctor").run().code(1).stdout_has("transfers");
}

#[test]
fn the_target_is_what_would_be_connected_to() {
    let target = |machine: &Photoctl| {
        machine.line("doctor --json --for migrate").run().json()["target"]["database"].as_str().unwrap().to_owned()
    };
    let url = "postgres://u@stage.invalid:5432/d?host=127.0.0.1&port=1&dbname=other";
    assert_eq!(target(&Photoctl::new().env("DATABASE_URL", url)), "127.0.0.1:1/other");
    let machine = Photoctl::new().env("DATABASE_URL", "postgres:///d").env("PGHOST", "127.0.0.1").env("PGPORT", "1");
    assert_eq!(target(&machine), "127.0.0.1:1/d");
    let machine = Photoctl::new().env("DATABASE_URL", "postgres://u@stage.invalid/d?host=/nowhere&port=1");
    assert_eq!(target(&machine), "/nowhere:1/d");
}

#[test]
fn variables_that_are_no_text_are_not_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let bytes = std::ffi::OsStr::from_bytes(b"/tmp/h\xff");
    for name in ["PHOTOCTL_HOME", "DATABASE_URL", "PHOTOCTL_STORAGE_URL", "AWS_REGION", "PGHOST"] {
        let output = Photoctl::new().line("config show --json").env(name, bytes).run().code(2);
        assert_eq!(output.error()["code"], "config");
        assert!(output.stderr.contains(name), "{}", output.transcript());
        Photoctl::new().line("doctor").env(name, bytes).run().code(1).stdout_has(name);
    }
    Photoctl::new().line("config show").env("SOMETHING_ELSE", bytes).ok();
}

#[test]
fn a_data_folder_is_the_same_from_everywhere() {
    for home in ["event", "~/event", "./event"] {
        let machine = Photoctl::new().env("PHOTOCTL_HOME", home);
        machine.line("db migrate").run().code(2).stderr_has("no absolute path");
        machine.line("doctor").run().code(1).stdout_has("no absolute path");
        assert!(!machine.path().join("event").exists());
    }
    let machine = Photoctl::new().env_remove("PHOTOCTL_HOME");
    machine.file("home/.config/photoctl/photoctl.toml", "home = \"~/event\"\n");
    machine.line("config show").run().code(2).stderr_has("photoctl.toml");
}

#[test]
fn a_known_setting_of_a_wrong_type_is_no_misspelling() {
    let machine = Photoctl::new();
    let path = machine.file("c.toml", "storage_url = [1]\n");
    let output = machine.args(["config", "show", "--config"]).arg(&path).run().code(2);
    output.stderr_has("storage_url").stderr_has("array");
}

#[test]
fn profiles_and_the_file_can_be_named_by_variables() {
    let machine = Photoctl::new();
    let path = machine.file(
        "c.toml",
        "default_profile = \"one\"\nactor = \"none\"\n[profile.one]\nactor = \"1\"\n[profile.two]\nactor = \"2\"\n",
    );
    assert_eq!(setting(&machine, "actor", &[])["value"], Value::Null);
    let machine = machine.env("PHOTOCTL_CONFIG", &path);
    assert_eq!(setting(&machine, "actor", &[])["value"], "1", "default_profile");
    let machine = machine.env("PHOTOCTL_PROFILE", "two");
    assert_eq!(setting(&machine, "actor", &[])["value"], "2");
    assert_eq!(setting(&machine, "actor", &["--profile", "one"])["value"], "1", "the flag wins");
    let other = machine.file("d.toml", "actor = \"d\"\n[profile.two]\n");
    assert_eq!(setting(&machine, "actor", &["--config", other.to_str().unwrap()])["value"], "d");
}
