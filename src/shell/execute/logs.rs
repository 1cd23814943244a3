//! CLUSTERLOG and LOGLEVEL.

use crate::client::ClusterLogFilter;
use crate::cluster::{FilterSwitch, LogFilter, NodeId};
use crate::command::{CategoryLevel, ItemError, Severities, Target};

use super::super::Shell;
use super::super::outcome::{Attempt, Failure, Outcome, Step};

impl Shell {
    pub(super) async fn cluster_log_info(&mut self) -> Result<Outcome, Failure> {
        self.cluster_log_state()
            .await
            .map(Outcome::ClusterLogFilter)
    }

    /// The cluster log's filter; every CLUSTERLOG command begins by asking for it.
    pub(super) async fn cluster_log_state(&mut self) -> Result<ClusterLogFilter, Failure> {
        let filter = self.session()?.get_info_clusterlog().await;
        filter.map_err(Attempt::ClusterLogState.failed())
    }

    pub(super) async fn cluster_log_filter(
        &mut self,
        switch: FilterSwitch,
        severities: Vec<Result<Severities, ItemError>>,
    ) -> Result<Outcome, Failure> {
        self.cluster_log_state().await?;
        if severities.is_empty() {
            let enabled = self.set_log_filter(LogFilter::Log, switch).await?;
            return Ok(Outcome::ClusterLogSwitched(enabled));
        }
        for item in severities {
            let severities = item.map_err(Failure::Item)?;
            let filter = match severities {
                Severities::All => LogFilter::AllSeverities,
                Severities::One(severity) => LogFilter::Severity(severity),
            };
            let enabled = self.set_log_filter(filter, switch).await?;
            self.step(Step::SeveritiesSwitched(severities, enabled));
        }
        Ok(Outcome::Done)
    }

    async fn set_log_filter(
        &mut self,
        filter: LogFilter,
        switch: FilterSwitch,
    ) -> Result<bool, Failure> {
        let enabled = self.session()?.set_logfilter(filter, switch).await;
        enabled.map_err(Attempt::ClusterLogFilter.failed())
    }

    pub(super) async fn cluster_log_levels(
        &mut self,
        target: Target,
        levels: Vec<Result<CategoryLevel, ItemError>>,
    ) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::Done;
        for node in self.nodes_of(target).await? {
            for level in &levels {
                match level {
                    Ok(level) => self.set_cluster_log_level(node, *level).await?,
                    Err(error) => outcome = self.pass_over(error).await?,
                }
            }
        }
        Ok(outcome)
    }

    async fn set_cluster_log_level(
        &mut self,
        node: NodeId,
        level: CategoryLevel,
    ) -> Result<(), Failure> {
        let session = self.session()?;
        let set = session.set_cluster_loglevel(node, level.category, level.level);
        set.await
            .map_err(Attempt::ClusterLogLevel(node, level).failed())?;
        self.step(Step::ClusterLogLevelSet(node, level));
        Ok(())
    }

    pub(super) async fn log_levels(
        &mut self,
        target: Target,
        levels: Vec<Result<CategoryLevel, ItemError>>,
    ) -> Result<Outcome, Failure> {
        let mut outcome = Outcome::Done;
        for node in self.nodes_of(target).await? {
            for level in &levels {
                match level {
                    Ok(level) => self.set_log_level(node, *level).await?,
                    Err(error) => outcome = self.pass_over(error).await?,
                }
            }
        }
        Ok(outcome)
    }

    async fn set_log_level(&mut self, node: NodeId, level: CategoryLevel) -> Result<(), Failure> {
        let session = self.session()?;
        let set = session.set_loglevel(node, level.category, level.level);
        set.await.map_err(Attempt::LogLevel(node).failed())?;
        self.step(Step::LogLevelSet(node));
        Ok(())
    }

    /// A category or level that does not exist is passed over; something that is not of the form
    /// `category=level` ends the command.
    async fn pass_over(&mut self, error: &ItemError) -> Result<Outcome, Failure> {
        let failure = Failure::Item(error.clone());
        if matches!(error, ItemError::NotALevel(_)) {
            return Err(failure);
        }
        self.show_part_failure(&failure).await;
        Ok(Outcome::DoneInPart)
    }
}
