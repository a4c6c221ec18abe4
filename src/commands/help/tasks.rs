//! All commands by what a reader is about to do.

use serde::Serialize;

use crate::ui::{Page, Render};

/// A task, and its commands: the words before the verb, and the verbs. Each command stands in one place; a test holds
/// that each has one.
type Task = (&'static str, &'static [(&'static str, &'static str)]);

const PERSON: &str = "create list show update delete restore set-password";

#[rustfmt::skip]
pub const TASKS: &[Task] = &[
    ("Set an event up", &[
        ("operator", PERSON),
        ("photographer", PERSON),
        ("package", "create list show update delete restore"),
        ("project", "create list show update clone delete restore"),
        ("project photographers", "add remove list"),
        ("project packages", "add remove list"),
        ("project coaches", "add remove rename list"),
        ("project settings", "list set unset"),
    ]),
    ("Keep events in files", &[
        ("project", "plan apply export schema"),
    ]),
    ("Let guests in", &[
        ("user", PERSON),
        ("user", "import export"),
        ("project members", "add remove list"),
        ("qr", "issue list revoke prune redeem render sheet slate"),
    ]),
    ("Ask before a face is looked for", &[
        ("consent", "grant import revoke list status"),
    ]),
    ("Upload photos and look after them", &[
        ("photos", "upload list show url download"),
        ("photos", "verify adopt reprocess delete restore"),
    ]),
    ("Say who is in which photo", &[
        ("faces", "index status purge"),
        ("tags", "match list explain confirm reject reopen remove add decide stats retune"),
    ]),
    ("Look after the platform", &[
        ("", "doctor"),
        ("db", "migrate status check grants backup restore shell store"),
        ("config", "show path init"),
    ]),
    ("See who did what", &[
        ("audit", "list show verify export"),
    ]),
    ("Sit well in the shell", &[
        ("completions", "install"),
        ("", "man help"),
    ]),
];

#[derive(Debug, Serialize)]
pub(super) struct TaskHelp {
    task: &'static str,
    commands: Vec<String>,
}

/// What `help` answers where nothing more is said.
#[derive(Debug, Serialize)]
pub(super) struct TasksPage {
    tasks: Vec<TaskHelp>,
}

pub(super) fn page() -> TasksPage {
    let tasks = TASKS.iter().map(|(task, lines)| TaskHelp { task, commands: commands(lines).collect() }).collect();
    TasksPage { tasks }
}

/// `operator create` and so on.
pub fn commands(lines: &'static [(&'static str, &'static str)]) -> impl Iterator<Item = String> {
    lines.iter().flat_map(|(noun, verbs)| {
        verbs.split(' ').map(move |verb| if noun.is_empty() { verb.to_owned() } else { format!("{noun} {verb}") })
    })
}

impl Render for TasksPage {
    fn render(&self, page: &mut Page) {
        for (task, lines) in TASKS {
            page.heading(task);
            for (noun, verbs) in *lines {
                let verbs = verbs.split(' ').collect::<Vec<_>>().join(", ");
                page.line(if noun.is_empty() { format!("  {verbs}") } else { format!("  {noun:<22} {verbs}") });
            }
            page.gap();
        }
        page.line("photoctl help COMMAND explains one and shows examples; photoctl --help has the options of all.");
        page.line(format!("Topics: photoctl help {}", super::topic_names()));
    }
}
