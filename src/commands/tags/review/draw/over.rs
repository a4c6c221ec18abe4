//! What lies above the faces: help, questions, the search for somebody else.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph, Wrap};

use super::Look;
use crate::commands::tags::review::keys::{OFFERED, Over, Pages, above_of};
use crate::commands::tags::review::session::{Session, found};
use crate::model::status::Verdict;
use crate::model::text::{count, printable};

const HELP: &[&str] = &[
    "c  It is this person            r  It is not",
    "s  Skip: not now                u  Take the last step back, again and again",
    "o  It is someone else: this one is rejected, the other added by hand",
    "a  Confirm all of this person   x  Reject all of this person",
    "t  Confirm all from a score on",
    "g  Many faces of this person; there Space chooses, c and r decide the chosen",
    "z  Closer, wider, as before     p  All of the photo with a box",
    "q  End. Each decision is written as it is made; nothing waits for the end.",
    "",
    "What is before you nobody else has. It is given back at the end.",
];

pub(super) fn draw(frame: &mut Frame<'_>, body: Rect, session: &Session, pages: &Pages, look: Look) {
    let (title, lines) = match &pages.over {
        None | Some(Over::Photo) => return,
        Some(Over::Help) => ("Keys".to_owned(), HELP.iter().map(|line| Line::raw(*line)).collect()),
        Some(Over::All { verdict, tags }) => (all(session, *verdict, tags.len()), Vec::new()),
        Some(Over::Above { text, everybody }) => above(session, text, *everybody),
        Some(Over::Search { query, cursor }) => search(session, query, *cursor, look),
    };
    let rows = lines.len() + 3;
    let height = u16::try_from(rows).unwrap_or(u16::MAX).min(body.height);
    let area = Rect { y: body.y + (body.height - height) / 2, height, ..body };
    let line = if look.unicode { "─" } else { "-" };
    let rule = Line::styled(line.repeat(usize::from(area.width)), look.faint());
    let mut all = vec![rule.clone(), Line::styled(format!(" {title}"), look.bold())];
    all.extend(lines.into_iter().map(|line: Line<'_>| {
        let mut spans = vec![" ".into()];
        spans.extend(line.spans);
        Line { spans, ..line }
    }));
    all.push(rule);
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(all).wrap(Wrap { trim: false }), area);
}

fn name(session: &Session) -> String {
    session.current().map(|item| printable(&item.tag.user_name)).unwrap_or_default()
}

fn all(session: &Session, verdict: Verdict, tags: usize) -> String {
    let what = if verdict == Verdict::Confirmed { "Confirm" } else { "Reject" };
    format!("{what} all {} of {}? (y/n)", count(tags as u64, "tag"), name(session))
}

fn above(session: &Session, text: &str, everybody: bool) -> (String, Vec<Line<'static>>) {
    let tags = above_of(session, text, everybody).len();
    let whose = if everybody { "everybody who is before you".to_owned() } else { name(session) };
    let line = format!("Enter confirms {} of {whose}.", count(tags as u64, "tag"));
    (format!("From which score on? {text}_"), vec![Line::raw(line)])
}

fn search(session: &Session, query: &str, cursor: usize, look: Look) -> (String, Vec<Line<'static>>) {
    let title = format!("Who is it? {}_", printable(query));
    let Some((project, but)) = session.current().map(Session::place) else { return (title, Vec::new()) };
    let Some(members) = session.members(project) else {
        return (title, vec![Line::raw(format!("Looking for the members{}", look.dots()))]);
    };
    let hits = found(members, query, but, OFFERED);
    if hits.is_empty() {
        return (title, vec![Line::raw("No other member of the project has such a name or email.")]);
    }
    let line = |(place, who): (usize, &&crate::workflows::tags::review::Candidate)| {
        let mark = if place == cursor { ">" } else { " " };
        let style = if place == cursor { look.bold() } else { ratatui::style::Style::new() };
        Line::styled(format!("{mark} {}  {}", printable(&who.name), printable(&who.email)), style)
    };
    (title, hits.iter().enumerate().map(line).collect())
}
