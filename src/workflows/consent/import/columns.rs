//! Which column says what of a consent.

use crate::error::{Error, Result};
use crate::workflows::roster::{means_email, plain, short};

/// What a column can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Email,
    UserId,
    User,
    Version,
    Kind,
    GivenAt,
    RevokedAt,
    Evidence,
    EvidenceFile,
}

impl Field {
    const ALL: [Field; 9] = [
        Field::Email,
        Field::UserId,
        Field::User,
        Field::Version,
        Field::Kind,
        Field::GivenAt,
        Field::RevokedAt,
        Field::Evidence,
        Field::EvidenceFile,
    ];

    /// The header, and what else it may be; case, spaces and punctuation do not count.
    fn headers(self) -> &'static [&'static str] {
        match self {
            Field::Email => &["email"],
            Field::UserId => &["user_id"],
            Field::User => &["user"],
            Field::Version => &["consent_version", "version"],
            Field::Kind => &["type", "consent_type"],
            Field::GivenAt => &["given_at", "given"],
            Field::RevokedAt => &["revoked_at", "revoked"],
            Field::Evidence => &["evidence"],
            Field::EvidenceFile => &["evidence_file"],
        }
    }

    pub fn as_str(self) -> &'static str {
        self.headers()[0]
    }

    fn of(header: &str) -> Option<Self> {
        let plain_header = plain(header);
        let known =
            Field::ALL.into_iter().find(|field| field.headers().iter().any(|known| plain(known) == plain_header));
        known.or_else(|| means_email(header).then_some(Field::Email))
    }
}

/// How many columns of a header are understood.
pub(super) fn understood(header: &[String]) -> usize {
    header.iter().take(1024).filter(|header| Field::of(header).is_some()).count()
}

/// Where each field stands.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub width: usize,
    places: [Option<usize>; Field::ALL.len()],
    pub unknown: Vec<String>,
}

impl Columns {
    /// # Errors
    /// When two columns hold the same, or one is missing without which no line can be taken.
    pub fn resolve(header: &[String]) -> Result<Self> {
        let mut columns = Self { width: header.len(), ..Self::default() };
        for (place, header) in header.iter().enumerate() {
            match Field::of(header) {
                None => columns.unknown.extend((!header.trim().is_empty()).then(|| header.trim().to_owned())),
                Some(field) if columns.places[field as usize].replace(place).is_some() => {
                    let word = field.as_str();
                    return Err(Error::invalid(format!(
                        "two columns hold the {word}; the second is {}",
                        short(header)
                    ))
                    .hint("rename the one that is not meant"));
                }
                Some(_) => {}
            }
        }
        let missing = [
            &[Field::Email, Field::UserId, Field::User][..],
            &[Field::Version],
            &[Field::GivenAt],
            &[Field::Evidence, Field::EvidenceFile],
        ];
        for fields in missing {
            if fields.iter().all(|field| columns.places[*field as usize].is_none()) {
                let words = fields.iter().map(|field| field.as_str()).collect::<Vec<_>>().join(" or ");
                let found = header.iter().take(50).map(|header| short(header)).collect::<Vec<_>>().join(", ");
                return Err(Error::invalid(format!("there is no column {words}"))
                    .hint(format!("the columns are {found}"))
                    .hint("the first row names the columns: email, consent_version, given_at, evidence"));
            }
        }
        Ok(columns)
    }

    pub fn cell<'a>(&self, cells: &'a [String], field: Field) -> &'a str {
        self.places[field as usize].and_then(|place| cells.get(place)).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(headers: &[&str]) -> Result<Columns> {
        Columns::resolve(&headers.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn columns_are_known_by_their_header_and_none_may_be_missing_or_twice() {
        let columns = resolve(&["E-Mail", "Consent version", "Given at", "Evidence", "Seat", ""]).expect("columns");
        assert_eq!(columns.unknown, ["Seat"]);
        let cells = ["a@b.org", "1"].map(str::to_owned);
        assert_eq!(columns.cell(&cells, Field::Version), "1");
        assert_eq!(columns.cell(&cells, Field::Evidence), "");
        for (field, header) in Field::ALL.into_iter().flat_map(|field| field.headers().iter().map(move |h| (field, h)))
        {
            assert_eq!(Field::of(header), Some(field), "{header}");
        }
        for (headers, said) in [
            (&["version", "given_at", "evidence"][..], "no column email or user_id or user"),
            (&["email", "given_at", "evidence"], "no column consent_version"),
            (&["email", "version", "evidence"], "no column given_at"),
            (&["email", "version", "given_at"], "no column evidence or evidence_file"),
            (&["email", "mail", "version", "given_at", "evidence"], "two columns hold the email"),
        ] {
            assert!(resolve(headers).expect_err(said).message().contains(said), "{headers:?}");
        }
    }
}
