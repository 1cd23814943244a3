//! Connections between nodes: the ports at which they are made.

use super::{Cluster, SessionId};
use crate::cluster::NodeType;
use crate::wire::{GetConnectionParameterReply, Refusal, Reply, SetConnectionParameterReply};

/// The parameter of a connection that can be asked for: its server port.
const SERVER_PORT: u32 = 406;

const SET_PORTS: &str = "set ports";

impl Cluster {
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

    pub(super) fn set_connection_parameter(
        &mut self,
        session: SessionId,
        nodes: (u32, u32),
        param: u32,
        value: u32,
    ) {
        let refused = |text: String| Reply::Refused(Refusal::SetConnectionParameter { text });
        let reply = match self.connection(nodes) {
            _ if param != SERVER_PORT => {
                refused("Only param CFG_CONNECTION_SERVER_PORT can be changed".to_owned())
            }
            None => refused(no_connection(nodes)),
            Some(pair) => {
                self.connection_ports.insert(pair, value.cast_signed());
                self.config_reply = None;
                Reply::SetConnectionParameter(SetConnectionParameterReply)
            }
        };
        self.reply(session, reply);
    }

    pub(super) fn get_connection_parameter(
        &mut self,
        session: SessionId,
        nodes: (u32, u32),
        param: u32,
    ) {
        let refused = |text: String| Reply::Refused(Refusal::GetConnectionParameter { text });
        let reply = match self.connection(nodes) {
            _ if param != SERVER_PORT => {
                refused("Only param CFG_CONNECTION_SERVER_PORT can be retrieved".to_owned())
            }
            None => refused(no_connection(nodes)),
            Some(pair) => {
                let value = self.connection_ports.get(&pair).copied().unwrap_or(0);
                Reply::GetConnectionParameter(GetConnectionParameterReply { value })
            }
        };
        self.reply(session, reply);
    }

    pub(super) fn set_ports(&mut self, session: SessionId, node: u32, ports: &[(u32, i32)]) {
        let mut pairs = Vec::new();
        for (other, port) in ports {
            match self.connection((node, *other)) {
                Some(pair) => pairs.push((pair, *port)),
                None => {
                    let text = no_connection((node, *other));
                    return self.refuse(session, SET_PORTS, text);
                }
            }
        }
        self.connection_ports.extend(pairs);
        self.config_reply = None;
        self.done(session, SET_PORTS);
    }
}

fn no_connection((node_1, node_2): (u32, u32)) -> String {
    format!("Unable to find connection between nodes {node_1} -> {node_2}")
}
