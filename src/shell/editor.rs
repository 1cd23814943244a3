//! The line editor on a terminal: history, completion, colours and hints, and a way to print above
//! the line.

use std::borrow::Cow;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use rustix::io::Errno;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, ExternalPrinter, Helper};
use zeroize::Zeroizing;

use crate::command::{self, LiveIds};

use super::history;
use super::lines::{Input, Lines, Wanted};
use super::live_ids::Questions;
use super::output::{Output, PrintAbove};
use super::render;

/// Lines of the terminal. Events are printed through `output` above the line from now on, if
/// the terminal can do that.
///
/// Ids of the cluster are asked for where `questions` go.
pub(super) fn lines_of_terminal(output: &Output, questions: Questions) -> io::Result<Lines> {
    let mut terminal = Terminal::open(output.clone(), questions).map_err(io_error)?;
    // Terminals without cursor control have none.
    match terminal.editor.create_external_printer() {
        Ok(printer) => output.print_above_with(print_above(printer)),
        Err(_) if io::stdout().is_terminal() => {
            output.print_below();
            terminal.shows_prompt = false;
        }
        Err(_) => {}
    }
    Lines::from_reader(move |wanted| terminal.read(wanted))
}

fn print_above(mut printer: impl ExternalPrinter + Send + 'static) -> PrintAbove {
    Box::new(move |text| {
        // The terminal is gone when this fails; reading notices that as well.
        let _ = printer.print(text);
    })
}

struct Terminal {
    editor: Editor<LineHelp, MemHistory>,
    /// None if the history is not to be written, or can't be.
    history_path: Option<PathBuf>,
    /// The file has what was loaded, in our form; entries are added to it.
    is_history_saved: bool,
    /// Otherwise the output writes it.
    shows_prompt: bool,
    output: Output,
}

impl Terminal {
    fn open(output: Output, questions: Questions) -> rustyline::Result<Self> {
        let config = Config::builder()
            .max_history_size(history::ENTRIES_MAX)?
            .completion_type(CompletionType::List)
            // Pasted lines run one by one, as if they were typed.
            .bracketed_paste(false)
            // What the options and the environment say has been weighed.
            .color_mode(match output.is_colored() {
                true => ColorMode::Forced,
                false => ColorMode::Disabled,
            })
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history)?;
        editor.set_helper(Some(LineHelp {
            questions,
            is_command: true,
            output: output.clone(),
            prompt: 0,
        }));
        let history_path = history::path();
        for entry in history_path.iter().flat_map(|path| history::load(path)) {
            // Other clients store passwords; they go no further.
            editor.add_history_entry(command::redact(&entry))?;
        }
        Ok(Self {
            editor,
            history_path,
            is_history_saved: false,
            shows_prompt: true,
            output,
        })
    }

    fn read(&mut self, wanted: &Wanted) -> Input {
        let prompt = match self.shows_prompt {
            true => wanted.prompt.as_str(),
            false => "",
        };
        if let Some(help) = self.editor.helper_mut() {
            help.is_command = wanted.is_command;
            help.prompt = prompt.chars().count();
        }
        match self.editor.readline(prompt) {
            Ok(line) => {
                let line = Zeroizing::new(line);
                if wanted.is_command {
                    self.remember(&line);
                }
                Input::Line(line)
            }
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Input::Interrupted,
            Err(ReadlineError::Eof) => Input::End,
            Err(error) => match io_error(error) {
                // Nobody reads the prompt, as with `| head`.
                error if error.kind() == io::ErrorKind::BrokenPipe => Input::End,
                // Said of a terminal that is gone, to who did not hear the signal before.
                error if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => Input::HungUp,
                error => Input::Failed(error.to_string()),
            },
        }
    }

    fn remember(&mut self, lines: &str) {
        // A blank in front keeps a line out of the history, as in many shells.
        let is_kept = |line: &&str| !line.starts_with(' ') && !line.trim().is_empty();
        for line in lines.lines().filter(is_kept) {
            let entry = command::redact(line);
            // It fails only when the history is a file of its own, and this one is not.
            if self.editor.add_history_entry(&entry).unwrap_or_default() {
                self.keep(&entry);
            }
        }
    }

    /// Writes an entry that was just remembered: nothing that ends the client loses it.
    fn keep(&mut self, entry: &str) {
        let Some(path) = &self.history_path else {
            return;
        };
        let kept = if self.is_history_saved {
            history::append(path, entry)
        } else {
            let entries = self.editor.history().into_iter().map(String::as_str);
            history::save(path, entries)
        };
        match kept {
            Ok(()) => self.is_history_saved = true,
            Err(error) => {
                self.output.advise(&format!(
                    "Warning: the history is not written to {}: {error}\n",
                    path.display()
                ));
                self.history_path = None;
            }
        }
    }
}

fn io_error(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        ReadlineError::Errno(error) => error.into(),
        other => io::Error::other(other.to_string()),
    }
}

/// Completes, colours and hints at the words of commands, and completes ids of the cluster;
/// everything else about a line is left as typed, and so are answers.
struct LineHelp {
    questions: Questions,
    is_command: bool,
    output: Output,
    /// Width of the prompt.
    prompt: usize,
}

impl Completer for LineHelp {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _context: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        if !self.is_command {
            return Ok((position, Vec::new()));
        }
        let mut completion = command::complete(line, position);
        if let Some(ids) = completion.live {
            completion.add_ids(line, position, &self.questions.ask(ids));
        }
        let is_list = completion.live == Some(LiveIds::NodesWithoutNodegroup);
        if let [only] = completion.candidates.as_mut_slice()
            && !is_list
            && only.ends_with(|last: char| last.is_ascii_alphanumeric())
            && !line[position..].starts_with(' ')
        {
            // The word is complete: the next one may be typed.
            only.push(' ');
        }
        Ok((completion.start, completion.candidates))
    }
}

/// A hint, and how much of it an arrow key takes over.
struct LineHint {
    shown: String,
    word: usize,
}

impl Hint for LineHint {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.shown.get(..self.word).filter(|word| !word.is_empty())
    }
}

/// What stands for the rest of a hint that is longer than the line has room for.
const CUT: &str = " ..";

impl Hinter for LineHelp {
    type Hint = LineHint;

    /// None without colours, which are what tells it from what is typed.
    fn hint(&self, line: &str, position: usize, _context: &Context<'_>) -> Option<LineHint> {
        self.output.terminal().note_line(line.len(), position);
        let is_hinted = self.is_command && self.output.is_colored();
        if !is_hinted || position < line.len() || !line.is_ascii() {
            return None;
        }
        let command::Hint { mut shown, word } = command::hint(line)?;
        // A cursor behind the last column would begin another row.
        let taken = self.prompt + line.len() + 1;
        let room = self.output.columns()?.saturating_sub(taken);
        if shown.len() > room {
            let kept = room.checked_sub(CUT.len()).filter(|kept| *kept > word)?;
            shown.truncate(shown[..kept].trim_end().len());
            shown.push_str(CUT);
        }
        Some(LineHint { shown, word })
    }
}

impl Highlighter for LineHelp {
    fn highlight<'l>(&self, line: &'l str, _position: usize) -> Cow<'l, str> {
        match self.is_command {
            true => Cow::Owned(render::color_typed(line)),
            false => Cow::Borrowed(line),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(render::color_hint(hint))
    }

    /// A letter can make a keyword of a word, or none.
    fn highlight_char(&self, _line: &str, _position: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

impl Validator for LineHelp {
    /// Every line is one.
    fn validate(
        &self,
        _context: &mut ValidationContext<'_>,
    ) -> rustyline::Result<ValidationResult> {
        self.output.terminal().note_key();
        Ok(ValidationResult::Valid(None))
    }
}

impl Helper for LineHelp {}
