//! A rolling restart: its steps, and what stands against the next one.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster_state::{ClusterState, Difference, RunningBackup};
use super::stop::StopRefusal;
use crate::cluster::{Membership, NodeId, NodeStatus, NodeType, Nodegroup};

/// What is restarted at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollStep {
    /// Data nodes, at most one of each nodegroup.
    DataNodes(Vec<NodeId>),
    /// A management server.
    Server(NodeId),
}

impl RollStep {
    /// The nodes of the step.
    pub fn nodes(&self) -> &[NodeId] {
        match self {
            RollStep::DataNodes(nodes) => nodes,
            RollStep::Server(node) => std::slice::from_ref(node),
        }
    }
}

/// The steps of a rolling restart, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollPlan {
    /// Management servers, then data nodes.
    pub steps: Vec<RollStep>,
    /// Management servers that nobody named, and that are not restarted.
    pub left_out: Vec<NodeId>,
}

/// Nodes of which no plan can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RollPlanError {
    /// The cluster has no such node.
    NoSuchNode(NodeId),
    /// A management server does not restart API nodes.
    ApiNode(NodeId),
    /// The cluster has no data nodes.
    NoDataNodes,
}

/// What stands against the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// A data node is not in service.
    NotStarted(NodeId, NodeStatus),
    /// A backup runs, which the loss of a node would abort.
    BackupRuns(RunningBackup),
    /// Whether a backup runs is not known.
    BackupsUnknown,
    /// The server restarts no node in single user mode.
    SingleUserMode,
    /// Management servers see a data node in different states.
    ServersDiffer(Difference),
    /// No node of the nodegroup would be left.
    LastOfNodegroup(Nodegroup),
    /// The cluster does not know the node any more.
    NoSuchNode(NodeId),
}

impl RollPlan {
    /// The nodes of this step and of all that follow.
    pub fn nodes_from(&self, step: usize) -> Vec<NodeId> {
        let steps = self.steps.iter().skip(step);
        steps.flat_map(RollStep::nodes).copied().collect()
    }

    /// How many nodes it restarts.
    pub fn node_count(&self) -> usize {
        self.steps.iter().map(|step| step.nodes().len()).sum()
    }
}

impl ClusterState {
    /// Plans a rolling restart of these nodes, in their order, or of all data nodes by id: one at
    /// a time, or one of each nodegroup at once.
    ///
    /// # Errors
    ///
    /// A node that cannot be restarted, or nothing to restart.
    pub fn plan_roll(
        &self,
        named: Option<&[NodeId]>,
        per_nodegroup: bool,
    ) -> Result<RollPlan, RollPlanError> {
        let all: Vec<NodeId> = self.of_type(NodeType::Ndb).map(|node| node.node).collect();
        let mut servers = Vec::new();
        let mut data_nodes = Vec::new();
        for id in named.unwrap_or(&all) {
            let node = self.node(*id).ok_or(RollPlanError::NoSuchNode(*id))?;
            let list = match node.node_type {
                NodeType::Api => return Err(RollPlanError::ApiNode(*id)),
                NodeType::Mgm => &mut servers,
                NodeType::Ndb => &mut data_nodes,
            };
            if !list.contains(id) {
                list.push(*id);
            }
        }
        if servers.is_empty() && data_nodes.is_empty() {
            return Err(RollPlanError::NoDataNodes);
        }
        let left_out = self
            .of_type(NodeType::Mgm)
            .map(|node| node.node)
            .filter(|id| !servers.contains(id))
            .collect();
        let mut steps: Vec<RollStep> = servers.into_iter().map(RollStep::Server).collect();
        steps.extend(match per_nodegroup {
            true => self.one_of_each_nodegroup(&data_nodes),
            false => data_nodes
                .into_iter()
                .map(|node| RollStep::DataNodes(vec![node]))
                .collect(),
        });
        Ok(RollPlan { steps, left_out })
    }

    /// A node whose nodegroup is not known, or that has none, is a step of its own.
    fn one_of_each_nodegroup(&self, nodes: &[NodeId]) -> Vec<RollStep> {
        let mut rounds: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
        let mut counts: BTreeMap<Nodegroup, usize> = BTreeMap::new();
        let mut alone = Vec::new();
        for id in nodes {
            match self.place(*id) {
                Membership::Of(nodegroup) => {
                    let round = counts.entry(nodegroup).or_default();
                    rounds.entry(*round).or_default().push(*id);
                    *round += 1;
                }
                Membership::None | Membership::Unknown => alone.push(vec![*id]),
            }
        }
        let steps = rounds.into_values().chain(alone);
        steps.map(RollStep::DataNodes).collect()
    }

    /// What stands against a step now; nothing if it may be made.
    ///
    /// Every data node has to be in service, but for spare ones without a nodegroup, which are
    /// started after a rolling restart when nodes are added.
    pub fn obstacles(&self, step: &RollStep) -> Vec<Obstacle> {
        let mut found: Vec<Obstacle> = self
            .of_type(NodeType::Ndb)
            .filter(|node| node.status != NodeStatus::Started)
            .filter(|node| node.status != NodeStatus::SingleUserMode)
            .filter(|node| {
                self.place(node.node) != Membership::None || step.nodes().contains(&node.node)
            })
            .map(|node| Obstacle::NotStarted(node.node, node.status))
            .collect();
        let unknown = step.nodes().iter().filter(|id| self.node(**id).is_none());
        found.extend(unknown.map(|id| Obstacle::NoSuchNode(*id)));
        match &self.backups {
            Some(backups) => found.extend(backups.iter().copied().map(Obstacle::BackupRuns)),
            None => found.push(Obstacle::BackupsUnknown),
        }
        if self.is_single_user() {
            found.push(Obstacle::SingleUserMode);
        }
        found.extend(self.differences().into_iter().map(Obstacle::ServersDiffer));
        let nodes: BTreeSet<NodeId> = step.nodes().iter().copied().collect();
        for refusal in self.lost_nodegroups(&nodes) {
            if let StopRefusal::LastOfNodegroup { nodegroup, .. } = refusal {
                found.push(Obstacle::LastOfNodegroup(nodegroup));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::cluster_state::ServerView;
    use super::super::placement::Layout;
    use super::*;
    use crate::cluster::NodeState;

    fn id(id: u32) -> NodeId {
        NodeId::new(id).unwrap()
    }

    fn ids(numbers: &[u32]) -> Vec<NodeId> {
        numbers.iter().map(|number| id(*number)).collect()
    }

    fn node(number: u32, node_type: NodeType, status: NodeStatus) -> NodeState {
        NodeState {
            status,
            nodegroup: Membership::Of(Nodegroup((number as u16).saturating_sub(2) / 2)),
            ..NodeState::without_contact(id(number), node_type)
        }
    }

    /// Management servers 1 and 50, data nodes 2 to 5 in two nodegroups, API node 10.
    fn nodes(statuses: [NodeStatus; 4]) -> Vec<NodeState> {
        let mut nodes = vec![
            node(1, NodeType::Mgm, NodeStatus::Connected),
            node(50, NodeType::Mgm, NodeStatus::Connected),
            node(10, NodeType::Api, NodeStatus::NoContact),
        ];
        nodes.extend(
            (2..)
                .zip(statuses)
                .map(|(number, status)| node(number, NodeType::Ndb, status)),
        );
        nodes
    }

    fn layout() -> Layout {
        Layout {
            replicas: 2,
            nodegroups: (2..6).map(|number| (id(number), None)).collect(),
        }
    }

    fn state(statuses: [NodeStatus; 4]) -> ClusterState {
        ClusterState::new(nodes(statuses), Some(&layout())).with_backup_status(&[])
    }

    const UP: NodeStatus = NodeStatus::Started;

    fn steps(named: Option<&[u32]>, per_nodegroup: bool) -> Vec<Vec<u32>> {
        let named = named.map(ids);
        let plan = state([UP; 4]).plan_roll(named.as_deref(), per_nodegroup);
        let steps = plan.unwrap().steps;
        steps
            .iter()
            .map(|step| step.nodes().iter().map(|id| id.get()).collect())
            .collect()
    }

    #[test]
    fn all_data_nodes_follow_each_other_or_go_with_one_of_each_nodegroup() {
        assert_eq!(steps(None, false), [vec![2], vec![3], vec![4], vec![5]]);
        assert_eq!(steps(None, true), [vec![2, 4], vec![3, 5]]);
        assert_eq!(steps(Some(&[5, 3, 5]), false), [vec![5], vec![3]]);
        assert_eq!(steps(Some(&[5, 3, 2]), true), [vec![5, 3], vec![2]]);
    }

    #[test]
    fn management_servers_are_left_out_unless_named_and_then_come_first() {
        let state = state([UP; 4]);
        let plan = state.plan_roll(None, false).unwrap();
        assert_eq!(plan.left_out, ids(&[1, 50]));
        let plan = state.plan_roll(Some(&ids(&[3, 50])), false).unwrap();
        assert_eq!(plan.left_out, ids(&[1]));
        assert_eq!(plan.steps[0], RollStep::Server(id(50)));
        assert_eq!(plan.nodes_from(1), ids(&[3]));
        assert_eq!(plan.node_count(), 2);
    }

    #[test]
    fn nodes_that_cannot_be_restarted_are_refused() {
        let state = state([UP; 4]);
        let refused = |number| state.plan_roll(Some(&[id(number)]), false).unwrap_err();
        assert_eq!(refused(99), RollPlanError::NoSuchNode(id(99)));
        assert_eq!(refused(10), RollPlanError::ApiNode(id(10)));
        let empty = ClusterState::new(Vec::new(), None);
        assert_eq!(
            empty.plan_roll(None, false).unwrap_err(),
            RollPlanError::NoDataNodes
        );
    }

    fn obstacles(state: &ClusterState) -> Vec<Obstacle> {
        state.obstacles(&RollStep::DataNodes(ids(&[2])))
    }

    #[test]
    fn every_data_node_has_to_be_started() {
        assert_eq!(obstacles(&state([UP; 4])), []);
        for status in [
            NodeStatus::Unknown,
            NodeStatus::NoContact,
            NodeStatus::NotStarted,
            NodeStatus::Starting,
            NodeStatus::ShuttingDown,
            NodeStatus::Restarting,
            NodeStatus::Resume,
        ] {
            for at in 0..4_usize {
                let mut statuses = [UP; 4];
                statuses[at] = status;
                let found = obstacles(&state(statuses));
                let down = Obstacle::NotStarted(id(2 + at as u32), status);
                assert!(found.contains(&down), "{statuses:?}: {found:?}");
            }
        }
    }

    #[test]
    fn backups_and_single_user_mode_and_servers_that_differ_stand_against_a_step() {
        let backup = RunningBackup {
            id: 7,
            starting_node: 1,
        };
        let mut busy = state([UP; 4]);
        busy.backups = Some(vec![backup]);
        assert_eq!(obstacles(&busy), [Obstacle::BackupRuns(backup)]);
        busy.backups = None;
        assert_eq!(obstacles(&busy), [Obstacle::BackupsUnknown]);
        let single = state([NodeStatus::SingleUserMode; 4]);
        assert_eq!(obstacles(&single), [Obstacle::SingleUserMode]);
        let view = ServerView {
            server: Some(id(50)),
            address: "mgm2:1186".to_owned(),
            is_named: true,
            nodes: Ok(nodes([UP, UP, UP, NodeStatus::NoContact])),
        };
        let differing = state([UP; 4]).with_servers(vec![view]);
        assert!(matches!(
            obstacles(&differing)[..],
            [Obstacle::ServersDiffer(_)]
        ));
    }

    #[test]
    fn without_a_second_replica_nothing_can_roll() {
        let mut alone = state([UP; 4]);
        alone.nodes.retain(|node| node.node != id(3));
        assert_eq!(obstacles(&alone), [Obstacle::LastOfNodegroup(Nodegroup(0))]);
    }

    #[test]
    fn spare_nodes_do_not_stand_against_the_others() {
        let mut all = nodes([UP; 4]);
        all.push(NodeState::without_contact(id(6), NodeType::Ndb));
        let mut spare = layout();
        spare.nodegroups.insert(id(6), Some(65536));
        let state = ClusterState::new(all, Some(&spare)).with_backup_status(&[]);
        assert_eq!(obstacles(&state), []);
        let step = RollStep::DataNodes(ids(&[6]));
        assert_eq!(
            state.obstacles(&step),
            [Obstacle::NotStarted(id(6), NodeStatus::NoContact)]
        );
    }
}
