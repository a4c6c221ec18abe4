//! What is put on previews: a text or a picture, where, how large and how strong.

use std::str::FromStr;
use std::sync::Arc;

use super::error::{ImagingError, Reason};
use crate::model::text::quoted;

/// Longest text of a watermark, in characters.
pub const MAX_TEXT_CHARS: usize = 200;
/// Largest PNG that is taken as a watermark.
pub(super) const MAX_PNG_BYTES: usize = 8 * 1024 * 1024;

/// A watermark.
#[derive(Debug, Clone, PartialEq)]
pub struct Watermark {
    pub mark: Mark,
    pub placement: Placement,
    /// 0 is invisible, 1 hides what is below.
    pub opacity: f32,
    /// Width of one mark as a part of the picture's shorter side, above 0 up to 1.
    pub size: f32,
}

/// What the watermark shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// One line; placeholders are already filled in (see [`expand`]). White with a dark edge.
    Text(String),
    /// The bytes of a PNG, best with transparency.
    Png(Arc<[u8]>),
}

/// Where the mark stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Placement {
    /// Slanted, again and again over the whole picture.
    #[default]
    Tiled,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
    Centre,
}

impl Default for Watermark {
    fn default() -> Self {
        Self { mark: Mark::Text("photoctl".to_owned()), placement: Placement::Tiled, opacity: 0.35, size: 0.35 }
    }
}

impl Watermark {
    /// Makes sure that values are in their ranges and the text is one that can be drawn.
    ///
    /// # Errors
    /// `BadWatermark` with a sentence.
    pub fn check(&self) -> Result<(), ImagingError> {
        let bad = |message: String| Err(ImagingError::new(Reason::BadWatermark, message));
        if !(0.0..=1.0).contains(&self.opacity) {
            return bad(format!("the watermark's opacity must be from 0 to 1, not {}", self.opacity));
        }
        if !(0.01..=1.0).contains(&self.size) {
            return bad(format!("the watermark's size must be from 0.01 to 1, not {}", self.size));
        }
        match &self.mark {
            Mark::Text(text) if text.trim().is_empty() => bad("the watermark's text is empty".to_owned()),
            Mark::Text(text) if text.chars().count() > MAX_TEXT_CHARS => {
                bad(format!("the watermark's text is longer than {MAX_TEXT_CHARS} characters"))
            }
            Mark::Png(png) if png.len() > MAX_PNG_BYTES => {
                bad(format!("the watermark's PNG is larger than {} MiB", MAX_PNG_BYTES >> 20))
            }
            _ => Ok(()),
        }
    }
}

/// Fills `{project}`, `{photographer}` and `{year}` in; `{{` and `}}` stand for braces.
///
/// # Errors
/// `BadWatermark` that names a placeholder which is not known, or a brace without its other half.
pub fn expand(template: &str, project: &str, photographer: &str, year: i32) -> Result<String, ImagingError> {
    let bad = |message: String| ImagingError::new(Reason::BadWatermark, message);
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..];
        if let Some(after) = brace.strip_prefix("{{") {
            text.push('{');
            rest = after;
        } else if let Some(after) = brace.strip_prefix("}}") {
            text.push('}');
            rest = after;
        } else {
            let (name, after) = brace
                .strip_prefix('{')
                .and_then(|inside| inside.split_once('}'))
                .ok_or_else(|| bad("the watermark's text has a brace without its other half".to_owned()))?;
            match name {
                "project" => text.push_str(project),
                "photographer" => text.push_str(photographer),
                "year" => text.push_str(&year.to_string()),
                other => {
                    let other = crate::model::text::printable(other);
                    return Err(bad(format!(
                        "the watermark's text has an unknown placeholder {{{other}}}: there are {{project}}, {{photographer}} and {{year}}"
                    )));
                }
            }
            rest = after;
        }
    }
    text.push_str(rest);
    Ok(text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned())
}

impl FromStr for Placement {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "tiled" => Self::Tiled,
            "top-left" => Self::TopLeft,
            "top-right" => Self::TopRight,
            "bottom-left" => Self::BottomLeft,
            "bottom-right" => Self::BottomRight,
            "centre" | "center" => Self::Centre,
            other => {
                return Err(format!(
                    "{} is no place for a watermark: tiled, top-left, top-right, bottom-left, bottom-right or centre",
                    quoted(other)
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders() {
        let filled = |template| expand(template, "Ball 2026", "Ada", 2026);
        assert_eq!(filled("© {photographer} {year} · {project}").expect("fills"), "© Ada 2026 · Ball 2026");
        assert_eq!(filled("{{x}} 1").expect("fills"), "{x} 1");
        assert!(filled("{venue}").expect_err("unknown").message().contains("{venue}"));
        assert!(filled("{project").is_err());
        assert!(filled("project}").is_err());
        // What is filled in is not read again.
        assert_eq!(expand("{project}", "{year}", "", 1).expect("fills"), "{year}");
    }
}
