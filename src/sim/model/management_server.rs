//! Management servers: each with sessions and a cluster log of its own.

use std::collections::BTreeMap;

use super::logs::LogFilter;
use super::session_id::SessionId;
use super::{Cluster, Effect, Now};
use crate::cluster::{Event, EventBody, NodeId, NodeType, Severity, Version};
use crate::sim::topology::Topology;
use crate::tls::CertificateDescription;

/// A management server.
#[derive(Debug, Default)]
pub(super) struct ManagementServer {
    pub(super) log: LogFilter,
    /// Connections so far.
    pub(super) accepted: u32,
    /// Its own certificate, if it has one that it can use.
    pub(super) certificate: Option<CertificateDescription>,
    /// Everything but the first requests of a connection needs TLS.
    pub(super) requires_tls: bool,
    /// Connections that changed to TLS so far.
    pub(super) upgraded: u32,
    /// Requests that were refused for want of TLS.
    pub(super) not_authorized: u32,
    pub(super) is_stopped: bool,
}

/// All configured management servers, serving.
pub(super) fn all_serving(topology: &Topology) -> BTreeMap<NodeId, ManagementServer> {
    topology
        .of_type(NodeType::Mgm)
        .map(|node| (node.id, ManagementServer::default()))
        .collect()
}

impl Cluster {
    /// A management server starts with this certificate; whether it requires TLS is in its
    /// configuration.
    pub(in crate::sim) fn secure_server(
        &mut self,
        server: NodeId,
        certificate: Option<CertificateDescription>,
    ) {
        let requires_tls = self
            .topology
            .nodes
            .get(&server)
            .is_some_and(|node| node.is_on("RequireTls"));
        if let Some(server) = self.servers.get_mut(&server) {
            // Its connection to itself uses TLS, too.
            server.upgraded = u32::from(certificate.is_some());
            server.certificate = certificate;
            server.requires_tls = requires_tls;
        }
    }

    /// True if sessions with this server have to change to TLS.
    pub(in crate::sim) fn requires_tls(&self, server: NodeId) -> bool {
        self.servers
            .get(&server)
            .is_some_and(|server| server.requires_tls)
    }

    /// The management servers that serve.
    pub(super) fn serving(&self) -> Vec<NodeId> {
        self.servers
            .iter()
            .filter(|(_, server)| !server.is_stopped)
            .map(|(id, _)| *id)
            .collect()
    }

    /// A line of a management server's own.
    pub(super) fn log(&mut self, server: NodeId, severity: Severity, text: String) {
        let takes = |it: &ManagementServer| it.log.takes_severity(severity);
        if self.servers.get(&server).is_some_and(takes) {
            self.effects.push_back(Effect::Log {
                server,
                severity,
                text,
            });
        }
    }

    /// A line that each management server writes.
    pub(super) fn log_everywhere(&mut self, severity: Severity, text: &str) {
        for server in self.serving() {
            self.log(server, severity, text.to_owned());
        }
    }

    fn sessions_of(&self, server: NodeId) -> Vec<SessionId> {
        self.sessions
            .iter()
            .filter(|(_, session)| session.server == server)
            .map(|(id, _)| *id)
            .collect()
    }

    /// A management server's process goes and comes back: its sessions end, its log is as
    /// configured again. It is back before anybody can miss it.
    pub(super) fn restart_server(&mut self, server: NodeId) {
        self.log(server, Severity::Info, "Shutting down server...".to_owned());
        for session in self.sessions_of(server) {
            self.close_session(session);
        }
        let old = self.servers.insert(server, ManagementServer::default());
        self.secure_server(server, old.and_then(|old| old.certificate));
        let version = Version::product_string(Version::OURS, Version::OURS);
        let text = format!("MySQL Cluster Management Server {version} started (simulated cluster)");
        self.log(server, Severity::Info, text);
    }

    /// A management server stops serving for good; its sessions end.
    pub(super) fn stop_server(&mut self, server: NodeId) {
        let Some(state) = self.servers.get_mut(&server) else {
            return;
        };
        if !std::mem::replace(&mut state.is_stopped, true) {
            self.log(server, Severity::Info, "Shutting down server...".to_owned());
            self.effects.push_back(Effect::StopServer(server));
        }
    }

    /// A management server's process is gone without a word, and its sessions with it. What they
    /// have started goes on.
    pub(in crate::sim) fn kill_server(&mut self, server: NodeId) {
        for session in self.sessions_of(server) {
            self.session_closed(session);
        }
        if let Some(state) = self.servers.get_mut(&server) {
            state.is_stopped = true;
        }
    }

    /// A management server's process is there again; the data nodes connect to it.
    pub(in crate::sim) fn start_server(&mut self, server: NodeId, now: Now) {
        if self.servers.get(&server).is_none_or(|it| !it.is_stopped) {
            return;
        }
        self.servers.insert(server, ManagementServer::default());
        let nodes = self.data_nodes.values().filter(|node| node.is_connected());
        let nodes: Vec<u32> = nodes.map(|node| node.id.get()).collect();
        for node in nodes {
            let body = EventBody::Connected { node };
            self.emit(
                Event {
                    source: server,
                    body,
                },
                now,
            );
        }
    }

    /// True if a data node's process is there.
    pub(in crate::sim) fn has_data_nodes(&self) -> bool {
        self.data_nodes.values().any(|node| !node.is_down())
    }
}
