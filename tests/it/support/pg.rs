//! Databases for tests: a fresh one on a real server, or the copy of an embedded one. Both are made once with all
//! migrations and copied for each test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use photoctl::db::migrate::{self, MigrateOptions};
use photoctl::db::{Db, DbConfig, EmbeddedConfig, ServerConfig};
use photoctl::model::digest::Sha256;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// The server that `tests/postgres.sh start` starts, or any other: a superuser's URL.
pub const VARIABLE: &str = "PHOTOCTL_TEST_DATABASE_URL";

/// The superuser's URL of the test server.
pub fn admin_url() -> String {
    std::env::var(VARIABLE)
        .unwrap_or_else(|_| panic!("{VARIABLE} is not set: start a server with `eval \"$(tests/postgres.sh start)\"`"))
}

/// A database on the real server, dropped with the value.
pub struct TestDb {
    name: String,
    url: String,
    /// On a server of the test's own, which takes it along.
    own: bool,
}

impl TestDb {
    /// Without any table.
    pub async fn empty() -> Self {
        Self::make("template0").await
    }

    /// With all migrations applied.
    pub async fn migrated() -> Self {
        Self::make(&template().await).await
    }

    /// Another one that begins as this one is. Nobody may be connected to it.
    pub async fn copy(&self) -> Self {
        Self::make(&self.name).await
    }

    /// The database of `url` on a server of the test's own, with all migrations applied.
    pub async fn on(url: &str) -> Self {
        let db = connect(url).await;
        migrate::run(&db, &MigrateOptions::default()).await.expect("migrate the server's database");
        db.close().await;
        let name = url.rsplit('/').next().unwrap_or_default().to_owned();
        Self { name, url: url.to_owned(), own: true }
    }

    async fn make(template: &str) -> Self {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        admin(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        let url = with_database(&admin_url(), &name);
        Self { name, url, own: false }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same database for another user, with the password `test`.
    pub fn url_of(&self, user: &str) -> String {
        let mut url = url::Url::parse(&self.url).expect("the URL of the test server");
        url.set_username(user).expect("a user in the URL");
        url.set_password(Some("test")).expect("a password in the URL");
        url.into()
    }

    pub async fn connect(&self) -> Db {
        connect(&self.url).await
    }

    /// A connection of its own, as another program has one.
    pub async fn outsider(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.expect("connect to the test database")
    }

    /// Waits until so many connections wait for a lock.
    pub fn until_blocked(&self, many: usize) {
        let since = std::time::Instant::now();
        let waiting = "SELECT count(*) FROM pg_stat_activity
                        WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while self.psql(waiting).parse::<usize>().unwrap() < many {
            assert!(since.elapsed() < std::time::Duration::from_secs(60), "nobody waits");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// Waits until nobody else is connected: the server goes on for a moment with what a killed program had sent.
    pub fn until_alone(&self) {
        let since = std::time::Instant::now();
        let others = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND pid <> pg_backend_pid()
                         AND backend_type = 'client backend'";
        while self.psql(others) != "0" {
            assert!(since.elapsed() < std::time::Duration::from_secs(60), "somebody stays connected");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// What `psql` prints for this SQL: rows as lines, columns separated by `|`.
    pub fn psql(&self, sql: &str) -> String {
        psql(&self.url, sql)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        if self.own {
            return;
        }
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(admin(&sql));
        })
        .join();
        if dropped.is_err() && !std::thread::panicking() {
            panic!("the test database {} could not be dropped", self.name);
        }
    }
}

pub async fn connect(url: &str) -> Db {
    try_connect(url).await.expect("connect to the test database")
}

pub async fn try_connect(url: &str) -> photoctl::error::Result<Db> {
    Db::connect(&DbConfig::Url(ServerConfig::new(url))).await
}

/// What `psql` prints for this SQL on the database of `url`.
pub fn psql(url: &str, sql: &str) -> String {
    let program = std::env::var("PHOTOCTL_TEST_PSQL").unwrap_or_else(|_| "psql".to_owned());
    let output = Command::new(&program)
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql])
        .env("PGTZ", "UTC")
        .output()
        .unwrap_or_else(|error| panic!("{program} does not start ({error}): tests/postgres.sh brings one"));
    assert!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").trim_end().to_owned()
}

/// Runs one statement as the server's superuser.
pub async fn admin(sql: &str) {
    let mut conn = PgConnection::connect(&admin_url()).await.expect("connect to the test server");
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(&mut conn)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    conn.close().await.ok();
}

fn with_database(url: &str, name: &str) -> String {
    let mut url = url::Url::parse(url).expect("the URL of the test server");
    url.set_path(name);
    url.into()
}

/// Names what the templates depend on.
fn digest() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the migrations").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let all: String = files.iter().map(|file| std::fs::read_to_string(file).expect("a migration")).collect();
    Sha256::of(all.as_bytes()).to_string()[..16].to_owned()
}

/// The name of a database with all migrations, made by whichever test asks first.
async fn template() -> String {
    let name = format!("photoctl_template_{}", digest());
    let mut conn = PgConnection::connect(&admin_url()).await.expect("connect to the test server");
    sqlx::query("SELECT pg_advisory_lock(7001)").execute(&mut conn).await.expect("lock");
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut conn)
        .await
        .expect("look for the template");
    if !there {
        let building = TestDb::make("template0").await;
        let db = building.connect().await;
        migrate::run(&db, &MigrateOptions::default()).await.expect("migrate the template");
        db.close().await;
        let rename = format!("ALTER DATABASE {} RENAME TO {name}", building.name);
        sqlx::raw_sql(AssertSqlSafe(rename)).execute(&mut conn).await.expect("name the template");
    }
    conn.close().await.ok();
    name
}

/// A data folder with an embedded database, removed with the value.
pub struct TestFolder {
    dir: tempfile::TempDir,
}

impl TestFolder {
    /// Without a database.
    pub fn empty() -> Self {
        Self { dir: tempfile::Builder::new().prefix("photoctl-test-").tempdir().expect("a folder") }
    }

    /// With a database and all migrations.
    pub fn migrated() -> Self {
        let folder = Self::empty();
        copy(&embedded_template().join("postgres"), &folder.path().join("postgres"));
        folder
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub async fn connect(&self) -> Db {
        self.try_connect().await.expect("open the embedded database")
    }

    pub async fn try_connect(&self) -> photoctl::error::Result<Db> {
        Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(self.path()))).await
    }
}

/// The template outlives the run: it depends on the migrations only.
fn embedded_template() -> PathBuf {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let template = place.join(format!("embedded-{}", digest()));
    let lock = File::create(place.join("embedded.lock")).expect("a lock file");
    lock.lock().expect("the lock");
    if !template.exists() {
        let building = tempfile::Builder::new().prefix("building-").tempdir_in(place).expect("a folder");
        let dir = building.path().to_owned();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let config = EmbeddedConfig { dir, create: true, wait: Duration::ZERO };
                let db = Db::connect(&DbConfig::Embedded(config)).await.expect("make the embedded template");
                migrate::run(&db, &MigrateOptions::default()).await.expect("migrate the embedded template");
                db.close().await;
            });
        })
        .join()
        .expect("the embedded template");
        fs::rename(building.path(), &template).expect("name the embedded template");
    }
    template
}

/// Copies a folder with all that is in it, sockets aside.
pub fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("walk");
        let target = to.join(entry.path().strip_prefix(from).expect("below"));
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).expect("make a folder");
        } else if entry.file_type().is_file() {
            fs::copy(entry.path(), target).expect("copy a file");
        }
    }
}
