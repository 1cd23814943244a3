//! The configuration of the cluster.

use super::error::{Call, ClientError, GET_CONFIGURATION, ILLEGAL_REPLY};
use super::session::Session;
use crate::cluster::{NodeId, Version};
use crate::wire::config::{
    ClusterConfig, ConfigError, ConfigNode, TextDecoder, decode_nodes, encode_text,
};
use crate::wire::{
    ConfigReply, ConfigurationRequest, GetConnectionParameterReply, ReplyError, Request,
    SetConnectionParameterReply, SetParameterReply, ShowConfigReply, ShowVariablesReply,
};

const NO_CONFIGURATION: u32 = 4012;
const CONFIGURATION_NOT_CHANGED: u32 = 4011;
const UNKNOWN_NODE_TYPE: u32 = u32::MAX;

impl Session {
    /// The configuration that the management server works with.
    ///
    /// # Errors
    ///
    /// 4012: refused, or not readable.
    pub async fn get_config(&mut self) -> Result<ClusterConfig, ClientError> {
        let packed = self.packed_config(None).await?;
        ClusterConfig::decode_v2(&packed).map_err(not_unpacked)
    }

    /// The nodes of that configuration, and nothing else of it: for a large cluster this
    /// takes a fraction of the time.
    ///
    /// # Errors
    ///
    /// 4012: refused, or not readable.
    pub async fn get_config_nodes(&mut self) -> Result<Vec<ConfigNode>, ClientError> {
        let packed = self.packed_config(None).await?;
        decode_nodes(&packed).map_err(not_unpacked)
    }

    /// The configuration with which a data node runs.
    ///
    /// # Errors
    ///
    /// 4012: refused (the node does not run), or not readable.
    pub async fn get_config_from(&mut self, node: NodeId) -> Result<ClusterConfig, ClientError> {
        let packed = self.packed_config(Some(node.get())).await?;
        ClusterConfig::decode_v2(&packed).map_err(not_unpacked)
    }

    async fn packed_config(&mut self, from_node: Option<u32>) -> Result<Vec<u8>, ClientError> {
        if self.server_version().await? < Version::CONFIG_V2 {
            return Err(ClientError::NotSupported {
                number: NO_CONFIGURATION,
                text: "The management server is older than 8.0.18 and sends configurations \
                       in a form that is not read here",
            });
        }
        let request = Request::Configuration(ConfigurationRequest::GetConfig {
            version2: true,
            node: 0,
            node_type: UNKNOWN_NODE_TYPE,
            from_node,
        });
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
        let mut decoder = TextDecoder::new();
        let mut decoded = Ok(());
        exchange
            .body(reply.content_length, |part| {
                if decoded.is_ok() {
                    decoded = decoder.push(part);
                }
            })
            .await?;
        exchange.end();
        decoded
            .and_then(|()| decoder.finish())
            .map_err(|_| unreadable("Failed to decode buffer"))
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
        let request = Request::Configuration(ConfigurationRequest::SetConfig {
            version2: true,
            length: u32::try_from(body.len()).unwrap_or(u32::MAX),
            content_type: "ndbconfig/octet-stream".to_owned(),
            encoding: "base64".to_owned(),
            body,
        });
        let call = Call(CONFIGURATION_NOT_CHANGED, "ndb_mgm_set_configuration");
        self.order(&request, call).await
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
        let request = Request::Configuration(ConfigurationRequest::ReloadConfig {
            config_filename,
            mycnf: None,
            force: force.then_some(1),
        });
        let call = Call(CONFIGURATION_NOT_CHANGED, "ndb_mgm_reload_config");
        self.order(&request, call).await
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
        let request = Request::Configuration(ConfigurationRequest::ShowConfig {
            section,
            node: node.map(NodeId::get),
            name,
        });
        let call = Call(ILLEGAL_REPLY, "show config");
        let reply = self.ask(&request, ShowConfigReply::decode, call).await?;
        Ok(reply.sections)
    }

    /// The server's own variables, as names and values.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn show_variables(&mut self) -> Result<Vec<(String, String)>, ClientError> {
        let call = Call(ILLEGAL_REPLY, "show variables");
        let reply = self
            .ask(
                &Request::Configuration(ConfigurationRequest::ShowVariables),
                ShowVariablesReply::decode,
                call,
            )
            .await?;
        Ok(reply.variables)
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
        let request = Request::Configuration(ConfigurationRequest::SetParameter {
            node: node.get(),
            parameter,
            value: value.to_owned(),
        });
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_set_string_parameter");
        let reply = self.ask(&request, SetParameterReply::decode, call).await?;
        Ok(reply.message)
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
        let request = Request::Configuration(ConfigurationRequest::SetConnectionParameter {
            node1: nodes.0.get(),
            node2: nodes.1.get(),
            param,
            value: value.cast_unsigned(),
        });
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_set_connection_int_parameter");
        self.ask(&request, SetConnectionParameterReply::decode, call)
            .await?;
        Ok(())
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
        let request = Request::Configuration(ConfigurationRequest::GetConnectionParameter {
            node1: nodes.0.get(),
            node2: nodes.1.get(),
            param,
        });
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_connection_int_parameter");
        let reply = self
            .ask(&request, GetConnectionParameterReply::decode, call)
            .await?;
        Ok(reply.value)
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
        let request = Request::Configuration(ConfigurationRequest::SetPorts {
            node: node.get(),
            ports: ports
                .iter()
                .map(|(node, port)| (node.get(), *port))
                .collect(),
        });
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_set_dynamic_ports");
        self.order(&request, call).await
    }
}

fn unreadable(text: &str) -> ClientError {
    ClientError::NoConfiguration {
        text: text.to_owned(),
    }
}

fn not_unpacked(error: ConfigError) -> ClientError {
    tracing::debug!(%error, "configuration");
    unreadable("Failed to unpack buffer")
}

fn no_configuration(error: ReplyError) -> ClientError {
    match error {
        ReplyError::Refused(text) => ClientError::NoConfiguration {
            text: format!("ERROR Message: {text}\n"),
        },
        ReplyError::BadConfig(text) => ClientError::NoConfiguration { text },
        error => ClientError::from_reply(error, Call(NO_CONFIGURATION, GET_CONFIGURATION)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::mock::{GREETING, Step, serve};
    use super::*;
    use Step::{AwaitClose, Expect, Send, Trickle};

    const GET_CONFIG: &str = "get config_v2\nnodetype: 4294967295\nnode: 0\nversion: 0\n\n";

    fn greeted(steps: Vec<Step>) -> Vec<Step> {
        GREETING.into_iter().chain(steps).collect()
    }

    /// What a real server sent for SHOW, from the header to the last newline.
    fn recorded_reply() -> &'static str {
        let trace = include_str!("../../tests/fixtures/console/show.trace");
        let lines = trace
            .lines()
            .skip_while(|line| *line != "S: get config reply");
        let reply: String = lines
            .map_while(|line| line.strip_prefix("S: "))
            .map(|line| format!("{line}\n"))
            .collect();
        reply.leak()
    }

    #[tokio::test]
    async fn a_recorded_configuration_is_read_and_the_session_goes_on() {
        let reply = recorded_reply();
        let (mut session, server) = serve(greeted(vec![
            Expect(GET_CONFIG),
            Trickle(reply),
            Expect(GET_CONFIG),
            Send(reply),
        ]))
        .await;
        for _ in 0..2 {
            let config = session.get_config().await.unwrap();
            assert!(!config.nodes().is_empty());
            assert!(session.is_open());
        }
        server.await.unwrap();
    }

    #[tokio::test]
    async fn a_refusal_carries_what_the_original_prints() {
        let (mut session, _server) = serve(greeted(vec![
            Expect("get config_v2\nfrom_node: 2\nnodetype: 4294967295\nnode: 0\nversion: 0\n\n"),
            Send("get config reply\nresult: Data node 2 is not alive. \n\n"),
        ]))
        .await;
        let node = NodeId::new(2).unwrap();
        let error = session.get_config_from(node).await.unwrap_err();
        assert_eq!(error.number(), 4012);
        let line = error.parser_line().unwrap();
        assert!(
            line.starts_with("ERROR Message: Data node 2 is not alive."),
            "{line}"
        );
        assert_eq!(error.description(), "Executing: ndb_mgm_get_configuration");
        assert!(session.is_open());
    }

    #[tokio::test]
    async fn a_configuration_that_is_none_is_refused() {
        let table = [
            ("0", "", true, "Failed to unpack buffer"),
            ("4", "!!!!\n", true, "Failed to decode buffer"),
            ("8", "TkRCQ09O\n", true, "Failed to unpack buffer"),
            ("4294967295", "", false, "Failed to decode buffer"),
        ];
        for (length, body, is_open, text) in table {
            let end = if body.is_empty() && is_open { "\n" } else { "" };
            let reply = format!(
                "get config reply\nresult: Ok\nContent-Length: {length}\nContent-Type: \
                 ndbconfig/octet-stream\nContent-Transfer-Encoding: base64\n\n{body}{end}"
            );
            let (mut session, _server) = serve(greeted(vec![
                Expect(GET_CONFIG),
                Send(reply.leak()),
                AwaitClose,
            ]))
            .await;
            let error = session.get_config().await.unwrap_err();
            assert_eq!(error.number(), 4012);
            assert_eq!(error.parser_line().as_deref(), Some(text), "{length}");
            assert_eq!(session.is_open(), is_open, "{length}");
        }
    }
}
