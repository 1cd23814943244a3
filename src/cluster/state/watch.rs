//! Waiting for nodes to come into a state.

use std::collections::{BTreeMap, BTreeSet};

use crate::cluster::{NodeId, NodeState, NodeStatus, NodeType};

/// The states that can be waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AwaitedState {
    /// A data node in service for everybody; any other node that is connected.
    Started,
    /// A data node whose process waits for a start order.
    NotStarted,
    /// No contact to the node.
    NoContact,
}

impl AwaitedState {
    /// True if the node is in this state.
    pub fn is_of(self, node: &NodeState) -> bool {
        match (self, node.node_type) {
            (AwaitedState::Started, NodeType::Ndb) => node.status == NodeStatus::Started,
            (AwaitedState::Started, NodeType::Mgm | NodeType::Api) => {
                node.status == NodeStatus::Connected
            }
            (AwaitedState::NotStarted, _) => node.status == NodeStatus::NotStarted,
            (AwaitedState::NoContact, _) => node.status == NodeStatus::NoContact,
        }
    }
}

/// Something new about a node that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// It has left the state in which it was first seen, or the process that was first seen.
    Left(NodeId),
    /// It is on its way: a state, and the last start phase or step of a shutdown.
    Moved(NodeId, NodeStatus, u32),
    /// It is where it is waited for.
    Arrived(NodeId),
    /// The server does not list it any more.
    Vanished(NodeId),
}

/// What tells one life of a node's process from the next: its place in the order of joining. (How
/// often it has connected is counted by each management server for itself, from its own start on.)
type Life = Option<i32>;

/// Follows nodes until all are in a state at once.
///
/// A node that was just told to restart is still in service for a while. Where that matters, the
/// watch wants to see each node leave first: in another state, or as another process than at
/// first, so that a node that is quicker than the one who looks is not missed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    targets: Vec<NodeId>,
    state: AwaitedState,
    first: BTreeMap<NodeId, Life>,
    left: BTreeSet<NodeId>,
    wants_leaving: bool,
    last: BTreeMap<NodeId, (NodeStatus, u32)>,
    arrived: BTreeSet<NodeId>,
}

impl Watch {
    /// Waits until these nodes are in the state.
    pub fn new(targets: Vec<NodeId>, state: AwaitedState) -> Self {
        Watch {
            targets,
            state,
            first: BTreeMap::new(),
            left: BTreeSet::new(),
            wants_leaving: false,
            last: BTreeMap::new(),
            arrived: BTreeSet::new(),
        }
    }

    /// Waits until each of them has left service since the first look, and is in the state.
    #[must_use]
    pub fn after_leaving(self) -> Self {
        Watch {
            wants_leaving: true,
            ..self
        }
    }

    /// Takes a new look at all nodes; what is new about those that are waited for.
    pub fn observe(&mut self, nodes: &[NodeState]) -> Vec<Sighting> {
        let mut seen = Vec::new();
        for id in self.targets.clone() {
            let Some(node) = nodes.iter().find(|node| node.node == id) else {
                self.arrived.remove(&id);
                if self.last.remove(&id).is_some() {
                    seen.push(Sighting::Vanished(id));
                }
                continue;
            };
            if self.has_left(node) && self.left.insert(id) && self.wants_leaving {
                seen.push(Sighting::Left(id));
            }
            let now = (node.status, node.start_phase);
            let is_new = self.last.insert(id, now) != Some(now);
            let is_there =
                self.state.is_of(node) && (!self.wants_leaving || self.left.contains(&id));
            match is_there {
                true if self.arrived.insert(id) => seen.push(Sighting::Arrived(id)),
                true => {}
                false => {
                    self.arrived.remove(&id);
                    // Still in service: nothing has happened yet.
                    if is_new && !self.state.is_of(node) {
                        seen.push(Sighting::Moved(id, now.0, now.1));
                    }
                }
            }
        }
        seen
    }

    fn has_left(&mut self, node: &NodeState) -> bool {
        let first = self.first.entry(node.node).or_insert(node.dynamic_id);
        if !AwaitedState::Started.is_of(node) {
            return true;
        }
        let (known, now) = (*first, node.dynamic_id);
        *first = known.or(now);
        // A server that has just been started need not know it yet.
        known.is_some() && now.is_some() && known != now
    }

    /// True once all nodes are in the state at the same time.
    pub fn is_done(&self) -> bool {
        self.missing().is_empty()
    }

    /// The nodes that are still waited for.
    pub fn missing(&self) -> Vec<NodeId> {
        let is_missing = |id: &NodeId| !self.arrived.contains(id);
        self.targets.iter().copied().filter(is_missing).collect()
    }

    /// The state of a node at the last look.
    pub fn last_seen(&self, node: NodeId) -> Option<NodeStatus> {
        self.last.get(&node).map(|(status, _)| *status)
    }

    /// True if the node has been seen to leave service since the first look.
    pub fn has_seen_leaving(&self, node: NodeId) -> bool {
        self.left.contains(&node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: u32) -> NodeId {
        NodeId::new(id).unwrap()
    }

    fn node(status: NodeStatus, start_phase: u32, life: u32) -> NodeState {
        NodeState {
            status,
            start_phase,
            dynamic_id: Some(life.cast_signed()),
            ..NodeState::without_contact(id(3), NodeType::Ndb)
        }
    }

    fn restart() -> Watch {
        Watch::new(vec![id(3)], AwaitedState::Started).after_leaving()
    }

    #[test]
    fn a_node_that_is_still_started_after_the_order_is_not_back() {
        let mut watch = restart();
        let up = [node(NodeStatus::Started, 0, 1)];
        for _ in 0..3 {
            assert_eq!(watch.observe(&up), []);
            assert!(!watch.is_done());
        }
        let down = NodeState::without_contact(id(3), NodeType::Ndb);
        let seen = watch.observe(&[down]);
        assert_eq!(
            seen,
            [
                Sighting::Left(id(3)),
                Sighting::Moved(id(3), NodeStatus::NoContact, 0)
            ]
        );
        for phase in [0, 4] {
            let starting = [node(NodeStatus::Starting, phase, 2)];
            assert_eq!(
                watch.observe(&starting),
                [Sighting::Moved(id(3), NodeStatus::Starting, phase)]
            );
            assert_eq!(watch.observe(&starting), []);
        }
        let back = [node(NodeStatus::Started, 0, 2)];
        assert_eq!(watch.observe(&back), [Sighting::Arrived(id(3))]);
        assert!(watch.is_done());
        assert_eq!(watch.observe(&back), []);
    }

    #[test]
    fn a_node_that_is_quicker_than_the_look_is_known_by_its_new_life() {
        let mut watch = restart();
        watch.observe(&[node(NodeStatus::Started, 0, 1)]);
        let seen = watch.observe(&[node(NodeStatus::Started, 0, 2)]);
        assert_eq!(seen, [Sighting::Left(id(3)), Sighting::Arrived(id(3))]);
    }

    #[test]
    fn a_place_in_the_order_of_joining_that_is_not_known_yet_is_no_new_life() {
        let mut watch = restart();
        for life in [0, 4, 0, 4] {
            let mut up = node(NodeStatus::Started, 0, life);
            up.dynamic_id = up.dynamic_id.filter(|life| *life != 0);
            assert_eq!(watch.observe(&[up]), []);
        }
        let seen = watch.observe(&[node(NodeStatus::Started, 0, 5)]);
        assert_eq!(seen, [Sighting::Left(id(3)), Sighting::Arrived(id(3))]);
    }

    #[test]
    fn without_the_wish_to_see_it_leave_a_started_node_is_there_at_once() {
        let mut watch = Watch::new(vec![id(3)], AwaitedState::Started);
        let seen = watch.observe(&[node(NodeStatus::Started, 0, 1)]);
        assert_eq!(seen, [Sighting::Arrived(id(3))]);
        assert!(watch.is_done());
    }

    #[test]
    fn all_nodes_have_to_be_there_at_once() {
        let mut watch = Watch::new(vec![id(2), id(3)], AwaitedState::NoContact);
        let down = |number| NodeState::without_contact(id(number), NodeType::Ndb);
        let up = |number| NodeState {
            status: NodeStatus::Started,
            ..down(number)
        };
        watch.observe(&[down(2), up(3)]);
        assert_eq!(watch.missing(), [id(3)]);
        watch.observe(&[up(2), down(3)]);
        assert_eq!(watch.missing(), [id(2)]);
        watch.observe(&[down(2), down(3)]);
        assert!(watch.is_done());
    }

    #[test]
    fn every_state_is_waited_for_by_what_the_server_calls_it() {
        let all = [
            NodeStatus::Unknown,
            NodeStatus::NoContact,
            NodeStatus::NotStarted,
            NodeStatus::Starting,
            NodeStatus::Started,
            NodeStatus::ShuttingDown,
            NodeStatus::Restarting,
            NodeStatus::SingleUserMode,
            NodeStatus::Resume,
            NodeStatus::Connected,
        ];
        for (awaited, node_type, status) in [
            (AwaitedState::Started, NodeType::Ndb, NodeStatus::Started),
            (AwaitedState::Started, NodeType::Mgm, NodeStatus::Connected),
            (
                AwaitedState::NotStarted,
                NodeType::Ndb,
                NodeStatus::NotStarted,
            ),
            (
                AwaitedState::NoContact,
                NodeType::Api,
                NodeStatus::NoContact,
            ),
        ] {
            for seen in all {
                let node = NodeState {
                    status: seen,
                    ..NodeState::without_contact(id(3), node_type)
                };
                assert_eq!(awaited.is_of(&node), seen == status, "{awaited:?} {seen:?}");
            }
        }
    }

    #[test]
    fn a_node_that_is_listed_no_more_is_missing() {
        let mut watch = Watch::new(vec![id(3)], AwaitedState::Started);
        watch.observe(&[node(NodeStatus::Started, 0, 1)]);
        assert_eq!(watch.observe(&[]), [Sighting::Vanished(id(3))]);
        assert!(!watch.is_done());
    }
}
