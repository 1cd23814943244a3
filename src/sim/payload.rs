//! The packed configuration: what `get config_v2` gives to clients (management protocol, 5).

use std::collections::BTreeMap;

use super::parameter::{self, SectionKind};
use super::topology::{NO_NODEGROUP, NodeConfig, Topology};
use crate::cluster::{NodeId, NodeType};
use crate::wire::config::{self, ClusterConfig, ConfigError, Section, Value};

/// Keys of a connection.
const SERVER_PORT: u32 = 406;
const HOST_NAME_1: u32 = 407;
const HOST_NAME_2: u32 = 408;
const NODE_ID_SERVER: u32 = 410;
/// Whether one of its nodes has RequireTls: computed, not set.
const REQUIRE_LINK_TLS: u32 = 462;

/// The nodegroup of a data node.
const NODEGROUP: u32 = 185;

/// Keys of directories that follow another one.
const DATA_DIR: u32 = 7;
const FILE_SYSTEM_PATH: u32 = 125;
const BACKUP_DATA_DIR: u32 = 158;

/// Dynamic ports by connection.
type Ports = BTreeMap<(u32, u32), i32>;

/// The nodegroup of each data node.
type Nodegroups = BTreeMap<NodeId, Option<u16>>;

/// The whole configuration; with `node` of a data or API node only the connections that touch
/// it.
pub(super) fn pack(
    topology: &Topology,
    ports: &Ports,
    node: u32,
) -> Result<ClusterConfig, ConfigError> {
    let mut system = Section::new(config::SectionKind::System);
    for (name, value) in system_values(topology) {
        if let Some(parameter) = parameter::find(SectionKind::System, name) {
            system.set(parameter.key, value);
        }
    }
    let pairs = connections(topology);
    // What most connections of a usual cluster have: those of its last API node.
    let shared = pairs
        .last()
        .map(|pair| connection_values(topology, ports, *pair))
        .unwrap_or_default();
    let mut defaults = vec![packed(config::SectionKind::Tcp, &shared)];
    let mut nodes = Vec::new();
    for node_type in [NodeType::Ndb, NodeType::Api, NodeType::Mgm] {
        let (shared, sections) = node_sections(topology, node_type);
        defaults.push(shared);
        nodes.extend(sections);
    }
    let narrow = topology
        .node(node)
        .filter(|node| node.node_type != NodeType::Mgm)
        .map(|node| node.id);
    let connections = pairs
        .into_iter()
        .filter(|pair| narrow.is_none_or(|id| pair.0 == id || pair.1 == id))
        .map(|pair| {
            let mut values = connection_values(topology, ports, pair);
            values.retain(|key, value| shared.get(key) != Some(value));
            let mut section = packed(config::SectionKind::Tcp, &values);
            section.set(config::key::NODE_1, Value::Int(pair.0.get()));
            section.set(config::key::NODE_2, Value::Int(pair.1.get()));
            section
        })
        .collect();
    ClusterConfig::new(defaults, system, nodes, connections)
}

impl Topology {
    /// The configuration as the management server gives it to its clients.
    ///
    /// # Errors
    ///
    /// If it does not fit in the packed format.
    pub fn to_config(&self) -> Result<ClusterConfig, ConfigError> {
        pack(self, &Ports::new(), 0)
    }
}

fn packed(kind: config::SectionKind, values: &BTreeMap<u32, Value>) -> Section {
    let mut section = Section::new(kind);
    for (key, value) in values {
        section.set(*key, value.clone());
    }
    section
}

/// What the nodes of a type share, and what each has beyond that. A parameter is shared if all
/// nodes have it; the value is that of the first.
fn node_sections(topology: &Topology, node_type: NodeType) -> (Section, Vec<Section>) {
    let kind = config::SectionKind::of_node(node_type);
    let nodegroups = topology.nodegroups();
    let nodes: Vec<_> = topology
        .of_type(node_type)
        .map(|node| (node.id, node_values(node, &nodegroups)))
        .collect();
    let mut shared = nodes
        .first()
        .map(|(_, values)| values.clone())
        .unwrap_or_default();
    shared.retain(|key, _| nodes.iter().all(|(_, values)| values.contains_key(key)));
    let sections = nodes
        .into_iter()
        .map(|(id, mut values)| {
            values.retain(|key, value| shared.get(key) != Some(value));
            let mut section = packed(kind, &values);
            section.set(config::key::NODE_ID, Value::Int(id.get()));
            section
        })
        .collect();
    (packed(kind, &shared), sections)
}

/// How often the configuration has changed.
pub(super) fn generation(topology: &Topology) -> u32 {
    match topology.system.get("ConfigGenerationNumber") {
        Some(Value::Int(number)) => *number,
        _ => 1,
    }
}

/// The system section.
pub(super) fn system_values(topology: &Topology) -> Vec<(&'static str, Value)> {
    let primary = topology
        .of_type(NodeType::Mgm)
        .next()
        .map_or(0, |node| node.id.get());
    let set = |name: &str| topology.system.get(name).cloned();
    vec![
        (
            "Name",
            set("Name").unwrap_or_else(|| Value::Text("simulated".to_owned())),
        ),
        (
            "PrimaryMGMNode",
            set("PrimaryMGMNode").unwrap_or(Value::Int(primary)),
        ),
        ("ConfigGenerationNumber", Value::Int(generation(topology))),
    ]
}

/// All packed values of a node but its id, by key. A data node's nodegroup is there even if
/// config.ini leaves it to the management server.
pub(super) fn node_values(node: &NodeConfig, nodegroups: &Nodegroups) -> BTreeMap<u32, Value> {
    let kind = SectionKind::Node(node.node_type);
    let mut values = parameter::packed_defaults(kind);
    if let Some(group) = nodegroups.get(&node.id) {
        let number = group.map_or(NO_NODEGROUP as u32, u32::from);
        values.insert(NODEGROUP, Value::Int(number));
    }
    for (name, value) in &node.values {
        if let Some(parameter) = parameter::find(kind, name).filter(|it| it.key != 0) {
            values.insert(parameter.key, value.clone());
        }
    }
    if node.node_type == NodeType::Ndb {
        for (key, follows) in [
            (FILE_SYSTEM_PATH, DATA_DIR),
            (BACKUP_DATA_DIR, FILE_SYSTEM_PATH),
        ] {
            if let (None, Some(value)) = (values.get(&key), values.get(&follows).cloned()) {
                values.insert(key, value);
            }
        }
    }
    values.remove(&config::key::NODE_ID);
    values
}

/// A connection from each management server and API node to each data node, and between any
/// two data nodes.
fn connections(topology: &Topology) -> Vec<(NodeId, NodeId)> {
    let data_nodes: Vec<NodeId> = topology.of_type(NodeType::Ndb).map(|it| it.id).collect();
    let mut pairs = Vec::new();
    for node in topology.nodes.values() {
        let is_data = node.node_type == NodeType::Ndb;
        let others = data_nodes.iter().filter(|id| !is_data || **id > node.id);
        pairs.extend(others.map(|id| (node.id, *id)));
    }
    pairs
}

/// All packed values of a connection but its nodes, by key. Who connects needs the host names:
/// without them a node of the original ends at once.
fn connection_values(
    topology: &Topology,
    ports: &Ports,
    (node_1, node_2): (NodeId, NodeId),
) -> BTreeMap<u32, Value> {
    let nodes = [node_1, node_2].map(|id| topology.nodes.get(&id));
    let [host_1, host_2] = nodes.map(|node| node.map_or_else(String::new, NodeConfig::host_name));
    let first = nodes[0].map(|node| node.node_type);
    let server = match first {
        Some(NodeType::Api) => node_2,
        _ => node_1,
    };
    let mut values = parameter::packed_defaults(SectionKind::Tcp);
    values.extend([
        (SERVER_PORT, Value::Int(0)),
        (HOST_NAME_1, Value::Text(host_1)),
        (HOST_NAME_2, Value::Text(host_2)),
        (NODE_ID_SERVER, Value::Int(server.get())),
    ]);
    values.extend(packed_settings(&topology.tcp_defaults));
    let requires_tls = |node: &NodeConfig| node.is_on("RequireTls");
    if nodes.into_iter().flatten().any(requires_tls) {
        values.insert(REQUIRE_LINK_TLS, Value::Int(1));
    }
    let pair = (node_1.get(), node_2.get());
    let port = match (first, nodes[0]) {
        (Some(NodeType::Mgm), Some(node)) => node.number("PortNumber") as u32,
        _ => ports.get(&pair).copied().unwrap_or(0).cast_unsigned(),
    };
    if port != 0 {
        values.insert(SERVER_PORT, Value::Int(port));
    }
    for explicit in &topology.connections {
        let own = packed_settings(&explicit.values);
        if (explicit.node_1, explicit.node_2) == pair {
            values.extend(own);
        } else if (explicit.node_2, explicit.node_1) == pair {
            values.extend(own.map(|(key, value)| match key {
                HOST_NAME_1 => (HOST_NAME_2, value),
                HOST_NAME_2 => (HOST_NAME_1, value),
                _ => (key, value),
            }));
        }
    }
    values
}

/// What config.ini sets of a connection, but its nodes.
fn packed_settings(values: &BTreeMap<&'static str, Value>) -> impl Iterator<Item = (u32, Value)> {
    values.iter().filter_map(|(name, value)| {
        let key = parameter::find(SectionKind::Tcp, name)?.key;
        (!matches!(key, config::key::NODE_1 | config::key::NODE_2)).then(|| (key, value.clone()))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sim::parse_config_file;

    #[test]
    fn clients_read_the_nodes_back() {
        let topology = Topology::default();
        let packed = pack(&topology, &Ports::new(), 0).unwrap();
        let read = ClusterConfig::decode_v2(&packed.encode_v2()).unwrap();
        let nodes: Vec<(u32, NodeType)> = read
            .nodes()
            .iter()
            .map(|node| (node.node.get(), node.node_type))
            .collect();
        let configured: Vec<(u32, NodeType)> = topology
            .nodes
            .values()
            .map(|node| (node.id.get(), node.node_type))
            .collect();
        assert_eq!(nodes, configured);
        // 1 server and 4 API nodes to 2 data nodes each, and one between those.
        assert_eq!(read.connection_sections().len(), 11);
    }

    #[test]
    fn a_data_node_gets_its_own_connections_only() {
        let packed = pack(&Topology::default(), &Ports::new(), 3).unwrap();
        assert_eq!(packed.connection_sections().len(), 6);
    }

    #[test]
    fn a_connection_requires_tls_if_one_of_its_nodes_does() {
        let text = "[ndb_mgmd]\nNodeId=1\nRequireTls=1\n[ndbd default]\nNoOfReplicas=1\n\
                    [ndbd]\nNodeId=2\n[mysqld]\nNodeId=3\n";
        let topology = parse_config_file(text, Path::new("config.ini")).unwrap();
        let required: Vec<((u32, u32), Option<Value>)> = connections(&topology)
            .into_iter()
            .map(|pair| {
                let values = connection_values(&topology, &Ports::new(), pair);
                let required = values.get(&REQUIRE_LINK_TLS).cloned();
                ((pair.0.get(), pair.1.get()), required)
            })
            .collect();
        let expected = [((1, 2), Some(Value::Int(1))), ((3, 2), Some(Value::Int(0)))];
        assert_eq!(required, expected);
    }
}
