//! config.ini: the original's configuration file (management protocol, 5.4).
//!
//! Sections in brackets, repeated once per node or connection; `name=value` or `name: value`
//! lines; comments after `#` or `;`; names of sections and parameters in any case. Values of a
//! `default` section count for every section of its kind, wherever it stands in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::parameter::{self, SectionKind};
use super::text_file::read_text_file;
use super::topology::{ConnectionConfig, NodeConfig, Topology, TopologyError};
use crate::cluster::{NodeId, NodeType};
use crate::wire::config::Value;

/// Longest text of a fault, in letters.
const FAULT_MAX: usize = 200;

/// A config.ini that cannot be used. Names the file, and the line where there is one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFileError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line cannot be used.
    #[error("{}: line {line}: {fault}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
    /// The sections together do not make a cluster.
    #[error("{}: {source}", path.display())]
    Cluster {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: TopologyError,
    },
}

type Values = BTreeMap<&'static str, Value>;

struct Section {
    kind: SectionKind,
    is_default: bool,
    line: usize,
    values: Values,
}

/// Reads and checks a config.ini.
pub fn read_config_file(path: &Path) -> Result<Topology, ConfigFileError> {
    let read = |source| ConfigFileError::Read {
        path: path.to_owned(),
        source,
    };
    parse_config_file(&read_text_file(path).map_err(read)?, path)
}

/// Checks the text of a config.ini; `path` is for the messages.
pub fn parse_config_file(text: &str, path: &Path) -> Result<Topology, ConfigFileError> {
    let fault = |(line, fault): Fault| ConfigFileError::Line {
        path: path.to_owned(),
        line,
        fault: printable(&fault),
    };
    let sections = parse_sections(text).map_err(fault)?;
    let mut topology = assemble(sections).map_err(fault)?;
    topology.config_file = Some(path.to_owned());
    topology
        .check()
        .map_err(|source| ConfigFileError::Cluster {
            path: path.to_owned(),
            source,
        })?;
    Ok(topology)
}

/// A fault without what a file that is no config.ini would do to a terminal.
fn printable(fault: &str) -> String {
    fault
        .chars()
        .take(FAULT_MAX)
        .map(|letter| if letter.is_control() { '?' } else { letter })
        .collect()
}

type Fault = (usize, String);

fn parse_sections(text: &str) -> Result<Vec<Section>, Fault> {
    let mut sections: Vec<Section> = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let number = index + 1;
        let line = without_comment(raw).trim();
        if line.is_empty() {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest
                .strip_suffix(']')
                .ok_or_else(|| (number, format!("section header without ']': {line}")))?;
            let (kind, is_default) = section_kind(name)
                .ok_or_else(|| (number, format!("unknown section [{}]", name.trim())))?;
            sections.push(Section {
                kind,
                is_default,
                line: number,
                values: Values::new(),
            });
            continue;
        }
        let section = sections.last_mut().ok_or_else(|| {
            (
                number,
                format!("parameter before the first section: {line}"),
            )
        })?;
        let (name, value) = parse_parameter(section, line).map_err(|fault| (number, fault))?;
        if section.values.insert(name, value).is_some() {
            return Err((number, format!("{name} is set twice in this section")));
        }
    }
    Ok(sections)
}

fn without_comment(line: &str) -> &str {
    line.find(['#', ';']).map_or(line, |at| &line[..at])
}

fn section_kind(name: &str) -> Option<(SectionKind, bool)> {
    let lower = name.trim().to_ascii_lowercase();
    let mut words = lower.split_whitespace();
    let kind = match words.next()? {
        "ndbd" | "db" => SectionKind::Node(NodeType::Ndb),
        "ndb_mgmd" | "mgm" => SectionKind::Node(NodeType::Mgm),
        "mysqld" | "api" => SectionKind::Node(NodeType::Api),
        "tcp" => SectionKind::Tcp,
        "system" => SectionKind::System,
        _ => return None,
    };
    match (words.next(), words.next()) {
        (None, _) => Some((kind, false)),
        (Some("default"), None) if kind != SectionKind::System => Some((kind, true)),
        _ => None,
    }
}

fn parse_parameter(section: &Section, line: &str) -> Result<(&'static str, Value), String> {
    let at = line
        .find(['=', ':'])
        .ok_or_else(|| format!("expected name=value: {line}"))?;
    let name = line[..at].trim();
    let text = line[at + 1..].trim();
    let parameter =
        parameter::find(section.kind, name).ok_or_else(|| format!("unknown parameter {name}"))?;
    let only_once = matches!(parameter.name, "NodeId" | "NodeId1" | "NodeId2");
    if only_once && section.is_default {
        return Err(format!(
            "{} cannot stand in a default section",
            parameter.name
        ));
    }
    let value = parameter
        .parse_value(text)
        .map_err(|why| format!("{}={text}: {why}", parameter.name))?;
    Ok((parameter.name, value))
}

fn assemble(sections: Vec<Section>) -> Result<Topology, Fault> {
    let mut defaults: BTreeMap<SectionKind, Values> = BTreeMap::new();
    for section in sections.iter().filter(|section| section.is_default) {
        defaults
            .entry(section.kind)
            .or_default()
            .extend(section.values.clone());
    }
    let mut topology = Topology::empty();
    let mut unnumbered = Vec::new();
    let mut replicas = None;
    // Nodes that connections name, with the line of their section.
    let mut named = Vec::new();
    for section in sections.into_iter().filter(|section| !section.is_default) {
        let mut values = defaults.get(&section.kind).cloned().unwrap_or_default();
        values.extend(section.values);
        match section.kind {
            SectionKind::System => topology.system = values,
            SectionKind::Tcp => {
                let connection = ConnectionConfig::new(values)
                    .ok_or_else(|| (section.line, "[tcp] needs NodeId1 and NodeId2".to_owned()))?;
                named.push((section.line, connection.node_1));
                named.push((section.line, connection.node_2));
                if let Some(fault) = connection_fault(&topology.connections, &connection) {
                    return Err((section.line, fault));
                }
                topology.connections.push(connection);
            }
            SectionKind::Node(NodeType::Ndb) if differs(&mut replicas, &values) => {
                let fault = "NoOfReplicas is not that of the data nodes before".to_owned();
                return Err((section.line, fault));
            }
            SectionKind::Node(node_type) => match node_id(&values) {
                Some(id) => insert_node(&mut topology, section.line, id, node_type, values)?,
                None => unnumbered.push((section.line, node_type, values)),
            },
        }
    }
    number_nodes(&mut topology, unnumbered)?;
    for (line, id) in named {
        if topology.node(id).is_none() {
            return Err((
                line,
                format!("[tcp] names node {id}, which is not configured"),
            ));
        }
    }
    topology.tcp_defaults = defaults.remove(&SectionKind::Tcp).unwrap_or_default();
    Ok(topology)
}

fn connection_fault(earlier: &[ConnectionConfig], new: &ConnectionConfig) -> Option<String> {
    let ends = |it: &ConnectionConfig| (it.node_1.min(it.node_2), it.node_1.max(it.node_2));
    let (low, high) = ends(new);
    if low == high {
        Some(format!("NodeId1 and NodeId2 are both {low}"))
    } else if earlier.iter().any(|other| ends(other) == (low, high)) {
        Some(format!("a second [tcp] section of nodes {low} and {high}"))
    } else {
        None
    }
}

/// All data nodes have the same number of replicas; keeps the first one's.
fn differs(first: &mut Option<Option<Value>>, values: &Values) -> bool {
    let own = values.get("NoOfReplicas").cloned();
    *first.get_or_insert_with(|| own.clone()) != own
}

fn node_id(values: &Values) -> Option<NodeId> {
    let number = values.get("NodeId")?.number();
    NodeId::new(u32::try_from(number).ok()?)
}

fn insert_node(
    topology: &mut Topology,
    line: usize,
    id: NodeId,
    node_type: NodeType,
    values: Values,
) -> Result<(), Fault> {
    let node = NodeConfig::new(id, node_type, values);
    match topology.nodes.insert(id, node) {
        None => Ok(()),
        Some(_) => Err((line, format!("node id {id} is used twice"))),
    }
}

/// Nodes without an id get the smallest free ones: data nodes first, then management servers,
/// then API nodes.
fn number_nodes(
    topology: &mut Topology,
    unnumbered: Vec<(usize, NodeType, Values)>,
) -> Result<(), Fault> {
    let order = [NodeType::Ndb, NodeType::Mgm, NodeType::Api];
    let mut nodes = unnumbered;
    nodes.sort_by_key(|(_, node_type, _)| order.iter().position(|known| known == node_type));
    for (line, node_type, values) in nodes {
        let largest = match node_type {
            NodeType::Ndb => u32::from(NodeId::DATA_NODE_MAX),
            NodeType::Mgm | NodeType::Api => 255,
        };
        let free = (1..=largest)
            .filter_map(NodeId::new)
            .find(|id| !topology.nodes.contains_key(id))
            .ok_or_else(|| (line, "no node id is left for this section".to_owned()))?;
        insert_node(topology, line, free, node_type, values)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Topology, String> {
        parse_config_file(text, Path::new("config.ini")).map_err(|error| error.to_string())
    }

    const FOUR_NODES: &str = "\
# The cluster of the document's abort example
[NDBD DEFAULT]
NoOfReplicas: 2          ; two copies
maxdiskwritespeed = 2M
[ndb_mgmd]
Id=5
PortNumber=0
[ndbd]
BackupDataDir=/backups/1
[ndbd]
[ndbd]
[ndbd]
MaxDiskWriteSpeed=4M
[mysqld]
[api]
HostName=app.example
";

    #[test]
    fn nodes_without_ids_are_numbered_data_nodes_first() {
        let topology = parse(FOUR_NODES).unwrap();
        let ids = |node_type| -> Vec<u32> {
            topology
                .of_type(node_type)
                .map(|node| node.id.get())
                .collect()
        };
        assert_eq!(ids(NodeType::Ndb), [1, 2, 3, 4]);
        assert_eq!(ids(NodeType::Mgm), [5]);
        assert_eq!(ids(NodeType::Api), [6, 7]);
    }

    #[test]
    fn a_default_section_counts_until_a_section_overrides_it() {
        let topology = parse(FOUR_NODES).unwrap();
        let speeds: Vec<u64> = topology
            .of_type(NodeType::Ndb)
            .map(|node| node.number("MaxDiskWriteSpeed"))
            .collect();
        assert_eq!(speeds, [2 << 20, 2 << 20, 2 << 20, 4 << 20]);
        let first = topology.of_type(NodeType::Ndb).next().unwrap();
        assert_eq!(first.text("BackupDataDir"), Some("/backups/1"));
        assert_eq!(first.number("BackupReportFrequency"), 0);
    }

    #[test]
    fn faults_name_file_line_and_parameter() {
        let cases = [
            (
                "[ndbd]\nFrobnicate=1\n",
                "config.ini: line 2: unknown parameter Frobnicate",
            ),
            (
                "\n[ndbd]\nNoOfReplicas=9\n",
                "config.ini: line 3: NoOfReplicas=9: is out of range, 1 to 4",
            ),
            (
                "[toaster]\n",
                "config.ini: line 1: unknown section [toaster]",
            ),
            (
                "NodeId=1\n",
                "config.ini: line 1: parameter before the first section: NodeId=1",
            ),
            (
                "[ndbd\n",
                "config.ini: line 1: section header without ']': [ndbd",
            ),
            (
                "[ndbd]\nNodeId 1\n",
                "config.ini: line 2: expected name=value: NodeId 1",
            ),
            (
                "[ndbd]\nNodeId=1\nNodeId=2\n",
                "config.ini: line 3: NodeId is set twice in this section",
            ),
            (
                "[ndbd]\nId=1\n[api]\nId=1\n",
                "config.ini: line 3: node id 1 is used twice",
            ),
            (
                "[ndbd default]\nNodeId=1\n",
                "config.ini: line 2: NodeId cannot stand in a default section",
            ),
            (
                "[ndbd]\nId=1\n[tcp]\nNodeId1=1\nNodeId2=77\n",
                "config.ini: line 3: [tcp] names node 77, which is not configured",
            ),
            (
                "[tcp]\nNodeId1=1\nNodeId2=2\n[tcp]\nNodeId1=2\nNodeId2=1\n",
                "config.ini: line 4: a second [tcp] section of nodes 1 and 2",
            ),
            (
                "[tcp]\nNodeId1=1\nNodeId2=1\n",
                "config.ini: line 1: NodeId1 and NodeId2 are both 1",
            ),
            (
                "[ndbd]\nNoOfReplicas=1\n[ndbd]\n",
                "config.ini: line 3: NoOfReplicas is not that of the data nodes before",
            ),
            (
                "[tcp]\nNodeId1=1\n",
                "config.ini: line 1: [tcp] needs NodeId1 and NodeId2",
            ),
        ];
        for (text, message) in cases {
            assert_eq!(parse(text).err().as_deref(), Some(message), "{text:?}");
        }
    }

    #[test]
    fn a_cluster_needs_each_type_of_node_and_full_nodegroups() {
        let nodes = "[ndb_mgmd]\n[api]\n";
        assert!(parse(nodes).unwrap_err().contains("no data node"));
        assert!(
            parse("[ndbd]\n[ndbd]\n[api]\n")
                .unwrap_err()
                .contains("no management server")
        );
        assert!(
            parse("[ndbd]\n[ndbd]\n[mgm]\n")
                .unwrap_err()
                .contains("no API node")
        );
        let odd = format!("{nodes}[ndbd]\n[ndbd]\n[ndbd]\n");
        assert!(parse(&odd).unwrap_err().contains("NoOfReplicas"));
    }
}
