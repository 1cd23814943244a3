//! The simulator's loop: connections, the model, its effects.
//!
//! One task owns the model and carries out its effects; a task per connection and a thread
//! per writing data node send it messages.

mod effects;
mod faults;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::{AbortHandle, JoinSet};

use super::cluster_log::ClusterLog;
use super::config::SimConfig;
use super::data_node::{BackupWriters, NodeSettings, ReportSink};
use super::database::Database;
use super::disk::DiskLimits;
use super::error::SimError;
use super::fault::{FaultPlan, Trigger};
use super::listener::{Accepted, accept_loop, bind_servers};
use super::model::{Cluster, NodeReport, Now, Pace, SessionId};
use super::node_files::remove_unfinished;
use super::saved_state::Directory;
use super::session_task::{FromSession, Outgoing, SessionTask, Stream};
use super::tls::{OwnCertificate, ServerTls};
use super::topology::Topology;
use super::unfinished::Unfinished;
use crate::cluster::{EventKind, NodeId, NodeType, Severity};
use faults::Due;

/// So many connections are open at most: each costs a file descriptor.
const CONNECTIONS_MAX: usize = 500;

/// How long a shutdown waits for an aborted backup's files to be removed, and for the last
/// replies to be written.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

struct Connection {
    server: NodeId,
    outgoing: UnboundedSender<Outgoing>,
    queued: Arc<AtomicUsize>,
    task: AbortHandle,
    command: &'static str,
    /// When it was opened, or its last request came.
    heard_at: Now,
    /// A request waits for its reply.
    is_busy: bool,
}

/// Everything of a running simulator.
struct Loop {
    cluster: Cluster,
    directory: Directory,
    log: BTreeMap<NodeId, ClusterLog>,
    writers: BackupWriters,
    settings: BTreeMap<NodeId, NodeSettings>,
    faults: FaultPlan,
    timed: Vec<(Now, Due)>,
    connections: BTreeMap<SessionId, Connection>,
    sessions: JoinSet<()>,
    inbox: UnboundedSender<FromSession>,
    accepting: BTreeMap<NodeId, AbortHandle>,
    accepted: UnboundedSender<Accepted>,
    addresses: BTreeMap<NodeId, SocketAddr>,
    /// Management servers that a fault has killed.
    killed: BTreeSet<NodeId>,
    tls: BTreeMap<NodeId, Arc<ServerTls>>,
    started_at: (Duration, Instant),
    is_writing: Arc<AtomicBool>,
    unfinished: Unfinished,
    narrate: fn(&str),
    /// Types of events of which one was lost.
    told_lost: BTreeSet<EventKind>,
    /// There were too many connections once.
    told_crowded: bool,
}

/// The channels into the loop.
struct Inboxes {
    sessions: UnboundedReceiver<FromSession>,
    reports: UnboundedReceiver<NodeReport>,
    accepted: UnboundedReceiver<Accepted>,
    faults: UnboundedReceiver<FaultPlan>,
}

/// A prepared simulator: listening, its directory locked, nobody served yet.
pub struct Simulator {
    state: Loop,
    inboxes: Inboxes,
    faults: UnboundedSender<FaultPlan>,
}

impl Simulator {
    /// Where each management server listens.
    pub fn addresses(&self) -> &BTreeMap<NodeId, SocketAddr> {
        &self.state.addresses
    }

    /// Takes the directory and the listener of the first management server; further servers
    /// get their own.
    pub(super) async fn prepare(
        listener: TcpListener,
        config: SimConfig,
        is_writing: Arc<AtomicBool>,
    ) -> Result<Self, SimError> {
        let directory = Directory::open(&config.directory)?;
        let saved = directory.load()?;
        let mut topology = config.topology;
        topology.check().map_err(SimError::Topology)?;
        let listeners = bind_servers(&mut topology, listener).await?;
        let topology = Arc::new(topology);
        let settings = node_settings(&topology, &directory, &config.faults);
        if let Some(id) = saved.unfinished {
            let removed: usize = settings
                .iter()
                .map(|(node, settings)| remove_unfinished(&settings.directory, id, *node))
                .sum();
            (config.narrate)(&format!(
                "backup {id} was left incomplete by the last run: {removed} files of it are removed"
            ));
        }
        let database = Arc::new(Database::new(&topology, config.rows));
        let pace = Pace {
            phase: config.phase_time,
            data_bytes: database.approximate_bytes() / settings.len().max(1) as u64,
        };
        let (report_sender, reports) = mpsc::unbounded_channel();
        let report: ReportSink = Arc::new(move |report| {
            // Nobody listens any more once the simulator has stopped.
            let _ = report_sender.send(report);
        });
        let (inbox, sessions) = mpsc::unbounded_channel();
        let (accept_sender, accepted) = mpsc::unbounded_channel();
        let (fault_sender, faults) = mpsc::unbounded_channel();
        let wall = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut log = BTreeMap::new();
        for server in topology.of_type(NodeType::Mgm) {
            let path = server.data_dir(directory.path());
            let opened = ClusterLog::open(&path, server.id);
            log.insert(
                server.id,
                opened.map_err(|source| SimError::Io { path, source })?,
            );
        }
        let mut state = Loop {
            cluster: Cluster::new(Arc::clone(&topology), pace, saved, wall),
            directory,
            log,
            writers: BackupWriters::new(database, config.updates, report, config.narrate),
            settings,
            timed: config
                .faults
                .timed
                .iter()
                .filter_map(|(trigger, action)| match trigger {
                    Trigger::AfterStart(time) => Some((wall + *time, Due::Fault(*action))),
                    Trigger::InBackup(_) | Trigger::InRestart(..) => None,
                })
                .collect(),
            faults: config.faults,
            connections: BTreeMap::new(),
            sessions: JoinSet::new(),
            inbox,
            accepting: BTreeMap::new(),
            accepted: accept_sender,
            addresses: BTreeMap::new(),
            killed: BTreeSet::new(),
            tls: BTreeMap::new(),
            started_at: (wall, Instant::now()),
            is_writing,
            unfinished: Unfinished::default(),
            narrate: config.narrate,
            told_lost: BTreeSet::new(),
            told_crowded: false,
        };
        for server in topology.of_type(NodeType::Mgm) {
            let needs = server.is_on("RequireTls") || server.is_on("RequireCertificate");
            let found = OwnCertificate::find(server.id, &config.tls);
            state.have_certificate(server.id, found, needs)?;
        }
        for (server, listener) in listeners {
            let address = listener.local_addr().map_err(SimError::Listen)?;
            state.addresses.insert(server, address);
            state.serve(server, listener);
        }
        Ok(Simulator {
            state,
            inboxes: Inboxes {
                sessions,
                reports,
                accepted,
                faults,
            },
            faults: fault_sender,
        })
    }

    /// Where faults can be added while it runs.
    pub(super) fn faults(&self) -> UnboundedSender<FaultPlan> {
        self.faults.clone()
    }

    /// Serves until `shutdown` is done or the servers are stopped. If a fault kills them the data
    /// nodes go on.
    ///
    /// # Errors
    ///
    /// If the state could not be kept for the next run.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), SimError> {
        let Simulator {
            mut state,
            mut inboxes,
            ..
        } = self;
        state.perform();
        tokio::pin!(shutdown);
        while state.goes_on() {
            tokio::select! {
                () = &mut shutdown => break,
                () = state.step(&mut inboxes) => {}
            }
        }
        state.end(&mut inboxes).await
    }
}

fn node_settings(
    topology: &Topology,
    directory: &Directory,
    faults: &FaultPlan,
) -> BTreeMap<NodeId, NodeSettings> {
    topology
        .of_type(NodeType::Ndb)
        .map(|node| {
            let scripted = faults.disks.get(&node.id).copied().unwrap_or_default();
            let speed = node.number("MaxDiskWriteSpeed");
            let settings = NodeSettings {
                directory: node.backup_dir(directory.path()),
                limits: DiskLimits {
                    bytes_per_second: scripted.bytes_per_second.or(Some(speed)),
                    capacity: scripted.capacity,
                },
                compressed: node.is_on("CompressedBackup"),
                multithreaded: node.is_on("EnableMultithreadedBackup"),
                ldm_count: node.ldm_count(),
            };
            (node.id, settings)
        })
        .collect()
}

impl Loop {
    fn now(&self) -> Now {
        self.started_at.0 + self.started_at.1.elapsed()
    }

    /// False once nothing is left that could still happen.
    fn goes_on(&self) -> bool {
        let may_come_back = || self.cluster.has_data_nodes() || !self.timed.is_empty();
        !self.accepting.is_empty() || (!self.killed.is_empty() && may_come_back())
    }

    /// Begins to accept connections to a management server.
    fn serve(&mut self, server: NodeId, listener: TcpListener) {
        let accept = accept_loop(server, listener, self.accepted.clone());
        self.accepting.insert(server, self.sessions.spawn(accept));
        self.greet(server);
    }

    fn greet(&mut self, server: NodeId) {
        let port = self.addresses.get(&server).map_or(0, SocketAddr::port);
        let lines = [
            "This is a simulated cluster: its data nodes hold made-up rows".to_owned(),
            format!("Id: {server}, Command port: *:{port}"),
            match self.cluster.requires_tls(server) {
                true => "This server will require all MGM clients to use TLS".to_owned(),
                false => "Not requiring TLS".to_owned(),
            },
            format!(
                "MySQL Cluster Management Server {} started (simulated cluster)",
                crate::cluster::Version::product_string(
                    crate::cluster::Version::OURS,
                    crate::cluster::Version::OURS
                )
            ),
        ];
        let now = self.now();
        if let Some(log) = self.log.get_mut(&server) {
            for line in lines {
                write_log(log, Severity::Info, &line, now);
            }
        }
    }

    /// Gives a management server the certificate that was found, and says so in its log.
    fn have_certificate(
        &mut self,
        server: NodeId,
        found: OwnCertificate,
        needs: bool,
    ) -> Result<(), SimError> {
        let now = self.now();
        let mut say = |severity, text: &str| {
            if let Some(log) = self.log.get_mut(&server) {
                write_log(log, severity, text, now);
            }
        };
        for line in &found.log {
            say(Severity::Error, line);
        }
        let reason = match found.tls {
            Ok(tls) => {
                let file = tls.certificate_file().display();
                let text = format!("NDB TLS 1.3 available using certificate file '{file}'");
                say(Severity::Info, &text);
                self.cluster
                    .secure_server(server, Some(tls.certificate().clone()));
                self.tls.insert(server, Arc::new(tls));
                return Ok(());
            }
            Err(reason) => reason,
        };
        if needs {
            say(
                Severity::Error,
                "This node does not have a valid TLS certificate.",
            );
            let node = server;
            return Err(SimError::NoCertificate { node, reason });
        }
        self.cluster.secure_server(server, None);
        Ok(())
    }

    /// Waits for the next thing to happen and deals with it.
    async fn step(&mut self, inboxes: &mut Inboxes) {
        let timed = self.timed.iter().map(|(at, _)| *at);
        let deadline = timed.fold(self.cluster.next_deadline(), Now::min);
        let wait = deadline.saturating_sub(self.now());
        tokio::select! {
            Some(accepted) = inboxes.accepted.recv() => self.open(accepted),
            Some(message) = inboxes.sessions.recv() => self.hear(message),
            Some(report) = inboxes.reports.recv() => {
                let now = self.now();
                self.cluster.node_report(report, now);
            }
            Some(plan) = inboxes.faults.recv() => self.add_faults(plan),
            Some(_) = self.sessions.join_next(), if !self.sessions.is_empty() => {}
            () = tokio::time::sleep(wait) => {}
        }
        let now = self.now();
        self.start_faults(now);
        self.cluster.tick(now);
        self.perform();
    }

    fn open(&mut self, accepted: Accepted) {
        let server = accepted.server;
        if !self.accepting.contains_key(&server) {
            // It came in while the server went.
            return;
        }
        if self.connections.len() >= CONNECTIONS_MAX && !self.close_oldest_idle() {
            return;
        }
        let id = self.cluster.session_opened(server, accepted.peer.ip());
        let (sender, receiver) = mpsc::unbounded_channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let task = SessionTask {
            id,
            stream: Stream::Cleartext(accepted.stream),
            tls: self.tls.get(&server).cloned(),
            requires_tls: self.cluster.requires_tls(server),
            outgoing: receiver,
            queued: Arc::clone(&queued),
            unfinished: self.unfinished.clone(),
            inbox: self.inbox.clone(),
        };
        let task = self.sessions.spawn(task.run());
        let connection = Connection {
            server: accepted.server,
            outgoing: sender,
            queued,
            task,
            command: "",
            heard_at: self.now(),
            is_busy: false,
        };
        self.connections.insert(id, connection);
    }

    /// Makes room for a connection; false if all others wait for a reply or listen.
    fn close_oldest_idle(&mut self) -> bool {
        let idle = self
            .connections
            .iter()
            .filter(|(id, connection)| !connection.is_busy && !self.cluster.is_listener(**id));
        let oldest = idle.min_by_key(|(_, connection)| connection.heard_at);
        let Some(id) = oldest.map(|(id, _)| *id) else {
            return false;
        };
        if !std::mem::replace(&mut self.told_crowded, true) {
            (self.narrate)("many connections: for each new one the longest idle one is closed");
        }
        self.close(id);
        true
    }

    fn hear(&mut self, message: FromSession) {
        match message {
            FromSession::Request(id, request) => {
                let now = self.now();
                if let Some(connection) = self.connections.get_mut(&id) {
                    connection.command = request.name();
                    connection.heard_at = now;
                    connection.is_busy = true;
                }
                self.cluster.apply(id, request, now);
            }
            FromSession::Secured(id, certificate) => self.cluster.session_secured(id, certificate),
            FromSession::NotSecured(id, log) => self.cluster.session_not_secured(id, log),
            FromSession::Closed(id) => self.forget(id),
        }
    }

    fn forget(&mut self, id: SessionId) {
        self.cluster.session_closed(id);
        self.connections.remove(&id);
    }

    /// Ends cleanly: no backup is left half written.
    async fn end(mut self, inboxes: &mut Inboxes) -> Result<(), SimError> {
        let serving = std::mem::take(&mut self.accepting);
        for accepting in serving.values() {
            accepting.abort();
        }
        if self.cluster.backup_is_running() {
            (self.narrate)("the backup that runs is aborted and its files are removed");
        }
        self.cluster.abort_running_backup();
        self.perform();
        let deadline = Instant::now() + SHUTDOWN_TIMEOUT;
        while self.cluster.backup_is_running() && Instant::now() < deadline {
            self.step(inboxes).await;
        }
        let open: Vec<SessionId> = self.connections.keys().copied().collect();
        for session in open {
            self.close(session);
        }
        let ends = async { while self.sessions.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, ends).await;
        let now = self.now();
        for (server, log) in &mut self.log {
            // A server that was stopped has said so.
            if serving.contains_key(server) {
                write_log(log, Severity::Info, "Shutting down server...", now);
            }
            let _ = log.flush_repeats(now);
        }
        self.directory.save(self.cluster.saved_state())?;
        Ok(())
    }
}

fn write_log(log: &mut ClusterLog, severity: Severity, text: &str, now: Now) {
    if let Err(error) = log.write(severity, text, now) {
        tracing::error!("cannot write the cluster log: {error}");
    }
}
