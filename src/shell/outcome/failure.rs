//! Why commands fail, of what kind that is, and the exit status that follows.

use std::time::Duration;

use crate::cli::Exit;
use crate::client::ClientError;
use crate::cluster::state::{AwaitedState, Obstacle, RollPlanError};
use crate::cluster::{
    BackupId, ConnectStringError, ErrorNumber, Event, NodeId, NodeStatus, PasswordError,
};
use crate::command::{CategoryLevel, ItemError, ParseError, RollingRestart};

/// Which exit statuses failures have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ExitCodes {
    /// The original's: 255 for nearly all
    #[default]
    Original,
    /// One for each kind of failure
    Detailed,
}

/// Why a command failed.
pub(in crate::shell) enum Failure {
    /// A request of the command.
    Request {
        /// What was attempted.
        attempt: Attempt,
        /// Why it failed.
        error: ClientError,
    },
    /// No management server; the walk over the connect string has been shown.
    Unreachable {
        /// Why the last host could not be reached.
        error: ClientError,
        /// To try a simulated cluster is to be hinted at.
        hint: bool,
    },
    /// The connection was lost in an earlier step, which has been shown.
    ConnectionLost,
    /// The line has no meaning.
    NotACommand(Box<ParseError>),
    /// A part of a CLUSTERLOG or LOGLEVEL has no meaning.
    Item(ItemError),
    /// A line that can't be a command.
    LineTooLong {
        /// The file, or standard input.
        place: String,
        /// Its number, from 1.
        line: u64,
    },
    /// A connect string without a meaning.
    ConnectString(ConnectStringError),
    /// The cluster has no such node.
    NodeNotFound(NodeId),
    /// Only data nodes report.
    NotADataNode(NodeId),
    /// RESTART of all nodes found none.
    NothingRestarted,
    /// Nodes are not restarted in single user mode.
    SingleUserMode,
    /// TLS is required, but this client has no certificate.
    NoValidCertificate,
    /// START BACKUP with `-e` needs an id.
    BackupIdNeeded,
    /// TOP has neither a terminal for its screen nor lines to write.
    NoScreen,
    /// START BACKUP is to be encrypted, but not like this.
    BackupPassword {
        /// The command's canonical spelling, its password hidden.
        command: String,
        /// The fault.
        fault: PasswordFault,
    },
    /// The user gave up typing the password.
    NoPasswordTyped,
    /// START BACKUP could not have an event connection, so it was not sent.
    BackupUnheard(ClientError),
    /// The backup was aborted.
    BackupAborted {
        /// The backup.
        id: u32,
        /// The `BackupAborted` event that says so.
        event: Event,
    },
    /// The server confirmed the backup, but no event of it came.
    BackupSilent(Option<u32>),
    /// No data node reports the backup any more, and nobody said how it ended.
    BackupEndUnheard(Option<u32>, EndUnheard),
    /// The server confirmed the backup, but the event connection was lost.
    BackupEventsLost(Option<u32>, ClientError),
    /// The server was lost during the wait, and no other could tell how the backup ended.
    BackupLost {
        /// How it was lost.
        lost: Box<Failure>,
        /// The backup, if its id is known.
        id: Option<u32>,
        /// Why no other could tell.
        reason: String,
    },
    /// A limit ended the wait for a backup, whose id may be known, and which goes on.
    WaitOutOfTime(Option<u32>, Duration),
    /// A limit ended a command.
    OutOfTime(Interrupted, Duration),
    /// A limit ended the attempts to connect.
    ConnectOutOfTime(Duration),
    /// Ctrl-C ended the wait for a backup, whose id may be known, and which goes on.
    BackupLeft(Option<u32>),
    /// Ctrl-C ended the wait for a backup of the cluster in this process, which ends with it and
    /// says so itself.
    SimulatedBackupLeft,
    /// The user was asked, and did not say yes.
    NotConfirmed,
    /// Ctrl-C.
    Interrupted(Interrupted),
    /// WAIT FOR: the time is over, and these nodes are in other states.
    NotReached {
        nodes: Vec<(NodeId, Option<NodeStatus>)>,
        state: AwaitedState,
        limit: Duration,
    },
    /// ROLLING RESTART can't restart such nodes.
    NoRoll(RollPlanError),
    /// ROLLING RESTART ended early.
    Roll(Box<RollFailure>),
}

/// What is missing about the end of a backup.
#[derive(Clone, Copy)]
pub(in crate::shell) enum EndUnheard {
    /// The server says that it completed, but the event with its result did not come.
    Event,
    /// An event told the end, but the server did not answer.
    Reply,
    /// Neither came.
    Both,
}

/// How the text of error 1325 begins, which stands for every fault of files and scans.
pub(in crate::shell) const FILE_OR_SCAN_ERROR: &str = "File or scan error";

/// What was attempted when a request failed.
pub(in crate::shell) enum Attempt {
    /// To find the connection alive.
    Connection,
    Configuration,
    Status,
    NodeStatus(NodeId),
    Report,
    ReportStatus,
    Start,
    Stop,
    Shutdown,
    /// The states of the nodes, of which SHUTDOWN makes nothing.
    ShutdownStatus,
    Restart,
    EnterSingleUserMode(NodeId),
    ExitSingleUserMode,
    Nodegroup,
    PurgeSessions,
    TlsInfo,
    StartTls,
    ClusterLogState,
    ClusterLogFilter,
    ClusterLogLevel(NodeId, CategoryLevel),
    LogLevel(NodeId),
    Dump,
    LogSignals(NodeId),
    SignalLog {
        on: bool,
    },
    /// START BACKUP, and the data node that an event named as the first to give up.
    Backup(Option<NodeId>),
    AbortBackup(BackupId),
}

/// Why there is no password for a backup.
pub(in crate::shell) enum PasswordFault {
    /// Nobody to ask.
    Needed,
    /// It was typed in two ways.
    Differs,
    /// It could not be read.
    Unreadable(String),
    /// It breaks a rule.
    Broken(PasswordError),
}

/// What Ctrl-C or a limit interrupted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::shell) enum Interrupted {
    /// Something that needs no server.
    Waiting,
    /// Connecting.
    Connecting,
    /// A request, which may have been sent.
    Request,
}

/// What a program can tell apart about failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::shell) enum FailureKind {
    /// The line has no meaning, or lacks something. Nothing was sent.
    Usage,
    /// No management server could be reached. Nothing was sent.
    Unreachable,
    /// TLS or a certificate is missing, or was not accepted. Nothing was carried out.
    NotAuthorized,
    /// The management server refused it, or this client did for what the server told.
    Refused,
    /// The backup failed after its start, or was aborted.
    BackupFailed,
    /// A limit ended the wait; what was waited for goes on.
    StillRunning,
    /// Contact was lost; whether it was carried out is not known.
    OutcomeUnknown,
    /// Ctrl-C.
    Interrupted,
}

impl RollFault {
    pub(in crate::shell) fn kind(&self) -> FailureKind {
        match self {
            RollFault::Obstacles(_)
            | RollFault::Refused(_)
            | RollFault::ClusterDown
            | RollFault::PostStopCommand(_)
            | RollFault::NoSuchServer(_) => FailureKind::Refused,
            RollFault::NotBack { .. } | RollFault::OutOfTime(_) => FailureKind::StillRunning,
            RollFault::NoServer(_) => FailureKind::OutcomeUnknown,
            RollFault::Interrupted | RollFault::Abandoned => FailureKind::Interrupted,
        }
    }
}

impl Attempt {
    /// What kind of failure an error of the session makes of it.
    fn kind_of(&self, error: &ClientError) -> FailureKind {
        match error {
            ClientError::ConnectString(_) | ClientError::NotSendable(_) => FailureKind::Usage,
            ClientError::Unreachable { .. } => FailureKind::Unreachable,
            ClientError::NotAuthorized { .. } | ClientError::Tls(_) => FailureKind::NotAuthorized,
            ClientError::Refused { text, .. }
                if matches!(self, Attempt::Backup(_)) && ErrorNumber::text_ends_backup(text) =>
            {
                FailureKind::BackupFailed
            }
            error if error.is_refusal() => FailureKind::Refused,
            _ => match self {
                Attempt::Connection => FailureKind::Unreachable,
                _ => FailureKind::OutcomeUnknown,
            },
        }
    }

    /// For `map_err`: the failure that an error of the session makes of it.
    pub(in crate::shell) fn failed(self) -> impl FnOnce(ClientError) -> Failure {
        |error| Failure::Request {
            attempt: self,
            error,
        }
    }
}

/// A rolling restart that ended early.
pub(in crate::shell) struct RollFailure {
    /// Why.
    pub(in crate::shell) fault: RollFault,
    /// What has been restarted.
    pub(in crate::shell) done: Vec<NodeId>,
    /// What has not, as far as is known.
    pub(in crate::shell) left: Vec<NodeId>,
    /// Nodes that are out of service, which stands against going on.
    pub(in crate::shell) out: Vec<(NodeId, NodeStatus)>,
    /// The command that restarts the rest.
    pub(in crate::shell) resume: RollingRestart,
    /// It needs the post-stop command again.
    pub(in crate::shell) has_command: bool,
}

/// Why a rolling restart ended early.
pub(in crate::shell) enum RollFault {
    /// Something stands against the next step.
    Obstacles(Vec<Obstacle>),
    /// The server refused the order.
    Refused(ClientError),
    /// No management server answers.
    NoServer(ClientError),
    /// A node did not come back in time: its last state, and whether it was seen leaving.
    NotBack {
        nodes: Vec<(NodeId, Option<NodeStatus>, bool)>,
        limit: Duration,
    },
    /// No data node is in service any more.
    ClusterDown,
    /// Ctrl-C, between two steps.
    Interrupted,
    /// The time for the whole command was over, between two steps.
    OutOfTime(Duration),
    /// A second Ctrl-C, within a step whose order has been given.
    Abandoned,
    /// The command of STOP ONLY failed.
    PostStopCommand(String),
    /// What answers at the address of a management server is not that server.
    NoSuchServer(String),
}

impl Failure {
    pub(in crate::shell) fn exit(&self, codes: ExitCodes) -> Exit {
        match (codes, self.kind()) {
            (_, FailureKind::Interrupted) => Exit::Interrupted,
            (_, FailureKind::StillRunning) => Exit::StillRunning,
            (ExitCodes::Original, _) => match self {
                Failure::Request {
                    attempt: Attempt::ShutdownStatus,
                    ..
                } => Exit::Failure,
                _ => Exit::CommandFailed,
            },
            (ExitCodes::Detailed, FailureKind::Usage) => Exit::BadUsage,
            (ExitCodes::Detailed, FailureKind::Unreachable) => Exit::Unreachable,
            (ExitCodes::Detailed, FailureKind::NotAuthorized) => Exit::NotAuthorized,
            (ExitCodes::Detailed, FailureKind::Refused) => Exit::Refused,
            (ExitCodes::Detailed, FailureKind::BackupFailed) => Exit::BackupAborted,
            (ExitCodes::Detailed, FailureKind::OutcomeUnknown) => Exit::OutcomeUnknown,
        }
    }

    /// What a program can tell apart.
    pub(in crate::shell) fn kind(&self) -> FailureKind {
        match self {
            Failure::Request { attempt, error } => attempt.kind_of(error),
            Failure::Unreachable { error, .. } | Failure::BackupUnheard(error) => {
                Attempt::Connection.kind_of(error)
            }
            Failure::NotACommand(_)
            | Failure::Item(_)
            | Failure::ConnectString(_)
            | Failure::LineTooLong { .. }
            | Failure::BackupIdNeeded
            | Failure::NoScreen
            | Failure::BackupPassword { .. } => FailureKind::Usage,
            Failure::NodeNotFound(_)
            | Failure::NotADataNode(_)
            | Failure::NothingRestarted
            | Failure::SingleUserMode => FailureKind::Refused,
            Failure::NoValidCertificate => FailureKind::NotAuthorized,
            Failure::BackupAborted { .. } => FailureKind::BackupFailed,
            Failure::ConnectionLost
            | Failure::BackupSilent(_)
            | Failure::BackupEndUnheard(..)
            | Failure::BackupEventsLost(..)
            | Failure::BackupLost { .. }
            | Failure::OutOfTime(Interrupted::Request, _) => FailureKind::OutcomeUnknown,
            Failure::OutOfTime(Interrupted::Connecting | Interrupted::Waiting, _)
            | Failure::ConnectOutOfTime(_) => FailureKind::Unreachable,
            Failure::WaitOutOfTime(..) => FailureKind::StillRunning,
            Failure::Interrupted(_)
            | Failure::NotConfirmed
            | Failure::NoPasswordTyped
            | Failure::BackupLeft(_)
            | Failure::SimulatedBackupLeft => FailureKind::Interrupted,
            Failure::NotReached { .. } => FailureKind::StillRunning,
            Failure::NoRoll(_) => FailureKind::Refused,
            Failure::Roll(failure) => failure.fault.kind(),
        }
    }

    /// True if the command did not come to its first request, or was broken off.
    pub(in crate::shell) fn was_cut_short(&self) -> bool {
        matches!(
            self,
            Failure::Unreachable { .. }
                | Failure::NoValidCertificate
                | Failure::Interrupted(_)
                | Failure::OutOfTime(..)
                | Failure::ConnectOutOfTime(_)
                | Failure::Request {
                    attempt: Attempt::Connection,
                    ..
                }
        )
    }

    /// True if the connection is to be checked once the failure has been shown, as the original
    /// does where it prints an error of the server (management protocol, 6.3).
    pub(in crate::shell) fn may_end_connection(&self) -> bool {
        match self {
            Failure::Request { attempt, .. } => !matches!(
                attempt,
                Attempt::Connection | Attempt::PurgeSessions | Attempt::Dump | Attempt::TlsInfo
            ),
            Failure::NothingRestarted | Failure::BackupUnheard(_) => true,
            _ => false,
        }
    }
}
