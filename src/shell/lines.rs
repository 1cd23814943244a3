//! Where lines come from: the line editor on a terminal, or standard input that is a pipe or file.
//!
//! Reading blocks, so a thread of its own does it. It reads only when a line is wanted: while a
//! command runs, the terminal is in its normal mode and input waits where it is.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use zeroize::{Zeroize, Zeroizing};

/// Longest line of a pipe or file, in bytes. The longest command names 255 nodes, or has a password
/// of 256 characters: 2 KiB at most, and a line may hold several.
pub(super) const LINE_MAX: u64 = 64 << 10;

/// Most bytes of a longer line that are read to find its end.
const SKIPPED_MAX: u64 = 16 << 20;

/// What some editors write at the start of a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Most bytes of a pipe that are read at once.
const READ_AHEAD: usize = 8 << 10;

/// What reading a line gave. Lines can hold passwords, so they are wiped.
pub(super) enum Input {
    /// A line, or several when they were pasted, without the last newline.
    Line(Zeroizing<String>),
    /// Ctrl-C at the prompt: the line is forgotten.
    Interrupted,
    /// The line with this number, from 1, is no command, whatever it was meant to be.
    TooLong(u64),
    /// Nor has it an end: what follows can't be told from it.
    Endless,
    /// No more lines.
    End,
    /// The terminal is closed.
    HungUp,
    /// Reading failed.
    Failed(String),
}

/// A line that is to be read.
pub(super) struct Wanted {
    /// What is shown before it.
    pub(super) prompt: String,
    /// It is a command, which a history keeps, and no answer to a question.
    pub(super) is_command: bool,
}

/// A source of lines.
pub(super) struct Lines {
    wanted: mpsc::Sender<Wanted>,
    inputs: UnboundedReceiver<Input>,
    thread: JoinHandle<()>,
}

impl Lines {
    /// Runs `read` in a thread of its own. It is called each time a line is wanted, and dropped, for what is to be done at the end, when no more are.
    pub(super) fn from_reader(
        read: impl FnMut(&Wanted) -> Input + Send + 'static,
    ) -> io::Result<Self> {
        let (wanted, prompts) = mpsc::channel();
        let (sender, inputs) = unbounded_channel();
        let thread = thread::Builder::new()
            .name("lines".to_owned())
            .spawn(move || serve(read, &prompts, &sender))?;
        Ok(Self {
            wanted,
            inputs,
            thread,
        })
    }

    /// Lines of standard input as they are, without a prompt.
    pub(super) fn from_stdin() -> io::Result<Self> {
        let mut stdin = PlainLines::of(ReadAhead::open()?);
        Self::from_reader(move |_wanted| stdin.next())
    }

    /// Lines of a file.
    pub(super) fn from_file(file: File) -> io::Result<Self> {
        let mut file = PlainLines::of(ReadAhead::of(file));
        Self::from_reader(move |_wanted| file.next())
    }

    /// The next line.
    pub(super) async fn next(&mut self, prompt: &str) -> Input {
        self.read(prompt, true).await
    }

    /// The answer to a question.
    pub(super) async fn ask(&mut self, question: &str) -> Input {
        self.read(question, false).await
    }

    async fn read(&mut self, prompt: &str, is_command: bool) -> Input {
        let prompt = prompt.to_owned();
        if self.wanted.send(Wanted { prompt, is_command }).is_err() {
            return Input::End;
        }
        self.inputs.recv().await.unwrap_or(Input::End)
    }

    /// Ends the source: no line is being read when this is called, so the thread ends at once.
    pub(super) fn finish(self) {
        drop(self.wanted);
        // A panic in there has been reported, and the line source is of no use any more.
        let _ = self.thread.join();
    }
}

fn serve(
    mut read: impl FnMut(&Wanted) -> Input,
    wanted: &mpsc::Receiver<Wanted>,
    inputs: &UnboundedSender<Input>,
) {
    while let Ok(line) = wanted.recv() {
        if inputs.send(read(&line)).is_err() {
            return;
        }
    }
}

/// Standard input or a file, read ahead into memory that is wiped as lines are taken from it.
struct ReadAhead {
    file: File,
    ahead: Zeroizing<Vec<u8>>,
    /// What was read and not taken.
    waiting: Range<usize>,
}

impl ReadAhead {
    fn open() -> io::Result<Self> {
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        Ok(Self::of(File::from(stdin)))
    }

    fn of(file: File) -> Self {
        Self {
            file,
            ahead: Zeroizing::new(vec![0; READ_AHEAD]),
            waiting: 0..0,
        }
    }
}

impl Read for ReadAhead {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let size = self.fill_buf()?.read(into)?;
        self.consume(size);
        Ok(size)
    }
}

impl BufRead for ReadAhead {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.waiting.is_empty() {
            self.waiting = 0..self.file.read(&mut self.ahead)?;
        }
        Ok(&self.ahead[self.waiting.clone()])
    }

    fn consume(&mut self, size: usize) {
        let start = self.waiting.start;
        self.waiting.start = self.waiting.end.min(start + size);
        self.ahead[start..self.waiting.start].zeroize();
    }
}

/// The lines of a pipe or file.
struct PlainLines<R> {
    input: R,
    /// Of the line that was read last, from 1.
    number: u64,
    /// The rest of that line is still to be read past.
    is_in_line: bool,
}

impl<R: BufRead> PlainLines<R> {
    fn of(input: R) -> Self {
        Self {
            input,
            number: 0,
            is_in_line: false,
        }
    }

    fn next(&mut self) -> Input {
        self.read()
            .unwrap_or_else(|error| Input::Failed(error.to_string()))
    }

    fn read(&mut self) -> io::Result<Input> {
        // Not before the next line is wanted: the rest may never come.
        if std::mem::take(&mut self.is_in_line) && !self.skip_line()? {
            return Ok(Input::Endless);
        }
        let mut line = Zeroizing::new(Vec::new());
        let mut beginning = self.input.by_ref().take(LINE_MAX);
        if beginning.read_until(b'\n', &mut line)? == 0 {
            return Ok(Input::End);
        }
        self.number += 1;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 == LINE_MAX {
            self.is_in_line = true;
            return Ok(Input::TooLong(self.number));
        }
        let text = match line.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) if self.number == 1 => text,
            _ => &line,
        };
        let text = String::from_utf8_lossy(text).into_owned();
        Ok(Input::Line(Zeroizing::new(text)))
    }

    /// Reads past the next newline, or to the end. False if neither comes.
    fn skip_line(&mut self) -> io::Result<bool> {
        let mut skipped = 0;
        while skipped < SKIPPED_MAX {
            let chunk = self.input.fill_buf()?;
            let newline = chunk.iter().position(|byte| *byte == b'\n');
            let is_over = newline.is_some() || chunk.is_empty();
            let length = newline.map_or(chunk.len(), |at| at + 1);
            self.input.consume(length);
            if is_over {
                return Ok(true);
            }
            skipped += length as u64;
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Up to the end, or to where nothing can follow.
    fn inputs(source: impl Read) -> Vec<String> {
        let mut lines = PlainLines::of(io::BufReader::new(source));
        let mut inputs = Vec::new();
        loop {
            match lines.next() {
                Input::Line(line) => inputs.push(line.to_string()),
                Input::TooLong(number) => inputs.push(format!("line {number} is too long")),
                Input::Endless => {
                    inputs.push("endless".to_owned());
                    return inputs;
                }
                Input::End => return inputs,
                Input::Interrupted | Input::HungUp | Input::Failed(_) => panic!("{inputs:?}"),
            }
        }
    }

    #[test]
    fn only_a_line_that_is_too_long_is_left_out() {
        let longest = "x".repeat(LINE_MAX as usize - 1);
        let text = format!("SHOW\n{longest}\n{longest}x\n{longest}{longest}\nQUIT");
        let third = "line 3 is too long";
        let fourth = "line 4 is too long";
        assert_eq!(
            inputs(text.as_bytes()),
            ["SHOW", &longest, third, fourth, "QUIT"]
        );
    }

    #[test]
    fn a_line_without_an_end_is_not_read_for_ever() {
        assert_eq!(inputs(io::repeat(0)), ["line 1 is too long", "endless"]);
    }

    #[test]
    fn a_byte_order_mark_stands_only_at_the_start() {
        let text = "\u{feff}SHOW\n\u{feff}SHOW\n";
        assert_eq!(inputs(text.as_bytes()), ["SHOW", "\u{feff}SHOW"]);
        assert_eq!(inputs("\u{feff}".as_bytes()), [""]);
    }
}
