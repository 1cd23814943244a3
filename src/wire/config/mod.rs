//! The packed configuration that management servers hand out (management protocol, 5).

mod decode;
mod encode;
#[cfg(test)]
mod tests;
mod text;
mod version1;
mod words;

pub use decode::decode_nodes;
pub use text::{TextDecoder, decode_text, encode_text};

use std::collections::HashSet;

use crate::cluster::{NodeId, NodeType};

/// Keys of parameters that every configuration has.
pub mod key {
    /// Node id, in every node's section.
    pub const NODE_ID: u32 = 3;
    /// Host name of a node.
    pub const HOST_NAME: u32 = 5;
    /// NoOfReplicas of the data nodes.
    pub const NO_OF_REPLICAS: u32 = 101;
    /// Nodegroup of a data node; most do not have it.
    pub const NODEGROUP: u32 = 185;
    /// PortNumber of a management server.
    pub const PORT_NUMBER: u32 = 300;
    /// First node of a connection.
    pub const NODE_1: u32 = 400;
    /// Second node of a connection.
    pub const NODE_2: u32 = 401;
}

/// Largest packed configuration, in bytes.
const PACKED_MAX: usize = super::CONFIG_REPLY_MAX;

/// What a section describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// A data node.
    DataNode,
    /// An API node.
    ApiNode,
    /// A management server.
    ManagementServer,
    /// A TCP connection.
    Tcp,
    /// A shared memory connection.
    SharedMemory,
    /// The cluster as a whole.
    System,
}

impl SectionKind {
    /// The five kinds that have a section of defaults, in their order.
    pub const WITH_DEFAULTS: [SectionKind; 5] = [
        SectionKind::DataNode,
        SectionKind::ApiNode,
        SectionKind::ManagementServer,
        SectionKind::Tcp,
        SectionKind::SharedMemory,
    ];

    /// Number in version 2, 1 to 6.
    fn number(self) -> u32 {
        self as u32 + 1
    }

    fn from_number(number: u32) -> Option<Self> {
        Self::WITH_DEFAULTS
            .into_iter()
            .chain([SectionKind::System])
            .find(|kind| kind.number() == number)
    }

    /// The kind of a node's section.
    pub fn of_node(node_type: NodeType) -> Self {
        match node_type {
            NodeType::Ndb => SectionKind::DataNode,
            NodeType::Api => SectionKind::ApiNode,
            NodeType::Mgm => SectionKind::ManagementServer,
        }
    }

    /// The type of node, if this is a node's section.
    pub fn node_type(self) -> Option<NodeType> {
        match self {
            SectionKind::DataNode => Some(NodeType::Ndb),
            SectionKind::ApiNode => Some(NodeType::Api),
            SectionKind::ManagementServer => Some(NodeType::Mgm),
            SectionKind::Tcp | SectionKind::SharedMemory | SectionKind::System => None,
        }
    }
}

/// Value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// 32 bits.
    Int(u32),
    /// 64 bits.
    Int64(u64),
    /// Text without zero bytes.
    Text(String),
}

impl Value {
    /// The number, 0 for a text.
    pub fn number(&self) -> u64 {
        match self {
            Value::Int(number) => u64::from(*number),
            Value::Int64(number) => *number,
            Value::Text(_) => 0,
        }
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Text(text) => f.write_str(text),
            number => write!(f, "{}", number.number()),
        }
    }
}

/// Parameters of a node, a connection, the system or a kind's defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    kind: SectionKind,
    /// Each key once. In ascending order of the keys, except that a server appends what it
    /// learns while it runs.
    entries: Vec<(u32, Value)>,
}

impl Section {
    /// An empty section.
    pub fn new(kind: SectionKind) -> Self {
        Section {
            kind,
            entries: Vec::new(),
        }
    }

    /// What the section describes.
    pub fn kind(&self) -> SectionKind {
        self.kind
    }

    /// The parameters in the order of the packed configuration.
    pub fn entries(&self) -> &[(u32, Value)] {
        &self.entries
    }

    /// Sets a parameter. A key has 28 bits; higher ones are cut off. A text ends at its
    /// first zero byte.
    pub fn set(&mut self, key: u32, value: Value) -> &mut Self {
        let key = key & KEY_MASK;
        let value = match value {
            Value::Text(mut text) => {
                if let Some(end) = text.find('\0') {
                    text.truncate(end);
                }
                Value::Text(text)
            }
            number => number,
        };
        match self.entries.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = value,
            None => {
                let at = self.entries.partition_point(|(other, _)| *other < key);
                self.entries.insert(at, (key, value));
            }
        }
        self
    }

    /// A parameter of this section alone.
    pub fn get(&self, key: u32) -> Option<&Value> {
        self.entries
            .iter()
            .find(|(other, _)| *other == key)
            .map(|(_, value)| value)
    }

    /// A number of this section alone.
    pub fn int(&self, key: u32) -> Option<u32> {
        match self.get(key)? {
            Value::Int(number) => Some(*number),
            Value::Int64(_) | Value::Text(_) => None,
        }
    }

    fn remove(&mut self, key: u32) {
        self.entries.retain(|(other, _)| *other != key);
    }
}

/// A key in version 2 has 28 bits.
const KEY_MASK: u32 = 0x0FFF_FFFF;

/// The configuration of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// In the order of [`SectionKind::WITH_DEFAULTS`].
    defaults: [Section; 5],
    system: Section,
    /// In ascending order of the node ids, if made here.
    nodes: Vec<Section>,
    /// In ascending order of the two node ids, if made here.
    connections: Vec<Section>,
}

/// A node, as far as SHOW needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigNode {
    /// Its id.
    pub node: NodeId,
    /// What it does.
    pub node_type: NodeType,
    /// Where it may run; empty is anywhere.
    pub host_name: String,
}

/// A packed configuration that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not base64.
    #[error("the configuration is no base64 text")]
    NotBase64,
    /// It does not begin as it must.
    #[error("the configuration does not begin with {0}")]
    BadMagic(&'static str),
    /// The checksum does not fit.
    #[error("the configuration's checksum is wrong")]
    BadChecksum,
    /// A version other than 2.
    #[error("the configuration has format version {0}")]
    BadVersion(u32),
    /// Larger than any real one, or not made of words.
    #[error("a configuration of {0} bytes cannot be")]
    BadSize(usize),
    /// It ends early, or a length inside points outside.
    #[error("the configuration is cut short at word {0}")]
    CutShort(usize),
    /// A section, an entry or a text that is none.
    #[error("the configuration is damaged at word {0}")]
    Damaged(usize),
    /// A node without an id, or two with the same, or a connection without nodes.
    #[error("a section of the configuration lacks its node id")]
    NoNodeId,
}

fn node_id(section: &Section) -> Option<NodeId> {
    section.int(key::NODE_ID).and_then(NodeId::new)
}

fn ends(section: &Section) -> (Option<u32>, Option<u32>) {
    (section.int(key::NODE_1), section.int(key::NODE_2))
}

impl ClusterConfig {
    /// Puts a configuration together as it is sent in version 2: the defaults of each kind
    /// (kinds not given have none), the system, and the nodes and connections with what
    /// differs from the defaults.
    ///
    /// # Errors
    /// [`ConfigError::NoNodeId`] unless every node has an id of its own and every
    /// connection two.
    pub fn new(
        defaults: Vec<Section>,
        system: Section,
        nodes: Vec<Section>,
        connections: Vec<Section>,
    ) -> Result<Self, ConfigError> {
        let mut config = ClusterConfig {
            defaults: SectionKind::WITH_DEFAULTS.map(Section::new),
            system,
            nodes,
            connections,
        };
        config.system.kind = SectionKind::System;
        for section in defaults {
            if let Some(slot) = config
                .defaults
                .iter_mut()
                .find(|slot| slot.kind == section.kind)
            {
                *slot = section;
            }
        }
        config.check_ids()?;
        config.sort();
        Ok(config)
    }

    /// Puts a configuration together from sections that hold every value, and finds the
    /// defaults: a parameter becomes one if every section of its kind has it; the value is
    /// that of the first.
    ///
    /// # Errors
    /// As [`ClusterConfig::new`].
    pub fn from_expanded(
        system: Section,
        nodes: Vec<Section>,
        connections: Vec<Section>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::new(Vec::new(), system, nodes, connections)?;
        for index in 0..config.defaults.len() {
            let kind = config.defaults[index].kind;
            let mut alike = config
                .nodes
                .iter_mut()
                .chain(&mut config.connections)
                .filter(|section| section.kind == kind);
            let Some(first) = alike.next() else {
                continue;
            };
            let mut candidates = first.clone();
            for key in [key::NODE_ID, key::NODE_1, key::NODE_2] {
                candidates.remove(key);
            }
            let mut alike: Vec<&mut Section> = std::iter::once(first).chain(alike).collect();
            candidates
                .entries
                .retain(|(key, _)| alike.iter().all(|section| section.get(*key).is_some()));
            for section in &mut alike {
                section
                    .entries
                    .retain(|(key, value)| candidates.get(*key) != Some(value));
            }
            config.defaults[index] = candidates;
        }
        Ok(config)
    }

    fn sort(&mut self) {
        self.nodes.sort_by_key(node_id);
        self.connections.sort_by_key(ends);
    }

    /// Every node has an id of its own, every connection two ends.
    fn check_ids(&self) -> Result<(), ConfigError> {
        let mut seen = HashSet::new();
        let nodes_fit = self.nodes.iter().all(|section| {
            section.kind.node_type().is_some()
                && node_id(section).is_some_and(|node| seen.insert(node))
        });
        let connections_fit = self
            .connections
            .iter()
            .all(|section| matches!(ends(section), (Some(_), Some(_))));
        if nodes_fit && connections_fit {
            Ok(())
        } else {
            Err(ConfigError::NoNodeId)
        }
    }

    /// The defaults of a kind; the system has none.
    pub fn defaults(&self, kind: SectionKind) -> Option<&Section> {
        self.defaults.iter().find(|section| section.kind == kind)
    }

    /// The cluster as a whole.
    pub fn system(&self) -> &Section {
        &self.system
    }

    /// The nodes with what differs from the defaults.
    pub fn node_sections(&self) -> &[Section] {
        &self.nodes
    }

    /// The connections, with what differs from the defaults.
    pub fn connection_sections(&self) -> &[Section] {
        &self.connections
    }

    /// The nodes in ascending order of their ids.
    pub fn nodes(&self) -> Vec<ConfigNode> {
        let mut nodes: Vec<ConfigNode> = self
            .nodes
            .iter()
            .filter_map(|section| {
                Some(ConfigNode {
                    node: NodeId::new(section.int(key::NODE_ID)?)?,
                    node_type: section.kind.node_type()?,
                    host_name: match self.value(section, key::HOST_NAME) {
                        Some(Value::Text(name)) => name.clone(),
                        _ => String::new(),
                    },
                })
            })
            .collect();
        nodes.sort_by_key(|node| node.node);
        nodes
    }

    /// A node's parameter: its own value, else the default of its kind.
    pub fn parameter(&self, node: NodeId, key: u32) -> Option<&Value> {
        let section = self
            .nodes
            .iter()
            .find(|section| section.int(key::NODE_ID) == Some(node.get()))?;
        self.value(section, key)
    }

    fn value<'a>(&'a self, section: &'a Section, key: u32) -> Option<&'a Value> {
        section
            .get(key)
            .or_else(|| self.defaults(section.kind)?.get(key))
    }

    /// A section with the defaults of its kind filled in.
    fn expanded(&self, section: &Section) -> Section {
        let mut whole = self
            .defaults(section.kind)
            .cloned()
            .unwrap_or_else(|| Section::new(section.kind));
        for (key, value) in &section.entries {
            whole.set(*key, value.clone());
        }
        whole
    }

    /// The same configuration without the connections that do not touch a node, as version
    /// 2 gives it to data and API nodes.
    pub fn for_node(&self, node: NodeId) -> Self {
        let mut config = self.clone();
        config.connections.retain(|section| {
            [key::NODE_1, key::NODE_2]
                .iter()
                .any(|key| section.int(*key) == Some(node.get()))
        });
        config
    }
}
