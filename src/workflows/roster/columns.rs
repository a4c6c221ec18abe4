//! Which column says what: by its header in the usual languages, or by what a person said.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::error::{Error, Result};
use crate::model::text::{count, printable};

/// What a column can say of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Field {
    Email,
    Name,
    FirstName,
    LastName,
    Address,
    BillingAddress,
    TermsAcceptedAt,
}

/// `--map field=Header`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    pub field: Field,
    pub header: String,
}

impl std::str::FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (field, header) = text.split_once('=').ok_or("write field=Header, such as email=\"Mail of the guest\"")?;
        let field = clap::ValueEnum::from_str(field.trim(), true)
            .map_err(|_: String| format!("{:?} is no field: {} are", printable(field), names()))?;
        if header.trim().is_empty() {
            return Err("the header is empty".to_owned());
        }
        Ok(Self { field, header: header.to_owned() })
    }
}

fn names() -> String {
    Field::ALL.map(|field| field.as_str()).join(", ")
}

impl Field {
    pub const ALL: [Field; 7] = [
        Field::Email,
        Field::Name,
        Field::FirstName,
        Field::LastName,
        Field::Address,
        Field::BillingAddress,
        Field::TermsAcceptedAt,
    ];

    /// The header that photoctl writes, and the word of `--map`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Field::Email => "email",
            Field::Name => "name",
            Field::FirstName => "first_name",
            Field::LastName => "last_name",
            Field::Address => "address",
            Field::BillingAddress => "billing_address",
            Field::TermsAcceptedAt => "terms_accepted_at",
        }
    }

    /// Headers that mean it, whatever their case, accents, spaces and punctuation.
    #[rustfmt::skip]
    fn headers(self) -> &'static [&'static str] {
        match self {
            Field::Email => &["email", "email address", "mail", "mail address", "guest email", "email-adresse", "mail-adresse",
                "e-post", "e-postadress", "e-postadresse", "adresse e-mail", "adresse mail", "courriel", "adresse courriel",
                "adresse électronique", "correo", "correo electrónico", "dirección de correo",
                "dirección de correo electrónico", "email del invitado", "posta elettronica", "indirizzo email",
                "indirizzo e-mail", "indirizzo di posta elettronica", "endereço de email", "endereço de e-mail",
                "correio eletrónico", "e-mailadres", "mailadres", "adres e-mail", "adres email", "e-mailová adresa",
                "sähköposti", "sähköpostiosoite", "e-mail cím", "e-posta", "e-posta adresi", "почта", "электронная почта",
                "эл. почта", "メール", "メールアドレス", "邮箱", "电子邮件", "電子郵件", "이메일"],
            Field::Name => &["name", "full name", "guest", "guest name", "display name", "participant", "participant name",
                "attendee", "attendee name", "vollständiger name", "voller name", "gast", "teilnehmer", "teilnehmerin",
                "nom", "nom complet", "nom et prénom", "prénom et nom", "nombre", "nombre completo", "nombre y apellidos",
                "nome", "nome completo", "nome e cognome", "naam", "volledige naam", "namn", "navn", "fulde navn",
                "fullt navn", "nimi", "imię i nazwisko", "jméno", "jméno a příjmení", "név", "ad soyad", "имя",
                "имя и фамилия", "фио", "氏名", "名前", "お名前", "姓名", "이름", "성명"],
            Field::FirstName => &["first name", "given name", "forename", "vorname", "prénom", "voornaam", "förnamn",
                "fornavn", "etunimi", "imię", "křestní jméno", "keresztnév", "nombre de pila", "primeiro nome", "ad", "名"],
            Field::LastName => &["last name", "surname", "family name", "nachname", "familienname", "zuname",
                "nom de famille", "apellido", "apellidos", "cognome", "sobrenome", "apelido", "achternaam", "efternamn",
                "efternavn", "etternavn", "sukunimi", "nazwisko", "příjmení", "vezetéknév", "soyad", "soyadı", "фамилия",
                "姓"],
            Field::Address => &["address", "postal address", "mailing address", "home address", "adresse", "anschrift",
                "postanschrift", "adresse postale", "dirección", "dirección postal", "indirizzo", "indirizzo postale",
                "endereço", "morada", "adres", "adress", "postadress", "postadresse", "osoite", "postiosoite", "adresa",
                "cím", "адрес", "住所", "地址", "주소"],
            Field::BillingAddress => &["billing address", "invoice address", "rechnungsadresse", "rechnungsanschrift",
                "adresse de facturation", "dirección de facturación", "indirizzo di fatturazione",
                "endereço de cobrança", "endereço de faturamento", "morada de faturação", "factuuradres",
                "faktureringsadress", "faktureringsadresse", "fakturaadresse", "laskutusosoite", "adres rozliczeniowy",
                "adres do faktury", "fakturační adresa", "számlázási cím", "fatura adresi", "адрес для счёта",
                "請求先住所", "账单地址", "청구지 주소"],
            Field::TermsAcceptedAt => &["terms accepted at", "terms accepted", "terms accepted on", "accepted terms at",
                "terms acceptance", "terms and conditions accepted", "terms and conditions accepted at", "agb akzeptiert",
                "agb akzeptiert am", "agb angenommen am", "agb bestätigt am", "bedingungen akzeptiert am",
                "teilnahmebedingungen akzeptiert am", "conditions acceptées", "conditions acceptées le",
                "cgu acceptées le", "cgv acceptées le", "condiciones aceptadas", "condiciones aceptadas el",
                "términos aceptados el", "condizioni accettate", "condizioni accettate il", "termini accettati il",
                "termos aceites em", "termos aceitos em", "voorwaarden geaccepteerd op", "villkor godkända",
                "vilkår accepteret", "vilkår godtatt", "regulamin zaakceptowany", "同意日時"],
        }
    }
}

/// What photoctl itself writes into tables and does not read back.
const OURS: [&str; 8] = ["id", "user_id", "project_id", "joined_at", "created_at", "updated_at", "deleted_at", LINE];

/// Columns of a roster at most.
pub(super) const COLUMNS_MOST: usize = 1024;

/// The columns that a file of rejected rows begins with.
pub(super) const LINE: &str = "line";
pub(super) const REASON: &str = "reason";

/// Where each field stands.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub headers: Vec<String>,
    places: [Option<usize>; Field::ALL.len()],
    pub unknown: Vec<String>,
}

impl Columns {
    /// # Errors
    /// When there is no column for emails, two for the same, or none of a header that was named.
    pub fn resolve(headers: Vec<String>, mappings: &[Mapping]) -> Result<Self> {
        if headers.len() > COLUMNS_MOST {
            let columns = count(headers.len() as u64, "column");
            return Err(Error::invalid(format!("the first row has {columns}: that is no roster"))
                .hint("its first row names the columns, one of which holds the email"));
        }
        let mut places: [Option<usize>; Field::ALL.len()] = [None; Field::ALL.len()];
        for mapping in mappings {
            let place = place_of(&headers, &mapping.header).ok_or_else(|| {
                Error::invalid(format!("there is no column {:?}", printable(&mapping.header))).hint(found(&headers))
            })?;
            if places[mapping.field as usize].replace(place).is_some() {
                return Err(Error::usage(format!("--map names {} twice", mapping.field.as_str())));
            }
        }
        let mapped = places;
        let mut unknown = Vec::new();
        for (place, header) in headers.iter().enumerate() {
            if mapped.contains(&Some(place)) || is_ours(header) {
                continue;
            }
            let Some(field) = field_of(header) else {
                unknown.extend((!header.trim().is_empty()).then(|| header.trim().to_owned()));
                continue;
            };
            if mapped[field as usize].is_some() {
                unknown.push(header.trim().to_owned());
            } else if let Some(other) = places[field as usize].replace(place) {
                return Err(two(field, &headers[other], header));
            }
        }
        if places[Field::Email as usize].is_none() {
            return Err(Error::invalid("no column holds the email")
                .hint(found(&headers))
                .hint("say which one it is: --map email=HEADER"));
        }
        Ok(Self { headers, places, unknown })
    }

    pub fn cell<'a>(&self, cells: &'a [String], field: Field) -> &'a str {
        self.places[field as usize].and_then(|place| cells.get(place)).map_or("", String::as_str)
    }

    /// Which column holds the name: beside a column for first names, "Name" holds last names, and the other way round.
    pub fn has(&self, field: Field) -> bool {
        self.places[field as usize].is_some()
    }

    /// The columns that are of the file itself, not of an earlier list of rejected rows.
    pub fn own(&self) -> impl Iterator<Item = usize> {
        let ours = |header: &String| [LINE, REASON].contains(&header.trim());
        (0..self.headers.len()).filter(move |place| !ours(&self.headers[*place]))
    }
}

/// How many columns of a header are understood.
pub(super) fn understood(headers: &[String], mappings: &[Mapping]) -> usize {
    let is_mapped = |header: &String| mappings.iter().any(|mapping| plain(&mapping.header) == plain(header));
    let headers = headers.iter().take(COLUMNS_MOST);
    headers.filter(|header| is_mapped(header) || field_of(header).is_some() || is_ours(header)).count()
}

fn place_of(headers: &[String], named: &str) -> Option<usize> {
    let exact = headers.iter().position(|header| header.trim() == named.trim());
    let alike = || headers.iter().position(|header| !plain(named).is_empty() && plain(header) == plain(named));
    exact.or_else(alike)
}

fn field_of(header: &str) -> Option<Field> {
    static KNOWN: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
        let of = |field: Field| field.headers().iter().map(move |header| (plain(header), field));
        [Field::ALL.map(|field| (plain(field.as_str()), field)).to_vec(), Field::ALL.into_iter().flat_map(of).collect()]
            .concat()
            .into_iter()
            .collect()
    });
    KNOWN.get(&plain(header)).copied()
}

/// Whether a column holds emails, by its header.
pub(in crate::workflows) fn means_email(header: &str) -> bool {
    field_of(header) == Some(Field::Email)
}

fn is_ours(header: &str) -> bool {
    let header = header.trim();
    OURS.contains(&header) || header == REASON
}

/// A header without case, accents, spaces and punctuation.
pub(in crate::workflows) fn plain(header: &str) -> String {
    let folded = header.nfkd().filter(|c| !is_combining_mark(*c) && c.is_alphanumeric());
    folded.flat_map(char::to_lowercase).collect()
}

fn found(headers: &[String]) -> String {
    let shown: Vec<String> = headers.iter().take(50).map(|header| short(header)).collect();
    format!("the columns are {}", shown.join(", "))
}

/// A header for people; a file that is no table has one of a megabyte.
pub(in crate::workflows) fn short(header: &str) -> String {
    let text: String = header.trim().chars().take(60).collect();
    let more = if header.trim().chars().nth(60).is_some() { "…" } else { "" };
    format!("\"{}{more}\"", printable(&text))
}

fn two(field: Field, one: &str, other: &str) -> Error {
    let word = field.as_str();
    Error::invalid(format!("two columns hold the {}: {} and {}", word.replace('_', " "), short(one), short(other)))
        .hint(format!("say which one it is: --map {word}=HEADER"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(headers: &[&str], mappings: &[&str]) -> Result<Columns> {
        let mappings: Vec<Mapping> = mappings.iter().map(|text| text.parse().expect("a mapping")).collect();
        Columns::resolve(headers.iter().map(ToString::to_string).collect(), &mappings)
    }

    #[test]
    fn headers_are_known_in_any_order_language_and_spelling() {
        for (header, field) in [
            ("E-Mail", Field::Email),
            ("EMAIL ADDRESS *", Field::Email),
            ("e_mail", Field::Email),
            ("Prénom", Field::FirstName),
            ("PRENOM", Field::FirstName),
            ("last_name", Field::LastName),
            ("Terms accepted at", Field::TermsAcceptedAt),
            ("Rechnungsadresse", Field::BillingAddress),
            ("billing address", Field::BillingAddress),
            ("メール", Field::Email),
        ] {
            assert_eq!(field_of(header), Some(field), "{header}");
        }
        assert_eq!(field_of("Shoe size"), None);
        assert_eq!(field_of("  "), None);
        for field in Field::ALL {
            assert_eq!(field_of(field.as_str()), Some(field));
            for header in field.headers() {
                assert_eq!(field_of(header), Some(field), "{header} means two things");
            }
        }
    }

    #[test]
    fn what_is_not_known_is_named_and_what_is_missing_is_an_error() {
        let columns = resolve(&["Shoe size", "Name", "E-Mail", "", "id"], &[]).expect("columns");
        assert_eq!(columns.unknown, ["Shoe size"]);
        let error = resolve(&["Name", "Contact"], &[]).expect_err("no email");
        assert!(error.hints()[0].contains(r#""Name", "Contact""#), "{:?}", error.hints());
        let columns = resolve(&["Name", "Contact", "Mail"], &["email=contact"]).expect("mapped");
        assert_eq!(columns.cell(&["a".into(), "b".into()], Field::Email), "b");
        assert_eq!(columns.unknown, ["Mail"]);
        assert!(resolve(&["Email", "Mail"], &[]).expect_err("two").message().contains("two columns"));
        assert!(resolve(&["Email"], &["name=Nobody"]).is_err());
        assert!("nonsense=x".parse::<Mapping>().is_err() && "email".parse::<Mapping>().is_err());
    }
}
