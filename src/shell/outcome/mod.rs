//! What commands come to, as values. `render` makes text of them; the exit status follows.
//!
//! A command gives [`Step`]s while it runs, which are shown at once, and ends with an [`Outcome`]
//! or a [`Failure`].

mod failure;

use std::collections::BTreeMap;
use std::time::Duration;

pub use failure::ExitCodes;
pub(in crate::shell) use failure::{
    Attempt, EndUnheard, FILE_OR_SCAN_ERROR, Failure, FailureKind, Interrupted, PasswordFault,
    RollFailure, RollFault,
};

use crate::cli::Exit;
use crate::client::{Certificate, ClusterLogFilter, NodeState, TlsStats};
use crate::cluster::state::{
    AwaitedState, ClusterState, Grade, Health, MemoryLimits, Obstacle, RollPlan, Sighting,
    StopVerdict,
};
use crate::cluster::{
    BackupId, BackupTotals, Event, NodeId, NodeStatus, Nodegroup, SavedEvent, WaitFor,
};
use crate::command::{CategoryLevel, Severities, Targets};

/// What a command gave.
pub(in crate::shell) enum Outcome {
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
pub(in crate::shell) struct HealthReport {
    /// The judgement.
    pub(in crate::shell) health: Health,
    /// By what it was made; none if nothing is known.
    pub(in crate::shell) state: Option<ClusterState>,
    /// The limits for memory.
    pub(in crate::shell) limits: MemoryLimits,
}

/// What a command that is asked about is about to do.
pub(in crate::shell) enum Danger {
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
pub(in crate::shell) enum Check {
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
pub(in crate::shell) enum CheckVerdict {
    /// Nothing stands against it.
    Ok,
    /// Nothing that can be asked from here proves it.
    Unproven,
    /// The command would fail.
    Refused,
}

impl Check {
    pub(in crate::shell) fn verdict(&self) -> CheckVerdict {
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
pub(in crate::shell) enum Step {
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
pub(in crate::shell) enum RollNote {
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
pub(in crate::shell) struct StepAt {
    pub(in crate::shell) step: usize,
    pub(in crate::shell) of: usize,
    pub(in crate::shell) nodes: Vec<NodeId>,
}

/// What a data node has written, and how fast.
#[derive(Debug, Clone, Copy)]
pub(in crate::shell) struct NodeProgress {
    /// The data node.
    pub(in crate::shell) node: NodeId,
    /// What it has written.
    pub(in crate::shell) totals: BackupTotals,
    /// Bytes a second since the last answer.
    pub(in crate::shell) rate: u64,
    /// Percent of what it will write, as far as an earlier backup or the memory in use tells.
    pub(in crate::shell) estimate: Option<u8>,
}

/// One look at a backup.
#[derive(Debug, Clone)]
pub(in crate::shell) struct Look {
    /// The backup.
    pub(in crate::shell) id: u32,
    /// Since the wait began.
    pub(in crate::shell) elapsed: Duration,
    /// The data nodes that report it, by id.
    pub(in crate::shell) nodes: Vec<NodeProgress>,
}

impl Outcome {
    pub(in crate::shell) fn exit(&self, codes: ExitCodes) -> Exit {
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
