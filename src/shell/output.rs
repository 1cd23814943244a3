//! Where the shell's text goes. Nothing else in the shell writes to standard output.
//!
//! While a line is being edited, text that nobody asked for (events, the fate of a backup in the
//! background) goes to a thread that prints it above the line, so that what is typed survives.
//! Printing through the editor blocks until the editor looks, hence the thread. The way to it is
//! bounded: a cluster can send events faster than a terminal shows them. At any other time text is
//! written directly, in order.
//!
//! A terminal without cursor control has no editor: such text stands below the line then, and the
//! prompt once more below it. What is typed while a command runs is on the terminal, too, and
//! nothing is written behind it on its line.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::termios::tcgetwinsize;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use jiff::Timestamp;

use crate::cli::is_harmful;
use crate::cluster::{Event, SavedEvent};

use super::colors::{Colors, has_cursor_control};
use super::live_lines::LiveLines;
use super::outcome::Look;
use super::render::json::{self, Layout};
use super::render::{self, Size};
use super::stuck_terminal::{QUIET, TerminalUse};
use super::type_ahead::TypeAhead;

/// Texts that wait to be printed above the line; of more, those that nobody depends on are left
/// out.
const WAITING_MAX: usize = 256;

/// Most bytes of one write to a terminal: whether the rest is wanted is asked between two.
const PIECE: usize = 1 << 10;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Text for people, as the original's
    #[default]
    Text,
    /// One JSON object for each command
    Json,
    /// The same on one line each, and a line for each event and each step of ROLLING RESTART and
    /// WAIT FOR, as it comes
    #[value(name = "jsonl")]
    JsonLines,
    /// HEALTH only: the line of a Nagios plugin
    Nagios,
    /// HEALTH only: Prometheus's text format
    Prometheus,
}

impl Format {
    /// True for those that monitoring reads, and that only HEALTH has.
    pub(super) fn is_for_monitoring(self) -> bool {
        matches!(self, Format::Nagios | Format::Prometheus)
    }
}

/// Keeps back what nobody asked for, until it is dropped: the terminal is not ours to write to.
pub(super) struct KeptBack {
    output: Output,
    texts: Receiver<String>,
}

impl Drop for KeptBack {
    fn drop(&mut self) {
        let mut state = self.output.lock();
        state.kept_back = None;
        self.texts.close();
        while let Ok(text) = self.texts.try_recv() {
            self.output.write(&mut state, &text);
        }
        let left_out = std::mem::take(&mut state.left_out);
        if left_out > 0 {
            self.output
                .write(&mut state, &render::render_left_out(left_out));
        }
    }
}

/// A screen for a command alone, until it is dropped.
pub(super) struct Screen {
    output: Output,
    /// What it shows.
    shown: String,
    /// Dropped after the screen was left.
    _kept_back: KeptBack,
}

impl Screen {
    /// Draws a text over the last one, as far as it fits.
    pub(super) fn draw(&mut self, text: &str) {
        self.shown = text.to_owned();
        let Some(size) = self.output.size() else {
            return;
        };
        let text = render::fit(&harmless(text), size);
        let screen = render::redraw(&self.output.shown(&text));
        self.output.write(&mut self.output.lock(), &screen);
    }
}

impl Drop for Screen {
    /// The last text stays, below what was there before.
    fn drop(&mut self) {
        let shown = self.output.shown(&self.shown);
        let mut state = self.output.lock();
        self.output.write(&mut state, render::LEAVE);
        self.output.write(&mut state, &shown);
    }
}

/// Prints above the line that is being edited.
pub(super) type PrintAbove = Box<dyn FnMut(String) + Send>;

/// Standard output and standard error, shared by the commands and the event connection.
#[derive(Clone)]
pub(super) struct Output {
    format: Format,
    /// Status events take one line.
    folds: bool,
    colors: Colors,
    state: Arc<Mutex<State>>,
    terminal: Arc<TerminalUse>,
}

#[derive(Default)]
struct State {
    /// To the thread that prints above the line; `None` without a line editor.
    above: Option<Sender<String>>,
    /// To where texts are kept back.
    kept_back: Option<Sender<String>>,
    /// Texts that were left out and not counted aloud yet.
    left_out: u64,
    /// A line is being edited now.
    editing: bool,
    /// How far a backup is, below what is written.
    live: LiveLines,
    /// There is no editor: the prompt is written here.
    writes_prompt: bool,
    /// That prompt, while a line is typed at it.
    prompt: Option<String>,
    /// What is typed while no line is.
    typed: Option<TypeAhead>,
    /// Standard output failed; nothing more is written to it.
    failure: Option<io::Error>,
    /// What went to standard error.
    #[cfg(test)]
    advice: String,
}

impl Output {
    pub(super) fn new(format: Format) -> Self {
        Self::styled(format, false, Colors::default())
    }

    /// With status events on one line, or on three. Objects are never coloured.
    pub(super) fn styled(format: Format, folds: bool, mut colors: Colors) -> Self {
        colors.stdout &= format == Format::Text;
        Self {
            format,
            folds,
            colors,
            state: Arc::default(),
            terminal: Arc::default(),
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

    /// Whether text on standard output is coloured.
    pub(super) fn is_colored(&self) -> bool {
        self.colors.stdout
    }

    /// How objects are laid out; none for text.
    pub(super) fn layout(&self) -> Option<Layout> {
        match self.format {
            Format::Text | Format::Nagios | Format::Prometheus => None,
            Format::Json => Some(Layout::Indented),
            Format::JsonLines => Some(Layout::Line),
        }
    }

    /// What is being done with the terminal.
    pub(super) fn terminal(&self) -> Arc<TerminalUse> {
        Arc::clone(&self.terminal)
    }

    /// Size of the terminal that text is for; none if there is none, or it does not tell.
    pub(super) fn size(&self) -> Option<Size> {
        let stdout = io::stdout();
        let is_read = self.format == Format::Text && stdout.is_terminal();
        let size = is_read.then(|| tcgetwinsize(&stdout).ok())??;
        (size.ws_col > 0 && size.ws_row > 0).then_some(Size {
            rows: usize::from(size.ws_row),
            columns: usize::from(size.ws_col),
        })
    }

    /// Its columns.
    pub(super) fn columns(&self) -> Option<usize> {
        self.size().map(|size| size.columns)
    }

    /// A screen for a command alone; none on a terminal that can't have one.
    pub(super) fn open_screen(&self) -> Option<Screen> {
        self.size().filter(|_| has_cursor_control())?;
        let kept_back = self.keep_back();
        self.write(&mut self.lock(), render::ENTER);
        Some(Screen {
            output: self.clone(),
            shown: String::new(),
            _kept_back: kept_back,
        })
    }

    /// Keeps back what nobody asked for.
    pub(super) fn keep_back(&self) -> KeptBack {
        let (kept_back, texts) = channel(WAITING_MAX);
        self.lock().kept_back = Some(kept_back);
        KeptBack {
            output: self.clone(),
            texts,
        }
    }

    /// Writes what draws on a terminal, as it is: who makes it sees to what is in it.
    pub(super) fn draw(&self, text: &str) {
        self.write(&mut self.lock(), text);
    }

    /// What is typed is for another program, until the next line.
    pub(super) fn leave_terminal(&self) {
        self.lock().typed = None;
    }

    /// Text as another program is to have it.
    pub(super) fn plain(&self, text: &str) -> String {
        harmless(text).into_owned()
    }

    /// From now on, the prompt is written here, and text that comes while a line is typed at it
    /// below that line.
    pub(super) fn print_below(&self) {
        let output = self.clone();
        self.lock().writes_prompt = true;
        self.print_above_with(Box::new(move |text| {
            let prompt = output.lock().prompt.clone();
            let text = match prompt {
                Some(prompt) => format!("\n{text}{prompt}"),
                None => text,
            };
            let mut stdout = io::stdout().lock();
            // The terminal is gone when this fails; reading notices that as well.
            let _ = stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush());
        }));
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
            if self.terminal.take_text_missing() {
                // The editor looks at the keys first.
                thread::sleep(QUIET);
                print(render::NOT_TAKEN.to_owned());
            }
            if texts.is_empty() {
                let left_out = std::mem::take(&mut self.lock().left_out);
                if left_out > 0 {
                    print(render::render_left_out(left_out));
                }
            }
        }
    }

    /// A line is read from now on, on a terminal at this prompt.
    pub(super) fn begin_line(&self, prompt: Option<&str>) {
        let mut state = self.lock();
        state.typed = None;
        state.editing = true;
        if let Some(prompt) = prompt.filter(|_| state.writes_prompt) {
            state.prompt = Some(prompt.to_owned());
            self.write(&mut state, prompt);
        }
        self.terminal.set_line_read(true);
    }

    /// The line has been read. What is typed until the next one is watched, on a terminal.
    pub(super) fn end_line(&self, watches_typing: bool) {
        self.terminal.set_line_read(false);
        let mut state = self.lock();
        state.editing = false;
        state.prompt = None;
        state.typed = None;
        if watches_typing {
            state.typed = TypeAhead::watch();
        }
    }

    /// Writes the text of a command to standard output, at once.
    pub(super) fn print(&self, text: &str) {
        self.write(&mut self.lock(), &self.shown(text));
    }

    /// The same for the pages of HELP.
    pub(super) fn print_pages(&self, pages: &str) {
        match self.colors.stdout {
            true => {
                let pages = render::color_pages(&harmless(pages));
                self.write(&mut self.lock(), &pages);
            }
            false => self.print(pages),
        }
    }

    /// Text as it stands on standard output: nothing in it is obeyed but our own colours.
    fn shown<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let text = harmless(text);
        match self.colors.stdout {
            true => Cow::Owned(render::color(&text)),
            false => text,
        }
    }

    /// Writes text that stands as on standard output already.
    pub(super) fn print_shown(&self, text: &str) {
        self.write(&mut self.lock(), text);
    }

    /// A line of REPORT EventLog as it stands on standard output.
    pub(super) fn saved_event_text(&self, saved: &SavedEvent) -> String {
        let line = render::render_saved_event(saved);
        match self.colors.stdout {
            true => {
                let severity = saved.event.body.kind().severity();
                render::color_saved_event(&harmless(&line), severity)
            }
            false => harmless(&line).into_owned(),
        }
    }

    /// Writes text about the connection, not about a command: to standard output where people
    /// read, else to standard error.
    pub(super) fn talk(&self, text: &str) {
        match self.format {
            Format::Text => self.print(text),
            Format::Json | Format::JsonLines => self.advise(text),
            // What monitoring does not read is in the result.
            Format::Nagios | Format::Prometheus => {}
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
            Format::Json | Format::Nagios | Format::Prometheus => None,
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
        let text = self.shown(text).into_owned();
        let mut state = self.lock();
        let Some(above) = state.above_line() else {
            return self.write(&mut state, &text);
        };
        // Once one is left out so are all that follow, until the count has been said.
        if state.left_out > 0 {
            state.left_out += 1;
            return;
        }
        match above.try_send(text) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => state.left_out += 1,
            Err(TrySendError::Closed(text)) => self.write(&mut state, &text),
        }
    }

    /// The same for text that must not be missing: waits for its place.
    pub(super) async fn announce_surely(&self, text: &str) {
        let text = self.shown(text).into_owned();
        let above = self.lock().above_line();
        match above {
            Some(above) => {
                if let Err(unsent) = above.send(text).await {
                    self.write(&mut self.lock(), &unsent.0);
                }
            }
            None => self.write(&mut self.lock(), &text),
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
        let mut state = self.lock();
        #[cfg(test)]
        state.advice.push_str(text);
        let is_typed_on = state.is_typed_on();
        let text = harmless(text);
        let text = match self.colors.stderr {
            true => Cow::Owned(render::color(&text)),
            false => text,
        };
        let _ = state.live.suspend(|| {
            let mut stderr = io::stderr().lock();
            let newline: &[u8] = match is_typed_on && stderr.is_terminal() {
                true => b"\n",
                false => b"",
            };
            // It may be the terminal that takes nothing, and is to be seen waiting for it.
            self.terminal.write(|| {
                stderr.write_all(newline)?;
                stderr.write_all(text.as_bytes())
            })
        });
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

    /// Nothing more can be written to standard output.
    pub(super) fn has_failed(&self) -> bool {
        self.lock().failure.is_some()
    }

    /// Takes what made standard output fail. A reader that went away is no failure of ours.
    pub(super) fn take_failure(&self) -> Option<io::Error> {
        self.lock()
            .failure
            .take()
            .filter(|error| error.kind() != ErrorKind::BrokenPipe)
    }

    fn write(&self, state: &mut State, text: &str) {
        if state.failure.is_some() || text.is_empty() {
            return;
        }
        let newline: &[u8] = if state.is_typed_on() { b"\n" } else { b"" };
        // What was dropped is of an earlier text.
        self.terminal.take_rest_unwanted();
        let written = state.live.suspend(|| {
            let mut stdout = io::stdout().lock();
            let piece = match stdout.is_terminal() {
                true => PIECE,
                false => text.len(),
            };
            for piece in std::iter::once(newline).chain(text.as_bytes().chunks(piece)) {
                self.terminal
                    .write(|| stdout.write_all(piece).and_then(|()| stdout.flush()))?;
                if self.terminal.take_rest_unwanted() {
                    break;
                }
            }
            Ok(())
        });
        state.failure = written.err();
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
    /// The way to where texts are kept back, or to the thread that prints above the line, while one
    /// is edited.
    fn above_line(&self) -> Option<Sender<String>> {
        let above = || self.above.clone().filter(|_| self.editing);
        self.kept_back.clone().or_else(above)
    }

    /// True if something was typed where the next text would go.
    fn is_typed_on(&mut self) -> bool {
        self.typed.as_mut().is_some_and(TypeAhead::has_grown)
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
        output.begin_line(None);
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
