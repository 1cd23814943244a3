//! The screen of TOP on a terminal: what is drawn when, and what keys and signals do.

use std::io;

use jiff::tz::TimeZone;
use nix::sys::signal::Signal as SignalNumber;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cluster::live::Snapshot;
use crate::cluster::state::MemoryLimits;

use super::super::output::Output;
use super::canvas::Canvas;
use super::keys::{Keys, Typed, keyboard};
use super::screen::{Key, Pressed, Screen, ScreenOptions};

/// Names the picture, from 0, at which a test wants a panic.
#[cfg(debug_assertions)]
const PANIC_AT: &str = "NDBMGM_PANIC_AT_PICTURE";

/// What the user, or the terminal, wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Wish {
    /// TOP goes on.
    GoOn,
    /// TOP is to end.
    Quit,
    /// Ctrl-C: TOP is to end, and with it the commands that follow.
    Interrupt,
    /// The terminal is gone.
    Gone,
}

/// A picture of the cluster that has the terminal until it is dropped.
pub(in crate::shell) struct Picture {
    screen: Screen,
    keys: Keys,
    canvas: Canvas,
    resized: Signal,
    continued: Signal,
    #[cfg(debug_assertions)]
    panic_at: Option<u64>,
}

impl Picture {
    /// Takes the terminal.
    ///
    /// # Errors
    ///
    /// There is none on which is typed, or it cannot be had.
    pub(in crate::shell) fn open(output: &Output, limits: MemoryLimits) -> io::Result<Self> {
        let keyboard = keyboard()?;
        let options = ScreenOptions {
            limits,
            colored: output.is_colored(),
            zone: TimeZone::system(),
        };
        // What can fail comes before the terminal is taken.
        let resized = signal(SignalKind::window_change())?;
        let continued = signal(SignalKind::from_raw(SignalNumber::SIGCONT as i32))?;
        let canvas = Canvas::take(output, &keyboard)?;
        Ok(Picture {
            screen: Screen::new(options),
            keys: Keys::new(keyboard),
            canvas,
            resized,
            continued,
            #[cfg(debug_assertions)]
            panic_at: std::env::var(PANIC_AT).ok().and_then(|at| at.parse().ok()),
        })
    }

    /// Takes the next snapshot.
    pub(in crate::shell) fn take(&mut self, snapshot: Snapshot) {
        self.screen.take(snapshot);
        #[cfg(debug_assertions)]
        if let Some(left) = &mut self.panic_at {
            assert!(*left > 0, "a picture that a test does not want");
            *left -= 1;
        }
    }

    /// Shows what there is now.
    pub(in crate::shell) fn draw(&mut self) {
        let screen = &mut self.screen;
        self.canvas.draw(|buffer| screen.draw(buffer));
    }

    /// Waits for something that concerns the terminal, and does what it says. Nothing is lost when
    /// this is called off.
    pub(in crate::shell) async fn next_wish(&mut self) -> Wish {
        let typed = tokio::select! {
            typed = self.keys.next() => typed,
            _ = self.resized.recv() => return Wish::GoOn,
            _ = self.continued.recv() => {
                return wish_of(self.canvas.go_on());
            }
        };
        match typed {
            Typed::Key(Key::CtrlC) => Wish::Interrupt,
            Typed::Key(key) => match self.screen.press(key) {
                Pressed::Quit => Wish::Quit,
                Pressed::Redraw | Pressed::Nothing => Wish::GoOn,
            },
            Typed::Redraw => {
                self.canvas.forget();
                Wish::GoOn
            }
            Typed::Stop => wish_of(self.canvas.stop()),
            Typed::Gone => Wish::Gone,
        }
    }

    /// False once a panic, in whatever thread, has given the terminal back.
    pub(in crate::shell) fn is_shown(&self) -> bool {
        self.canvas.is_taken()
    }
}

fn wish_of(done: io::Result<()>) -> Wish {
    match done {
        Ok(()) => Wish::GoOn,
        Err(_) => Wish::Gone,
    }
}
