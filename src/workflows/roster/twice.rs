//! Whom a file names more than once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use super::guest::{Fault, Reason, Row};

/// 16 bytes stand for an email: a file of a million rows is to fit.
pub(super) type Key = u128;

/// What was seen so far, a few bytes for each email.
#[derive(Debug, Default)]
pub(super) struct Seen {
    hasher: RandomState,
    people: HashMap<Key, Person>,
}

#[derive(Debug)]
struct Person {
    /// Where they are named first.
    line: u64,
    /// Of name, address and billing address; 0 where none is given.
    said: [u64; 3],
    /// Named again.
    again: bool,
    /// The line that says otherwise, and what.
    contradiction: Option<(u64, &'static str)>,
}

/// What contradicts, in the order of [`Person::said`]. When somebody accepted the terms may differ: the first holds.
const WHAT: [&str; 3] = ["name", "address", "billing address"];

impl Seen {
    /// What stands for an email, whatever its case.
    pub fn key(&self, email: &str) -> Key {
        let email = email.to_lowercase();
        let half = |salt: u8| u128::from(self.hasher.hash_one((salt, &email)));
        half(0) << 64 | half(1)
    }

    pub fn see(&mut self, line: u64, row: &Row) {
        let hash = |text: &Option<String>| text.as_ref().map_or(0, |text| self.hasher.hash_one(text).max(1));
        let said = [hash(&row.name), hash(&row.address), hash(&row.billing_address)];
        let key = self.key(&row.email);
        let Some(person) = self.people.get_mut(&key) else {
            self.people.insert(key, Person { line, said, again: false, contradiction: None });
            return;
        };
        person.again = true;
        for ((before, now), what) in person.said.iter_mut().zip(said).zip(WHAT) {
            if *before == 0 {
                *before = now;
            } else if now != 0 && now != *before {
                person.contradiction.get_or_insert((line, what));
            }
        }
    }

    /// Why nothing is believed of somebody: the file says two things.
    pub fn contradiction(&self, key: Key) -> Option<Fault> {
        let person = self.people.get(&key)?;
        let (line, what) = person.contradiction?;
        let message = format!("the email is in lines {} and {line}, each with another {what}", person.line);
        Some(Fault::new(Reason::Twice, message))
    }

    /// Whether somebody is named more than once.
    pub fn is_repeated(&self, key: Key) -> bool {
        self.people.get(&key).is_some_and(|person| person.again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(email: &str, name: &str, address: Option<&str>) -> Row {
        Row {
            email: email.to_owned(),
            name: Some(name.to_owned()),
            address: address.map(str::to_owned),
            billing_address: None,
            terms_accepted_at: None,
        }
    }

    #[test]
    fn contradictions_name_both_lines() {
        let mut seen = Seen::default();
        seen.see(2, &row("A@b.org", "Ada", None));
        seen.see(5, &row("a@B.org", "Ada", Some("Ufer 1")));
        assert!(seen.contradiction(seen.key("a@b.org")).is_none(), "what is not said contradicts nothing");
        seen.see(9, &row("a@b.org", "Ida", None));
        let fault = seen.contradiction(seen.key("a@b.org")).expect("a contradiction");
        assert_eq!(fault.message, "the email is in lines 2 and 9, each with another name");
        assert!(seen.is_repeated(seen.key("a@b.org")));
        seen.see(10, &row("b@b.org", "Ben", None));
        assert!(!seen.is_repeated(seen.key("b@b.org")));
        seen.see(11, &row("b@b.org", "Ben", Some("Weg 1")));
        seen.see(12, &row("b@b.org", "Ben", Some("Weg 2")));
        assert!(seen.contradiction(seen.key("b@b.org")).expect("one").message.contains("another address"));
    }
}
