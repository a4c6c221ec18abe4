//! What every command works with: the resolved configuration, the voice, and the services, opened when first needed.

use std::time::Duration;

use tokio::sync::OnceCell;

use crate::batch::Cancel;
use crate::config::{Config, settings};
use crate::db::{Db, DbConfig, EmbeddedConfig, ServerConfig};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Author;
use crate::model::target::Target;
use crate::objects::Store;
use crate::ui::Ui;

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
    store: OnceCell<Store>,
}

impl App {
    #[must_use]
    pub fn new(config: Config, ui: Ui, command: String, wait: Option<Duration>) -> Self {
        Self { config, ui, cancel: Cancel::default(), command, wait, db: OnceCell::new(), store: OnceCell::new() }
    }

    /// The database, open and with a schema that this binary can work with.
    ///
    /// # Errors
    /// When none is configured, it can not be reached, or it needs `photoctl db migrate` first.
    pub async fn db(&self) -> Result<&Db> {
        self.db
            .get_or_try_init(|| async {
                let db = self.connect(false).await?;
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
        Db::connect(&self.db_config(create)?).await
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

    /// The object store that belongs to the database.
    ///
    /// # Errors
    /// When none is configured, the database remembers another, or its settings are wrong.
    pub async fn store(&self) -> Result<&Store> {
        self.store.get_or_try_init(|| async { Err(Error::new(Kind::Internal, "placeholder")) }).await
    }

    /// What a change would change. `with_store` where objects are touched too.
    #[must_use]
    pub fn target(&self, with_store: bool) -> Target {
        let database = match self.config.get(settings::DATABASE_URL) {
            Some(url) => url::Url::parse(url).map_or_else(
                |_| "(unreadable URL)".to_owned(),
                |url| {
                    let host = url.host_str().unwrap_or("localhost");
                    format!("{host}:{}{}", url.port().unwrap_or(5432), url.path())
                },
            ),
            None => format!("embedded in {}", self.config.home().display()),
        };
        let store = with_store.then(|| self.store_url());
        Target { database, store, profile: self.config.profile().map(str::to_owned) }
    }

    /// The store's URL: what is set, else the folder beside the embedded database.
    #[must_use]
    pub fn store_url(&self) -> String {
        match self.config.get(settings::STORAGE_URL) {
            Some(url) => url.to_owned(),
            None => format!("file://{}", self.config.home().join("objects").display()),
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

fn system_user() -> String {
    ["LOGNAME", "USER"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
