//! `photos upload` while a real PostgreSQL server is restarted under it.

use std::time::Duration;

use crate::faults_world::{assert_civil, assert_whole, card, counts, until, upload};
use crate::photos_world::{World, wait};
use crate::support::cluster::Cluster;
use crate::support::s3::{Fault, Trouble};

const PHOTOS: u64 = 40;

fn ready(world: &World) -> u64 {
    world.sql("SELECT count(*) FROM photos WHERE status = 'ready'").parse().unwrap()
}

#[test]
fn a_server_that_crashes_and_later_restarts_in_mid_run_is_waited_for() {
    let cluster = Cluster::start();
    let world = World::on(wait(cluster.database()));
    let dir = card(world.machine(), "card", 0..PHOTOS as u32, 160);
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_millis(200))).on_put().always());
    let mut running = upload(world.machine(), &dir).env("PHOTOCTL_OFFLINE_PROBE", "200ms").spawn();
    for (mode, least) in [("immediate", 2), ("fast", 8)] {
        until("some photos", || ready(&world) >= least);
        let sessions = "SELECT count(*) > 0, pg_postmaster_start_time() FROM pg_stat_activity
                         WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let before = world.sql(sessions);
        assert!(before.starts_with("t|"), "{mode}: the run holds no session that could be struck: {before}");
        cluster.restart(mode);
        assert!(ready(&world) < PHOTOS && running.is_running(), "{mode}: the run ended before its blow");
        assert_ne!(world.sql("SELECT 't|' || pg_postmaster_start_time()"), before, "{mode}: another server");
    }
    let output = running.wait().code(0);
    assert_civil(&output);
    assert!(cluster.log().contains("not properly shut down"), "the first was a crash:\n{}", cluster.log());
    assert!(cluster.log().contains("fast shutdown request"), "the second was not:\n{}", cluster.log());
    assert_eq!(counts(&output), [PHOTOS, PHOTOS, 0, 0, 0]);
    assert_whole(&world, &dir);
    // The server goes last: the world asks it until its end.
    drop(world);
    drop(cluster);
}
