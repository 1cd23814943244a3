//! Nodes and their states.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::client::NodeState;
use crate::cluster::{Membership, NodeId, NodeStatus, NodeType};
use crate::shell::render::{is_master, master_dynamic_id};

/// A node as the management server sees it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Node"))]
pub(super) struct NodeReport {
    /// Its node id.
    id: u32,
    /// What it is.
    r#type: TypeWord,
    /// What it is doing.
    state: StateWord,
    /// True if the server has a connection to it.
    connected: bool,
    /// Its IP address; null without a connection, or where the server does not tell.
    address: Option<String>,
    /// The HostName of the configuration, empty for any host; null where it was not asked for.
    configured_host: Option<String>,
    /// Its MySQL version; null without a connection.
    mysql_version: Option<String>,
    /// Its NDB version; null without a connection.
    ndb_version: Option<String>,
    /// Last completed start phase of a data node that starts, or the step of a shutdown; else null.
    start_phase: Option<u32>,
    /// The nodegroup of a data node; null without one, and for other nodes.
    nodegroup: Option<u16>,
    /// True for the data node that leads the others; null where not all nodes were asked for.
    master: Option<bool>,
    /// True for the API node that is allowed in single user mode.
    single_user: bool,
    /// How often it has connected to the server.
    connect_count: u32,
}

/// What a node is.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NodeType"))]
enum TypeWord {
    /// A data node.
    Data,
    /// A management server.
    Management,
    /// An API node, such as a MySQL server.
    Api,
}

/// What a node is doing.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "NodeState"))]
pub(super) enum StateWord {
    /// The server does not know.
    Unknown,
    /// No connection to the node.
    NoContact,
    /// A data node whose process waits for a start order.
    NotStarted,
    /// A data node in the start phases.
    Starting,
    /// A data node in service.
    Started,
    /// A data node going down.
    ShuttingDown,
    /// A data node going down to come up again.
    Restarting,
    /// A data node that serves one API node only.
    SingleUserMode,
    /// A data node between single user mode and started.
    Resume,
    /// A management server or an API node with a connection.
    Connected,
}

impl From<NodeStatus> for StateWord {
    fn from(status: NodeStatus) -> Self {
        match status {
            NodeStatus::Unknown => StateWord::Unknown,
            NodeStatus::NoContact => StateWord::NoContact,
            NodeStatus::NotStarted => StateWord::NotStarted,
            NodeStatus::Starting => StateWord::Starting,
            NodeStatus::Started => StateWord::Started,
            NodeStatus::ShuttingDown => StateWord::ShuttingDown,
            NodeStatus::Restarting => StateWord::Restarting,
            NodeStatus::SingleUserMode => StateWord::SingleUserMode,
            NodeStatus::Resume => StateWord::Resume,
            NodeStatus::Connected => StateWord::Connected,
        }
    }
}

impl NodeReport {
    /// A node by itself.
    pub(super) fn of(node: &NodeState) -> Self {
        let is_data_node = node.node_type == NodeType::Ndb;
        let phase_counts = matches!(node.status, NodeStatus::Starting | NodeStatus::ShuttingDown);
        NodeReport {
            id: node.node.get(),
            r#type: match node.node_type {
                NodeType::Ndb => TypeWord::Data,
                NodeType::Mgm => TypeWord::Management,
                NodeType::Api => TypeWord::Api,
            },
            state: node.status.into(),
            connected: node.version.is_some(),
            address: node.address.clone(),
            configured_host: None,
            mysql_version: node.mysql_version.map(|version| version.to_string()),
            ndb_version: node.version.map(|version| version.to_string()),
            start_phase: (is_data_node && phase_counts).then_some(node.start_phase),
            nodegroup: match node.nodegroup {
                Membership::Of(nodegroup) if is_data_node => Some(nodegroup.0),
                Membership::Of(_) | Membership::None | Membership::Unknown => None,
            },
            master: None,
            single_user: node.is_single_user,
            connect_count: node.connect_count,
        }
    }

    /// A node of a cluster whose master has this dynamic id; `place` is known also while it is down.
    pub(super) fn placed(node: &NodeState, place: Membership, master: Option<i32>) -> Self {
        NodeReport {
            nodegroup: match place {
                Membership::Of(nodegroup) => Some(nodegroup.0),
                Membership::None | Membership::Unknown => None,
            },
            master: Some(is_master(node, master)),
            ..NodeReport::of(node)
        }
    }

    /// All nodes of the cluster, by type and id.
    pub(super) fn all(nodes: &[NodeState], hosts: &BTreeMap<NodeId, String>) -> Vec<Self> {
        let master = master_dynamic_id(nodes);
        let mut sorted: Vec<&NodeState> = nodes.iter().collect();
        sorted.sort_by_key(|node| match node.node_type {
            NodeType::Ndb => 0,
            NodeType::Mgm => 1,
            NodeType::Api => 2,
        });
        sorted
            .into_iter()
            .map(|node| NodeReport {
                configured_host: hosts.get(&node.node).cloned(),
                master: Some(is_master(node, master)),
                ..NodeReport::of(node)
            })
            .collect()
    }
}
