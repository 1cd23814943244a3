//! Changes of the configuration while the cluster runs: `reload config`, `set config`, `set
//! parameter` (management protocol, 3.2).
//!
//! The simulated cluster keeps its nodes, their nodegroups and the servers' ports; all other values
//! change at once, where real data nodes take them at their next restart.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Cluster, Effect, SessionId};
use crate::cluster::{NodeId, NodeType, Severity};
use crate::sim::config_file::ConfigFileError;
use crate::sim::parameter::{self, Parameter, SectionKind};
use crate::sim::payload;
use crate::sim::topology::{NodeConfig, Topology};
use crate::wire::config::{self, ClusterConfig, ConfigError, Value};
use crate::wire::{CONFIG_TEXT_MAX, Refusal, Reply, SetParameterReply};

/// How a configuration is sent.
const CONTENT_TYPE: &str = "ndbconfig/octet-stream";
const ENCODING: &str = "base64";

/// What a refused change is told.
const OTHER_NODES: &str = "The simulated cluster keeps its nodes; the new configuration has others";
const NO_CERTIFICATE: &str = "RequireTls: this management server has no valid certificate";

/// The number that each change of the configuration counts up.
const GENERATION: &str = "ConfigGenerationNumber";
const GENERATION_KEY: u32 = 2;

const RELOAD_CONFIG: &str = "reload config";

impl Cluster {
    /// The configuration as it is now.
    pub(in crate::sim) fn topology(&self) -> &Topology {
        &self.topology
    }

    pub(super) fn reload_config(
        &mut self,
        session: SessionId,
        file: Option<&str>,
        mycnf: Option<u32>,
    ) {
        let mycnf = mycnf.is_some_and(|mycnf| mycnf != 0);
        let own = self.topology.config_file.clone();
        let result = match (file, mycnf, own) {
            (Some(_), true, _) => {
                "ERROR: Both mycnf and config_filename is not supported".to_owned()
            }
            (None, true, own) => {
                let own = own.unwrap_or_else(|| PathBuf::from("config.ini"));
                format!(
                    "ERROR: Can't switch to use my.cnf when node was started from '{}'",
                    own.display()
                )
            }
            (None, false, None) => "ERROR: Neither config file name or mycnf available".to_owned(),
            (Some(path), false, _) => {
                let path = PathBuf::from(path);
                return self.effects.push_back(Effect::ReadConfig { session, path });
            }
            (None, false, Some(path)) => {
                return self.effects.push_back(Effect::ReadConfig { session, path });
            }
        };
        self.refuse(session, RELOAD_CONFIG, result);
    }

    /// What a config.ini holds that a session wants loaded.
    pub(in crate::sim) fn config_read(
        &mut self,
        session: SessionId,
        path: &Path,
        read: Result<Topology, ConfigFileError>,
    ) {
        let result = match read {
            Ok(topology) => self.change_config(topology).map_err(str::to_owned),
            Err(error) => {
                // The text may quote the file, so it is only said of the file that is ours.
                if self.topology.config_file.as_deref() == Some(path) {
                    self.log_everywhere(Severity::Error, &error.to_string());
                }
                Err(format!(
                    "Could not load configuration from '{}'",
                    path.display()
                ))
            }
        };
        self.tell(session, RELOAD_CONFIG, result);
    }

    pub(super) fn set_config(
        &mut self,
        session: SessionId,
        version2: bool,
        length: u32,
        content_type: &str,
        encoding: &str,
        body: &[u8],
    ) {
        let result = if content_type != CONTENT_TYPE {
            Err(format!("Unhandled content type '{content_type}'"))
        } else if encoding != ENCODING {
            Err(format!("Unhandled content encoding '{encoding}'"))
        } else if length == 0 || length as usize > CONFIG_TEXT_MAX {
            Err(format!("Illegal config length size {length}"))
        } else {
            unpack(version2, body)
                .map_err(|_| "Failed to unpack config, error: 1".to_owned())
                .and_then(|packed| self.change_packed(&packed))
        };
        self.tell(session, "set config", result);
    }

    /// Tells how a change went.
    fn tell(&mut self, session: SessionId, command: &'static str, result: Result<(), String>) {
        match result {
            Ok(()) => self.done(session, command),
            Err(text) => self.refuse(session, command, text),
        }
    }

    /// Takes over the nodes' values of a packed configuration.
    fn change_packed(&mut self, packed: &ClusterConfig) -> Result<(), String> {
        let own = self.topology.nodes.values();
        let own = own.map(|node| (node.id, node.node_type));
        let given = packed.nodes();
        if !own.eq(given.iter().map(|node| (node.node, node.node_type))) {
            return Err(OTHER_NODES.to_owned());
        }
        // Whoever has read the configuration before its last change would undo that unseen.
        let current = payload::generation(&self.topology);
        let generation = packed.system().int(GENERATION_KEY).unwrap_or(0);
        if generation != current {
            return Err(format!(
                "Invalid generation in configuration: {generation}, expected {current}"
            ));
        }
        let mut topology = Topology::clone(&self.topology);
        let nodegroups = self.topology.nodegroups();
        for (id, node) in &mut topology.nodes {
            let own = payload::node_values(node, &nodegroups);
            take_values(node, own, |key| packed.parameter(*id, key))?;
        }
        self.change_config(topology).map_err(str::to_owned)
    }

    /// Takes over a configuration of the same nodes.
    fn change_config(&mut self, mut new: Topology) -> Result<(), &'static str> {
        let shape = |topology: &Topology| -> Vec<(NodeId, NodeType)> {
            let nodes = topology.nodes.values();
            nodes.map(|node| (node.id, node.node_type)).collect()
        };
        if shape(&new) != shape(&self.topology) {
            return Err(OTHER_NODES);
        }
        let has_certificate = |id| {
            let server = self.servers.get(id);
            server.is_some_and(|server| server.certificate.is_some())
        };
        if new
            .of_type(NodeType::Mgm)
            .any(|node| node.is_on("RequireTls") && !has_certificate(&node.id))
        {
            return Err(NO_CERTIFICATE);
        }
        let generation = payload::generation(&self.topology);
        for (id, node) in &mut new.nodes {
            // The servers listen where they do.
            if node.node_type == NodeType::Mgm {
                let port = self.topology.nodes[id].number("PortNumber");
                node.set_port(u16::try_from(port).unwrap_or(0));
            }
        }
        let set_generation = |topology: &mut Topology, generation| {
            let generation = Value::Int(generation);
            topology.system.insert(GENERATION, generation);
        };
        set_generation(&mut new, generation);
        let pack = |topology: &Topology| payload::pack(topology, &self.connection_ports, 0);
        if pack(&new).ok() != pack(&self.topology).ok() {
            set_generation(&mut new, generation.saturating_add(1));
        }
        self.topology = Arc::new(new);
        self.config_reply = None;
        self.effects.push_back(Effect::ConfigChanged);
        Ok(())
    }

    pub(super) fn set_parameter(
        &mut self,
        session: SessionId,
        node: u32,
        number: u32,
        value: &str,
    ) {
        let target = self
            .topology
            .node(node)
            .filter(|node| node.node_type == NodeType::Ndb)
            .map(|node| node.id);
        let rows = parameter::table(SectionKind::Node(NodeType::Ndb));
        let row = rows
            .iter()
            .find(|row| row.key == number && number != config::key::NODE_ID && is_named(row));
        let refused = |text: &str| {
            let text = text.to_owned();
            Reply::Refused(Refusal::SetParameter { text })
        };
        let reply = match (target, row) {
            (None, _) => refused("Invalid node type or no such node (1 0)"),
            (Some(_), None) => refused("Could not get parameter"),
            (Some(id), Some(row)) => match row.parse_value(value) {
                Err(_) => refused("Could not set parameter"),
                Ok(value) => {
                    if let Some(node) = Arc::make_mut(&mut self.topology).nodes.get_mut(&id) {
                        node.values.insert(row.name, value);
                    }
                    self.config_reply = None;
                    self.effects.push_back(Effect::ConfigChanged);
                    let message = "Success".to_owned();
                    Reply::SetParameter(SetParameterReply { message })
                }
            },
        };
        self.reply(session, reply);
    }
}

fn is_named(row: &Parameter) -> bool {
    row.key != 0 && !row.name.is_empty()
}

fn unpack(version2: bool, body: &[u8]) -> Result<ClusterConfig, ConfigError> {
    let packed = config::decode_text(body)?;
    match version2 {
        true => ClusterConfig::decode_v2(&packed),
        false => ClusterConfig::decode_v1(&packed),
    }
}

/// Sets the node's parameters to those of a packed configuration, and drops those it lacks.
fn take_values<'a>(
    node: &mut NodeConfig,
    mut own: BTreeMap<u32, Value>,
    value: impl Fn(u32) -> Option<&'a Value>,
) -> Result<(), String> {
    let rows = parameter::table(SectionKind::Node(node.node_type)).iter();
    for row in rows.filter(|row| row.key != config::key::NODE_ID && is_named(row)) {
        let Some(given) = value(row.key) else {
            node.values.remove(row.name);
            continue;
        };
        let text = given.to_string();
        let new = match own.remove(&row.key).filter(|own| own.to_string() == text) {
            // What is so already needs no check: some defaults are outside their range.
            Some(own) => own,
            None => row
                .parse_value(&text)
                .map_err(|why| format!("{} of node {}: {why}", row.name, node.id))?,
        };
        node.values.insert(row.name, new);
    }
    Ok(())
}
