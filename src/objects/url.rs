//! Where objects live, as one URL: `file:///dir`, `s3://bucket/prefix`, `r2://ACCOUNT_ID/bucket/prefix`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::error::{Error, Kind, Result};
use crate::model::text::{printable, quoted};

/// The address of an object store.
///
/// [`Display`](fmt::Display) is its canonical form, without a trailing slash: the identity by which a database
/// remembers its store. Two spellings of one store print alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StorageUrl {
    /// A folder of this computer. The path is absolute and has no `.` or `..`.
    File { dir: PathBuf },
    /// A bucket of AWS S3, or of another server that speaks its protocol.
    S3 { bucket: String, prefix: String },
    /// A bucket of Cloudflare R2.
    R2 { account_id: String, bucket: String, prefix: String },
}

impl StorageUrl {
    /// The store in a folder of this computer.
    ///
    /// # Errors
    /// When the path is not absolute.
    pub fn folder(dir: &Path) -> Result<Self> {
        let url = url::Url::from_directory_path(dir).map_err(|()| {
            wrong(format!("the folder {} is not an absolute path", crate::model::text::path(dir)))
                .hint("give the whole path, from the root of the file system")
        })?;
        parse_file(&url)
    }

    /// Whether objects stay on this computer.
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self, Self::File { .. })
    }

    /// For people: `bucket photos`, `folder /data/photos`.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::File { dir } => format!("folder {}", crate::model::text::path(dir)),
            Self::S3 { bucket, prefix } | Self::R2 { bucket, prefix, .. } => {
                if prefix.is_empty() {
                    format!("bucket {bucket}")
                } else {
                    format!("bucket {bucket}, under {}/", printable(prefix))
                }
            }
        }
    }

    /// The path inside the bucket that every key stands under; empty for none and for folders.
    #[must_use]
    pub fn prefix(&self) -> &str {
        match self {
            Self::File { .. } => "",
            Self::S3 { prefix, .. } | Self::R2 { prefix, .. } => prefix,
        }
    }
}

impl FromStr for StorageUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(wrong("the storage URL is empty").hint(FORMS));
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(wrong("the storage URL has no scheme").hint(FORMS));
        };
        // Whatever stands before an @ may be a key: nothing of such a URL is repeated.
        if !scheme.eq_ignore_ascii_case("file") && has_user(rest) {
            return Err(wrong("the storage URL contains credentials").hint(
                "take them out, and set PHOTOCTL_STORAGE_ACCESS_KEY_ID and PHOTOCTL_STORAGE_SECRET_ACCESS_KEY instead",
            ));
        }
        match scheme.to_ascii_lowercase().as_str() {
            "file" => {
                let url = url::Url::parse(text)
                    .map_err(|error| wrong(format!("{} is not a URL: {error}", quoted(text))).hint(FORMS))?;
                parse_file(&url)
            }
            "s3" => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                Ok(Self::S3 { bucket: bucket_name(bucket)?, prefix: prefix_path(prefix)? })
            }
            "r2" => {
                let (account_id, path) = rest.split_once('/').unwrap_or((rest, ""));
                let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
                let account_id = account_id.to_ascii_lowercase();
                if account_id.len() != 32 || !account_id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err(wrong(format!(
                        "{} is not a Cloudflare account id: that has 32 hexadecimal digits",
                        quoted(&account_id)
                    ))
                    .hint("write r2://ACCOUNT_ID/bucket; the id stands on the R2 page of Cloudflare's dashboard"));
                }
                if bucket.is_empty() {
                    return Err(wrong("the storage URL names no bucket").hint("write r2://ACCOUNT_ID/bucket"));
                }
                Ok(Self::R2 { account_id, bucket: bucket_name(bucket)?, prefix: prefix_path(prefix)? })
            }
            "http" | "https" => Err(wrong("a storage URL names the bucket, not the server")
                .hint(format!("{FORMS}; the address of a server of your own goes into AWS_ENDPOINT_URL_S3"))),
            other => Err(wrong(format!("{} is not a kind of storage", quoted(other))).hint(FORMS)),
        }
    }
}

impl fmt::Display for StorageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self {
            Self::File { dir } => {
                let url = url::Url::from_file_path(dir).map_err(|()| fmt::Error)?;
                let text = url.as_str();
                // The root itself is `file:///`.
                return f.write_str(if text.len() > "file:///".len() { text.trim_end_matches('/') } else { text });
            }
            Self::S3 { bucket, prefix } => {
                write!(f, "s3://{bucket}")?;
                prefix
            }
            Self::R2 { account_id, bucket, prefix } => {
                write!(f, "r2://{account_id}/{bucket}")?;
                prefix
            }
        };
        if prefix.is_empty() { Ok(()) } else { write!(f, "/{prefix}") }
    }
}

/// A secret may hold slashes: then the @ comes after the first of them.
fn has_user(rest: &str) -> bool {
    let host = rest.split('/').next().unwrap_or_default();
    host.contains('@') || (host.contains(':') && rest.contains('@'))
}

const FORMS: &str = "write file:///dir, s3://bucket/prefix or r2://ACCOUNT_ID/bucket/prefix";

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Config, message)
}

fn parse_file(url: &url::Url) -> Result<StorageUrl> {
    if url.host().is_some_and(|host| host.to_string() != "localhost") {
        return Err(wrong("a file:// URL takes three slashes before an absolute path").hint("write file:///dir"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("a storage URL has no ? or # part").hint("write them as %3F and %23 in a path"));
    }
    let dir = url
        .to_file_path()
        .map_err(|()| wrong(format!("{} does not name a folder", quoted(url.as_str()))).hint(FORMS))?;
    if dir.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(wrong("the path of the storage URL contains a NUL byte"));
    }
    // Rebuilt from its components: without a trailing slash.
    Ok(StorageUrl::File { dir: dir.components().collect() })
}

/// A bucket's name, by the rules that AWS and R2 share: 3 to 63 of a-z, 0-9, `-` and `.`, letters or digits at both ends.
fn bucket_name(name: &str) -> Result<String> {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let outer = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let bytes = name.as_bytes();
    if name.is_empty() {
        return Err(wrong("the storage URL names no bucket").hint(FORMS));
    }
    let fits = (3..=63).contains(&bytes.len())
        && bytes.iter().copied().all(inner)
        && outer(bytes.first())
        && outer(bytes.last())
        && !name.contains("..");
    if fits {
        return Ok(name.to_owned());
    }
    Err(wrong(format!("{} is not a name that a bucket can have", quoted(name)))
        .hint("a bucket's name has 3 to 63 lowercase letters, digits, hyphens and dots"))
}

fn prefix_path(prefix: &str) -> Result<String> {
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() {
        return Ok(String::new());
    }
    if prefix.contains(['?', '#', '\\']) || prefix.chars().any(char::is_control) {
        return Err(wrong(format!("the path {} of the storage URL has characters that cause trouble", quoted(prefix)))
            .hint("leave out ?, #, backslashes and control characters"));
    }
    if prefix.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return Err(wrong(format!("the path {} of the storage URL has an empty, . or .. part", quoted(prefix)))
            .hint("write each part of the path once"));
    }
    if prefix.len() > 400 {
        return Err(wrong("the path of the storage URL is longer than 400 bytes"));
    }
    Ok(prefix.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";

    fn canonical(text: &str) -> String {
        text.parse::<StorageUrl>().expect("a storage URL").to_string()
    }

    fn refused(text: &str) -> Error {
        let error = text.parse::<StorageUrl>().expect_err("refused");
        assert!(!error.hints().is_empty(), "no hint for {text}");
        assert_eq!(error.kind(), Kind::Config);
        error
    }

    #[test]
    fn spellings_of_one_store_print_alike() {
        assert_eq!(canonical("file:///srv/photos/"), "file:///srv/photos");
        assert_eq!(canonical("file:///srv/x/../photos"), "file:///srv/photos");
        assert_eq!(canonical("FILE://localhost/srv/photos//"), "file:///srv/photos");
        assert_eq!(canonical("file:///srv/my photos"), "file:///srv/my%20photos");
        assert_eq!(canonical("file:///srv/caf%E9"), "file:///srv/caf%E9");
        assert_eq!(canonical("file:///"), "file:///");
        assert_eq!(canonical(" s3://photos/ "), "s3://photos");
        assert_eq!(canonical("S3://photos/2026/june/"), "s3://photos/2026/june");
        assert_eq!(canonical(&format!("r2://{}/photos/a", ACCOUNT.to_uppercase())), format!("r2://{ACCOUNT}/photos/a"));
    }

    #[test]
    fn a_folder_gives_the_same_identity_as_its_url() {
        let url = StorageUrl::folder(Path::new("/srv/my photos/")).expect("absolute");
        assert_eq!(url, "file:///srv/my%20photos".parse().expect("a storage URL"));
        assert!(StorageUrl::folder(Path::new("photos")).is_err());
    }

    #[test]
    fn mistakes_are_explained() {
        refused("");
        refused("/srv/photos");
        refused("file://srv/photos");
        refused("file:///srv?x");
        refused("ftp://photos");
        refused("https://photos.s3.amazonaws.com");
        refused("s3://");
        refused("s3://Photos");
        refused("s3://photos/a//b");
        refused("s3://photos/a/../b");
        refused("r2://photos");
        refused(&format!("r2://{ACCOUNT}"));
        refused(&format!("r2://{ACCOUNT}/"));
    }

    #[test]
    fn credentials_in_a_url_are_refused_without_repeating_them() {
        let error = refused("s3://AKIAEXAMPLE:s3cr3t@photos");
        assert!(!format!("{error:?}").contains("s3cr3t"));
    }
}
