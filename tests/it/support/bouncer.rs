//! pgbouncer before the test server: a pooler in either mode, and a server that speaks TLS.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::pg::TestDb;

/// A running pgbouncer, stopped with the value.
pub struct Bouncer {
    child: Child,
    pub port: u16,
    _dir: tempfile::TempDir,
}

impl Bouncer {
    /// With `pool_mode` as given, without TLS.
    pub fn start(test: &TestDb, mode: &str) -> Self {
        Self::start_with(test, mode, "", &[])
    }

    /// That takes sessions by TLS only, with this certificate and its key.
    pub fn start_tls(test: &TestDb, certificate: &Path, key: &Path) -> Self {
        let more = "client_tls_sslmode = require\nclient_tls_cert_file = DIR/cert\nclient_tls_key_file = DIR/key\n";
        Self::start_with(test, "session", more, &[(certificate, "cert"), (key, "key")])
    }

    fn start_with(test: &TestDb, mode: &str, more: &str, files: &[(&Path, &str)]) -> Self {
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("pgbouncer is missing: tests/packages.sh test installs it");
        let url = url::Url::parse(test.url()).expect("a URL");
        let dir = tempfile::tempdir().expect("a folder");
        for (from, name) in files {
            std::fs::copy(from, dir.path().join(name)).expect("copy");
            open_to_all(&dir.path().join(name), 0o644);
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("bind").local_addr().expect("address").port();
        let users = dir.path().join("users");
        std::fs::write(&users, "\"postgres\" \"\"\n").expect("write");
        let config = format!(
            "[databases]\n* = host={} port={} user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = any\nauth_file = {}\npool_mode = {mode}\nlogfile =\n{}",
            url.host_str().expect("host"),
            url.port().unwrap_or(5432),
            users.display(),
            more.replace("DIR", &dir.path().display().to_string())
        );
        let file = dir.path().join("pgbouncer.ini");
        std::fs::write(&file, config).expect("write");
        let mut command = Command::new(program);
        if rustix::process::getuid().is_root() {
            open_to_all(dir.path(), 0o755);
            command.args(["-u", "nobody"]);
        }
        let child = command.arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("start pgbouncer");
        let bouncer = Self { child, port, _dir: dir };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return bouncer;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("pgbouncer does not listen");
    }

    /// The test's database through it.
    pub fn url(&self, test: &TestDb) -> String {
        let mut url = url::Url::parse(test.url()).expect("a URL");
        url.set_host(Some("127.0.0.1")).expect("host");
        url.set_port(Some(self.port)).expect("port");
        url.into()
    }
}

fn open_to_all(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("permissions");
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _waited = self.child.wait();
    }
}
