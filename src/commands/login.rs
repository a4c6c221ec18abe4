//! Where a new password comes from.

use std::io::Read;

use clap::Args;
use serde::Serialize;

use super::reference;
use crate::app::App;
use crate::db::refs::{self, Noun};
use crate::error::{Error, Result};
use crate::model::target::Target;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::setup::Mode;
use crate::workflows::setup::password::{self, Login, Password};

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

#[derive(Debug, Args)]
pub struct SetPasswordArgs {
    /// Whose: id, its first 8 characters or more, name or email
    #[arg(value_name = "WHO")]
    pub who: Option<String>,
    #[command(flatten)]
    pub password: PasswordArgs,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `set-password`, the same for all who log in.
pub async fn set_password(app: &App, noun: Noun, args: SetPasswordArgs) -> Finished {
    let cost = password::cost(&app.config)?;
    let given = args.password.given()?;
    let db = app.db().await?;
    let who = {
        let conn = &mut db.conn().await?;
        match &args.who {
            Some(text) => refs::find(conn, noun, text, None).await?,
            None => reference::choose(app, conn, noun).await?,
        }
    };
    let target = app.target(false);
    app.ui.target(&target);
    let without = args.password.no_password;
    if !args.dry_run {
        let login = args.password.login(app, given)?;
        password::set(db, &app.author(), noun, who.id, login, cost).await?;
    }
    app.ui.show(&PasswordSet {
        id: who.id,
        name: who.name,
        password: if without { "none" } else { "set" },
        changed: !args.dry_run,
        dry_run: args.dry_run,
        target,
    });
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct PasswordSet {
    id: uuid::Uuid,
    name: String,
    password: &'static str,
    changed: bool,
    dry_run: bool,
    target: Target,
}

impl Render for PasswordSet {
    fn render(&self, page: &mut Page) {
        let name = &self.name;
        match (self.dry_run, self.password) {
            (true, _) => page.line(format!("Would set the password of {name}; nothing was changed.")),
            (false, "none") => page.good(format!("{name} cannot log in until a password is set.")),
            (false, _) => page.good(format!("The password of {name} is set.")),
        }
    }
}
