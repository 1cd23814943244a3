//! Commands of the options: `-e`, each with one command or several, and `--file`.

use std::fs::File;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

use crate::cli::Exit;
use crate::command;

use super::lines::{Input, Lines};
use super::outcome::Failure;
use super::tell::Spoken;
use super::{Ended, Shell, render};

/// What stands for standard input.
const STDIN: &str = "-";

/// What messages call it.
pub(super) const STANDARD_INPUT: &str = "standard input";

impl Shell {
    /// Carries out the commands of the options, those of `-e` first; up to the first that fails,
    /// unless all are to be carried out. The status is that of the first that failed.
    pub(super) async fn run_options(&mut self) -> Exit {
        let mut exit = Exit::Success;
        while !self.settings.execute.is_empty() {
            let text = Zeroizing::new(self.settings.execute.remove(0));
            let more_follow = !self.settings.execute.is_empty() || self.settings.file.is_some();
            match self.run_several(text, more_follow).await {
                Ended::With(ended) => exit = exit.or(ended),
                Ended::Hopeless(ended) => return exit.or(ended),
                Ended::Quit => return exit,
            }
            if self.is_over(exit) {
                return exit;
            }
        }
        match self.settings.file.take() {
            Some(path) => exit.or(self.run_file(&path).await),
            None => exit,
        }
    }

    /// Carries out the commands of a text that has semicolons between them; more texts may follow.
    async fn run_several(&mut self, text: Zeroizing<String>, more_follow: bool) -> Ended {
        let commands = command::split(&text).into_iter();
        let commands: Vec<_> = commands
            .map(|command| Zeroizing::new(command.to_owned()))
            .collect();
        // It may hold a password, and a command may wait for long.
        drop(text);
        let mut exit = Exit::Success;
        let mut commands = commands.into_iter();
        while let Some(command) = commands.next() {
            self.is_last_command = !more_follow && commands.as_slice().is_empty();
            match self.run_line(command).await {
                Ended::With(ended) => exit = exit.or(ended),
                ended @ (Ended::Quit | Ended::Hopeless(_)) => {
                    return match (ended, exit) {
                        (Ended::Quit, Exit::Success) => Ended::Quit,
                        (Ended::Hopeless(ended), exit) => Ended::Hopeless(exit.or(ended)),
                        (Ended::Quit | Ended::With(_), exit) => Ended::Hopeless(exit),
                    };
                }
            }
            if self.is_over(exit) {
                break;
            }
        }
        Ended::With(exit)
    }

    /// Nothing more is carried out after this status.
    fn is_over(&self, exit: Exit) -> bool {
        exit == Exit::Interrupted || (exit != Exit::Success && !self.settings.keep_going)
    }

    /// Tells that a line is no command.
    pub(super) async fn refuse_line(&mut self, place: String, line: u64) -> Exit {
        let failure = Failure::LineTooLong { place, line };
        let spoken = Spoken::now(String::new());
        self.show_end(&spoken, &failure, "").await;
        failure.exit(self.settings.exit_codes)
    }

    async fn run_file(&mut self, path: &Path) -> Exit {
        let mut lines = match open(path) {
            Ok(lines) => lines,
            Err(error) => {
                let fault = render::render_unreadable_file(path, &error);
                self.output.advise(&fault);
                return Exit::BadUsage;
            }
        };
        let mut exit = Exit::Success;
        while !self.is_over(exit) {
            let ended = match lines.next("").await {
                Input::Line(text) => self.run_several(text, true).await,
                Input::TooLong(line) => Ended::With(self.refuse_line(path_text(path), line).await),
                Input::Endless => {
                    let fault = render::render_endless_line(&path_text(path));
                    self.output.advise(&fault);
                    break;
                }
                Input::Interrupted | Input::End | Input::HungUp => break,
                Input::Failed(reason) => {
                    let fault = render::render_unreadable_file(path, &io::Error::other(reason));
                    self.output.advise(&fault);
                    Ended::Hopeless(Exit::BadUsage)
                }
            };
            match ended {
                Ended::With(ended) => exit = exit.or(ended),
                Ended::Hopeless(ended) => return exit.or(ended),
                Ended::Quit => break,
            }
        }
        lines.finish();
        exit
    }
}

/// The name of a file of commands, for messages.
fn path_text(path: &Path) -> String {
    match path.as_os_str() == STDIN {
        true => STANDARD_INPUT.to_owned(),
        false => path.display().to_string(),
    }
}

fn open(path: &Path) -> io::Result<Lines> {
    match path.as_os_str() == STDIN {
        true => Lines::from_stdin(),
        false => Lines::from_file(File::open(path)?),
    }
}
