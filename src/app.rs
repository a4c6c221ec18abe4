//! What every command works with: the resolved configuration, the voice, and the services, opened when first needed.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;

use crate::batch::Cancel;
use crate::config::{Config, settings};
use crate::db::installation;
use crate::db::{Db, DbConfig, EmbeddedConfig, Place, ServerConfig, WeakDb, audit};
use crate::error::{Error, Kind, Result};
use crate::model::address;
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::target::Target;
use crate::objects::{Secret, StorageKey, StorageUrl, Store, StoreConfig};
use crate::ui::Ui;

/// What somebody does with the embedded database whenever it is open: see [`App::attended`].
pub type Attendant = fn(Db, Ui) -> Pin<Box<dyn Future<Output = Result<()>> + Send>>;

/// Built once, after the command line was read.
pub struct App {
    pub config: Config,
    pub ui: Ui,
    pub cancel: Cancel,
    /// The command's words, for the audit log: `photos upload`.
    pub command: String,
    /// How long to wait for what another run holds: `--wait`.
    pub wait: Option<Duration>,
    db: OnceCell<Db>,
    /// A server that was opened whatever its schema is: it can tell more about an error.
    opened: OnceCell<Db>,
    /// The embedded database that was opened last. Only one is open at a time, and who opened it may close it.
    running: Mutex<Option<WeakDb>>,
    store: OnceCell<Store>,
    attendant: Option<(Attendant, Duration)>,
}

impl App {
    #[must_use]
    pub fn new(config: Config, ui: Ui, command: String, wait: Option<Duration>) -> Self {
        Self {
            config,
            ui,
            cancel: Cancel::default(),
            command,
            wait,
            db: OnceCell::new(),
            opened: OnceCell::new(),
            running: Mutex::new(None),
            store: OnceCell::new(),
            attendant: None,
        }
    }

    /// Has the embedded database attended to: as soon as it is open, before the command sees it; then after each such
    /// time as long as it is open, beside whatever the command does; and at last before it closes.
    #[must_use]
    pub fn attended(mut self, attendant: Attendant, every: Duration) -> Self {
        self.attendant = Some((attendant, every));
        self
    }

    /// The database, open and with a schema that this binary can work with.
    ///
    /// # Errors
    /// When none is configured, it can not be reached, or it needs `photoctl db migrate` first.
    pub async fn db(&self) -> Result<&Db> {
        self.db_within(self.wait.unwrap_or_default()).await
    }

    /// [`App::db`], with another time to wait for what another run holds.
    ///
    /// # Errors
    /// As [`App::db`].
    pub async fn db_within(&self, wait: Duration) -> Result<&Db> {
        self.db
            .get_or_try_init(|| async {
                let db = self.connect_within(false, wait).await?;
                db.require_current().await?;
                Ok(db)
            })
            .await
    }

    /// The database whatever its schema is, for the commands that look after it. With `create`, the embedded one
    /// is made where there is none.
    ///
    /// # Errors
    /// As [`App::db`], less the schema.
    pub async fn connect(&self, create: bool) -> Result<Db> {
        self.connect_within(create, self.wait.unwrap_or_default()).await
    }

    async fn connect_within(&self, create: bool, wait: Duration) -> Result<Db> {
        let config = match self.db_config(create)? {
            DbConfig::Embedded(embedded) => DbConfig::Embedded(EmbeddedConfig { wait, ..embedded }),
            server => server,
        };
        let db = tokio::select! {
            db = self.connect_telling(config) => db,
            // Nothing was begun that would have to be finished.
            () = self.cancel.requested() => {
                Err(Error::new(Kind::Interrupted, "interrupted before the database was open").hint("nothing was changed"))
            }
        }?;
        if db.is_embedded() {
            *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(db.downgrade());
            self.attend(&db).await?;
        } else {
            let _only_the_first_is_kept = self.opened.set(db.clone());
        }
        Ok(db)
    }

    /// Attends to an embedded database that was just opened, and from now on.
    async fn attend(&self, db: &Db) -> Result<()> {
        let Some((attendant, every)) = self.attendant else { return Ok(()) };
        attendant(db.clone(), self.ui.clone()).await?;
        // It does not keep the database open, and ends with it.
        let (open, ui) = (db.downgrade(), self.ui.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(db) = open.upgrade() else { return };
                if let Err(error) = attendant(db, ui.clone()).await {
                    tracing::debug!("the database was not attended to: {error}");
                }
            }
        });
        Ok(())
    }

    /// Connects; says when a wait for another process begins.
    async fn connect_telling(&self, config: DbConfig) -> Result<Db> {
        let DbConfig::Embedded(embedded) = &config else { return Db::connect(&config).await };
        if embedded.wait.is_zero() {
            return Db::connect(&config).await;
        }
        let at_once = EmbeddedConfig { wait: Duration::ZERO, ..embedded.clone() };
        match Db::connect(&DbConfig::Embedded(at_once)).await {
            Err(error) if error.kind() == Kind::Locked => {
                self.ui.note(&format!("{}; waiting for it.", error.message()));
                Db::connect(&config).await
            }
            done => done,
        }
    }

    /// Where the database is: the URL if one is set, else a folder in the data folder.
    ///
    /// # Errors
    /// When a setting has an unusable value.
    pub fn db_config(&self, create: bool) -> Result<DbConfig> {
        let Some(url) = self.config.get(settings::DATABASE_URL) else {
            let wait = self.wait.unwrap_or_default();
            return Ok(DbConfig::Embedded(EmbeddedConfig { dir: self.config.home().to_owned(), create, wait }));
        };
        let mut server = ServerConfig::new(url);
        if let Some(connections) = self.config.parse(settings::DATABASE_CONNECTIONS)? {
            server.max_connections = connections;
        }
        server.statement_timeout = self.config.duration(settings::DATABASE_STATEMENT_TIMEOUT)?;
        Ok(DbConfig::Url(server))
    }

    /// Adds to an error what the open database can tell about it: the right that is missing.
    pub async fn explain(&self, error: Error) -> Error {
        match self.db.get().or(self.opened.get()) {
            Some(db) => db.explain(error).await,
            None => error,
        }
    }

    /// The database that the command has opened, if it is still open.
    #[must_use]
    pub fn opened(&self) -> Option<Db> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.db.get().or(self.opened.get()).cloned().or_else(|| running?.upgrade())
    }

    /// Closes whatever database is open: what was given up is rolled back before an embedded server stops.
    pub async fn close(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let running = running.and_then(|running| running.upgrade());
        for db in [self.db.get(), self.opened.get(), running.as_ref()].into_iter().flatten() {
            if let Some((attendant, _)) = self.attendant.filter(|_| db.is_embedded()) {
                // What came last: the next command does it otherwise.
                if let Err(error) = attendant(db.clone(), self.ui.clone()).await {
                    tracing::debug!("the database was not attended to: {error}");
                }
            }
            db.clone().close().await;
        }
    }

    /// The object store, to look at. It has to be the one that the database remembers, if it remembers any.
    ///
    /// # Errors
    /// When none is configured, the database remembers another, or its settings are wrong.
    pub async fn store(&self) -> Result<&Store> {
        self.store
            .get_or_try_init(|| async {
                let config = self.store_config()?;
                let db = self.db().await?;
                let remembered = remembered_store(db).await?;
                let url = self.store_identity(&config.url);
                let store = Store::open(config).await?;
                same_store(remembered.as_deref(), &url)?;
                Ok(store)
            })
            .await
    }

    /// The object store, to write into: a database that remembers none remembers this one from now on.
    ///
    /// # Errors
    /// As [`App::store`].
    pub async fn store_to_fill(&self) -> Result<&Store> {
        let store = self.store().await?;
        let db = self.db().await?;
        if remembered_store(db).await?.is_none() {
            self.claim(db, store).await?;
        }
        Ok(store)
    }

    /// [`App::store_to_fill`], or for a dry run, which writes nothing anywhere, [`App::store`].
    ///
    /// # Errors
    /// As [`App::store`].
    pub async fn store_for(&self, dry_run: bool) -> Result<&Store> {
        if dry_run { self.store().await } else { self.store_to_fill().await }
    }

    /// Makes the database remember a store that answers: a mistyped bucket or account is not to be what it remembers.
    /// One that cannot be reached now is remembered by a later command.
    async fn claim(&self, db: &Db, store: &Store) -> Result<()> {
        match store.head(&StorageKey::probe(uuid::Uuid::nil())).await {
            Err(error) if matches!(error.kind(), Kind::Config | Kind::Credentials) => return Err(error.into()),
            Err(error) if error.is_connection_class() => return Ok(()),
            Ok(_) | Err(_) => {}
        }
        let url = &self.store_identity(store.url());
        let mut tx = db.begin().await?;
        if !installation::replace_store(&mut tx, None, url).await? {
            tx.rollback().await?;
            return same_store(remembered_store(db).await?.as_deref(), url);
        }
        let fields = Fields::new().plain("store", None, Some(url));
        audit::append(&mut tx, &self.author(), &Entry::new(Entity::Database, Action::Bind).fields(fields)).await?;
        tx.commit().await
    }

    /// The settings of the object store.
    ///
    /// # Errors
    /// When no store is named beside a real database, or a setting has an unusable value.
    pub fn store_config(&self) -> Result<StoreConfig> {
        let named = self.config.get(settings::STORAGE_URL);
        if named.is_none() && self.config.get(settings::DATABASE_URL).is_some() {
            return Err(Error::new(Kind::Config, "DATABASE_URL is set, but no object store is named").hint(
                "set PHOTOCTL_STORAGE_URL to r2://ACCOUNT_ID/bucket, s3://bucket or file:///dir: \
                 the folder in the data folder belongs to the embedded database only",
            ));
        }
        let url: StorageUrl = match named {
            Some(url) => url.parse()?,
            None => StorageUrl::folder(&self.config.home().join("objects"))?,
        };
        let secret = |setting| self.config.get(setting).map(Secret::new);
        let mut config = StoreConfig::new(url);
        config.create_folder = named.is_none();
        config.access_key_id = secret(settings::STORAGE_ACCESS_KEY_ID);
        config.secret_access_key = secret(settings::STORAGE_SECRET_ACCESS_KEY);
        config.session_token = secret(settings::STORAGE_SESSION_TOKEN);
        config.region = self.config.get(settings::STORAGE_REGION).map(str::to_owned);
        config.endpoint = self.config.get(settings::STORAGE_ENDPOINT).map(str::to_owned);
        config.r2_endpoint = self.config.get(settings::R2_ENDPOINT).map(str::to_owned);
        if let Some(size) = self.config.bytes(settings::STORAGE_PART_SIZE)? {
            config.part_size_bytes = size;
        }
        if let Some(timeout) = self.config.duration(settings::STORAGE_CONNECT_TIMEOUT)? {
            config.connect_timeout = timeout;
        }
        if let Some(timeout) = self.config.duration(settings::STORAGE_STALL_TIMEOUT)? {
            config.stall_timeout = timeout;
        }
        if let Some(attempts) = self.config.parse(settings::STORAGE_ATTEMPTS)? {
            config.max_attempts = attempts;
        }
        Ok(config)
    }

    /// What the database remembers of a store: its URL, and for `s3://` whether a server of its own is meant.
    /// Without the server, a forgotten `AWS_ENDPOINT_URL_S3` would look for the same bucket at AWS.
    #[must_use]
    pub fn store_identity(&self, url: &StorageUrl) -> String {
        match (url, self.config.get(settings::STORAGE_ENDPOINT)) {
            (StorageUrl::S3 { .. }, Some(endpoint)) => {
                format!("{url} at {}", address::without_secrets(endpoint).trim_end_matches('/'))
            }
            _ => url.to_string(),
        }
    }

    /// What a change would change. `with_store` where objects are touched too.
    #[must_use]
    pub fn target(&self, with_store: bool) -> Target {
        let database = match self.config.get(settings::DATABASE_URL) {
            // Parameters of the URL and libpq's variables count: what is named is what would be connected to.
            Some(url) => {
                ServerConfig::new(url).place().map_or_else(|_| "(unreadable URL)".to_owned(), |place| place.to_string())
            }
            None => Place::Embedded { dir: self.config.home().to_owned() }.to_string(),
        };
        let store = with_store.then(|| self.store_url());
        Target { database, store, profile: self.config.profile().map(str::to_owned) }
    }

    /// The store, for people: what is set, else the folder beside the embedded database.
    #[must_use]
    pub fn store_url(&self) -> String {
        match self.store_config() {
            Ok(config) => self.store_identity(&config.url),
            Err(_) if self.config.get(settings::STORAGE_URL).is_some() => "one with unusable settings".to_owned(),
            Err(_) => "none configured".to_owned(),
        }
    }

    /// Who acts, from where and by which command: what every entry of the audit log begins with.
    #[must_use]
    pub fn author(&self) -> Author {
        Author {
            actor: self.actor(),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            command: self.command.clone(),
        }
    }

    /// Who acts, for the audit log: `--actor`, the setting, else the system's user.
    #[must_use]
    pub fn actor(&self) -> String {
        self.config.get(settings::ACTOR).map_or_else(system_user, str::to_owned)
    }
}

async fn remembered_store(db: &Db) -> Result<Option<String>> {
    installation::store_url(&mut *db.conn().await?).await
}

fn system_user() -> String {
    ["LOGNAME", "USER"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// Refuses a store that is not the one a database remembers. Two servers of one's own with the same bucket are taken
/// for one (a new address, a way through a tunnel); a server of one's own and AWS are not.
///
/// # Errors
/// [`Kind::StoreMismatch`].
pub fn same_store(remembered: Option<&str>, url: &str) -> Result<()> {
    let Some(remembered) = remembered else { return Ok(()) };
    let split = |identity: &'_ str| identity.split_once(" at ").map(|(url, _)| url.to_owned());
    if remembered == url || (split(remembered).is_some() && split(remembered) == split(url)) {
        return Ok(());
    }
    Err(Error::new(
        Kind::StoreMismatch,
        format!("this database belongs to the store {remembered}, but {url} is configured"),
    )
    .hint("set PHOTOCTL_STORAGE_URL (and AWS_ENDPOINT_URL_S3) to the store that the database remembers")
    .hint("if all objects were moved there: photoctl db store --set"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forgotten_endpoint_is_another_store() {
        assert!(same_store(None, "s3://photos").is_ok());
        assert!(same_store(Some("s3://photos at http://a:1"), "s3://photos at http://b:2").is_ok());
        assert!(same_store(Some("s3://photos at http://a:1"), "s3://photos").is_err());
        assert!(same_store(Some("s3://photos"), "s3://other").is_err());
    }
}
