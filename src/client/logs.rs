//! The cluster log and the levels of events.

use super::error::{Call, ClientError, ILLEGAL_REPLY, INVALID_ARGUMENT};
use super::session::Session;
use crate::cluster::{EventCategory, LogLevel, NodeId, Severity};
use crate::wire::{ClusterLoglevelReply, ClusterlogReply, LogfilterReply, LogsRequest, Request};

/// What reaches the cluster log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterLogFilter {
    /// False: nothing does.
    pub enabled: bool,
    /// The severities that do, mildest first.
    pub severities: Vec<Severity>,
}

impl Session {
    /// Which severities reach the cluster log.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_info_clusterlog(&mut self) -> Result<ClusterLogFilter, ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_clusterlog_severity_filter");
        let request = Request::Logs(LogsRequest::GetInfoClusterlog);
        let reply = self.ask(&request, ClusterlogReply::decode, call).await?;
        let [enabled, severities @ ..] = reply.enabled;
        Ok(ClusterLogFilter {
            enabled,
            severities: Severity::ALL
                .into_iter()
                .zip(severities)
                .filter_map(|(severity, enabled)| enabled.then_some(severity))
                .collect(),
        })
    }

    /// Switches a severity (1 debug to 6 alert, 7 all) or the whole log (0) off (`enable` 0),
    /// on (positive) or over (negative); gives the new state.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn set_logfilter(&mut self, level: u32, enable: i32) -> Result<bool, ClientError> {
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_set_clusterlog_severity_filter");
        let request = Request::Logs(LogsRequest::SetLogfilter { level, enable });
        let reply = self.ask(&request, LogfilterReply::decode, call).await?;
        Ok(reply.enabled)
    }

    /// The cluster log's level of every category, 0 to 15, in the order of
    /// [`EventCategory::ALL`].
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_cluster_loglevel(&mut self) -> Result<[u32; 13], ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_clusterlog_loglevel");
        let reply = self
            .ask(
                &Request::Logs(LogsRequest::GetClusterLoglevel),
                ClusterLoglevelReply::decode,
                call,
            )
            .await?;
        Ok(reply.levels)
    }

    /// Sets the cluster log's level of a category. The server ignores the node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn set_cluster_loglevel(
        &mut self,
        node: NodeId,
        category: EventCategory,
        level: LogLevel,
    ) -> Result<(), ClientError> {
        let request = Request::Logs(LogsRequest::SetClusterLoglevel {
            node: node.get(),
            category: category.number(),
            level: level.get(),
        });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_set_clusterlog_loglevel");
        self.order(&request, call).await
    }

    /// Sets the level of a category for this session's listeners. The server ignores the node.
    ///
    /// # Errors
    ///
    /// 22 with the server's text.
    pub async fn set_loglevel(
        &mut self,
        node: NodeId,
        category: EventCategory,
        level: LogLevel,
    ) -> Result<(), ClientError> {
        let request = Request::Logs(LogsRequest::SetLoglevel {
            node: node.get(),
            category: category.number(),
            level: level.get(),
        });
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_set_loglevel_node");
        self.order(&request, call).await
    }
}
