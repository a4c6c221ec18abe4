//! Options that several commands share.

use clap::Args;

use crate::db::listing::Sort;
use crate::db::page::Page;
use crate::workflows::setup::Mode;
use crate::workflows::setup::part::AddMode;

/// Every change has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ChangeArgs {
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on without being asked
    #[arg(long, short)]
    pub yes: bool,
}

/// Every `update` has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct UpdateArgs {
    /// Show exactly what would be changed, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Every `create` has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct CreateArgs {
    /// If there is one already, answer that one (it must not differ in what is given)
    #[arg(long, conflicts_with = "allow_duplicate")]
    pub if_not_exists: bool,
    /// Create a second one of the same name
    #[arg(long)]
    pub allow_duplicate: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Where a long list is cut.
#[derive(Debug, Clone, Copy, Args)]
pub struct CutArgs {
    /// Most rows to show
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    /// Begin behind the row of this id: where an earlier list was cut
    #[arg(long, value_name = "ID")]
    pub after: Option<uuid::Uuid>,
}

/// Which part of a long list is wanted.
#[derive(Debug, Clone, Copy, Args)]
pub struct PageArgs {
    /// Show deleted ones too
    #[arg(long)]
    pub deleted: bool,
    #[command(flatten)]
    pub cut: CutArgs,
}

/// Every `list` of things that can be sorted has these.
#[derive(Debug, Clone, Copy, Args)]
pub struct ListArgs {
    /// Order: created, name, or what else these have; with - in front the last comes first [default: -created]
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub sort: Option<Sort>,
    #[command(flatten)]
    pub page: PageArgs,
}

impl ListArgs {
    #[must_use]
    pub fn page(self) -> Page {
        Page { sort: self.sort.unwrap_or_default(), ..self.page.page() }
    }

    /// As [`CutArgs::cut`].
    pub fn cut<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> uuid::Uuid) -> Option<String> {
        self.page.cut.cut(rows, id)
    }
}

impl PageArgs {
    #[must_use]
    pub fn page(self) -> Page {
        Page { deleted: self.deleted, after: self.cut.after, ..Page::first(self.cut.one_more()) }
    }

    /// As [`CutArgs::cut`].
    pub fn cut<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> uuid::Uuid) -> Option<String> {
        self.cut.cut(rows, id)
    }
}

impl CutArgs {
    /// One row more than is shown, which tells whether the list goes on.
    #[must_use]
    pub fn one_more(self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts `rows` to the limit. Where something was cut, says how to go on; `id` is that of a row.
    pub fn cut<T>(self, rows: &mut Vec<T>, id: impl Fn(&T) -> uuid::Uuid) -> Option<String> {
        let limit = self.limit as usize;
        if rows.len() <= limit {
            return None;
        }
        rows.truncate(limit);
        let last = rows.last().map(id)?;
        Some(format!("There are more: go on with the same options and --after {last}, or raise --limit."))
    }
}

impl CreateArgs {
    #[must_use]
    pub fn mode(self) -> Mode {
        Mode { if_not_exists: self.if_not_exists, allow_duplicate: self.allow_duplicate, dry_run: self.dry_run }
    }
}

/// Every `remove` has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct RemoveArgs {
    /// Be content where it is not there
    #[arg(long)]
    pub if_exists: bool,
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Every `add` has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct AddArgs {
    /// Be content where it is there already
    #[arg(long)]
    pub if_not_exists: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

impl AddArgs {
    #[must_use]
    pub fn mode(self) -> AddMode {
        AddMode { if_not_exists: self.if_not_exists, dry_run: self.dry_run }
    }
}
