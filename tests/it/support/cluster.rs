//! A PostgreSQL server of one test's own, to be restarted or crashed: the one that all tests share must stay up.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::pg::TestDb;

/// A running server, stopped and removed with the value.
pub struct Cluster {
    /// Where `initdb` and `pg_ctl` are.
    programs: PathBuf,
    port: u16,
    dir: tempfile::TempDir,
}

impl Cluster {
    pub fn start() -> Self {
        let psql = PathBuf::from(std::env::var_os("PHOTOCTL_TEST_PSQL").unwrap_or_default());
        let programs = psql.parent().unwrap_or(Path::new("")).to_owned();
        assert!(
            programs.join("pg_ctl").exists() && programs.join("initdb").exists(),
            "no initdb and pg_ctl beside PHOTOCTL_TEST_PSQL ({}): tests/postgres.sh start brings them",
            psql.display()
        );
        let dir = tempfile::Builder::new().prefix("photoctl-server-").tempdir().unwrap();
        if let Some((user, group)) = server_user() {
            chown(dir.path(), Some(user), Some(group)).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let cluster = Self { programs, port, dir };
        let arguments = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        assert!(cluster.run("initdb", &arguments), "initdb failed");
        cluster.pg_ctl(&["start"]);
        cluster
    }

    /// `pg_ctl restart`: `fast` ends all sessions in order, `immediate` is a crash and a recovery. Waits until the
    /// server takes sessions again.
    #[track_caller]
    pub fn restart(&self, mode: &str) {
        self.pg_ctl(&["-m", mode, "restart"]);
    }

    /// What the server wrote about itself.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }

    /// A database with all migrations.
    pub async fn database(&self) -> TestDb {
        TestDb::on(&format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)).await
    }

    #[track_caller]
    fn pg_ctl(&self, arguments: &[&str]) {
        let dir = self.dir.path().display();
        let options = format!("-p {} -h 127.0.0.1 -k {dir} -c fsync=off", self.port);
        let log = format!("{dir}/server.log");
        let all = [&["-w", "-t", "60", "-l", &log, "-o", &options], arguments].concat();
        assert!(self.run("pg_ctl", &all), "pg_ctl {arguments:?} failed:\n{}", self.log());
    }

    /// Runs one of the server's programs on its data, as the user that the server may run as.
    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let program = self.programs.join(program);
        let mut command = match server_user() {
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
                command.arg(program);
                command
            }
            None => Command::new(program),
        };
        command.arg("-D").arg(self.dir.path().join("data")).args(arguments).current_dir("/");
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _stopped = self.run("pg_ctl", &["-w", "-m", "immediate", "stop"]);
    }
}

/// PostgreSQL refuses to run as root: the user and group that do it instead.
fn server_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(ids("postgres").or_else(|| ids("nobody")).expect("the user postgres or nobody"))
}
