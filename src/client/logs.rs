//! The cluster log and the levels of events.

use super::error::{Call, ClientError, ILLEGAL_REPLY, INVALID_ARGUMENT};
use super::session::Session;
use crate::cluster::{EventCategory, FilterSwitch, LogFilter, LogLevel, NodeId, Severity};
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

    /// Switches what the cluster log lets through; gives the new state.
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn set_logfilter(
        &mut self,
        filter: LogFilter,
        switch: FilterSwitch,
    ) -> Result<bool, ClientError> {
        let call = Call(INVALID_ARGUMENT, "ndb_mgm_set_clusterlog_severity_filter");
        let request = Request::Logs(LogsRequest::SetLogfilter {
            level: match filter {
                LogFilter::Log => 0,
                LogFilter::Severity(severity) => severity.number(),
                LogFilter::AllSeverities => 7,
            },
            enable: match switch {
                FilterSwitch::On => 1,
                FilterSwitch::Off => 0,
                FilterSwitch::Toggle => -1,
            },
        });
        let reply = self.ask(&request, LogfilterReply::decode, call).await?;
        Ok(reply.enabled)
    }

    /// The cluster log's level of every category, in the order of [`EventCategory::ALL`].
    ///
    /// # Errors
    ///
    /// No usable reply.
    pub async fn get_cluster_loglevel(
        &mut self,
    ) -> Result<Vec<(EventCategory, LogLevel)>, ClientError> {
        let call = Call(ILLEGAL_REPLY, "ndb_mgm_get_clusterlog_loglevel");
        let reply = self
            .ask(
                &Request::Logs(LogsRequest::GetClusterLoglevel),
                ClusterLoglevelReply::decode,
                call,
            )
            .await?;
        let levels = reply
            .levels
            .map(|level| LogLevel::new(level).unwrap_or(LogLevel::MAX));
        Ok(EventCategory::ALL.into_iter().zip(levels).collect())
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
