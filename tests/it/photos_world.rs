//! A small event for the tests of photos: an operator in Berlin, a project, two photographers, and whatever photos a
//! test puts there. On the embedded database with a folder, or on a real server with a bucket.

#![allow(clippy::unwrap_used, reason = "a test that can not go on fails")]

use std::path::PathBuf;

use photoctl::db::{Db, DbConfig, EmbeddedConfig};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use crate::support::pg::{self, TestDb, TestFolder};
use crate::support::s3::S3Server;
use crate::support::{Photoctl, Run};

pub const OPERATOR: &str = "00000000-0000-4000-8000-0000000000a1";
pub const PROJECT: &str = "00000000-0000-4000-8000-0000000000b1";
pub const OTHER_PROJECT: &str = "00000000-0000-4000-8000-0000000000b2";
pub const PHOTOGRAPHER: &str = "00000000-0000-4000-8000-0000000000c1";
pub const OTHER_PHOTOGRAPHER: &str = "00000000-0000-4000-8000-0000000000c2";
pub const USER: &str = "00000000-0000-4000-8000-0000000000d1";

pub struct World {
    machine: Photoctl,
    /// `None`: the embedded one.
    db: Option<TestDb>,
    store: Where,
}

enum Where {
    Folder(PathBuf),
    Bucket(Box<S3Server>),
}

impl World {
    /// The embedded database, objects in a folder.
    pub fn embedded() -> Self {
        let machine = embedded_machine();
        let store = Where::Folder(machine.data().join("objects"));
        Self::seeded(machine, None, store)
    }

    /// A real server, objects in a bucket.
    pub fn real() -> Self {
        Self::on(wait(TestDb::migrated()))
    }

    /// Any database with all migrations, objects in a bucket.
    pub fn on(db: TestDb) -> Self {
        let (machine, store) = with_bucket(Photoctl::new().env("DATABASE_URL", db.url()));
        Self::seeded(machine, Some(db), store)
    }

    pub fn both() -> [Self; 2] {
        [Self::embedded(), Self::real()]
    }

    /// The other two pairs: the embedded database with a bucket, a real server with a folder.
    pub fn mixed() -> [Self; 2] {
        let (machine, store) = with_bucket(embedded_machine());
        let embedded = Self::seeded(machine, None, store);
        let db = wait(TestDb::migrated());
        let machine = Photoctl::new().env("DATABASE_URL", db.url());
        let folder = machine.path().join("store");
        std::fs::create_dir(&folder).unwrap();
        let machine = machine.env("PHOTOCTL_STORAGE_URL", format!("file://{}", folder.display()));
        [embedded, Self::seeded(machine, Some(db), Where::Folder(folder))]
    }

    fn seeded(machine: Photoctl, db: Option<TestDb>, store: Where) -> Self {
        let world = Self { machine, db, store };
        world.seed();
        world
    }

    fn seed(&self) {
        self.sql(&format!(
            "INSERT INTO operators (id, name, email, password_hash, currency, locale, timezone)
             VALUES ('{OPERATOR}', 'Ana', 'ana@example.org', 'x', 'EUR', 'de-DE', 'Europe/Berlin');
             INSERT INTO projects (id, operator_id, name) VALUES ('{PROJECT}', '{OPERATOR}', 'Summer Run'),
                                                                  ('{OTHER_PROJECT}', '{OPERATOR}', 'Winter Run');
             INSERT INTO photographers (id, operator_id, name, email, password_hash)
             VALUES ('{PHOTOGRAPHER}', '{OPERATOR}', 'Bo', 'bo@example.org', 'x'),
                    ('{OTHER_PHOTOGRAPHER}', '{OPERATOR}', 'Cy', 'cy@example.org', 'x');
             INSERT INTO users (id, name, email, password_hash) VALUES ('{USER}', 'Di', 'di@example.org', 'x')"
        ));
    }

    pub fn is_embedded(&self) -> bool {
        self.db.is_none()
    }

    pub fn machine(&self) -> &Photoctl {
        &self.machine
    }

    /// `photoctl photos …`, split at spaces.
    pub fn photos(&self, line: &str) -> Run {
        self.machine.line(&format!("photos {line}"))
    }

    /// Runs SQL by psql; on the embedded database, which nobody else can read, by the library. The rows of the last
    /// statement as lines, columns separated by `|`.
    pub fn sql(&self, sql: &str) -> String {
        match &self.db {
            Some(db) => db.psql(sql),
            None => embedded_sql(self.machine.data(), sql),
        }
    }

    /// Where an object is on the disk, whatever store it is.
    pub fn object_path(&self, key: &str) -> PathBuf {
        match &self.store {
            Where::Folder(folder) => folder.join(key),
            Where::Bucket(store) => store.bucket_dir().join("event").join(key),
        }
    }

    pub fn object(&self, key: &str) -> Option<Vec<u8>> {
        std::fs::read(self.object_path(key)).ok()
    }

    pub fn put_object(&self, key: &str, bytes: &[u8]) {
        let path = self.object_path(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn database(&self) -> Option<&TestDb> {
        self.db.as_ref()
    }

    pub fn store(&self) -> Option<&S3Server> {
        match &self.store {
            Where::Folder(_) => None,
            Where::Bucket(store) => Some(store),
        }
    }

    /// A `ready` photo with facts, without objects. Returns its id.
    pub fn photo(&self, photo: &Photo<'_>) -> String {
        let ids = self.photos_of(std::slice::from_ref(photo));
        ids.into_iter().next().unwrap()
    }

    /// Several at once: one start of the embedded database.
    pub fn photos_of(&self, photos: &[Photo<'_>]) -> Vec<String> {
        let mut sql = String::new();
        let mut ids = Vec::new();
        for photo in photos {
            let id = photo.id.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
            sql.push_str(&photo.sql(&id));
            ids.push(id);
        }
        self.sql(&sql);
        ids
    }
}

fn embedded_machine() -> Photoctl {
    let machine = Photoctl::new();
    pg::copy(TestFolder::migrated().path(), &machine.data());
    machine
}

fn with_bucket(machine: Photoctl) -> (Photoctl, Where) {
    let store = Box::new(S3Server::start());
    let machine =
        store.environment("event").into_iter().fold(machine, |machine, (name, value)| machine.env(name, value));
    (machine, Where::Bucket(store))
}

/// What a test says about a photo; the rest is usual.
pub struct Photo<'a> {
    pub id: Option<&'a str>,
    pub project: &'a str,
    pub photographer: &'a str,
    pub name: &'a str,
    pub status: &'a str,
    pub uploaded: &'a str,
    pub captured: Option<&'a str>,
    pub size_bytes: u64,
    /// Without file facts, as a row of the web application.
    pub foreign: bool,
}

impl Default for Photo<'_> {
    fn default() -> Self {
        Self {
            id: None,
            project: PROJECT,
            photographer: PHOTOGRAPHER,
            name: "DSC_0001.JPG",
            status: "ready",
            uploaded: "2026-06-01 12:00:00",
            captured: None,
            size_bytes: 1000,
            foreign: false,
        }
    }
}

impl Photo<'_> {
    pub fn sql(&self, id: &str) -> String {
        let Self { project, photographer, name, status, uploaded, size_bytes, .. } = self;
        let base = format!("projects/{project}/photos/{id}");
        let derivatives = match *status {
            "ready" => format!("'{base}/thumbnail.jpg', '{base}/watermarked.jpg'"),
            _ => "NULL, NULL".to_owned(),
        };
        let row = format!(
            "INSERT INTO photos (id, project_id, photographer_id, storage_key, thumbnail_key, watermarked_key, status,
                                 uploaded_at)
             VALUES ('{id}', '{project}', '{photographer}', '{base}/original.jpg', {derivatives}, '{status}',
                     '{uploaded}');\n"
        );
        if self.foreign {
            return row;
        }
        let captured = self.captured.map_or("NULL".to_owned(), |time| format!("'{time}'"));
        let name = name.replace('\'', "''");
        format!(
            "{row}INSERT INTO photoctl.photo_files (photo_id, sha256, size_bytes, original_name, format, width, height,
                                              captured_at)
             VALUES ('{id}', sha256('{id}'), {size_bytes}, '{name}', 'jpeg', 600, 400, {captured});\n"
        )
    }
}

/// Runs to its end whether the test is async or not.
pub fn wait<F>(future: F) -> F::Output
where
    F: Future + Send,
    F::Output: Send,
{
    std::thread::scope(|scope| {
        scope
            .spawn(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future))
            .join()
            .unwrap()
    })
}

/// Runs SQL on an embedded database, which nobody else can read, by the library. As psql does: the rows of the last
/// statement as lines, columns separated by `|`, true and false as `t` and `f`.
pub fn embedded_sql(folder: PathBuf, sql: &str) -> String {
    wait(async {
        let db = Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(folder))).await.unwrap();
        let rows = {
            let mut conn = db.conn().await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut *conn).await.unwrap()
        };
        db.close().await;
        let text = |row: &sqlx::postgres::PgRow| {
            let cells = (0..row.len()).map(|i| row.try_get_unchecked::<Option<String>, _>(i).unwrap());
            cells.map(Option::unwrap_or_default).collect::<Vec<_>>().join("|")
        };
        rows.iter().map(text).collect::<Vec<_>>().join("\n")
    })
}
