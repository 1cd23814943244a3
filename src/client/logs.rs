//! The cluster log and the levels of events.

use super::error::ClientError;
use super::session::Session;
use crate::cluster::{EventCategory, LogLevel, NodeId, Severity};
use crate::wire::{ClusterLoglevelReply, ClusterlogReply, LogfilterReply, Request};

/// The system's EINVAL: what the original reports here.
const INVALID_ARGUMENT: u32 = 22;
const ILLEGAL_REPLY: u32 = 1006;

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
        let call = "ndb_mgm_get_clusterlog_severity_filter";
        let block = self
            .exchange(&Request::GetInfoClusterlog, self.timeout())
            .await?;
        let reply = ClusterlogReply::decode(&block)
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, call))?;
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
        let call = "ndb_mgm_set_clusterlog_severity_filter";
        let request = Request::SetLogfilter { level, enable };
        let block = self.exchange(&request, self.timeout()).await?;
        LogfilterReply::decode(&block)
            .map(|reply| reply.enabled)
            .map_err(|error| ClientError::from_reply(error, INVALID_ARGUMENT, call))
    }

    /// The cluster log's level of every category, 0 to 15, in the order of
    /// [`EventCategory::ALL`].
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_cluster_loglevel(&mut self) -> Result<[u32; 13], ClientError> {
        let call = "ndb_mgm_get_clusterlog_loglevel";
        let block = self
            .exchange(&Request::GetClusterLoglevel, self.timeout())
            .await?;
        ClusterLoglevelReply::decode(&block)
            .map(|reply| reply.levels)
            .map_err(|error| ClientError::from_reply(error, ILLEGAL_REPLY, call))
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
        let request = Request::SetClusterLoglevel {
            node: node.get(),
            category: category.number(),
            level: level.get(),
        };
        self.order(
            &request,
            INVALID_ARGUMENT,
            "ndb_mgm_set_clusterlog_loglevel",
        )
        .await
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
        let request = Request::SetLoglevel {
            node: node.get(),
            category: category.number(),
            level: level.get(),
        };
        self.order(&request, INVALID_ARGUMENT, "ndb_mgm_set_loglevel_node")
            .await
    }
}
