//! The packed configuration that management servers hand out (management protocol, 5).

mod decode;
mod encode;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn section(kind: SectionKind, entries: &[(u32, Value)]) -> Section {
        let mut section = Section::new(kind);
        for (key, value) in entries {
            section.set(*key, value.clone());
        }
        section
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    /// Every value in full: two data nodes, a management server, an API node.
    fn config() -> ClusterConfig {
        let node = |kind, id, host: &str| {
            section(
                kind,
                &[
                    (key::NODE_ID, Value::Int(id)),
                    (key::HOST_NAME, text(host)),
                    (203, Value::Int64(1 << 40)),
                ],
            )
        };
        let tcp = |first, second| {
            section(
                SectionKind::Tcp,
                &[
                    (key::NODE_1, Value::Int(first)),
                    (key::NODE_2, Value::Int(second)),
                    (406, Value::Int(1186)),
                ],
            )
        };
        ClusterConfig::from_expanded(
            section(SectionKind::System, &[(3, text("MC_1"))]),
            vec![
                node(SectionKind::ApiNode, 50, ""),
                node(SectionKind::DataNode, 3, "host-3"),
                node(SectionKind::DataNode, 2, "host"),
                node(SectionKind::ManagementServer, 49, "mgm"),
            ],
            vec![tcp(49, 2), tcp(2, 3)],
        )
        .expect("every section has its ids")
    }

    #[test]
    fn defaults_are_the_values_of_the_first_section() {
        let config = config();
        let defaults = config.defaults(SectionKind::DataNode).expect("data nodes");
        assert_eq!(defaults.get(key::HOST_NAME), Some(&text("host")));
        assert_eq!(defaults.get(key::NODE_ID), None);
        assert_eq!(config.node_sections()[0].entries().len(), 1);
        assert_eq!(config.node_sections()[1].entries().len(), 2);
        let node = |id| NodeId::new(id).expect("in range");
        assert_eq!(config.parameter(node(2), 203), Some(&Value::Int64(1 << 40)));
        let hosts: Vec<(u32, String)> = config
            .nodes()
            .into_iter()
            .map(|node| (node.node.get(), node.host_name))
            .collect();
        assert_eq!(
            hosts,
            [(2, "host"), (3, "host-3"), (49, "mgm"), (50, "")]
                .map(|(id, host)| (id, host.to_owned()))
        );
        assert_eq!(config.for_node(node(3)).connection_sections().len(), 1);
    }

    #[test]
    fn both_versions_read_back() {
        let config = config();
        assert_eq!(
            ClusterConfig::decode_v2(&config.encode_v2()),
            Ok(config.clone())
        );
        assert_eq!(ClusterConfig::decode_v1(&config.encode_v1()), Ok(config));
    }

    #[test]
    fn nodes_need_ids_of_their_own() {
        let node = |id| section(SectionKind::DataNode, &[(key::NODE_ID, Value::Int(id))]);
        let with = |nodes| {
            ClusterConfig::new(
                Vec::new(),
                Section::new(SectionKind::System),
                nodes,
                Vec::new(),
            )
        };
        assert!(with(vec![node(1), node(2)]).is_ok());
        assert_eq!(with(vec![node(1), node(1)]), Err(ConfigError::NoNodeId));
        assert_eq!(with(vec![node(256)]), Err(ConfigError::NoNodeId));
    }

    #[test]
    fn text_is_base64_in_lines_of_76() {
        let packed = config().encode_v2();
        let text = encode_text(&packed);
        let (first, _) = text.split_once('\n').expect("several lines");
        assert_eq!(first.len(), 76);
        assert!(first.starts_with("TkRCQ09ORjIAAA"));
        assert!(!text.ends_with('\n'));
        assert_eq!(encode_text(&[0; 57]).len(), 76);
        assert_eq!(decode_text(text.as_bytes()).as_ref(), Ok(&packed));
        for part_size in [1, 3, 76, 500] {
            let mut decoder = TextDecoder::new();
            for part in text.as_bytes().chunks(part_size) {
                assert_eq!(decoder.push(part), Ok(()));
            }
            assert_eq!(decoder.finish().as_ref(), Ok(&packed));
        }
        for wrong in ["AA?=", "AAA", "AA==AAAA", "AA==\nAAAA"] {
            assert_eq!(decode_text(wrong.as_bytes()), Err(ConfigError::NotBase64));
        }
        assert_eq!(
            decode_nodes(&packed).as_deref(),
            Ok(&*config().nodes()),
            "without a look into the connections"
        );
    }

    #[test]
    fn connections_that_are_skipped_still_fill_the_configuration() {
        let sealed = |mut packed: Vec<u8>| {
            let words = packed.len() as u32 / 4 + 1;
            packed[8..12].copy_from_slice(&words.to_be_bytes());
            let checksum = packed.chunks(4).fold(0, |sum, word| {
                sum ^ word.iter().fold(0, |all, byte| all << 8 | u32::from(*byte))
            });
            packed.extend_from_slice(&checksum.to_be_bytes());
            packed
        };
        let mut packed = config().encode_v2();
        packed.truncate(packed.len() - 4);
        assert!(decode_nodes(&sealed(packed.clone())).is_ok());
        let shorter = packed[..packed.len() - 4].to_vec();
        assert!(decode_nodes(&sealed(shorter)).is_err());
        packed.extend_from_slice(&[0; 4]);
        assert!(decode_nodes(&sealed(packed)).is_err());
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_an_error() {
        for packed in [config().encode_v2(), config().encode_v1()] {
            let read = |bytes: &[u8]| {
                decode_nodes(bytes).is_ok()
                    || ClusterConfig::decode_v2(bytes).is_ok()
                    || ClusterConfig::decode_v1(bytes).is_ok()
            };
            assert!(read(&packed));
            for bit in 0..packed.len() * 8 {
                let mut damaged = packed.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(!read(&damaged), "bit {bit}");
            }
            for end in 0..packed.len() {
                assert!(!read(&packed[..end]), "cut at {end}");
            }
        }
    }

    proptest! {
        /// The checksum is made right again, so that the reader sees the damage.
        #[test]
        fn what_reads_writes_back_and_nothing_panics(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 0..4),
            small in any::<bool>(),
            first in any::<bool>(),
        ) {
            let mut packed = if first { config().encode_v1() } else { config().encode_v2() };
            for (index, word) in damage {
                let at = index.index(packed.len() / 4) * 4;
                let word = if small { word % 64 } else { word };
                packed[at..at + 4].copy_from_slice(&word.to_be_bytes());
            }
            let end = packed.len() - 4;
            let checksum = packed[..end].chunks(4).fold([0; 4], |mut sum: [u8; 4], word| {
                for (sum, byte) in sum.iter_mut().zip(word) {
                    *sum ^= byte;
                }
                sum
            });
            packed[end..].copy_from_slice(&checksum);
            let nodes = decode_nodes(&packed);
            if let Ok(config) = ClusterConfig::decode_v2(&packed) {
                prop_assert_eq!(nodes, Ok(config.nodes()));
                prop_assert_eq!(config.encode_v2(), packed.clone());
                config.nodes();
            }
            if let Ok(config) = ClusterConfig::decode_v1(&packed) {
                config.encode_v1();
            }
        }
    }
}
