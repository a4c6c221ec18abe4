//! Where a new password comes from.

use std::io::Read;

use clap::Args;

use crate::app::App;
use crate::error::{Error, Result};
use crate::workflows::setup::Mode;
use crate::workflows::setup::password::{Login, Password};

/// Longest input that is read for a password, in bytes: more is no password.
const INPUT_MOST: u64 = 4096;

/// Every person has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct PasswordArgs {
    /// Read the password from stdin, up to its first line's end
    #[arg(long, conflicts_with = "no_password")]
    pub password_stdin: bool,
    /// Set none: nobody can log in until a password is set
    #[arg(long)]
    pub no_password: bool,
}

impl PasswordArgs {
    /// The password on stdin, if that is where it is.
    ///
    /// # Errors
    /// When it can not be read, or bcrypt can not take it.
    pub fn given(self) -> Result<Option<Password>> {
        if !self.password_stdin {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(INPUT_MOST)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::usage("cannot read the password from stdin").with_source(error))?;
        let text = String::from_utf8(bytes).map_err(|_| Error::invalid("the password is not UTF-8"))?;
        let line = text.split('\n').next().unwrap_or_default().trim_end_matches('\r');
        Password::new(line.to_owned()).map(Some)
    }

    /// Fails early where nothing would say what the password is: before anything is created on the way.
    ///
    /// # Errors
    /// Off a terminal, a usage error that names the options.
    pub fn require(self, app: &App, mode: Mode) -> Result<()> {
        if self.password_stdin || self.no_password || mode.if_not_exists || mode.dry_run || app.ui.can_ask() {
            return Ok(());
        }
        app.ui.new_password().map(drop)
    }

    /// What becomes of the hash: what was given, else nothing, else what a person types, hidden.
    ///
    /// # Errors
    /// Off a terminal, a usage error that names the options.
    pub fn login(self, app: &App, given: Option<Password>) -> Result<Login> {
        match given {
            Some(password) => Ok(Login::With(password)),
            None if self.no_password => Ok(Login::Without),
            None => Ok(Login::With(Password::new(app.ui.new_password()?)?)),
        }
    }
}
