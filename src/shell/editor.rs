//! The line editor on a terminal: history, completion, and a way to print above the line.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use rustix::io::Errno;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, ExternalPrinter, Helper};
use zeroize::Zeroizing;

use crate::command::{self, LiveIds};

use super::history;
use super::lines::{Input, Lines, Wanted};
use super::live_ids::Questions;
use super::output::{Output, PrintAbove};

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
    editor: Editor<Completion, MemHistory>,
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
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, history)?;
        editor.set_helper(Some(Completion {
            questions,
            is_command: true,
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
        if let Some(completion) = self.editor.helper_mut() {
            completion.is_command = wanted.is_command;
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
                // Said of a terminal that is gone, to who did not hear the signal before.
                error if error.raw_os_error() == Some(Errno::IO.raw_os_error()) => Input::HungUp,
                error => Input::Failed(error.to_string()),
            },
        }
    }

    fn remember(&mut self, lines: &str) {
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
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

/// Completes the words of commands, and ids of the cluster; everything else about a line is left
/// as typed, and so are answers.
struct Completion {
    questions: Questions,
    is_command: bool,
}

impl Completer for Completion {
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

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}
