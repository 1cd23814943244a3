//! Where the shell's text goes. Nothing else in the shell writes to standard output.
//!
//! While a line is being edited, text that nobody asked for (events, the fate of a backup in the
//! background) goes to a thread that prints it above the line, so that what is typed survives.
//! Printing through the editor blocks until the editor looks, hence the thread. The way to it is
//! bounded: a cluster can send events faster than a terminal shows them. At any other time text is
//! written directly, in order.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use jiff::Timestamp;

use crate::cli::is_harmful;
use crate::cluster::Event;

use super::live_lines::LiveLines;
use super::outcome::Look;
use super::render;
use super::render::json::{self, Layout};

/// Texts that wait to be printed above the line; of more, those that nobody depends on are left
/// out.
const WAITING_MAX: usize = 256;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Text for people, as the original's
    #[default]
    Text,
    /// One JSON object for each command
    Json,
    /// The same on one line each, and a line for each event, as it comes
    #[value(name = "jsonl")]
    JsonLines,
}

/// Prints above the line that is being edited.
pub(super) type PrintAbove = Box<dyn FnMut(String) + Send>;

/// Standard output and standard error, shared by the commands and the event connection.
#[derive(Clone)]
pub(super) struct Output {
    format: Format,
    /// Status events take one line.
    folds: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// To the thread that prints above the line; `None` without a line editor.
    above: Option<Sender<String>>,
    /// Texts that were left out and not counted aloud yet.
    left_out: u64,
    /// A line is being edited now.
    editing: bool,
    /// How far a backup is, below what is written.
    live: LiveLines,
    /// Standard output failed; nothing more is written to it.
    failure: Option<io::Error>,
    /// What went to standard error.
    #[cfg(test)]
    advice: String,
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        Self::folding(format, false)
    }

    /// With status events on one line, or on three.
    pub(super) fn folding(format: Format, folds: bool) -> Self {
        Self {
            format,
            folds,
            state: Arc::default(),
        }
    }

    /// Shows how far a backup is, until [`Output::end_live_lines`].
    pub(super) fn show_live_lines(&self, look: &Look) {
        self.lock().live.show(look);
    }

    /// Takes the lines away.
    pub(super) fn end_live_lines(&self) {
        self.lock().live.end();
    }

    /// How results are written.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// How objects are laid out; none for text.
    pub(super) fn layout(&self) -> Option<Layout> {
        match self.format {
            Format::Text => None,
            Format::Json => Some(Layout::Indented),
            Format::JsonLines => Some(Layout::Line),
        }
    }

    /// From now on, text that comes while a line is edited is printed through `print`.
    pub(super) fn print_above_with(&self, print: PrintAbove) {
        let (above, texts) = channel(WAITING_MAX);
        let output = self.clone();
        let started = thread::Builder::new()
            .name("print-above".to_owned())
            .spawn(move || output.serve(texts, print));
        if started.is_ok() {
            self.lock().above = Some(above);
        }
    }

    /// Prints what waits. How many texts were left out is said once nothing waits any more, which
    /// is where they are missing.
    fn serve(&self, mut texts: Receiver<String>, mut print: PrintAbove) {
        while let Some(text) = texts.blocking_recv() {
            print(text);
            if texts.is_empty() {
                let left_out = std::mem::take(&mut self.lock().left_out);
                if left_out > 0 {
                    print(render::render_left_out(left_out));
                }
            }
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

    /// Writes text about the connection, not about a command: to standard output where people
    /// read, else to standard error.
    pub(super) fn talk(&self, text: &str) {
        match self.format {
            Format::Text => self.print(text),
            Format::Json | Format::JsonLines => self.advise(text),
        }
    }

    /// Writes the object of a command to standard output, at once.
    pub(super) fn print_object(&self, ended: &json::Ended<'_>) {
        if let Some(layout) = self.layout() {
            self.print(&json::render_command(ended, layout));
        }
    }

    /// What is written of an event that nobody asked for; none for those that are left out.
    pub(super) fn event_text(&self, event: &Event) -> Option<String> {
        let text = render::render_event(event)?;
        match self.format {
            Format::Text if self.folds => Some(render::render_folded(event).unwrap_or(text)),
            Format::Text => Some(text),
            Format::Json => None,
            Format::JsonLines => Some(json::render_event(event, Timestamp::now())),
        }
    }

    /// Writes the object of an event, as it comes, where there is one for each.
    pub(super) fn print_event(&self, event: &Event) {
        if self.format == Format::JsonLines {
            self.print(&json::render_event(event, Timestamp::now()));
        }
    }

    /// Writes text that nobody asked for: above the line that is edited, else directly. It is left
    /// out, and counted, if too much waits already.
    pub(super) fn announce(&self, text: &str) {
        let text = harmless(text).into_owned();
        let mut state = self.lock();
        let Some(above) = state.above_line() else {
            return state.write(&text);
        };
        // Once one is left out so are all that follow, until the count has been said.
        if state.left_out > 0 {
            state.left_out += 1;
            return;
        }
        match above.try_send(text) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => state.left_out += 1,
            Err(TrySendError::Closed(text)) => state.write(&text),
        }
    }

    /// The same for text that must not be missing: waits for its place.
    pub(super) async fn announce_surely(&self, text: &str) {
        let text = harmless(text).into_owned();
        let above = self.lock().above_line();
        match above {
            Some(above) => {
                if let Err(unsent) = above.send(text).await {
                    self.lock().write(&unsent.0);
                }
            }
            None => self.lock().write(&text),
        }
    }

    /// Writes talk that nobody asked for: above the line that is edited, else to standard error.
    pub(super) async fn notify(&self, text: &str) {
        if self.format == Format::Text && self.lock().above_line().is_some() {
            self.announce_surely(text).await;
        } else {
            self.advise(text);
        }
    }

    /// Writes to standard error. Nothing can be done when that fails.
    pub(super) fn advise(&self, text: &str) {
        #[cfg(test)]
        self.lock().advice.push_str(text);
        let text = harmless(text);
        let live = &self.lock().live;
        let _ = live.suspend(|| io::stderr().write_all(text.as_bytes()));
    }

    /// Begins a new line on a terminal that has just echoed `^C`, or a key that shows nothing.
    pub(super) fn end_typed_line(&self) {
        if io::stderr().is_terminal() {
            self.advise("\n");
        }
    }

    /// What went to standard error.
    #[cfg(test)]
    pub(super) fn advice(&self) -> String {
        self.lock().advice.clone()
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

/// Text without what a terminal would obey: a server can put it into what is repeated here.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.contains(is_harmful) {
        Cow::Owned(text.replace(is_harmful, "?"))
    } else {
        Cow::Borrowed(text)
    }
}

impl State {
    /// The way to the thread that prints above the line, while one is edited.
    fn above_line(&self) -> Option<Sender<String>> {
        self.above.clone().filter(|_| self.editing)
    }

    fn write(&mut self, text: &str) {
        if self.failure.is_some() || text.is_empty() {
            return;
        }
        let written = self.live.suspend(|| {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()
        });
        self.failure = written.err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_or_hide_is_a_question_mark() {
        for (text, shown) in [
            ("Node 2:\tgr\u{fc}n\n", "Node 2:\tgr\u{fc}n\n"),
            ("a\u{1b}[2Jb\rc", "a?[2Jb?c"),
            ("\u{202e}1.0.0.721\u{2066}x\u{200b}", "?1.0.0.721?x?"),
        ] {
            assert_eq!(harmless(text), shown);
        }
    }

    #[test]
    fn a_flood_is_cut_and_counted_but_what_matters_is_never_left_out() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let output = Output::new(Format::Text);
        let (printed, seen) = std::sync::mpsc::channel();
        let (go_on, may_print) = std::sync::mpsc::channel::<()>();
        output.print_above_with(Box::new(move |text| {
            let _ = may_print.recv();
            let _ = printed.send(text);
        }));
        output.set_editing(true);
        for _ in 0..10_000 {
            output.announce("event\n");
        }
        drop(go_on);
        runtime.block_on(output.announce_surely("backup\n"));
        let left_out = loop {
            let text = seen.recv().expect("more text");
            if text.ends_with("left out\n") {
                break text;
            }
        };
        // One text may have been on its way beside those that waited.
        assert!(
            ["9,743 events left out\n", "9,744 events left out\n"].contains(&left_out.as_str()),
            "{left_out}"
        );
        runtime.block_on(output.announce_surely("end\n"));
        let rest: Vec<String> = seen.iter().take_while(|text| text != "end\n").collect();
        assert!(rest.iter().all(|text| text == "backup\n"), "{rest:?}");
    }

    #[test]
    fn what_a_terminal_would_obey_is_not_written() {
        assert_eq!(harmless("id=2\t@127.0.0.1\n"), "id=2\t@127.0.0.1\n");
        assert_eq!(harmless("\u{1b}[2J\u{7}\r\u{9b}ä"), "?[2J???ä");
    }
}
