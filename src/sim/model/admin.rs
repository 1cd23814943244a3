//! Node ids, parameters and connections.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr};

use super::reply::Reply;
use super::{Cluster, SessionId};
use crate::cluster::{NodeId, NodeType, Severity};
use crate::sim::topology::NodeConfig;

/// The parameter of a connection that can be asked for: its server port.
const SERVER_PORT: u32 = 406;

/// Error numbers of `get nodeid`.
const NOT_READY: u32 = 1101;
const CONFIGURATION: u32 = 1102;
const OTHER_HOST: u32 = 1103;

/// Where every client of the simulator comes from, as far as node ids are concerned.
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn type_from_number(number: u32) -> Option<NodeType> {
    match number {
        0 => Some(NodeType::Ndb),
        1 => Some(NodeType::Api),
        2 => Some(NodeType::Mgm),
        _ => None,
    }
}

fn type_name(node_type: NodeType) -> &'static str {
    match node_type {
        NodeType::Ndb => "ndbd(NDB)",
        NodeType::Api => "mysqld(API)",
        NodeType::Mgm => "ndb_mgmd(MGM)",
    }
}

/// The address that a node must connect from, if it is not this host's. Names are not resolved:
/// the simulator's clients are all on this host.
fn other_host(node: &NodeConfig) -> Option<IpAddr> {
    let address: IpAddr = node.text("HostName")?.parse().ok()?;
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

type Refusal = (u32, String);

impl Cluster {
    /// `what` is the type and the wanted id. `log_event` is 0 if a refusal is not to be logged; its
    /// presence brings the error's number into the reply.
    pub(super) fn get_nodeid(
        &mut self,
        session: SessionId,
        what: (u32, u32),
        endian: Option<&str>,
        log_event: Option<u32>,
    ) {
        let (number, wanted) = what;
        let own_order = if cfg!(target_endian = "little") {
            "little"
        } else {
            "big"
        };
        let reply = Reply::new("get nodeid reply");
        if endian.is_some_and(|endian| endian != own_order) {
            let text = "Node does not have the same endianness as the management server.";
            return self.reply(session, reply.field("result", text).end());
        }
        let Some(node_type) = type_from_number(number) else {
            let text = format!("unknown nodetype {number}");
            return self.reply(session, reply.field("result", text).end());
        };
        if wanted > 255 {
            let text = format!("illegal nodeid {wanted}");
            return self.reply(session, reply.field("result", text).end());
        }
        let reply = match self.allocate(session, node_type, wanted) {
            Ok(id) => {
                self.log_allocation(id, node_type);
                reply.field("nodeid", id).field("result", "Ok")
            }
            Err((code, text)) => {
                let server = self.sessions.get(&session).map(|session| session.server);
                if let Some(server) = server.filter(|_| log_event != Some(0)) {
                    let kind = node_type.wire_name();
                    let line = format!(
                        "Unable to allocate nodeid for {kind} at {CLIENT}. \
                         Returned error: '{text}'"
                    );
                    self.log(server, Severity::Warning, line);
                }
                let reply = reply.field("result", text);
                match log_event {
                    Some(_) => reply.field("error_code", code),
                    None => reply,
                }
            }
        };
        self.reply(session, reply.end());
    }

    fn allocate(
        &mut self,
        session: SessionId,
        node_type: NodeType,
        wanted: u32,
    ) -> Result<NodeId, Refusal> {
        let id = match wanted {
            0 => self.choose_free(node_type)?,
            wanted => self.check_wanted(session, node_type, wanted)?,
        };
        if node_type == NodeType::Api && self.master().is_none() {
            let text = "Cluster not ready for nodeid allocation.";
            return Err((NOT_READY, text.to_owned()));
        }
        if self.is_allocated(id) {
            let text = format!("Id {id} already allocated by another node.");
            return Err((NOT_READY, text));
        }
        if let Some(session) = self.sessions.get_mut(&session) {
            session.reserved = Some(id);
        }
        Ok(id)
    }

    /// The first free id of a type that this host may have. Management servers are not
    /// interchangeable: each has a configuration of its own.
    fn choose_free(&self, node_type: NodeType) -> Result<NodeId, Refusal> {
        let here: Vec<NodeId> = self
            .topology
            .of_type(node_type)
            .filter(|node| other_host(node).is_none())
            .map(|node| node.id)
            .collect();
        if here.is_empty() {
            let text = format!(
                "Connection done from host ip {CLIENT}, not matching any (resolved) \
                 configured address."
            );
            return Err((OTHER_HOST, text));
        }
        let mut free = here.into_iter().filter(|id| !self.is_allocated(*id));
        let Some(first) = free.next() else {
            let text = format!("No free node id found for {CLIENT}.");
            return Err((NOT_READY, text));
        };
        match free.next().filter(|_| node_type == NodeType::Mgm) {
            Some(second) => {
                let text = format!(
                    "Ambiguous node id's {first} and {second}. Suggest specifying node id in \
                     connectstring, or specifying unique host names in config file."
                );
                Err((CONFIGURATION, text))
            }
            None => Ok(first),
        }
    }

    fn check_wanted(
        &self,
        session: SessionId,
        node_type: NodeType,
        wanted: u32,
    ) -> Result<NodeId, Refusal> {
        let node = self.topology.node(wanted).ok_or_else(|| {
            let text = format!("No node defined with id={wanted} in config file.");
            (CONFIGURATION, text)
        })?;
        if wanted == self.server_of(session) {
            let text = format!("Id {wanted} is already allocated by this ndb_mgmd");
            return Err((CONFIGURATION, text));
        }
        if node.node_type != node_type {
            let text = format!(
                "Id {wanted} configured as {}, connect attempted as {}.",
                type_name(node.node_type),
                type_name(node_type)
            );
            return Err((CONFIGURATION, text));
        }
        if let Some(address) = other_host(node) {
            let text = format!(
                "Connection with id {wanted} done from host ip {CLIENT}, not matching \
                 expected {address}({address})."
            );
            return Err((OTHER_HOST, text));
        }
        Ok(node.id)
    }

    /// Handed out to a session, or in use by a simulated process.
    fn is_allocated(&self, id: NodeId) -> bool {
        let is_running = self
            .data_nodes
            .get(&id)
            .is_some_and(|node| node.is_connected());
        let is_serving = self.serving().contains(&id);
        is_running
            || is_serving
            || self
                .sessions
                .values()
                .any(|session| session.reserved == Some(id))
    }

    /// The connection between two nodes in the order in which the configuration has it.
    fn connection(&self, (node_1, node_2): (u32, u32)) -> Option<(u32, u32)> {
        let type_of = |id: u32| self.topology.node(id).map(|node| node.node_type);
        match (type_of(node_1)?, type_of(node_2)?) {
            (NodeType::Ndb, NodeType::Ndb) if node_1 == node_2 => None,
            (NodeType::Ndb, NodeType::Ndb) => Some((node_1.min(node_2), node_1.max(node_2))),
            (NodeType::Ndb, _) => Some((node_2, node_1)),
            (_, NodeType::Ndb) => Some((node_1, node_2)),
            _ => None,
        }
    }

    fn no_connection((node_1, node_2): (impl Display, impl Display)) -> String {
        format!("Unable to find connection between nodes {node_1} -> {node_2}")
    }

    pub(super) fn set_connection_parameter(
        &mut self,
        session: SessionId,
        nodes: (u32, u32),
        param: u32,
        value: u32,
    ) {
        let reply = Reply::new("set connection parameter reply");
        let reply = match self.connection(nodes) {
            _ if param != SERVER_PORT => reply
                .field(
                    "message",
                    "Only param CFG_CONNECTION_SERVER_PORT can be changed",
                )
                .field("result", "Failed"),
            None => reply
                .field("message", Self::no_connection(nodes))
                .field("result", "Failed"),
            Some(pair) => {
                self.connection_ports.insert(pair, value.cast_signed());
                self.config_reply = None;
                reply.field("message", "").field("result", "Ok")
            }
        };
        self.reply(session, reply.end());
    }

    pub(super) fn get_connection_parameter(
        &mut self,
        session: SessionId,
        nodes: (u32, u32),
        param: u32,
    ) {
        let reply = Reply::new("get connection parameter reply");
        let reply = match self.connection(nodes) {
            _ if param != SERVER_PORT => reply.field("value", 0).field(
                "result",
                "Only param CFG_CONNECTION_SERVER_PORT can be retrieved",
            ),
            None => reply
                .field("value", 0)
                .field("result", Self::no_connection(nodes)),
            Some(pair) => {
                let port = self.connection_ports.get(&pair).copied().unwrap_or(0);
                reply.field("value", port).field("result", "Ok")
            }
        };
        self.reply(session, reply.end());
    }

    pub(super) fn set_ports(&mut self, session: SessionId, node: u32, ports: &[(u32, i32)]) {
        let reply = Reply::new("set ports reply");
        let mut pairs = Vec::new();
        for (other, port) in ports {
            match self.connection((node, *other)) {
                Some(pair) => pairs.push((pair, *port)),
                None => {
                    let text = Self::no_connection((node, *other));
                    return self.reply(session, reply.field("result", text).end());
                }
            }
        }
        self.connection_ports.extend(pairs);
        self.config_reply = None;
        self.reply(session, reply.field("result", "Ok").end());
    }
}
