//! The nodes of a cluster as the management servers see them.

use std::collections::BTreeMap;

use super::placement::{Layout, place};
use crate::cluster::{Event, EventBody, Membership, NodeId, NodeState, NodeStatus, NodeType};

/// What is known of a cluster at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterState {
    /// Every configured node as one management server sees it, by id.
    pub(super) nodes: Vec<NodeState>,
    /// Where each data node belongs, also while it is down.
    pub(super) places: BTreeMap<NodeId, Membership>,
    /// NoOfReplicas; none if the configuration could not be had.
    pub(super) replicas: Option<usize>,
    /// What other management servers say.
    pub(super) others: Vec<ServerView>,
    /// The backups that run; none if nobody was asked.
    pub(super) backups: Option<Vec<RunningBackup>>,
    /// Memory of the data nodes; none if nobody was asked.
    pub(super) memory: Option<Vec<MemoryUse>>,
}

/// What another management server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerView {
    /// Its node id, if it is known.
    pub server: Option<NodeId>,
    /// Host and port.
    pub address: String,
    /// The user named it; otherwise its address is the one that the cluster is configured with,
    /// which need not be one for this client.
    pub is_named: bool,
    /// The nodes as it sees them, or why it could not be asked.
    pub nodes: Result<Vec<NodeState>, String>,
}

/// A data node that two management servers see in different states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The other server, if its id is known.
    pub server: Option<NodeId>,
    /// Its host and port.
    pub address: String,
    /// The data node.
    pub node: NodeId,
    /// How the first server sees it; none if it does not know it.
    pub here: Option<NodeStatus>,
    /// How the other one sees it.
    pub there: Option<NodeStatus>,
}

/// A backup of which data nodes report progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunningBackup {
    /// Its id.
    pub id: u32,
    /// The management server that ran the command.
    pub starting_node: u32,
}

/// Which memory of a data node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemoryKind {
    /// Rows.
    Data,
    /// Hash indexes.
    Index,
}

impl MemoryKind {
    /// The block that reports it (management protocol, event 50).
    pub fn block(self) -> u32 {
        match self {
            MemoryKind::Data => 249,
            MemoryKind::Index => 248,
        }
    }

    /// What a block reports; none for a block that is not known.
    pub fn of_block(block: u32) -> Option<Self> {
        [MemoryKind::Data, MemoryKind::Index]
            .into_iter()
            .find(|kind| kind.block() == block)
    }

    /// `data` or `index`.
    pub fn name(self) -> &'static str {
        match self {
            MemoryKind::Data => "data",
            MemoryKind::Index => "index",
        }
    }
}

/// Memory of a data node, in pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryUse {
    /// The node.
    pub node: NodeId,
    /// Which memory.
    pub kind: MemoryKind,
    /// Pages in use.
    pub used: u32,
    /// Pages that there are.
    pub total: u32,
    /// Size of a page in bytes.
    pub page_size: u32,
}

impl MemoryUse {
    /// What a `MemoryUsage` event reports.
    pub fn from_event(event: &Event) -> Option<Self> {
        match event.body {
            EventBody::MemoryUsage {
                page_size,
                pages_used,
                pages_total,
                block,
                ..
            } => Some(MemoryUse {
                node: event.source,
                kind: MemoryKind::of_block(block).unwrap_or(MemoryKind::Index),
                used: pages_used,
                total: pages_total,
                page_size,
            }),
            _ => None,
        }
    }

    /// Bytes in use.
    pub fn bytes_used(&self) -> u64 {
        u64::from(self.used) * u64::from(self.page_size)
    }

    /// Bytes that there are.
    pub fn bytes_total(&self) -> u64 {
        u64::from(self.total) * u64::from(self.page_size)
    }

    /// Whole percent in use, rounded down; 0 of no memory.
    pub fn percent(&self) -> u64 {
        (u64::from(self.used) * 100)
            .checked_div(u64::from(self.total))
            .unwrap_or(0)
    }
}

impl RunningBackup {
    /// The backup that a `BackupStatus` event reports; none if none runs on its node.
    pub fn from_event(event: &Event) -> Option<Self> {
        match event.body {
            EventBody::BackupStatus {
                starting_node,
                backup_id,
                ..
            } if starting_node != 0 => Some(RunningBackup {
                id: backup_id,
                starting_node,
            }),
            _ => None,
        }
    }
}

impl RunningBackup {
    /// The backup with this id, or any if there is no id, that one of the events reports.
    pub fn among(events: &[Event], id: Option<u32>) -> Option<Self> {
        let mut reported = events.iter().filter_map(RunningBackup::from_event);
        reported.find(|backup| id.is_none_or(|id| id == backup.id))
    }
}

impl ClusterState {
    /// The nodes of one reply to `get status`, of all types. Without a [`Layout`], nodes that are
    /// down have no known nodegroup: the reply does not name it (management protocol, 3.2).
    pub fn new(mut nodes: Vec<NodeState>, layout: Option<&Layout>) -> Self {
        nodes.sort_by_key(|node| node.node);
        ClusterState {
            places: place(&nodes, layout),
            replicas: layout.map(|layout| layout.replicas),
            nodes,
            others: Vec::new(),
            backups: None,
            memory: None,
        }
    }

    /// A later look at the nodes; what else was found out stays.
    #[must_use]
    pub fn with_nodes(self, nodes: Vec<NodeState>, layout: Option<&Layout>) -> Self {
        let ClusterState {
            nodes,
            places,
            replicas,
            ..
        } = ClusterState::new(nodes, layout);
        ClusterState {
            nodes,
            places,
            replicas,
            ..self
        }
    }

    /// Adds what other management servers say.
    #[must_use]
    pub fn with_servers(self, others: Vec<ServerView>) -> Self {
        ClusterState { others, ..self }
    }

    /// Adds the data nodes' `BackupStatus` events.
    #[must_use]
    pub fn with_backup_status(self, events: &[Event]) -> Self {
        let mut backups: Vec<RunningBackup> = events
            .iter()
            .filter_map(RunningBackup::from_event)
            .collect();
        backups.sort_unstable();
        backups.dedup();
        ClusterState {
            backups: Some(backups),
            ..self
        }
    }

    /// Adds the data nodes' `MemoryUsage` events.
    #[must_use]
    pub fn with_memory_usage(self, events: &[Event]) -> Self {
        self.with_memory(events.iter().filter_map(MemoryUse::from_event).collect())
    }

    /// Adds what is known of the data nodes' memory.
    #[must_use]
    pub fn with_memory(self, memory: Vec<MemoryUse>) -> Self {
        ClusterState {
            memory: Some(memory),
            ..self
        }
    }

    /// Every configured node, by id.
    pub fn nodes(&self) -> &[NodeState] {
        &self.nodes
    }

    /// The nodes of a type, by id.
    pub fn of_type(&self, node_type: NodeType) -> impl Iterator<Item = &NodeState> {
        self.nodes
            .iter()
            .filter(move |node| node.node_type == node_type)
    }

    /// The configured node with this id.
    pub fn node(&self, id: NodeId) -> Option<&NodeState> {
        self.nodes.iter().find(|node| node.node == id)
    }

    /// Where a data node belongs, as far as can be told.
    pub fn place(&self, id: NodeId) -> Membership {
        self.places.get(&id).copied().unwrap_or(Membership::Unknown)
    }

    /// What the other management servers say.
    pub fn servers(&self) -> &[ServerView] {
        &self.others
    }

    /// The backups that run; none if that was not asked.
    pub fn backups(&self) -> Option<&[RunningBackup]> {
        self.backups.as_deref()
    }

    /// Memory of the data nodes; none if that was not asked.
    pub fn memory(&self) -> Option<&[MemoryUse]> {
        self.memory.as_deref()
    }

    /// The data nodes that are in service, single user mode included.
    pub fn in_service(&self) -> impl Iterator<Item = &NodeState> {
        self.of_type(NodeType::Ndb).filter(|node| serves(node))
    }

    /// True if the data nodes serve one API node only.
    pub fn is_single_user(&self) -> bool {
        self.nodes
            .iter()
            .any(|node| node.status == NodeStatus::SingleUserMode)
    }

    /// The data nodes that management servers see in different states.
    pub fn differences(&self) -> Vec<Difference> {
        let mut found = Vec::new();
        for view in &self.others {
            let Ok(nodes) = &view.nodes else { continue };
            let here = statuses(&self.nodes);
            let there = statuses(nodes);
            let all = here
                .keys()
                .chain(there.keys().filter(|id| !here.contains_key(*id)));
            for node in all {
                let (here, there) = (here.get(node).copied(), there.get(node).copied());
                if here != there {
                    found.push(Difference {
                        server: view.server,
                        address: view.address.clone(),
                        node: *node,
                        here,
                        there,
                    });
                }
            }
        }
        found
    }
}

/// The data nodes' states.
fn statuses(nodes: &[NodeState]) -> BTreeMap<NodeId, NodeStatus> {
    nodes
        .iter()
        .filter(|node| node.node_type == NodeType::Ndb)
        .map(|node| (node.node, node.status))
        .collect()
}

/// True for a data node in service.
pub(super) fn serves(node: &NodeState) -> bool {
    node.status.is_in_service()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: u32, status: NodeStatus) -> NodeState {
        let id = NodeId::new(id).unwrap();
        NodeState {
            status,
            ..NodeState::without_contact(id, NodeType::Ndb)
        }
    }

    #[test]
    fn percents_do_not_overflow_and_nothing_is_zero_percent_of_nothing() {
        let memory = |used, total| MemoryUse {
            node: NodeId::new(2).unwrap(),
            kind: MemoryKind::Data,
            used,
            total,
            page_size: 32768,
        };
        assert_eq!(memory(u32::MAX, u32::MAX).percent(), 100);
        assert_eq!(memory(799, 1000).percent(), 79);
        assert_eq!(memory(5, 0).percent(), 0);
    }

    #[test]
    fn servers_differ_where_their_views_of_a_data_node_do() {
        let view = |nodes| ServerView {
            server: NodeId::new(50),
            address: "mgm2:1186".to_owned(),
            is_named: true,
            nodes,
        };
        let here = vec![node(2, NodeStatus::Started), node(3, NodeStatus::Started)];
        let state = |other| ClusterState::new(here.clone(), None).with_servers(vec![view(other)]);
        assert_eq!(state(Ok(here.clone())).differences(), []);
        assert_eq!(state(Err("refused".to_owned())).differences(), []);
        let there = vec![node(2, NodeStatus::NoContact), node(4, NodeStatus::Started)];
        let seen: Vec<_> = state(Ok(there))
            .differences()
            .into_iter()
            .map(|it| (it.node.get(), it.here, it.there))
            .collect();
        let (up, down) = (Some(NodeStatus::Started), Some(NodeStatus::NoContact));
        assert_eq!(seen, [(2, up, down), (3, up, None), (4, None, up)]);
    }
}
