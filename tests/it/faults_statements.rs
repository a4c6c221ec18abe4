//! `photos upload` while its connection to a real server is cut at each statement in turn: before the server has it,
//! and after it was carried out, when only the answer is lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::faults_world::{assert_civil, assert_completes, assert_consistent, card, upload};
use crate::photos_world::World;
use crate::support::pg::admin_url;

const SIDE: u32 = 160;

/// When in the life of a statement the connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Before,
    /// The server has carried it out; its answer is swallowed.
    After,
}

/// A way to the server that counts statements and cuts its connection at one of them.
struct Wire {
    port: u16,
    /// Statements still to pass before the cut; negative once it was made.
    left: Arc<AtomicI64>,
    statements: Arc<AtomicU64>,
}

impl Wire {
    fn new(at: i64, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (left, statements) = (Arc::new(AtomicI64::new(at)), Arc::new(AtomicU64::new(0)));
        let (left_too, statements_too) = (left.clone(), statements.clone());
        let url = url::Url::parse(&admin_url()).unwrap();
        let target = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((target.0.as_str(), target.1)) else { continue };
                let (left, statements) = (left_too.clone(), statements_too.clone());
                std::thread::spawn(move || {
                    let down = (server.try_clone().unwrap(), client.try_clone().unwrap());
                    let mute = Arc::new(AtomicI64::new(0));
                    let muted = mute.clone();
                    std::thread::spawn(move || answers(down.0, down.1, &muted));
                    let _ended = statements_of(client, server, cut, &left, &statements, &mute);
                });
            }
        });
        Self { port, left, statements }
    }

    fn was_cut(&self) -> bool {
        self.left.load(Ordering::SeqCst) < 0
    }
}

/// Passes the client's messages on, one by one (PostgreSQL's protocol 3.0: a type byte, then the length of the rest).
fn statements_of(
    mut client: TcpStream,
    mut server: TcpStream,
    cut: Cut,
    left: &AtomicI64,
    statements: &AtomicU64,
    mute: &AtomicI64,
) -> std::io::Result<()> {
    let mut started = false;
    loop {
        let mut kind = [0; 1];
        if started {
            client.read_exact(&mut kind)?;
        }
        let mut length = [0; 4];
        client.read_exact(&mut length)?;
        let mut body = vec![0; u32::from_be_bytes(length) as usize - 4];
        client.read_exact(&mut body)?;
        let message = if started { [&kind[..], &length, &body].concat() } else { [&length[..], &body].concat() };
        // A request for TLS comes before the start of the session (3 << 16), and has no type either.
        started = started || body.starts_with(&[0, 3]);
        // A statement of the extended protocol ends with Sync, one of the simple protocol is a Query.
        if matches!(kind, [b'S' | b'Q']) {
            statements.fetch_add(1, Ordering::SeqCst);
            if left.fetch_sub(1, Ordering::SeqCst) == 0 {
                if cut == Cut::After {
                    mute.store(1, Ordering::SeqCst);
                    server.write_all(&message)?;
                    while mute.load(Ordering::SeqCst) == 1 {
                        std::thread::yield_now();
                    }
                }
                let _ = client.shutdown(Shutdown::Both);
                return server.shutdown(Shutdown::Both);
            }
        }
        server.write_all(&message)?;
    }
}

/// Passes the server's answers on; a muted one is only noticed.
fn answers(mut server: TcpStream, mut client: TcpStream, mute: &AtomicI64) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        if mute.load(Ordering::SeqCst) > 0 {
            mute.store(2, Ordering::SeqCst);
        } else if client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    mute.store(2, Ordering::SeqCst);
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn cut_at_each_statement(cut: Cut) {
    let world = World::real();
    // What every run meets: a card of which a part is there already.
    upload(world.machine(), &card(world.machine(), "card", 0..1, SIDE)).ok();
    let dir = card(world.machine(), "card", 1..2, SIDE);
    let database = world.sql("SELECT current_database()");
    let mut ends = Vec::new();
    for at in 0.. {
        let wire = Wire::new(at, cut);
        let mut url = url::Url::parse(&admin_url()).unwrap();
        url.set_path(&database);
        url.set_port(Some(wire.port)).unwrap();
        // One connection: its statements always come in the same order.
        let machine =
            world.machine().clone().env("DATABASE_URL", url.as_str()).env("PHOTOCTL_DATABASE_CONNECTIONS", "1");
        let number = 2 + u32::try_from(at).unwrap();
        card(world.machine(), "card", number..number + 1, SIDE);
        let output = upload(&machine, &dir).env("PHOTOCTL_OFFLINE_PROBE", "50ms").run();
        assert_civil(&output);
        assert_consistent(&world);
        if !wire.was_cut() {
            assert_eq!(output.code, 0, "{}", output.transcript());
            assert!(wire.statements.load(Ordering::SeqCst) >= 8, "a run has more statements than that");
            break;
        }
        assert!(matches!(output.code, 0 | 5), "cut at statement {at}: {}", output.transcript());
        ends.push(output.code);
        assert!(at < 200, "no run without a cut");
    }
    // The first statements open the session; whoever scripts this tries again. From then on nothing is given up.
    let begun = ends.iter().position(|code| *code == 0).expect("a run that a cut did not end");
    assert!(ends[begun..].iter().all(|code| *code == 0), "given up in mid-run: {ends:?}");
    assert!(ends.len() - begun >= 5, "{ends:?}");
    assert_completes(&world, &dir);
}

#[test]
fn a_statement_that_never_arrives_costs_no_photo() {
    cut_at_each_statement(Cut::Before);
}

#[test]
fn a_statement_whose_answer_is_lost_is_done_once() {
    cut_at_each_statement(Cut::After);
}
