//! What of the configuration says where nodes belong, and where they are.

use super::error::ClientError;
use super::session::Session;
use crate::cluster::state::Layout;
use crate::cluster::{HostPort, NodeId, NodeType};
use crate::wire::config::{ClusterConfig, Value, key};

/// Nodegroups and management servers as they are configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredLayout {
    /// The nodegroups of the data nodes.
    pub nodegroups: Layout,
    /// Where the management servers listen, as far as they have a HostName.
    pub servers: Vec<(NodeId, HostPort)>,
}

impl ConfiguredLayout {
    fn of(config: &ClusterConfig) -> Self {
        let number = |node, key| config.parameter(node, key).map(Value::number);
        let mut replicas = 0;
        let mut layout = ConfiguredLayout {
            nodegroups: Layout {
                replicas: 1,
                nodegroups: Default::default(),
            },
            servers: Vec::new(),
        };
        for node in config.nodes() {
            match node.node_type {
                NodeType::Ndb => {
                    replicas = replicas.max(number(node.node, key::NO_OF_REPLICAS).unwrap_or(0));
                    let nodegroup = number(node.node, key::NODEGROUP);
                    let nodegroup = nodegroup.and_then(|number| u32::try_from(number).ok());
                    layout.nodegroups.nodegroups.insert(node.node, nodegroup);
                }
                NodeType::Mgm => {
                    let port = number(node.node, key::PORT_NUMBER);
                    if let Some(port) = port.and_then(|port| u16::try_from(port).ok())
                        && !node.host_name.is_empty()
                    {
                        let host = node.host_name;
                        layout.servers.push((node.node, HostPort { host, port }));
                    }
                }
                NodeType::Api => {}
            }
        }
        layout.nodegroups.replicas = usize::try_from(replicas.max(1)).unwrap_or(1);
        layout
    }
}

impl Session {
    /// The configured nodegroups, and where the management servers listen.
    ///
    /// # Errors
    ///
    /// As [`Session::get_config`].
    pub async fn get_layout(&mut self) -> Result<ConfiguredLayout, ClientError> {
        Ok(ConfiguredLayout::of(&self.get_config().await?))
    }
}
