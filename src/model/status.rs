//! The closed sets of words that columns hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
        #[serde(rename_all = "snake_case")]
        #[value(rename_all = "snake_case")]
        pub enum $name { $($variant),+ }

        impl $name {
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!("unknown {}: {}", stringify!($name), crate::model::text::quoted(other))),
                }
            }
        }
    };
}

words! {
    /// `photos.status`
    PhotoStatus { Processing = "processing", Ready = "ready", Failed = "failed" }
}
words! {
    /// `selfies.status`
    SelfieStatus { Pending = "pending", Approved = "approved", Rejected = "rejected" }
}
words! {
    /// `photo_tags.review_status`
    ReviewStatus { Confirmed = "confirmed", Pending = "pending", Rejected = "rejected" }
}
words! {
    /// `photo_tags.source`
    TagSource { Auto = "auto", Manual = "manual" }
}
words! {
    /// What a person decided about somebody in a photo: `photoctl.tag_decisions.decision`. `undone` takes back that
    /// somebody was added who had no tag: nobody has decided about them then.
    Verdict {
        Confirmed = "confirmed",
        Rejected = "rejected",
        Added = "added",
        Removed = "removed",
        Reopened = "reopened",
        Undone = "undone"
    }
}
words! {
    /// Which object of a photo is meant.
    PhotoObject { Original = "original", Raw = "raw", Watermarked = "watermarked", Thumbnail = "thumbnail" }
}

impl PhotoObject {
    /// Whether it is as the camera wrote it, without a watermark: the audit log holds who took it out of the house.
    #[must_use]
    pub fn is_camera_file(self) -> bool {
        matches!(self, Self::Original | Self::Raw)
    }
}
