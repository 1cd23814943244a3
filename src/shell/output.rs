//! Where the shell's text goes. Nothing else in the shell writes to standard output.
//!
//! While a line is being edited, text that nobody asked for (events, the fate of a backup in the
//! background) goes to a thread that prints it above the line, so that what is typed survives.
//! Printing through the editor blocks until the editor looks, hence the thread. At any other time
//! text is written directly, in order.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Prints above the line that is being edited.
pub(super) type PrintAbove = Box<dyn FnMut(String) + Send>;

/// Standard output and standard error, shared by the commands and the event connection.
#[derive(Clone)]
pub(super) struct Output {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// To the thread that prints above the line; `None` without a line editor.
    above: Option<Sender<String>>,
    /// A line is being edited now.
    editing: bool,
    /// Standard output failed; nothing more is written to it.
    failure: Option<io::Error>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            state: Arc::default(),
        }
    }

    /// From now on, text that comes while a line is edited is printed through `print`.
    pub(super) fn print_above_with(&self, mut print: PrintAbove) {
        let (above, texts) = channel();
        let started = thread::Builder::new()
            .name("print-above".to_owned())
            .spawn(move || {
                while let Ok(text) = texts.recv() {
                    print(text);
                }
            });
        if started.is_ok() {
            self.lock().above = Some(above);
        }
    }

    /// Says whether a line is being edited.
    pub(super) fn set_editing(&self, editing: bool) {
        self.lock().editing = editing;
    }

    /// Writes the text of a command to standard output, at once.
    pub(super) fn print(&self, text: &str) {
        self.lock().write(&harmless(text));
    }

    /// Writes text that nobody asked for: above the line that is edited, else directly.
    pub(super) fn announce(&self, text: String) {
        let text = harmless(&text).into_owned();
        let mut state = self.lock();
        if state.editing
            && let Some(above) = &state.above
            && above.send(text.clone()).is_ok()
        {
            return;
        }
        state.write(&text);
    }

    /// Writes to standard error. Nothing can be done when that fails.
    pub(super) fn advise(&self, text: &str) {
        let _ = io::stderr().write_all(harmless(text).as_bytes());
    }

    /// Begins a new line on a terminal that has just echoed `^C`, or a key that shows nothing.
    pub(super) fn end_typed_line(&self) {
        if io::stderr().is_terminal() {
            self.advise("\n");
        }
    }

    /// Takes what made standard output fail. A reader that went away is no failure of ours.
    pub(super) fn take_failure(&self) -> Option<io::Error> {
        self.lock()
            .failure
            .take()
            .filter(|error| error.kind() != ErrorKind::BrokenPipe)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Text without control characters: a server can put them into what is repeated here, and a
/// terminal would obey them.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
    if text.contains(is_harmful) {
        Cow::Owned(text.replace(is_harmful, "?"))
    } else {
        Cow::Borrowed(text)
    }
}

impl State {
    fn write(&mut self, text: &str) {
        if self.failure.is_some() || text.is_empty() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if let Err(error) = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
        {
            self.failure = Some(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_not_written() {
        assert_eq!(harmless("id=2\t@127.0.0.1\n"), "id=2\t@127.0.0.1\n");
        assert_eq!(harmless("\u{1b}[2J\u{7}\r\u{9b}ä"), "?[2J???ä");
    }
}
