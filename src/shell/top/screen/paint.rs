//! Text on the cells of a screen.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::cli::is_harmful;
use crate::shell::render::Look;

/// What stands for the end of a text that was cut.
const CUT: &str = "..";

/// The cells of a screen, and whether they are coloured. Rows and columns count from its top left;
/// what would stand outside of it is left out.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    area: Rect,
    colored: bool,
}

impl<'a> Pen<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, colored: bool) -> Self {
        let area = buffer.area;
        Pen {
            buffer,
            area,
            colored,
        }
    }

    pub(super) fn width(&self) -> u16 {
        self.area.width
    }

    pub(super) fn height(&self) -> u16 {
        self.area.height
    }

    /// The style of a look: a colour, or nothing on a screen without colours.
    pub(super) fn style(&self, look: Look) -> Style {
        if !self.colored {
            return Style::new();
        }
        match look {
            Look::Good => Style::new().fg(Color::Green),
            Look::Attention => Style::new().fg(Color::Yellow),
            Look::Bad => Style::new().fg(Color::Red),
            Look::Special => Style::new().fg(Color::Magenta),
            Look::Keyword => Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
            Look::Hint => Style::new().add_modifier(Modifier::DIM),
        }
    }

    /// Writes a text into at most `room` columns; of a longer one, the beginning. The column behind
    /// it.
    pub(super) fn text(&mut self, at: (u16, u16), room: u16, text: &str, style: Style) -> u16 {
        let (x, y) = at;
        let room = room.min(self.area.width.saturating_sub(x));
        if y >= self.area.height || room == 0 {
            return x;
        }
        let text = clean(text);
        if columns(&text) <= usize::from(room) {
            return self.set(x, y, &text, room, style);
        }
        let kept = room.saturating_sub(CUT.len() as u16);
        let end = self.set(x, y, &text, kept, style);
        self.set(end, y, CUT, room - (end - x), style)
    }

    /// Writes a text so that it ends where the columns do; of a longer one, the end. For numbers,
    /// and for addresses, which differ at their ends.
    pub(super) fn right(&mut self, at: (u16, u16), room: u16, text: &str, style: Style) {
        let (x, y) = at;
        let taken = u16::try_from(columns(&clean(text))).unwrap_or(u16::MAX);
        match taken <= room {
            true => self.text((x + room - taken, y), taken, text, style),
            false => self.text((x, y), room, &end_of(text, room), style),
        };
    }

    /// Gives a row a style, from edge to edge.
    pub(super) fn row_style(&mut self, y: u16, style: Style) {
        if y < self.area.height {
            let row = Rect::new(self.area.x, self.area.y + y, self.area.width, 1);
            self.buffer.set_style(row, style);
        }
    }

    fn set(&mut self, x: u16, y: u16, text: &str, room: u16, style: Style) -> u16 {
        let (left, top) = (self.area.x, self.area.y);
        let room = usize::from(room);
        let (end, _) = self
            .buffer
            .set_stringn(left + x, top + y, text, room, style);
        end - left
    }
}

/// The end of a text that is too long, behind the mark of a cut.
pub(super) fn end_of(text: &str, room: u16) -> String {
    let text = clean(text);
    let kept = usize::from(room).saturating_sub(CUT.len());
    let end = text
        .char_indices()
        .map(|(at, _)| &text[at..])
        .find(|end| columns(end) <= kept);
    format!("{CUT}{}", end.unwrap_or_default())
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => Span::raw(text).width(),
    }
}

/// A text on one row, in which what a terminal would obey, or could not give a place of its own,
/// is a question mark.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let shown = |letter: char| match letter {
        '\n' | '\t' => ' ',
        letter if is_harmful(letter) || columns(letter.encode_utf8(&mut [0; 4])) == 0 => '?',
        letter => letter,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(width: u16, draw: impl FnOnce(&mut Pen<'_>)) -> String {
        let mut buffer = Buffer::empty(Rect::new(3, 5, width, 1));
        draw(&mut Pen::new(&mut buffer, false));
        let symbols = buffer.content.iter().map(|cell| cell.symbol());
        symbols.collect()
    }

    #[test]
    fn a_text_that_is_too_long_says_so() {
        let text = |room, text: &str| {
            row(8, |pen| {
                pen.text((0, 0), room, text, Style::new());
            })
        };
        assert_eq!(text(8, "12345678"), "12345678");
        assert_eq!(text(8, "123456789"), "123456..");
        assert_eq!(text(99, "123456789"), "123456..");
        assert_eq!(text(3, "1234"), "1..     ");
        assert_eq!(text(1, "1234"), ".       ");
        assert_eq!(text(0, "1234"), "        ");
        let right = |room, text: &str| row(8, |pen| pen.right((0, 0), room, text, Style::new()));
        assert_eq!(right(6, "123"), "   123  ");
        assert_eq!(right(8, "127.0.0.1"), "...0.0.1");
        assert_eq!(right(1, "123"), ".       ");
    }

    #[test]
    fn a_wide_character_that_does_not_fit_whole_is_left_out() {
        let cut = row(5, |pen| {
            pen.text((0, 0), 5, "漢漢漢", Style::new());
        });
        assert_eq!(cut, "漢 .. ");
        assert_eq!(end_of("漢漢漢", 5), "..漢");
    }

    #[test]
    fn what_is_outside_is_left_out() {
        let drawn = row(4, |pen| {
            pen.text((4, 0), 9, "x", Style::new());
            pen.text((0, 1), 9, "x", Style::new());
            pen.text((60_000, 0), 9, "x", Style::new());
            pen.row_style(7, Style::new());
        });
        assert_eq!(drawn, "    ");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        assert_eq!(clean("plain"), "plain");
        assert_eq!(clean("\x1b[2J\r\x07\u{9b}"), "?[2J???");
        assert_eq!(clean("a\nb\tc"), "a b c");
        assert_eq!(clean("\u{202e}x\u{200b}"), "?x?");
        assert_eq!(clean("e\u{301}\u{fe0f}"), "e??");
        assert_eq!(clean("größer 漢"), "größer 漢");
    }
}
