//! Whole frames, and what holds for all of them.

pub(super) mod clusters;
mod frames;
mod properties;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{Key, Screen, ScreenOptions};
use crate::cluster::live::Snapshot;
use crate::cluster::state::MemoryLimits;

fn screen(colored: bool) -> Screen {
    Screen::new(ScreenOptions {
        limits: MemoryLimits::default(),
        colored,
        zone: jiff::tz::TimeZone::UTC,
    })
}

/// A screen that has drawn its first snapshot, after which keys were pressed.
fn shown(snapshot: Snapshot, (width, height): (u16, u16), keys: &[Key]) -> Screen {
    let mut screen = screen(false);
    screen.take(snapshot);
    for key in keys {
        cells(&mut screen, (width, height));
        screen.press(*key);
    }
    screen
}

fn cells(screen: &mut Screen, (width, height): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    screen.draw(&mut buffer);
    buffer
}

/// The rows of a frame without the blanks at their ends.
fn text_of(buffer: &Buffer) -> String {
    use ratatui::text::Span;

    let width = usize::from(buffer.area.width).max(1);
    let mut text = String::new();
    for row in buffer.content.chunks(width) {
        let mut line = String::new();
        let mut hidden = 0;
        for cell in row {
            // What a wide character covers has no text of its own.
            if hidden > 0 {
                hidden -= 1;
                continue;
            }
            line.push_str(cell.symbol());
            hidden = Span::raw(cell.symbol()).width().saturating_sub(1);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
