//! Passwords become bcrypt hashes that the web application's bcrypt reads: `$2b$`, 60 characters.

use std::fmt;

use uuid::Uuid;

use super::removal;
use crate::config::{Config, settings};
use crate::db::refs::Noun;
use crate::db::{self, Db, rows};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entry};

/// bcrypt reads no further (Provos and Mazières 1999; the 73rd byte would not matter).
const BYTES_MOST: usize = 72;

/// The work factors that [`cost`] takes: below is too weak, above takes minutes.
const COSTS: std::ops::RangeInclusive<u32> = 10..=15;

/// bcrypt's own base 64: another alphabet than everybody else's.
const ALPHABET: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A password that bcrypt can take whole. Never printed.
pub struct Password(String);

impl Password {
    /// # Errors
    /// When it is empty, longer than 72 bytes, or holds a NUL, at which C implementations would stop reading.
    pub fn new(text: String) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("the password is empty").hint("--no-password sets none"));
        }
        if text.len() > BYTES_MOST {
            return Err(Error::invalid(format!(
                "the password has {} bytes; bcrypt reads no more than {BYTES_MOST}",
                text.len()
            ))
            .hint("choose a shorter one: letters beyond ASCII count as two bytes or more"));
        }
        if text.contains('\0') {
            return Err(Error::invalid("the password holds a NUL character"));
        }
        Ok(Self(text))
    }

    /// Whether `hash` was made of this password. Takes as long as making one.
    #[must_use]
    pub fn fits(&self, hash: &str) -> bool {
        bcrypt::verify(&self.0, hash).unwrap_or(false)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// What becomes of `password_hash`.
#[derive(Debug)]
pub enum Login {
    With(Password),
    /// Nobody can log in: a hash that no password matches.
    Without,
}

/// The work factor that is set.
///
/// # Errors
/// When it is no number from 10 to 15.
pub fn cost(config: &Config) -> Result<u32> {
    let cost = config.parse(settings::BCRYPT_COST)?.unwrap_or(bcrypt::DEFAULT_COST);
    if !COSTS.contains(&cost) {
        return Err(Error::new(Kind::Config, format!("bcrypt_cost is {cost}; it must be from 10 to 15"))
            .hint("each step doubles the time that a log-in takes; 12 is about a quarter of a second"));
    }
    Ok(cost)
}

/// The hash to store. Takes a quarter of a second at cost 12, on a thread of its own.
///
/// # Errors
/// When the system has no random bytes to give.
pub async fn hash(login: Login, cost: u32) -> Result<String> {
    match login {
        Login::Without => Ok(unmatchable(cost)),
        Login::With(password) => tokio::task::spawn_blocking(move || bcrypt::hash(&password.0, cost))
            .await
            .map_err(|error| Error::new(Kind::Internal, "hashing the password failed").with_source(error))?
            .map_err(|error| Error::new(Kind::Internal, "hashing the password failed").with_source(error)),
    }
}

/// Sets a person's password, or takes it away.
///
/// # Errors
/// When the system has no random bytes to give, or what the database says.
pub async fn set(db: &Db, author: &Author, noun: Noun, id: Uuid, login: Login, cost: u32) -> Result<()> {
    let hash = hash(login, cost).await?;
    let mut tx = db.begin().await?;
    if !rows::set_password_hash(&mut tx, noun, id, &hash).await? {
        tx.rollback().await?;
        return Err(Error::new(Kind::Conflict, format!("the {} {id} was removed meanwhile", noun.word())));
    }
    let entry = Entry::new(removal::entity(noun), Action::SetPassword).of(id);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await
}

/// Random salt and random digest: whoever could find a password for it could find one for any hash.
fn unmatchable(cost: u32) -> String {
    let (salt, digest): ([u8; 16], [u8; 23]) = (rand::random(), rand::random());
    format!("$2b${cost:02}${}{}", base64(&salt), base64(&digest))
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..=chunk.len() {
            let digit = group >> (18 - 6 * position) & 63;
            text.push(char::from(ALPHABET[digit as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventy_two_bytes_are_the_limit() {
        assert!(Password::new("x".repeat(72)).is_ok());
        assert!(Password::new("x".repeat(73)).expect_err("long").message().contains("73 bytes"));
        assert!(Password::new("ü".repeat(37)).is_err());
        assert!(Password::new(String::new()).is_err());
        assert!(Password::new("a\0b".to_owned()).is_err());
    }

    #[test]
    fn a_hash_without_a_password_is_one_that_bcrypt_reads() {
        let hash = unmatchable(10);
        assert_eq!(hash.len(), 60);
        // Read without an error, and matched by nothing.
        assert!(!bcrypt::verify("", &hash).expect("well-formed"));
        assert_ne!(hash, unmatchable(10));
    }

    #[test]
    fn base64_is_that_of_bcrypt() {
        let hash = bcrypt::hash_with_salt("x", 4, [7; 16]).expect("hash");
        assert_eq!(hash.get_salt(), base64(&[7; 16]));
    }
}
