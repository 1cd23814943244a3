//! Log levels, the cluster log's filter, and the data nodes' diagnostics.

use crate::cli::Exit;
use crate::client::ClusterLogFilter;
use crate::cluster::{FilterSwitch, LogFilter, NodeId, Severity};
use crate::command::{CategoryLevel, ItemError, Target};

use super::super::{Shell, render};

/// Dump codes that switch a data node's debug log on and off.
const NODELOG_DEBUG_ON: u32 = 103_001;
const NODELOG_DEBUG_OFF: u32 = 103_002;

impl Shell {
    pub(super) async fn cluster_log_info(&mut self) -> Result<(), Exit> {
        let filter = self.cluster_log_state().await?;
        self.output.print(&render::render_clusterlog_filter(
            filter.enabled,
            &filter.severities,
        ));
        Ok(())
    }

    /// The cluster log's filter; every CLUSTERLOG command begins by asking for it.
    pub(super) async fn cluster_log_state(&mut self) -> Result<ClusterLogFilter, Exit> {
        match self.session()?.get_info_clusterlog().await {
            Ok(filter) => Ok(filter),
            Err(error) => Err(self.fail(render::CLUSTERLOG_UNAVAILABLE, &error).await),
        }
    }

    pub(super) async fn cluster_log_filter(
        &mut self,
        switch: FilterSwitch,
        severities: Vec<Result<Severity, ItemError>>,
    ) -> Result<(), Exit> {
        self.cluster_log_state().await?;
        if severities.is_empty() {
            let enabled = self.set_log_filter(LogFilter::Log, switch).await?;
            self.output
                .print(render::render_clusterlog_switched(enabled));
        }
        for severity in severities {
            let severity = match severity {
                Ok(severity) => severity,
                Err(error) => return Err(self.refuse_item(&error)),
            };
            let enabled = self
                .set_log_filter(LogFilter::Severity(severity), switch)
                .await?;
            self.output
                .print(&render::render_severity_switched(severity, enabled));
        }
        Ok(())
    }

    async fn set_log_filter(
        &mut self,
        filter: LogFilter,
        switch: FilterSwitch,
    ) -> Result<bool, Exit> {
        match self.session()?.set_logfilter(filter, switch).await {
            Ok(enabled) => Ok(enabled),
            Err(error) => Err(self.fail(render::CLUSTERLOG_NOT_SET, &error).await),
        }
    }

    fn refuse_item(&mut self, error: &ItemError) -> Exit {
        self.output.print(&format!("{error}\n"));
        if let Some(advice) = error.advice() {
            self.output.advise(&format!("{advice}\n"));
        }
        Exit::CommandFailed
    }

    pub(super) async fn cluster_log_levels(
        &mut self,
        target: Target,
        levels: Vec<Result<CategoryLevel, ItemError>>,
    ) -> Result<(), Exit> {
        let mut result = Ok(());
        for node in self.nodes_of(target).await? {
            for level in &levels {
                match level {
                    Ok(level) => self.set_cluster_log_level(node, *level).await?,
                    Err(error) => {
                        result = Err(self.refuse_item(error));
                        if ends_command(error) {
                            return result;
                        }
                    }
                }
            }
        }
        result
    }

    async fn set_cluster_log_level(
        &mut self,
        node: NodeId,
        level: CategoryLevel,
    ) -> Result<(), Exit> {
        let CategoryLevel { category, level } = level;
        let specification = format!("{category}={level}");
        let set = self
            .session()?
            .set_cluster_loglevel(node, category, level)
            .await;
        let text = render::render_clusterlog_set(&specification, node, set.is_ok());
        match set {
            Ok(()) => {
                self.output.print(&text);
                Ok(())
            }
            Err(error) => Err(self.fail(&text, &error).await),
        }
    }

    pub(super) async fn log_levels(
        &mut self,
        target: Target,
        levels: Vec<Result<CategoryLevel, ItemError>>,
    ) -> Result<(), Exit> {
        let mut result = Ok(());
        for node in self.nodes_of(target).await? {
            for level in &levels {
                let CategoryLevel { category, level } = match level {
                    Ok(level) => *level,
                    Err(error) if ends_command(error) => return Err(self.refuse_item(error)),
                    Err(error) => {
                        result = Err(self.refuse_item(error));
                        continue;
                    }
                };
                let set = self.session()?.set_loglevel(node, category, level).await;
                let text = render::render_loglevel_set(node, set.is_ok());
                match set {
                    Ok(()) => self.output.print(&text),
                    Err(error) => return Err(self.fail(&text, &error).await),
                }
            }
        }
        result
    }

    pub(super) async fn node_log_debug(&mut self, target: Target, on: bool) -> Result<(), Exit> {
        let code = if on {
            NODELOG_DEBUG_ON
        } else {
            NODELOG_DEBUG_OFF
        };
        for node in self.nodes_of(target).await? {
            self.dump_state(node, &[code]).await?;
        }
        Ok(())
    }

    pub(super) async fn dump(&mut self, target: Target, words: &[u32]) -> Result<(), Exit> {
        for node in self.nodes_of(target).await? {
            self.output.print(&render::render_dump(words));
            self.dump_state(node, words).await?;
        }
        Ok(())
    }

    /// A refusal of the server is silent, as in the original; the exit status tells.
    async fn dump_state(&mut self, node: NodeId, words: &[u32]) -> Result<(), Exit> {
        match self.session()?.dump_state(node, words).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Exit::CommandFailed),
        }
    }

    pub(super) async fn log_signals(&mut self, target: Target) -> Result<(), Exit> {
        for node in self.nodes_of(target).await? {
            if let Err(error) = self.session()?.log_signals(node, true, true, "").await {
                let text = render::render_log_signals_failed(node);
                return Err(self.fail(&text, &error).await);
            }
        }
        Ok(())
    }

    pub(super) async fn signal_log(&mut self, target: Target, on: bool) -> Result<(), Exit> {
        for node in self.nodes_of(target).await? {
            let session = self.session()?;
            let result = if on {
                session.start_signallog(node).await
            } else {
                session.stop_signallog(node).await
            };
            if let Err(error) = result {
                return Err(self.fail(render::render_test_failed(on), &error).await);
            }
        }
        Ok(())
    }
}

/// Something that is not of the form `category=level` ends the command; a category or level
/// that does not exist is passed over.
fn ends_command(error: &ItemError) -> bool {
    matches!(error, ItemError::NotALevel(_))
}
