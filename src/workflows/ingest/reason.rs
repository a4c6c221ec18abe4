//! Why a file is left on the card, or failed: closed lists, with the words for scripts and for people.

use crate::imaging::Format;
use crate::model::text;

/// Why a file was not uploaded on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// Files of systems and cameras that are nobody's photo.
    Junk,
    /// No bytes in it, and the name of a picture: what the camera meant to write is missing.
    Empty,
    /// The same content was met before in this run: one photo with both names.
    Duplicate,
    /// The name begins with a dot.
    Hidden,
    Symlink,
    /// By `--include` and `--exclude`.
    Excluded,
    /// By `--captured-since` and `--captured-until`.
    OutsideTime,
    /// The camera wrote no time, and only some times were asked for.
    NoCaptureTime,
    /// A RAW whose JPEG makes the photo.
    RawBesideJpeg,
    /// A RAW, with `--raw skip`.
    Raw,
    /// The photo was deleted on purpose.
    Deleted,
    /// The photo belongs to another project.
    OtherProject,
    /// Not a picture that is handled: HEIC, video, …
    Format(Format),
}

impl SkipReason {
    /// The key in `skipped_by_reason`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SkipReason::Junk => "junk",
            SkipReason::Empty => "empty",
            SkipReason::Duplicate => "duplicate",
            SkipReason::Hidden => "hidden",
            SkipReason::Symlink => "symlink",
            SkipReason::Excluded => "excluded",
            SkipReason::OutsideTime => "outside_time",
            SkipReason::NoCaptureTime => "no_capture_time",
            SkipReason::RawBesideJpeg => "raw_beside_jpeg",
            SkipReason::Raw => "raw",
            SkipReason::Deleted => "deleted",
            SkipReason::OtherProject => "other_project",
            SkipReason::Format(format) => format.as_str(),
        }
    }

    /// Whether nothing is lost when the card is formatted: junk, and copies of what is stored.
    #[must_use]
    pub fn holds_nothing(self) -> bool {
        matches!(self, SkipReason::Junk | SkipReason::Duplicate)
    }

    /// For the table of a report.
    #[must_use]
    pub fn for_people(self) -> String {
        match self {
            SkipReason::Junk => "files of cameras and systems".to_owned(),
            SkipReason::Empty => "empty, with the name of a picture".to_owned(),
            SkipReason::Duplicate => "the same content twice on the card".to_owned(),
            SkipReason::Hidden => "hidden (--hidden takes them)".to_owned(),
            SkipReason::Symlink => "links (--follow-symlinks takes them)".to_owned(),
            SkipReason::Excluded => "left out by --include or --exclude".to_owned(),
            SkipReason::OutsideTime => "captured at another time than asked for".to_owned(),
            SkipReason::NoCaptureTime => "without a capture time".to_owned(),
            SkipReason::RawBesideJpeg => "RAW beside its JPEG (--raw both stores them)".to_owned(),
            SkipReason::Raw => "RAW (--raw skip)".to_owned(),
            SkipReason::Deleted => "deleted here before (--restore brings them back)".to_owned(),
            SkipReason::OtherProject => "photos of another project (--restore takes them into this one too)".to_owned(),
            SkipReason::Format(format) => format!("{}: not handled", format_word(format)),
        }
    }

    /// `412 RAW`, `1 video`: for the last line of a report.
    #[must_use]
    pub fn counted(self, n: u64) -> String {
        let number = text::thousands(n);
        match self {
            SkipReason::Junk => text::count(n, "file of a system"),
            SkipReason::Empty => text::count(n, "empty file"),
            SkipReason::Duplicate => format!("{number} twice"),
            SkipReason::Hidden => text::count(n, "hidden file"),
            SkipReason::Symlink => text::count(n, "link"),
            SkipReason::Excluded => format!("{number} left out by --include or --exclude"),
            SkipReason::OutsideTime => format!("{number} of another time"),
            SkipReason::NoCaptureTime => format!("{number} without a capture time"),
            SkipReason::RawBesideJpeg | SkipReason::Raw => format!("{number} RAW"),
            SkipReason::Deleted => format!("{number} deleted before"),
            SkipReason::OtherProject => format!("{number} of another project"),
            SkipReason::Format(Format::Video) => text::count(n, "video"),
            SkipReason::Format(Format::Audio) => text::count(n, "sound recording"),
            SkipReason::Format(Format::Other) => text::count(n, "other file"),
            SkipReason::Format(format) => format!("{number} {}", format_word(format)),
        }
    }
}

fn format_word(format: Format) -> String {
    match format {
        Format::OtherRaw => "RAW of other kinds".to_owned(),
        Format::Other => "other files".to_owned(),
        Format::Video => "videos".to_owned(),
        Format::Audio => "sound recordings".to_owned(),
        format => format.as_str().to_uppercase(),
    }
}

/// Why a file failed. What imaging says about a picture keeps its own word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FailReason(pub &'static str);

impl FailReason {
    pub const UNREADABLE: Self = Self("unreadable");
    pub const VANISHED: Self = Self("vanished");
    pub const CHANGED: Self = Self("changed");
    pub const CARD_GONE: Self = Self("card_gone");
    pub const STORE: Self = Self("store");
    pub const DATABASE: Self = Self("database");
    pub const INTERNAL: Self = Self("internal");

    /// For the table of a report.
    #[must_use]
    pub fn for_people(self) -> &'static str {
        match self.0 {
            "unreadable" => "cannot be read",
            "vanished" => "vanished while the upload ran",
            "changed" => "changed while it was read",
            "card_gone" => "the card was pulled out",
            "store" => "the object store refused it",
            "database" => "the database refused it",
            "internal" => "a defect of photoctl",
            "empty" => "empty",
            "not_a_picture" => "not a picture, in spite of its name",
            "truncated" => "cut off: the end is missing",
            "too_large" => "too many pixels",
            "unsupported" => "a kind of picture that is not handled",
            "corrupt" => "damaged",
            "no_preview" => "RAW without a preview",
            _ => "failed",
        }
    }
}
