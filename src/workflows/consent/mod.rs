//! Consents of users: given with their proof, ended with what was known by them, and who stands how.

pub mod drain;
pub mod import;
pub mod spool;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::config::{Config, settings};
use crate::db::consents::{self, ConsentFilter, MemberConsents, NewConsent, Withdrawn};
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::consent::{BIOMETRIC, Consent, Evidence, Standing, Versions};
use crate::model::ids::ConsentId;
use crate::model::people::User;
use crate::model::project::Project;
use crate::model::text::{path as shown_path, printable, quoted, size};
use crate::model::time;
use crate::workflows::setup::part::{AddMode, Added};
use crate::workflows::setup::settings as project_settings;

/// Bytes of a file that proves a consent: a scanned form, a short recording.
const EVIDENCE_MOST: u64 = 10_000_000;

/// The lock of who brings in many consents, who holds it alone; who grants or revokes one shares it.
const CONSENTS: &str = "consents";

/// Characters of words that prove a consent.
const WORDS_MOST: usize = 10_000;

/// What a consent is to say.
#[derive(Debug, Clone)]
pub struct ConsentWords {
    pub kind: String,
    pub version: String,
    pub given_at: DateTime<Utc>,
    pub evidence: Evidence,
}

/// Words as a proof.
///
/// # Errors
/// When there are none, too many, or a NUL, which PostgreSQL does not store.
pub fn evidence_of_words(text: &str) -> Result<Evidence> {
    let text = text.trim();
    if text.is_empty() {
        return Err(
            Error::invalid("the evidence is empty").hint("say what proves the consent: where and how it was given")
        );
    }
    if text.contains('\0') || text.chars().count() > WORDS_MOST {
        return Err(Error::invalid(format!("the evidence has more than {WORDS_MOST} characters, or a NUL"))
            .hint("--evidence-file takes a file"));
    }
    Ok(Evidence::Words(text.to_owned()))
}

/// A file as a proof.
///
/// # Errors
/// When it cannot be read, is empty or too large.
pub fn evidence_of_file(path: &Path) -> Result<Evidence> {
    let failed = |error| Error::io("read the evidence from", path, error);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(EVIDENCE_MOST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.is_empty() {
        return Err(Error::invalid(format!("{} is empty: it proves nothing", shown_path(path))));
    }
    if bytes.len() as u64 > EVIDENCE_MOST {
        return Err(Error::invalid(format!("{} is larger than {}", shown_path(path), size(EVIDENCE_MOST))));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Evidence::File { name, bytes })
}

/// Adds a consent of a user. One of the same type and version that is active is there already; an older version, or
/// one that was revoked, is none.
///
/// # Errors
/// [`Kind::AlreadyExists`], a sentence for a time that lies ahead, or what the database says.
pub async fn grant(
    db: &Db,
    author: &Author,
    user: &User,
    words: &ConsentWords,
    now: DateTime<Utc>,
    mode: AddMode,
) -> Result<(Consent, Added)> {
    if words.given_at > now {
        let at = time::rfc3339(words.given_at);
        return Err(Error::invalid(format!("a consent cannot have been given at {at}: that lies ahead")));
    }
    let mut tx = db.begin().await?;
    if !mode.dry_run {
        // Two at once would both find none.
        db::guard::lock_shared(&mut tx, CONSENTS).await?;
        db::guard::lock(&mut tx, &db::guard::consents_of(user.id)).await?;
    }
    let (kind, version) = (Some(words.kind.as_str()), Some(words.version.as_str()));
    let same = ConsentFilter { user: Some(user.id), kind, version, active: true, ..Default::default() };
    if let Some(there) = consents::list(&mut tx, same, 1).await?.pop() {
        tx.rollback().await?;
        if mode.if_not_exists {
            return Ok((there, Added::Existing));
        }
        let (who, version) = (printable(&user.email), quoted(&there.version));
        let said = format!("{who} has an active consent in version {version} already (id {})", there.id);
        return Err(Error::new(Kind::AlreadyExists, said).hint("--if-not-exists is content with that"));
    }
    let of_kind = ConsentFilter { user: Some(user.id), kind, ..Default::default() };
    let ended = consents::list(&mut tx, of_kind, i64::MAX).await?.into_iter().filter_map(|one| one.revoked_at).max();
    if let Some(ended) = ended.filter(|ended| words.given_at <= *ended) {
        let (given, ended) = (time::rfc3339(words.given_at), time::rfc3339(ended));
        let said = format!("the consent was given at {given}, and the user revoked at {ended}: that holds");
        return Err(Error::invalid(said).hint("a consent that is given again has its own time and proof"));
    }
    if mode.dry_run {
        tx.rollback().await?;
        return Ok((planned(user, words), Added::Planned));
    }
    let digest = words.evidence.note().sha256;
    let new = NewConsent {
        user: user.id,
        kind: &words.kind,
        version: &words.version,
        given_at: words.given_at,
        evidence: &words.evidence,
        sha256: &digest,
    };
    let id = consents::insert(&mut tx, new).await?;
    let fields = Fields::new()
        .plain("user_id", None, Some(&user.id.to_string()))
        .plain("consent_type", None, Some(&words.kind))
        .plain("consent_version", None, Some(&words.version))
        .plain("given_at", None, Some(&time::rfc3339(words.given_at)))
        .plain("evidence_sha256", None, Some(&digest.to_string()));
    let entry = Entry::new(Entity::UserConsent, Action::Grant).of(id.0).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    let written = consents::list(&mut tx, ConsentFilter { id: Some(id), ..Default::default() }, 1).await?.pop();
    tx.commit().await?;
    let written = written.ok_or_else(|| Error::new(Kind::Internal, "the consent was written and is not there"))?;
    Ok((written, Added::New))
}

fn planned(user: &User, words: &ConsentWords) -> Consent {
    Consent {
        id: ConsentId(uuid::Uuid::nil()),
        user_id: user.id,
        user: user.name.clone(),
        email: user.email.clone(),
        kind: words.kind.clone(),
        version: words.version.clone(),
        given_at: words.given_at,
        revoked_at: None,
        evidence: Some(words.evidence.note()),
    }
}

/// What a revocation did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Revocation {
    pub revoked: u64,
    pub ids: Vec<ConsentId>,
    #[serde(flatten)]
    pub withdrawn: Withdrawn,
}

/// Ends every active consent of a user of one type. With the one to biometric processing, what was computed from their
/// face goes in the same transaction, also where the consent had been revoked before by somebody who left it. A dry
/// run does the same and takes it back.
///
/// # Errors
/// What the database says.
pub async fn revoke(db: &Db, author: &Author, user: &User, kind: &str, dry_run: bool) -> Result<Revocation> {
    revoke_as_asked(db, author, user, kind, None, dry_run).await
}

/// The same where it was asked for at an earlier time, which the audit log notes.
async fn revoke_as_asked(
    db: &Db,
    author: &Author,
    user: &User,
    kind: &str,
    asked_at: Option<DateTime<Utc>>,
    dry_run: bool,
) -> Result<Revocation> {
    let mut tx = db.begin().await?;
    if !dry_run {
        db::guard::lock_shared(&mut tx, CONSENTS).await?;
        db::guard::lock(&mut tx, &db::guard::consents_of(user.id)).await?;
    }
    let ids = consents::revoke(&mut tx, user.id, kind).await?;
    let withdrawn = if kind == BIOMETRIC { consents::withdraw(&mut tx, user.id).await? } else { Withdrawn::default() };
    let nothing = ids.is_empty() && withdrawn.is_nothing();
    let done = Revocation { revoked: ids.len() as u64, ids, withdrawn };
    if dry_run || nothing {
        tx.rollback().await?;
        return Ok(done);
    }
    let number = |count: u64| i64::try_from(count).ok().filter(|count| *count > 0);
    let fields = Fields::new()
        .plain("user_id", Some(&user.id.to_string()), None)
        .plain("consent_type", Some(kind), None)
        .plain("asked_at", None, asked_at.map(time::rfc3339).as_deref())
        .number("selfies_withdrawn", None, number(withdrawn.selfies_withdrawn))
        .number("photo_faces_withdrawn", None, number(withdrawn.photo_faces_withdrawn))
        .number("pending_tags_removed", None, number(withdrawn.pending_tags_removed));
    let mut entry =
        Entry::new(Entity::UserConsent, Action::Revoke).items(done.ids.iter().map(|id| id.0)).fields(fields);
    if let [only] = done.ids.as_slice() {
        entry = entry.of(only.0);
    }
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(done)
}

/// Who of a project's members allows that their face is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standings {
    pub enough: Versions,
    pub members: Vec<(MemberConsents, Standing)>,
}

impl Standings {
    /// How many members stand how; each that there could be is there.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<Standing, u64> {
        let all = [Standing::Allowed, Standing::OldVersion, Standing::Revoked, Standing::Missing];
        let mut counts: BTreeMap<Standing, u64> = all.into_iter().map(|standing| (standing, 0)).collect();
        for (_, standing) in &self.members {
            *counts.entry(*standing).or_default() += 1;
        }
        counts
    }
}

/// How the members of a project stand.
///
/// # Errors
/// What the database says.
pub async fn standings(conn: &mut PgConnection, config: &Config, project: &Project) -> Result<Standings> {
    let config = project_settings::of_project(conn, config, project.id).await?;
    let enough = config.get(settings::CONSENT_VERSIONS).map_or(Versions::Any, Versions::of);
    let members = consents::of_members(conn, project.id, BIOMETRIC).await?;
    let stands = |member: MemberConsents| {
        let standing = Standing::of(&member.active, member.ever, &enough);
        (member, standing)
    };
    let members = members.into_iter().map(stands).collect();
    Ok(Standings { enough, members })
}
