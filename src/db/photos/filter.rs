//! Which photos are meant: one filter for every command, and the one place that makes SQL of it.

use chrono::{DateTime, Utc};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::model::ids::{PhotoId, PhotographerId, ProjectId, UserId};
use crate::model::status::PhotoStatus;
use crate::model::text::quoted;

/// A span of time: from the first moment on, up to but not including the last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
}

/// Whether soft-deleted photos are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Presence {
    /// Only those that are not deleted.
    #[default]
    Live,
    /// Only the deleted ones.
    Deleted,
    /// Both.
    Any,
}

/// All conditions hold together; an empty filter means every photo that is not deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhotoFilter {
    /// Only these, where there are any.
    pub ids: Vec<PhotoId>,
    pub project: Option<ProjectId>,
    pub photographer: Option<PhotographerId>,
    /// With a confirmed tag of this user.
    pub user: Option<UserId>,
    /// Any of these, where there are any.
    pub statuses: Vec<PhotoStatus>,
    pub captured: Span,
    pub uploaded: Span,
    pub name: Option<NamePattern>,
    pub presence: Presence,
}

impl PhotoFilter {
    /// Whether a condition looks at the file facts (`f`).
    pub(super) fn needs_files(&self) -> bool {
        self.captured != Span::default() || self.name.is_some()
    }

    /// Appends `WHERE …` over `photos p` and, where [`Self::needs_files`], `photoctl.photo_files f`.
    pub(super) fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(match self.presence {
            Presence::Live => " WHERE p.deleted_at IS NULL",
            Presence::Deleted => " WHERE p.deleted_at IS NOT NULL",
            Presence::Any => " WHERE true",
        });
        if !self.ids.is_empty() {
            let ids: Vec<Uuid> = self.ids.iter().map(|id| id.0).collect();
            sql.push(" AND p.id = ANY(").push_bind(ids).push(")");
        }
        if let Some(project) = self.project {
            sql.push(" AND p.project_id = ").push_bind(project.0);
        }
        if let Some(photographer) = self.photographer {
            sql.push(" AND p.photographer_id = ").push_bind(photographer.0);
        }
        if let Some(user) = self.user {
            sql.push(
                " AND EXISTS (SELECT FROM photo_tags t WHERE t.photo_id = p.id \
                 AND t.review_status = 'confirmed' AND t.user_id = ",
            );
            sql.push_bind(user.0).push(")");
        }
        if !self.statuses.is_empty() {
            let words: Vec<&str> = self.statuses.iter().map(|status| status.as_str()).collect();
            sql.push(" AND p.status = ANY(").push_bind(words).push(")");
        }
        push_span(sql, "f.captured_at", self.captured);
        push_span(sql, "p.uploaded_at", self.uploaded);
        if let Some(name) = &self.name {
            name.push(sql);
        }
    }
}

fn push_span(sql: &mut QueryBuilder<Postgres>, column: &str, span: Span) {
    if let Some(since) = span.since {
        sql.push(format_args!(" AND {column} >= ")).push_bind(since.naive_utc());
    }
    if let Some(until) = span.until {
        sql.push(format_args!(" AND {column} < ")).push_bind(until.naive_utc());
    }
}

/// What a file was called on the card, in any case: a part of the name, or a glob (`DSC_*.jpg`, `IMG_00[12]?.*`).
/// Photos of which no name is known are looked for by the last part of their storage key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(Form);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    /// For `ILIKE`.
    Part(String),
    /// For `~*`.
    Whole(String),
}

impl NamePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is empty, or a glob with an open bracket.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::invalid("an empty name fits nothing").hint("give a part of a name or a glob"));
        }
        if text.contains('\0') {
            return Err(Error::invalid("a name can not contain a NUL byte"));
        }
        if text.contains(['*', '?', '[']) {
            return glob_to_regex(text).map(|regex| Self(Form::Whole(regex)));
        }
        let mut like = String::with_capacity(text.len() + 2);
        like.push('%');
        for c in text.chars() {
            if matches!(c, '%' | '_' | '\\') {
                like.push('\\');
            }
            like.push(c);
        }
        like.push('%');
        Ok(Self(Form::Part(like)))
    }

    fn push(&self, sql: &mut QueryBuilder<Postgres>) {
        let (operator, pattern) = match &self.0 {
            Form::Part(like) => ("ILIKE", like),
            Form::Whole(regex) => ("~*", regex),
        };
        sql.push(format_args!(
            " AND (coalesce(f.original_name, regexp_replace(p.storage_key, '^.*/', '')) {operator} "
        ));
        sql.push_bind(pattern.clone());
        sql.push(format_args!(" OR p.id IN (SELECT n.photo_id FROM photoctl.photo_names n WHERE n.name {operator} "));
        sql.push_bind(pattern.clone()).push("))");
    }
}

/// A PostgreSQL regular expression (its own flavour, anchored) of a glob.
fn glob_to_regex(glob: &str) -> Result<String> {
    let unfinished = || {
        Error::invalid(format!("the pattern {} has a [ without its ]", quoted(glob)))
            .hint("write [[] for the character itself")
    };
    let mut regex = String::from("^");
    let mut chars = glob.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => regex.push_str(".*"),
            '?' => regex.push('.'),
            '[' => {
                regex.push('[');
                if chars.next_if(|next| matches!(next, '!' | '^')).is_some() {
                    regex.push('^');
                }
                let mut first = true;
                loop {
                    match chars.next() {
                        None => return Err(unfinished()),
                        Some(']') if !first => break,
                        // Inside of brackets only these have a meaning of their own.
                        Some(c @ ('\\' | '[' | ']' | '^')) => regex.extend(['\\', c]),
                        Some(c) => regex.push(c),
                    }
                    first = false;
                }
                regex.push(']');
            }
            c if c.is_alphanumeric() || c == '_' => regex.push(c),
            c if c.is_ascii() => regex.extend(['\\', c]),
            c => regex.push(c),
        }
    }
    regex.push('$');
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(glob: &str) -> String {
        match NamePattern::parse(glob).expect("a pattern").0 {
            Form::Whole(regex) => regex,
            Form::Part(part) => panic!("{part} is no glob"),
        }
    }

    #[test]
    fn globs_become_anchored_expressions() {
        assert_eq!(regex("DSC_*.jpg"), "^DSC_.*\\.jpg$");
        assert_eq!(regex("IMG_[!0]?.(x)*"), "^IMG_[^0].\\.\\(x\\).*$");
        assert_eq!(regex("[]a]*"), "^[\\]a].*$");
        assert!(NamePattern::parse("a[b").is_err());
        assert!(NamePattern::parse("").is_err());
    }

    #[test]
    fn parts_are_taken_literally() {
        assert_eq!(NamePattern::parse("50%_a").expect("a pattern").0, Form::Part("%50\\%\\_a%".to_owned()));
    }

    #[test]
    fn everything_typed_is_bound() {
        let filter = PhotoFilter {
            name: Some(NamePattern::parse("x'; DROP TABLE photos; --").expect("a pattern")),
            statuses: vec![PhotoStatus::Ready],
            ..PhotoFilter::default()
        };
        let mut sql = QueryBuilder::<Postgres>::new("SELECT p.id FROM photos p");
        filter.push(&mut sql);
        let text = sql.into_string();
        assert!(!text.contains("DROP") && !text.contains("'ready'"), "{text}");
        assert!(text.contains("$1") && text.contains("$3"), "{text}");
    }
}
