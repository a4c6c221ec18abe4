//! Questions. Off a terminal there are none: what would be asked is an error that names the flag to give.

use std::io::Write;
use std::sync::atomic::Ordering;

use super::{Ui, terminal};
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
            return Err(Error::new(Kind::ConfirmationRequired, format!("a confirmation is needed: {question}"))
                .hint("add --yes to go on without being asked"));
        }
        let agreed =
            self.asking(|| dialoguer::Confirm::new().with_prompt(printable(question)).default(false).interact())?;
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
        self.asking(|| {
            dialoguer::Password::new().with_prompt("Password").with_confirmation("Again", "The two differ.").interact()
        })
    }

    /// Asks for one line of text.
    ///
    /// # Errors
    /// [`Kind::Usage`] off a terminal, naming the option to give.
    pub fn ask(&self, what: &str, option: &str) -> Result<String> {
        if !self.can_ask() {
            return Err(Error::usage(format!("{option} is missing")).hint(format!("give {option}")));
        }
        self.asking(|| dialoguer::Input::new().with_prompt(printable(what)).interact_text())
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
        self.asking(|| dialoguer::Select::new().with_prompt(printable(what)).items(&shown).default(0).interact())
    }

    /// Reads a line after a prompt. `None` at the end of the input.
    ///
    /// # Errors
    /// When stdin can not be read.
    pub fn read_line(&self, prompt: &str) -> Result<Option<String>> {
        let line = self.asking(|| {
            let mut err = std::io::stderr().lock();
            err.write_all(prompt.as_bytes())?;
            err.flush()?;
            drop(err);
            let mut line = String::new();
            let length = std::io::stdin().read_line(&mut line)?;
            Ok((length > 0).then_some(line))
        })?;
        Ok(line.map(|line| line.trim_end_matches(['\n', '\r']).to_owned()))
    }

    /// Runs a question: with no frame in its way, and so that Ctrl-C leaves at once with the terminal as it was.
    fn asking<T>(&self, question: impl FnOnce() -> dialoguer::Result<T>) -> Result<T> {
        terminal::remember();
        self.state.asking.store(true, Ordering::SeqCst);
        // Not within the screen's lock: whoever leaves at Ctrl-C says so on it.
        self.screen.show(Vec::new());
        let answer = question();
        self.state.asking.store(false, Ordering::SeqCst);
        answer.map_err(|error| {
            terminal::restore();
            Error::new(Kind::Interrupted, "no answer: nothing was changed").with_source(error)
        })
    }
}
