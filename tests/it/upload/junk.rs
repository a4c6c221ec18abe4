//! What looks like junk, or is left out, and may yet be somebody's picture.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{assert_whole, counts, jpeg, upload};
use crate::photos_world::{PHOTOGRAPHER, PROJECT, World};
use crate::support::binary;

#[test]
fn a_picture_is_no_junk_whatever_it_is_called() {
    let world = World::embedded();
    let machine = world.machine();
    for (number, name) in (0..).zip(["DCIM/IMG.DAT", "Sony/DSC0001", "LOST.DIR/12.jpg", "lost+found/#13"]) {
        machine.file(&format!("card/{name}"), jpeg(number));
    }
    machine.file("card/MISC/FILM.BIN", b"\0\0\0\x18ftypqt  \0\0\0\0qt  ");
    machine.file("card/MISC/AUTPRINT.MRK", b"[HDR]");
    machine.file("card/DCIM/NIKON001.DSC", b"catalogue");
    machine.file("card/DCIM/MVI_1.THM", jpeg(9));
    machine.file("card/DCIM/CUT.JPG", b"");
    machine.file("card/DCIM/CUT.DAT", b"");
    machine.file("card/.nothing", b"");
    let output = upload(&world, &machine.path().join("card")).ok();
    assert_eq!(counts(&output), [11, 4, 0, 7, 0], "{}", output.transcript());
    let json = output.json();
    assert_eq!(json["skipped_by_reason"], json!({"junk": 4, "empty": 1, "hidden": 1, "video": 1}));
    assert_eq!(json["not_stored"], json!({"empty": 1, "hidden": 1, "video": 1}));
    assert_eq!(assert_whole(&world).len(), 4);
}

/// The same command without root's right to read everything.
fn without_rights(world: &World, dir: &Path, more: &[&str]) -> serde_json::Value {
    let whole = upload(world, dir).args(more).command();
    let mut command = Command::new("setpriv");
    command.arg("--bounding-set=-dac_override,-dac_read_search").arg(binary()).args(whole.get_args());
    command.env_clear();
    command.envs(whole.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = whole.get_current_dir() {
        command.current_dir(folder);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_folder_that_is_left_out_and_cannot_be_looked_at_makes_a_no() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let world = World::real();
    let machine = world.machine();
    machine.file("card/1.jpg", jpeg(1));
    for folder in [".hidden", "private", ".Trashes"] {
        machine.file(&format!("card/{folder}/2.jpg"), jpeg(2));
        let path = machine.path().join("card").join(folder);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o0)).unwrap();
    }
    let json = without_rights(&world, &machine.path().join("card"), &["--exclude", "private"]);
    assert_eq!(json["not_stored"], json!({"excluded": 1, "hidden": 1}), "{json:#}");
    assert_eq!((&json["all_stored"], &json["found"], &json["uploaded"]), (&json!(false), &json!(3), &json!(1)));
}

/// A photo as the web application leaves it when it is deleted: a row with a mark, the object, no facts.
fn deleted_by_the_web_application(world: &World, number: u32) {
    let key = format!("web/{number}.jpg");
    world.put_object(&key, &jpeg(number));
    world.sql(&format!(
        "INSERT INTO photos (project_id, photographer_id, storage_key, status, thumbnail_key, watermarked_key,
                             deleted_at)
         VALUES ('{PROJECT}', '{PHOTOGRAPHER}', '{key}', 'ready', '{key}-t', '{key}-w', now())"
    ));
}

#[test]
fn what_the_web_application_deleted_does_not_come_back_as_another_photo() {
    for world in World::both() {
        world.machine().file("card/1.jpg", jpeg(1));
        let dir = world.machine().path().join("card");
        deleted_by_the_web_application(&world, 1);
        for more in [&["--dry-run"][..], &[], &[]] {
            let output = upload(&world, &dir).args(more).ok();
            assert_eq!(counts(&output), [1, 0, 0, 1, 0], "{more:?}");
            assert_eq!(output.json()["skipped_by_reason"], json!({"deleted": 1}));
        }
        assert_eq!(world.sql("SELECT count(*) FROM photos"), "1");
        assert_eq!(world.sql("SELECT count(*) FROM photos WHERE deleted_at IS NULL"), "0");

        // Another one, which is to come back at the first try.
        world.machine().file("other/2.jpg", jpeg(2));
        let dir = world.machine().path().join("other");
        deleted_by_the_web_application(&world, 2);
        assert_eq!(counts(&upload(&world, &dir).args(["--restore", "--dry-run"]).ok()), [1, 1, 0, 0, 0]);
        assert_eq!(world.sql("SELECT count(*) FROM photos WHERE deleted_at IS NULL"), "0");
        assert_eq!(counts(&upload(&world, &dir).arg("--restore").ok()), [1, 1, 0, 0, 0]);
        assert_eq!(world.sql("SELECT storage_key FROM photos WHERE deleted_at IS NULL"), "web/2.jpg");
        assert_eq!(world.sql("SELECT count(*) FROM photos"), "2");
        assert_eq!(world.object("web/2.jpg").unwrap(), jpeg(2));
    }
}
