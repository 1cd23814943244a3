//! The step of a rolling restart that restarts a management server.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::client::{ClientError, ConnectOptions, Session, Surroundings, connect};
use crate::cluster::state::{AwaitedState, ClusterState, Sighting};
use crate::cluster::{
    ConnectHost, NodeId, NodeState, NodeStatus, NodeType, RestartOptions, StopOptions,
};
use crate::command::RollingRestart;

use super::super::outcome::{RollFault, RollNote, Step};
use super::super::{Shell, render};
use super::lookout::INTERVAL;
use super::rolling::{Patience, StepFault, StepOrder};

/// How long a server that is back may take to see the data nodes, which connect to it anew.
const VIEW_PATIENCE: Duration = Duration::from_secs(30);

/// How long the data nodes have to choose their arbitrator anew, which a server that restarts may
/// have been (recorded: half a second). Without one, the next node that goes could end the others
/// of its nodegroup.
const ARBITRATION_PAUSE: Duration = Duration::from_secs(3);

impl Shell {
    /// A connection to the server ends when it leaves; it is back when it answers to its id again
    /// and sees the data nodes.
    pub(super) async fn roll_server(
        &mut self,
        server: NodeId,
        step: &StepOrder<'_>,
        seen: &Surroundings,
    ) -> Result<(), StepFault> {
        let deadline = Instant::now() + step.limit;
        let options = self.options_for(server, seen)?;
        let mut witness = Some(connect_to(&options, server).await?);
        self.order_server(server, step.rolling).await?;
        let patience = Patience::new(step.interrupts);
        let mut is_started = !step.rolling.stop_only;
        let fault = |fault: RollFault, has_left: bool| StepFault {
            fault,
            back: Vec::new(),
            out: Vec::from_iter(has_left.then_some((server, NodeStatus::NoContact))),
        };
        loop {
            tokio::select! {
                () = sleep(INTERVAL) => {}
                () = patience.first() => self.output.advise(render::ROLL_ENDS_AFTER_STEP),
                () = patience.second() => {
                    return Err(fault(RollFault::Abandoned, witness.is_none()));
                }
            }
            if let Some(session) = &mut witness {
                if session.check_connection().await.is_err() {
                    witness = None;
                    self.sighted(Sighting::Left(server));
                }
            } else if !is_started {
                is_started = true;
                let started = self.after_stop(&[server], deadline, &patience).await;
                started.map_err(|error| fault(error, true))?;
            } else if let Ok(session) = connect_to(&options, server).await {
                see_data_nodes(session, &seen.state, deadline).await;
                sleep(ARBITRATION_PAUSE).await;
                self.sighted(Sighting::Arrived(server));
                return Ok(());
            }
            if Instant::now() >= deadline {
                let has_left = witness.is_none();
                let status = has_left.then_some(NodeStatus::NoContact);
                let nodes = vec![(server, status, has_left)];
                let limit = step.limit;
                return Err(fault(RollFault::NotBack { nodes, limit }, has_left));
            }
        }
    }

    fn sighted(&self, sighting: Sighting) {
        self.step(Step::Sighted(sighting, AwaitedState::Started));
    }

    /// How to reach this server and no other.
    fn options_for(
        &self,
        server: NodeId,
        seen: &Surroundings,
    ) -> Result<ConnectOptions, RollFault> {
        let lost = || RollFault::NoSuchServer(format!("where server {server} listens is unknown"));
        let session = self.session.as_ref().ok_or_else(lost)?;
        let at: ConnectHost = match seen.own == Some(server) {
            true => session.server().clone(),
            false => {
                let mut known = seen.servers.iter();
                let (_, address) = known.find(|(id, _)| *id == server).ok_or_else(lost)?;
                ConnectHost {
                    address: address.clone(),
                    bind_address: None,
                }
            }
        };
        let limit = self.settings.connect.timeout;
        Ok(self.options_for_servers(session, limit).to_host(at))
    }

    async fn order_server(
        &mut self,
        server: NodeId,
        rolling: &RollingRestart,
    ) -> Result<(), RollFault> {
        let Some(session) = &mut self.session else {
            return Ok(());
        };
        let ordered = match rolling.stop_only {
            true => {
                let stopped = session.stop(&[server], StopOptions::default()).await;
                stopped.map(|stopped| stopped.disconnect)
            }
            false => {
                let restarted = session.restart(&[server], RestartOptions::default()).await;
                restarted.map(|restarted| restarted.disconnect)
            }
        };
        match ordered {
            Ok(disconnect) => {
                self.step(Step::Roll(RollNote::Ordered(vec![server])));
                if disconnect {
                    self.session = None;
                }
            }
            // It may have gone before its answer left.
            Err(error) if error.is_unanswered() => self.session_lost(&error),
            Err(error) => return Err(RollFault::Refused(error)),
        }
        Ok(())
    }
}

/// Waits, for a while at most, until the server sees what was in service before as in service. What it
/// does not see by then stands against the next step.
async fn see_data_nodes(mut session: Session, before: &ClusterState, deadline: Instant) {
    let until = deadline.min(Instant::now() + VIEW_PATIENCE);
    let is_in_service = |node: &NodeState| node.status == NodeStatus::Started;
    let mut expected: Vec<NodeId> = before.in_service().map(|node| node.node).collect();
    while !expected.is_empty() && Instant::now() < until {
        let types = Some(vec![NodeType::Ndb]);
        match timeout_at(until, session.get_status(types)).await {
            Ok(Ok(nodes)) => {
                let seen: Vec<NodeId> = nodes
                    .iter()
                    .filter(|node| is_in_service(node))
                    .map(|node| node.node)
                    .collect();
                expected.retain(|node| !seen.contains(node));
            }
            Ok(Err(_)) | Err(_) => return,
        }
        if !expected.is_empty() {
            sleep(INTERVAL).await;
        }
    }
}

async fn connect_to(options: &ConnectOptions, server: NodeId) -> Result<Session, RollFault> {
    let connected = async {
        let mut session = connect(options).await?;
        let id = session.get_mgmd_nodeid().await?;
        Ok::<_, ClientError>((session, id))
    };
    match connected.await {
        Ok((session, id)) if id == server => Ok(session),
        Ok((_, id)) => {
            let hosts = options.connect_string.hosts.iter();
            let at: Vec<String> = hosts.map(|host| host.address.to_string()).collect();
            let text = format!("{} is management server {id}, not {server}", at.join(","));
            Err(RollFault::NoSuchServer(text))
        }
        Err(error) => Err(RollFault::NoServer(error)),
    }
}
