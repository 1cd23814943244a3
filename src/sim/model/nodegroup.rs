//! Nodegroups that come and go while the cluster runs.

use std::collections::BTreeSet;

use super::nodes::parse_nodes;
use super::{Cluster, SessionId};
use crate::cluster::{ErrorNumber, NodeId};
use crate::wire::{CreateNodegroupReply, Refusal, Reply};

/// A nodegroup has as many nodes as there are replicas.
const WRONG_NUMBER_OF_NODES: ErrorNumber = ErrorNumber(320);

/// A node of a new nodegroup is no started data node.
const NO_STARTED_NODE: ErrorNumber = ErrorNumber(321);

/// A node of a new nodegroup is in one already.
const IN_NODEGROUP: ErrorNumber = ErrorNumber(322);

/// What a data node answers to the drop of a nodegroup whose number none can have.
const NO_NODEGROUP_NUMBER: i32 = -1;

/// What a data node answers to the drop of a nodegroup that holds data, or that there is not.
const NODEGROUP_IN_USE: i32 = -2;

impl Cluster {
    pub(super) fn create_nodegroup(&mut self, session: SessionId, list: &str) {
        let checked = match parse_nodes(list) {
            _ if self.master().is_none() => Err(ErrorNumber::SEND_OR_RECEIVE_FAILED),
            Some(nodes) => self.check_new_nodegroup(&nodes),
            // A word that is no number is no node.
            None => Err(WRONG_NUMBER_OF_NODES),
        };
        let reply = match checked {
            Err(error) => Reply::Refused(Refusal::CreateNodegroup { error }),
            Ok(nodes) => {
                let group = self.free_nodegroup();
                for id in nodes {
                    if let Some(node) = self.data_nodes.get_mut(&id) {
                        node.nodegroup = Some(group);
                    }
                }
                let nodegroup = i32::from(group);
                Reply::CreateNodegroup(CreateNodegroupReply { nodegroup })
            }
        };
        self.reply(session, reply);
    }

    fn check_new_nodegroup(&self, nodes: &[u32]) -> Result<Vec<NodeId>, ErrorNumber> {
        if nodes.len() != self.topology.replicas() {
            return Err(WRONG_NUMBER_OF_NODES);
        }
        let mut ids = Vec::new();
        for node in nodes {
            let node = NodeId::new(*node)
                .and_then(|id| self.data_nodes.get(&id))
                .filter(|node| node.is_started())
                .ok_or(NO_STARTED_NODE)?;
            if node.nodegroup.is_some() {
                return Err(IN_NODEGROUP);
            }
            ids.push(node.id);
        }
        Ok(ids)
    }

    fn free_nodegroup(&self) -> u16 {
        let used: BTreeSet<u16> = self
            .data_nodes
            .values()
            .filter_map(|node| node.nodegroup)
            .collect();
        (0..u16::MAX)
            .find(|group| !used.contains(group))
            .unwrap_or(0)
    }

    /// A nodegroup whose nodes hold data cannot be dropped: all configured ones do.
    pub(super) fn drop_nodegroup(&mut self, session: SessionId, nodegroup: u32) {
        let configured: BTreeSet<u32> = self
            .topology
            .nodegroups()
            .into_values()
            .flatten()
            .map(u32::from)
            .collect();
        let members: Vec<NodeId> = self
            .data_nodes
            .values()
            .filter(|node| node.nodegroup.map(u32::from) == Some(nodegroup))
            .map(|node| node.id)
            .collect();
        let fault = if self.master().is_none() {
            Some(ErrorNumber::SEND_OR_RECEIVE_FAILED.0.cast_signed())
        } else if nodegroup > u32::from(u16::MAX) {
            Some(NO_NODEGROUP_NUMBER)
        } else if members.is_empty() || configured.contains(&nodegroup) {
            Some(NODEGROUP_IN_USE)
        } else {
            None
        };
        if let Some(code) = fault {
            return self.reply(session, Reply::Refused(Refusal::DropNodegroup { code }));
        }
        for id in members {
            if let Some(node) = self.data_nodes.get_mut(&id) {
                node.nodegroup = None;
            }
        }
        self.done(session, "drop nodegroup");
    }
}
