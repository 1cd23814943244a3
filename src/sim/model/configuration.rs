//! The configuration as clients ask for it.

use std::sync::Arc;

use super::reply::Reply;
use super::{Cluster, SessionId};
use crate::cluster::{NodeId, NodeType};
use crate::sim::parameter::{self, ParameterValue, SectionKind};
use crate::sim::payload;
use crate::sim::topology::NodeConfig;
use crate::wire::ConfigReply;
use crate::wire::config::{self, ConfigError};

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
        let reply = Reply::new("get config reply");
        let from = from_node.filter(|from| *from != 0);
        if let Some(fault) = from.and_then(|from| self.check_from_node(from)) {
            return self.reply(session, reply.field("result", fault).end());
        }
        match self.config_reply(version2, node) {
            Ok(bytes) => self.reply(session, bytes),
            Err(error) => self.reply(session, reply.field("result", error).end()),
        }
    }

    /// Packs the configuration before the first client asks for it.
    pub(super) fn keep_config_reply(&mut self) {
        // A configuration that cannot be packed is reported to whoever asks.
        let _ = self.config_reply(true, 0);
    }

    /// The reply with the base64 text. That of the whole configuration is kept: large clusters
    /// have thousands of connections, and every SHOW asks for it.
    fn config_reply(&mut self, version2: bool, node: u32) -> Result<Arc<[u8]>, ConfigError> {
        let is_whole = version2 && node == 0;
        if let Some(bytes) = self.config_reply.as_ref().filter(|_| is_whole) {
            return Ok(Arc::clone(bytes));
        }
        let config = payload::pack(&self.topology, &self.connection_ports, node)?;
        let packed = match version2 {
            true => config.encode_v2(),
            false => config.encode_v1(),
        };
        let mut bytes = Vec::new();
        ConfigReply::encode(&packed, &mut bytes);
        let bytes: Arc<[u8]> = bytes.into();
        if is_whole {
            self.config_reply = Some(Arc::clone(&bytes));
        }
        Ok(bytes)
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
        let mut reply = Reply::new("show config reply");
        if node.is_none() && section.is_none_or(|section| section == "SYSTEM") {
            let values = payload::system_values(&self.topology)
                .into_iter()
                .map(|(name, value)| (name, value.to_string()))
                .collect();
            reply = add_section(reply, "SYSTEM", values, name);
        }
        for config in self.topology.nodes.values() {
            let label = section_name(config.node_type);
            let wanted = node.is_none_or(|node| config.id.get() == node)
                && section.is_none_or(|section| section == label);
            if wanted {
                reply = add_section(reply, label, node_values(config), name);
            }
        }
        self.reply(session, reply.end());
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
        let reply = Reply::new("show variables reply")
            .field("daemon", "no")
            .field("non_interactive", "yes")
            .field("interactive", "no")
            .field("config_filename", file)
            .field("mycnf", "no")
            .field("bind_address", "(null)")
            .field("check_address", "yes")
            .field("print_full_config", "no")
            .field("configdir", "(null)")
            .field("config_cache", "no")
            .field("verbose", "no")
            .field("reload", "no")
            .field("nodeid", server)
            .field("blocknumber", format_args!("{SERVER_BLOCK:#x}"))
            .field("own_reference", format_args!("{reference:#x}"))
            .field("port", port)
            .field("need_restart", 0)
            .field("is_stop_thread", 0)
            .field("log_level_thread_sleep", 500)
            .field("master_node", self.master().map_or(0, NodeId::get));
        self.reply(session, reply.end());
    }
}

/// Keys of an API node's parameters in the order in which the original shows them.
const API_NODE_ORDER: [u32; 16] = [
    5, 11, 3, 200, 201, 800, 801, 802, 203, 9, 803, 805, 806, 642, 807, 808,
];

/// Names and values of a node's parameters: an API node's in the recorded order, others' in the
/// order of their keys.
fn node_values(node: &NodeConfig) -> Vec<(&'static str, String)> {
    let mut values = payload::node_values(node);
    values.insert(config::key::NODE_ID, ParameterValue::Number(node.id.get()));
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

fn add_section(
    reply: Reply,
    label: &str,
    values: Vec<(&'static str, String)>,
    wanted: Option<&str>,
) -> Reply {
    let is_wanted = |name: &str| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(name));
    let values: Vec<_> = values
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .collect();
    if values.is_empty() {
        return reply;
    }
    let mut reply = reply.line(format_args!("[{label}]"));
    for (name, value) in values {
        reply = reply.line(format_args!("{name}={value}"));
    }
    reply
}
