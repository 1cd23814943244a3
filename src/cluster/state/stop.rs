//! May nodes be stopped?

use std::collections::{BTreeMap, BTreeSet};

use super::cluster_state::{ClusterState, RunningBackup, serves};
use crate::cluster::{ErrorNumber, Membership, NodeId, NodeStatus, NodeType, Nodegroup};

/// A node is going down already (management protocol, 8.2).
const NODE_SHUTDOWN: ErrorNumber = ErrorNumber(5026);

/// Why nodes may not be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopRefusal {
    /// No node of the nodegroup would be left in service.
    LastOfNodegroup {
        /// The nodegroup.
        nodegroup: Nodegroup,
        /// Its nodes in service, all of which would stop.
        nodes: Vec<NodeId>,
    },
    /// Data nodes are starting: the server stops none meanwhile.
    NodesStarting(Vec<NodeId>),
    /// The node is going down already.
    ShuttingDown(NodeId),
    /// A management server does not stop API nodes.
    ApiNode(NodeId),
}

impl StopRefusal {
    /// The number with which the management server refuses the order.
    pub fn error(&self) -> ErrorNumber {
        match self {
            StopRefusal::LastOfNodegroup { .. } => ErrorNumber::SYSTEM_CRASH,
            StopRefusal::NodesStarting(_) => ErrorNumber::NODES_STARTING_OR_STOPPING,
            StopRefusal::ShuttingDown(_) => NODE_SHUTDOWN,
            StopRefusal::ApiNode(_) => ErrorNumber::WRONG_PROCESS_TYPE,
        }
    }
}

/// What to think of before nodes are stopped, although they may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopCaution {
    /// The data node does not run: there is nothing to stop.
    NotConnected(NodeId),
    /// A server stops several data nodes at once only with `-A` (error 5031).
    OneAfterAnother,
    /// The loss of a data node aborts a backup.
    BackupRuns(RunningBackup),
    /// Whether a backup runs could not be found out.
    BackupsUnknown,
    /// The cluster is in single user mode.
    SingleUserMode,
    /// No management server would be left: nodes that are stopped cannot come back.
    NoServerLeft,
}

/// Whether nodes may be stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopVerdict {
    /// What is asked for, by id.
    pub nodes: Vec<NodeId>,
    /// What stands against it; nothing if they may be stopped.
    pub refusals: Vec<StopRefusal>,
    /// If they may, what else to think of.
    pub cautions: Vec<StopCaution>,
}

impl StopVerdict {
    /// True if the cluster goes on without the nodes.
    pub fn is_ok(&self) -> bool {
        self.refusals.is_empty()
    }
}

impl ClusterState {
    /// Would the cluster go on if these nodes, all of which are configured, were stopped? The
    /// answer is the management server's own (management protocol, 3.2): 5028 if a nodegroup would
    /// be left without a node in service, 5063 while data nodes are starting.
    pub fn may_stop(&self, nodes: &BTreeSet<NodeId>) -> StopVerdict {
        let mut refusals = Vec::new();
        let asked = || nodes.iter().filter_map(|id| self.node(*id));
        for node in asked() {
            match (node.node_type, node.status) {
                (NodeType::Api, _) => refusals.push(StopRefusal::ApiNode(node.node)),
                (NodeType::Ndb, NodeStatus::ShuttingDown | NodeStatus::Restarting) => {
                    refusals.push(StopRefusal::ShuttingDown(node.node));
                }
                _ => {}
            }
        }
        let stops_data_nodes = asked().any(|node| node.node_type == NodeType::Ndb);
        if stops_data_nodes {
            refusals.extend(self.starting());
        }
        refusals.extend(self.lost_nodegroups(nodes));
        let cautions = match refusals.is_empty() {
            true => self.cautions(nodes),
            false => Vec::new(),
        };
        StopVerdict {
            nodes: nodes.iter().copied().collect(),
            refusals,
            cautions,
        }
    }

    fn starting(&self) -> Option<StopRefusal> {
        let starting: Vec<NodeId> = self
            .of_type(NodeType::Ndb)
            .filter(|node| node.status == NodeStatus::Starting)
            .map(|node| node.node)
            .collect();
        (!starting.is_empty()).then_some(StopRefusal::NodesStarting(starting))
    }

    /// The nodegroups whose last nodes in service are among these.
    pub(super) fn lost_nodegroups(&self, nodes: &BTreeSet<NodeId>) -> Vec<StopRefusal> {
        let mut serving: BTreeMap<Nodegroup, Vec<NodeId>> = BTreeMap::new();
        for node in self.in_service() {
            if let Membership::Of(nodegroup) = self.place(node.node) {
                serving.entry(nodegroup).or_default().push(node.node);
            }
        }
        serving
            .into_iter()
            .filter(|(_, members)| members.iter().all(|id| nodes.contains(id)))
            .map(|(nodegroup, nodes)| StopRefusal::LastOfNodegroup { nodegroup, nodes })
            .collect()
    }

    fn cautions(&self, nodes: &BTreeSet<NodeId>) -> Vec<StopCaution> {
        let stopped = || {
            self.of_type(NodeType::Ndb)
                .filter(|node| nodes.contains(&node.node))
        };
        let is_down = |status| matches!(status, NodeStatus::NoContact | NodeStatus::Unknown);
        let mut found: Vec<StopCaution> = stopped()
            .filter(|node| is_down(node.status))
            .map(|node| StopCaution::NotConnected(node.node))
            .collect();
        if stopped().filter(|node| !is_down(node.status)).count() > 1 {
            found.push(StopCaution::OneAfterAnother);
        }
        if stopped().any(serves) {
            match &self.backups {
                Some(backups) => {
                    found.extend(backups.iter().copied().map(StopCaution::BackupRuns));
                }
                None => found.push(StopCaution::BackupsUnknown),
            }
        }
        if self.is_single_user() {
            found.push(StopCaution::SingleUserMode);
        }
        let mut serving = self
            .of_type(NodeType::Mgm)
            .filter(|node| node.status == NodeStatus::Connected)
            .peekable();
        if serving.peek().is_some() && serving.all(|node| nodes.contains(&node.node)) {
            found.push(StopCaution::NoServerLeft);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::NodeState;

    fn id(id: u32) -> NodeId {
        NodeId::new(id).unwrap()
    }

    fn node(number: u32, node_type: NodeType, status: NodeStatus) -> NodeState {
        NodeState {
            status,
            nodegroup: Membership::Of(Nodegroup((number as u16).saturating_sub(2) / 2)),
            ..NodeState::without_contact(id(number), node_type)
        }
    }

    /// Management server 1, data nodes 2 to 5 in two nodegroups, API node 10.
    fn state(statuses: [NodeStatus; 4]) -> ClusterState {
        let mut nodes = vec![
            node(1, NodeType::Mgm, NodeStatus::Connected),
            node(10, NodeType::Api, NodeStatus::Connected),
        ];
        nodes.extend(
            (2..)
                .zip(statuses)
                .map(|(number, status)| node(number, NodeType::Ndb, status)),
        );
        ClusterState::new(nodes, None).with_backup_status(&[])
    }

    fn verdict(statuses: [NodeStatus; 4], nodes: &[u32]) -> StopVerdict {
        state(statuses).may_stop(&nodes.iter().map(|number| id(*number)).collect())
    }

    const UP: NodeStatus = NodeStatus::Started;
    const DOWN: NodeStatus = NodeStatus::NoContact;

    #[test]
    fn the_last_node_of_a_nodegroup_is_refused_with_5028() {
        let verdict = verdict([UP, DOWN, UP, UP], &[2]);
        let refusal = StopRefusal::LastOfNodegroup {
            nodegroup: Nodegroup(0),
            nodes: vec![id(2)],
        };
        assert_eq!(verdict.refusals, [refusal]);
        assert_eq!(verdict.refusals[0].error(), ErrorNumber(5028));
    }

    #[test]
    fn while_a_node_starts_none_is_stopped() {
        let verdict = verdict([UP, UP, UP, NodeStatus::Starting], &[2]);
        assert_eq!(verdict.refusals, [StopRefusal::NodesStarting(vec![id(5)])]);
        assert_eq!(verdict.refusals[0].error(), ErrorNumber(5063));
        // A management server is no matter of the data nodes.
        assert!(super::tests::verdict([UP, UP, UP, NodeStatus::Starting], &[1]).is_ok());
    }

    #[test]
    fn nodes_that_are_down_or_no_data_nodes_are_told_apart() {
        assert_eq!(
            verdict([UP, UP, UP, DOWN], &[5]).cautions,
            [StopCaution::NotConnected(id(5))]
        );
        assert_eq!(
            verdict([UP; 4], &[10]).refusals,
            [StopRefusal::ApiNode(id(10))]
        );
        let going = [UP, UP, UP, NodeStatus::ShuttingDown];
        assert_eq!(
            verdict(going, &[5]).refusals,
            [StopRefusal::ShuttingDown(id(5))]
        );
    }

    #[test]
    fn what_to_think_of_is_said() {
        let cautions = |nodes: &[u32]| verdict([UP; 4], nodes).cautions;
        assert_eq!(cautions(&[2]), []);
        assert_eq!(cautions(&[2, 4]), [StopCaution::OneAfterAnother]);
        assert_eq!(cautions(&[1]), [StopCaution::NoServerLeft]);
        let single = [NodeStatus::SingleUserMode; 4];
        assert_eq!(
            verdict(single, &[2]).cautions,
            [StopCaution::SingleUserMode]
        );
        let backup = RunningBackup {
            id: 7,
            starting_node: 1,
        };
        let mut busy = state([UP; 4]);
        busy.backups = Some(vec![backup]);
        let verdict = busy.may_stop(&[id(2)].into());
        assert_eq!(verdict.cautions, [StopCaution::BackupRuns(backup)]);
        assert!(verdict.is_ok());
    }
}
