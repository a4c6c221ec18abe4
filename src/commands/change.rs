//! The answer of every `update`.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::app::App;
use crate::commands::args::UpdateArgs;
use crate::error::{Error, Result};
use crate::model::fields::Changes;
use crate::model::target::Target;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::setup::change::{self, Edit, Plan, Thing};

/// A field's new text, or that it is to be empty. Giving both is a usage error of clap's.
pub fn edit(given: Option<&str>, unset: bool) -> Edit<'_> {
    if unset { Some(None) } else { given.map(Some) }
}

/// Refuses an `update` that does not say what to change: a script with a forgotten option must not look fine.
///
/// # Errors
/// A usage error where `edit` is none.
pub fn require<E: Default + PartialEq>(edit: &E) -> Result<()> {
    if *edit == E::default() {
        return Err(
            Error::usage("it is not said what to change").hint("give at least one of the options; --help shows them")
        );
    }
    Ok(())
}

/// Carries a plan out and answers it; with `--dry-run`, only answers it.
pub async fn update<T: Thing + Render>(app: &App, plan: Plan<T>, args: UpdateArgs) -> Finished {
    let target = app.target(false);
    app.ui.target(&target);
    for warning in &plan.warnings {
        app.ui.warn(warning);
    }
    if !args.dry_run && !plan.changes.is_empty() {
        change::apply(app.db().await?, &app.author(), &plan).await?;
    }
    app.ui.show(&UpdatedReport { thing: plan.after, changes: plan.changes, dry_run: args.dry_run, target });
    Ok(Done::OK)
}

/// The thing as it is now, or would be, and what is other about it.
#[derive(Debug)]
struct UpdatedReport<T> {
    thing: T,
    changes: Changes,
    dry_run: bool,
    target: Target,
}

impl<T: Thing> Serialize for UpdatedReport<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = |value| serde_json::to_value(value).map_err(serde::ser::Error::custom);
        let mut object = serde_json::to_value(&self.thing).map_err(serde::ser::Error::custom)?;
        if let Some(object) = object.as_object_mut() {
            let changed = !self.changes.is_empty() && !self.dry_run;
            object.insert("changed".to_owned(), Value::from(changed));
            object.insert("changes".to_owned(), json(&self.changes)?);
            object.insert("dry_run".to_owned(), Value::from(self.dry_run));
            object.insert("target".to_owned(), serde_json::to_value(&self.target).map_err(serde::ser::Error::custom)?);
        }
        object.serialize(serializer)
    }
}

impl<T: Thing + Render> Render for UpdatedReport<T> {
    fn render(&self, page: &mut Page) {
        let noun = T::NOUN.word();
        match (self.changes.is_empty(), self.dry_run) {
            (true, _) => page.line(format!("The {noun} is like that already; nothing was changed.")),
            (false, true) => page.line(format!("Would update {noun}; nothing was changed.")),
            (false, false) => page.good(format!("Updated {noun}.")),
        }
        changes(page, &self.changes);
        page.gap();
        self.thing.render(page);
    }
}

/// A line for each field that is another: `price  19.90 EUR -> 24.90 EUR`.
pub fn changes(page: &mut Page, changes: &Changes) {
    let shown = |value: &Option<crate::model::fields::Value>| {
        value.as_ref().map_or_else(|| "(not set)".to_owned(), crate::model::fields::Value::for_people)
    };
    for change in changes.iter() {
        let name = change.name.trim_end_matches("_at").replace('_', " ");
        page.field(&format!("  {name}"), format!("{} -> {}", shown(&change.before), shown(&change.after)));
    }
}
