//! The events below the nodes.

use ratatui::style::{Modifier, Style};

use crate::cluster::Severity;
use crate::shell::render::{self, Look};

use super::ScreenOptions;
use super::log::{Entry, Log, line_of};
use super::paint::{Pen, clean, columns};
use super::view::{View, Window, filter_name};

/// From here on severities have a column, and below it only those that ask for attention a word.
const WIDE: u16 = 60;

/// As long as `CRITICAL`.
const SEVERITY_WIDTH: u16 = 8;

/// Draws the title at a row, and below it so many rows of events, newest last. How many there are,
/// and how many columns of the longest one are beyond the edge.
pub(super) fn draw(
    pen: &mut Pen<'_>,
    log: &Log,
    view: &View,
    options: &ScreenOptions,
    (top, rows): (u16, u16),
) -> (Window, usize) {
    let total = log.newest(view.least).count();
    let shown = total.min(usize::from(rows));
    let window = Window { total, shown };
    let below = view.events_below.min(window.furthest());
    draw_title(pen, top, view, log.len() - total, (window, below));
    let entries: Vec<&Entry> = log.newest(view.least).skip(below).take(shown).collect();
    let mut beyond = 0;
    for (y, entry) in (top + 1..).zip(entries.iter().rev()) {
        let line = Line::of(entry, options);
        beyond = beyond.max(line.draw(pen, y, view.shift));
    }
    (window, beyond)
}

fn draw_title(
    pen: &mut Pen<'_>,
    y: u16,
    view: &View,
    hidden: usize,
    (window, below): (Window, usize),
) {
    let style = Style::new().add_modifier(Modifier::REVERSED);
    pen.row_style(y, style);
    let mut title = format!("Events: {}", filter_name(view.least));
    if hidden > 0 {
        title.push_str(&format!(", {hidden} milder hidden"));
    }
    let end = pen.text((0, y), pen.width(), &title, style);
    let place = match (window.furthest() - below, below) {
        (0, 0) => String::new(),
        (above, 0) => format!("{above} older"),
        (above, below) => format!("{above} older, {below} newer"),
    };
    let room = pen.width().saturating_sub(end + 1);
    if columns(&place) <= usize::from(room) {
        pen.right((end + 1, y), room, &place, style);
    }
}

/// What a row shows.
struct Line {
    clock: String,
    severity: Option<Severity>,
    text: String,
    look: Option<Look>,
}

impl Line {
    fn of(entry: &Entry, options: &ScreenOptions) -> Self {
        match entry {
            Entry::Heard(heard) => Line {
                clock: options.clock(heard.at),
                severity: Some(heard.severity),
                text: line_of(&heard.event),
                look: (heard.severity >= Severity::Warning)
                    .then(|| Look::of_severity(heard.severity)),
            },
            Entry::LeftOut { at, count } => Line {
                clock: options.clock(*at),
                severity: None,
                text: render::render_left_out(*count).trim_end().to_owned(),
                look: Some(Look::Attention),
            },
        }
    }

    /// Draws a row; how many columns of the text are beyond the edge, unshifted.
    fn draw(&self, pen: &mut Pen<'_>, y: u16, shift: usize) -> usize {
        let style = self.look.map_or(Style::new(), |look| pen.style(look));
        let hint = pen.style(Look::Hint);
        let mut x = pen.text((0, y), pen.width(), &self.clock, hint) + 1;
        let word = self.severity.map_or("", Severity::name);
        if pen.width() >= WIDE {
            pen.text((x, y), SEVERITY_WIDTH, word, style);
            x += SEVERITY_WIDTH + 1;
        } else if self.severity >= Some(Severity::Warning) {
            x = pen.text((x, y), pen.width(), word, style) + 1;
        }
        let text = clean(&self.text);
        let room = pen.width().saturating_sub(x);
        let beyond = columns(&text).saturating_sub(usize::from(room));
        // One that is shorter than the longest stays at its end.
        pen.text((x, y), room, behind(&text, shift.min(beyond)), style);
        beyond
    }
}

/// What is left of a text without so many columns of its beginning.
fn behind(text: &str, columns_before: usize) -> &str {
    let mut left = columns_before;
    for (at, letter) in text.char_indices() {
        if left == 0 {
            return &text[at..];
        }
        let end = at + letter.len_utf8();
        left = left.saturating_sub(columns(&text[at..end]));
    }
    match left {
        0 if columns_before == 0 => text,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shifted_by_columns() {
        assert_eq!(behind("abc", 0), "abc");
        assert_eq!(behind("abc", 2), "c");
        assert_eq!(behind("abc", 3), "");
        assert_eq!(behind("abc", 9), "");
        assert_eq!(behind("漢b", 1), "b");
        assert_eq!(behind("漢b", 2), "b");
        assert_eq!(behind("", 0), "");
    }
}
