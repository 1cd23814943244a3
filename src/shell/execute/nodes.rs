//! START, STOP, RESTART and SHUTDOWN of nodes, single user mode, nodegroups.

use crate::client::NodeState;
use crate::cluster::{
    NodeId, NodeStatus, NodeType, Nodegroup, RestartOptions, StopOptions, StopScope,
};
use crate::command::Targets;

use super::super::Shell;
use super::super::outcome::{Attempt, Failure, Outcome, Step};

impl Shell {
    pub(super) async fn start(&mut self, targets: Targets) -> Result<Outcome, Failure> {
        let nodes = match targets {
            Targets::All => return self.start_all().await,
            Targets::Nodes(nodes) => nodes,
        };
        for node in &nodes {
            let started = self.session()?.start(*node).await;
            started.map_err(Attempt::Start.failed())?;
        }
        Ok(Outcome::Starting(nodes))
    }

    /// Sends the order once for every data node, as the original does: the order to all is
    /// repeated until each node had its turn.
    async fn start_all(&mut self) -> Result<Outcome, Failure> {
        let nodes = self.all_nodes().await?;
        let mut outcome = Outcome::Done;
        for _ in nodes.iter().filter(|node| node.node_type == NodeType::Ndb) {
            match self.session()?.start_all().await {
                Ok(_started) => self.step(Step::AllStarting),
                Err(error) => {
                    self.show_part_failure(&Attempt::Start.failed()(error))
                        .await;
                    outcome = Outcome::DoneInPart;
                }
            }
        }
        Ok(outcome)
    }

    pub(super) async fn stop(
        &mut self,
        targets: Targets,
        options: StopOptions,
    ) -> Result<Outcome, Failure> {
        let stopped = match &targets {
            Targets::All => {
                self.step(Step::StoppingAll);
                let session = self.session()?;
                session.stop_all(StopScope::DataNodes, options.abort).await
            }
            Targets::Nodes(nodes) => self.session()?.stop(nodes, options).await,
        };
        let stopped = stopped.map_err(Attempt::Stop.failed())?;
        self.disconnect_if(stopped.disconnect);
        Ok(Outcome::Stopped {
            targets,
            disconnected: stopped.disconnect,
        })
    }

    pub(super) async fn shutdown(&mut self) -> Result<Outcome, Failure> {
        let session = self.session()?;
        let states = session.get_status(None).await;
        states.map_err(Attempt::ShutdownStatus.failed())?;
        let stopped = session.stop_all(StopScope::Cluster, false).await;
        let stopped = stopped.map_err(Attempt::Shutdown.failed())?;
        self.disconnect_if(stopped.disconnect);
        Ok(Outcome::ShutDown {
            stopped: stopped.stopped,
            disconnected: stopped.disconnect,
        })
    }

    pub(super) async fn restart(
        &mut self,
        targets: Targets,
        options: RestartOptions,
    ) -> Result<Outcome, Failure> {
        let states = self.all_nodes().await?;
        let restarted = match &targets {
            Targets::All => {
                self.step(Step::RestartingAll);
                self.session()?.restart_all(options).await
            }
            Targets::Nodes(nodes) => {
                self.check_restart(nodes, &states)?;
                self.session()?.restart(nodes, options).await
            }
        };
        let restarted = restarted.map_err(Attempt::Restart.failed())?;
        match &targets {
            Targets::All if restarted.restarted == 0 => return Err(Failure::NothingRestarted),
            Targets::All => {}
            Targets::Nodes(_) => self.disconnect_if(restarted.disconnect),
        }
        Ok(Outcome::Restarting(targets))
    }

    /// What the original checks before it restarts nodes that are named.
    fn check_restart(&self, nodes: &[NodeId], states: &[NodeState]) -> Result<(), Failure> {
        for node in nodes {
            let state = states.iter().find(|state| state.node == *node);
            let state = state.ok_or(Failure::NodeNotFound(*node))?;
            if state.node_type == NodeType::Mgm {
                self.step(Step::RestartingManagementServer(*node));
            }
        }
        let is_single = |state: &NodeState| state.status == NodeStatus::SingleUserMode;
        match states.iter().any(is_single) {
            true => Err(Failure::SingleUserMode),
            false => Ok(()),
        }
    }

    pub(super) async fn enter_single_user_mode(
        &mut self,
        node: NodeId,
    ) -> Result<Outcome, Failure> {
        let entered = self.session()?.enter_single_user(node).await;
        entered.map_err(Attempt::EnterSingleUserMode(node).failed())?;
        Ok(Outcome::SingleUserModeEntered(node))
    }

    pub(super) async fn exit_single_user_mode(&mut self) -> Result<Outcome, Failure> {
        let exited = self.session()?.exit_single_user().await;
        exited.map_err(Attempt::ExitSingleUserMode.failed())?;
        Ok(Outcome::SingleUserModeEnding)
    }

    pub(super) async fn create_nodegroup(&mut self, nodes: &[NodeId]) -> Result<Outcome, Failure> {
        let created = self.session()?.create_nodegroup(nodes).await;
        created
            .map(Outcome::NodegroupCreated)
            .map_err(Attempt::Nodegroup.failed())
    }

    pub(super) async fn drop_nodegroup(
        &mut self,
        nodegroup: Nodegroup,
    ) -> Result<Outcome, Failure> {
        let dropped = self.session()?.drop_nodegroup(nodegroup).await;
        dropped.map_err(Attempt::Nodegroup.failed())?;
        Ok(Outcome::NodegroupDropped(nodegroup))
    }

    /// The states of all nodes.
    pub(super) async fn all_nodes(&mut self) -> Result<Vec<NodeState>, Failure> {
        let nodes = self.session()?.get_status(None).await;
        nodes.map_err(Attempt::Status.failed())
    }

    /// Lets a management server that is among the stopped nodes go.
    fn disconnect_if(&mut self, asked: bool) {
        if asked {
            self.disconnect();
        }
    }
}
