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
    /// 3: files of a backup set are missing, or the backup never completed.
    Incomplete,
    /// 4: a proof was required and there is no manifest.
    Unproven,
    /// 3, detailed: no management server could be reached.
    Unreachable,
    /// 4, detailed: TLS or a certificate is missing, or was not accepted.
    NotAuthorized,
    /// 5, detailed: the management server refused the command.
    Refused,
    /// 6, detailed: the backup failed after its start, or was aborted.
    BackupAborted,
    /// 7, detailed: a limit ended the wait; what was waited for goes on.
    StillRunning,
    /// 8, detailed: contact was lost; whether it was carried out is not known.
    OutcomeUnknown,
    /// 10: there is no such backup set.
    NoSuchSet,
    /// 12: the password of a backup set is wrong, or was not given.
    WrongPassword,
    /// 13: an option that takes one of a few words has another.
    UnknownChoice,
    /// 20: the nightly job's backup failed.
    BackupFailed,
    /// 21: gathering, verifying or storing the nightly job's backup failed.
    GatherFailed,
    /// 22: the nightly job could not remove old sets.
    ExpireFailed,
    /// 23: another nightly job is at work.
    AlreadyRunning,
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
            Exit::Incomplete => 3,
            Exit::Unproven => 4,
            Exit::Unreachable => 3,
            Exit::NotAuthorized => 4,
            Exit::Refused => 5,
            Exit::BackupAborted => 6,
            Exit::StillRunning => 7,
            Exit::OutcomeUnknown => 8,
            Exit::NoSuchSet => 10,
            Exit::WrongPassword => 12,
            Exit::UnknownChoice => 13,
            Exit::BackupFailed => 20,
            Exit::GatherFailed => 21,
            Exit::ExpireFailed => 22,
            Exit::AlreadyRunning => 23,
            Exit::Interrupted => 130,
            Exit::CommandFailed => 255,
        }
    }

    /// The first of two that is no success.
    #[must_use]
    pub fn or(self, later: Exit) -> Exit {
        match self {
            Exit::Success => later,
            failed => failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.status())
    }
}
