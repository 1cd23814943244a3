//! The states of the nodes.

use super::error::{Call, ClientError, ILLEGAL_REPLY};
use super::session::Session;
use crate::cluster::NodeType;
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
        self.server_version().await?;
        let call = match &types {
            Some(_) => Call(ILLEGAL_REPLY, "ndb_mgm_get_status"),
            None => Call(ILLEGAL_REPLY, "ndb_mgm_get_status3"),
        };
        let request = Request::Status(StatusRequest::GetStatus { types });
        let reply = self.ask(&request, StatusReply::decode, call).await?;
        Ok(reply.nodes)
    }
}
