//! Lists of rows: filtered, sorted, cut by key. What is asked for is known only at run time, so these queries are
//! built there, with every value bound.

use std::str::FromStr;

use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::page::Page;
use crate::error::{Error, Result};
use crate::model::text::quoted;

/// What rows can be sorted by. Not every kind of row by each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    Created,
    Name,
    Email,
    Start,
    Price,
}

impl SortKey {
    const ALL: [Self; 5] = [Self::Created, Self::Name, Self::Email, Self::Start, Self::Price];

    fn word(self) -> &'static str {
        match self {
            SortKey::Created => "created",
            SortKey::Name => "name",
            SortKey::Email => "email",
            SortKey::Start => "start",
            SortKey::Price => "price",
        }
    }
}

/// An order; rows that are equal in it come by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

/// The newest first.
impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::Created, descending: true }
    }
}

/// `name`, or `-name` for the last first.
impl FromStr for Sort {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (descending, word) = text.strip_prefix('-').map_or((false, text), |word| (true, word));
        let key = SortKey::ALL.into_iter().find(|key| key.word() == word);
        key.map(|key| Self { key, descending }).ok_or_else(|| {
            let words = SortKey::ALL.map(SortKey::word).join(", ");
            Error::invalid(format!("{} is no order", quoted(text)))
                .hint(format!("one of {words}, or one of these with - in front"))
        })
    }
}

/// How rows of a kind are listed. All texts are SQL of ours; the rows' own table is `t`.
#[derive(Debug, Clone, Copy)]
pub struct Listing {
    pub columns: &'static str,
    pub from: &'static str,
    pub sorts: &'static [(SortKey, &'static str)],
}

impl Listing {
    /// The rows of a page. `filter` appends conditions, each with ` AND ` in front.
    pub(super) async fn fetch<R>(
        &self,
        conn: &mut PgConnection,
        page: &Page,
        filter: impl FnOnce(&mut QueryBuilder<Postgres>),
    ) -> Result<Vec<R>>
    where
        R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        let Sort { key, descending } = page.sort;
        let Some((_, value)) = self.sorts.iter().find(|(sort, _)| *sort == key) else {
            let words: Vec<_> = self.sorts.iter().map(|(sort, _)| sort.word()).collect();
            return Err(Error::usage(format!("these cannot be sorted by {}", key.word()))
                .hint(format!("they can be by {}", words.join(", "))));
        };
        let (direction, beyond) = if descending { ("DESC", "<") } else { ("ASC", ">") };
        let Self { columns, from, .. } = self;
        let mut sql = QueryBuilder::new(format!("SELECT {columns} FROM {from} WHERE true"));
        if !page.deleted {
            sql.push(" AND t.deleted_at IS NULL");
        }
        filter(&mut sql);
        if let Some(after) = page.after {
            sql.push(format_args!(" AND ({value}, t.id) {beyond} (SELECT {value}, t.id FROM {from} WHERE t.id = "));
            sql.push_bind(after).push(")");
        }
        sql.push(format_args!(" ORDER BY {value} {direction}, t.id {direction} LIMIT ")).push_bind(page.limit);
        Ok(sql.build_query_as().fetch_all(conn).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        assert_eq!("-name".parse::<Sort>().expect("order"), Sort { key: SortKey::Name, descending: true });
        assert_eq!("start".parse::<Sort>().expect("order"), Sort { key: SortKey::Start, descending: false });
        for bad in ["", "-", "names", "--name", "t.name; DROP"] {
            assert!(bad.parse::<Sort>().is_err(), "{bad}");
        }
    }
}
