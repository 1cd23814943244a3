//! The last row: the keys, and what they have done.

use ratatui::style::Style;

use crate::shell::render::{self, Look};

use super::paint::Pen;
use super::view::{Extent, Focus, View, filter_name};

/// Draws the row; `heard` events have come since the picture stands still.
pub(super) fn draw(pen: &mut Pen<'_>, view: &View, extent: Extent, heard: Option<u64>) {
    let Some(y) = pen.height().checked_sub(1) else {
        return;
    };
    let rows = [
        long(view, extent, heard),
        medium(view, extent, heard),
        narrow(view, extent, heard),
        short(heard),
    ];
    let fitting = rows
        .iter()
        .find(|row| width(row) <= usize::from(pen.width()));
    let Some(row) = fitting.or(rows.last()) else {
        return;
    };
    let look = pen.style(Look::Keyword);
    let mut x = 0;
    for (key, meaning) in row {
        let room = pen.width().saturating_sub(x);
        x = pen.text((x, y), room, key, look) + 1;
        let room = pen.width().saturating_sub(x);
        x = pen.text((x, y), room, meaning, Style::new()) + BETWEEN;
    }
}

/// Columns between two keys.
const BETWEEN: u16 = 2;

/// Keys and what they do.
type Row = Vec<(&'static str, String)>;

fn width(row: &Row) -> usize {
    let widths = row
        .iter()
        .map(|(key, meaning)| key.len() + 1 + meaning.len());
    widths.sum::<usize>() + usize::from(BETWEEN) * row.len().saturating_sub(1)
}

/// What is scrolled, and what would be after Tab if there is a choice.
fn scrolled(view: &View, extent: Extent) -> (&'static str, Option<&'static str>) {
    let has_choice = extent.nodes.furthest() > 0;
    match view.scrolled(extent) {
        Focus::Nodes => ("nodes", has_choice.then_some("events")),
        Focus::Events => ("events", has_choice.then_some("nodes")),
    }
}

fn long(view: &View, extent: Extent, heard: Option<u64>) -> Row {
    let (now, then) = scrolled(view, extent);
    let mut row = vec![
        ("q", "quit".to_owned()),
        ("f", freeze(heard)),
        ("s", format!("sorted by {}", view.sort.name())),
        ("l", format!("events: {}", filter_name(view.least))),
        ("Up Down PgUp PgDn Home End", format!("scroll {now}")),
    ];
    row.extend(then.map(|then| ("Tab", format!("scroll {then}"))));
    row.push(("h", "help".to_owned()));
    row
}

fn medium(view: &View, extent: Extent, heard: Option<u64>) -> Row {
    let (now, _) = scrolled(view, extent);
    let mut row = narrow(view, extent, heard);
    row.insert(4, ("Up Down", now.to_owned()));
    row
}

fn narrow(view: &View, extent: Extent, heard: Option<u64>) -> Row {
    let (_, then) = scrolled(view, extent);
    let mut row = vec![
        ("q", "quit".to_owned()),
        ("f", freeze(heard)),
        ("s", format!("by {}", view.sort.name())),
        ("l", filter_name(view.least).to_owned()),
    ];
    row.extend(then.map(|then| ("Tab", then.to_owned())));
    row.push(("h", "help".to_owned()));
    row
}

fn short(heard: Option<u64>) -> Row {
    match heard {
        Some(_) => vec![("q", "quit".to_owned()), ("f", freeze(heard))],
        None => vec![
            ("q", "quit".to_owned()),
            ("f", "freeze".to_owned()),
            ("s", "sort".to_owned()),
            ("l", "log".to_owned()),
            ("h", "help".to_owned()),
        ],
    }
}

fn freeze(heard: Option<u64>) -> String {
    match heard {
        Some(1) => "go on (1 event since)".to_owned(),
        Some(heard) => format!("go on ({} events since)", render::grouped(heard)),
        None => "freeze".to_owned(),
    }
}
