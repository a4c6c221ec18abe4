//! What a killed upload sent of an object that never came to be: `photos verify` finds and removes it.

use std::time::Duration;

use hyper::Method;
use rustix::process::Signal;
use serde_json::json;

use super::{assert_whole, counts, large_jpeg, upload};
use crate::faults_world::until;
use crate::photos_world::{OTHER_PROJECT, PROJECT, World};
use crate::support::s3::{Fault, Trouble};

const TWO_HOURS: Duration = Duration::from_secs(2 * 3600);

#[test]
fn parts_of_a_killed_upload_are_found_and_removed() {
    let world = World::real();
    let store = world.store().unwrap();
    world.machine().file("card/DSC_0001.JPG", large_jpeg(1, 7_000_000));
    let dir = world.machine().path().join("card");
    let upload = || upload(&world, &dir).env("PHOTOCTL_STORAGE_PART_SIZE", "5MiB");
    store.fail(Fault::new(Trouble::Delay(Duration::from_secs(600))).query("partNumber=2").always());
    let running = upload().spawn();
    until("the first part", || store.unfinished_parts() > 0);
    running.signal(Signal::KILL);
    running.wait();
    store.heal();
    assert!(store.unfinished_parts() > 0, "nothing was left");

    // It could still be running.
    let young = world.photos("verify --repair --exit-code --json").ok().json();
    assert_eq!(
        (&young["unfinished_uploads"], &young["uploads_in_progress"], &young["unfinished_uploads_looked_for"]),
        (&json!(0), &json!(1), &json!(true)),
        "{young:#}"
    );
    assert!(store.unfinished_parts() > 0, "a running upload was hurt");

    store.age_unfinished(TWO_HOURS);
    let old = world.photos("verify --exit-code --json").run().code(6).json();
    assert_eq!((&old["unfinished_uploads"], &old["differences"]), (&json!(1), &json!(1)), "{old:#}");
    assert_eq!(old["items"][0]["class"], "unfinished_upload");
    let key = old["items"][0]["key"].as_str().unwrap();
    assert!(key.starts_with(&format!("projects/{PROJECT}/photos/")), "{key}");
    world.photos("verify").ok().stdout_has("1: an unfinished upload").stdout_has(key);
    world.photos("verify --repair --dry-run").ok();
    assert!(store.unfinished_parts() > 0, "a dry run changes nothing");

    let mended = world.photos("verify --repair --exit-code --json").ok().json();
    assert_eq!((&mended["unfinished_uploads"], &mended["repaired"]), (&json!(1), &json!(1)), "{mended:#}");
    assert_eq!((store.unfinished_parts(), store.unfinished_keys()), (0, Vec::new()));
    assert_eq!(counts(&upload().ok()), [1, 1, 0, 0, 0]);
    assert_eq!(assert_whole(&world).len(), 1);
    assert_eq!(store.unfinished_parts(), 0);
    let clean = world.photos("verify --deep --exit-code --json").ok().json();
    assert_eq!((&clean["differences"], &clean["uploads_in_progress"]), (&json!(0), &json!(0)), "{clean:#}");
}

#[test]
fn only_unfinished_uploads_of_our_photos_are_removed() {
    let world = World::real();
    let store = world.store().unwrap();
    let ours: Vec<String> =
        (0..5).map(|n| format!("event/projects/{PROJECT}/photos/0000000{n}/original file.jpg")).collect();
    let other = format!("event/projects/{OTHER_PROJECT}/photos/00000000/original.jpg");
    let foreign = ["event/users/a/selfies/b.jpg", "event2/projects/x/photos/y", "projects/a", "selfies/a.jpg"];
    // Two of one key: the pages meet in the middle of it.
    let all = ours.iter().chain(&ours[1..2]).chain([&other]).map(String::as_str).chain(foreign);
    all.for_each(|key| store.leave_unfinished(key));
    store.age_unfinished(TWO_HOURS);
    let project =
        |name: &str| world.machine().args(["photos", "verify", "--repair", "--json", "--project", name]).ok().json();
    assert_eq!(project("Summer Run")["unfinished_uploads"], 6);
    let mut left: Vec<&str> = foreign.to_vec();
    left.push(&other);
    left.sort_unstable();
    assert_eq!(store.unfinished_keys(), left);
    assert_eq!(world.photos("verify --repair --json").ok().json()["repaired"], 1);
    assert_eq!(store.unfinished_keys(), foreign);
    let entries = "SELECT action, entity, entity_id, project_id, item_count, length(items_digest)
                     FROM photoctl.audit WHERE entity = 'unfinished_upload' ORDER BY seq";
    let expected = format!("delete|unfinished_upload||{PROJECT}|6|32\ndelete|unfinished_upload|||1|32");
    assert_eq!(world.sql(entries), expected);
    let aborts = Fault::answer(403, "AccessDenied").on(Method::DELETE).after(1).always();
    (0..3).for_each(|n| store.leave_unfinished(&ours[n]));
    store.age_unfinished(TWO_HOURS);
    store.fail(aborts);
    world.photos("verify --repair --json").ok();
    store.heal();
    assert!(world.sql(entries).ends_with("|1|32"), "what could not be removed is in no entry");
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.audit WHERE entity = 'unfinished_upload'"), "3");
}

#[test]
fn a_store_that_can_not_list_uploads_is_passed_over_with_a_note() {
    let world = World::real();
    let store = world.store().unwrap();
    for (status, code, words) in [
        (501, "NotImplemented", "does not support it"),
        (400, "InvalidRequest", "InvalidRequest"),
        (404, "NotFound", "cannot list unfinished uploads"),
        (403, "AccessDenied", "s3:ListBucketMultipartUploads"),
    ] {
        store.fail(Fault::answer(status, code).on(Method::GET).query("uploads").always());
        let report = world.photos("verify --repair --exit-code --json").ok().json();
        assert_eq!((&report["ok"], &report["unfinished_uploads_looked_for"]), (&json!(true), &json!(false)));
        let why = report["unfinished_uploads_unknown"].as_str().unwrap();
        assert!(why.contains(words), "{why}");
        world.photos("verify").ok().stdout_has("not known");
        store.heal();
    }
}

#[test]
fn temporary_files_of_a_folder_are_found_and_removed() {
    let world = World::embedded();
    let (old, young) = (".photoctl-tmp/old", ".photoctl-tmp/young");
    world.put_object(old, b"half of a photo");
    world.put_object(young, b"half of another");
    let file = std::fs::File::options().write(true).open(world.object_path(old)).unwrap();
    file.set_modified(std::time::SystemTime::now() - TWO_HOURS).unwrap();
    let found = world.photos("verify --exit-code --json").run().code(6).json();
    assert_eq!((&found["unfinished_uploads"], &found["uploads_in_progress"]), (&json!(1), &json!(1)), "{found:#}");
    assert_eq!(found["items"][0]["key"], old);
    let mended = world.photos("verify --repair --exit-code --json").ok().json();
    assert_eq!(mended["repaired"], 1);
    assert_eq!((world.object(old), world.object(young)), (None, Some(b"half of another".to_vec())));
}
