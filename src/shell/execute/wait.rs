//! WAIT FOR.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use crate::client::ClientError;
use crate::cluster::state::Watch;
use crate::cluster::{NodeId, NodeState, NodeType};
use crate::command::{Targets, WaitForNodes};

use super::super::outcome::{Attempt, Failure, Outcome, Step};
use super::super::{Shell, render};
use super::lookout::{INTERVAL, Lookout};

/// How long is waited unless TIMEOUT or an option says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// The nodes are looked at once in any case, for which the server has this time at least.
const FIRST_LOOK: Duration = Duration::from_secs(5);

fn first_look_late(limit: Duration) -> Failure {
    Attempt::Status.failed()(ClientError::TimedOut {
        command: "get status",
        limit,
    })
}

impl Shell {
    pub(super) async fn wait_for(&mut self, wait: WaitForNodes) -> Result<Outcome, Failure> {
        let own = wait
            .timeout
            .map(|seconds| Duration::from_secs(seconds.into()));
        let limit = own.or(self.settings.limits.wait).unwrap_or(DEFAULT_TIMEOUT);
        let began = Instant::now();
        let deadline = began + limit;
        let nodes = timeout_at(deadline.max(began + FIRST_LOOK), self.all_nodes()).await;
        let nodes = nodes.map_err(|_| first_look_late(limit.max(FIRST_LOOK)))??;
        let targets = targets(&wait.targets, &nodes)?;
        let mut watch = Watch::new(targets.clone(), wait.state);
        if wait.after_restart {
            watch = watch.after_leaving();
        }
        self.show_sightings(&mut watch, &wait, &nodes);
        let mut lookout = Lookout::new(self.session.take(), &self.settings.connect);
        let mut is_lost = false;
        while !watch.is_done() {
            if timeout_at(deadline, sleep(INTERVAL)).await.is_err() {
                break;
            }
            match timeout_at(deadline, lookout.look()).await {
                Ok(Ok(nodes)) => {
                    is_lost = false;
                    self.show_sightings(&mut watch, &wait, &nodes);
                }
                Ok(Err(error)) if error.is_unanswered() => {
                    if !std::mem::replace(&mut is_lost, true) {
                        self.output
                            .advise(&render::render_no_server_answers(&error.to_string()));
                    }
                }
                Ok(Err(error)) => return Err(Attempt::Status.failed()(error)),
                Err(_) => break,
            }
        }
        self.session = lookout.into_session();
        let missing = watch.missing();
        if missing.is_empty() {
            return Ok(Outcome::Awaited(targets, wait.state));
        }
        Err(Failure::NotReached {
            nodes: missing
                .into_iter()
                .map(|node| (node, watch.last_seen(node)))
                .collect(),
            state: wait.state,
            limit,
        })
    }

    fn show_sightings(&self, watch: &mut Watch, wait: &WaitForNodes, nodes: &[NodeState]) {
        for sighting in watch.observe(nodes) {
            self.step(Step::Sighted(sighting, wait.state));
        }
    }
}

/// The nodes that are waited for; ALL stands for every data node.
fn targets(targets: &Targets, nodes: &[NodeState]) -> Result<Vec<NodeId>, Failure> {
    match targets {
        Targets::All => Ok(nodes
            .iter()
            .filter(|node| node.node_type == NodeType::Ndb)
            .map(|node| node.node)
            .collect()),
        Targets::Nodes(named) => {
            let mut known = Vec::new();
            for id in named {
                if !nodes.iter().any(|node| node.node == *id) {
                    return Err(Failure::NodeNotFound(*id));
                }
                if !known.contains(id) {
                    known.push(*id);
                }
            }
            Ok(known)
        }
    }
}
