//! What a cluster reports when one of its nodes is gone, in the order of the recorded stops and
//! deaths (management protocol, 4.4).

use super::node_start::hexadecimal;
use super::{Cluster, Now};
use crate::cluster::{Event, EventBody, EventKind, NodeId, Severity};

/// Blocks that each node reports once they have dealt with another node's failure.
const BLOCKS: [u32; 5] = [267, 250, 247, 246, 245];

/// Codes of the arbitration events; their upper half is the arbitrator's state.
const CHECK_WON: u32 = 42;
const NODEGROUP_MISSING: u32 = 44;
const ARBITRATION_REQUIRED: u32 = 45;
const ARBITRATION_WON: u32 = 46;
const NO_ARBITRATOR: u32 = 48;
const THREAD_RESTARTED: u32 = 11;
const ARBITRATOR_STARTED: u32 = 31;
const STATE_ASKING: u32 = 7 << 16;
const STATE_STARTED: u32 = 5 << 16;

/// Identifies a round of arbitration.
pub(super) type Ticket = (u32, u32);

impl Cluster {
    /// The management server that decides for one half of a split cluster, and its ticket.
    pub(super) fn arbitrator(&self) -> Option<(NodeId, Ticket)> {
        let ranked = |id: &NodeId| {
            let node = self.topology.nodes.get(id);
            node.is_some_and(|node| node.number("ArbitrationRank") > 0)
        };
        let server = self.serving().into_iter().find(ranked)?;
        Some((server, self.ticket))
    }

    /// A line that each management server writes about its own end of the connection.
    pub(super) fn log_transporter(&mut self, id: NodeId) {
        let place = self.data_nodes.keys().position(|other| *other == id);
        let number = place.map_or(0, |place| place + 1);
        for server in self.serving() {
            // The blank at the end is the original's.
            let text =
                format!("Node {server} transporter to node {id} (id {number}) disconnected ");
            self.log(server, Severity::Info, text);
        }
    }

    /// The subscriptions of a stopping node go to the others of its nodegroup.
    pub(super) fn report_handover_away(&mut self, id: NodeId, now: Now) {
        let Some((nodes, gci)) = self.handover_partners(id) else {
            return;
        };
        let text = format!(
            "Suma: initiate handover for shutdown with nodes {} GCI: {gci}",
            hexadecimal(&nodes)
        );
        self.emit_info(id, &text, now);
        if let Some(first) = nodes.first() {
            let text = format!("Suma: handover to node {first} gci: {gci} buckets: 00000002 (2)");
            self.emit_info(id, &text, now);
        }
    }

    /// What management servers and the data nodes in service report about a node that is gone.
    /// A node that was no member of the cluster yet only had a connection to the servers.
    pub(super) fn report_loss(&mut self, id: NodeId, was_member: bool, now: Now) {
        let node = id.get();
        for source in self.serving() {
            let body = EventBody::Disconnected { node };
            self.emit(Event { source, body }, now);
        }
        let survivors = self.started_nodes();
        let Some(master) = self.master().filter(|_| was_member) else {
            return;
        };
        for source in &survivors {
            let body = EventBody::Disconnected { node };
            self.emit(
                Event {
                    source: *source,
                    body,
                },
                now,
            );
            self.emit_neighbours(*source, now);
            self.emit_words(*source, EventKind::COMMUNICATION_CLOSED, vec![node], now);
        }
        if self.report_arbitration(master, survivors.len(), now) {
            self.report_failure_handling(id, master, &survivors, now);
        }
    }

    /// May those that are left go on? So they do unless a nodegroup is missing.
    fn report_arbitration(&mut self, master: NodeId, left: usize, now: Now) -> bool {
        let arbitrator = self.arbitrator();
        let (node, ticket) = match arbitrator {
            Some((node, ticket)) => (node.get(), ticket),
            None => (0, (0, 0)),
        };
        let words = |code: u32| vec![code, node, ticket.0, ticket.1];
        let result = EventKind::ARBIT_RESULT;
        if !self.nodegroups_are_covered(&self.started_nodes()) {
            self.emit_words(master, result, words(NODEGROUP_MISSING), now);
            return false;
        }
        // One node less than before is at most one half only of two.
        if left > 1 {
            self.emit_words(master, result, words(CHECK_WON), now);
            return true;
        }
        let code = STATE_ASKING | ARBITRATION_REQUIRED;
        self.emit_words(master, result, words(code), now);
        let code = STATE_ASKING | THREAD_RESTARTED;
        self.emit_words(master, EventKind::ARBIT_STATE, words(code), now);
        let code = match arbitrator {
            Some(_) => ARBITRATION_WON,
            None => NO_ARBITRATOR,
        };
        self.emit_words(master, result, words(STATE_ASKING | code), now);
        true
    }

    fn report_failure_handling(
        &mut self,
        id: NodeId,
        master: NodeId,
        survivors: &[NodeId],
        now: Now,
    ) {
        let node = id.get();
        let completed = EventKind::NODE_FAIL_COMPLETED;
        for source in survivors {
            self.emit_words(*source, EventKind::NODE_FAILREP, vec![node, 0], now);
        }
        for source in survivors {
            for (index, block) in BLOCKS.into_iter().enumerate() {
                // The third word means nothing for a block.
                self.emit_words(*source, completed, vec![block, node, 0], now);
                if index == 0 && *source == master {
                    self.emit_restart_status(id, "Node failed, fail handling ongoing", now);
                }
            }
        }
        for source in survivors {
            self.emit_words(master, completed, vec![0, node, source.get()], now);
        }
        self.emit_words(master, completed, vec![0, node, 0], now);
        self.emit_restart_status(id, "Node failure handling complete", now);
        if survivors.len() == 1 {
            self.ticket = (self.ticket.0.wrapping_add(1), now.subsec_nanos() >> 8);
            if let Some((arbitrator, ticket)) = self.arbitrator() {
                let code = STATE_STARTED | ARBITRATOR_STARTED;
                let words = vec![code, arbitrator.get(), ticket.0, ticket.1];
                self.emit_words(master, EventKind::ARBIT_STATE, words, now);
            }
        }
    }
}
