//! START, STOP, RESTART and SHUTDOWN of nodes.

use crate::cli::Exit;
use crate::client::NodeState;
use crate::cluster::{NodeId, NodeStatus, NodeType, RestartOptions, StopOptions, StopScope};
use crate::command::Targets;

use super::super::{Shell, render};

impl Shell {
    pub(super) async fn start(&mut self, targets: Targets) -> Result<(), Exit> {
        match targets {
            Targets::All => self.start_all().await,
            Targets::Nodes(nodes) => self.start_nodes(&nodes).await,
        }
    }

    /// Sends the order once for every data node, as the original does: the order to all is
    /// repeated until each node had its turn.
    async fn start_all(&mut self) -> Result<(), Exit> {
        let nodes = self.all_nodes().await?;
        let mut result = Ok(());
        for _ in nodes.iter().filter(|node| node.node_type == NodeType::Ndb) {
            match self.session()?.start_all().await {
                Ok(_started) => self.output.print(render::ALL_STARTING),
                Err(error) => result = Err(self.fail(render::START_FAILED, &error).await),
            }
        }
        result
    }

    async fn start_nodes(&mut self, nodes: &[NodeId]) -> Result<(), Exit> {
        for node in nodes {
            if let Err(error) = self.session()?.start(*node).await {
                return Err(self.fail(render::START_FAILED, &error).await);
            }
        }
        match nodes {
            [node] => self.output.print(&render::render_node_starting(*node)),
            nodes => self.output.print(&render::render_nodes_starting(nodes)),
        }
        Ok(())
    }

    pub(super) async fn stop(
        &mut self,
        targets: Targets,
        options: StopOptions,
    ) -> Result<(), Exit> {
        let (stopped, text) = match targets {
            Targets::All => {
                self.output.print(render::STOPPING_ALL);
                let stopped = self
                    .session()?
                    .stop_all(StopScope::DataNodes, options.abort)
                    .await;
                (stopped, render::ALL_STOPPED.to_owned())
            }
            Targets::Nodes(nodes) => {
                let session = self.session()?;
                let stopped = session.stop(&nodes, options).await;
                (stopped, render::render_nodes_stopped(&nodes))
            }
        };
        match stopped {
            Ok(stopped) => {
                self.output.print(&text);
                if stopped.disconnect {
                    self.output.print(render::STOP_DISCONNECTS);
                    self.disconnect();
                }
                Ok(())
            }
            Err(error) => Err(self.fail(render::STOP_FAILED, &error).await),
        }
    }

    pub(super) async fn shutdown(&mut self) -> Result<(), Exit> {
        if let Err(error) = self.session()?.get_status(None).await {
            self.fail(render::STATUS_UNAVAILABLE, &error).await;
            return Err(Exit::Failure);
        }
        match self.session()?.stop_all(StopScope::Cluster, false).await {
            Ok(stopped) => {
                self.output
                    .print(&render::render_shutdown_done(stopped.stopped));
                if stopped.disconnect {
                    self.output.print(render::SHUTDOWN_DISCONNECTS);
                    self.disconnect();
                }
                Ok(())
            }
            Err(error) => Err(self.fail(render::SHUTDOWN_FAILED, &error).await),
        }
    }

    pub(super) async fn restart(
        &mut self,
        targets: Targets,
        options: RestartOptions,
    ) -> Result<(), Exit> {
        let states = self.all_nodes().await?;
        match targets {
            Targets::All => self.restart_all(options).await,
            Targets::Nodes(nodes) => self.restart_nodes(&nodes, options, &states).await,
        }
    }

    async fn restart_all(&mut self, options: RestartOptions) -> Result<(), Exit> {
        self.output.print(render::RESTARTING_ALL);
        match self.session()?.restart_all(options).await {
            Ok(restarted) if restarted.restarted > 0 => {
                self.output.print(render::ALL_RESTARTING);
                Ok(())
            }
            Ok(_) => {
                self.output.print(render::RESTART_FAILED);
                self.output
                    .print(&render::render_error(0, "Executing: ndb_mgm_restart4"));
                self.check_after_error().await;
                Err(Exit::CommandFailed)
            }
            Err(error) => Err(self.fail(render::RESTART_FAILED, &error).await),
        }
    }

    async fn restart_nodes(
        &mut self,
        nodes: &[NodeId],
        options: RestartOptions,
        states: &[NodeState],
    ) -> Result<(), Exit> {
        for node in nodes {
            let Some(state) = states.iter().find(|state| state.node == *node) else {
                self.output.print(&render::render_node_not_found(*node));
                return Err(Exit::CommandFailed);
            };
            if state.node_type == NodeType::Mgm {
                self.output
                    .print(&render::render_management_server_restarting(*node));
            }
        }
        if states
            .iter()
            .any(|state| state.status == NodeStatus::SingleUserMode)
        {
            self.output.print(render::RESTART_IN_SINGLE_USER_MODE);
            return Err(Exit::CommandFailed);
        }
        match self.session()?.restart(nodes, options).await {
            Ok(restarted) => {
                self.output.print(&render::render_nodes_restarting(nodes));
                if restarted.disconnect {
                    self.disconnect();
                }
                Ok(())
            }
            Err(error) => Err(self.fail(render::RESTART_FAILED, &error).await),
        }
    }

    async fn all_nodes(&mut self) -> Result<Vec<NodeState>, Exit> {
        match self.session()?.get_status(None).await {
            Ok(nodes) => Ok(nodes),
            Err(error) => Err(self.fail(render::STATUS_UNAVAILABLE, &error).await),
        }
    }
}
