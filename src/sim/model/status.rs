//! `get status`.

use super::{Cluster, SessionId};
use crate::cluster::{NodeId, NodeStatus, NodeType, Version};
use crate::wire::{NodeState, Reply, StatusReply};

/// What a nodegroup reads while the node waits for a start order.
const NOT_STARTED_NODEGROUP: i32 = -1;

/// Where all nodes of the simulator are.
const ADDRESS: &str = "127.0.0.1";

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
        let single_user = self
            .sessions
            .get(&session)
            .is_some_and(|it| it.client_version >= Version::ENCRYPTED_BACKUP);
        let server = self.server_of(session);
        let nodes = wanted
            .iter()
            .flat_map(|node_type| self.topology.of_type(*node_type))
            .map(|node| match node.node_type {
                NodeType::Ndb => self.data_node_state(node.id),
                NodeType::Mgm => self.server_state(node.id, node.id.get() == server),
                NodeType::Api => self.api_node_state(node.id),
            })
            .collect();
        self.reply(session, Reply::Status(StatusReply { nodes, single_user }));
    }

    fn data_node_state(&self, id: NodeId) -> NodeState {
        let mut state = NodeState::without_contact(id, NodeType::Ndb);
        let Some(node) = self.data_nodes.get(&id).filter(|node| node.is_connected()) else {
            return state;
        };
        (state.status, state.start_phase) = node.status(self.single_user.is_some());
        state.version = Version::OURS;
        state.mysql_version = Version::OURS;
        state.dynamic_id = match node.president {
            true => -1,
            false => node.dynamic_id.cast_signed(),
        };
        state.node_group = match (state.status, node.nodegroup) {
            (NodeStatus::NotStarted, _) => NOT_STARTED_NODEGROUP,
            (_, Some(group)) => i32::from(group),
            (_, None) => NodeState::NO_NODEGROUP,
        };
        state.connect_count = node.connect_count;
        state.address = ADDRESS.to_owned();
        state
    }

    fn server_state(&self, id: NodeId, is_own: bool) -> NodeState {
        let state = NodeState::without_contact(id, NodeType::Mgm);
        if !is_own && !self.serving().contains(&id) {
            return state;
        }
        NodeState {
            status: NodeStatus::Connected,
            version: Version::OURS,
            mysql_version: Version::OURS,
            address: ADDRESS.to_owned(),
            ..state
        }
    }

    /// No API node ever connects to the simulator; a data node tells so, if one is alive.
    fn api_node_state(&self, id: NodeId) -> NodeState {
        let state = NodeState::without_contact(id, NodeType::Api);
        if self.master().is_none() {
            return NodeState {
                status: NodeStatus::Unknown,
                ..state
            };
        }
        NodeState {
            address: "0.0.0.0".to_owned(),
            is_single_user: self.single_user == Some(id),
            ..state
        }
    }
}
