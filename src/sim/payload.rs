//! The packed configuration: what `get config_v2` gives to clients (management protocol, 5).

use std::collections::BTreeMap;

use super::parameter::{self, ParameterValue, SectionKind};
use super::topology::{NodeConfig, Topology};
use crate::cluster::{NodeId, NodeType};
use crate::wire::config::{self, ClusterConfig, ConfigError, Section, Value};

/// Keys of a connection.
const SERVER_PORT: u32 = 406;
const NODE_ID_SERVER: u32 = 410;

/// Keys of directories that follow another one.
const DATA_DIR: u32 = 7;
const FILE_SYSTEM_PATH: u32 = 125;
const BACKUP_DATA_DIR: u32 = 158;

/// Dynamic ports by connection.
type Ports = BTreeMap<(u32, u32), i32>;

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
            system.set(parameter.key, pack_value(&value));
        }
    }
    let nodes = topology.nodes.values().map(node_section).collect();
    let connections = connections(topology)
        .into_iter()
        .map(|pair| connection_section(topology, ports, pair))
        .collect();
    let config = ClusterConfig::from_expanded(system, nodes, connections)?;
    let narrow = topology
        .node(node)
        .filter(|node| node.node_type != NodeType::Mgm);
    Ok(match narrow {
        Some(node) => config.for_node(node.id),
        None => config,
    })
}

/// The system section.
pub(super) fn system_values(topology: &Topology) -> Vec<(&'static str, ParameterValue)> {
    let primary = topology
        .of_type(NodeType::Mgm)
        .next()
        .map_or(0, |node| node.id.get());
    let set = |name: &str| topology.system.get(name).cloned();
    vec![
        (
            "Name",
            set("Name").unwrap_or_else(|| ParameterValue::Text("simulated".to_owned())),
        ),
        (
            "PrimaryMGMNode",
            set("PrimaryMGMNode").unwrap_or(ParameterValue::Number(primary)),
        ),
        (
            "ConfigGenerationNumber",
            set("ConfigGenerationNumber").unwrap_or(ParameterValue::Number(1)),
        ),
    ]
}

fn pack_value(value: &ParameterValue) -> Value {
    match value {
        ParameterValue::Number(number) => Value::Int(*number),
        ParameterValue::Number64(number) => Value::Int64(*number),
        ParameterValue::Text(text) => Value::Text(text.clone()),
    }
}

fn node_section(node: &NodeConfig) -> Section {
    let kind = SectionKind::Node(node.node_type);
    let mut values = parameter::packed_defaults(kind);
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
    let mut section = Section::new(config::SectionKind::of_node(node.node_type));
    for (key, value) in &values {
        section.set(*key, pack_value(value));
    }
    section.set(config::key::NODE_ID, Value::Int(node.id.get()));
    section
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

fn connection_section(topology: &Topology, ports: &Ports, pair: (NodeId, NodeId)) -> Section {
    let (node_1, node_2) = (pair.0.get(), pair.1.get());
    let mut values = parameter::packed_defaults(SectionKind::Tcp);
    let set = topology.connections.iter().find(|it| {
        (it.node_1, it.node_2) == (node_1, node_2) || (it.node_2, it.node_1) == (node_1, node_2)
    });
    let explicit = set.map(|it| &it.values).into_iter().flatten();
    for (name, value) in topology.tcp_defaults.iter().chain(explicit) {
        if let Some(parameter) = parameter::find(SectionKind::Tcp, name) {
            values.insert(parameter.key, value.clone());
        }
    }
    let server = match topology.nodes.get(&pair.0) {
        Some(node) if node.node_type == NodeType::Api => node_2,
        _ => node_1,
    };
    let port = match topology.nodes.get(&pair.0) {
        Some(node) if node.node_type == NodeType::Mgm => node.number("PortNumber") as u32,
        _ => ports
            .get(&(node_1, node_2))
            .copied()
            .unwrap_or(0)
            .cast_unsigned(),
    };
    values
        .entry(SERVER_PORT)
        .or_insert(ParameterValue::Number(port));
    values
        .entry(NODE_ID_SERVER)
        .or_insert(ParameterValue::Number(server));
    let mut section = Section::new(config::SectionKind::Tcp);
    for (key, value) in &values {
        section.set(*key, pack_value(value));
    }
    section.set(config::key::NODE_1, Value::Int(node_1));
    section.set(config::key::NODE_2, Value::Int(node_2));
    section
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
