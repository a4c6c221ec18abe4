//! The shared tables as the contract with the web application has them, and as a database has them.

mod live;
mod spec;

pub use live::{LiveColumn, LiveForeignKey, LiveIndex, LiveTable, read};
pub use spec::spec;

/// Type of a column, by its name in `pg_type` and its modifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    Uuid,
    Text,
    /// With its length in characters.
    Varchar(i32),
    Timestamp,
    Integer,
    Real,
    /// With its dimensions.
    Vector(i32),
}

impl ColumnType {
    /// As it is written in SQL.
    #[must_use]
    pub fn sql(self) -> String {
        match self {
            ColumnType::Uuid => "uuid".to_owned(),
            ColumnType::Text => "text".to_owned(),
            ColumnType::Varchar(length) => format!("varchar({length})"),
            ColumnType::Timestamp => "timestamp".to_owned(),
            ColumnType::Integer => "integer".to_owned(),
            ColumnType::Real => "real".to_owned(),
            ColumnType::Vector(dimensions) => format!("vector({dimensions})"),
        }
    }

    /// Whether a column of this `pg_type.typname` and `pg_attribute.atttypmod` is of this type.
    #[must_use]
    pub fn is(self, name: &str, modifier: i32) -> bool {
        match self {
            ColumnType::Uuid => name == "uuid",
            ColumnType::Text => name == "text",
            // The modifier of a varchar counts a header of four bytes.
            ColumnType::Varchar(length) => name == "varchar" && modifier == length + 4,
            // Some tools declare timestamp(3): milliseconds are enough for everything here.
            ColumnType::Timestamp => name == "timestamp" && (modifier == -1 || modifier >= 3),
            ColumnType::Integer => name == "int4",
            ColumnType::Real => name == "float4",
            ColumnType::Vector(dimensions) => name == "vector" && modifier == dimensions,
        }
    }
}

/// Where a column's values come from when an insert does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnDefault {
    None,
    /// `uuid_generate_v4()`, or anything else that makes one.
    Id,
    /// `now()`
    Now,
}

impl ColumnDefault {
    #[must_use]
    pub fn sql(self) -> Option<&'static str> {
        match self {
            ColumnDefault::None => None,
            ColumnDefault::Id => Some("uuid_generate_v4()"),
            ColumnDefault::Now => Some("now()"),
        }
    }
}

/// How sure it is that the web application has a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// In the contract's table list: type and nullability are part of it.
    Contract,
    /// From the contract's general rule (`created_at`, `updated_at`, `deleted_at`): the web application may have it
    /// in its own form, or not at all.
    General,
}

#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec {
    pub name: &'static str,
    pub kind: ColumnType,
    pub nullable: bool,
    pub default: ColumnDefault,
    pub origin: Origin,
}

#[derive(Debug, Clone, Copy)]
pub struct ForeignKeySpec {
    pub column: &'static str,
    /// The table whose `id` it refers to.
    pub table: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub struct TableSpec {
    pub name: &'static str,
    pub columns: &'static [ColumnSpec],
    pub primary_key: &'static [&'static str],
    pub uniques: &'static [&'static [&'static str]],
    pub foreign_keys: &'static [ForeignKeySpec],
    /// Columns that must lead some index.
    pub indexes: &'static [&'static str],
}

impl TableSpec {
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'static ColumnSpec> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Columns of the general rule, which the web application may add to any table of its own.
pub const GENERAL_COLUMNS: [&str; 3] = ["created_at", "updated_at", "deleted_at"];
