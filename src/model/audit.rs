//! What an entry of the audit log says. How entries are chained and kept is `db::audit`'s business.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::digest::{Sha256, Sha256Hasher};
use super::ids::ProjectId;

/// Who acts, from where, by which command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub actor: String,
    pub host: String,
    /// The command's words: `project create`.
    pub command: String,
}

/// What kind of thing an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Entity {
    Operator,
    Photographer,
    User,
    Package,
    Project,
    ProjectPhotographer,
    ProjectMember,
    ProjectPackage,
    ProjectCoach,
    ProjectSetting,
    QrToken,
    UserConsent,
    Photo,
    PhotoTag,
    // What a killed upload left in the store: an object that never came to be.
    UnfinishedUpload,
    Database,
}

impl Entity {
    /// The word in the column `entity`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Entity::Operator => "operator",
            Entity::Photographer => "photographer",
            Entity::User => "user",
            Entity::Package => "package",
            Entity::Project => "project",
            Entity::ProjectPhotographer => "project_photographer",
            Entity::ProjectMember => "project_member",
            Entity::ProjectPackage => "project_package",
            Entity::ProjectCoach => "project_coach",
            Entity::ProjectSetting => "project_setting",
            Entity::QrToken => "qr_token",
            Entity::UserConsent => "user_consent",
            Entity::Photo => "photo",
            Entity::PhotoTag => "photo_tag",
            Entity::UnfinishedUpload => "unfinished_upload",
            Entity::Database => "database",
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Action {
    Create,
    Update,
    Delete,
    /// A soft-deleted thing is live again.
    Restore,
    Set,
    Unset,
    /// A person's, or that there is none. Nothing of it is kept.
    SetPassword,
    /// Files became photos.
    Upload,
    /// The rows of a spreadsheet became users and members.
    Import,
    /// Facts and derivatives for rows that others wrote.
    Adopt,
    Reprocess,
    Repair,
    Migrate,
    /// The store that a database remembers was chosen or changed.
    Bind,
    /// A backup replaced the data.
    Recover,
    /// QR tokens were made.
    Issue,
    /// A guest joined by a QR token.
    Redeem,
    /// The time of QR tokens, or the consents of a user, were ended.
    Revoke,
    /// A user gave a consent.
    Grant,
    /// Expired QR tokens were deleted.
    Prune,
    /// Faces were looked for in photos, and kept.
    IndexFaces,
    /// Faces of photos were removed: the time to keep them was over.
    PurgeFaces,
    /// Faces were compared with members, and tags written.
    Match,
    /// People said who is in a photo and who is not.
    Decide,
    /// Other thresholds were applied to tags that nobody had decided.
    Retune,
    /// Left the house: a file with data.
    Export,
    /// Left the house: a link that opens without a log-in.
    Link,
    /// Left the house: originals or derivatives, as files.
    Download,
    /// Left the house: the database.
    Backup,
}

impl Action {
    /// The word in the column `action`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Restore => "restore",
            Action::Set => "set",
            Action::Unset => "unset",
            Action::SetPassword => "set_password",
            Action::Upload => "upload",
            Action::Import => "import",
            Action::Adopt => "adopt",
            Action::Reprocess => "reprocess",
            Action::Repair => "repair",
            Action::Migrate => "migrate",
            Action::IndexFaces => "index_faces",
            Action::PurgeFaces => "purge_faces",
            Action::Match => "match",
            Action::Bind => "bind",
            Action::Recover => "recover",
            Action::Issue => "issue",
            Action::Redeem => "redeem",
            Action::Revoke => "revoke",
            Action::Grant => "grant",
            Action::Prune => "prune",
            Action::Decide => "decide",
            Action::Retune => "retune",
            Action::Export => "export",
            Action::Link => "link",
            Action::Download => "download",
            Action::Backup => "backup",
        }
    }
}

/// A value before or after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// May be read by whoever reads the log. Never a fraction: its text would not be the same everywhere.
    Plain(Value),
    /// Personal data: kept as a salted hash, which still tells whether two values are the same.
    Private(String),
}

/// Which fields changed, from what to what. Secrets have no place here, not even hashed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(BTreeMap<String, (Option<Told>, Option<Told>)>);

impl Fields {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A field that anybody may read. `None` is "not set".
    #[must_use]
    pub fn plain(mut self, name: &str, before: Option<&str>, after: Option<&str>) -> Self {
        let told = |value: Option<&str>| value.map(|value| Told::Plain(Value::from(value)));
        if before != after {
            self.0.insert(name.to_owned(), (told(before), told(after)));
        }
        self
    }

    /// As [`Fields::plain`], a whole number.
    #[must_use]
    pub fn number(mut self, name: &str, before: Option<i64>, after: Option<i64>) -> Self {
        let told = |value: Option<i64>| value.map(|value| Told::Plain(Value::from(value)));
        if before != after {
            self.0.insert(name.to_owned(), (told(before), told(after)));
        }
        self
    }

    /// Names, addresses, emails of people: the log holds a salted hash of each.
    #[must_use]
    pub fn private(mut self, name: &str, before: Option<&str>, after: Option<&str>) -> Self {
        let told = |value: Option<&str>| value.map(|value| Told::Private(value.to_owned()));
        if before != after {
            self.0.insert(name.to_owned(), (told(before), told(after)));
        }
        self
    }

    /// The json that the log holds: `{"name": {"before": …, "after": …}}`, absent where there was nothing.
    #[must_use]
    pub fn to_json(&self, salt: &[u8]) -> Value {
        let told = |value: &Told| match value {
            Told::Plain(value) => value.clone(),
            Told::Private(text) => Value::from(private_hash(salt, text)),
        };
        let field = |(before, after): &(Option<Told>, Option<Told>)| {
            let sides = [("before", before), ("after", after)];
            Value::Object(
                sides.iter().filter_map(|(side, value)| Some(((*side).to_owned(), told(value.as_ref()?)))).collect(),
            )
        };
        Value::Object(self.0.iter().map(|(name, sides)| (name.clone(), field(sides))).collect())
    }
}

/// What stands for personal data: `sha256:` and the first 16 bytes of SHA-256(salt ‖ lower-cased text), in hexadecimal.
#[must_use]
pub fn private_hash(salt: &[u8], text: &str) -> String {
    let mut hasher = Sha256Hasher::default();
    hasher.update(salt);
    hasher.update(text.to_lowercase().as_bytes());
    format!("sha256:{}", hex::encode(&hasher.finish().as_bytes()[..16]))
}

/// The things of a bulk operation: how many, and a digest that tells which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Items {
    pub count: u64,
    /// SHA-256 over the 16 bytes of each id, sorted, each once.
    pub digest: Sha256,
}

impl Items {
    /// Of the ids of all things, in any order.
    pub fn of(ids: impl IntoIterator<Item = Uuid>) -> Self {
        let ids: std::collections::BTreeSet<Uuid> = ids.into_iter().collect();
        let mut hasher = Sha256Hasher::default();
        for id in &ids {
            hasher.update(id.as_bytes());
        }
        Self { count: ids.len() as u64, digest: hasher.finish() }
    }
}

/// An entry to be appended.
#[derive(Debug, Clone)]
pub struct Entry {
    pub entity: Entity,
    pub action: Action,
    pub entity_id: Option<Uuid>,
    pub project_id: Option<ProjectId>,
    pub fields: Fields,
    pub items: Option<Items>,
}

impl Entry {
    #[must_use]
    pub fn new(entity: Entity, action: Action) -> Self {
        Self { entity, action, entity_id: None, project_id: None, fields: Fields::new(), items: None }
    }

    /// The one thing that it is about.
    #[must_use]
    pub fn of(mut self, id: Uuid) -> Self {
        self.entity_id = Some(id);
        self
    }

    #[must_use]
    pub fn in_project(mut self, project: ProjectId) -> Self {
        self.project_id = Some(project);
        self
    }

    #[must_use]
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = fields;
        self
    }

    /// A bulk operation: one entry for all.
    #[must_use]
    pub fn items(mut self, ids: impl IntoIterator<Item = Uuid>) -> Self {
        self.items = Some(Items::of(ids));
        self
    }
}

/// An entry as it stands in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub host: String,
    pub command: String,
    pub entity: String,
    pub entity_id: Option<Uuid>,
    pub project_id: Option<ProjectId>,
    pub action: String,
    pub fields: Value,
    pub item_count: Option<i64>,
    pub items_digest: Option<Sha256>,
    pub previous_hash: Sha256,
    pub hash: Sha256,
}

/// An end of the chain, as it is or as it was seen once. Noted elsewhere, it proves later that nothing up to it was
/// changed or removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the last entry; 0 before the first one.
    pub seq: i64,
    pub hash: Sha256,
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl std::str::FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected SEQ:HASH, as audit verify prints it".to_owned();
        let (seq, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let seq = seq.parse().ok().filter(|seq| *seq >= 0).ok_or_else(wrong)?;
        Ok(Self { seq, hash: hash.parse().map_err(|_| wrong())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_is_hashed_and_unchanged_fields_are_left_out() {
        let fields = Fields::new()
            .private("email", Some("a@b.c"), Some("A@b.C"))
            .plain("currency", Some("EUR"), Some("EUR"))
            .number("price", None, Some(1990));
        let json = fields.to_json(b"salt");
        assert_eq!(json["email"]["before"], json["email"]["after"], "compared without case");
        assert_eq!(json["price"], serde_json::json!({"after": 1990}));
        assert!(json.get("currency").is_none());
        assert!(!json.to_string().contains('@'));
        assert_ne!(private_hash(b"salt", "a@b.c"), private_hash(b"other", "a@b.c"));
    }

    #[test]
    fn the_digest_of_items_does_not_depend_on_their_order() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(Items::of([a, b]), Items::of([b, a, a]));
        assert_ne!(Items::of([a, b]), Items::of([a]));
    }
}
