//! Where a database is, as the driver resolves it: the URL, its parameters, and the variables of libpq.

use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{ServerConfig, connect};
use crate::error::Result;
use crate::model::text;

/// Where a database is, for people: never with a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `host` is a folder where the server is reached by a socket in it.
    Server {
        host: String,
        port: u16,
        database: String,
    },
    Embedded {
        dir: PathBuf,
    },
}

impl Place {
    pub(super) fn of(options: &PgConnectOptions) -> Self {
        Self::Server {
            host: host(options),
            port: options.get_port(),
            database: options.get_database().unwrap_or(options.get_username()).to_owned(),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Server { host, port, database } => {
                write!(f, "{}:{port}/{}", text::printable(host), text::printable(database))
            }
            Place::Embedded { dir } => write!(f, "embedded in {}", text::path(dir)),
        }
    }
}

impl ServerConfig {
    /// The place that connecting would reach.
    ///
    /// # Errors
    /// [`Kind::Config`](crate::error::Kind::Config) for an unusable URL.
    pub fn place(&self) -> Result<Place> {
        connect::options(self).map(|options| Place::of(&options))
    }

    /// Whether the connection leaves this computer, and nothing says that it must be encrypted.
    ///
    /// # Errors
    /// As [`ServerConfig::place`].
    pub fn may_be_overheard(&self) -> Result<bool> {
        let options = connect::options(self)?;
        let host = host(&options);
        let here = host.starts_with('/')
            || matches!(host.as_str(), "localhost" | "[::1]" | "::1")
            || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        let encrypted =
            matches!(options.get_ssl_mode(), PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull);
        Ok(!here && !encrypted)
    }
}

/// A socket wins over a host, as it does where the driver connects.
fn host(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(folder) => folder.to_string_lossy().into_owned(),
        None => options.get_host().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_url_count() {
        for (url, place) in [
            ("postgres://u@stage:5432/d", "stage:5432/d"),
            ("postgres://u@stage:5432/d?host=127.0.0.1&port=1&dbname=other", "127.0.0.1:1/other"),
            ("postgres://u@stage/d?hostaddr=10.0.0.1&port=7", "10.0.0.1:7/d"),
            ("postgres://u@stage:5/d?host=/run/pg", "/run/pg:5/d"),
            ("postgres://u@%2Frun%2Fpg:5/d", "/run/pg:5/d"),
        ] {
            assert_eq!(ServerConfig::new(url).place().expect(url).to_string(), place);
        }
    }

    #[test]
    fn only_a_line_to_elsewhere_must_be_encrypted() {
        for (url, open) in [
            ("postgres://u@elsewhere/d", true),
            ("postgres://u@localhost/d?host=10.0.0.1", true),
            ("postgres://u@elsewhere/d?host=/run/pg", false),
            ("postgres://u@elsewhere/d?ssl-mode=require", false),
            ("postgres://u@127.0.0.1/d", false),
        ] {
            assert_eq!(ServerConfig::new(url).may_be_overheard().expect(url), open, "{url}");
        }
    }
}
