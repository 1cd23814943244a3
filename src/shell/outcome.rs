//! What commands come to, as values. `render` makes text of them; the exit status follows.
//!
//! A command gives [`Step`]s while it runs, which are shown at once, and ends with an [`Outcome`]
//! or a [`Failure`].

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::Exit;
use crate::client::{Certificate, ClientError, ClusterLogFilter, NodeState, TlsStats};
use crate::cluster::state::{
    AwaitedState, ClusterState, Grade, Health, MemoryLimits, Obstacle, RollPlan, RollPlanError,
    Sighting, StopVerdict,
};
use crate::cluster::{
    BackupId, BackupTotals, ConnectStringError, ErrorNumber, Event, NodeId, NodeStatus, Nodegroup,
    PasswordError, SavedEvent, WaitFor,
};
use crate::command::{CategoryLevel, ItemError, ParseError, RollingRestart, Severities, Targets};

/// Which exit statuses failures have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ExitCodes {
    /// The original's: 255 for nearly all
    #[default]
    Original,
    /// One for each kind of failure
    Detailed,
}

/// What a command gave.
pub(super) enum Outcome {
    /// Nothing, or nothing beyond the steps that have been shown.
    Done,
    /// Some steps failed, as has been shown; the others were made.
    DoneInPart,
    /// The time of a \\WATCH is over; what its last turn gave has been shown.
    Watched(Box<Outcome>),
    /// A dry run has sent nothing that changes anything.
    Rehearsed {
        /// What would be carried out, a password as `***`.
        command: String,
        /// What is known that stands for or against it.
        checks: Vec<Check>,
    },
    /// The end of the shell.
    Quit,
    /// The pages of HELP.
    Help(String),
    /// The new prompt; none for the default.
    Prompt(Option<String>),
    /// The program that long results go to from now on; none for the screen.
    Pager(Option<String>),
    /// The ids of the nodes whose sessions were purged, as the server lists them; none if no
    /// session was stale.
    SessionsPurged(Option<String>),
    /// TLS INFO.
    Tls {
        /// The sessions that use TLS.
        certificates: Vec<Certificate>,
        /// The server's counts since it started.
        stats: TlsStats,
    },
    /// START TLS.
    TlsStarted,
    /// SHOW.
    Show {
        /// Every node of the cluster.
        nodes: Vec<NodeState>,
        /// The configured HostName of each node that the configuration knows; empty for any host.
        hosts: BTreeMap<NodeId, String>,
    },
    /// STATUS.
    Status(Vec<NodeState>),
    /// REPORT BackupStatus: the nodes' `BackupStatus` events, by node.
    BackupStatus(Vec<Event>),
    /// REPORT MemoryUsage: the nodes' `MemoryUsage` events, by node.
    MemoryUsage(Vec<Event>),
    /// REPORT EventLog, by time.
    EventLog(Vec<SavedEvent>),
    /// START of nodes was ordered.
    Starting(Vec<NodeId>),
    /// STOP was carried out.
    Stopped {
        /// What stopped.
        targets: Targets,
        /// The connection was closed for it.
        disconnected: bool,
    },
    /// SHUTDOWN was carried out.
    ShutDown {
        /// How many nodes stopped.
        stopped: u32,
        /// The connection was closed for it.
        disconnected: bool,
    },
    /// RESTART was ordered.
    Restarting(Targets),
    /// Only this API node has access from now on.
    SingleUserModeEntered(NodeId),
    /// Single user mode is about to end.
    SingleUserModeEnding,
    /// CREATE NODEGROUP.
    NodegroupCreated(Nodegroup),
    /// DROP NODEGROUP.
    NodegroupDropped(Nodegroup),
    /// CLUSTERLOG INFO.
    ClusterLogFilter(ClusterLogFilter),
    /// The whole cluster log is on, or off, now.
    ClusterLogSwitched(bool),
    /// The event that START BACKUP waited for without a prompt: `BackupStarted`, or
    /// `BackupCompleted` with the backup's id, GCPs and totals.
    Backup(Event),
    /// The same at a prompt, where the event has been shown.
    BackupTold(Event),
    /// START BACKUP was ordered and not waited for; the id that it was given.
    BackupOrdered(Option<u32>),
    /// The server says that the backup is complete; no event has told its totals.
    BackupConfirmed(Option<u32>),
    /// The server of a WAIT STARTED was lost; another one says that the backup runs.
    BackupRuns(u32),
    /// Ctrl-C gave the prompt back; the backup, whose id may be known, goes on.
    BackupLeft(Option<u32>),
    /// ABORT BACKUP was ordered.
    AbortOrdered(BackupId),
    /// ABORT BACKUP was ordered, though no data node reports such a backup.
    NothingToAbort(BackupId),
    /// HEALTH.
    Health(Box<HealthReport>),
    /// WAIT FOR: the nodes are there, as the steps have shown.
    Awaited(Vec<NodeId>, AwaitedState),
    /// OK TO STOP.
    StopVerdict(StopVerdict),
    /// ROLLING RESTART .. DRY RUN: what would be done, and what stands against the first step.
    RollPlanned(RollPlan, Vec<Obstacle>),
    /// ROLLING RESTART was carried out.
    Rolled(Vec<NodeId>),
}

/// What HEALTH found out.
pub(super) struct HealthReport {
    /// The judgement.
    pub(super) health: Health,
    /// By what it was made; none if nothing is known.
    pub(super) state: Option<ClusterState>,
    /// The limits for memory.
    pub(super) limits: MemoryLimits,
}

/// What a command that is asked about is about to do.
pub(super) enum Danger {
    /// SHUTDOWN: all data nodes and management servers stop.
    Shutdown,
    /// ALL STOP: all data nodes stop.
    StopAll,
    /// RESTART -i: data nodes start without their files.
    InitialRestart,
    /// ENTER SINGLE USER MODE: only this API node keeps its access.
    SingleUserMode(NodeId),
}

/// What a dry run has found out.
pub(super) enum Check {
    /// All data nodes are started.
    AllStarted,
    /// These are not.
    NotStarted(Vec<NodeId>),
    /// No data node reports a backup.
    NoBackupRuns,
    /// The backup to abort runs.
    BackupRuns(u32),
    /// The backup to abort does not.
    BackupDoesNotRun(u32),
    /// A backup runs, and there can be only one.
    AnotherBackupRuns(u32),
    /// The data nodes remember a complete backup with this id.
    IdUsed(u32),
    /// They do not; only their files can tell.
    IdUnproven(u32),
    /// A password is given.
    Encrypted,
    /// RequireEncryptedBackup is on, and no password is given.
    EncryptionRequired,
    /// The configuration could not be had.
    EncryptionUnknown,
    /// The cluster has no such node.
    NoSuchNode(NodeId),
    /// The cluster goes on without the nodes.
    MayStop,
    /// No node of the nodegroup would be left in service (error 5028).
    LastOfNodegroup(Nodegroup),
    /// No node is stopped while these are starting (error 5063).
    NodesStarting(Vec<NodeId>),
    /// The node is going down already.
    ShuttingDown(NodeId),
    /// It is an API node, which nobody stops from here.
    ApiNode(NodeId),
}

/// What a check says of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) enum CheckVerdict {
    /// Nothing stands against it.
    Ok,
    /// Nothing that can be asked from here proves it.
    Unproven,
    /// The command would fail.
    Refused,
}

impl Check {
    pub(super) fn verdict(&self) -> CheckVerdict {
        match self {
            Check::AllStarted
            | Check::NoBackupRuns
            | Check::BackupRuns(_)
            | Check::Encrypted
            | Check::MayStop => CheckVerdict::Ok,
            Check::IdUnproven(_) | Check::EncryptionUnknown => CheckVerdict::Unproven,
            // A cluster that lacks a node can be backed up if its nodegroups are whole otherwise.
            Check::NotStarted(_) => CheckVerdict::Unproven,
            Check::BackupDoesNotRun(_)
            | Check::AnotherBackupRuns(_)
            | Check::IdUsed(_)
            | Check::EncryptionRequired
            | Check::NoSuchNode(_)
            | Check::LastOfNodegroup(_)
            | Check::NodesStarting(_)
            | Check::ShuttingDown(_)
            | Check::ApiNode(_) => CheckVerdict::Refused,
        }
    }
}

/// What a command has to say before it ends.
pub(super) enum Step {
    /// START BACKUP is sent and waits.
    BackupRequested(WaitFor),
    /// A default password exists, yet this backup is not encrypted.
    BackupUnencrypted,
    /// An event of the backup that is waited for.
    BackupEvent(Event),
    /// The order to start all nodes was given.
    AllStarting,
    /// The order to stop all nodes is sent.
    StoppingAll,
    /// The order to restart all nodes is sent.
    RestartingAll,
    /// A management server is among the nodes to restart.
    RestartingManagementServer(NodeId),
    /// How the two connections of the prompt are protected.
    Connections {
        /// The main connection uses TLS.
        main_is_tls: bool,
        /// The event connection does; none if there is none.
        events_are_tls: Option<bool>,
    },
    /// CLUSTERLOG of one severity, or of ALL.
    SeveritiesSwitched(Severities, bool),
    /// CLUSTERLOG of one category of one node.
    ClusterLogLevelSet(NodeId, CategoryLevel),
    /// LOGLEVEL of one category of one node.
    LogLevelSet(NodeId),
    /// The words of a DUMP are sent to a node.
    Dumping(Vec<u32>),
    /// A node that is waited for has moved on its way to this state.
    Sighted(Sighting, AwaitedState),
    /// A rolling restart goes on.
    Roll(RollNote),
}

/// What a rolling restart has to say while it goes on.
pub(super) enum RollNote {
    /// It begins.
    Begins(RollPlan),
    /// What stands against a step was looked for, and this was found.
    Checked(StepAt, Vec<Obstacle>),
    /// A step begins.
    StepBegins(StepAt),
    /// The server has confirmed the order of the step.
    Ordered(Vec<NodeId>),
    /// All nodes of a step are back.
    StepDone(StepAt),
    /// A step that had begun failed.
    StepFailed(StepAt, FailureKind),
    /// A data node that is no part of the step has left service.
    BystanderLost(NodeId, NodeStatus),
    /// A node waits for the order to start, which its server owes it: it gets it from here.
    StartOrdered(NodeId),
    /// The nodes of STOP ONLY are down: the command for it runs, or somebody is to start them.
    Stopped {
        nodes: Vec<NodeId>,
        has_command: bool,
    },
}

/// A step of a rolling restart: its number from 1, of how many, and its nodes.
#[derive(Clone)]
pub(super) struct StepAt {
    pub(super) step: usize,
    pub(super) of: usize,
    pub(super) nodes: Vec<NodeId>,
}

/// A rolling restart that ended early.
pub(super) struct RollFailure {
    /// Why.
    pub(super) fault: RollFault,
    /// What has been restarted.
    pub(super) done: Vec<NodeId>,
    /// What has not, as far as is known.
    pub(super) left: Vec<NodeId>,
    /// Nodes that are out of service, which stands against going on.
    pub(super) out: Vec<(NodeId, NodeStatus)>,
    /// The command that restarts the rest.
    pub(super) resume: RollingRestart,
    /// It needs the post-stop command again.
    pub(super) has_command: bool,
}

/// Why a rolling restart ended early.
pub(super) enum RollFault {
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

/// What a data node has written, and how fast.
#[derive(Debug, Clone, Copy)]
pub(super) struct NodeProgress {
    /// The data node.
    pub(super) node: NodeId,
    /// What it has written.
    pub(super) totals: BackupTotals,
    /// Bytes a second since the last answer.
    pub(super) rate: u64,
    /// Percent of what it will write, as far as an earlier backup or the memory in use tells.
    pub(super) estimate: Option<u8>,
}

/// One look at a backup.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// The backup.
    pub(super) id: u32,
    /// Since the wait began.
    pub(super) elapsed: Duration,
    /// The data nodes that report it, by id.
    pub(super) nodes: Vec<NodeProgress>,
}

/// Why a command failed.
pub(super) enum Failure {
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
pub(super) enum EndUnheard {
    /// The server says that it completed, but the event with its result did not come.
    Event,
    /// An event told the end, but the server did not answer.
    Reply,
    /// Neither came.
    Both,
}

/// How the text of error 1325 begins, which stands for every fault of files and scans.
pub(super) const FILE_OR_SCAN_ERROR: &str = "File or scan error";

/// What was attempted when a request failed.
pub(super) enum Attempt {
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
pub(super) enum PasswordFault {
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
pub(super) enum Interrupted {
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
pub(super) enum FailureKind {
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
    pub(super) fn kind(&self) -> FailureKind {
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
    pub(super) fn failed(self) -> impl FnOnce(ClientError) -> Failure {
        |error| Failure::Request {
            attempt: self,
            error,
        }
    }
}

impl Outcome {
    pub(super) fn exit(&self, codes: ExitCodes) -> Exit {
        match (self, codes) {
            (Outcome::Watched(last), codes) => last.exit(codes),
            (Outcome::DoneInPart, ExitCodes::Original) => Exit::CommandFailed,
            (Outcome::DoneInPart, ExitCodes::Detailed) => Exit::Refused,
            (Outcome::Rehearsed { checks, .. }, codes)
                if checks
                    .iter()
                    .any(|check| check.verdict() == CheckVerdict::Refused) =>
            {
                match codes {
                    ExitCodes::Original => Exit::CommandFailed,
                    ExitCodes::Detailed => Exit::Refused,
                }
            }
            (Outcome::Health(report), _) => match report.health.grade() {
                Grade::Ok => Exit::Success,
                Grade::Warning => Exit::HealthWarning,
                Grade::Critical => Exit::HealthCritical,
                Grade::Unknown => Exit::HealthUnknown,
            },
            (Outcome::StopVerdict(verdict), _) if !verdict.is_ok() => Exit::NotOkToStop,
            (Outcome::RollPlanned(_, obstacles), codes) if !obstacles.is_empty() => match codes {
                ExitCodes::Original => Exit::CommandFailed,
                ExitCodes::Detailed => Exit::Refused,
            },
            _ => Exit::Success,
        }
    }
}

impl Failure {
    pub(super) fn exit(&self, codes: ExitCodes) -> Exit {
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
    pub(super) fn kind(&self) -> FailureKind {
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
    pub(super) fn was_cut_short(&self) -> bool {
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
    pub(super) fn may_end_connection(&self) -> bool {
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
