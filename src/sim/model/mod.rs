//! The cluster's state machine: pure, without IO and without a clock.
//!
//! [`Cluster::apply`] takes what a session asked for, [`Cluster::node_report`] what a data
//! node's writer reports, [`Cluster::tick`] that time has passed. Each appends to a list of
//! [`Effect`]s, which the simulator's loop carries out. A reply can come later than its
//! request: `start backup` waits for the backup, `stop v2` for the nodes.

mod backup;
mod config_change;
mod configuration;
mod connection;
mod diagnostics;
mod events;
mod logs;
mod management_server;
mod node;
mod node_id;
mod node_loss;
mod node_start;
mod nodegroup;
mod nodes;
mod requests;
mod session;
mod session_id;
mod statistics;
mod status;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::topology::Topology;
use crate::cluster::{
    BackupId, BackupPassword, BackupTotals, ErrorNumber, EventKind, Gci, NodeId, NodeType,
    Severity, SnapshotPoint,
};
use crate::wire::{EncodedConfig, Refusal, Reply, Request};

use backup::RunningBackup;
use management_server::ManagementServer;
use node::DataNode;
use node_loss::Ticket;
use nodes::Order;
use session::Session;
pub(super) use session_id::SessionId;
use statistics::Reports;

/// Time since the start of 1970. The simulator's loop passes it in; the model has no clock.
pub(super) type Now = Duration;

/// Interval of the `<PING>` lines that find dead listeners (management protocol, 4.1).
const PING_INTERVAL: Duration = Duration::from_millis(500);

/// What the model wants done.
#[derive(Debug)]
pub(super) enum Effect {
    /// Send a reply; it ends the session's current request.
    Reply {
        /// To whom.
        session: SessionId,
        /// What it says.
        reply: Reply,
    },
    /// Send an event record or a `<PING>` to listeners.
    Event {
        /// To whom.
        sessions: Vec<SessionId>,
        /// The bytes.
        bytes: Arc<[u8]>,
        /// Type of the event; none for a `<PING>`.
        kind: Option<EventKind>,
    },
    /// Close a connection.
    Close {
        /// Whose.
        session: SessionId,
    },
    /// Write a line to a cluster log.
    Log {
        /// Whose.
        server: NodeId,
        /// How severe.
        severity: Severity,
        /// The text after `-- `.
        text: String,
    },
    /// A data node begins to go down for a restart.
    RestartBegan(NodeId),
    /// Have the data nodes make the files of a backup, exclusively.
    DefineBackup(BackupOrder),
    /// Have them write rows and log entries.
    ScanBackup {
        /// The attempt.
        attempt: u64,
    },
    /// Have them end the log and complete the files.
    FinishBackup {
        /// The attempt.
        attempt: u64,
        /// Global checkpoints at the start and at the end.
        start_gci: Gci,
        /// See `start_gci`.
        stop_gci: Gci,
    },
    /// Have them stop and remove the files of a backup.
    RemoveBackup {
        /// The attempt.
        attempt: u64,
    },
    /// The backup is over; its files stay, or none is left.
    BackupEnded {
        /// The attempt.
        attempt: u64,
    },
    /// A new global checkpoint: changes made from now on belong to it.
    GlobalCheckpoint(Gci),
    /// Keep this over a restart of the simulator.
    Save(SavedState),
    /// Read a config.ini and hand it back.
    ReadConfig {
        /// Who asks.
        session: SessionId,
        /// The file.
        path: PathBuf,
    },
    /// The configuration is another one.
    ConfigChanged,
    /// A management server stops serving.
    StopServer(NodeId),
}

/// What outlives a restart of the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SavedState {
    /// Last backup id given out; the next is one more.
    pub(super) backup_sequence: u32,
    /// The global checkpoint.
    pub(super) gci: Gci,
    /// A backup whose files are not complete.
    pub(super) unfinished: Option<BackupId>,
}

impl Default for SavedState {
    fn default() -> Self {
        SavedState {
            backup_sequence: 0,
            gci: Gci(2),
            unfinished: None,
        }
    }
}

/// A backup to be written.
#[derive(Debug, Clone)]
pub(super) struct BackupOrder {
    /// Number of this attempt, unique in the life of the simulator.
    pub(super) attempt: u64,
    /// The backup's id.
    pub(super) id: BackupId,
    /// The coordinating data node.
    pub(super) master: NodeId,
    /// All participants, the master among them.
    pub(super) nodes: Vec<NodeId>,
    /// Which state the backup holds.
    pub(super) snapshot: SnapshotPoint,
    /// The password of an encrypted backup.
    pub(super) password: Option<Arc<BackupPassword>>,
    /// Low 32 bits of the master's clock in milliseconds (backup format, 2).
    pub(super) clock: u32,
}

/// What a data node's writer reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeProgress {
    /// Its files are made.
    Defined,
    /// Its files cannot be made; none of them is left.
    Refused(ErrorNumber),
    /// It has written this much.
    Written(BackupTotals),
    /// All its rows are written.
    Scanned(BackupTotals),
    /// Its files are complete.
    Completed(BackupTotals),
    /// It cannot go on; waits for the order to remove.
    Failed(ErrorNumber),
    /// It has removed its files.
    Removed,
}

/// A report of one data node about one attempt of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeReport {
    /// The attempt.
    pub(super) attempt: u64,
    /// The reporting node.
    pub(super) node: NodeId,
    /// What it reports.
    pub(super) progress: NodeProgress,
}

/// Figures of the model that are not in config.ini.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// How long a start phase or a step of a shutdown takes.
    pub(super) phase: Duration,
    /// Bytes of data memory in use per data node, for the memory report.
    pub(super) data_bytes: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            phase: Duration::from_millis(100),
            data_bytes: 1 << 20,
        }
    }
}

/// The simulated cluster.
pub(super) struct Cluster {
    topology: Arc<Topology>,
    pace: Pace,
    data_nodes: BTreeMap<NodeId, DataNode>,
    joined: u32,
    servers: BTreeMap<NodeId, ManagementServer>,
    single_user: Option<NodeId>,
    saved: SavedState,
    has_lived: bool,
    /// Number of the last local checkpoint.
    local_checkpoint: u32,
    ticket: Ticket,
    next_checkpoint: Now,
    next_ping: Now,
    reports: Reports,
    backup: Option<RunningBackup>,
    attempts: u64,
    orders: Vec<Order>,
    sessions: BTreeMap<SessionId, Session>,
    next_session: u64,
    connection_ports: BTreeMap<(u32, u32), i32>,
    /// The whole configuration, until it changes.
    config_reply: Option<EncodedConfig>,
    effects: VecDeque<Effect>,
}

impl Cluster {
    /// A cluster whose data nodes are all started.
    pub(super) fn new(topology: Arc<Topology>, pace: Pace, saved: SavedState, now: Now) -> Self {
        let nodegroups = topology.nodegroups();
        let data_nodes = topology
            .of_type(NodeType::Ndb)
            .map(|node| (node.id, DataNode::new(node.id, nodegroups[&node.id])))
            .collect();
        let servers = management_server::all_serving(&topology);
        let mut cluster = Cluster {
            topology,
            pace,
            data_nodes,
            joined: 0,
            servers,
            single_user: None,
            saved,
            has_lived: saved != SavedState::default(),
            local_checkpoint: 1,
            ticket: (now.as_secs() as u32, now.subsec_nanos() >> 8),
            next_checkpoint: now,
            next_ping: now + PING_INTERVAL,
            reports: Reports::new(now),
            backup: None,
            attempts: 0,
            orders: Vec::new(),
            sessions: BTreeMap::new(),
            next_session: 2,
            connection_ports: BTreeMap::new(),
            config_reply: None,
            effects: VecDeque::new(),
        };
        cluster.saved.unfinished = None;
        cluster.advance_checkpoint(now);
        cluster.start_all_at_once(now);
        cluster.keep_config_reply();
        cluster
    }

    /// Takes the effects that are due, oldest first.
    pub(super) fn take_effects(&mut self) -> VecDeque<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Carries out a session's request. The reply is among the effects, now or later.
    pub(super) fn apply(&mut self, session: SessionId, request: Request, now: Now) {
        if !self.sessions.contains_key(&session) {
            return;
        }
        let is_bootstrap = matches!(&request, Request::Session(request) if request.is_bootstrap());
        if !is_bootstrap && self.lacks_tls(session) {
            return self.reply(session, Reply::Refused(Refusal::NotAuthorized));
        }
        self.dispatch(session, request, now);
    }

    /// Takes a data node's report about a backup.
    pub(super) fn node_report(&mut self, report: NodeReport, now: Now) {
        self.backup_report(report, now);
    }

    /// Does what is due at `now`.
    pub(super) fn tick(&mut self, now: Now) {
        if now >= self.next_ping {
            self.next_ping = now + PING_INTERVAL;
            self.ping();
        }
        if now >= self.next_checkpoint {
            self.advance_checkpoint(now);
        }
        self.report_statistics(now);
        self.advance_nodes(now);
        self.report_backup_status(now);
        self.settle_orders(now);
    }

    /// When [`Cluster::tick`] has to be called at the latest.
    pub(super) fn next_deadline(&self) -> Now {
        let nodes = self.data_nodes.values().filter_map(DataNode::deadline);
        let backup = self.backup.iter().filter_map(|backup| backup.next_status);
        let orders = self.orders.iter().filter_map(Order::deadline);
        nodes
            .chain(backup)
            .chain(orders)
            .chain([self.next_ping, self.reports.next()])
            .fold(self.next_checkpoint, Now::min)
    }

    /// True if events go to this session.
    pub(super) fn is_listener(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|session| session.listener.is_some())
    }

    /// What has to be kept over a restart.
    pub(super) fn saved_state(&self) -> SavedState {
        self.saved
    }

    /// True while a backup is being written or removed.
    pub(super) fn backup_is_running(&self) -> bool {
        self.backup.is_some()
    }
}
