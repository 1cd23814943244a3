//! What a line means.

use subtle::ConstantTimeEq;

use crate::cluster::{
    BackupId, BackupPassword, EventCategory, FilterSwitch, LogLevel, NodeId, Nodegroup, ReportKind,
    RestartOptions, Severity, SnapshotPoint, StopOptions, WaitFor,
};

use super::error::ItemError;

/// One line of the prompt. `Display` prints its canonical spelling, with a password as
/// `PASSWORD=***`.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// A blank line or a comment.
    Nothing,
    /// `START BACKUP ..`
    StartBackup(StartBackup),
    /// `ABORT BACKUP <id>`
    AbortBackup(BackupId),
    /// `HELP`, or `HELP <words>` with a topic that [`help`](super::help()) knows, upper case.
    Help(Option<String>),
    /// `QUIT`, `EXIT` or `BYE`, alone on the line.
    Quit,
    /// `CONNECT [<connect string>]`; the string is not checked here.
    Connect(Option<String>),
    /// `PROMPT [<text>]`
    Prompt(Option<String>),
    /// `SLEEP <seconds>`
    Sleep(u64),
    /// `SHOW`
    Show,
    /// `<id> STATUS`, `ALL STATUS`
    Status(Target),
    /// `<id> REPORT <type>`, `ALL REPORT <type>`
    Report {
        /// Whose report.
        target: Target,
        /// Which report.
        kind: ReportKind,
    },
    /// `<id>.. START`, `ALL START`
    Start(Targets),
    /// `<id>.. STOP [-a] [-f]`, `ALL STOP [-a] [-f]`
    Stop {
        /// The nodes to stop.
        targets: Targets,
        /// How.
        options: StopOptions,
    },
    /// `<id>.. RESTART [-n] [-i] [-a] [-f]`, `ALL RESTART ..`
    Restart {
        /// The nodes to restart.
        targets: Targets,
        /// How.
        options: RestartOptions,
    },
    /// `SHUTDOWN`
    Shutdown,
    /// `ENTER SINGLE USER MODE <id>`
    EnterSingleUserMode(NodeId),
    /// `EXIT SINGLE USER MODE`
    ExitSingleUserMode,
    /// `CLUSTERLOG INFO`
    ClusterLogInfo,
    /// `CLUSTERLOG {ON|OFF|TOGGLE|FILTER} [<severity>..]`
    ClusterLogFilter {
        /// What to do with the filter.
        switch: FilterSwitch,
        /// The severities in their order, none for the whole log. Each is carried out in turn;
        /// the first that is not a severity ends the command.
        severities: Vec<Result<Severity, ItemError>>,
    },
    /// `<id> CLUSTERLOG <category>=<level>..`, `ALL CLUSTERLOG ..`
    ClusterLogLevels {
        /// Whose levels.
        target: Target,
        /// At least one. Each is carried out in turn; the first fault ends the command.
        levels: Vec<Result<CategoryLevel, ItemError>>,
    },
    /// `<id> LOGLEVEL <category>=<level>..`, `ALL LOGLEVEL ..`
    LogLevels {
        /// Whose levels.
        target: Target,
        /// As in [`Command::ClusterLogLevels`].
        levels: Vec<Result<CategoryLevel, ItemError>>,
    },
    /// `<id> NODELOG DEBUG {ON|OFF}`
    NodeLogDebug {
        /// Whose log.
        target: Target,
        /// ON or OFF.
        on: bool,
    },
    /// `<id> DUMP <word>..`
    Dump {
        /// The nodes that get the signal.
        target: Target,
        /// 1 to [`DUMP_WORDS_MAX`] words; the first is the dump code.
        words: Vec<u32>,
    },
    /// `<id> LOG`
    Log(Target),
    /// `<id> TESTON`
    TestOn(Target),
    /// `<id> TESTOFF`
    TestOff(Target),
    /// `CREATE NODEGROUP <id>,<id>..`, at least one node.
    CreateNodegroup(Vec<NodeId>),
    /// `DROP NODEGROUP <nodegroup>`
    DropNodegroup(Nodegroup),
    /// `PURGE STALE SESSIONS`
    PurgeStaleSessions,
    /// `TLS INFO`
    TlsInfo,
    /// `START TLS`
    StartTls,
}

/// Most words a DUMP command takes (management protocol, `dump state`).
pub const DUMP_WORDS_MAX: usize = 25;

/// The options of START BACKUP.
#[derive(Debug, PartialEq, Eq)]
pub struct StartBackup {
    /// The id, or none for the next one.
    pub id: Option<BackupId>,
    /// Encryption, if the command asks for it.
    pub encryption: Option<Encryption>,
    /// What to wait for.
    pub wait: WaitFor,
    /// Whose moment the backup holds.
    pub snapshot: SnapshotPoint,
}

/// The ENCRYPT option of START BACKUP.
#[derive(Debug)]
pub enum Encryption {
    /// `ENCRYPT PASSWORD='..'`
    Password(BackupPassword),
    /// `ENCRYPT` alone: the password comes from the client's options or from its user.
    AskPassword,
}

impl PartialEq for Encryption {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Encryption::Password(left), Encryption::Password(right)) => {
                left.expose().ct_eq(right.expose()).into()
            }
            (Encryption::AskPassword, Encryption::AskPassword) => true,
            _ => false,
        }
    }
}

impl Eq for Encryption {}

/// Whom a node command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// ALL: every data node.
    All,
    /// One node.
    Node(NodeId),
}

/// Whom START, STOP and RESTART are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Targets {
    /// ALL: every data node.
    All,
    /// One node or more, in the order given.
    Nodes(Vec<NodeId>),
}

/// One `<category>=<level>` of CLUSTERLOG and LOGLEVEL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryLevel {
    /// The category, never [`EventCategory::Warning`], which has no name at the prompt.
    pub category: EventCategory,
    /// The threshold.
    pub level: LogLevel,
}

impl Command {
    /// True if the client has to be connected before it carries the command out: all but
    /// HELP, SLEEP, QUIT, blank lines, comments, and CONNECT, which connects by itself.
    pub fn needs_connection(&self) -> bool {
        !matches!(
            self,
            Command::Nothing
                | Command::Help(_)
                | Command::Quit
                | Command::Connect(_)
                | Command::Sleep(_)
        )
    }

    /// True for the commands of one node or of ALL, whose output ends with an empty line.
    pub fn ends_with_empty_line(&self) -> bool {
        match self {
            Command::Status(_)
            | Command::Report { .. }
            | Command::ClusterLogLevels { .. }
            | Command::LogLevels { .. }
            | Command::NodeLogDebug { .. }
            | Command::Dump { .. }
            | Command::Log(_)
            | Command::TestOn(_)
            | Command::TestOff(_) => true,
            Command::Start(targets)
            | Command::Stop { targets, .. }
            | Command::Restart { targets, .. } => !targets.is_list(),
            _ => false,
        }
    }
}

impl Targets {
    /// True for two nodes or more.
    pub fn is_list(&self) -> bool {
        matches!(self, Targets::Nodes(nodes) if nodes.len() > 1)
    }
}
