//! The configuration of the cluster.

use super::error::{ClientError, GET_CONFIGURATION};
use super::session::Session;
use crate::cluster::{NodeId, Version};
use crate::wire::config::{ClusterConfig, decode_text, encode_text};
use crate::wire::{
    ConfigReply, GetConnectionParameterReply, ReplyError, Request, SetConnectionParameterReply,
    SetParameterReply, ShowConfigReply, ShowVariablesReply,
};

const NO_CONFIGURATION: u32 = 4012;
const CONFIGURATION_NOT_CHANGED: u32 = 4011;
const ILLEGAL_REPLY: u32 = 1006;
const UNKNOWN_NODE_TYPE: u32 = u32::MAX;

impl Session {
    /// The configuration that the management server works with.
    ///
    /// # Errors
    ///
    /// 4012: refused, or not readable.
    pub async fn get_config(&mut self) -> Result<ClusterConfig, ClientError> {
        self.config_of(None).await
    }

    /// The configuration with which a data node runs.
    ///
    /// # Errors
    ///
    /// 4012: refused (the node does not run), or not readable.
    pub async fn get_config_from(&mut self, node: NodeId) -> Result<ClusterConfig, ClientError> {
        self.config_of(Some(node.get())).await
    }

    async fn config_of(&mut self, from_node: Option<u32>) -> Result<ClusterConfig, ClientError> {
        if self.server_version().await? < Version::CONFIG_V2 {
            return Err(ClientError::NotSupported {
                number: NO_CONFIGURATION,
                text: "The management server is older than 8.0.18 and sends configurations \
                       in a form that is not read here",
            });
        }
        let request = Request::GetConfig {
            version2: true,
            node: 0,
            node_type: UNKNOWN_NODE_TYPE,
            from_node,
        };
        let mut exchange = self.begin(&request, self.timeout()).await?;
        let block = exchange.block().await?;
        let reply = match ConfigReply::decode(&block) {
            Ok(reply) => reply,
            Err(error) => {
                // After a length that is too large the body would be read as a reply.
                if !matches!(error, ReplyError::BadConfig(_)) {
                    exchange.end();
                }
                return Err(no_configuration(error));
            }
        };
        let body = exchange.body(reply.content_length).await?;
        exchange.end();
        let unreadable = |text: &str| ClientError::NoConfiguration {
            text: text.to_owned(),
        };
        let packed = decode_text(&body).map_err(|_| unreadable("Failed to decode buffer"))?;
        ClusterConfig::decode_v2(&packed).map_err(|error| {
            tracing::debug!(%error, "configuration");
            unreadable("Failed to unpack buffer")
        })
    }

    /// Gives the management servers a new configuration.
    ///
    /// # Errors
    ///
    /// 4011 with the server's text.
    pub async fn set_config(&mut self, config: &ClusterConfig) -> Result<(), ClientError> {
        if self.server_version().await? < Version::CONFIG_V2 {
            return Err(ClientError::NotSupported {
                number: CONFIGURATION_NOT_CHANGED,
                text: "The management server is older than 8.0.18 and takes configurations \
                       in a form that is not written here",
            });
        }
        let body = encode_text(&config.encode_v2()).into_bytes();
        let request = Request::SetConfig {
            version2: true,
            length: u32::try_from(body.len()).unwrap_or(u32::MAX),
            content_type: "ndbconfig/octet-stream".to_owned(),
            encoding: "base64".to_owned(),
            body,
        };
        self.order(
            &request,
            CONFIGURATION_NOT_CHANGED,
            "ndb_mgm_set_configuration",
        )
        .await
    }

    /// Lets the server read its configuration file again, or another one.
    ///
    /// # Errors
    ///
    /// 4011 with the server's text.
    pub async fn reload_config(
        &mut self,
        config_filename: Option<String>,
        force: bool,
    ) -> Result<(), ClientError> {
        let request = Request::ReloadConfig {
            config_filename,
            mycnf: None,
            force: force.then_some(1),
        };
        self.order(&request, CONFIGURATION_NOT_CHANGED, "ndb_mgm_reload_config")
            .await
    }

    /// The configuration as text: sections such as `ndbd(DB)` and their parameters; each
    /// argument narrows the answer.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn show_config(
        &mut self,
        section: Option<String>,
        node: Option<NodeId>,
        name: Option<String>,
    ) -> Result<Vec<(String, Vec<(String, String)>)>, ClientError> {
        let request = Request::ShowConfig {
            section,
            node: node.map(NodeId::get),
            name,
        };
        let block = self.exchange(&request, self.timeout()).await?;
        ShowConfigReply::decode(&block)
            .map(|reply| reply.sections)
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, "show config"))
    }

    /// The server's own variables, as names and values.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn show_variables(&mut self) -> Result<Vec<(String, String)>, ClientError> {
        let block = self
            .exchange(&Request::ShowVariables, self.timeout())
            .await?;
        ShowVariablesReply::decode(&block)
            .map(|reply| reply.variables)
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, "show variables"))
    }

    /// Sets a parameter of a node by its number; gives the server's words.
    ///
    /// # Errors
    ///
    /// 1006 with the server's words.
    pub async fn set_parameter(
        &mut self,
        node: NodeId,
        parameter: u32,
        value: &str,
    ) -> Result<String, ClientError> {
        let request = Request::SetParameter {
            node: node.get(),
            parameter,
            value: value.to_owned(),
        };
        let block = self.exchange(&request, self.timeout()).await?;
        SetParameterReply::decode(&block)
            .map(|reply| reply.message)
            .map_err(|error| {
                ClientError::from_reply(error, ILLEGAL_REPLY, "ndb_mgm_set_string_parameter")
            })
    }

    /// Sets a parameter of the connection between two nodes; servers only take 406, the port.
    ///
    /// # Errors
    ///
    /// 1006 with the server's words.
    pub async fn set_connection_parameter(
        &mut self,
        nodes: (NodeId, NodeId),
        param: u32,
        value: i32,
    ) -> Result<(), ClientError> {
        let request = Request::SetConnectionParameter {
            node1: nodes.0.get(),
            node2: nodes.1.get(),
            param,
            value: value.cast_unsigned(),
        };
        let call = "ndb_mgm_set_connection_int_parameter";
        let block = self.exchange(&request, self.timeout()).await?;
        SetConnectionParameterReply::decode(&block)
            .map(|_| ())
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, call))
    }

    /// A parameter of the connection between two nodes.
    ///
    /// # Errors
    ///
    /// 1006 with the server's text.
    pub async fn get_connection_parameter(
        &mut self,
        nodes: (NodeId, NodeId),
        param: u32,
    ) -> Result<i32, ClientError> {
        let request = Request::GetConnectionParameter {
            node1: nodes.0.get(),
            node2: nodes.1.get(),
            param,
        };
        let call = "ndb_mgm_get_connection_int_parameter";
        let block = self.exchange(&request, self.timeout()).await?;
        GetConnectionParameterReply::decode(&block)
            .map(|reply| reply.value)
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, call))
    }

    /// Tells the server the ports at which a node listens for others: pairs of the other node
    /// and the port, negative for a dynamic one.
    ///
    /// # Errors
    ///
    /// 1006 with the server's text.
    pub async fn set_ports(
        &mut self,
        node: NodeId,
        ports: &[(NodeId, i32)],
    ) -> Result<(), ClientError> {
        self.server_version().await?;
        let request = Request::SetPorts {
            node: node.get(),
            ports: ports
                .iter()
                .map(|(node, port)| (node.get(), *port))
                .collect(),
        };
        self.order(&request, ILLEGAL_REPLY, "ndb_mgm_set_dynamic_ports")
            .await
    }
}

fn no_configuration(error: ReplyError) -> ClientError {
    match error {
        ReplyError::Refused(text) => ClientError::NoConfiguration {
            text: format!("ERROR Message: {text}\n"),
        },
        ReplyError::BadConfig(text) => ClientError::NoConfiguration { text },
        error => ClientError::from_reply(error, NO_CONFIGURATION, GET_CONFIGURATION),
    }
}
