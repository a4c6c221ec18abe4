//! The scripts of `examples/`, run as they stand. The season has its test beside `project apply`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::imaging::builders::scene_jpeg;
use crate::nouns::House;
use crate::photos_world::embedded_sql;
use crate::support::{Photoctl, binary};

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

fn path() -> String {
    format!("{}:/usr/local/bin:/usr/bin:/bin", binary().parent().unwrap().display())
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn event(machine: &Photoctl) -> String {
    let mut command = Command::new(shipped("event.sh"));
    command.args(["guests.csv", "card", "out"]).current_dir(machine.path()).env_clear();
    for (name, value) in machine.line("").command().get_envs() {
        command.env(name, value.unwrap());
    }
    let output = command.env("PATH", path()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[test]
fn a_whole_event_by_a_script_that_may_run_twice() {
    for house in [House::new(), House::bare()] {
        let machine = &house.machine;
        let store = format!("file://{}", machine.path().join("store").display());
        std::fs::create_dir(machine.path().join("store")).unwrap();
        let machine = machine.clone().env("PHOTOCTL_STORAGE_URL", store);
        machine.file("guests.csv", "name,email\nGus,gus@example.org\nHanna,hanna@example.org\nNobody,\n");
        machine.file("card/DCIM/100EVENT/DSC_0001.JPG", scene_jpeg(128, 96));
        machine.file("card/DCIM/100EVENT/DSC_0002.JPG", scene_jpeg(96, 128));
        let rows = "SELECT (SELECT count(*) FROM operators), (SELECT count(*) FROM photographers),
                           (SELECT count(*) FROM packages), (SELECT count(*) FROM projects),
                           (SELECT count(*) FROM project_packages), (SELECT count(*) FROM users),
                           (SELECT count(*) FROM project_members), (SELECT count(*) FROM qr_tokens),
                           (SELECT count(*) FROM photos WHERE status = 'ready')";
        for _ in 0..2 {
            let said = event(&machine);
            assert!(said.contains("The chain is sound"), "{said}");
            assert_eq!(house.psql(rows), "1|1|2|1|2|2|2|2|2");
            let pdf = std::fs::read(machine.path().join("out/cards.pdf")).unwrap();
            assert!(pdf.starts_with(b"%PDF"), "cards to print");
            let rejected = std::fs::read_to_string(machine.path().join("out/rejected.csv")).unwrap();
            assert!(rejected.contains("Nobody"), "{rejected}");
        }
    }
}

/// The jobs of a crontab, and the environment that it gives them.
fn jobs(crontab: &str) -> (Vec<(String, String)>, Vec<String>) {
    let (mut environment, mut jobs) = (Vec::new(), Vec::new());
    for line in crontab.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some((name, value)) = line.split_once('=').filter(|(name, _)| !name.contains(' ')) {
            environment.push((name.to_owned(), value.to_owned()));
            continue;
        }
        let mut rest = line;
        for _ in 0..5 {
            rest = rest.trim_start().split_once(' ').expect("five fields of time").1;
        }
        // Cron takes a bare % for the end of the line.
        assert!(!rest.replace("\\%", "").contains('%'), "{rest}");
        jobs.push(rest.trim().replace("\\%", "%"));
    }
    (environment, jobs)
}

#[test]
fn each_line_of_the_crontab_works_in_an_empty_environment() {
    let machine = Photoctl::new();
    machine.file("guests.csv", "name,email\nGus,gus@example.org\n");
    machine.file("card/DSC_0001.JPG", scene_jpeg(128, 96));
    event(&machine);
    let config = machine.file("photoctl.toml", format!("home = \"{}\"\n", machine.data().display()));
    let backups = machine.path().join("backups");
    std::fs::create_dir(&backups).unwrap();
    let (environment, jobs) = jobs(&std::fs::read_to_string(shipped("crontab")).unwrap());
    assert!(jobs.len() > 4, "{jobs:?}");
    for job in jobs {
        // What cron itself sets, and what the file does; its places are this machine's.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &job]).env_clear().current_dir("/");
        command.env("HOME", machine.path().join("home")).env("LOGNAME", "tester");
        for (name, value) in &environment {
            command.env(name, value);
        }
        command.env("PATH", path()).env("PHOTOCTL_CONFIG", &config).env("BACKUPS", &backups);
        let output = command.output().unwrap();
        assert!(output.status.success() && said(&output).is_empty(), "{job}: {:?}\n{}", output.status, said(&output));
    }
    let kept: Vec<_> = std::fs::read_dir(&backups).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kept.len(), 2, "a backup and the log: {kept:?}");
    let actors = "SELECT DISTINCT actor FROM photoctl.audit WHERE command IN ('db backup', 'audit export')";
    assert_eq!(embedded_sql(machine.data(), actors), "cron");
}
