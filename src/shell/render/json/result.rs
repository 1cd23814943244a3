//! What commands give.

use serde::Serialize;

use crate::client::{Certificate, TlsStats};
use crate::cluster::{BackupTotals, Event, EventBody, state};
use crate::command::Targets;
use crate::shell::outcome::{Check, CheckVerdict, Failure, Outcome};
use crate::shell::render::render_check;

use super::event::EventReport;
use super::health::{HealthJson, StopJson};
use super::node::NodeReport;
use super::roll::{AwaitedWord, LastState, PlanReport, RollEnd, ids};

/// What a command gave.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Result"))]
pub(super) enum ResultReport {
    /// Nothing beyond its steps.
    Done,
    /// A dry run, which sent nothing that changes anything.
    Rehearsed {
        /// What would be carried out.
        command: String,
        /// What stands for or against it.
        checks: Vec<CheckReport>,
    },
    /// QUIT.
    Quit,
    /// HELP.
    Help {
        /// The pages.
        text: String,
    },
    /// PROMPT.
    Prompt {
        /// The new prompt; null for the default.
        text: Option<String>,
    },
    /// PAGER and NOPAGER.
    Pager {
        /// The program that long results at a prompt go to; null for the screen.
        program: Option<String>,
    },
    /// PURGE STALE SESSIONS.
    SessionsPurged {
        /// Ids of the nodes whose sessions were purged.
        nodes: Vec<u32>,
    },
    /// TLS INFO.
    Tls {
        /// The sessions that use TLS.
        sessions: Vec<TlsSession>,
        /// The server's counts.
        counts: TlsCounts,
    },
    /// START TLS.
    TlsStarted,
    /// SHOW: all nodes, by type and id.
    Cluster {
        /// The nodes.
        nodes: Vec<NodeReport>,
    },
    /// STATUS.
    Status {
        /// The nodes.
        nodes: Vec<NodeReport>,
    },
    /// REPORT BackupStatus.
    BackupStatus {
        /// The data nodes.
        nodes: Vec<BackupProgress>,
    },
    /// REPORT MemoryUsage.
    MemoryUsage {
        /// The data nodes' kinds of memory.
        nodes: Vec<MemoryUse>,
    },
    /// REPORT EventLog.
    EventLog {
        /// The saved events, by time.
        events: Vec<EventReport>,
    },
    /// START of nodes was ordered.
    Starting {
        /// The nodes.
        nodes: Vec<u32>,
    },
    /// STOP was carried out.
    Stopped {
        /// The nodes; null for all data nodes.
        nodes: Option<Vec<u32>>,
        /// The connection was closed, as its server is among them.
        disconnected: bool,
    },
    /// SHUTDOWN was carried out.
    ShutDown {
        /// How many nodes stopped.
        stopped: u32,
        /// The connection was closed, as its server is among them.
        disconnected: bool,
    },
    /// RESTART was ordered.
    Restarting {
        /// The nodes; null for all data nodes.
        nodes: Option<Vec<u32>>,
    },
    /// Single user mode was entered.
    SingleUserModeEntered {
        /// The API node that has access.
        node: u32,
    },
    /// Single user mode is about to end.
    SingleUserModeEnding,
    /// CREATE NODEGROUP.
    NodegroupCreated {
        /// Its number.
        nodegroup: u16,
    },
    /// DROP NODEGROUP.
    NodegroupDropped {
        /// Its number.
        nodegroup: u16,
    },
    /// CLUSTERLOG INFO.
    ClusterLogFilter {
        /// False: nothing is logged.
        enabled: bool,
        /// The severities that are logged, mildest first.
        severities: Vec<&'static str>,
    },
    /// The whole cluster log was switched.
    ClusterLogSwitched {
        /// It is on now.
        enabled: bool,
    },
    /// START BACKUP.
    Backup(BackupReport),
    /// ABORT BACKUP.
    AbortOrdered {
        /// The backup.
        id: u32,
        /// False if no data node reported such a backup, so that there was nothing to abort.
        running: bool,
    },
    /// HEALTH.
    Health(Box<HealthJson>),
    /// WAIT FOR: the nodes are there.
    Awaited {
        /// The nodes.
        nodes: Vec<u32>,
        /// Where they are.
        state: AwaitedWord,
    },
    /// WAIT FOR: the time is over.
    NotReached {
        /// The nodes that are elsewhere, and their states.
        nodes: Vec<LastState>,
        /// What was waited for.
        state: AwaitedWord,
    },
    /// OK TO STOP.
    StopVerdict(StopJson),
    /// ROLLING RESTART .. DRY RUN.
    RollPlan(PlanReport),
    /// ROLLING RESTART was carried out.
    Rolled {
        /// The nodes, in the order of their restarts.
        nodes: Vec<u32>,
    },
    /// ROLLING RESTART ended early.
    RollEnd(RollEnd),
}

/// One finding of a dry run.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Check"))]
pub(super) struct CheckReport {
    /// What it says of the command.
    verdict: CheckVerdict,
    /// What was found.
    text: String,
}

impl CheckReport {
    fn of(check: &Check) -> Self {
        CheckReport {
            verdict: check.verdict(),
            text: render_check(check),
        }
    }
}

/// A backup, as far as the command knows.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Backup"))]
pub(super) struct BackupReport {
    /// Its id; null if the server has not told it.
    id: Option<u32>,
    /// What is known of it.
    state: BackupState,
    /// The global checkpoint at which it began; null before its end.
    start_gcp: Option<u32>,
    /// The global checkpoint at which it ended; null before its end.
    stop_gcp: Option<u32>,
    /// What it holds; null before its end.
    totals: Option<Totals>,
}

/// What is known of a backup.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum BackupState {
    /// The order was given and not waited for.
    Ordered,
    /// It runs.
    Started,
    /// It is complete on all data nodes.
    Completed,
    /// It was aborted.
    Aborted,
    /// Nobody has said how it goes on or how it ended.
    Unknown,
}

/// Bytes and rows of a backup.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Totals"))]
pub(super) struct Totals {
    /// Bytes of table contents.
    bytes: u64,
    /// Rows.
    records: u64,
    /// Bytes of the undo or redo log.
    log_bytes: u64,
    /// Entries of the undo or redo log.
    log_records: u64,
}

impl From<BackupTotals> for Totals {
    fn from(totals: BackupTotals) -> Self {
        Totals {
            bytes: totals.bytes,
            records: totals.records,
            log_bytes: totals.log_bytes,
            log_records: totals.log_records,
        }
    }
}

/// What a data node reports of a backup.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(rename = "BackupProgress")
)]
pub(super) struct BackupProgress {
    /// The data node.
    node: u32,
    /// The backup that runs there; null if none does.
    id: Option<u32>,
    /// The management server that ordered it; null if none runs.
    starting_node: Option<u32>,
    /// What has been written so far; null if none runs.
    totals: Option<Totals>,
}

/// Memory of one kind of a data node.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MemoryUse"))]
pub(super) struct MemoryUse {
    /// The data node.
    node: u32,
    /// What the memory is for.
    kind: MemoryKind,
    /// Bytes of a page.
    page_size: u32,
    /// Pages in use.
    pages_used: u32,
    /// Pages in all.
    pages_total: u32,
    /// Bytes in use.
    bytes_used: u64,
    /// Bytes in all.
    bytes_total: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum MemoryKind {
    /// DataMemory.
    Data,
    /// IndexMemory.
    Index,
    /// Something that this client does not know.
    Other,
}

/// A session of the management server that uses TLS.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "TlsSession"))]
pub(super) struct TlsSession {
    /// Id of the session.
    id: u64,
    /// Address of the client.
    address: String,
    /// Name of its certificate.
    certificate: String,
    /// Serial number of its certificate.
    serial: String,
    /// Last day of its certificate, as the server writes it, such as `22-Nov-2026`.
    expires: String,
}

/// A management server's counts of connections.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "TlsCounts"))]
pub(super) struct TlsCounts {
    /// Accepted since it started.
    accepted: u32,
    /// Changed to TLS since it started.
    upgraded: u32,
    /// Open now.
    current: u32,
    /// Open now, with TLS.
    tls: u32,
    /// Requests refused for want of authorization.
    authfail: u32,
}

impl ResultReport {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Done | Outcome::DoneInPart | Outcome::Watched(_) => ResultReport::Done,
            Outcome::Rehearsed { command, checks } => ResultReport::Rehearsed {
                command: command.clone(),
                checks: checks.iter().map(CheckReport::of).collect(),
            },
            Outcome::Quit => ResultReport::Quit,
            Outcome::Help(pages) => ResultReport::Help {
                text: pages.clone(),
            },
            Outcome::Prompt(text) => ResultReport::Prompt { text: text.clone() },
            Outcome::Pager(program) => ResultReport::Pager {
                program: program.clone(),
            },
            Outcome::SessionsPurged(nodes) => ResultReport::SessionsPurged {
                nodes: purged(nodes.as_deref().unwrap_or_default()),
            },
            Outcome::Tls {
                certificates,
                stats,
            } => tls(certificates, stats),
            Outcome::TlsStarted => ResultReport::TlsStarted,
            Outcome::Show { nodes, hosts } => ResultReport::Cluster {
                nodes: NodeReport::all(nodes, hosts),
            },
            Outcome::Status(nodes) => ResultReport::Status {
                nodes: nodes.iter().map(NodeReport::of).collect(),
            },
            Outcome::BackupStatus(events) => ResultReport::BackupStatus {
                nodes: events.iter().filter_map(backup_progress).collect(),
            },
            Outcome::MemoryUsage(events) => ResultReport::MemoryUsage {
                nodes: events.iter().filter_map(memory_use).collect(),
            },
            Outcome::EventLog(saved) => ResultReport::EventLog {
                events: saved.iter().map(EventReport::of_saved).collect(),
            },
            Outcome::Starting(nodes) => ResultReport::Starting { nodes: ids(nodes) },
            Outcome::Stopped {
                targets,
                disconnected,
            } => ResultReport::Stopped {
                nodes: named(targets),
                disconnected: *disconnected,
            },
            Outcome::ShutDown {
                stopped,
                disconnected,
            } => ResultReport::ShutDown {
                stopped: *stopped,
                disconnected: *disconnected,
            },
            Outcome::Restarting(targets) => ResultReport::Restarting {
                nodes: named(targets),
            },
            Outcome::SingleUserModeEntered(node) => {
                ResultReport::SingleUserModeEntered { node: node.get() }
            }
            Outcome::SingleUserModeEnding => ResultReport::SingleUserModeEnding,
            Outcome::NodegroupCreated(nodegroup) => ResultReport::NodegroupCreated {
                nodegroup: nodegroup.0,
            },
            Outcome::NodegroupDropped(nodegroup) => ResultReport::NodegroupDropped {
                nodegroup: nodegroup.0,
            },
            Outcome::ClusterLogFilter(filter) => ResultReport::ClusterLogFilter {
                enabled: filter.enabled,
                severities: filter.severities.iter().map(|of| of.name()).collect(),
            },
            Outcome::ClusterLogSwitched(enabled) => {
                ResultReport::ClusterLogSwitched { enabled: *enabled }
            }
            Outcome::Backup(event) | Outcome::BackupTold(event) => {
                ResultReport::Backup(BackupReport::told(event))
            }
            Outcome::BackupOrdered(id) => backup(*id, BackupState::Ordered),
            Outcome::BackupConfirmed(id) => backup(*id, BackupState::Completed),
            Outcome::BackupRuns(id) => backup(Some(*id), BackupState::Started),
            Outcome::BackupLeft(id) => backup(*id, BackupState::Started),
            Outcome::AbortOrdered(id) => ResultReport::AbortOrdered {
                id: id.get(),
                running: true,
            },
            Outcome::NothingToAbort(id) => ResultReport::AbortOrdered {
                id: id.get(),
                running: false,
            },
            Outcome::Health(report) => ResultReport::Health(Box::new(HealthJson::of(report))),
            Outcome::Awaited(nodes, state) => ResultReport::Awaited {
                nodes: ids(nodes),
                state: (*state).into(),
            },
            Outcome::StopVerdict(verdict) => ResultReport::StopVerdict(StopJson::of(verdict)),
            Outcome::RollPlanned(plan, obstacles) => {
                ResultReport::RollPlan(PlanReport::of(plan, obstacles))
            }
            Outcome::Rolled(nodes) => ResultReport::Rolled { nodes: ids(nodes) },
        }
    }

    /// What is known in spite of a failure.
    pub(super) fn of_failure(failure: &Failure) -> Option<Self> {
        Some(match failure {
            Failure::BackupAborted { id, .. } => backup(Some(*id), BackupState::Aborted),
            Failure::BackupSilent(id)
            | Failure::BackupEndUnheard(id, _)
            | Failure::BackupEventsLost(id, _) => backup(*id, BackupState::Unknown),
            Failure::BackupLost { id, .. } => backup(*id, BackupState::Unknown),
            Failure::BackupLeft(id) | Failure::WaitOutOfTime(id, _) => {
                backup(*id, BackupState::Started)
            }
            Failure::SimulatedBackupLeft => backup(None, BackupState::Aborted),
            Failure::NotReached { nodes, state, .. } => ResultReport::NotReached {
                nodes: nodes.iter().map(LastState::of).collect(),
                state: (*state).into(),
            },
            Failure::Roll(failure) => ResultReport::RollEnd(RollEnd::of(failure)),
            _ => return None,
        })
    }
}

impl BackupReport {
    fn new(id: Option<u32>, state: BackupState) -> Self {
        BackupReport {
            id,
            state,
            start_gcp: None,
            stop_gcp: None,
            totals: None,
        }
    }

    /// What an event told of it.
    fn told(event: &Event) -> Self {
        match event.body {
            EventBody::BackupCompleted {
                backup_id,
                start_gci,
                stop_gci,
                totals,
                ..
            } => BackupReport {
                start_gcp: Some(start_gci.0),
                stop_gcp: Some(stop_gci.0),
                totals: Some(totals.into()),
                ..BackupReport::new(Some(backup_id), BackupState::Completed)
            },
            EventBody::BackupStarted { backup_id, .. } => {
                BackupReport::new(Some(backup_id), BackupState::Started)
            }
            EventBody::BackupAborted { backup_id, .. } => {
                BackupReport::new(Some(backup_id), BackupState::Aborted)
            }
            _ => BackupReport::new(None, BackupState::Unknown),
        }
    }
}

fn backup(id: Option<u32>, state: BackupState) -> ResultReport {
    ResultReport::Backup(BackupReport::new(id, state))
}

fn backup_progress(event: &Event) -> Option<BackupProgress> {
    let EventBody::BackupStatus {
        starting_node,
        backup_id,
        totals,
    } = event.body
    else {
        return None;
    };
    let runs = starting_node != 0;
    Some(BackupProgress {
        node: event.source.get(),
        id: runs.then_some(backup_id),
        starting_node: runs.then_some(starting_node),
        totals: runs.then(|| totals.into()),
    })
}

fn memory_use(event: &Event) -> Option<MemoryUse> {
    let EventBody::MemoryUsage {
        page_size,
        pages_used,
        pages_total,
        block,
        ..
    } = event.body
    else {
        return None;
    };
    Some(MemoryUse {
        node: event.source.get(),
        kind: match state::MemoryKind::of_block(block) {
            Some(state::MemoryKind::Data) => MemoryKind::Data,
            Some(state::MemoryKind::Index) => MemoryKind::Index,
            None => MemoryKind::Other,
        },
        page_size,
        pages_used,
        pages_total,
        bytes_used: u64::from(page_size) * u64::from(pages_used),
        bytes_total: u64::from(page_size) * u64::from(pages_total),
    })
}

fn tls(certificates: &[Certificate], stats: &TlsStats) -> ResultReport {
    let session = |of: &Certificate| TlsSession {
        id: of.session,
        address: of.address.clone(),
        certificate: of.name.clone(),
        serial: of.serial.clone(),
        expires: of.expires.clone(),
    };
    ResultReport::Tls {
        sessions: certificates.iter().map(session).collect(),
        counts: TlsCounts {
            accepted: stats.accepted,
            upgraded: stats.upgraded,
            current: stats.current,
            tls: stats.tls,
            authfail: stats.authfail,
        },
    }
}

/// The nodes that are named; none for all.
fn named(targets: &Targets) -> Option<Vec<u32>> {
    match targets {
        Targets::All => None,
        Targets::Nodes(nodes) => Some(ids(nodes)),
    }
}

/// The ids in the server's list, which has blanks or commas between them.
fn purged(list: &str) -> Vec<u32> {
    list.split(|c: char| !c.is_ascii_digit())
        .filter_map(|id| id.parse().ok())
        .collect()
}
