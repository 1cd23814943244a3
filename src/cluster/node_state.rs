//! The state of one node, as a management server reports it.

use super::{Membership, NodeId, NodeStatus, NodeType, Nodegroup, Version};

/// State of one node as the management server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// The node.
    pub node: NodeId,
    /// What it does.
    pub node_type: NodeType,
    /// What it is doing.
    pub status: NodeStatus,
    /// NDB version, of a node that is connected.
    pub version: Option<Version>,
    /// MySQL version, of a node that is connected.
    pub mysql_version: Option<Version>,
    /// Last completed start phase, or the step of a shutdown.
    pub start_phase: u32,
    /// Order in which the data nodes joined, of one that has; -1 for the president elected at
    /// the start.
    pub dynamic_id: Option<i32>,
    /// Nodegroup of a data node; the nodegroup 0 of all others says nothing.
    pub nodegroup: Membership,
    /// How often the node has connected.
    pub connect_count: u32,
    /// IP address.
    pub address: Option<String>,
    /// The API node that is allowed in single user mode.
    pub is_single_user: bool,
}

impl NodeState {
    /// A node without contact, as the server reports it.
    pub fn without_contact(node: NodeId, node_type: NodeType) -> Self {
        NodeState {
            node,
            node_type,
            status: NodeStatus::NoContact,
            version: None,
            mysql_version: None,
            start_phase: 0,
            dynamic_id: None,
            nodegroup: Membership::Of(Nodegroup(0)),
            connect_count: 0,
            address: None,
            is_single_user: false,
        }
    }
}
