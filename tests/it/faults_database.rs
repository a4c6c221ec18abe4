//! `photos upload` and others while the database is in trouble, and each job under the rights of its own role.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use photoctl::db::grants::Job;
use rustix::process::Signal;

use crate::faults_world::{
    assert_civil, assert_completes, assert_consistent, assert_ended, assert_whole, card, counts, objects, until, upload,
};
use crate::photos_world::{OPERATOR, PHOTOGRAPHER, PROJECT, World, wait};
use crate::support::Running;
use crate::support::mount::Mounted;
use crate::support::pg::{admin, admin_url};
use crate::support::s3::{Fault, Trouble};

const SIDE: u32 = 160;

/// The same database for another user of it.
fn url_of(world: &World, user: &str, port: Option<u16>) -> String {
    let name = world.sql("SELECT current_database()");
    let mut url = url::Url::parse(&admin_url()).unwrap();
    url.set_path(&name);
    if !user.is_empty() {
        url.set_username(user).unwrap();
        url.set_password(Some("test")).unwrap();
    }
    if let Some(port) = port {
        url.set_port(Some(port)).unwrap();
    }
    url.into()
}

/// A role with the rights that `db grants` prints; dropped with the value, after the world.
struct Role(String);

impl Role {
    fn make(world: &World, job: Job) -> Self {
        let role = format!("{}_{}", world.sql("SELECT current_database()"), job.word());
        let sql = world.machine().line(&format!("db grants --for {} --role {role}", job.word())).ok().stdout;
        world.sql(&sql);
        Self(role)
    }
}

impl Drop for Role {
    fn drop(&mut self) {
        let sql = format!("DROP OWNED BY {0}; DROP ROLE {0}", self.0);
        let _ = std::thread::spawn(move || wait(admin(&sql))).join();
    }
}

/// A way to the real server that can be cut: after so many bytes from the server, once for each number, or at will.
struct Way {
    port: u16,
    state: Arc<Mutex<WayState>>,
}

#[derive(Default)]
struct WayState {
    gone: bool,
    cuts: Vec<usize>,
    open: Vec<TcpStream>,
}

impl Way {
    fn new(cuts: Vec<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = url::Url::parse(&admin_url()).unwrap();
        let target = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        let state = Arc::new(Mutex::new(WayState { cuts, ..WayState::default() }));
        let shared = state.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let mut state = shared.lock().unwrap();
                if state.gone {
                    // Accepted and closed at once: what a server says that is just starting.
                    continue;
                }
                let limit = if state.cuts.is_empty() { usize::MAX } else { state.cuts.remove(0) };
                let server = TcpStream::connect((target.0.as_str(), target.1)).unwrap();
                state.open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                let (up, down) = ((client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client));
                std::thread::spawn(move || pump(up.0, up.1, usize::MAX));
                std::thread::spawn(move || pump(down.0, down.1, limit));
            }
        });
        Self { port, state }
    }

    fn go_away(&self) {
        let mut state = self.state.lock().unwrap();
        state.gone = true;
        for open in state.open.drain(..) {
            let _ = open.shutdown(Shutdown::Both);
        }
    }

    fn come_back(&self) {
        self.state.lock().unwrap().gone = false;
    }

    fn cuts_left(&self) -> usize {
        self.state.lock().unwrap().cuts.len()
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, mut left: usize) {
    let mut buffer = [0; 2048];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        let pass = read.min(left);
        if to.write_all(&buffer[..pass]).is_err() || pass < read {
            break;
        }
        left -= pass;
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn a_connection_cut_after_any_number_of_bytes_costs_no_photo() {
    let world = World::real();
    // The rows exist before, so that the first statements of a run are cut as well as the last ones.
    upload(world.machine(), &card(world.machine(), "card", 0..1, SIDE)).ok();
    let dir = card(world.machine(), "card", 1..3, SIDE);
    let mut next = 3;
    let mut ended = Vec::new();
    for cut in [100, 700, 1500, 2500, 4000, 6000, 9000, 14_000] {
        let way = Way::new(vec![cut; 3]);
        let machine = world.machine().clone().env("DATABASE_URL", url_of(&world, "", Some(way.port)));
        card(world.machine(), "card", next..next + 3, SIDE);
        next += 3;
        let output = upload(&machine, &dir).env("PHOTOCTL_OFFLINE_PROBE", "100ms").run();
        assert_civil(&output);
        assert!(matches!(output.code, 0 | 5), "cut after {cut}: {}", output.transcript());
        if output.code == 5 {
            assert_eq!(output.error()["code"], "service_unavailable", "{}", output.transcript());
        }
        ended.push((cut, output.code, way.cuts_left()));
        assert_consistent(&world);
    }
    // Once the run has begun, cut connections are made again; before, a script may try again.
    assert!(ended.iter().any(|(_, code, left)| *code == 0 && *left < 3), "{ended:?}");
    assert_completes(&world, &dir);
}

#[test]
fn a_server_that_restarts_in_mid_run_is_waited_for() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..24, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_millis(150))).on_put().always());
    let way = Way::new(Vec::new());
    let machine = world.machine().clone().env("DATABASE_URL", url_of(&world, "", Some(way.port)));
    let running = upload(&machine, &dir).env("PHOTOCTL_OFFLINE_PROBE", "200ms").spawn();
    until("some objects", || store.count(&hyper::Method::PUT) > 6);
    way.go_away();
    std::thread::sleep(Duration::from_secs(7));
    way.come_back();
    let output = running.wait().code(0).stderr_has("database is gone since").stderr_has("is back after");
    assert_civil(&output);
    assert_eq!(counts(&output), [24, 24, 0, 0, 0]);
    assert_whole(&world, &dir);
}

#[test]
fn sessions_that_are_ended_again_and_again_lose_nothing() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..24, SIDE);
    world.store().unwrap().fail(Fault::new(Trouble::Delay(Duration::from_millis(60))).on_put().always());
    let running = upload(world.machine(), &dir).env("PHOTOCTL_OFFLINE_PROBE", "100ms").spawn();
    until("a row", || world.sql("SELECT count(*) FROM photos") != "0");
    let ended = end_sessions_while(&world, running, Duration::from_millis(80));
    assert_eq!(counts(&ended), [24, 24, 0, 0, 0]);
    assert_whole(&world, &dir);
}

fn end_sessions_while(world: &World, mut running: Running, pause: Duration) -> crate::support::Output {
    let mut times = 0;
    while running.is_running() && times < 25 {
        world.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        times += 1;
        std::thread::sleep(pause);
    }
    let output = running.wait().code(0);
    assert_civil(&output);
    output
}

fn read_only(world: &World, on: bool) {
    let name = world.sql("SELECT current_database()");
    wait(admin(&format!("ALTER DATABASE {name} SET default_transaction_read_only = {on}")));
}

#[test]
fn a_read_only_database_is_said_and_not_tried_for_ever() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    // Before the first change of a run.
    read_only(&world, true);
    assert_ended(&upload(world.machine(), &dir).run(), 5, "service_unavailable", &["read-only", "primary"]);
    read_only(&world, false);
    upload(world.machine(), &card(world.machine(), "first", 10..11, SIDE)).ok();
    // A run that begins finds it out with the first row, and gives up in its time.
    read_only(&world, true);
    let begun = Instant::now();
    let output =
        upload(world.machine(), &dir).args(["--give-up-after", "2s"]).env("PHOTOCTL_OFFLINE_PROBE", "200ms").run();
    assert_civil(&output);
    assert_eq!(output.code, 5, "{}", output.transcript());
    assert!(begun.elapsed() < Duration::from_secs(40), "gave up in time");
    assert!(output.stderr.contains("read-only"), "{}", output.stderr);
    // Reading goes on.
    world.machine().line("photos list --json").ok();
    read_only(&world, false);
    assert_consistent(&world);
    std::fs::rename(world.machine().path().join("first"), dir.join("first")).unwrap();
    assert_completes(&world, &dir);
}

#[test]
fn a_read_only_while_of_a_run_is_waited_out() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..16, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_millis(150))).on_put().always());
    let running = upload(world.machine(), &dir).env("PHOTOCTL_OFFLINE_PROBE", "200ms").spawn();
    until("some objects", || store.count(&hyper::Method::PUT) > 4);
    read_only(&world, true);
    let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    world.sql(end);
    std::thread::sleep(Duration::from_secs(8));
    read_only(&world, false);
    world.sql(end);
    let output = running.wait();
    assert_civil(&output);
    assert_eq!(output.code, 0, "{}", output.transcript());
    assert!(output.stderr.matches("is gone since").count() <= 3, "said once an outage:\n{}", output.stderr);
    assert_eq!(counts(&output), [16, 16, 0, 0, 0]);
    assert_whole(&world, &dir);
}

#[test]
fn too_many_connections_are_said_and_one_is_enough() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let role = Role::make(&world, Job::Upload);
    let machine = world.machine().clone().env("DATABASE_URL", url_of(&world, &role.0, None));
    wait(admin(&format!("ALTER ROLE {} CONNECTION LIMIT 0", role.0)));
    assert_ended(&upload(&machine, &dir).run(), 5, "service_unavailable", &["no connection free"]);
    wait(admin(&format!("ALTER ROLE {} CONNECTION LIMIT 1", role.0)));
    let output = upload(&machine, &dir).ok();
    assert_eq!(counts(&output), [6, 6, 0, 0, 0]);
    assert_whole(&world, &dir);
    drop((world, role));
}

#[test]
fn a_statement_that_takes_too_long_is_said() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    upload(world.machine(), &card(world.machine(), "first", 10..11, SIDE)).ok();
    // Somebody holds the table: a short wait is waited out, a long one ends each statement.
    let mut holder = hold(&world, "LOCK TABLE photos IN EXCLUSIVE MODE; SELECT pg_sleep(3)");
    let output = upload(world.machine(), &dir).run();
    assert_eq!(output.code, 0, "{}", output.transcript());
    holder.wait().unwrap();
    let more = card(world.machine(), "more", 20..23, SIDE);
    let mut holder = hold(&world, "LOCK TABLE photos IN EXCLUSIVE MODE; SELECT pg_sleep(40)");
    let output = upload(world.machine(), &more).env("PHOTOCTL_DATABASE_STATEMENT_TIMEOUT", "300ms").run();
    holder.kill().unwrap();
    holder.wait().unwrap();
    world.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
    );
    assert_civil(&output);
    assert_eq!(output.code, 3, "{}", output.transcript());
    assert_eq!(output.json()["failed_by_reason"], serde_json::json!({"database": 3}), "{}", output.transcript());
    let said = format!("{}{}", output.stdout, output.stderr);
    assert!(said.contains("statement") && said.contains("STATEMENT_TIMEOUT"), "{}", output.transcript());
    assert_consistent(&world);
    for part in ["first", "more"] {
        std::fs::rename(world.machine().path().join(part), dir.join(part)).unwrap();
    }
    assert_completes(&world, &dir);
}

fn hold(world: &World, sql: &str) -> std::process::Child {
    let url = url_of(world, "", None);
    let program = std::env::var("PHOTOCTL_TEST_PSQL").unwrap_or_else(|_| "psql".to_owned());
    let child = Command::new(program)
        .args(["-X", "-q", "-d", &url, "-c", &format!("BEGIN; {sql}; COMMIT")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the lock", || {
        world.sql("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = 'photos' AND l.mode = 'ExclusiveLock' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())") != "0"
    });
    child
}

#[test]
fn a_right_that_is_missing_is_named_and_nothing_half_done() {
    for (revoke, named) in [
        ("REVOKE INSERT ON photos FROM", "photos"),
        ("REVOKE INSERT ON photoctl.photo_files FROM", "photo_files"),
        ("REVOKE UPDATE (status) ON photos FROM", "photos"),
        ("REVOKE SELECT ON projects FROM", "projects"),
    ] {
        let world = World::real();
        let dir = card(world.machine(), "card", 0..3, SIDE);
        let role = Role::make(&world, Job::Upload);
        world.sql(&format!("{revoke} {}", role.0));
        let machine = world.machine().clone().env("DATABASE_URL", url_of(&world, &role.0, None));
        let output = upload(&machine, &dir).run();
        assert_ended(&output, 4, "permission", &[named, "db grants --for"]);
        assert_consistent(&world);
        let sql = world.machine().line(&format!("db grants --for upload --role {}", role.0)).ok().stdout;
        world.sql(&sql);
        let output = upload(&machine, &dir).ok();
        assert_eq!(counts(&output)[3], 0);
        assert_whole(&world, &dir);
        drop((world, role));
    }
}

#[test]
fn the_upload_role_does_the_whole_work_with_photos() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..3, SIDE);
    let role = Role::make(&world, Job::Upload);
    let machine = world.machine().clone().env("DATABASE_URL", url_of(&world, &role.0, None));
    assert_eq!(counts(&upload(&machine, &dir).ok()), [3, 3, 0, 0, 0]);
    assert_eq!(counts(&upload(&machine, &dir).ok()), [3, 0, 3, 0, 0]);
    assert_whole(&world, &dir);
    let id = world.sql("SELECT min(id::text) FROM photos");
    let out = world.machine().path().join("out");
    for line in [
        "photos list --json".to_owned(),
        format!("photos show {id} --json"),
        format!("photos url {id}"),
        format!("photos url {id} --kind original"),
        "photos verify --deep --json".to_owned(),
        format!("photos reprocess {id} --json"),
        "photos adopt --all-projects --json".to_owned(),
        format!("photos download {id} --kind original --dir {}", out.display()),
        format!("photos delete {id} --yes --json"),
        format!("photos restore {id} --json"),
        "doctor --for upload --json".to_owned(),
        "audit list --json".to_owned(),
    ] {
        let output = machine.line(&line).run();
        assert_civil(&output);
        assert_eq!(output.code, 0, "{}", output.transcript());
    }
    // What is not its work is refused, with the name of the right.
    let output = machine.line(&format!("project create --operator {OPERATOR} --name Other --json")).run();
    assert_ended(&output, 4, "permission", &["projects"]);
    drop((world, role));
}

#[test]
fn the_roles_that_only_look_read_and_change_nothing() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..2, SIDE);
    upload(world.machine(), &dir).ok();
    let before = world.sql("SELECT p.*, f.* FROM photos p JOIN photoctl.photo_files f ON f.photo_id = p.id ORDER BY 1");
    let id = world.sql("SELECT min(id::text) FROM photos");
    let mut roles = Vec::new();
    for job in [Job::Read, Job::Review, Job::Match, Job::Reconcile] {
        let role = Role::make(&world, job);
        let machine = world.machine().clone().env("DATABASE_URL", url_of(&world, &role.0, None));
        // What later jobs need `doctor` does not ask for yet.
        let asked = if job == Job::Review { "review" } else { "read" };
        let doctor = format!("doctor --for {asked} --json");
        for line in [
            "photos list --json",
            "operator list --json",
            "photographer list --json",
            "user list --json",
            "package list --json",
            "project list --json",
            &format!("project show {PROJECT} --json"),
            &format!("project photographers list --project {PROJECT} --json"),
            &format!("project members list --project {PROJECT} --json"),
            &format!("project packages list --project {PROJECT} --json"),
            &format!("project settings list --project {PROJECT} --json"),
            &format!("photos show {id} --json"),
            "audit list --json",
            "db status --json",
            "db check --exit-code --json",
            &doctor,
        ] {
            let output = machine.line(line).run();
            assert_civil(&output);
            assert_eq!(output.code, 0, "{}: {}", job.word(), output.transcript());
        }
        let listed = machine.line("photos list --json").ok().json();
        assert!(listed.to_string().contains(&id), "an answer, not an empty one: {listed:#}");
        for line in [
            format!(
                "photos upload --project {PROJECT} --photographer {PHOTOGRAPHER} --json --dir {}",
                more(&world).display()
            ),
            format!("photos delete {id} --yes --json"),
            "operator create --name X --email x@example.org --no-password --json".to_owned(),
        ] {
            let output = machine.line(&line).run();
            assert_ended(&output, 4, "permission", &["db grants --for"]);
        }
        roles.push(role);
    }
    assert_eq!(
        before,
        world.sql("SELECT p.*, f.* FROM photos p JOIN photoctl.photo_files f ON f.photo_id = p.id ORDER BY 1")
    );
    assert_whole(&world, &dir);
    drop((world, roles));
}

fn more(world: &World) -> std::path::PathBuf {
    card(world.machine(), "more", 50..51, SIDE)
}

#[test]
fn an_embedded_database_in_use_is_said_and_waited_for_when_asked() {
    let world = World::embedded();
    let (first, second) =
        (card(world.machine(), "cards/a", 0..24, 480), card(world.machine(), "cards/b", 30..33, SIDE));
    let running = upload(world.machine(), &first).args(["--bwlimit", "1MiB"]).spawn();
    until("its lock", || {
        std::fs::read_to_string(world.machine().data().join("postgres.lock")).is_ok_and(|held| !held.is_empty())
    });
    std::thread::sleep(Duration::from_millis(500));
    let output = upload(world.machine(), &second).run();
    assert_ended(&output, 11, "locked", &[&running.pid().to_string(), "--wait"]);
    let output = world.machine().line("photos list --json").run();
    assert_ended(&output, 11, "locked", &[&running.pid().to_string()]);
    let waiting = upload(world.machine(), &second).args(["--wait", "2m"]).spawn();
    assert_eq!(counts(&running.wait().code(0)), [24, 24, 0, 0, 0]);
    assert_eq!(counts(&waiting.wait().code(0)), [3, 3, 0, 0, 0]);
    assert_whole(&world, &world.machine().path().join("cards"));
}

#[test]
fn who_waits_for_the_embedded_database_can_be_interrupted_and_gives_up() {
    let world = World::embedded();
    let dir = card(world.machine(), "card", 0..24, 480);
    let running = upload(world.machine(), &dir).args(["--bwlimit", "1MiB"]).spawn();
    until("its lock", || {
        std::fs::read_to_string(world.machine().data().join("postgres.lock")).is_ok_and(|held| !held.is_empty())
    });
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    let output = world.machine().line("photos list --json --wait 1s").run();
    assert_ended(&output, 11, "locked", &["--wait"]);
    assert!(begun.elapsed() >= Duration::from_secs(1) && begun.elapsed() < Duration::from_secs(15));
    let waiting = world.machine().line("photos list --json --wait 5m").spawn();
    std::thread::sleep(Duration::from_millis(500));
    waiting.signal(Signal::INT);
    assert_eq!(waiting.wait().code, 130);
    running.wait().code(0);
    assert_whole(&world, &dir);
}

/// A world whose data folder is a small file system.
fn world_on_tmpfs(megabytes: u32) -> (World, Mounted) {
    let world = World::embedded();
    let (data, aside) = (world.machine().data(), world.machine().path().join("aside"));
    std::fs::rename(&data, &aside).unwrap();
    let mounted = Mounted::tmpfs(&data, megabytes);
    crate::support::pg::copy(&aside, &data);
    (world, mounted)
}

#[test]
fn a_read_only_data_folder_is_said() {
    let (world, mounted) = world_on_tmpfs(300);
    let dir = card(world.machine(), "card", 0..3, SIDE);
    mounted.set("ro");
    assert_ended(&upload(world.machine(), &dir).run(), 1, "io", &["cannot write in the data folder"]);
    assert_ended(&world.machine().line("photos list --json").run(), 1, "io", &["data folder"]);
    mounted.set("rw");
    assert_completes(&world, &dir);
    drop((mounted, world));
}

#[test]
fn a_disk_that_fills_in_mid_run_is_said_and_the_next_run_completes() {
    let (world, mounted) = world_on_tmpfs(150);
    let dir = card(world.machine(), "card", 0..40, 480);
    let running = upload(world.machine(), &dir).args(["--bwlimit", "3MiB"]).spawn();
    until("some objects", || objects(&world).len() > 12);
    let ballast = world.machine().data().join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    assert!(std::io::copy(&mut std::io::repeat(1), &mut file).is_err(), "it is full now");
    drop(file);
    let output = running.wait();
    assert_ended(&output, 1, "disk_full", &[]);
    let said = output.error()["message"].to_string();
    assert!(said.contains("no space left") || said.contains("free in"), "{said}");
    // A run that would begin so is refused, in words.
    assert_ended(&upload(world.machine(), &dir).run(), 1, "disk_full", &["free", "PHOTOCTL_HOME"]);
    std::fs::remove_file(&ballast).unwrap();
    assert_consistent(&world);
    assert_completes(&world, &dir);
    drop((mounted, world));
}
