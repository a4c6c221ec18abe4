//! What becomes of each line, held against what is stored and against the other lines.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::line::{Fault, Line};
use crate::db::PgConnection;
use crate::db::consent_lines::{self, Named};
use crate::error::Result;
use crate::model::ids::UserId;
use crate::model::text::printable;
use crate::model::time::rfc3339;

/// What is done with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It becomes a row.
    Grant(UserId),
    /// The user has an active consent in this version.
    Present(UserId),
    /// It was given before a revocation, which holds.
    RevokedSince(UserId, String),
    Refused(Fault),
}

/// A consent of a user and type, stored or about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    version: String,
    given_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
}

/// What is known of the users that the lines name.
#[derive(Debug, Default)]
pub(super) struct History {
    held: HashMap<(UserId, String), Vec<Held>>,
    /// What the file itself says was revoked, and when last.
    ended: HashMap<(UserId, String), DateTime<Utc>>,
}

/// A verdict for each line, in their order.
///
/// # Errors
/// What the database says.
pub(super) async fn settle(conn: &mut PgConnection, lines: &[Result<Line, Fault>]) -> Result<Vec<Verdict>> {
    let users = users(conn, lines).await?;
    let mut ids: Vec<Uuid> = users.iter().flatten().map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut history = History::default();
    for stored in consent_lines::of_users(conn, &ids).await? {
        let held = Held { version: stored.version, given_at: stored.given_at, revoked_at: stored.revoked_at };
        history.held.entry((stored.user, stored.kind)).or_default().push(held);
    }
    let known: Vec<Result<(UserId, &Line), Fault>> = lines
        .iter()
        .zip(users)
        .map(|(line, user)| match (line, user) {
            (Ok(line), Ok(user)) => Ok((user, line)),
            (Err(fault), _) => Err(fault.clone()),
            (_, Err(fault)) => Err(fault),
        })
        .collect();
    for (user, line) in known.iter().flatten() {
        history.note_end(*user, line);
    }
    Ok(known
        .into_iter()
        .map(|one| one.map_or_else(Verdict::Refused, |(user, line)| history.judge(user, line)))
        .collect())
}

/// The user of each line.
async fn users(conn: &mut PgConnection, lines: &[Result<Line, Fault>]) -> Result<Vec<Result<UserId, Fault>>> {
    let read = || lines.iter().flatten();
    let emails: Vec<String> = read().map(|line| line.who.email.clone().unwrap_or_default()).collect();
    let ids: Vec<Uuid> = read().map(|line| line.who.id.unwrap_or_default()).collect();
    let mut there: Vec<Option<Named>> = vec![None; emails.len()];
    for named in consent_lines::users(conn, &emails, &ids).await? {
        there[named.position] = Some(named);
    }
    let mut there = there.into_iter();
    let user = |line: &Result<Line, Fault>| match line {
        Err(fault) => Err(fault.clone()),
        Ok(line) => meant(line, there.next().flatten()),
    };
    Ok(lines.iter().map(user).collect())
}

fn meant(line: &Line, named: Option<Named>) -> Result<UserId, Fault> {
    let shown = match (&line.who.email, line.who.id) {
        (Some(email), _) => printable(email),
        (None, id) => id.unwrap_or_default().to_string(),
    };
    let Some(named) = named else {
        return Err(Fault::new("unknown_user", format!("there is no user {shown}")));
    };
    if line.who.id.is_some_and(|id| id != named.id.0) {
        return Err(Fault::new("bad_user", format!("the email is of the user {}, the id of another", named.id)));
    }
    if named.deleted {
        return Err(Fault::new("deleted", format!("the user {shown} was deleted")));
    }
    Ok(named.id)
}

impl History {
    /// Of a line that tells of a revocation: what was given before it is not granted by another line.
    fn note_end(&mut self, user: UserId, line: &Line) {
        if let Some(revoked_at) = line.revoked_at {
            let last = self.ended.entry((user, line.kind.clone())).or_insert(revoked_at);
            *last = revoked_at.max(*last);
        }
    }

    fn judge(&mut self, user: UserId, line: &Line) -> Verdict {
        let key = (user, line.kind.clone());
        let held = self.held.entry(key.clone()).or_default();
        let active = |held: &&Held| held.revoked_at.is_none();
        if let Some(revoked_at) = line.revoked_at {
            if held.iter().filter(active).any(|held| held.given_at <= revoked_at) {
                let at = rfc3339(revoked_at);
                let message = format!(
                    "the file says that it was revoked at {at}, and here it is active: an import ends nothing, \
                     photoctl consent revoke --user {user} does"
                );
                return Verdict::Refused(Fault::new("still_active", message));
            }
            let at = rfc3339(revoked_at);
            return Verdict::RevokedSince(user, format!("the file itself says that it was revoked at {at}"));
        }
        if held.iter().filter(active).any(|held| held.version == line.version) {
            return Verdict::Present(user);
        }
        let ended = held.iter().filter_map(|held| held.revoked_at).chain(self.ended.get(&key).copied()).max();
        match ended.filter(|ended| line.given_at <= *ended) {
            Some(ended) => {
                let (given, ended) = (rfc3339(line.given_at), rfc3339(ended));
                let message = format!("it was given at {given}, and the user revoked at {ended}: that holds");
                Verdict::RevokedSince(user, message)
            }
            None => {
                held.push(Held { version: line.version.clone(), given_at: line.given_at, revoked_at: None });
                Verdict::Grant(user)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Who;
    use super::*;

    const USER: UserId = UserId(Uuid::from_u128(7));

    fn at(day: u32) -> DateTime<Utc> {
        chrono::NaiveDate::from_ymd_opt(2026, 6, day).expect("a day").and_time(chrono::NaiveTime::MIN).and_utc()
    }

    fn line(version: &str, given: u32, revoked: Option<u32>) -> Line {
        Line {
            who: Who { email: Some("a@b.org".to_owned()), id: None },
            kind: "k".to_owned(),
            version: version.to_owned(),
            given_at: at(given),
            revoked_at: revoked.map(at),
            proof: None,
        }
    }

    /// The verdicts as letters, of what is stored (version, given, revoked) and the lines.
    fn judged(stored: &[(&str, u32, Option<u32>)], lines: &[(&str, u32, Option<u32>)]) -> String {
        let mut history = History::default();
        let held = |(version, given, revoked): &(&str, u32, Option<u32>)| Held {
            version: (*version).to_owned(),
            given_at: at(*given),
            revoked_at: revoked.map(at),
        };
        history.held.insert((USER, "k".to_owned()), stored.iter().map(held).collect());
        let lines: Vec<Line> = lines.iter().map(|(version, given, revoked)| line(version, *given, *revoked)).collect();
        lines.iter().for_each(|line| history.note_end(USER, line));
        let letter = |line| match history.judge(USER, line) {
            Verdict::Grant(_) => 'g',
            Verdict::Present(_) => 'p',
            Verdict::RevokedSince(..) => 'r',
            Verdict::Refused(_) => 'x',
        };
        lines.iter().map(letter).collect()
    }

    #[test]
    fn a_revocation_holds_until_something_newer_is_given() {
        assert_eq!(judged(&[], &[("1", 1, None), ("1", 1, None), ("1", 2, None), ("2", 2, None)]), "gppg");
        assert_eq!(judged(&[("1", 1, None)], &[("1", 1, None), ("2", 1, None)]), "pg");
        // The file is older than the revocation, in whatever version.
        assert_eq!(judged(&[("1", 1, Some(5))], &[("1", 1, None), ("2", 4, None), ("1", 5, None)]), "rrr");
        assert_eq!(judged(&[("1", 1, Some(5))], &[("1", 6, None), ("1", 1, None)]), "gp");
        // What the file says was revoked is granted by no line of it that is older.
        assert_eq!(judged(&[], &[("1", 1, None), ("1", 1, Some(5)), ("2", 6, None)]), "rrg");
        assert_eq!(judged(&[("1", 1, None)], &[("1", 1, Some(5))]), "x");
        assert_eq!(judged(&[("1", 1, Some(5)), ("1", 6, None)], &[("1", 1, Some(5)), ("1", 6, None)]), "rp");
    }
}
