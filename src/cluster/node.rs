//! Nodes: their ids, types, states and nodegroups.

use std::fmt;

/// Id of a node of the cluster, 1 to 255 (data nodes: 1 to 144).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u8);

impl NodeId {
    /// Largest id of a data node.
    pub const DATA_NODE_MAX: u8 = 144;

    /// The node with this id, if there can be one.
    pub fn new(id: u32) -> Option<Self> {
        match u8::try_from(id) {
            Ok(0) | Err(_) => None,
            Ok(id) => Some(Self(id)),
        }
    }

    /// The id as a number.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a node does in the cluster (management protocol, `get status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeType {
    /// Data node: `NDB` on the wire, `ndbd(NDB)` in SHOW.
    Ndb,
    /// Management server: `MGM`, `ndb_mgmd(MGM)`.
    Mgm,
    /// API node, of which an SQL node is one: `API`, `mysqld(API)`.
    Api,
}

impl NodeType {
    /// The protocol's word for this type, as in `node.2.type: NDB`.
    pub fn wire_name(self) -> &'static str {
        match self {
            NodeType::Ndb => "NDB",
            NodeType::Mgm => "MGM",
            NodeType::Api => "API",
        }
    }

    /// Reads the protocol's word for a type.
    pub fn from_wire_name(name: &str) -> Option<Self> {
        match name {
            "NDB" => Some(NodeType::Ndb),
            "MGM" => Some(NodeType::Mgm),
            "API" => Some(NodeType::Api),
            _ => None,
        }
    }
}

/// State of a node as the management server reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeStatus {
    /// The server does not know.
    Unknown,
    /// No connection to the node.
    NoContact,
    /// The process runs and waits for a start order.
    NotStarted,
    /// Going through the start phases.
    Starting,
    /// In service.
    Started,
    /// Going down; the start phase counts the shutdown's steps, 1 to 4.
    ShuttingDown,
    /// Going down to come up again.
    Restarting,
    /// Serves one API node only.
    SingleUserMode,
    /// Between single user mode and started.
    Resume,
    /// A management server or an API node with a connection.
    Connected,
}

impl NodeStatus {
    const NAMES: [(NodeStatus, &'static str); 10] = [
        (NodeStatus::Unknown, "UNKNOWN"),
        (NodeStatus::NoContact, "NO_CONTACT"),
        (NodeStatus::NotStarted, "NOT_STARTED"),
        (NodeStatus::Starting, "STARTING"),
        (NodeStatus::Started, "STARTED"),
        (NodeStatus::ShuttingDown, "SHUTTING_DOWN"),
        (NodeStatus::Restarting, "RESTARTING"),
        (NodeStatus::SingleUserMode, "SINGLE USER MODE"),
        (NodeStatus::Resume, "RESUME"),
        (NodeStatus::Connected, "CONNECTED"),
    ];

    /// True for a data node that serves its part of the data, be it to one API node only.
    pub fn is_in_service(self) -> bool {
        matches!(self, NodeStatus::Started | NodeStatus::SingleUserMode)
    }

    /// The protocol's word for this state, as in `node.2.status: STARTED`.
    pub fn wire_name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(status, _)| *status == self)
            .map_or("UNKNOWN", |(_, name)| name)
    }

    /// Reads the protocol's word; an unknown word is [`NodeStatus::Unknown`].
    pub fn from_wire_name(name: &str) -> Self {
        Self::NAMES
            .iter()
            .find(|(_, word)| *word == name)
            .map_or(NodeStatus::Unknown, |(status, _)| *status)
    }
}

/// Number of a nodegroup: the data nodes that hold the same fragments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nodegroup(pub u16);

impl fmt::Display for Nodegroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether a data node belongs to a nodegroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// It is of this nodegroup.
    Of(Nodegroup),
    /// It is of none: it waits for `create nodegroup`.
    None,
    /// Not known as long as the node waits for a start order.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_id_is_1_to_255() {
        assert_eq!(NodeId::new(0), None);
        assert_eq!(NodeId::new(256), None);
        assert_eq!(NodeId::new(255).map(NodeId::get), Some(255));
    }

    #[test]
    fn every_status_reads_back() {
        for (status, name) in NodeStatus::NAMES {
            assert_eq!(status.wire_name(), name);
            assert_eq!(NodeStatus::from_wire_name(name), status);
        }
        assert_eq!(NodeStatus::from_wire_name("ASLEEP"), NodeStatus::Unknown);
    }
}
