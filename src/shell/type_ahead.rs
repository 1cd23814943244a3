//! What is typed on the terminal while a command runs.
//!
//! The terminal shows it where the cursor is, and the next line is read from it once the command
//! has ended. What is printed meanwhile would go on behind it, on the same line. A terminal that
//! gathers whole lines does not tell that a part of one has been typed, so while a command runs it
//! gathers none.

use std::future::pending;
use std::io::{self, IsTerminal};
use std::time::Duration;

use rustix::io::ioctl_fionread;
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, tcflush, tcgetattr,
    tcsetattr,
};
use tokio::time::sleep;

/// The modes of the terminal that is standard input.
pub(super) struct TerminalModes(Termios);

impl TerminalModes {
    /// As they are now; none if standard input is no terminal.
    pub(super) fn now() -> Option<Self> {
        tcgetattr(io::stdin()).ok().map(Self)
    }

    /// Makes the terminal what it was. Nothing can be done when that fails: it is gone.
    pub(super) fn restore(&self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// How often is looked for a key.
const LOOK: Duration = Duration::from_millis(50);

/// Keys that end something, until it is dropped. They are not shown, and no line has them.
pub(super) struct Keys {
    before: TerminalModes,
}

impl Keys {
    /// None if standard input is no terminal.
    pub(super) fn listen() -> Option<Self> {
        let before = TerminalModes::now()?;
        let modes = without_lines(&before.0, LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &modes).ok()?;
        Some(Self { before })
    }

    /// Waits for a key, and takes what was typed; for ever where nobody listens.
    pub(super) async fn pressed(keys: Option<&Self>) {
        if keys.is_none() {
            pending::<()>().await;
        }
        while bytes_waiting() == 0 {
            sleep(LOOK).await;
        }
        // The terminal is gone when this fails; the next line notices that.
        let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.before.restore();
    }
}

/// Modes of a terminal that gathers no lines, and without others.
fn without_lines(modes: &Termios, others: LocalModes) -> Termios {
    let mut modes = modes.clone();
    modes.local_modes.remove(LocalModes::ICANON | others);
    // These two stand where the keys for the end of input and of a line were.
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    modes
}

/// How many bytes were typed and not read yet; of a terminal that gathers lines, in whole lines.
pub(super) fn bytes_waiting() -> u64 {
    ioctl_fionread(io::stdin()).unwrap_or_default()
}

/// Watches what is typed until it is dropped.
pub(super) struct TypeAhead {
    before: TerminalModes,
    seen: u64,
}

impl TypeAhead {
    /// None if no terminal shows both what is typed and what is printed.
    pub(super) fn watch() -> Option<Self> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let before = TerminalModes::now()?;
        let modes = without_lines(&before.0, LocalModes::empty());
        tcsetattr(io::stdin(), OptionalActions::Now, &modes).ok()?;
        // A paste is longer than one line; what came before was not shown.
        Some(Self {
            before,
            seen: bytes_waiting(),
        })
    }

    /// True if something was typed since the last call.
    pub(super) fn has_grown(&mut self) -> bool {
        let waiting = bytes_waiting();
        let has_grown = waiting > self.seen;
        self.seen = waiting;
        has_grown
    }
}

impl Drop for TypeAhead {
    fn drop(&mut self) {
        self.before.restore();
    }
}
