//! Which commands make a database remember its store, and what a user who may only read can do.

use photoctl::db::grants::{self, Job};

use crate::photos_world::{PROJECT, Photo, World, wait};
use crate::support::pg::admin;

const BOUND: &str = "SELECT store_url IS NOT NULL FROM photoctl.installation";
const NOTED: &str = "SELECT command, fields ->> 'store' IS NOT NULL FROM photoctl.audit WHERE action = 'bind'";

#[test]
fn only_what_writes_binds_the_store() {
    let world = World::real();
    world.photo(&Photo::default());
    for line in [
        "verify",
        "verify --dry-run",
        "verify --repair --dry-run",
        "url --all-projects",
        "adopt --all-projects --dry-run",
        "reprocess --all-projects --dry-run",
        "download --all-projects --dir out --dry-run",
    ] {
        let output = world.photos(line).run();
        assert_eq!(world.sql(BOUND), "f", "{}", output.transcript());
    }
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.audit"), "0");
    world.photos("verify --repair").ok();
    assert_eq!(world.sql(BOUND), "t");
    assert_eq!(world.sql(NOTED), "photos verify|t");
    world.photos("adopt --all-projects").run();
    assert_eq!(world.sql(NOTED), "photos verify|t", "once");
    // Who reads is told of another store all the same.
    let other = world.photos("verify").env("PHOTOCTL_STORAGE_URL", "s3://another-bucket").run().code(1);
    other.stderr_has("belongs to the store");
}

#[test]
fn who_may_only_read_reads() {
    let world = World::real();
    let id = world.photo(&Photo::default());
    let test = world.database().unwrap();
    let role = format!("{}_read", test.name());
    test.psql(&grants::sql(Job::Read, &role, test.name(), "public"));
    let line = |line: &str| world.photos(line).env("DATABASE_URL", test.url_of(&role));
    line(&format!("list --project {PROJECT}")).ok().stdout_has("DSC_0001.JPG");
    line(&format!("show {id}")).ok();
    line("verify").ok();
    line(&format!("url {id}")).ok().stdout_has("http");
    assert_eq!(world.sql(BOUND), "f");
    drop(world);
    wait(admin(&format!("DROP ROLE {role}")));
}
