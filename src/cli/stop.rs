//! A program that ends before it began.

use std::io::{self, Write};
use std::process::ExitCode;

use super::exit::Exit;

/// The program ends before it began: help, version, or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// For stdout.
    pub stdout: String,
    /// For stderr.
    pub stderr: String,
    /// The status.
    pub exit: Exit,
}

impl Stop {
    /// Ends with these lines on stderr.
    pub fn with_error(stderr: String, exit: Exit) -> Self {
        Stop {
            stdout: String::new(),
            stderr,
            exit,
        }
    }

    /// Prints both texts. It is a failure if what was asked for can't be written, but a reader
    /// that went away is no concern any more.
    pub fn report(self) -> ExitCode {
        let _ = io::stderr().write_all(self.stderr.as_bytes());
        let mut stdout = io::stdout();
        let written = stdout.write_all(self.stdout.as_bytes());
        match written.and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let _ = writeln!(io::stderr(), "cannot write to stdout: {error}");
                match self.exit {
                    Exit::Success => Exit::Failure.into(),
                    exit => exit.into(),
                }
            }
            _ => self.exit.into(),
        }
    }
}
