//! PAGER: a program that shows long results page by page.

use std::env;
use std::io::Write;
use std::process::{Command, Stdio};

use super::outcome::Outcome;
use super::{Mode, Shell, render};

/// Without one in the command and in the environment.
const DEFAULT: &str = "less";

/// How the system's shell ends when it can't run the program.
const NOT_RUN: [i32; 2] = [126, 127];

impl Shell {
    /// Without a program, or with one of blanks, the usual one.
    pub(super) fn set_pager(&mut self, program: Option<String>) -> Outcome {
        let usual = || {
            env::var("PAGER")
                .ok()
                .filter(|name| !name.trim().is_empty())
        };
        let program = program.filter(|name| !name.trim().is_empty());
        let program = program.or_else(usual).unwrap_or_else(|| DEFAULT.to_owned());
        self.pager = Some(program.clone());
        Outcome::Pager(Some(program))
    }

    pub(super) fn set_no_pager(&mut self) -> Outcome {
        self.pager = None;
        Outcome::Pager(None)
    }

    /// Long results go to a pager, as a whole.
    pub(super) fn has_pager(&self) -> bool {
        self.pager.is_some() && self.mode == Mode::Terminal
    }

    /// Gives a result that is longer than the screen to the pager, and waits until its reader has
    /// seen enough. False if it has to be printed.
    pub(super) async fn page(&self, text: &str) -> bool {
        let is_long = || {
            let size = self.output.size();
            size.is_some_and(|size| size.is_exceeded_by(text))
        };
        let Some(program) = self.pager.as_ref().filter(|_| self.mode == Mode::Terminal) else {
            return false;
        };
        if !is_long() {
            return false;
        }
        let (command, text) = (program.clone(), self.output.plain(text));
        let kept_back = self.output.keep_back();
        self.output.leave_terminal();
        let ended = tokio::task::spawn_blocking(move || run(&command, &text)).await;
        drop(kept_back);
        match ended.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(()) => true,
            Err(reason) => {
                self.output
                    .advise(&render::render_no_pager(program, &reason));
                false
            }
        }
    }
}

fn run(program: &str, text: &str) -> Result<(), String> {
    let mut command = Command::new("sh");
    command.arg("-c").arg(program).stdin(Stdio::piped());
    let mut pager = command.spawn().map_err(|error| error.to_string())?;
    if let Some(mut pipe) = pager.stdin.take() {
        // Readers may have seen enough before the end.
        let _ = pipe.write_all(text.as_bytes());
    }
    let status = pager.wait().map_err(|error| error.to_string())?;
    match status.code() {
        Some(code) if NOT_RUN.contains(&code) => Err(status.to_string()),
        _ => Ok(()),
    }
}
