//! A screen that is drawn again and again, as `\WATCH` does.
//!
//! Pure. The control functions are those of ECMA-48 and xterm's second screen, which leaves what
//! was on the first as it was.

/// Changes to the second screen.
pub(in crate::shell) const ENTER: &str = "\x1b[?1049h\x1b[H\x1b[2J";

/// Changes back.
pub(in crate::shell) const LEAVE: &str = "\x1b[?1049l";

/// How far apart the stops of TAB are.
const TAB: usize = 8;

/// Rows and columns of a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) struct Size {
    pub(in crate::shell) rows: usize,
    pub(in crate::shell) columns: usize,
}

impl Size {
    /// True if the text does not fit above the next prompt.
    pub(in crate::shell) fn is_exceeded_by(self, text: &str) -> bool {
        let rows_of = |line: &str| width(line).max(1).div_ceil(self.columns.max(1));
        text.lines().map(rows_of).sum::<usize>() >= self.rows
    }
}

/// Lines that fit the screen; the last one says how many do not.
pub(in crate::shell) fn fit(text: &str, size: Size) -> String {
    let total = text.lines().count();
    let shown = match total > size.rows {
        true => size.rows.saturating_sub(1),
        false => total,
    };
    // The last column stays free: some terminals take what stands there for the next row.
    let room = size.columns.saturating_sub(1);
    let mut lines: Vec<String> = text
        .lines()
        .take(shown)
        .map(|line| cut(line, room))
        .collect();
    if total > shown {
        lines.push(cut(&format!(".. {} more lines", total - shown), room));
    }
    lines.join("\n")
}

/// Draws the lines over what the screen shows.
pub(in crate::shell) fn redraw(lines: &str) -> String {
    format!("\x1b[H{}\x1b[J", lines.replace('\n', "\x1b[K\n"))
}

/// The beginning of a line, without TABs.
fn cut(line: &str, room: usize) -> String {
    let mut shown = String::new();
    let mut column = 0;
    for c in line.chars() {
        let width = width_at(c, column);
        if column + width > room {
            break;
        }
        match c {
            '\t' => shown.extend(std::iter::repeat_n(' ', width)),
            c => shown.push(c),
        }
        column += width;
    }
    shown
}

fn width(line: &str) -> usize {
    line.chars()
        .fold(0, |column, c| column + width_at(c, column))
}

fn width_at(c: char, column: usize) -> usize {
    match c {
        '\t' => TAB - column % TAB,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size {
        rows: 3,
        columns: 12,
    };

    #[test]
    fn a_text_is_cut_to_the_screen_and_says_so() {
        assert_eq!(fit("one\ntwo\nthree\n", SMALL), "one\ntwo\nthree");
        assert_eq!(
            fit("one\ntwo\nthree\nfour\n", SMALL),
            "one\ntwo\n.. 2 more l"
        );
        assert_eq!(fit("id=2\t@127.0.0.1\n", SMALL), "id=2    @12");
        assert_eq!(fit("\n\n", SMALL), "\n");
        let nothing = Size {
            rows: 0,
            columns: 0,
        };
        assert_eq!(fit("one\n", nothing), "");
    }

    #[test]
    fn what_was_drawn_before_is_wiped() {
        assert_eq!(redraw("a\nb"), "\x1b[Ha\x1b[K\nb\x1b[J");
    }

    #[test]
    fn a_text_is_long_when_the_prompt_has_no_row_left() {
        for (text, is_long) in [
            ("", false),
            ("one\ntwo\n", false),
            ("one\ntwo\nthree\n", true),
            ("123456789012\none\n", false),
            ("1234567890123\none\n", true),
            ("1234567\t7\none\n", false),
            ("12345678\t7890\none\n", true),
        ] {
            assert_eq!(SMALL.is_exceeded_by(text), is_long, "{text:?}");
        }
    }
}
