//! Cards for tokens that exist. Nothing is issued here: a reprint is a reprint.

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::{Links, bare};
use crate::db::qr::{self, TokenFilter};
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::UserId;
use crate::model::project::Project;
use crate::model::qr::{QrToken, TokenStatus};
use crate::model::text::quoted;
use crate::print::Card;

/// Most cards of one sheet.
pub const CARDS_MOST: usize = 20_000;

/// Which tokens get a card.
#[derive(Debug, Clone, Copy)]
pub enum Which {
    /// Each open one that lets one guest join, or only that guest's.
    Each { user: Option<UserId> },
    /// The one that lets all join.
    Poster,
}

/// The open tokens to print, in the order of the cards: guests by name, then those of nobody by age.
///
/// # Errors
/// [`Kind::NotFound`] when there is none, [`Kind::Ambiguous`] when several would do for one poster, [`Kind::Limit`] when
/// there are too many; or what the database says.
pub async fn tokens(conn: &mut PgConnection, project: &Project, which: Which) -> Result<Vec<QrToken>> {
    let (user, reusable) = match which {
        Which::Each { user } => (user, false),
        Which::Poster => (None, true),
    };
    let filter = TokenFilter {
        project: Some(project.id),
        user,
        status: &[TokenStatus::Open],
        reusable: Some(reusable),
        ..Default::default()
    };
    let limit = i64::try_from(CARDS_MOST).unwrap_or(i64::MAX).saturating_add(1);
    let mut tokens = qr::list(conn, filter, limit).await?;
    if tokens.len() > CARDS_MOST {
        return Err(Error::new(Kind::Limit, format!("there are more than {CARDS_MOST} open tokens"))
            .hint("print them in parts: --user, or --token again and again"));
    }
    let name = |token: &QrToken| token.user.as_ref().map(|user| user.name.to_lowercase());
    tokens.sort_by_cached_key(|token| (token.user.is_none(), name(token), token.created_at, token.id));
    match (tokens.as_slice(), which) {
        ([], _) => Err(none(project, which)),
        ([_, _, ..], Which::Poster) => {
            let error = format!("project {} has {} open tokens for all", quoted(&project.name), tokens.len());
            let error = Error::new(Kind::Ambiguous, error);
            let error = tokens.iter().take(8).fold(error, |error, token| error.hint(format!("--token {}", token.id)));
            Err(error.hint("say which one by --token"))
        }
        _ => Ok(tokens),
    }
}

fn none(project: &Project, which: Which) -> Error {
    let (what, how) = match which {
        Which::Each { user: None } => ("no open tokens", "--count 50, or --members"),
        Which::Each { user: Some(_) } => ("no open token for this guest", "--user U"),
        Which::Poster => ("no open token for all", "--reusable"),
    };
    Error::new(Kind::NotFound, format!("project {} has {what}: there is nothing to print", quoted(&project.name)))
        .hint(format!("make some with photoctl qr issue {how}"))
}

/// The cards of tokens, each `copies` times.
///
/// # Errors
/// [`Kind::Config`] when it is not known what the codes open.
pub fn cards(project: &Project, links: &Links, tokens: &[QrToken], copies: usize) -> Result<Vec<Card>> {
    let dates = dates(project.start_at, project.end_at, project.zone());
    let mut cards = Vec::with_capacity(tokens.len() * copies);
    for token in tokens {
        let card = Card {
            link: links.link(&token.token)?,
            event: project.name.clone(),
            dates: dates.clone(),
            guest: token.user.as_ref().map(|user| user.name.clone()),
        };
        cards.extend(std::iter::repeat_n(card, copies));
    }
    Ok(cards)
}

/// When an event is, in its zone: `2026-06-01 14:00 – 20:00 CEST`. Whole days have no times. What belongs together is
/// joined by spaces at which no line ends.
#[must_use]
pub fn dates(start: Option<DateTime<Utc>>, end: Option<DateTime<Utc>>, zone: Tz) -> String {
    let local = |time: DateTime<Utc>| time.with_timezone(&zone);
    let day = |time: &DateTime<Tz>| time.format("%Y-%m-%d").to_string();
    let whole = |time: &DateTime<Tz>| time.time() == NaiveTime::MIN;
    // A day that is included ends where the next one begins.
    let last_day = |end: &DateTime<Tz>| end.date_naive().pred_opt().map(|day| day.format("%Y-%m-%d").to_string());
    let clock = |time: &DateTime<Tz>| time.format("%H:%M").to_string();
    match (start.map(local), end.map(local)) {
        (None, None) => String::new(),
        (Some(start), None) => start.format("%Y-%m-%d %H:%M\u{a0}%Z").to_string(),
        (None, Some(end)) => end.format("– %Y-%m-%d %H:%M %Z").to_string(),
        (Some(start), Some(end)) if whole(&start) && whole(&end) && end > start => {
            let (first, last) = (day(&start), last_day(&end).unwrap_or_default());
            if first == last { first } else { format!("{first} – {last}") }
        }
        (Some(start), Some(end)) => {
            let (first, from, zone) = (day(&start), clock(&start), end.format("%Z"));
            match last_day(&end) {
                Some(last) if whole(&end) && last == first => {
                    format!("{first} {from}\u{a0}–\u{a0}24:00\u{a0}{zone}")
                }
                _ if first == day(&end) => format!("{first} {from}\u{a0}–\u{a0}{}\u{a0}{zone}", clock(&end)),
                _ => format!("{first}\u{a0}{from}\u{a0}– {}\u{a0}{}\u{a0}{zone}", day(&end), clock(&end)),
            }
        }
    }
}

/// Notes that codes leave the house: before they do.
///
/// # Errors
/// What the database says.
pub async fn note(
    db: &Db,
    author: &Author,
    action: Action,
    tokens: &[QrToken],
    form: &str,
    copies: usize,
) -> Result<()> {
    let ids: Vec<_> = tokens.iter().map(|token| token.id).collect();
    let mut entry = Entry::new(Entity::QrToken, action).items(bare(&ids));
    if let Some(first) = tokens.first()
        && tokens.iter().all(|token| token.project_id == first.project_id)
    {
        entry = entry.in_project(first.project_id);
    }
    if let [only] = ids.as_slice() {
        entry = entry.of(only.0);
    }
    let cards = i64::try_from(tokens.len() * copies).ok();
    let fields = Fields::new().plain("form", None, Some(form)).number("cards", None, cards);
    let mut tx = db.begin().await?;
    db::audit::append(&mut tx, author, &entry.fields(fields)).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_place() {
        let at = |text: &str| Some(DateTime::parse_from_rfc3339(text).expect("a time").with_timezone(&Utc));
        let shown = |start, end| dates(start, end, Tz::Europe__Berlin).replace('\u{a0}', " ");
        let two = at("2026-06-01T12:00:00Z");
        assert_eq!(shown(None, None), "");
        assert_eq!(shown(two, None), "2026-06-01 14:00 CEST");
        assert_eq!(shown(None, two), "– 2026-06-01 14:00 CEST");
        assert_eq!(shown(two, at("2026-06-01T18:00:00Z")), "2026-06-01 14:00 – 20:00 CEST");
        assert_eq!(shown(two, at("2026-06-01T22:00:00Z")), "2026-06-01 14:00 – 24:00 CEST");
        assert_eq!(shown(two, at("2026-06-02T01:00:00Z")), "2026-06-01 14:00 – 2026-06-02 03:00 CEST");
        let day = at("2026-05-31T22:00:00Z");
        assert_eq!(shown(day, at("2026-06-01T22:00:00Z")), "2026-06-01");
        assert_eq!(shown(day, at("2026-06-03T22:00:00Z")), "2026-06-01 – 2026-06-03");
    }
}
