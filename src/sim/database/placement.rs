//! Which nodes hold the fragments of a table, and who of them reads which for a backup.

use std::collections::BTreeMap;

use crate::cluster::NodeId;
use crate::sim::topology::Topology;

/// One fragment of every table.
#[derive(Debug, Clone)]
pub(super) struct Fragment {
    /// The nodes that hold it, the primary replica first.
    pub(super) nodes: Vec<NodeId>,
    /// The LDM of each of them that does, from 0.
    pub(super) ldm: u32,
}

/// One fragment for each LDM of each node: one nodegroup after the other, each node primary in
/// turn, then the same again for the next LDM.
pub(super) fn place_fragments(topology: &Topology) -> Vec<Fragment> {
    let mut groups: BTreeMap<u16, Vec<NodeId>> = BTreeMap::new();
    for (node, group) in topology.nodegroups() {
        if let Some(group) = group {
            groups.entry(group).or_default().push(node);
        }
    }
    let mut fragments = Vec::new();
    for ldm in 0..topology.common_ldm_count() {
        for turn in 0..topology.replicas() {
            for nodes in groups.values() {
                let mut nodes = nodes.clone();
                let turn = turn % nodes.len().max(1);
                nodes.rotate_left(turn);
                fragments.push(Fragment { nodes, ldm });
            }
        }
    }
    fragments
}
