//! Pictures of TOP.

use jiff::Timestamp;
use serde::Serialize;

use crate::client::NodeState;
use crate::cluster::live::{Contact, LiveBackup, LiveNode, Rates, Snapshot};
use crate::cluster::state::{MemoryLimits, MemoryUse};
use crate::shell::render::master_dynamic_id;

use super::event::EventReport;
use super::health::{ConditionWord, Remark};
use super::node::NodeReport;
use super::{SCHEMA, Time};

/// The cluster at one moment, from TOP.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(title = "Top", rename = "Top")
)]
pub(super) struct SnapshotReport {
    /// Version of this object; see `docs/scripts.md`.
    schema: u32,
    /// Always `top`.
    r#type: SnapshotType,
    /// The moment.
    time: Time,
    /// Whether a management server answers.
    contact: ContactReport,
    /// Whether the cluster does its work, as HEALTH judges it; unknown without contact.
    condition: ConditionWord,
    /// What else is not as it should be, worst first.
    findings: Vec<Remark>,
    /// Every configured node: data nodes by nodegroup and id, then management servers, then API
    /// nodes. Without contact, as they were seen last.
    nodes: Vec<LiveNodeReport>,
    /// The backups that run.
    backups: Vec<BackupReport>,
    /// What happened since the object before; without the reports that only carry figures.
    events: Vec<EventReport>,
    /// How many more events were left out because too many came.
    events_lost: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
enum SnapshotType {
    Top,
}

/// Whether a management server answers.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Contact"))]
struct ContactReport {
    /// True if one does.
    held: bool,
    /// Its host and port; null if none does.
    server: Option<String>,
    /// Its node id; null if it is not known.
    server_id: Option<u32>,
    /// Since when none does; null if one does.
    lost_since: Option<Time>,
    /// What the last attempt to reach one said; null if one answers.
    reason: Option<String>,
}

/// A node, and what it does.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LiveNode"))]
struct LiveNodeReport {
    /// Its state.
    #[serde(flatten)]
    node: NodeReport,
    /// Memory of rows; null until the node has reported it.
    data_memory: Option<Memory>,
    /// Memory of hash indexes; null until the node has reported it.
    index_memory: Option<Memory>,
    /// What it does in a second; null until two of its reports were heard, and once the last is
    /// too old.
    per_second: Option<RatesReport>,
    /// How often others have missed its heartbeat since TOP began.
    missed_heartbeats: u64,
    /// When that was last; null if never.
    last_missed_heartbeat: Option<Time>,
}

/// Memory of one kind.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "MemoryUse"))]
struct Memory {
    /// Whole percent in use, rounded down.
    percent: u64,
    /// Bytes in use.
    bytes_used: u64,
    /// Bytes in all.
    bytes_total: u64,
}

/// Events in a second, to a thousandth; each null if it is not known.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Rates"))]
struct RatesReport {
    /// Operations on the node's own fragments.
    operations: Option<f64>,
    /// Transactions that it coordinated, as all that follow.
    transactions: Option<f64>,
    /// Those that were committed.
    commits: Option<f64>,
    /// Those that were aborted.
    aborts: Option<f64>,
    /// Rows that were read by key.
    reads: Option<f64>,
    /// Rows that were written.
    writes: Option<f64>,
    /// Scans of tables and of ordered indexes.
    scans: Option<f64>,
}

/// A backup that runs: sums over what the data nodes reported last.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RunningBackup"))]
struct BackupReport {
    /// Its id.
    id: u32,
    /// The management server that ran the command.
    starting_node: u32,
    /// When it began; null if its start was not heard.
    started: Option<Time>,
    /// Rows written.
    records: u64,
    /// Bytes of table contents written.
    bytes: u64,
    /// Bytes of the log written.
    log_bytes: u64,
    /// The data nodes that report it.
    nodes: Vec<u32>,
    /// An estimate of the bytes of table contents that it will have; null if nothing tells, or the
    /// estimate has proven too small.
    estimated_bytes: Option<u64>,
}

impl SnapshotReport {
    pub(super) fn of(snapshot: &Snapshot, limits: MemoryLimits) -> Self {
        let states: Vec<NodeState> = snapshot.nodes.iter().map(|it| it.node.clone()).collect();
        let master = master_dynamic_id(&states);
        SnapshotReport {
            schema: SCHEMA,
            r#type: SnapshotType::Top,
            time: Time::of(snapshot.at),
            contact: contact(&snapshot.contact),
            condition: snapshot.condition.into(),
            findings: snapshot
                .findings
                .iter()
                .map(|finding| Remark::of_finding(finding, limits))
                .collect(),
            nodes: snapshot.nodes.iter().map(|it| node(it, master)).collect(),
            backups: snapshot.backups.iter().map(backup).collect(),
            events: snapshot
                .events
                .iter()
                .map(|heard| EventReport::of(&heard.event, heard.at))
                .collect(),
            events_lost: snapshot.lost,
        }
    }
}

fn contact(contact: &Contact) -> ContactReport {
    match contact {
        Contact::Held { server, id } => ContactReport {
            held: true,
            server: Some(server.clone()),
            server_id: id.map(|id| id.get()),
            lost_since: None,
            reason: None,
        },
        Contact::Lost { since, reason } => ContactReport {
            held: false,
            server: None,
            server_id: None,
            lost_since: Some(Time::of(*since)),
            reason: Some(reason.clone()),
        },
    }
}

fn node(live: &LiveNode, master: Option<i32>) -> LiveNodeReport {
    LiveNodeReport {
        node: NodeReport::placed(&live.node, live.place, master),
        data_memory: live.data_memory.as_ref().map(memory),
        index_memory: live.index_memory.as_ref().map(memory),
        per_second: live.rates.map(rates),
        missed_heartbeats: live.missed_heartbeats,
        last_missed_heartbeat: time(live.last_missed_heartbeat),
    }
}

fn time(moment: Option<Timestamp>) -> Option<Time> {
    moment.map(Time::of)
}

fn memory(memory: &MemoryUse) -> Memory {
    Memory {
        percent: memory.percent(),
        bytes_used: memory.bytes_used(),
        bytes_total: memory.bytes_total(),
    }
}

fn rates(rates: Rates) -> RatesReport {
    let to_thousandth = |rate: Option<f64>| rate.map(|rate| (rate * 1000.0).round() / 1000.0);
    RatesReport {
        operations: to_thousandth(rates.operations),
        transactions: to_thousandth(rates.transactions),
        commits: to_thousandth(rates.commits),
        aborts: to_thousandth(rates.aborts),
        reads: to_thousandth(rates.reads),
        writes: to_thousandth(rates.writes),
        scans: to_thousandth(rates.scans),
    }
}

fn backup(backup: &LiveBackup) -> BackupReport {
    BackupReport {
        id: backup.id,
        starting_node: backup.starting_node,
        started: time(backup.started),
        records: backup.records,
        bytes: backup.bytes,
        log_bytes: backup.log_bytes,
        nodes: backup.nodes.iter().map(|node| node.get()).collect(),
        estimated_bytes: backup.estimated_total,
    }
}
