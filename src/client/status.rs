//! The states of the nodes.

use super::error::{Call, ClientError, ILLEGAL_REPLY};
use super::session::Session;
use crate::cluster::{NodeId, NodeType};
use crate::wire::{NodeState, Request, StatusReply, StatusRequest};

impl Session {
    /// The nodes of these types, or of all, by id.
    ///
    /// # Errors
    ///
    /// 1008 for a list of nodes that can't be read.
    pub async fn get_status(
        &mut self,
        types: Option<Vec<NodeType>>,
    ) -> Result<Vec<NodeState>, ClientError> {
        let name = match &types {
            Some(_) => "ndb_mgm_get_status",
            None => "ndb_mgm_get_status3",
        };
        self.status_called(types, name).await
    }

    /// The state of one node (`get status`), if the configuration has it.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_node_status(
        &mut self,
        node: NodeId,
    ) -> Result<Option<NodeState>, ClientError> {
        let nodes = self.status_called(None, "ndb_mgm_get_status").await?;
        Ok(nodes.into_iter().find(|state| state.node == node))
    }

    async fn status_called(
        &mut self,
        types: Option<Vec<NodeType>>,
        name: &'static str,
    ) -> Result<Vec<NodeState>, ClientError> {
        self.server_version().await?;
        let request = Request::Status(StatusRequest::GetStatus { types });
        let call = Call(ILLEGAL_REPLY, name);
        let reply = self.ask(&request, StatusReply::decode, call).await?;
        Ok(reply.nodes)
    }
}
