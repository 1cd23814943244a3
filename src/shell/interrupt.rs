//! Ctrl-C while a command runs.

use std::future::pending;
use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// Whether Ctrl-C ends the command that runs, or the program, as usual.
#[derive(Clone, Copy)]
pub(super) struct Interrupt {
    ends_command: bool,
}

impl Interrupt {
    /// Ctrl-C ends the program.
    pub(super) const ENDS_PROGRAM: Interrupt = Interrupt {
        ends_command: false,
    };

    /// From now on Ctrl-C never ends the program.
    pub(super) fn end_command() -> io::Result<Self> {
        // The handler stays when what listens to it is dropped.
        drop(signal(SignalKind::interrupt())?);
        Ok(Self { ends_command: true })
    }

    /// Waits for a Ctrl-C that comes after this call; for ever, if it ends the program.
    pub(super) async fn next(self) {
        if self.ends_command
            && let Ok(mut signal) = signal(SignalKind::interrupt())
        {
            signal.recv().await;
        } else {
            pending().await
        }
    }
}
