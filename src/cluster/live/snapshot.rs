//! What a live view shows of one moment.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::cluster::state::{Condition, Finding, MemoryUse, NodegroupHealth};
use crate::cluster::{Event, Membership, NodeId, NodeState, NodeType, Nodegroup, Severity};

/// A cluster at one tick of a live view.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// When, by the clock of the one who looks.
    pub at: Timestamp,
    /// Whether a management server answers.
    pub contact: Contact,
    /// The same judgement as [`health`](crate::cluster::state::ClusterState::health); unknown
    /// without contact.
    pub condition: Condition,
    /// What is not as it should be, worst first.
    pub findings: Vec<Finding>,
    /// Every configured node: data nodes by nodegroup and id, those whose nodegroup is not known
    /// last; then management servers, then API nodes, by id. Without contact, as seen last.
    pub nodes: Vec<LiveNode>,
    /// The backups that run, by id.
    pub backups: Vec<LiveBackup>,
    /// What was heard since the snapshot before, oldest first.
    pub events: Vec<LiveEvent>,
    /// How many events were left out because too many came since the snapshot before.
    pub lost: u64,
}

impl Snapshot {
    /// The nodegroups by number, with those of their nodes whose place is known.
    pub fn nodegroups(&self) -> Vec<NodegroupHealth> {
        let mut members: BTreeMap<Nodegroup, Vec<NodeState>> = BTreeMap::new();
        for live in &self.nodes {
            if let (NodeType::Ndb, Membership::Of(nodegroup)) = (live.node.node_type, live.place) {
                members
                    .entry(nodegroup)
                    .or_default()
                    .push(live.node.clone());
            }
        }
        let of_members = |(nodegroup, members)| NodegroupHealth {
            nodegroup,
            members,
            absent: 0,
        };
        members.into_iter().map(of_members).collect()
    }
}

/// Whether a management server answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// One does.
    Held {
        /// Its host and port.
        server: String,
        /// Its node id, if it is known.
        id: Option<NodeId>,
    },
    /// None does.
    Lost {
        /// Since when.
        since: Timestamp,
        /// What the last try said.
        reason: String,
    },
}

/// A node of a live view.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveNode {
    /// Its state, as the management server reported it last.
    pub node: NodeState,
    /// Where a data node belongs, also while it is down; of no nodegroup for all others.
    pub place: Membership,
    /// Memory of rows; none until the node has reported it.
    pub data_memory: Option<MemoryUse>,
    /// Memory of hash indexes; none until the node has reported it.
    pub index_memory: Option<MemoryUse>,
    /// What it does in a second; none until two reports have come, and once the last is older than
    /// [`REPORT_AGE_MAX`](super::REPORT_AGE_MAX).
    pub rates: Option<Rates>,
    /// How often others have missed its heartbeat since the view began.
    pub missed_heartbeats: u64,
    /// When that was last.
    pub last_missed_heartbeat: Option<Timestamp>,
}

/// What a data node does in a second, from its last report of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Operations on its own fragments (event 36).
    pub operations: Option<f64>,
    /// Transactions that it coordinated (event 35, as all that follow).
    pub transactions: Option<f64>,
    /// Those that were committed.
    pub commits: Option<f64>,
    /// Those that were aborted.
    pub aborts: Option<f64>,
    /// Rows that were read by key, with or without a lock that is kept.
    pub reads: Option<f64>,
    /// Rows that were written.
    pub writes: Option<f64>,
    /// Scans of tables and of ordered indexes.
    pub scans: Option<f64>,
}

/// A backup that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveBackup {
    /// Its id.
    pub id: u32,
    /// The management server that ran the command.
    pub starting_node: u32,
    /// Rows written, a sum over the last reports of the nodes, as the two that follow.
    pub records: u64,
    /// Bytes of table contents written.
    pub bytes: u64,
    /// Bytes of the log written.
    pub log_bytes: u64,
    /// The data nodes that report it, by id.
    pub nodes: Vec<NodeId>,
    /// When it began, if its start was heard.
    pub started: Option<Timestamp>,
    /// An estimate of the bytes of table contents that it will have, by what the backup before came
    /// to or by the memory in use; none if there is neither, or it has proven too small.
    pub estimated_total: Option<u64>,
}

/// An event that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveEvent {
    /// When.
    pub at: Timestamp,
    /// How severe its type is.
    pub severity: Severity,
    /// The event.
    pub event: Event,
}
