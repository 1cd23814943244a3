//! Management servers: each with a cluster log and filters of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::events::LogLevels;
use super::reply::Reply;
use super::session::SessionId;
use super::{Cluster, Effect};
use crate::cluster::{EventCategory, EventKind, LogLevel, NodeId, NodeType, Severity, Version};
use crate::sim::topology::Topology;

/// What decides about the lines of a cluster log (management protocol, 4.6).
#[derive(Debug)]
pub(super) struct LogFilter {
    levels: LogLevels,
    severities: BTreeSet<Severity>,
    is_on: bool,
}

impl Default for LogFilter {
    /// All severities but DEBUG.
    fn default() -> Self {
        LogFilter {
            levels: LogLevels::cluster_log_defaults(),
            severities: Severity::ALL.into_iter().skip(1).collect(),
            is_on: true,
        }
    }
}

impl LogFilter {
    fn takes_severity(&self, severity: Severity) -> bool {
        self.is_on && self.severities.contains(&severity)
    }

    pub(super) fn takes(&self, kind: EventKind) -> bool {
        self.takes_severity(kind.severity()) && self.levels.takes(kind)
    }

    /// `number` 0 is the switch of the whole log, 7 all severities; `enable` is 0 for off,
    /// positive for on, negative to toggle. The new state.
    fn switch(&mut self, number: u32, enable: i32) -> bool {
        let switch = |is_on: bool| match enable {
            0 => false,
            1.. => true,
            _ => !is_on,
        };
        match (number, Severity::from_number(number)) {
            (0, _) => {
                self.is_on = switch(self.is_on);
                self.is_on
            }
            (7, _) => {
                let on = switch(self.severities.len() == Severity::ALL.len());
                self.severities.clear();
                if on {
                    self.severities.extend(Severity::ALL);
                }
                on
            }
            (_, Some(severity)) => {
                let on = switch(self.severities.contains(&severity));
                if on {
                    self.severities.insert(severity);
                } else {
                    self.severities.remove(&severity);
                }
                on
            }
            (_, None) => false,
        }
    }
}

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

    /// The log filter of the server a session talks to.
    fn filter(&mut self, session: SessionId) -> Option<&mut LogFilter> {
        let server = self.sessions.get(&session)?.server;
        Some(&mut self.servers.get_mut(&server)?.log)
    }

    pub(super) fn set_cluster_loglevel(&mut self, session: SessionId, category: u32, wanted: u32) {
        let reply = Reply::new("set cluster loglevel reply");
        let reply = match (LogLevel::new(wanted), EventCategory::from_number(category)) {
            (None, _) => reply.field("result", format_args!("Invalid loglevel {wanted}")),
            (_, None) => {
                let number = i64::from(category) - 250;
                reply.field("result", format_args!("Invalid category {number}"))
            }
            (Some(wanted), Some(category)) => {
                if let Some(filter) = self.filter(session) {
                    filter.levels.set(category, wanted);
                }
                reply.field("result", "Ok")
            }
        };
        self.reply(session, reply.end());
    }

    pub(super) fn get_cluster_loglevel(&mut self, session: SessionId) {
        let Some(filter) = self.filter(session) else {
            return;
        };
        let mut reply = Reply::new("get cluster loglevel");
        for category in EventCategory::ALL {
            reply = reply.field(category.key(), filter.levels.get(category));
        }
        self.reply(session, reply.end());
    }

    pub(super) fn get_info_clusterlog(&mut self, session: SessionId) {
        let Some(filter) = self.filter(session) else {
            return;
        };
        let mut reply = Reply::new("clusterlog").field("enabled", u32::from(filter.is_on));
        for severity in Severity::ALL {
            let on = u32::from(filter.severities.contains(&severity));
            reply = reply.field(severity.name().to_ascii_lowercase(), on);
        }
        self.reply(session, reply.end());
    }

    pub(super) fn set_logfilter(&mut self, session: SessionId, number: u32, enable: i32) {
        let Some(filter) = self.filter(session) else {
            return;
        };
        let state = filter.switch(number, enable);
        let reply = Reply::new("set logfilter reply").field("result", u32::from(state));
        self.reply(session, reply.end());
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
