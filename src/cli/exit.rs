//! Exit statuses, all in one place: their numbers, and what each means for the caller of a program.

use std::process::ExitCode;

/// The statuses a program ends with, and what each means there: shown by `--help`, the manual and
/// the README alike.
pub type ExitTable = &'static [(Exit, &'static str)];

/// How a program ends. Scripts only rely on "0 or not 0"; the numbers are the original's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Success,
    /// 1: the tools' failures (a file that is missing, exists or cannot be read), bad usage of
    /// `ndb_print_backup_file`, and the failures for which the management client has 1.
    Failure,
    /// 1: HEALTH found a data node missing, or something to warn of.
    HealthWarning,
    /// 1: OK TO STOP says no.
    NotOkToStop,
    /// 2: HEALTH found a nodegroup without a node in service, or memory at its critical limit.
    HealthCritical,
    /// 3: HEALTH found nothing out.
    HealthUnknown,
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
    /// 129: the prompt's terminal was closed (SIGHUP), as if the signal had ended the program.
    HungUp,
    /// 130: Ctrl-C left a command that waited, as if the signal had ended the program.
    Interrupted,
    /// 143: SIGTERM ended the prompt, as if it had ended the program.
    Terminated,
    /// 255: a command of the management client failed, or no connection.
    CommandFailed,
}

impl Exit {
    /// The status as the shell sees it.
    pub fn status(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Failure | Exit::HealthWarning | Exit::NotOkToStop => 1,
            Exit::BadUsage | Exit::HealthCritical => 2,
            Exit::Incomplete | Exit::HealthUnknown => 3,
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
            Exit::HungUp => 129,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
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

const USAGE: (Exit, &str) = (
    Exit::BadUsage,
    "wrong option, or a password that cannot be had",
);
const INCOMPLETE: (Exit, &str) = (
    Exit::Incomplete,
    "files are missing, or the backup never completed",
);
const WAIT_ENDED: (Exit, &str) = (
    Exit::StillRunning,
    "a limit ended a wait; what was waited for goes on",
);
const HUNG_UP: (Exit, &str) = (
    Exit::HungUp,
    "SIGHUP ended the prompt: its terminal was closed",
);
const UNKNOWN_TLS_WORD: (Exit, &str) = (Exit::UnknownChoice, "--ndb-mgm-tls with another word");
const TERMINATED: (Exit, &str) = (Exit::Terminated, "SIGTERM ended the prompt");
const NO_SUCH_SET: (Exit, &str) = (Exit::NoSuchSet, "there is no such set");
const WRONG_PASSWORD: (Exit, &str) = (Exit::WrongPassword, "the password is wrong or missing");

impl Exit {
    /// Of `ndb_mgm`.
    pub const OF_NDB_MGM: ExitTable = &[
        (
            Exit::Success,
            "the command, or every piped command, did what it says",
        ),
        (
            Exit::Failure,
            "--test-tls failed; SHUTDOWN could not get the cluster's status; HEALTH warns; OK TO STOP says no",
        ),
        (
            Exit::BadUsage,
            "wrong option, or a backup password that cannot be used; HEALTH is OFFLINE or critical",
        ),
        (Exit::HealthUnknown, "HEALTH is UNKNOWN"),
        WAIT_ENDED,
        UNKNOWN_TLS_WORD,
        HUNG_UP,
        (Exit::Interrupted, "Ctrl-C"),
        TERMINATED,
        (
            Exit::CommandFailed,
            "everything else: no connection, wrong command, refused or failed backup",
        ),
    ];

    /// Of `ndb_mgm --exit-codes=detailed`.
    pub const OF_NDB_MGM_DETAILED: ExitTable = &[
        (
            Exit::Success,
            "the command, or every piped command, did what it says",
        ),
        (
            Exit::Failure,
            "--test-tls failed; HEALTH warns; OK TO STOP says no",
        ),
        (
            Exit::BadUsage,
            "wrong option or command, or a backup password that cannot be used: nothing was sent; HEALTH is OFFLINE or critical",
        ),
        (
            Exit::Unreachable,
            "no management server could be reached, or not in time; HEALTH is UNKNOWN",
        ),
        (
            Exit::NotAuthorized,
            "TLS or a certificate is missing, or was not accepted",
        ),
        (
            Exit::Refused,
            "the management server refused the command, or did a part of it",
        ),
        (
            Exit::BackupAborted,
            "the backup failed after its start, or was aborted",
        ),
        WAIT_ENDED,
        (
            Exit::OutcomeUnknown,
            "contact was lost: whether the command was carried out is not known",
        ),
        UNKNOWN_TLS_WORD,
        HUNG_UP,
        (Exit::Interrupted, "Ctrl-C"),
        TERMINATED,
        (
            Exit::CommandFailed,
            "input or output failed, or the simulated cluster; --test-tls without a certificate",
        ),
    ];

    /// Of `ndb_sim`.
    pub const OF_NDB_SIM: ExitTable = &[
        (
            Exit::Success,
            "a signal ended the cluster, or all is written",
        ),
        (
            Exit::Failure,
            "the cluster could not start or go on, or the certificates not be written",
        ),
        (Exit::BadUsage, "wrong option"),
    ];

    /// Of `ndb_exporter`.
    pub const OF_NDB_EXPORTER: ExitTable = &[
        (
            Exit::Success,
            "a signal ended it, or the file is written, whatever the state of the cluster",
        ),
        (
            Exit::Failure,
            "the address cannot be listened on, the key or certificate not be read, or the file of \
             --once not be written",
        ),
        (Exit::BadUsage, "wrong option or connect string"),
    ];

    /// Of `ndbxfrm`.
    pub const OF_NDBXFRM: ExitTable = &[
        (Exit::Success, "the destination is complete"),
        (
            Exit::Failure,
            "the source cannot be read or the destination exists; not two files; --info of a file \
             that cannot be read",
        ),
        (
            Exit::BadUsage,
            "wrong option or password, or a failure after the output was begun: there is none",
        ),
    ];

    /// Of `ndb_print_backup_file`.
    pub const OF_NDB_PRINT_BACKUP_FILE: ExitTable = &[
        (
            Exit::Success,
            "the file is whole, and all of it was printed",
        ),
        (
            Exit::Failure,
            "wrong option or password, or the file is not whole, whatever was printed",
        ),
        (Exit::BadUsage, "a password and a key were given"),
    ];

    /// Of `ndb_backup` itself.
    pub const OF_NDB_BACKUP: ExitTable = &[
        (Exit::Success, "the command did its work"),
        (
            Exit::BadUsage,
            "no such command; the manual of each command has its other statuses",
        ),
    ];

    /// Of `ndb_backup list`.
    pub const OF_LIST: ExitTable = &[
        (Exit::Success, "done, whatever the state of the sets"),
        (Exit::Failure, "a directory cannot be read"),
        USAGE,
    ];

    /// Of `ndb_backup show`.
    pub const OF_SHOW: ExitTable = &[
        (Exit::Success, "done"),
        (Exit::Failure, "the set has no ctl file that can be read"),
        USAGE,
        NO_SUCH_SET,
        WRONG_PASSWORD,
    ];

    /// Of `ndb_backup verify`.
    pub const OF_VERIFY: ExitTable = &[
        (
            Exit::Success,
            "nothing found; with --require-manifest the contents are proven",
        ),
        (Exit::Failure, "damage"),
        USAGE,
        INCOMPLETE,
        (Exit::Unproven, "a manifest was required and there is none"),
        NO_SUCH_SET,
        WRONG_PASSWORD,
    ];

    /// Of `ndb_backup manifest`.
    pub const OF_MANIFEST: ExitTable = &[
        (Exit::Success, "the set is sound, and its manifest written"),
        (
            Exit::Failure,
            "damage, or there is a manifest already, or it cannot be written",
        ),
        USAGE,
        INCOMPLETE,
        NO_SUCH_SET,
        WRONG_PASSWORD,
    ];

    /// Of `ndb_backup export`.
    pub const OF_EXPORT: ExitTable = &[
        (Exit::Success, "all rows that were asked for are written"),
        (
            Exit::Failure,
            "a file is damaged, there is no such table, or the output failed",
        ),
        USAGE,
        (
            Exit::Incomplete,
            "fragments of the table are missing, the rows of the others were written",
        ),
        NO_SUCH_SET,
        WRONG_PASSWORD,
    ];

    /// Of `ndb_backup gather`.
    pub const OF_GATHER: ExitTable = &[
        (Exit::Success, "the set is there and proven"),
        (
            Exit::Failure,
            "it could not be copied, compared or stored, or is damaged; nothing was removed that \
             is not proven elsewhere",
        ),
        USAGE,
        INCOMPLETE,
        (
            Exit::Unproven,
            "a host cannot hash its files, so --remove-sources is refused",
        ),
        NO_SUCH_SET,
        WRONG_PASSWORD,
    ];

    /// Of `ndb_backup expire`.
    pub const OF_EXPIRE: ExitTable = &[
        (Exit::Success, "done"),
        (
            Exit::Failure,
            "the directory cannot be read, or a set not be removed",
        ),
        USAGE,
    ];

    /// Of `ndb_backup keep` and `release`.
    pub const OF_KEEP: ExitTable = &[
        (Exit::Success, "done"),
        (Exit::Failure, "the pin cannot be written or removed"),
        USAGE,
        NO_SUCH_SET,
    ];

    /// Of `ndb_backup run`.
    pub const OF_RUN: ExitTable = &[
        (Exit::Success, "all done"),
        (
            Exit::Failure,
            "the directory or the state file cannot be written",
        ),
        USAGE,
        (Exit::BackupFailed, "the backup failed"),
        (
            Exit::GatherFailed,
            "gathering, verifying or storing it failed",
        ),
        (
            Exit::ExpireFailed,
            "removing old sets failed; the new one is good",
        ),
        (Exit::AlreadyRunning, "another run is at work"),
    ];
}
