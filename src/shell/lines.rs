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

/// Longest line of a pipe, in bytes; the longest command is far shorter.
const LINE_MAX: u64 = 64 << 10;

/// Most bytes of a pipe that are read at once.
const READ_AHEAD: usize = 8 << 10;

/// What reading a line gave. Lines can hold passwords, so they are wiped.
pub(super) enum Input {
    /// A line, or several when they were pasted, without the last newline.
    Line(Zeroizing<String>),
    /// Ctrl-C at the prompt: the line is forgotten.
    Interrupted,
    /// A line of a pipe that is no command, whatever it was meant to be.
    TooLong,
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
        let mut stdin = ReadAhead::open()?;
        Self::from_reader(move |_wanted| read_line(&mut stdin))
    }

    /// Lines of a file.
    pub(super) fn from_file(file: File) -> io::Result<Self> {
        let mut file = ReadAhead::of(file);
        Self::from_reader(move |_wanted| read_line(&mut file))
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

fn read_line(input: &mut impl BufRead) -> Input {
    let mut line = Zeroizing::new(Vec::new());
    match input.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
        Err(error) => return Input::Failed(error.to_string()),
        Ok(0) => return Input::End,
        Ok(_) => {}
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == LINE_MAX {
        return match skip_line(input) {
            Ok(()) => Input::TooLong,
            Err(error) => Input::Failed(error.to_string()),
        };
    }
    Input::Line(Zeroizing::new(String::from_utf8_lossy(&line).into_owned()))
}

/// Reads past the next newline, or to the end.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let chunk = input.fill_buf()?;
        if chunk.is_empty() {
            return Ok(());
        }
        let newline = chunk.iter().position(|byte| *byte == b'\n');
        let length = newline.map_or(chunk.len(), |at| at + 1);
        input.consume(length);
        if newline.is_some() {
            return Ok(());
        }
    }
}
