//! Nodegroups of data nodes that are down: a management server reports those of connected nodes
//! only.

use std::collections::BTreeMap;

use crate::cluster::{Membership, NodeId, NodeState, NodeStatus, NodeType, Nodegroup};

/// `Nodegroup` of a data node that is configured to belong to none (management protocol, 5.4).
const NO_NODEGROUP: u32 = 65536;

/// What the configuration says about nodegroups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `NoOfReplicas`.
    pub replicas: usize,
    /// `Nodegroup` of each data node, if it is set.
    pub nodegroups: BTreeMap<NodeId, Option<u32>>,
}

impl Layout {
    /// The nodegroups that the data nodes get when the cluster starts for the first time: as
    /// configured, the others filled up in the order of their ids.
    fn at_first_start(&self) -> BTreeMap<NodeId, Membership> {
        let replicas = self.replicas.max(1);
        let mut next = 0;
        let assigned = self.nodegroups.iter().map(|(id, configured)| {
            let number = match configured {
                Some(NO_NODEGROUP) => return (*id, Membership::None),
                Some(number) => u16::try_from(*number),
                None => {
                    next += 1;
                    u16::try_from((next - 1) / replicas)
                }
            };
            let place = number.map_or(Membership::Unknown, |number| {
                Membership::Of(Nodegroup(number))
            });
            (*id, place)
        });
        assigned.collect()
    }
}

/// Where every data node belongs: as the server reports it, else as configured. Unknown where
/// the two contradict each other, or where a nodegroup was made since and has room.
pub(super) fn place(nodes: &[NodeState], layout: Option<&Layout>) -> BTreeMap<NodeId, Membership> {
    let data_nodes = || nodes.iter().filter(|node| node.node_type == NodeType::Ndb);
    let mut places: BTreeMap<NodeId, Membership> = data_nodes()
        .map(|node| (node.node, reported(node)))
        .collect();
    let Some(layout) = layout else {
        return places;
    };
    let first = layout.at_first_start();
    let contradicts = |id: &NodeId, place: &Membership| match (place, first.get(id)) {
        (Membership::Unknown, _) => false,
        // A node that was to have none has joined a new nodegroup.
        (Membership::Of(_), Some(Membership::None)) => false,
        (place, configured) => Some(place) != configured,
    };
    if places.iter().any(|(id, place)| contradicts(id, place)) {
        return places;
    }
    let mut sizes: BTreeMap<Nodegroup, usize> = BTreeMap::new();
    for (id, place) in &mut places {
        if *place == Membership::Unknown
            && let Some(configured @ Membership::Of(_)) = first.get(id)
        {
            *place = *configured;
        }
        if let Membership::Of(nodegroup) = place {
            *sizes.entry(*nodegroup).or_default() += 1;
        }
    }
    if sizes.values().all(|size| *size >= layout.replicas) {
        for (id, place) in &mut places {
            if *place == Membership::Unknown && first.get(id) == Some(&Membership::None) {
                *place = Membership::None;
            }
        }
    }
    places
}

/// What the server says; of nodes that are not connected it says nothing, and of one that has not
/// joined the others yet it says nodegroup 0 (recorded: `STARTING` with `dynamic_id: 0`).
fn reported(node: &NodeState) -> Membership {
    match node.status {
        NodeStatus::NoContact | NodeStatus::Unknown => Membership::Unknown,
        NodeStatus::Starting | NodeStatus::NotStarted if node.dynamic_id.is_none() => {
            Membership::Unknown
        }
        _ => node.nodegroup,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Option<u32> = Some(NO_NODEGROUP);

    fn id(id: u32) -> NodeId {
        NodeId::new(id).unwrap()
    }

    fn node(number: u32, place: Option<Membership>) -> NodeState {
        let state = NodeState::without_contact(id(number), NodeType::Ndb);
        match place {
            None => state,
            Some(nodegroup) => NodeState {
                status: NodeStatus::Started,
                nodegroup,
                ..state
            },
        }
    }

    fn layout(nodegroups: &[(u32, Option<u32>)]) -> Layout {
        Layout {
            replicas: 2,
            nodegroups: nodegroups
                .iter()
                .map(|(node, nodegroup)| (id(*node), *nodegroup))
                .collect(),
        }
    }

    fn places(nodes: &[NodeState], layout: Option<&Layout>) -> Vec<Membership> {
        place(nodes, layout).into_values().collect()
    }

    fn of(number: u16) -> Membership {
        Membership::Of(Nodegroup(number))
    }

    #[test]
    fn a_node_that_has_not_joined_yet_is_where_it_is_configured() {
        let reported = Membership::Of(Nodegroup(0));
        let mut nodes: Vec<NodeState> = [(2, 0), (3, 0), (4, 1)]
            .map(|(number, group)| node(number, Some(Membership::Of(Nodegroup(group)))))
            .into();
        nodes.push(NodeState {
            status: NodeStatus::Starting,
            ..node(5, Some(reported))
        });
        let layout = layout(&[(2, None), (3, None), (4, None), (5, None)]);
        assert_eq!(place(&nodes, None)[&id(5)], Membership::Unknown);
        let places = place(&nodes, Some(&layout));
        assert_eq!(places[&id(5)], Membership::Of(Nodegroup(1)));
        // It has joined, and is elsewhere than configured.
        nodes[3].dynamic_id = Some(9);
        assert_eq!(place(&nodes, Some(&layout))[&id(5)], reported);
    }

    #[test]
    fn a_node_that_is_down_belongs_where_it_is_configured() {
        let plain = layout(&[(2, None), (3, None), (4, None), (5, None)]);
        let nodes = [
            node(2, Some(of(0))),
            node(3, None),
            node(4, None),
            node(5, None),
        ];
        assert_eq!(places(&nodes, Some(&plain)), [of(0), of(0), of(1), of(1)]);
        let unknown = Membership::Unknown;
        assert_eq!(places(&nodes, None), [of(0), unknown, unknown, unknown]);
    }

    #[test]
    fn a_configuration_that_the_nodes_contradict_places_nobody() {
        let plain = layout(&[(2, None), (3, None), (4, None), (5, None)]);
        let nodes = [
            node(2, Some(of(1))),
            node(3, None),
            node(4, Some(of(0))),
            node(5, None),
        ];
        let unknown = Membership::Unknown;
        assert_eq!(
            places(&nodes, Some(&plain)),
            [of(1), unknown, of(0), unknown]
        );
    }

    #[test]
    fn a_spare_node_has_no_nodegroup_while_all_are_full() {
        let spare = layout(&[(2, None), (3, None), (4, NONE), (5, NONE)]);
        let full = [
            node(2, Some(of(0))),
            node(3, None),
            node(4, None),
            node(5, None),
        ];
        let none = Membership::None;
        assert_eq!(places(&full, Some(&spare)), [of(0), of(0), none, none]);
        // CREATE NODEGROUP 4,5 has been carried out; 5 is down now.
        let made = [
            node(2, Some(of(0))),
            node(3, Some(of(0))),
            node(4, Some(of(1))),
            node(5, None),
        ];
        let unknown = Membership::Unknown;
        assert_eq!(places(&made, Some(&spare)), [of(0), of(0), of(1), unknown]);
    }

    #[test]
    fn configured_nodegroups_count() {
        let set = layout(&[(2, Some(1)), (3, Some(0)), (4, Some(1)), (5, Some(0))]);
        let down: Vec<NodeState> = (2..6).map(|number| node(number, None)).collect();
        assert_eq!(places(&down, Some(&set)), [of(1), of(0), of(1), of(0)]);
    }
}
