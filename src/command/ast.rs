//! What a line means.

use subtle::ConstantTimeEq;

use crate::cluster::state::AwaitedState;
use crate::cluster::{
    BackupId, BackupPassword, EventCategory, FilterSwitch, LogLevel, NodeId, Nodegroup, ReportKind,
    RestartOptions, Severity, SnapshotPoint, StopOptions, WaitFor,
};

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
    /// `HELP`, or `HELP <topic>`
    Help(Option<HelpTopic>),
    /// `QUIT`, `EXIT` or `BYE`, alone on the line.
    Quit,
    /// `CONNECT [<connect string>]`; the string is not checked here.
    Connect(Option<String>),
    /// `PROMPT [<text>]`
    Prompt(Option<String>),
    /// `SLEEP <seconds>`
    Sleep(u64),
    /// `\WATCH [<seconds>] <query>`
    Watch {
        /// From the beginning of one turn to that of the next, 1 to [`WATCH_SECONDS_MAX`].
        seconds: u32,
        /// What is asked in each turn.
        query: Query,
    },
    /// `PAGER [<program>]`; the program is a command of the system's shell, and none stands for
    /// that of the environment.
    Pager(Option<String>),
    /// `NOPAGER`
    NoPager,
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
        severities: Vec<Result<Severities, ItemError>>,
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
    /// `HEALTH`
    Health,
    /// `WAIT FOR ..`
    WaitFor(WaitForNodes),
    /// `OK TO STOP <id>..`, at least one node.
    OkToStop(Vec<NodeId>),
    /// `ROLLING RESTART ..`
    RollingRestart(RollingRestart),
    /// `TOP [EVERY <seconds>]`
    Top {
        /// From one picture to the next, [`TOP_MILLISECONDS_MIN`] to [`TOP_MILLISECONDS_MAX`].
        milliseconds: u32,
    },
}

/// Milliseconds between two pictures of TOP that says none.
pub const TOP_MILLISECONDS: u32 = 1000;

/// Fewest milliseconds between two pictures of TOP.
pub const TOP_MILLISECONDS_MIN: u32 = 100;

/// Most milliseconds between two pictures of TOP: a day, as those of `\WATCH`.
pub const TOP_MILLISECONDS_MAX: u32 = WATCH_SECONDS_MAX * 1000;

/// Seconds between two turns of `\WATCH` that says none.
pub const WATCH_SECONDS: u32 = 2;

/// Most seconds between two turns of `\WATCH`: a day.
pub const WATCH_SECONDS_MAX: u32 = 86_400;

/// A command that only asks, so that it may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
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
    /// `CLUSTERLOG INFO`
    ClusterLogInfo,
    /// `HEALTH`
    Health,
    /// `OK TO STOP <id>..`
    OkToStop(Vec<NodeId>),
}

/// Most words a DUMP command takes (management protocol, `dump state`).
pub const DUMP_WORDS_MAX: usize = 25;

/// What HELP has a page about, in upper case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelpTopic(pub(super) String);

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

/// What WAIT FOR waits for, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitForNodes {
    /// The nodes; ALL for every data node.
    pub targets: Targets,
    /// The state in which all of them are to be.
    pub state: AwaitedState,
    /// AFTER RESTART: each has to be seen leaving service first.
    pub after_restart: bool,
    /// TIMEOUT in seconds; none for the default.
    pub timeout: Option<u32>,
}

/// What ROLLING RESTART restarts, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollingRestart {
    /// The nodes in their order; ALL, which may be left out, for every data node.
    pub targets: Targets,
    /// PER NODEGROUP: one of each nodegroup at once.
    pub per_nodegroup: bool,
    /// INITIAL: without the old data.
    pub initial: bool,
    /// STOP ONLY: somebody else starts the processes.
    pub stop_only: bool,
    /// TIMEOUT of each step in seconds; none for the default.
    pub timeout: Option<u32>,
    /// DRY RUN: only say what would be done.
    pub dry_run: bool,
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

/// What ON, OFF, TOGGLE and FILTER of CLUSTERLOG are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severities {
    /// ALL: every severity at once.
    All,
    /// One severity.
    One(Severity),
}

/// One `<category>=<level>` of CLUSTERLOG and LOGLEVEL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CategoryLevel {
    /// The category, never [`EventCategory::Warning`], which has no name at the prompt.
    pub category: EventCategory,
    /// The threshold.
    pub level: LogLevel,
}

/// One part of a CLUSTERLOG or LOGLEVEL command that can't be carried out. `Display` is the
/// line that the client prints on stdout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ItemError {
    /// No severity has this name.
    #[error("Invalid severity level: {0}")]
    UnknownSeverity(String),
    /// Not of the form `<category>=<level>`.
    #[error("Invalid loglevel specification: {0}")]
    NotALevel(String),
    /// No category has this name.
    #[error("Unknown category: \"{category}\"")]
    UnknownCategory {
        /// The name.
        category: String,
        /// What follows the equals sign.
        level: String,
    },
    /// Not a number from 0 to 15.
    #[error("Invalid level: {level}")]
    LevelOutOfRange {
        /// The category, whose name is right.
        category: EventCategory,
        /// What is not a level.
        level: String,
    },
}

impl Command {
    /// True if the client has to be connected before it carries the command out: all but
    /// HELP, SLEEP, PAGER, NOPAGER, QUIT, blank lines, comments, and CONNECT and HEALTH, which
    /// connect by themselves.
    pub fn needs_connection(&self) -> bool {
        !matches!(
            self,
            Command::Nothing
                | Command::Help(_)
                | Command::Quit
                | Command::Connect(_)
                | Command::Sleep(_)
                | Command::Pager(_)
                | Command::NoPager
                | Command::Health
                | Command::Watch {
                    query: Query::Health,
                    ..
                }
        )
    }
}

impl Command {
    /// True if it changes the cluster, its logs or the server's sessions.
    pub fn changes_state(&self) -> bool {
        match self {
            Command::Nothing
            | Command::Help(_)
            | Command::Quit
            | Command::Connect(_)
            | Command::Prompt(_)
            | Command::Sleep(_)
            | Command::Watch { .. }
            | Command::Pager(_)
            | Command::NoPager
            | Command::Show
            | Command::Status(_)
            | Command::Report { .. }
            | Command::ClusterLogInfo
            | Command::TlsInfo
            | Command::StartTls
            | Command::Health
            | Command::WaitFor(_)
            | Command::OkToStop(_)
            | Command::Top { .. } => false,
            Command::RollingRestart(rolling) => !rolling.dry_run,
            Command::StartBackup(_)
            | Command::AbortBackup(_)
            | Command::Start(_)
            | Command::Stop { .. }
            | Command::Restart { .. }
            | Command::Shutdown
            | Command::EnterSingleUserMode(_)
            | Command::ExitSingleUserMode
            | Command::ClusterLogFilter { .. }
            | Command::ClusterLogLevels { .. }
            | Command::LogLevels { .. }
            | Command::NodeLogDebug { .. }
            | Command::Dump { .. }
            | Command::Log(_)
            | Command::TestOn(_)
            | Command::TestOff(_)
            | Command::CreateNodegroup(_)
            | Command::DropNodegroup(_)
            | Command::PurgeStaleSessions => true,
        }
    }
}

impl Query {
    /// The command as a query; none if it does more than ask.
    pub fn of(command: Command) -> Option<Self> {
        match command {
            Command::Show => Some(Query::Show),
            Command::Status(target) => Some(Query::Status(target)),
            Command::Report { target, kind } => Some(Query::Report { target, kind }),
            Command::ClusterLogInfo => Some(Query::ClusterLogInfo),
            Command::Health => Some(Query::Health),
            Command::OkToStop(nodes) => Some(Query::OkToStop(nodes)),
            _ => None,
        }
    }
}

impl From<Query> for Command {
    fn from(query: Query) -> Self {
        match query {
            Query::Show => Command::Show,
            Query::Status(target) => Command::Status(target),
            Query::Report { target, kind } => Command::Report { target, kind },
            Query::ClusterLogInfo => Command::ClusterLogInfo,
            Query::Health => Command::Health,
            Query::OkToStop(nodes) => Command::OkToStop(nodes),
        }
    }
}

impl StartBackup {
    /// True if its password is to come from elsewhere.
    pub fn asks_password(&self) -> bool {
        matches!(self.encryption, Some(Encryption::AskPassword))
    }
}

impl Targets {
    /// True for two nodes or more.
    pub fn is_list(&self) -> bool {
        matches!(self, Targets::Nodes(nodes) if nodes.len() > 1)
    }
}
