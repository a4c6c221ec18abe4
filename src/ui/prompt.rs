//! Questions. Off a terminal there are none: what would be asked is an error that names the flag to give.

use super::Ui;
use crate::error::{Error, Kind, Result};
use crate::model::text::printable;

/// Proof that a destructive step was confirmed. Only [`Ui::confirm`] makes one.
#[derive(Debug)]
pub struct Confirmed(());

impl Ui {
    /// Asks whether to go on, default No. `yes` is the flag `--yes`.
    ///
    /// # Errors
    /// [`Kind::ConfirmationRequired`] off a terminal without `--yes`, [`Kind::Interrupted`] when declined.
    pub fn confirm(&self, question: &str, yes: bool) -> Result<Confirmed> {
        if yes {
            return Ok(Confirmed(()));
        }
        if !self.can_ask() {
            return Err(Error::new(Kind::ConfirmationRequired, format!("{question} needs a confirmation"))
                .hint("add --yes to go on without being asked"));
        }
        let agreed = dialoguer::Confirm::new()
            .with_prompt(printable(question))
            .default(false)
            .interact()
            .map_err(|error| unanswered(&error))?;
        if agreed {
            Ok(Confirmed(()))
        } else {
            Err(Error::new(Kind::Interrupted, "not confirmed: nothing was changed"))
        }
    }

    /// Asks for a password twice, hidden.
    ///
    /// # Errors
    /// [`Kind::Usage`] off a terminal, naming `--password-stdin` and `--no-password`.
    pub fn new_password(&self) -> Result<String> {
        if !self.can_ask() {
            return Err(
                Error::usage("a password is needed").hint("give it by --password-stdin, or --no-password to set none")
            );
        }
        dialoguer::Password::new()
            .with_prompt("Password")
            .with_confirmation("Again", "The two differ.")
            .interact()
            .map_err(|error| unanswered(&error))
    }

    /// Asks for one line of text.
    ///
    /// # Errors
    /// [`Kind::Usage`] off a terminal, naming the option to give.
    pub fn ask(&self, what: &str, option: &str) -> Result<String> {
        if !self.can_ask() {
            return Err(Error::usage(format!("{option} is missing")).hint(format!("give {option}")));
        }
        dialoguer::Input::new().with_prompt(printable(what)).interact_text().map_err(|error| unanswered(&error))
    }

    /// What an option gave, else what a person answers.
    ///
    /// # Errors
    /// As [`Ui::ask`].
    pub fn text_or_ask(&self, given: Option<String>, what: &str, option: &str) -> Result<String> {
        given.map_or_else(|| self.ask(what, option), Ok)
    }

    /// Asks to choose one of several. Returns its position.
    ///
    /// # Errors
    /// [`Kind::Usage`] off a terminal, naming the option to give.
    pub fn choose(&self, what: &str, choices: &[String], option: &str) -> Result<usize> {
        if !self.can_ask() {
            return Err(Error::usage(format!("{option} is missing")).hint(format!("give {option}")));
        }
        let shown: Vec<String> = choices.iter().map(|choice| printable(choice)).collect();
        dialoguer::Select::new()
            .with_prompt(printable(what))
            .items(&shown)
            .default(0)
            .interact()
            .map_err(|error| unanswered(&error))
    }
}

fn unanswered(error: &dialoguer::Error) -> Error {
    Error::new(Kind::Interrupted, format!("no answer: {error}"))
}
