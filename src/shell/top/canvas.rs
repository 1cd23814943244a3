//! The terminal while TOP has it: its second screen, without a cursor, and every key as it is
//! pressed. Whatever ends TOP gives it back as it was.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::panic;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use nix::sys::signal::{Signal, raise};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use rustix::termios::{
    InputModes, LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush,
    tcgetattr, tcsetattr,
};

use super::super::output::{KeptBack, Output};
use super::super::render::{ENTER, LEAVE};

const HIDE_CURSOR: &str = "\x1b[?25l";
const SHOW_CURSOR: &str = "\x1b[?25h";

/// The terminal that is to be given back. A panic has to find it, in whatever thread.
static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

static PANIC_HOOK: Once = Once::new();

struct Taken {
    keyboard: OwnedFd,
    before: Termios,
}

fn taken() -> MutexGuard<'static, Option<Taken>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the terminal back, unless that was done. Keys that were not read are for nobody.
fn give_back() {
    let Some(Taken { keyboard, before }) = taken().take() else {
        return;
    };
    let mut stdout = io::stdout().lock();
    // Nothing can be done when one of these fails: the terminal is gone.
    let _ = stdout.write_all(format!("\x1b[0m{SHOW_CURSOR}{LEAVE}").as_bytes());
    let _ = stdout.flush();
    let _ = tcflush(&keyboard, QueueSelector::IFlush);
    let _ = tcsetattr(&keyboard, OptionalActions::Now, &before);
}

/// What a panic says is to be read, on the screen that was there before.
fn give_back_on_panic() {
    PANIC_HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            report(info);
        }));
    });
}

/// The terminal, until this is dropped.
pub(super) struct Canvas {
    output: Output,
    keyboard: OwnedFd,
    /// What the terminal shows.
    drawn: Buffer,
    /// Dropped after the terminal was given back.
    _kept_back: KeptBack,
}

impl Canvas {
    /// Takes the terminal on which is typed, and that of standard output.
    pub(super) fn take(output: &Output, keyboard: &OwnedFd) -> io::Result<Self> {
        give_back_on_panic();
        // What is typed is for TOP, and breaks no line.
        output.leave_terminal();
        let canvas = Canvas {
            output: output.clone(),
            keyboard: keyboard.try_clone()?,
            drawn: Buffer::empty(Rect::ZERO),
            _kept_back: output.keep_back(),
        };
        canvas.enter()?;
        Ok(canvas)
    }

    fn enter(&self) -> io::Result<()> {
        let before = tcgetattr(&self.keyboard)?;
        let modes = key_by_key(&before);
        let keyboard = self.keyboard.try_clone()?;
        // A panic between the two gives back what is not changed yet.
        *taken() = Some(Taken { keyboard, before });
        tcsetattr(&self.keyboard, OptionalActions::Now, &modes)?;
        self.output.draw(&format!("{ENTER}{HIDE_CURSOR}"));
        Ok(())
    }

    /// False once a panic has given the terminal back.
    pub(super) fn is_taken(&self) -> bool {
        taken().is_some()
    }

    /// Gives the terminal back and stops the program, as Ctrl-Z does, until it is told to go on.
    pub(super) fn stop(&mut self) -> io::Result<()> {
        give_back();
        raise(Signal::SIGTSTP)?;
        self.enter()?;
        self.forget();
        Ok(())
    }

    /// The program was stopped by somebody else, and goes on: others had the terminal.
    pub(super) fn go_on(&mut self) -> io::Result<()> {
        if self.is_taken() {
            tcsetattr(
                &self.keyboard,
                OptionalActions::Now,
                &key_by_key(&tcgetattr(self.keyboard.as_fd())?),
            )?;
            self.output.draw(&format!("{ENTER}{HIDE_CURSOR}"));
            self.forget();
        }
        Ok(())
    }

    /// What the terminal shows is not known any more.
    pub(super) fn forget(&mut self) {
        self.drawn = Buffer::empty(Rect::ZERO);
    }

    /// Lets `paint` fill an empty buffer of the size of the terminal, and shows what is new.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut Buffer)) {
        let Some(size) = self.output.size() else {
            return;
        };
        let cells = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
        let area = Rect::new(0, 0, cells(size.columns), cells(size.rows));
        let mut next = Buffer::empty(area);
        paint(&mut next);
        let mut text = String::new();
        if self.drawn.area != area {
            self.drawn = Buffer::empty(area);
            text += "\x1b[0m\x1b[2J";
        }
        put(&mut text, self.drawn.diff(&next));
        self.drawn = next;
        if !text.is_empty() {
            self.output.draw(&text);
        }
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        give_back();
    }
}

/// Modes of a terminal that shows nothing of what is typed and gives each key at once, those too
/// that stand for signals and for holding its output.
fn key_by_key(modes: &Termios) -> Termios {
    let mut modes = modes.clone();
    let local = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
    modes.local_modes.remove(local);
    modes.input_modes.remove(InputModes::IXON);
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes
}

/// The control functions of ECMA-48 that put these cells, by column and row from 0, where they are.
fn put(text: &mut String, cells: Vec<(u16, u16, &Cell)>) {
    let mut next = None;
    let mut look = None;
    for (x, y, cell) in cells {
        if next != Some((x, y)) {
            // Writing to a string does not fail, here and below.
            let _ = write!(text, "\x1b[{};{}H", y + 1, x + 1);
        }
        let cells_look = (cell.fg, cell.bg, cell.modifier);
        if look != Some(cells_look) {
            put_look(text, cells_look);
            look = Some(cells_look);
        }
        text.push_str(cell.symbol());
        // Of a wide one the next cell is no part of the difference, so that its place is given.
        next = Some((x.saturating_add(1), y));
    }
    if look.is_some() {
        text.push_str("\x1b[0m");
    }
}

fn put_look(text: &mut String, (front, back, modifier): (Color, Color, Modifier)) {
    text.push_str("\x1b[0");
    for (flag, code) in [
        (Modifier::BOLD, 1),
        (Modifier::DIM, 2),
        (Modifier::ITALIC, 3),
        (Modifier::UNDERLINED, 4),
        (Modifier::REVERSED, 7),
    ] {
        if modifier.contains(flag) {
            let _ = write!(text, ";{code}");
        }
    }
    put_color(text, front, 30);
    put_color(text, back, 40);
    text.push('m');
}

/// A colour of the front, from 30 on, or of the back, from 40 on.
fn put_color(text: &mut String, color: Color, first: u8) {
    let bright = first + 60;
    let code = match color {
        Color::Reset => return,
        Color::Black => first,
        Color::Red => first + 1,
        Color::Green => first + 2,
        Color::Yellow => first + 3,
        Color::Blue => first + 4,
        Color::Magenta => first + 5,
        Color::Cyan => first + 6,
        Color::Gray => first + 7,
        Color::DarkGray => bright,
        Color::LightRed => bright + 1,
        Color::LightGreen => bright + 2,
        Color::LightYellow => bright + 3,
        Color::LightBlue => bright + 4,
        Color::LightMagenta => bright + 5,
        Color::LightCyan => bright + 6,
        Color::White => bright + 7,
        Color::Indexed(index) => {
            let _ = write!(text, ";{};5;{index}", first + 8);
            return;
        }
        Color::Rgb(red, green, blue) => {
            let _ = write!(text, ";{};2;{red};{green};{blue}", first + 8);
            return;
        }
    };
    let _ = write!(text, ";{code}");
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn drawn(paint: impl FnOnce(&mut Buffer)) -> String {
        let area = Rect::new(0, 0, 8, 2);
        let mut next = Buffer::empty(area);
        paint(&mut next);
        let mut text = String::new();
        put(&mut text, Buffer::empty(area).diff(&next));
        text
    }

    #[test]
    fn only_what_is_new_is_written_in_its_place_and_look() {
        assert_eq!(drawn(|_| {}), "");
        let text = drawn(|buffer| {
            buffer.set_string(0, 0, "ab", Style::new());
            let alert = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
            buffer.set_string(3, 1, "c", alert);
        });
        assert_eq!(text, "\x1b[1;1H\x1b[0mab\x1b[2;4H\x1b[0;1;31mc\x1b[0m");
        let text = drawn(|buffer| {
            let look = Style::new().fg(Color::Indexed(8)).bg(Color::LightCyan);
            buffer.set_string(0, 0, "\u{6f22}x", look);
        });
        assert_eq!(text, "\x1b[1;1H\x1b[0;38;5;8;106m\u{6f22}\x1b[1;3Hx\x1b[0m");
    }
}
