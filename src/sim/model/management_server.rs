//! Management servers: each with sessions and a cluster log of its own.

use std::collections::BTreeMap;

use super::logs::LogFilter;
use super::session::SessionId;
use super::{Cluster, Effect};
use crate::cluster::{NodeId, NodeType, Severity, Version};
use crate::sim::topology::Topology;

/// A management server.
#[derive(Debug, Default)]
pub(super) struct ManagementServer {
    pub(super) log: LogFilter,
    /// Connections so far.
    pub(super) accepted: u32,
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

    /// A management server's process goes and comes back: its sessions end, its log is as
    /// configured again. It is back before anybody can miss it.
    pub(super) fn restart_server(&mut self, server: NodeId) {
        self.log(server, Severity::Info, "Shutting down server...".to_owned());
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.server == server)
            .map(|(id, _)| *id)
            .collect();
        for session in sessions {
            self.close_session(session);
        }
        self.servers.insert(server, ManagementServer::default());
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
}
