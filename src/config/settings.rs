//! Every setting there is: its name, where it can be set, its default and what it means.

/// One setting. The constants of this module are the only ones.
#[derive(Debug)]
pub struct Setting {
    /// Its name in `photoctl.toml` and in `config show`.
    pub key: &'static str,
    /// Environment variables, the first one set wins.
    pub env: &'static [&'static str],
    pub default: Option<&'static str>,
    /// Never printed. May be given as `<key>_command` or `<key>_file` in the file.
    pub secret: bool,
    /// A policy of the event: kept with the project in the database too.
    pub project: Option<Policy>,
    pub about: &'static str,
}

/// How a project's setting and a local one meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The project's value wins over file and environment; a flag wins over it.
    Plain,
    /// A privacy setting: the project's value holds, and a local value may only be stricter. `strict` is the strictest.
    Privacy { strict: &'static str },
}

macro_rules! settings {
    ($($name:ident = $key:literal, env $env:expr, default $default:expr, $kind:ident, $about:literal;)+) => {
        $(pub const $name: &Setting = &settings!(@make $kind $key, $env, $default, $about);)+
        /// All settings, in the order of the documentation.
        pub const ALL: &[&Setting] = &[$($name),+];
    };
    (@make local $key:literal, $env:expr, $default:expr, $about:literal) => {
        Setting { key: $key, env: &$env, default: $default, secret: false, project: None, about: $about }
    };
    (@make secret $key:literal, $env:expr, $default:expr, $about:literal) => {
        Setting { key: $key, env: &$env, default: $default, secret: true, project: None, about: $about }
    };
    (@make policy $key:literal, $env:expr, $default:expr, $about:literal) => {
        Setting { key: $key, env: &$env, default: $default, secret: false, project: Some(Policy::Plain), about: $about }
    };
    (@make privacy_no $key:literal, $env:expr, $default:expr, $about:literal) => {
        Setting {
            key: $key, env: &$env, default: $default, secret: false,
            project: Some(Policy::Privacy { strict: "false" }), about: $about,
        }
    };
    (@make privacy_never $key:literal, $env:expr, $default:expr, $about:literal) => {
        Setting {
            key: $key, env: &$env, default: $default, secret: false,
            project: Some(Policy::Privacy { strict: "never" }), about: $about,
        }
    };
}

settings! {
    HOME = "home", env ["PHOTOCTL_HOME"], default None, local,
        "data folder: embedded database, local store, caches";
    DATABASE_URL = "database_url", env ["DATABASE_URL"], default None, secret,
        "postgres://user:password@host:port/name?sslmode=...; without it the embedded database is used";
    DATABASE_CONNECTIONS = "database_connections", env ["PHOTOCTL_DATABASE_CONNECTIONS"], default Some("8"), local,
        "most connections to a real server at once";
    DATABASE_STATEMENT_TIMEOUT = "database_statement_timeout", env ["PHOTOCTL_DATABASE_STATEMENT_TIMEOUT"], default Some("60s"), local,
        "longest time for one statement on a real server";
    DATABASE_LOCK_TIMEOUT = "database_lock_timeout", env ["PHOTOCTL_DATABASE_LOCK_TIMEOUT"], default Some("5s"), local,
        "longest time that a migration waits for a table that somebody else holds, before it tries again";
    STORAGE_URL = "storage_url", env ["PHOTOCTL_STORAGE_URL"], default None, local,
        "file:///dir, s3://bucket/prefix or r2://ACCOUNT_ID/bucket/prefix";
    STORAGE_ACCESS_KEY_ID = "storage_access_key_id", env ["PHOTOCTL_STORAGE_ACCESS_KEY_ID"], default None, secret,
        "the store's own key; s3:// falls back to the AWS chain, r2:// does not";
    STORAGE_SECRET_ACCESS_KEY = "storage_secret_access_key", env ["PHOTOCTL_STORAGE_SECRET_ACCESS_KEY"], default None, secret,
        "the secret of the store's own key";
    STORAGE_SESSION_TOKEN = "storage_session_token", env ["PHOTOCTL_STORAGE_SESSION_TOKEN"], default None, secret,
        "session token of the store's temporary credentials";
    STORAGE_ENDPOINT = "storage_endpoint", env ["AWS_ENDPOINT_URL_S3"], default None, local,
        "another endpoint for s3:// (any S3 server)";
    R2_ENDPOINT = "r2_endpoint", env ["PHOTOCTL_R2_ENDPOINT"], default None, local,
        "another endpoint for r2:// (a bucket with a jurisdiction: https://ACCOUNT_ID.eu.r2.cloudflarestorage.com)";
    STORAGE_REGION = "storage_region", env ["AWS_REGION", "AWS_DEFAULT_REGION"], default None, local,
        "region of an s3:// bucket; r2:// always uses auto";
    STORAGE_PART_SIZE = "storage_part_size", env ["PHOTOCTL_STORAGE_PART_SIZE"], default Some("16MiB"), local,
        "larger files are sent in parts of this size (5 MiB to 5 GiB)";
    STORAGE_CONNECT_TIMEOUT = "storage_connect_timeout", env ["PHOTOCTL_STORAGE_CONNECT_TIMEOUT"], default Some("10s"), local,
        "longest time to connect to the store";
    STORAGE_STALL_TIMEOUT = "storage_stall_timeout", env ["PHOTOCTL_STORAGE_STALL_TIMEOUT"], default Some("30s"), local,
        "a transfer without any progress for this long is cut and tried again";
    STORAGE_ATTEMPTS = "storage_attempts", env ["PHOTOCTL_STORAGE_ATTEMPTS"], default Some("6"), local,
        "how often a request to the store is tried";
    TRANSFERS = "transfers", env ["PHOTOCTL_TRANSFERS"], default None, local,
        "uploads at once; unset: starts at 4 and follows the throughput";
    DECODERS = "decoders", env ["PHOTOCTL_DECODERS"], default None, local,
        "pictures decoded at once; unset: the number of cores";
    BWLIMIT = "bwlimit", env ["PHOTOCTL_BWLIMIT"], default None, local,
        "most bytes a second to the store, such as 2MiB";
    OFFLINE_PROBE = "offline_probe", env ["PHOTOCTL_OFFLINE_PROBE"], default Some("5s"), local,
        "how often a paused upload looks whether the network is back";
    GIVE_UP_AFTER = "give_up_after", env ["PHOTOCTL_GIVE_UP_AFTER"], default None, local,
        "how long a paused upload waits for the network; unset: 30 min off a terminal, for ever on one";
    PREVIEW_SIZE = "preview_size", env ["PHOTOCTL_PREVIEW_SIZE"], default Some("2048"), policy,
        "longest side of the preview in pixels";
    THUMBNAIL_SIZE = "thumbnail_size", env ["PHOTOCTL_THUMBNAIL_SIZE"], default Some("400"), policy,
        "longest side of the thumbnail in pixels";
    PREVIEW_QUALITY = "preview_quality", env ["PHOTOCTL_PREVIEW_QUALITY"], default Some("75"), policy,
        "JPEG quality of preview and thumbnail, 1 to 100";
    WATERMARK = "watermark", env ["PHOTOCTL_WATERMARK"], default Some("{project}"), policy,
        "text of the watermark ({project}, {photographer}, {year}), or none";
    WATERMARK_IMAGE = "watermark_image", env ["PHOTOCTL_WATERMARK_IMAGE"], default None, policy,
        "a PNG with alpha instead of the text";
    WATERMARK_POSITION = "watermark_position", env ["PHOTOCTL_WATERMARK_POSITION"], default Some("tiled"), policy,
        "tiled, center, top-left, top-right, bottom-left or bottom-right";
    WATERMARK_OPACITY = "watermark_opacity", env ["PHOTOCTL_WATERMARK_OPACITY"], default Some("0.35"), policy,
        "0 (invisible) to 1";
    QR_URL_TEMPLATE = "qr_url_template", env ["PHOTOCTL_QR_URL_TEMPLATE"], default None, policy,
        "link in QR codes, such as https://example.org/join/{token}; unset: the project's link with the parameter token";
    CONSENT_VERSIONS = "consent_versions", env ["PHOTOCTL_CONSENT_VERSIONS"], default Some("any"), policy,
        "versions of the consent to biometric processing that are enough, with commas between them, or any";
    MATCH_CONFIRM = "match_confirm", env ["PHOTOCTL_MATCH_CONFIRM"], default Some("0.45"), policy,
        "similarity, 0 to 1, from which a face is tagged without a person's look";
    MATCH_REVIEW = "match_review", env ["PHOTOCTL_MATCH_REVIEW"], default Some("0.363"), policy,
        "similarity, 0 to 1, from which a face waits for a person's decision";
    MATCH_MARGIN = "match_margin", env ["PHOTOCTL_MATCH_MARGIN"], default Some("0.05"), policy,
        "how much less the next best member must resemble a face for it to be tagged without a look";
    MATCH_CONTEXT = "match_context", env ["PHOTOCTL_MATCH_CONTEXT"], default Some("off"), policy,
        "let photos of the same camera within this time help to decide, 1s to 60s, or off";
    INDEX_ON_UPLOAD = "index_on_upload", env ["PHOTOCTL_INDEX_ON_UPLOAD"], default Some("false"), privacy_no,
        "look for faces while photos are uploaded: strangers' faces too";
    RETAIN_PHOTO_FACES = "retain_photo_faces", env ["PHOTOCTL_RETAIN_PHOTO_FACES"], default Some("30d"), privacy_never,
        "how long faces of photos are kept after the event's end, or after the last upload: 30d, 12h, never";
    KEEP_SELFIE_ORIGINALS = "keep_selfie_originals", env ["PHOTOCTL_KEEP_SELFIE_ORIGINALS"], default Some("false"), privacy_no,
        "keep a selfie's file as it was given too, with what the camera wrote into it";
    FACE_MODELS = "face_models", env ["PHOTOCTL_FACE_MODELS"], default None, local,
        "folder with the two face models; unset: those inside the program";
    KEEP_GPS = "keep_gps", env ["PHOTOCTL_KEEP_GPS"], default Some("false"), privacy_no,
        "keep the place where a photo was taken, in the database only";
    BCRYPT_COST = "bcrypt_cost", env ["PHOTOCTL_BCRYPT_COST"], default Some("12"), local,
        "work factor of password hashes, 10 to 15 (2^n rounds)";
    GEOIP_DATABASE = "geoip_database", env ["PHOTOCTL_GEOIP_DATABASE"], default None, local,
        "country database in the MMDB format: tells a new operator's currency from an address";
    OPERATOR = "operator", env ["PHOTOCTL_OPERATOR"], default None, local,
        "operator meant where none is named";
    PROJECT = "project", env ["PHOTOCTL_PROJECT"], default None, local,
        "project meant where none is named";
    PHOTOGRAPHER = "photographer", env ["PHOTOCTL_PHOTOGRAPHER"], default None, local,
        "photographer meant where none is named";
    PICTURES = "pictures", env ["PHOTOCTL_PICTURES"], default Some("auto"), local,
        "how tags review shows pictures: kitty, iterm2, sixel, blocks, words, or auto, which asks the terminal";
    REVIEW_LEASE = "review_lease", env ["PHOTOCTL_REVIEW_LEASE"], default Some("2m"), local,
        "how long what a reviewer has before them stays theirs after their program was killed";
    ACTOR = "actor", env ["PHOTOCTL_ACTOR"], default None, local,
        "who is written into the audit log; unset: the system's user";
    LOG = "log", env ["PHOTOCTL_LOG"], default None, local,
        "log filter, such as photoctl=debug,aws=info";
}

/// The setting of that name.
#[must_use]
pub fn find(key: &str) -> Option<&'static Setting> {
    ALL.iter().copied().find(|setting| setting.key == key)
}
