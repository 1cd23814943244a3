//! The configured cluster: its nodes, their parameters, nodegroups and connections.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::parameter::{self, SectionKind};
use super::thread_config;
use crate::cluster::{NodeId, NodeType};
use crate::wire::config::Value;

/// `Nodegroup` of a data node that belongs to none.
pub(super) const NO_NODEGROUP: u64 = 65536;

/// Sections that do not make a cluster together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopologyError {
    /// There is no section of a needed kind.
    #[error("no {0} is configured")]
    Missing(&'static str),
    /// The data nodes cannot be split into nodegroups.
    #[error("{nodes} data nodes cannot form nodegroups of NoOfReplicas={replicas}")]
    Nodegroups {
        /// Data nodes that are in a nodegroup.
        nodes: usize,
        /// NoOfReplicas.
        replicas: usize,
    },
    /// A connection names a node that is not configured.
    #[error("a [tcp] section names node {0}, which is not configured")]
    UnknownNode(u32),
}

/// One configured node: the values that config.ini sets; all others have their defaults.
#[derive(Debug, Clone)]
pub struct NodeConfig {
    /// Its id.
    pub id: NodeId,
    /// Its type.
    pub node_type: NodeType,
    pub(super) values: BTreeMap<&'static str, Value>,
}

impl NodeConfig {
    pub(super) fn new(
        id: NodeId,
        node_type: NodeType,
        values: BTreeMap<&'static str, Value>,
    ) -> Self {
        NodeConfig {
            id,
            node_type,
            values,
        }
    }

    fn default_value(&self, name: &str) -> Option<Value> {
        parameter::find(SectionKind::Node(self.node_type), name)?.default_value()
    }

    /// A number, a size in bytes, or a flag (0 or 1); 0 if the parameter has no value.
    pub(super) fn number(&self, name: &str) -> u64 {
        match self.values.get(name) {
            Some(value) => value.number(),
            None => self.default_value(name).map_or(0, |value| value.number()),
        }
    }

    /// A number that is set in config.ini.
    pub(super) fn set_number(&self, name: &str) -> Option<u64> {
        self.values.get(name).map(Value::number)
    }

    /// HostName: where the node runs; empty for anywhere.
    pub(super) fn host_name(&self) -> String {
        let value = match self.values.get("HostName") {
            Some(value) => Some(value.clone()),
            None => self.default_value("HostName"),
        };
        value.map_or_else(String::new, |value| value.to_string())
    }

    /// The port that the management server got.
    pub(super) fn set_port(&mut self, port: u16) {
        let port = Value::Int(u32::from(port));
        self.values.insert("PortNumber", port);
    }

    /// True if a flag is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.number(name) != 0
    }

    /// A text that is set in config.ini and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// LDM threads of a data node, by its `ThreadConfig`.
    pub(super) fn ldm_count(&self) -> u32 {
        thread_config::ldm_count(self.text("ThreadConfig").unwrap_or_default())
    }

    /// The node's directory: `DataDir`, relative ones below the simulator's directory, and
    /// `node-<id>` there if it is not set.
    pub(super) fn data_dir(&self, root: &Path) -> PathBuf {
        match self.text("DataDir") {
            Some(directory) => root.join(directory),
            None => root.join(format!("node-{}", self.id)),
        }
    }

    /// Where a data node's `BACKUP` directory is: `BackupDataDir`, else `FileSystemPath`, else
    /// the node's directory (backup format, 1.1).
    pub(super) fn backup_dir(&self, root: &Path) -> PathBuf {
        match self
            .text("BackupDataDir")
            .or_else(|| self.text("FileSystemPath"))
        {
            Some(directory) => root.join(directory),
            None => self.data_dir(root),
        }
    }
}

/// One `[tcp]` section.
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    pub(super) node_1: u32,
    pub(super) node_2: u32,
    pub(super) values: BTreeMap<&'static str, Value>,
}

impl ConnectionConfig {
    pub(super) fn new(values: BTreeMap<&'static str, Value>) -> Option<Self> {
        let node = |name: &str| u32::try_from(values.get(name)?.number()).ok();
        Some(ConnectionConfig {
            node_1: node("NodeId1")?,
            node_2: node("NodeId2")?,
            values,
        })
    }
}

/// A configured cluster.
#[derive(Debug, Clone)]
pub struct Topology {
    /// The nodes by id.
    pub nodes: BTreeMap<NodeId, NodeConfig>,
    /// The config.ini it was read from, if any.
    pub config_file: Option<PathBuf>,
    pub(super) connections: Vec<ConnectionConfig>,
    pub(super) tcp_defaults: BTreeMap<&'static str, Value>,
    pub(super) system: BTreeMap<&'static str, Value>,
}

impl Default for Topology {
    /// Management server 1, data nodes 2 and 3 with two replicas, API nodes 4 to 7.
    fn default() -> Self {
        let mut topology = Topology::empty();
        let nodes = [
            (1, NodeType::Mgm),
            (2, NodeType::Ndb),
            (3, NodeType::Ndb),
            (4, NodeType::Api),
            (5, NodeType::Api),
            (6, NodeType::Api),
            (7, NodeType::Api),
        ];
        for (number, node_type) in nodes {
            let id = NodeId::new(number).expect("1 to 7 are node ids");
            let mut values = BTreeMap::new();
            if node_type == NodeType::Mgm {
                let host = Value::Text("localhost".to_owned());
                values.insert("HostName", host);
            }
            topology
                .nodes
                .insert(id, NodeConfig::new(id, node_type, values));
        }
        topology
    }
}

impl Topology {
    pub(super) fn empty() -> Self {
        Topology {
            nodes: BTreeMap::new(),
            config_file: None,
            connections: Vec::new(),
            tcp_defaults: BTreeMap::new(),
            system: BTreeMap::new(),
        }
    }

    /// The nodes of one type, ascending by id.
    pub(super) fn of_type(&self, node_type: NodeType) -> impl Iterator<Item = &NodeConfig> {
        self.nodes
            .values()
            .filter(move |node| node.node_type == node_type)
    }

    /// The configured node with this id.
    pub(super) fn node(&self, id: u32) -> Option<&NodeConfig> {
        self.nodes.get(&NodeId::new(id)?)
    }

    /// PortNumber of the first management server.
    pub fn port(&self) -> u16 {
        let port = self
            .of_type(NodeType::Mgm)
            .next()
            .map_or(0, |node| node.number("PortNumber"));
        u16::try_from(port).unwrap_or(0)
    }

    /// NoOfReplicas: the size of a nodegroup.
    pub(super) fn replicas(&self) -> usize {
        self.of_type(NodeType::Ndb)
            .next()
            .map_or(2, |node| node.number("NoOfReplicas") as usize)
    }

    /// LDM threads that every data node has.
    pub(super) fn common_ldm_count(&self) -> u32 {
        let counts = self.of_type(NodeType::Ndb).map(NodeConfig::ldm_count);
        counts.min().unwrap_or(1)
    }

    /// The nodegroup of each data node: as set, else in runs of NoOfReplicas by ascending id.
    pub(super) fn nodegroups(&self) -> BTreeMap<NodeId, Option<u16>> {
        let replicas = self.replicas().max(1);
        let mut next = 0;
        self.of_type(NodeType::Ndb)
            .map(|node| {
                let group = match node.set_number("Nodegroup") {
                    Some(NO_NODEGROUP) => None,
                    Some(group) => u16::try_from(group).ok(),
                    None => {
                        next += 1;
                        u16::try_from((next - 1) / replicas).ok()
                    }
                };
                (node.id, group)
            })
            .collect()
    }

    /// Checks that the sections make a cluster that clients accept.
    pub(super) fn check(&self) -> Result<(), TopologyError> {
        let needed = [
            (NodeType::Ndb, "data node"),
            (NodeType::Mgm, "management server"),
            (NodeType::Api, "API node"),
        ];
        for (node_type, name) in needed {
            if self.of_type(node_type).next().is_none() {
                return Err(TopologyError::Missing(name));
            }
        }
        let mut sizes: BTreeMap<u16, usize> = BTreeMap::new();
        for group in self.nodegroups().into_values().flatten() {
            *sizes.entry(group).or_default() += 1;
        }
        let replicas = self.replicas();
        if sizes.is_empty() || sizes.values().any(|size| *size != replicas) {
            return Err(TopologyError::Nodegroups {
                nodes: sizes.values().sum(),
                replicas,
            });
        }
        for connection in &self.connections {
            for id in [connection.node_1, connection.node_2] {
                if self.node(id).is_none() {
                    return Err(TopologyError::UnknownNode(id));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_cluster_is_whole() {
        let topology = Topology::default();
        assert_eq!(topology.check(), Ok(()));
        let groups: Vec<Option<u16>> = topology.nodegroups().into_values().collect();
        assert_eq!(groups, [Some(0), Some(0)]);
    }

    #[test]
    fn backups_go_below_the_node_unless_a_directory_is_set() {
        let topology = Topology::default();
        let mut node = topology.node(2).expect("data node 2").clone();
        let root = Path::new("/sim");
        assert_eq!(node.backup_dir(root), Path::new("/sim/node-2"));
        let text = |text: &str| Value::Text(text.to_owned());
        node.values.insert("DataDir", text("d"));
        assert_eq!(node.backup_dir(root), Path::new("/sim/d"));
        node.values.insert("FileSystemPath", text("fs"));
        assert_eq!(node.backup_dir(root), Path::new("/sim/fs"));
        node.values.insert("BackupDataDir", text("/b"));
        assert_eq!(node.backup_dir(root), Path::new("/b"));
    }
}
