//! The configuration as clients ask for it.

use std::collections::BTreeMap;

use super::{Cluster, SessionId};
use crate::cluster::{NodeId, NodeType};
use crate::sim::parameter::{self, SectionKind};
use crate::sim::payload;
use crate::sim::topology::NodeConfig;
use crate::wire::config::{self, ConfigError, Value};
use crate::wire::{EncodedConfig, Reply, ShowConfigReply, ShowVariablesReply};

/// Block number of a management server, as `show variables` prints it.
const SERVER_BLOCK: u32 = 0x8001;

fn section_name(node_type: NodeType) -> &'static str {
    match node_type {
        NodeType::Ndb => "ndbd(DB)",
        NodeType::Mgm => "ndb_mgmd(MGM)",
        NodeType::Api => "mysqld(API)",
    }
}

impl Cluster {
    /// Answers `get config_v2` (or `get config`).
    pub(super) fn get_config(
        &mut self,
        session: SessionId,
        version2: bool,
        node: u32,
        from_node: Option<u32>,
    ) {
        const COMMAND: &str = "get config";
        let from = from_node.filter(|from| *from != 0);
        if let Some(fault) = from.and_then(|from| self.check_from_node(from)) {
            return self.refuse(session, COMMAND, fault);
        }
        match self.config_reply(version2, node) {
            Ok(config) => self.reply(session, Reply::Config(config)),
            Err(error) => self.refuse(session, COMMAND, error.to_string()),
        }
    }

    /// Packs the configuration before the first client asks for it.
    pub(super) fn keep_config_reply(&mut self) {
        // A configuration that cannot be packed is reported to whoever asks.
        let _ = self.config_reply(true, 0);
    }

    /// The reply with the base64 text. That of the whole configuration is kept: large clusters
    /// have thousands of connections, and every SHOW asks for it.
    fn config_reply(&mut self, version2: bool, node: u32) -> Result<EncodedConfig, ConfigError> {
        let is_whole = version2 && node == 0;
        if let Some(kept) = self.config_reply.as_ref().filter(|_| is_whole) {
            return Ok(kept.clone());
        }
        let config = payload::pack(&self.topology, &self.connection_ports, node)?;
        let packed = match version2 {
            true => config.encode_v2(),
            false => config.encode_v1(),
        };
        let reply = EncodedConfig::new(&packed);
        if is_whole {
            self.config_reply = Some(reply.clone());
        }
        Ok(reply)
    }

    /// The blanks at the end of these texts are the original's.
    fn check_from_node(&self, from: u32) -> Option<String> {
        if from > 255 {
            return Some(format!("Nodeid {from} is greater than max nodeid 255. "));
        }
        match self.topology.node(from) {
            None => Some(format!("Nodeid {from} does not exist. ")),
            Some(node) if node.node_type != NodeType::Ndb => {
                Some(format!("Node {from} is not a data node. "))
            }
            Some(node) if !self.data_nodes[&node.id].is_connected() => {
                Some(format!("Data node {from} is not alive. "))
            }
            Some(_) => None,
        }
    }

    pub(super) fn show_config(
        &mut self,
        session: SessionId,
        section: Option<&str>,
        node: Option<u32>,
        name: Option<&str>,
    ) {
        let mut sections = Vec::new();
        let mut add = |label: &str, values: Vec<(&'static str, String)>| {
            let shown: Vec<(String, String)> = values
                .into_iter()
                .filter(|(own, _)| name.is_none_or(|name| name.eq_ignore_ascii_case(own)))
                .map(|(own, value)| (own.to_owned(), value))
                .collect();
            if !shown.is_empty() {
                sections.push((label.to_owned(), shown));
            }
        };
        if node.is_none() && section.is_none_or(|section| section == "SYSTEM") {
            let values = payload::system_values(&self.topology)
                .into_iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect();
            add("SYSTEM", values);
        }
        let nodegroups = self.topology.nodegroups();
        for config in self.topology.nodes.values() {
            let label = section_name(config.node_type);
            let wanted = node.is_none_or(|node| config.id.get() == node)
                && section.is_none_or(|section| section == label);
            if wanted {
                let values = payload::node_values(config, &nodegroups);
                add(label, named_values(config, values));
            }
        }
        self.reply(session, Reply::ShowConfig(ShowConfigReply { sections }));
    }

    pub(super) fn show_variables(&mut self, session: SessionId) {
        let server = self.server_of(session);
        let port = NodeId::new(server)
            .and_then(|id| self.topology.nodes.get(&id))
            .map_or(0, |node| node.number("PortNumber"));
        let file = match &self.topology.config_file {
            Some(path) => path.display().to_string(),
            None => "(null)".to_owned(),
        };
        let reference = SERVER_BLOCK << 16 | server;
        let text = |value: &str| value.to_owned();
        let variables = [
            ("daemon", text("no")),
            ("non_interactive", text("yes")),
            ("interactive", text("no")),
            ("config_filename", file),
            ("mycnf", text("no")),
            ("bind_address", text("(null)")),
            ("check_address", text("yes")),
            ("print_full_config", text("no")),
            ("configdir", text("(null)")),
            ("config_cache", text("no")),
            ("verbose", text("no")),
            ("reload", text("no")),
            ("nodeid", server.to_string()),
            ("blocknumber", format!("{SERVER_BLOCK:#x}")),
            ("own_reference", format!("{reference:#x}")),
            ("port", port.to_string()),
            ("need_restart", text("0")),
            ("is_stop_thread", text("0")),
            ("log_level_thread_sleep", text("500")),
            (
                "master_node",
                self.master().map_or(0, NodeId::get).to_string(),
            ),
        ];
        let variables = variables
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        self.reply(
            session,
            Reply::ShowVariables(ShowVariablesReply { variables }),
        );
    }
}

/// Keys of an API node's parameters in the order in which the original shows them.
const API_NODE_ORDER: [u32; 16] = [
    5, 11, 3, 200, 201, 800, 801, 802, 203, 9, 803, 805, 806, 642, 807, 808,
];

/// Names and values of a node's parameters: an API node's in the recorded order, others' in the
/// order of their keys.
fn named_values(
    node: &NodeConfig,
    mut values: BTreeMap<u32, Value>,
) -> Vec<(&'static str, String)> {
    values.insert(config::key::NODE_ID, Value::Int(node.id.get()));
    let mut rows: Vec<_> = parameter::table(SectionKind::Node(node.node_type))
        .iter()
        .filter(|row| row.key != 0 && !row.name.is_empty())
        .filter_map(|row| Some((row.key, row.name, values.get(&row.key)?.to_string())))
        .collect();
    if node.node_type == NodeType::Api {
        let place = |key: u32| API_NODE_ORDER.iter().position(|other| *other == key);
        rows.sort_by_key(|(key, ..)| place(*key).unwrap_or(API_NODE_ORDER.len()));
    }
    rows.into_iter()
        .map(|(_, name, value)| (name, value))
        .collect()
}
