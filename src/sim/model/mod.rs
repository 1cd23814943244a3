//! The cluster's state machine: pure, without IO and without a clock.
//!
//! [`Cluster::apply`] takes what a session asked for, [`Cluster::node_report`] what a data
//! node's writer reports, [`Cluster::tick`] that time has passed. Each appends to a list of
//! [`Effect`]s, which the simulator's loop carries out. A reply can come later than its
//! request: `start backup` waits for the backup, `stop v2` for the nodes.

mod admin;
mod backup;
mod config_change;
mod configuration;
mod events;
mod maintenance;
mod management_server;
mod node;
mod node_loss;
mod node_start;
mod orders;
mod reply;
mod session;
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
    BackupId, BackupPassword, BackupTotals, ErrorNumber, EventKind, Gci, LogLevel, NodeId,
    NodeType, Severity, SnapshotPoint,
};
use crate::wire::Request;

use backup::RunningBackup;
use management_server::ManagementServer;
use node::DataNode;
use node_loss::Ticket;
use orders::{Order, Restart};
use reply::Reply;
use session::Session;
pub use session::SessionId;
use statistics::Reports;

/// Time since the start of 1970. The simulator's loop passes it in; the model has no clock.
pub type Now = Duration;

/// Interval of the `<PING>` lines that find dead listeners (management protocol, 4.1).
const PING_INTERVAL: Duration = Duration::from_millis(500);

/// What the model wants done.
#[derive(Debug)]
#[non_exhaustive]
pub enum Effect {
    /// Send a reply; it ends the session's current request.
    Reply {
        /// To whom.
        session: SessionId,
        /// The bytes, possibly none.
        bytes: Arc<[u8]>,
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
pub struct SavedState {
    /// Last backup id given out; the next is one more.
    pub backup_sequence: u32,
    /// The global checkpoint.
    pub gci: Gci,
    /// A backup whose files are not complete.
    pub unfinished: Option<BackupId>,
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
pub struct BackupOrder {
    /// Number of this attempt, unique in the life of the simulator.
    pub attempt: u64,
    /// The backup's id.
    pub id: BackupId,
    /// The coordinating data node.
    pub master: NodeId,
    /// All participants, the master among them.
    pub nodes: Vec<NodeId>,
    /// Which state the backup holds.
    pub snapshot: SnapshotPoint,
    /// The password of an encrypted backup.
    pub password: Option<Arc<BackupPassword>>,
    /// Low 32 bits of the master's clock in milliseconds (backup format, 2).
    pub clock: u32,
}

/// What a data node's writer reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeProgress {
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
pub struct NodeReport {
    /// The attempt.
    pub attempt: u64,
    /// The reporting node.
    pub node: NodeId,
    /// What it reports.
    pub progress: NodeProgress,
}

/// Figures of the model that are not in config.ini.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a start phase or a step of a shutdown takes.
    pub phase: Duration,
    /// Bytes of data memory in use per data node, for the memory report.
    pub data_bytes: u64,
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
pub struct Cluster {
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
    /// The whole configuration as text, until a port changes.
    config_reply: Option<Arc<[u8]>>,
    effects: VecDeque<Effect>,
}

impl Cluster {
    /// A cluster whose data nodes are all started.
    pub fn new(topology: Arc<Topology>, pace: Pace, saved: SavedState, now: Now) -> Self {
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
    pub fn take_effects(&mut self) -> VecDeque<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Carries out a session's request. The reply is among the effects, now or later.
    pub fn apply(&mut self, session: SessionId, request: Request, now: Now) {
        if !self.sessions.contains_key(&session) {
            return;
        }
        self.dispatch(session, request, now);
    }

    /// Takes a data node's report about a backup.
    pub fn node_report(&mut self, report: NodeReport, now: Now) {
        self.backup_report(report, now);
    }

    /// Does what is due at `now`.
    pub fn tick(&mut self, now: Now) {
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
    pub fn next_deadline(&self) -> Now {
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
    pub fn is_listener(&self, session: SessionId) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|session| session.listener.is_some())
    }

    /// What has to be kept over a restart.
    pub fn saved_state(&self) -> SavedState {
        self.saved
    }

    /// True while a backup is being written or removed.
    pub fn backup_is_running(&self) -> bool {
        self.backup.is_some()
    }

    /// One match over all requests: the table of contents of the management server.
    fn dispatch(&mut self, session: SessionId, request: Request, now: Now) {
        match request {
            Request::CheckConnection => self.reply_ok(session, "check connection reply"),
            Request::GetVersion => self.get_version(session),
            Request::SetClientVersion { version } => self.set_client_version(session, version),
            Request::GetMgmdNodeid => self.get_mgmd_nodeid(session),
            Request::StartTls => self.start_tls(session),
            Request::EndSession => self.end_session(session),
            Request::Bye | Request::TransporterConnect => self.close_session(session),
            Request::GetStatus { types } => self.get_status(session, types.as_deref()),
            Request::GetConfig {
                version2,
                node,
                from_node,
                ..
            } => self.get_config(session, version2, node, from_node),
            Request::SetConfig {
                version2,
                length,
                content_type,
                encoding,
                body,
            } => self.set_config(session, version2, length, &content_type, &encoding, &body),
            Request::StartBackup {
                wait,
                id,
                point,
                password,
            } => self.start_backup(session, wait, id, point, password, now),
            Request::AbortBackup { id } => self.abort_backup(session, id, now),
            Request::ListenEvent { filter, parsable } => {
                self.listen_event(session, &filter, parsable);
            }
            Request::DumpEvents { kind, nodes } => {
                self.dump_events(session, kind, nodes.as_deref());
            }
            Request::GetInfoClusterlog => self.get_info_clusterlog(session),
            Request::SetLogfilter { level, enable } => self.set_logfilter(session, level, enable),
            Request::GetClusterLoglevel => self.get_cluster_loglevel(session),
            Request::SetClusterLoglevel {
                category, level, ..
            } => self.set_cluster_loglevel(session, category, level),
            Request::SetLoglevel { level, .. } => self.set_loglevel(session, level),
            Request::ListSessions => self.list_sessions(session),
            Request::GetSessionId => self.get_session_id(session),
            Request::GetSession { id } => self.get_session(session, id),
            Request::PurgeStaleSessions => self.reply_ok(session, "purge stale sessions reply"),
            Request::ListCerts => self.reply(session, Reply::new("list certs reply").end()),
            Request::GetTlsStats => self.get_tls_stats(session),
            request => self.dispatch_node_orders(session, request, now),
        }
    }

    fn dispatch_node_orders(&mut self, session: SessionId, request: Request, now: Now) {
        match request {
            Request::Stop {
                nodes,
                abort,
                force,
            } => self.stop_nodes(session, &nodes, abort, force, now),
            Request::StopAll { abort, stop } => self.stop_all(session, abort, stop, now),
            Request::RestartNode {
                nodes,
                initial,
                nostart,
                abort,
                force,
            } => {
                let restart = Restart { initial, nostart };
                self.restart_nodes(session, &nodes, restart, abort, force, now);
            }
            Request::RestartAll {
                initial,
                nostart,
                abort,
            } => self.restart_all(session, Restart { initial, nostart }, abort, now),
            Request::Start { node } => self.start_one(session, node, now),
            Request::StartAll => self.start_all(session, now),
            Request::EnterSingleUser { node } => self.enter_single_user(session, node, now),
            Request::ExitSingleUser => self.exit_single_user(session, now),
            Request::DumpState { node, args } => self.dump_state(session, node, &args, now),
            Request::InsertError { node, error, .. } => self.insert_error(session, node, error),
            Request::SetTrace { node, trace } => self.set_trace(session, node, trace),
            Request::LogSignals {
                node,
                blocks,
                r#in,
                out,
            } => self.log_signals(session, node, &blocks, (r#in, out)),
            Request::StartSignallog { node } => {
                self.node_order(session, "start signallog reply", node);
            }
            Request::StopSignallog { node } => {
                self.node_order(session, "stop signallog reply", node);
            }
            Request::CreateNodegroup { nodes } => self.create_nodegroup(session, &nodes),
            Request::DropNodegroup { nodegroup } => self.drop_nodegroup(session, nodegroup),
            Request::ReportEvent { words } => self.report_event(session, &words, now),
            request => self.dispatch_configuration(session, request),
        }
    }

    fn dispatch_configuration(&mut self, session: SessionId, request: Request) {
        match request {
            Request::GetNodeid {
                node_type,
                node,
                endian,
                log_event,
                ..
            } => self.get_nodeid(session, (node_type, node), endian.as_deref(), log_event),
            Request::ShowConfig {
                section,
                node,
                name,
            } => self.show_config(session, section.as_deref(), node, name.as_deref()),
            Request::ReloadConfig {
                config_filename,
                mycnf,
                ..
            } => self.reload_config(session, config_filename.as_deref(), mycnf),
            Request::ShowVariables => self.show_variables(session),
            Request::SetParameter {
                node,
                parameter,
                value,
            } => self.set_parameter(session, node, parameter, &value),
            Request::SetConnectionParameter {
                node1,
                node2,
                param,
                value,
            } => self.set_connection_parameter(session, (node1, node2), param, value),
            Request::GetConnectionParameter {
                node1,
                node2,
                param,
            } => self.get_connection_parameter(session, (node1, node2), param),
            Request::SetPorts { node, ports } => self.set_ports(session, node, &ports),
            // The two functions before have taken all others.
            request => {
                let text = format!("Unknown command, '{}'", request.name());
                self.reply(session, Reply::default().field("result", text).end());
            }
        }
    }
}

pub(super) fn level(number: u32) -> LogLevel {
    LogLevel::new(number).unwrap_or(LogLevel::MAX)
}
