//! `get status`.

use super::reply::Reply;
use super::{Cluster, SessionId};
use crate::cluster::{NodeId, NodeStatus, NodeType, Version};

/// Node group of a data node without one, as the protocol prints it.
const NO_NODEGROUP: i32 = -256;

/// What a node group reads while the node waits for a start order.
const NOT_STARTED_NODEGROUP: i32 = -1;

/// One node's lines; `Default` is a node that is not connected.
struct Lines {
    status: NodeStatus,
    version: u32,
    start_phase: u32,
    dynamic_id: i32,
    nodegroup: i32,
    connect_count: u32,
    address: &'static str,
    is_single_user: bool,
}

impl Lines {
    fn without_contact(status: NodeStatus) -> Self {
        Lines {
            status,
            version: 0,
            start_phase: 0,
            dynamic_id: 0,
            nodegroup: 0,
            connect_count: 0,
            address: "",
            is_single_user: false,
        }
    }
}

impl Cluster {
    pub(super) fn get_status(&mut self, session: SessionId, types: Option<&[NodeType]>) {
        let order = types.unwrap_or(&[NodeType::Ndb, NodeType::Mgm, NodeType::Api]);
        // A type named twice is listed once.
        let mut wanted: Vec<NodeType> = Vec::new();
        for node_type in order {
            if !wanted.contains(node_type) {
                wanted.push(*node_type);
            }
        }
        let nodes: Vec<(NodeId, NodeType)> = wanted
            .iter()
            .flat_map(|node_type| self.topology.of_type(*node_type))
            .map(|node| (node.id, node.node_type))
            .collect();
        let with_single_user = self
            .sessions
            .get(&session)
            .is_some_and(|it| it.client_version >= Version::ENCRYPTED_BACKUP);
        let server = self.server_of(session);
        let mut reply = Reply::new("node status").field("nodes", nodes.len());
        for (id, node_type) in nodes {
            let lines = match node_type {
                NodeType::Ndb => self.data_node_lines(id),
                NodeType::Mgm => self.server_lines(id, id.get() == server),
                NodeType::Api => self.api_node_lines(id),
            };
            reply = add_node(reply, id, node_type, &lines, with_single_user);
        }
        self.reply(session, reply.end());
    }

    fn data_node_lines(&self, id: NodeId) -> Lines {
        let mut lines = Lines::without_contact(NodeStatus::NoContact);
        let Some(node) = self.data_nodes.get(&id).filter(|node| node.is_connected()) else {
            return lines;
        };
        (lines.status, lines.start_phase) = node.status(self.single_user.is_some());
        lines.version = Version::OURS.0;
        lines.dynamic_id = match node.president {
            true => -1,
            false => node.dynamic_id.cast_signed(),
        };
        lines.nodegroup = match (lines.status, node.nodegroup) {
            (NodeStatus::NotStarted, _) => NOT_STARTED_NODEGROUP,
            (_, Some(group)) => i32::from(group),
            (_, None) => NO_NODEGROUP,
        };
        lines.connect_count = node.connect_count;
        lines.address = "127.0.0.1";
        lines
    }

    fn server_lines(&self, id: NodeId, is_own: bool) -> Lines {
        if !is_own && !self.serving().contains(&id) {
            return Lines::without_contact(NodeStatus::NoContact);
        }
        Lines {
            version: Version::OURS.0,
            address: "127.0.0.1",
            ..Lines::without_contact(NodeStatus::Connected)
        }
    }

    /// No API node ever connects to the simulator; a data node tells so, if one is alive.
    fn api_node_lines(&self, id: NodeId) -> Lines {
        if self.master().is_none() {
            return Lines::without_contact(NodeStatus::Unknown);
        }
        Lines {
            address: "0.0.0.0",
            is_single_user: self.single_user == Some(id),
            ..Lines::without_contact(NodeStatus::NoContact)
        }
    }
}

fn add_node(
    reply: Reply,
    id: NodeId,
    node_type: NodeType,
    lines: &Lines,
    with_single_user: bool,
) -> Reply {
    let name = |field: &str| format!("node.{id}.{field}");
    let reply = reply
        .field(name("type"), node_type.wire_name())
        .field(name("status"), lines.status.wire_name())
        .field(name("version"), lines.version)
        .field(name("mysql_version"), lines.version)
        .field(name("startphase"), lines.start_phase)
        .field(name("dynamic_id"), lines.dynamic_id)
        .field(name("node_group"), lines.nodegroup)
        .field(name("connect_count"), lines.connect_count)
        .field(name("address"), lines.address);
    if with_single_user {
        reply.field(name("is_single_user"), u32::from(lines.is_single_user))
    } else {
        reply
    }
}
