//! What a data node's writer is told to do, and its waiting for that.

use std::io;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cluster::Gci;

/// What a data node is to do with its part of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    /// Wait for another command.
    Wait,
    /// Write rows and log entries.
    Scan,
    /// Complete the files.
    Finish { start_gci: Gci, stop_gci: Gci },
    /// Stop and remove the files.
    Remove,
    /// The backup is over, the files stay.
    Release,
}

/// A command that threads wait for.
#[derive(Debug)]
pub(super) struct Signal {
    command: Mutex<Command>,
    changed: Condvar,
}

impl Signal {
    pub(super) fn new() -> Self {
        Signal {
            command: Mutex::new(Command::Wait),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Command> {
        self.command.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn get(&self) -> Command {
        *self.lock()
    }

    /// Gives a command; nothing revokes a removal.
    pub(super) fn set(&self, command: Command) {
        let mut current = self.lock();
        if *current != Command::Remove || command == Command::Release {
            *current = command;
        }
        drop(current);
        self.changed.notify_all();
    }

    /// Waits until the command is none of these.
    pub(super) fn wait_past(&self, known: &[Command]) -> Command {
        let current = self.lock();
        let current = self
            .changed
            .wait_while(current, |command| known.contains(command))
            .unwrap_or_else(PoisonError::into_inner);
        *current
    }

    /// Waits this long; fails at once when the files are to be removed.
    pub(super) fn pause(&self, time: Duration) -> io::Result<()> {
        let current = self.lock();
        let (current, _) = self
            .changed
            .wait_timeout_while(current, time, |command| *command != Command::Remove)
            .unwrap_or_else(PoisonError::into_inner);
        match *current {
            Command::Remove => Err(io::Error::other("the backup was aborted")),
            _ => Ok(()),
        }
    }
}
