//! Exit statuses, all in one place.

use std::process::ExitCode;

/// How a program ends. Scripts only rely on "0 or not 0"; the numbers are the original's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Success,
    /// 1: the tools' failures (a file that is missing, exists or cannot be read), bad usage of
    /// `ndb_print_backup_file`, and the failures for which the management client has 1.
    Failure,
    /// 2: bad options and passwords; in `ndbxfrm` also failures after the output was begun.
    BadUsage,
    /// 130: Ctrl-C left a command that waited, as if the signal had ended the program.
    Interrupted,
    /// 255: a command of the management client failed, or no connection.
    CommandFailed,
}

impl Exit {
    /// The status as the shell sees it.
    pub fn status(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failure => 1,
            Exit::BadUsage => 2,
            Exit::Interrupted => 130,
            Exit::CommandFailed => 255,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.status())
    }
}
