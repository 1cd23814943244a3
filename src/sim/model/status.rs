//! `get status`.

use super::{Cluster, SessionId};
use crate::cluster::{Membership, NodeId, NodeStatus, NodeType, Nodegroup, Version};
use crate::wire::{NodeState, Reply, StatusReply};

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
        state.version = Some(Version::OURS);
        state.mysql_version = Some(Version::OURS);
        state.dynamic_id = match (node.president, node.dynamic_id) {
            (true, _) => Some(-1),
            (false, 0) => None,
            (false, joined) => Some(joined.cast_signed()),
        };
        state.nodegroup = match (state.status, node.nodegroup) {
            (NodeStatus::NotStarted, _) => Membership::Unknown,
            (_, Some(group)) => Membership::Of(Nodegroup(group)),
            (_, None) => Membership::None,
        };
        state.connect_count = node.connect_count;
        state.address = Some(ADDRESS.to_owned());
        state
    }

    fn server_state(&self, id: NodeId, is_own: bool) -> NodeState {
        let state = NodeState::without_contact(id, NodeType::Mgm);
        if !is_own && !self.serving().contains(&id) {
            return state;
        }
        NodeState {
            status: NodeStatus::Connected,
            version: Some(Version::OURS),
            mysql_version: Some(Version::OURS),
            address: Some(ADDRESS.to_owned()),
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
            address: Some("0.0.0.0".to_owned()),
            is_single_user: self.single_user == Some(id),
            ..state
        }
    }
}
