//! OK TO STOP against the cluster itself: every set of nodes of several clusters, by the verdict,
//! by the server's answer, and by what is left after the nodes are gone.

use std::collections::BTreeSet;

use super::*;
use crate::cluster::state::{ClusterState, StopVerdict};

/// Replicas and nodegroups; the largest of these clusters has 256 sets of nodes.
const SHAPES: [(usize, usize); 3] = [(2, 2), (3, 2), (2, 4)];

/// Data nodes from 2 on.
fn config(replicas: usize, nodegroups: usize) -> String {
    format!(
        "[ndb_mgmd]\nNodeId=1\n[ndbd default]\nNoOfReplicas={replicas}\n{}[api]\n",
        "[ndbd]\n".repeat(replicas * nodegroups)
    )
}

fn subsets(count: usize) -> impl Iterator<Item = BTreeSet<NodeId>> {
    (0..1_u32 << count).map(move |bits| {
        let members = (0..count as u32).filter(|index| bits >> index & 1 == 1);
        members.map(|index| node(index + 2)).collect()
    })
}

impl Table {
    fn cluster_state(&mut self) -> ClusterState {
        let request = Request::Status(StatusRequest::GetStatus { types: None });
        let Reply::Status(status) = self.ask(request) else {
            panic!("no node list");
        };
        ClusterState::new(status.nodes, None).with_backup_status(&[])
    }

    fn kill(&mut self, nodes: &BTreeSet<NodeId>) {
        for id in nodes {
            let now = self.now;
            self.cluster.fail_node(*id, now);
        }
        self.collect();
        self.effects.clear();
    }

    fn started(&mut self) -> BTreeSet<NodeId> {
        let state = self.cluster_state();
        state.in_service().map(|state| state.node).collect()
    }
}

fn error(verdict: &StopVerdict) -> Option<ErrorNumber> {
    verdict.refusals.first().map(|refusal| refusal.error())
}

/// Several nodes are stopped at once only with abort.
fn stop(nodes: &BTreeSet<NodeId>) -> Request {
    let list: Vec<String> = nodes.iter().map(NodeId::to_string).collect();
    Request::Nodes(NodesRequest::Stop {
        nodes: list.join(" "),
        abort: nodes.len() > 1,
        force: Some(false),
    })
}

/// The verdict on a set of nodes must be the server's, and must come true.
fn check(table: &mut Table, nodes: &BTreeSet<NodeId>) {
    let before = table.started();
    let verdict = table.cluster_state().may_stop(nodes);
    table.send(stop(nodes));
    table.pass(PHASE * 10);
    match &table.replies()[..] {
        [Reply::Stop(_)] => {
            assert_eq!(error(&verdict), None, "{nodes:?}");
            let left: BTreeSet<NodeId> = before.difference(nodes).copied().collect();
            assert_eq!(table.started(), left, "{nodes:?}");
        }
        [Reply::Refused(Refusal::Stop { error: number, .. })] => {
            assert_eq!(error(&verdict), Some(*number), "{nodes:?}");
            assert_eq!(table.started(), before, "{nodes:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_verdict_on_every_set_of_nodes_is_that_of_the_server() {
    for (replicas, nodegroups) in SHAPES {
        let config = config(replicas, nodegroups);
        for nodes in subsets(replicas * nodegroups) {
            check(&mut Table::new(Some(&config)), &nodes);
        }
    }
}

#[test]
fn the_cluster_survives_the_death_of_exactly_those_that_may_be_stopped() {
    for (replicas, nodegroups) in SHAPES {
        let config = config(replicas, nodegroups);
        for nodes in subsets(replicas * nodegroups) {
            let mut table = Table::new(Some(&config));
            let verdict = table.cluster_state().may_stop(&nodes);
            table.kill(&nodes);
            let survives = !table.started().is_empty();
            assert_eq!(verdict.is_ok(), survives, "{nodes:?}");
        }
    }
}

#[test]
fn the_verdict_holds_while_other_nodes_are_down_or_starting() {
    let config = config(2, 2);
    for down in subsets(4) {
        for nodes in subsets(4).filter(|nodes| nodes.is_disjoint(&down)) {
            let mut table = Table::new(Some(&config));
            table.kill(&down);
            if !table.started().is_empty() {
                check(&mut table, &nodes);
            }
        }
    }
    for id in 2..6 {
        for other in (2..6).filter(|other| *other != id) {
            let mut table = Table::new(Some(&config));
            table.kill(&[node(id)].into());
            let now = table.now;
            table.cluster.launch_node(node(id), true, now);
            table.pass(PHASE * 4);
            assert_eq!(table.state(id).status, NodeStatus::Starting);
            let nodes = [node(other)].into();
            let verdict = table.cluster_state().may_stop(&nodes);
            let Reply::Refused(Refusal::Stop { error: number, .. }) = table.ask(stop(&nodes))
            else {
                panic!("stopped {other} while {id} starts");
            };
            assert_eq!(error(&verdict), Some(number));
        }
    }
}
