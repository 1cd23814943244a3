//! The page of keys and columns.

use ratatui::style::{Modifier, Style};

use super::paint::Pen;

/// Fits the smallest screen.
const KEYS: [&str; 11] = [
    "Keys (q quits, others leave this page)",
    "q Esc Ctrl-C  quit",
    "f Space       freeze, and go on",
    "s             sort by nodegroup, state,",
    "              memory, operations",
    "l             events from which severity",
    "Tab           scroll nodes or events",
    "Up Down PgUp PgDn Home End   scroll",
    "Left Right    long events",
    "Ctrl-L Ctrl-Z draw anew, stop for now",
    "h ?           this page",
];

/// Beside the keys, or below them.
const COLUMNS: [&str; 19] = [
    "Columns",
    "NG      nodegroup; no: belongs to none",
    "Ph      start phase completed last,",
    "        or step of a shutdown",
    "Data    memory in use, for rows",
    "Index   the same, for hash indexes",
    "Ops/s   operations on its own fragments",
    "Tx/s    transactions it coordinated",
    "Aborts  of these a second; so are",
    "        Reads, Writes and Scans",
    "Missed  heartbeats that others missed",
    "        since TOP began",
    "",
    "-       not known: not reported, or",
    "        more than 15 s ago",
    "~43%    an estimate, by the backup",
    "        before or the memory in use",
    "k M G   thousands, millions and so on",
    "KiB     1024 bytes, and so on",
];

/// Where columns are explained if that is beside the keys.
const BESIDE: u16 = 41;

/// Draws the page on the whole screen: what there is room for, but nothing by half.
pub(super) fn draw(pen: &mut Pen<'_>) {
    let (keys, columns) = (KEYS.len() as u16, COLUMNS.len() as u16);
    draw_list(pen, (0, 0), &KEYS);
    if pen.width() >= 2 * BESIDE - 2 && pen.height() >= columns {
        draw_list(pen, (BESIDE, 0), &COLUMNS);
    } else if pen.height() > keys + columns {
        draw_list(pen, (0, keys + 1), &COLUMNS);
    }
}

/// The first of the lines is their title.
fn draw_list(pen: &mut Pen<'_>, (x, top): (u16, u16), lines: &[&str]) {
    let title = Style::new().add_modifier(Modifier::REVERSED);
    pen.row_style(top, title);
    for (y, line) in (top..).zip(lines) {
        let style = if y == top { title } else { Style::new() };
        let room = pen.width().saturating_sub(x);
        pen.text((x, y), room, line, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::top::screen::{HEIGHT_MIN, WIDTH_MIN};

    #[test]
    fn every_line_fits_the_smallest_screen() {
        assert!(KEYS.len() <= usize::from(HEIGHT_MIN));
        for line in KEYS.iter().chain(&COLUMNS) {
            assert!(line.len() <= usize::from(WIDTH_MIN), "{line}");
        }
    }
}
